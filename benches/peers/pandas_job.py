"""The nightly job with pandas: a Salesforce export to Parquet, stage visits, eight analyses.

usage: pandas_job.py EXPORT_DIR OUT_DIR
"""
import json
import sys

import pandas as pd

SOURCE, OUT = sys.argv[1:3]
CLOSED = ["Closed Won", "Closed Lost"]
LEVELS = [0.1, 0.25, 0.5, 0.75, 0.9]


def table(name, columns):
    columns = ["IsDeleted", *columns]
    frame = pd.read_csv(f"{SOURCE}/{name}.csv", usecols=columns, dtype=str, keep_default_na=False)
    return frame[frame.IsDeleted != "1"]


def time(series):
    return pd.to_datetime(series, format="%Y-%m-%d %H:%M:%S")


def ingest():
    o = table("Opportunity", ["Id", "Name", "StageName", "Amount", "CloseDate", "LeadSource", "OwnerId", "AccountId", "CreatedDate", "IsWon"])
    deals = pd.DataFrame({
        "deal_id": o.Id, "name": o.Name, "stage": o.StageName, "amount": pd.to_numeric(o.Amount, errors="coerce"),
        "close_date": time(o.CloseDate), "source": o.LeadSource, "owner_id": o.OwnerId, "account_id": o.AccountId,
        "created_at": time(o.CreatedDate), "is_won": o.IsWon == "1",
    })
    h = table("OpportunityHistory", ["Id", "OpportunityId", "StageName", "CreatedDate", "Amount", "CloseDate", "CreatedById"])
    changes = pd.DataFrame({
        "change_id": h.Id, "deal_id": h.OpportunityId, "stage": h.StageName, "changed_at": time(h.CreatedDate),
        "amount": pd.to_numeric(h.Amount, errors="coerce"), "close_date": time(h.CloseDate), "changed_by": h.CreatedById,
    })
    t = table("Task", ["WhatId", "OwnerId", "Type", "CompletedDateTime", "Status"])
    t = t[t.Status == "Completed"]
    e = table("Event", ["WhatId", "OwnerId", "ActivityDateTime"])
    e = e[e.ActivityDateTime < "2026-07-01"]
    activities = pd.concat([
        pd.DataFrame({"deal_id": t.WhatId, "owner_id": t.OwnerId, "kind": t.Type.str.lower(), "done_at": time(t.CompletedDateTime)}),
        pd.DataFrame({"deal_id": e.WhatId, "owner_id": e.OwnerId, "kind": "meeting", "done_at": time(e.ActivityDateTime)}),
    ])
    for name, frame in (("deals", deals), ("changes", changes), ("activities", activities)):
        frame.to_parquet(f"{OUT}/{name}.parquet", compression="zstd", index=False)
    return deals, changes, activities


def derive(deals, changes):
    visits = changes.sort_values(["deal_id", "changed_at", "change_id"]).rename(columns={"changed_at": "entered_at"})
    visits = visits[visits.stage != visits.groupby("deal_id").stage.shift()]
    later = visits.groupby("deal_id")[["entered_at", "stage"]].shift(-1)
    visits = visits.assign(left_at=later.entered_at, next_stage=later.stage)
    closed = visits[visits.stage.isin(CLOSED)].groupby("deal_id").entered_at.max().rename("closed_at")
    return visits, deals.merge(closed, on="deal_id", how="left")


def month(series):
    return series.dt.to_period("M").dt.start_time.dt.date


def analyses(visits, facts, activities):
    ended = facts[facts.stage.isin(CLOSED)].assign(is_lost=lambda f: ~f.is_won)
    gone = visits[visits.left_at.notna()]
    dwell = gone.assign(days=(gone.left_at - gone.entered_at).dt.total_seconds() / 86400).groupby("stage").days
    cycle = facts.assign(days=(facts.closed_at - facts.created_at).dt.days)
    moves = visits[visits.next_stage.notna() & ~visits.stage.isin(CLOSED)]
    steps = pd.concat([
        pd.DataFrame({"stage": visits.stage, "month": month(visits.entered_at), "step": 1}),
        pd.DataFrame({"stage": gone.stage, "month": month(gone.left_at), "step": -1}),
    ])
    reps = ended.assign(quarter=ended.closed_at.dt.to_period("Q").dt.start_time, bookings=ended.amount.where(ended.is_won))
    return {
        "closed": ended.groupby(month(ended.closed_at).rename("month"))[["is_won", "is_lost"]].sum().reset_index(),
        "moves": moves.groupby(["stage", "next_stage"]).size().reset_index(),
        "activities": activities.groupby([activities.done_at.dt.to_period("W").dt.start_time.dt.date.rename("week"), "kind"]).size().reset_index(),
        "dwell": dwell.agg(["count", "mean"]).join(dwell.quantile(LEVELS).unstack()).reset_index(),
        "cycle": cycle[cycle.is_won].groupby("source").days.quantile(LEVELS).unstack().reset_index(),
        "reps": reps.groupby(["owner_id", "quarter"]).agg(won=("is_won", "sum"), closed=("is_won", "size"), bookings=("bookings", "sum")).reset_index(),
        "cohorts": cycle.groupby([month(cycle.created_at).rename("cohort"), "stage", "days"], dropna=False).size().reset_index(),
        "flow": steps.groupby(["stage", "month"]).step.sum().groupby("stage").cumsum().reset_index(),
    }


def main():
    deals, changes, activities = ingest()
    visits, facts = derive(deals, changes)
    found = analyses(visits, facts, activities)
    for name, frame in found.items():
        frame.to_csv(f"{OUT}/{name}.csv", index=False)
    plain = {name: [[str(v) for v in row] for row in found[name].itertuples(index=False)] for name in ("closed", "moves", "activities")}
    with open(f"{OUT}/result.json", "w") as file:
        json.dump(plain, file)


main()
