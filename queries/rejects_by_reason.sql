-- name: rejects_by_reason
-- title: Refused rows and cells
-- question: What could not be read from the exports, and why?
-- grain: one row per file, column and reason
-- columns:
--   file: text: The file.
--   file_column: text: Column by its header; null if whole rows were refused.
--   reason: text: Why, and what was expected.
--   is_row: flag: Whether the whole row was refused, not only the cell.
--   refused: count: Cells or rows refused.
--   first_file_row: count: The first of them in the file, the header being row 1.
--   example: text: The smallest of the values refused.
-- caveat: A refused cell is left out; the rest of its row is kept.
SELECT
  file,
  file_column,
  reason,
  is_row,
  COUNT(*) AS refused,
  MIN(file_row) AS first_file_row,
  MIN(cell) AS example
FROM rejects
GROUP BY file, file_column, reason, is_row
ORDER BY refused DESC, file, file_column, reason, is_row
