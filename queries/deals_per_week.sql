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
WITH events AS (
  SELECT
    pipeline, currency, created_week AS week, amount_minor,
    1 AS is_created, 0 AS is_won, 0 AS is_lost
  FROM deals
  UNION ALL
  SELECT
    pipeline, currency, closed_week AS week, amount_minor,
    0 AS is_created,
    CASE WHEN outcome = 'won' THEN 1 ELSE 0 END AS is_won,
    CASE WHEN outcome = 'lost' THEN 1 ELSE 0 END AS is_lost
  FROM deals
  WHERE closed_week IS NOT NULL
)
SELECT
  pipeline,
  currency,
  week,
  SUM(is_created) AS created,
  SUM(is_won) AS won,
  SUM(is_lost) AS lost,
  COALESCE(SUM(is_created * amount_minor), 0) AS created_amount_minor,
  COALESCE(SUM(is_won * amount_minor), 0) AS won_amount_minor
FROM events
GROUP BY pipeline, currency, week
ORDER BY pipeline, currency, week
