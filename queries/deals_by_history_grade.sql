-- name: deals_by_history_grade
-- title: Deals by grade of history
-- question: For how many deals are the stages between creation and close known?
-- grain: one row per pipeline and grade of history
-- columns:
--   pipeline: text: Pipeline.
--   history_grade: text: Grade, `A_logged` best.
--   deals: count: Deals.
--   won: count: Of these, won.
--   lost: count: Of these, lost.
--   open: count: Of these, open.
--   with_findings: count: Of these, deals with a quality code.
-- caveat: Metrics of stages rest on the grades A to D only.
SELECT
  pipeline,
  history_grade,
  COUNT(*) AS deals,
  COUNT(*) FILTER (WHERE outcome = 'won') AS won,
  COUNT(*) FILTER (WHERE outcome = 'lost') AS lost,
  COUNT(*) FILTER (WHERE outcome = 'open') AS open,
  COUNT(quality) AS with_findings
FROM deals
GROUP BY pipeline, history_grade
ORDER BY pipeline, history_grade
