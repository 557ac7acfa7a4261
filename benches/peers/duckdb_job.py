"""The nightly job in DuckDB SQL: a Salesforce export to Parquet, stage visits, eight analyses.

usage: duckdb_job.py EXPORT_DIR OUT_DIR
"""
import json
import sys

import duckdb

SOURCE, OUT = sys.argv[1:3]
CLOSED = "('Closed Won', 'Closed Lost')"
ANALYSES = {
    "closed": "SELECT date_trunc('month', closed_at)::DATE AS month, count(*) FILTER (is_won) AS won, "
    f"count(*) FILTER (NOT is_won) AS lost FROM facts WHERE stage IN {CLOSED} GROUP BY 1 ORDER BY 1",
    "moves": "SELECT stage, next_stage, count(*) AS moves FROM visits WHERE next_stage IS NOT NULL "
    f"AND stage NOT IN {CLOSED} GROUP BY ALL ORDER BY ALL",
    "activities": "SELECT date_trunc('week', done_at)::DATE AS week, kind, count(*) AS activities "
    "FROM activities GROUP BY ALL ORDER BY ALL",
    "dwell": "SELECT stage, count(*) AS visits, avg(epoch(left_at) - epoch(entered_at)) / 86400 AS mean_days, "
    "quantile_cont((epoch(left_at) - epoch(entered_at)) / 86400, [.1, .25, .5, .75, .9]) AS days "
    "FROM visits WHERE left_at IS NOT NULL GROUP BY 1 ORDER BY 1",
    "cycle": "SELECT source, count(*) AS n, quantile_cont(date_diff('day', created_at, closed_at), "
    "[.1, .25, .5, .75, .9]) AS days FROM facts WHERE is_won GROUP BY ROLLUP (source) ORDER BY 1",
    "reps": "SELECT owner_id, date_trunc('quarter', closed_at) AS quarter, count(*) FILTER (is_won) AS won, "
    f"count(*) AS closed, sum(amount) FILTER (is_won) AS bookings FROM facts WHERE stage IN {CLOSED} "
    "GROUP BY ALL ORDER BY ALL",
    "cohorts": "SELECT date_trunc('month', created_at) AS cohort, stage, "
    "date_diff('day', created_at, closed_at) AS days, count(*) AS deals FROM facts GROUP BY ALL ORDER BY ALL",
    "flow": "SELECT stage, month, sum(step) OVER (PARTITION BY stage ORDER BY month) AS standing FROM ("
    "SELECT stage, month, sum(step) AS step FROM ("
    "SELECT stage, date_trunc('month', entered_at) AS month, 1 AS step FROM visits UNION ALL "
    "SELECT stage, date_trunc('month', left_at), -1 FROM visits WHERE left_at IS NOT NULL) GROUP BY ALL) ORDER BY ALL",
}


def table(name):
    return f"read_csv('{SOURCE}/{name}.csv', header=true, all_varchar=true, quote='\"', escape='\"')"


def ingest(c):
    parquet = "(FORMAT parquet, COMPRESSION zstd)"
    c.execute(f"""COPY (SELECT Id AS deal_id, Name AS name, StageName AS stage, TRY_CAST(Amount AS DOUBLE) AS amount,
        CloseDate::TIMESTAMP::DATE AS close_date, LeadSource AS source, OwnerId AS owner_id, AccountId AS account_id,
        CreatedDate::TIMESTAMP AS created_at, IsWon = '1' AS is_won
        FROM {table('Opportunity')} WHERE IsDeleted <> '1') TO '{OUT}/deals.parquet' {parquet}""")
    c.execute(f"""COPY (SELECT Id AS change_id, OpportunityId AS deal_id, StageName AS stage,
        CreatedDate::TIMESTAMP AS changed_at, TRY_CAST(Amount AS DOUBLE) AS amount,
        CloseDate::TIMESTAMP::DATE AS close_date, CreatedById AS changed_by
        FROM {table('OpportunityHistory')} WHERE IsDeleted <> '1') TO '{OUT}/changes.parquet' {parquet}""")
    c.execute(f"""COPY (SELECT WhatId AS deal_id, OwnerId AS owner_id, lower(Type) AS kind,
        CompletedDateTime::TIMESTAMP AS done_at FROM {table('Task')} WHERE IsDeleted <> '1' AND Status = 'Completed'
        UNION ALL SELECT WhatId, OwnerId, 'meeting', ActivityDateTime::TIMESTAMP
        FROM {table('Event')} WHERE IsDeleted <> '1' AND ActivityDateTime < '2026-07-01')
        TO '{OUT}/activities.parquet' {parquet}""")


def derive(c):
    for name in ("deals", "changes", "activities"):
        c.execute(f"CREATE VIEW {name} AS SELECT * FROM '{OUT}/{name}.parquet'")
    c.execute("""CREATE TEMP TABLE visits AS
        SELECT deal_id, stage, changed_at AS entered_at, lead(changed_at) OVER life AS left_at,
            lead(stage) OVER life AS next_stage
        FROM (SELECT *, lag(stage) OVER (PARTITION BY deal_id ORDER BY changed_at, change_id) AS before FROM changes)
        WHERE before IS DISTINCT FROM stage
        WINDOW life AS (PARTITION BY deal_id ORDER BY changed_at, change_id)""")
    c.execute(f"""CREATE TEMP TABLE facts AS SELECT deals.*, closed_at FROM deals LEFT JOIN
        (SELECT deal_id, max(entered_at) AS closed_at FROM visits WHERE stage IN {CLOSED} GROUP BY 1) USING (deal_id)""")


def main():
    c = duckdb.connect()
    c.execute("SET threads = 2")
    c.execute("SET TimeZone = 'UTC'")
    ingest(c)
    derive(c)
    for name, sql in ANALYSES.items():
        c.execute(f"COPY ({sql}) TO '{OUT}/{name}.csv' (HEADER)")
    rows = {name: c.execute(ANALYSES[name]).fetchall() for name in ("closed", "moves", "activities")}
    plain = {name: [[str(v) if v is not None else "" for v in row] for row in found] for name, found in rows.items()}
    with open(f"{OUT}/result.json", "w") as file:
        json.dump(plain, file)


main()
