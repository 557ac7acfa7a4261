-- name: stale_deals_by_owner
-- title: Stale deals by owner and stage
-- question: Whose open deals have stalled, in which stage, and what are they worth?
-- grain: one row per pipeline, owner, stage and currency
-- columns:
--   pipeline: text: Pipeline.
--   owner: text: Owner.
--   stage_order: count: Place of the stage in its pipeline.
--   stage: text: Stage in which the deals stand.
--   currency: text: Currency of the amounts.
--   open_deals: count: Open deals.
--   stale: count: Of these, deals that are stale by the metric `stale_deals`.
--   stale_share: rate: stale / open_deals.
--   amount_minor: minor units: Amount of the open deals.
--   stale_amount_minor: minor units: Amount of the stale deals.
--   oldest_deal_age_days: days: Age of the oldest open deal.
-- caveat: Unknown amounts count 0. Where it cannot be known whether a deal is stale it is not counted as one.
WITH marked AS (
  SELECT
    pipeline, owner, stage_order, stage, currency, deal_age_days,
    COALESCE(amount_minor, 0) AS amount,
    CASE WHEN is_stale THEN 1 ELSE 0 END AS is_counted
  FROM stale_deals
)
SELECT
  pipeline,
  owner,
  stage_order,
  stage,
  currency,
  COUNT(*) AS open_deals,
  SUM(is_counted) AS stale,
  SUM(is_counted) * 1.0 / COUNT(*) AS stale_share,
  SUM(amount) AS amount_minor,
  SUM(is_counted * amount) AS stale_amount_minor,
  MAX(deal_age_days) AS oldest_deal_age_days
FROM marked
GROUP BY pipeline, owner, stage_order, stage, currency
ORDER BY pipeline, owner, stage_order, stage, currency
