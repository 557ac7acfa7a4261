-- name: stale_deals_by_owner
-- title: Quiet open deals by owner
-- question: Whose open deals had no activity for two weeks or more?
-- grain: one row per pipeline, owner and currency
-- columns:
--   pipeline: text: Pipeline.
--   owner: text: Owner.
--   currency: text: Currency of the amounts.
--   open_deals: count: Open deals.
--   quiet_deals: count: Of these, deals without an activity in the last 14 days.
--   never_touched: count: Of these, deals without any activity at all.
--   amount_minor: minor units: Amount of the open deals.
--   quiet_amount_minor: minor units: Amount of the quiet deals.
--   oldest_deal_age_days: days: Age of the oldest open deal.
-- caveat: A deal younger than 14 days is not quiet. Exports without activities make every older deal look quiet. Stage by stage thresholds are in the metric stale_deals.
WITH marked AS (
  SELECT
    pipeline, owner, currency, amount_minor, deal_age_days,
    CASE WHEN days_since_activity IS NULL THEN 1 ELSE 0 END AS is_untouched,
    CASE
      WHEN deal_age_days >= 14 AND COALESCE(days_since_activity, 14) >= 14 THEN 1 ELSE 0
    END AS is_quiet
  FROM deals
  WHERE outcome = 'open'
)
SELECT
  pipeline,
  owner,
  currency,
  COUNT(*) AS open_deals,
  SUM(is_quiet) AS quiet_deals,
  SUM(is_quiet * is_untouched) AS never_touched,
  COALESCE(SUM(amount_minor), 0) AS amount_minor,
  COALESCE(SUM(is_quiet * amount_minor), 0) AS quiet_amount_minor,
  MAX(deal_age_days) AS oldest_deal_age_days
FROM marked
GROUP BY pipeline, owner, currency
ORDER BY pipeline, owner, currency
