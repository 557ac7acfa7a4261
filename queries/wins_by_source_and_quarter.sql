-- name: wins_by_source_and_quarter
-- title: Wins by source and quarter
-- question: Which sources bring deals that are won, and what are those worth?
-- grain: one row per pipeline, currency, quarter of the close and source
-- columns:
--   pipeline: text: Pipeline.
--   currency: text: Currency of the amounts.
--   closed_quarter: date: First day of the quarter in which the deals were closed.
--   source_name: text: Source; `__NONE__` if none is given.
--   won: count: Deals won.
--   lost: count: Deals lost.
--   rate: rate: Won of those closed.
--   won_amount_minor: minor units: Amount of the deals won.
--   mean_sales_cycle_days: days: Mean days from creation to the win; null if none was won.
-- caveat: Rates have no interval here and small ones say little: see win_rate. Quarters are fiscal if the configuration says so; the last one may not be over.
SELECT
  pipeline,
  currency,
  closed_quarter,
  COALESCE(source, '__NONE__') AS source_name,
  COUNT(*) FILTER (WHERE outcome = 'won') AS won,
  COUNT(*) FILTER (WHERE outcome = 'lost') AS lost,
  COUNT(*) FILTER (WHERE outcome = 'won') * 1.0 / COUNT(*) AS rate,
  COALESCE(SUM(amount_minor) FILTER (WHERE outcome = 'won'), 0) AS won_amount_minor,
  AVG(sales_cycle_days) AS mean_sales_cycle_days
FROM deals
WHERE outcome <> 'open'
GROUP BY pipeline, currency, closed_quarter, COALESCE(source, '__NONE__')
ORDER BY pipeline, currency, closed_quarter, source_name
