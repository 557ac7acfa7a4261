//! References about single deals, from the timelines that every metric folds: what became of the deals
//! that stood in a stage when a month began, and survival curves over all deals.
//!
//! `time_to_win; lost and open censored` is the time to a win in a world without losing. No metric says
//! it, because as a share it is too high (METRICS I3, section 9); the kernel is checked against it here.

use std::collections::BTreeMap;

use sluice::model::calendar::DAY_MICROS;
use sluice::model::{Scratch, StageKind, Status, Timeline};
use sluice::stats::survival::EventTable;

use super::{Case, Row, TOLERANCE};

/// Calls `with` on each timeline.
fn each(case: &Case, mut with: impl FnMut(&Timeline<'_>)) {
    let mut scratch = Scratch::default();
    for partition in &case.dataset.partitions {
        for row in 0..partition.len() {
            if let Some(timeline) = scratch.timeline(partition, row, &case.run) {
                with(&timeline);
            }
        }
    }
}

fn number(answer: &Row, column: &str) -> f64 {
    answer[column].parse().unwrap_or_else(|_| panic!("`{column}` is {}", answer[column]))
}

#[track_caller]
fn agrees(found: f64, answer: &Row, column: &str) {
    let expected = number(answer, column);
    let slack = TOLERANCE.max(expected.abs() * 1e-9);
    assert!((found - expected).abs() <= slack, "{column}: {found} != {expected} in {answer:?}");
}

/// Deals, amounts, won, lost, amounts won, and of the wins those within 30 and 90 days: count, amount.
#[derive(Default)]
struct Stood {
    n: u64,
    amount: i64,
    won: u64,
    lost: u64,
    amount_won: i64,
    within: [(u64, i64); 2],
}

/// Deals that stood in each stage when a month began, and what became of them.
pub fn check_snapshots(case: &Case) {
    let answers = case.answers("snapshot_outcomes");
    let start = |answer: &Row| {
        let month: chrono::NaiveDate = answer["month_start"].parse().unwrap();
        i64::from(sluice::model::calendar::day_of(month)) * DAY_MICROS
    };
    let mut starts: Vec<i64> = answers.iter().map(start).collect();
    starts.dedup();
    let mut found: BTreeMap<(i64, String), Stood> = BTreeMap::new();
    each(case, |deal| {
        let facts = &deal.facts;
        let amount = facts.amount_minor.unwrap_or(0);
        for &at in &starts {
            let stood = |v: &&sluice::model::Visit| {
                v.entered_at < at && v.exited_at.is_none_or(|left| left >= at)
            };
            let Some(visit) = deal.visits.iter().find(stood) else { continue };
            // A closed stage counts here only if the deal left it again.
            if visit.kind != StageKind::Open && visit.exited_at.is_none() {
                continue;
            }
            let stage = case.run.names.get(case.run.catalogue.get(visit.stage).name).to_owned();
            let cell = found.entry((at, stage)).or_default();
            let is_won = facts.outcome == Status::Won;
            cell.n += 1;
            cell.amount += amount;
            cell.won += u64::from(is_won);
            cell.lost += u64::from(facts.outcome == Status::Lost);
            cell.amount_won += if is_won { amount } else { 0 };
            for (within, days) in cell.within.iter_mut().zip([30, 90]) {
                if is_won && facts.closed_at.is_some_and(|closed| closed < at + days * DAY_MICROS) {
                    *within = (within.0 + 1, within.1 + amount);
                }
            }
        }
    });
    for answer in &answers {
        let cell = &found[&(start(answer), answer["stage"].clone())];
        let open = cell.n - cell.won - cell.lost;
        for (column, found) in [
            ("n", cell.n as f64),
            ("amount", cell.amount as f64 / 100.0),
            ("won_eventually", cell.won as f64),
            ("lost_eventually", cell.lost as f64),
            ("still_open_at_as_of", open as f64),
            ("amount_won_eventually", cell.amount_won as f64 / 100.0),
            ("won_within_30d", cell.within[0].0 as f64),
            ("amount_won_within_30d", cell.within[0].1 as f64 / 100.0),
            ("won_within_90d", cell.within[1].0 as f64),
            ("amount_won_within_90d", cell.within[1].1 as f64 / 100.0),
        ] {
            agrees(found, answer, column);
        }
    }
    assert_eq!(found.len(), answers.len(), "stages that the reference does not have");
}

/// Survival curves of all deals: quantiles, survival, restricted mean, and the time to half of all wins.
pub fn check_curves(case: &Case) {
    let mut all = EventTable::<2>::default();
    let (mut win, mut close) = (EventTable::<1>::default(), EventTable::<1>::default());
    each(case, |deal| {
        let facts = &deal.facts;
        let cause = match facts.outcome {
            Status::Open => 0,
            Status::Won => 1,
            Status::Lost => 2,
        };
        all.add(facts.duration, cause, 1);
        win.add(facts.duration, usize::from(cause == 1), 1);
        close.add(facts.duration, usize::from(cause > 0), 1);
    });
    let day = sluice::model::Clock::Elapsed.ticks_per_day();
    let answers = case.answers("survival_summary");
    for (answer, table) in answers.iter().zip([&win, &close]) {
        agrees(table.n() as f64, answer, "n");
        agrees(table.ended_by(1, i64::MAX) as f64, answer, "events");
        for (column, p) in
            [("p10", 0.1), ("p25", 0.25), ("median", 0.5), ("p75", 0.75), ("p90", 0.9)]
        {
            match table.quantile(p) {
                Some(t) => agrees(t as f64 / day as f64, answer, column),
                None => assert_eq!(answer[column], "inf"),
            }
        }
        for days in [30, 60, 90, 180] {
            agrees(table.at(days * day).survival, answer, &format!("S_{days}"));
        }
        let mean = table.restricted_mean(180 * day).unwrap().0;
        agrees(mean / day as f64, answer, "rmst_180");
    }
    let last = all.largest().unwrap();
    agrees(all.at(last).incidence[0], &answers[2], "final_cif");
    let half = all.conditional_quantile(1, last, 0.5).unwrap();
    agrees(half as f64 / day as f64, &answers[2], "median");
}
