"""The nightly job with polars: a Salesforce export to Parquet, stage visits, eight analyses.

usage: polars_job.py EXPORT_DIR OUT_DIR
"""
import json
import sys

import polars as pl
from polars import col

SOURCE, OUT = sys.argv[1:3]
CLOSED = ["Closed Won", "Closed Lost"]
LEVELS = [0.1, 0.25, 0.5, 0.75, 0.9]


def table(name):
    return pl.scan_csv(f"{SOURCE}/{name}.csv", infer_schema=False).filter(col("IsDeleted") != "1")


def time(name):
    return col(name).str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us")


def ingest():
    table("Opportunity").select(
        deal_id=col("Id"), name=col("Name"), stage=col("StageName"), amount=col("Amount").cast(pl.Float64, strict=False),
        close_date=time("CloseDate").dt.date(), source=col("LeadSource"), owner_id=col("OwnerId"),
        account_id=col("AccountId"), created_at=time("CreatedDate"), is_won=col("IsWon") == "1",
    ).sink_parquet(f"{OUT}/deals.parquet")
    table("OpportunityHistory").select(
        change_id=col("Id"), deal_id=col("OpportunityId"), stage=col("StageName"), changed_at=time("CreatedDate"),
        amount=col("Amount").cast(pl.Float64, strict=False), close_date=time("CloseDate").dt.date(), changed_by=col("CreatedById"),
    ).sink_parquet(f"{OUT}/changes.parquet")
    tasks = table("Task").filter(col("Status") == "Completed").select(
        deal_id=col("WhatId"), owner_id=col("OwnerId"), kind=col("Type").str.to_lowercase(), done_at=time("CompletedDateTime"))
    events = table("Event").filter(col("ActivityDateTime") < "2026-07-01").select(
        deal_id=col("WhatId"), owner_id=col("OwnerId"), kind=pl.lit("meeting"), done_at=time("ActivityDateTime"))
    pl.concat([tasks, events]).sink_parquet(f"{OUT}/activities.parquet")


def derive():
    deals, changes, activities = (pl.scan_parquet(f"{OUT}/{n}.parquet") for n in ("deals", "changes", "activities"))
    visits = (
        changes.sort("deal_id", "changed_at", "change_id")
        .filter((col("stage") != col("stage").shift().over("deal_id")).fill_null(True))
        .with_columns(left_at=col("changed_at").shift(-1).over("deal_id"), next_stage=col("stage").shift(-1).over("deal_id"))
        .rename({"changed_at": "entered_at"})
        .collect().lazy()
    )
    closed = visits.filter(col("stage").is_in(CLOSED)).group_by("deal_id").agg(closed_at=col("entered_at").max())
    return visits, deals.join(closed, on="deal_id", how="left").collect().lazy(), activities


def analyses(visits, facts, activities):
    ended = facts.filter(col("stage").is_in(CLOSED))
    days = (col("left_at") - col("entered_at")).dt.total_seconds() / 86400
    cycle = (col("closed_at") - col("created_at")).dt.total_days()
    levels = lambda value: [value.quantile(p, "linear").alias(f"q{p}") for p in LEVELS]
    flow = pl.concat([
        visits.select("stage", month=col("entered_at").dt.truncate("1mo"), step=pl.lit(1)),
        visits.filter(col("left_at").is_not_null()).select("stage", month=col("left_at").dt.truncate("1mo"), step=pl.lit(-1)),
    ])
    return {
        "closed": ended.group_by(month=col("closed_at").dt.truncate("1mo").dt.date())
        .agg(won=col("is_won").sum(), lost=(~col("is_won")).sum()).sort("month"),
        "moves": visits.filter(col("next_stage").is_not_null() & ~col("stage").is_in(CLOSED))
        .group_by("stage", "next_stage").agg(moves=pl.len()).sort("stage", "next_stage"),
        "activities": activities.group_by(week=col("done_at").dt.truncate("1w").dt.date(), kind=col("kind"))
        .agg(activities=pl.len()).sort("week", "kind"),
        "dwell": visits.filter(col("left_at").is_not_null()).group_by("stage")
        .agg(pl.len().alias("visits"), days.mean().alias("mean_days"), *levels(days)).sort("stage"),
        "cycle": facts.filter("is_won").group_by("source").agg(pl.len().alias("n"), *levels(cycle)).sort("source"),
        "reps": ended.group_by("owner_id", quarter=col("closed_at").dt.truncate("1q"))
        .agg(won=col("is_won").sum(), closed=pl.len(), bookings=col("amount").filter(col("is_won")).sum()).sort("owner_id", "quarter"),
        "cohorts": facts.group_by("stage", cohort=col("created_at").dt.truncate("1mo"), days=cycle).agg(deals=pl.len()).sort("cohort", "stage", "days"),
        "flow": flow.group_by("stage", "month").agg(col("step").sum()).sort("stage", "month")
        .with_columns(standing=col("step").cum_sum().over("stage")),
    }


def main():
    ingest()
    found = analyses(*derive())
    for name, frame in zip(found, pl.collect_all(found.values())):
        frame.write_csv(f"{OUT}/{name}.csv")
        found[name] = frame
    plain = {name: [["" if v is None else str(v) for v in row] for row in found[name].rows()] for name in ("closed", "moves", "activities")}
    with open(f"{OUT}/result.json", "w") as file:
        json.dump(plain, file)


main()
