-- name: activities_by_type_and_week
-- title: Activities by type and week
-- question: How many calls, e-mails, meetings and tasks were done in each week?
-- grain: one row per week and kind of activity
-- columns:
--   done_week: date: Monday of the week.
--   kind: text: Kind of activity.
--   activities: count: Activities done.
--   duration_minutes: number: Minutes they took; null if the export has no durations.
-- caveat: Cancelled and missed activities are left out; so are those that are only planned.
SELECT
  done_week,
  kind,
  COUNT(*) AS activities,
  SUM(duration_minutes) AS duration_minutes
FROM activities
WHERE is_done
GROUP BY done_week, kind
ORDER BY done_week, kind
