-- name: deals_per_week
-- title: Deals per week
-- question: How many deals were created, won and lost in each week?
-- grain: one row per pipeline, currency and week
-- columns:
--   pipeline: text: Pipeline.
--   currency: text: Currency of the amounts.
--   week: date: Monday of the week.
--   created: count: Deals created in the week.
--   won: count: Deals won in the week.
--   lost: count: Deals lost in the week.
--   created_amount_minor: minor units: Amount of the deals created.
--   won_amount_minor: minor units: Amount of the deals won.
-- caveat: Amounts are those of the extract; deals without one count as 0. Weeks without any event have no row; the last week may not be over.
SELECT
  pipeline,
  currency,
  period_start AS week,
  created,
  won,
  lost,
  created_minor AS created_amount_minor,
  won_minor AS won_amount_minor
FROM deal_volume
ORDER BY week DESC, pipeline, currency
