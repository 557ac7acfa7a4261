-- name: lost_reasons_by_stage
-- title: Lost reasons by stage
-- question: From which stage are deals lost, and why?
-- grain: one row per pipeline, stage and lost reason
-- columns:
--   pipeline: text: Pipeline.
--   stage_order: count: Place of the stage; null if it has none.
--   stage: text: Stage from which the deal was lost.
--   lost_reason: text: Reason; `__NONE__` if none is given.
--   deals: count: Deals lost.
--   currency: text: Currency of the amount.
--   amount_minor: minor units: Amount of the deals lost.
-- caveat: A deal that was reopened and lost again is counted at each loss. Deals whose history has no stage before the loss are left out.
SELECT
  v.pipeline AS pipeline,
  v.stage_order AS stage_order,
  v.stage AS stage,
  COALESCE(d.lost_reason, '__NONE__') AS lost_reason,
  v.currency AS currency,
  COUNT(*) AS deals,
  COALESCE(SUM(v.amount_minor), 0) AS amount_minor
FROM stage_visits v
LEFT JOIN deals d ON v.deal_id = d.deal_id
WHERE v.exit_kind = 'lost'
GROUP BY
  v.pipeline, v.stage_order, v.stage, COALESCE(d.lost_reason, '__NONE__'), v.currency
ORDER BY pipeline, stage_order, stage, lost_reason, currency
