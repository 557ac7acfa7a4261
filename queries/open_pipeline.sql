-- name: open_pipeline
-- title: Open pipeline
-- question: Which deals are open, in which stage, and what are they worth?
-- grain: one row per open deal
-- columns:
--   pipeline: text: Pipeline.
--   stage_order: count: Place of the stage; null if it has none.
--   stage: text: Stage at `as_of`.
--   deal_id: text: Id.
--   name: text: Name.
--   owner: text: Owner.
--   team: text: Team of the owner today.
--   source: text: Where the deal came from.
--   currency: text: Currency of the amount.
--   amount_minor: minor units: Amount; null if unknown.
--   probability: rate: Win probability in the export.
--   created_on: date: Creation.
--   deal_age_days: days: Days since creation.
--   stage_age_days: days: Days since the deal came into the present stage, the last time if it came back; null if its beginning is not known.
--   expected_close_on: date: Expected close.
--   last_activity_on: date: Last activity done.
--   history_grade: text: How good the evidence for its stages is.
-- caveat: Amount, probability and expected close are those of the extract, not of `as_of`.
SELECT
  pipeline, stage_order, stage, deal_id, name, owner, team, source, currency, amount_minor,
  probability, created_on, deal_age_days, stage_age_days, expected_close_on, last_activity_on,
  history_grade
FROM deals
WHERE outcome = 'open'
ORDER BY pipeline, stage_order, stage, deal_id
