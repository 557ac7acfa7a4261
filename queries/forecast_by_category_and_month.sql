-- name: forecast_by_category_and_month
-- title: Open pipeline by forecast category and expected close
-- question: What are the open deals worth by the month in which they are expected to close?
-- grain: one row per pipeline, currency, month of expected close and forecast category
-- columns:
--   pipeline: text: Pipeline.
--   currency: text: Currency of the amounts.
--   expected_close_month: date: First day of the month; null if no close is expected.
--   forecast_category: text: Category; null if the export has none.
--   deals: count: Open deals.
--   amount_minor: minor units: Their amount.
--   without_amount: count: Of these, deals without an amount.
--   weighted_amount_minor: minor units: Amount times the export's probability, of the deals that have both; null if none has.
-- caveat: Months before `as_of` are deals whose expected close has passed. This is no forecast: see weighted_pipeline for one.
SELECT
  pipeline,
  currency,
  expected_close_month,
  forecast_category,
  COUNT(*) AS deals,
  COALESCE(SUM(amount_minor), 0) AS amount_minor,
  COUNT(*) - COUNT(amount_minor) AS without_amount,
  SUM(amount_minor * probability) AS weighted_amount_minor
FROM deals
WHERE outcome = 'open'
GROUP BY pipeline, currency, expected_close_month, forecast_category
ORDER BY pipeline, currency, expected_close_month, forecast_category
