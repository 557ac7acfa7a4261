-- name: lost_reasons_by_stage
-- title: Lost reasons by stage
-- question: From which stage are deals lost, and why?
-- grain: one row per pipeline, stage, lost reason and currency
-- columns:
--   pipeline: text: Pipeline.
--   stage_order: count: Place of the stage; null if it has none.
--   stage: text: Stage from which the deal was lost.
--   lost_reason: text: Reason; `__NONE__` if none is given.
--   deals: count: Deals lost.
--   currency: text: Currency of the amount.
--   amount_minor: minor units: Amount of the deals lost.
-- caveat: A deal that was reopened and lost again is counted at each loss. Deals whose history has no stage before the loss are left out.
WITH lost AS (
  SELECT
    pipeline, stage_order, stage, COALESCE(lost_reason, '__NONE__') AS reason, currency, amount_minor
  FROM stage_visits
  WHERE exit_kind = 'lost'
)
SELECT
  pipeline,
  stage_order,
  stage,
  reason AS lost_reason,
  currency,
  COUNT(*) AS deals,
  COALESCE(SUM(amount_minor), 0) AS amount_minor
FROM lost
GROUP BY pipeline, stage_order, stage, reason, currency
ORDER BY pipeline, stage_order, stage, lost_reason, currency
