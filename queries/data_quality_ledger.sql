-- name: data_quality_ledger
-- title: Data quality ledger
-- question: What was found wrong in the data, how often, and how was it settled?
-- grain: one row per quality code and table
-- columns:
--   code: text: Code of the finding.
--   entity: text: Table it was found in.
--   meaning: text: What it means and what was done.
--   row_count: count: Rows concerned; of a code that deals carry, one a deal.
--   deal_count: count: Deals concerned.
--   sample_ids: text: The five smallest deal ids.
-- caveat: Counts are those of the whole extract, whatever `as_of` is.
SELECT code, entity, meaning, row_count, deal_count, sample_ids
FROM quality
ORDER BY code, entity
