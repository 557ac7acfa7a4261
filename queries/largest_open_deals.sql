-- name: largest_open_deals
-- title: Largest open deals
-- question: Which open deals are worth most, and who looks after them?
-- grain: one row per open deal, the fifty largest of each pipeline and currency
-- columns:
--   pipeline: text: Pipeline.
--   currency: text: Currency of the amount.
--   rank: count: Place by amount in the pipeline and currency.
--   deal_id: text: Id.
--   name: text: Name.
--   owner: text: Owner.
--   stage: text: Stage at `as_of`.
--   amount_minor: minor units: Amount.
--   deal_age_days: days: Days since creation.
--   stage_age_days: days: Days since the deal came into the present stage, the last time if it came back; null if its beginning is not known.
--   expected_close_on: date: Expected close.
--   last_activity_on: date: Last activity done.
-- caveat: Deals without an amount are left out.
WITH ranked AS (
  SELECT
    pipeline, currency, deal_id, name, owner, stage, amount_minor, deal_age_days, stage_age_days,
    expected_close_on, last_activity_on,
    ROW_NUMBER() OVER (
      PARTITION BY pipeline, currency ORDER BY 0 - amount_minor, deal_id
    ) AS rank
  FROM deals
  WHERE outcome = 'open' AND amount_minor IS NOT NULL
)
SELECT
  pipeline, currency, rank, deal_id, name, owner, stage, amount_minor, deal_age_days,
  stage_age_days, expected_close_on, last_activity_on
FROM ranked
WHERE rank <= 50
ORDER BY pipeline, currency, rank
