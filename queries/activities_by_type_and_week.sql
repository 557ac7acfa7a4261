-- name: activities_by_type_and_week
-- title: Activities by type and week
-- question: How many calls, e-mails, meetings and tasks were done in each week?
-- grain: one row per week and kind of activity
-- columns:
--   done_week: date: Monday of the week.
--   kind: text: Kind of activity; `__NONE__` if none is given.
--   activities: count: Activities done.
--   duration_minutes: number: Minutes they took; null if the export has no durations.
-- caveat: Cancelled and missed activities are left out; so are those that are only planned.
SELECT
  period_start AS done_week,
  type AS kind,
  SUM(activities) AS activities,
  SUM(duration_seconds) / 60.0 AS duration_minutes
FROM activity_volume
GROUP BY period_start, type
ORDER BY done_week DESC, kind
