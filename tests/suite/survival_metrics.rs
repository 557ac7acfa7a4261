//! Cohorts, cycles and stages through the metrics: vectors V03 to V05 and cases by hand.

use chrono::{Days, NaiveDate};
use sluice::metrics::{METRICS, compute};
use sluice::model::{Clock, Config, Dataset, Quality, Value};

use crate::fixtures::{DealBuilder, Fixture, deal, run, table};
use crate::invariants::global::check;
use crate::rows::{cell, rows};
use crate::vectors::{list, maybe, near, near_maybe, number, text, vector};

fn close(deal: DealBuilder, outcome: &str, on: &str) -> DealBuilder {
    match outcome {
        "won" => deal.won(on),
        "lost" => deal.lost(on),
        _ => deal,
    }
}

fn v03() -> (Dataset, Config, serde_json::Value) {
    let v03 = vector("V03");
    let mut data = Fixture::new("2025-08-01").stages(&["New"]);
    for row in list(&v03, "/input/deals") {
        let built = deal(text(row, "/deal_id")).visit("New", text(row, "/created_ld"));
        let on = row["close_ld"].as_str().unwrap_or("");
        data = data.deal(close(built, text(row, "/outcome"), on));
    }
    let horizons = list(&v03, "/config/horizons").iter().map(|h| h.as_u64().unwrap() as u32);
    let config = Config { horizons: horizons.collect(), min_followed: 3, ..Config::default() };
    (data.build(), config, v03)
}

#[test]
fn v03_cohorts() {
    let (data, config, v03) = v03();
    let run = run(&data, config, text(&v03, "/config/as_of"));
    let found = table("cohort_conversion", &data, &run);
    for expected in list(&v03, "/expected/cells") {
        let horizon = number(expected, "/horizon").to_string();
        let wanted = [
            ("cohort", text(expected, "/cohort")),
            ("horizon_days", &horizon),
            ("source", ""),
            ("segment", ""),
        ];
        let matching = rows(&found, &wanted);
        let row = matching.first().expect("a row");
        let names = [
            ("cohort_n", "n"),
            ("n_followed", "n_followed"),
            ("raw_won", "raw_won"),
            ("raw_lost", "raw_lost"),
            ("naive_share", "naive_share"),
            ("cif_won", "cif_won"),
            ("cif_lost", "cif_lost"),
            ("open", "surv_open"),
            ("n_eff", "n_eff"),
            ("lower", "lo"),
            ("upper", "hi"),
        ];
        for (column, name) in names {
            near_maybe(cell(&found, row, column), maybe(expected, &format!("/{name}")));
        }
        assert_eq!(found.value(row, "status").as_str(), Some(text(expected, "/status")));
        let is_undefined = found.value(row, "cif_won").is_null();
        let reason = found.value(row, "reason").as_str().unwrap_or("");
        assert_eq!(is_undefined, ["IM", "IN"].contains(&reason));
    }
}

#[test]
fn v03_pooled_is_the_mean_of_the_months_that_have_a_value() {
    let (data, config, v03) = v03();
    let run = run(&data, config, text(&v03, "/config/as_of"));
    let found = table("I1", &data, &run);
    let pooled = |horizon: &str| {
        let wanted = [("cohort", "pooled"), ("horizon_days", horizon), ("source", "")];
        rows(&found, &wanted).first().map(|row| row.to_vec()).expect("a row")
    };
    let both = pooled("60");
    near(cell(&found, &both, "cif_won").unwrap(), (2.0 / 9.0 + 0.361_111_111) / 2.0);
    assert_eq!(found.value(&both, "status").as_str(), Some("partial"));
    let one = pooled("120");
    near(cell(&found, &one, "cif_won").unwrap(), 4.0 / 9.0);
    assert_eq!((cell(&found, &one, "n"), cell(&found, &one, "cohort_n")), (Some(9.0), Some(18.0)));
    assert_eq!(found.value(&pooled("30"), "status").as_str(), Some("complete"));
    assert!(found.value(&pooled("180"), "cif_won").is_null());
    let quarters = rows(&found, &[("cohort", "2025-Q2"), ("source", "")]);
    assert_eq!(quarters.len(), 7);
}

#[test]
fn v03_triangle_and_comparison() {
    let (data, config, v03) = v03();
    let run = run(&data, config, text(&v03, "/config/as_of"));
    let found = table("cohort_triangle", &data, &run);
    for (cohort, expected) in v03["expected"]["triangle"].as_object().unwrap() {
        for (k, incr) in list(expected, "/incr").iter().enumerate() {
            let matching = rows(&found, &[("cohort", cohort), ("k", &k.to_string())]);
            let row = matching.first();
            near_maybe(row.and_then(|r| cell(&found, r, "incr_won")), incr.as_f64());
            let share = expected["cum_share"][k].as_f64();
            near_maybe(row.and_then(|r| cell(&found, r, "cum_share")), share);
            if let Some(row) = row {
                let is_last = number(expected, "/partial_diagonal_k") == k as f64;
                assert_eq!(found.value(row, "is_partial"), &Value::Bool(is_last));
            }
        }
    }
    let found = table("conversion_comparison", &data, &run);
    let march = rows(&found, &[("cohort", "2025-03")])[0];
    near(cell(&found, march, "naive_share").unwrap(), 4.0 / 9.0);
    near(cell(&found, march, "resolved_ratio").unwrap(), 4.0 / 7.0);
    assert_eq!(cell(&found, march, "horizon_days"), Some(120.0));
    near(cell(&found, march, "cif_won").unwrap(), 4.0 / 9.0);
}

#[test]
fn v03_curve_ends_where_follow_up_ends() {
    let (data, config, v03) = v03();
    let run = run(&data, config, text(&v03, "/config/as_of"));
    let found = table("incidence_curve", &data, &run);
    let all = rows(&found, &[("cohort", "ALL")]);
    // Three deals were followed for 132 days or more.
    assert_eq!(all.len(), 133);
    near(cell(&found, all[0], "cif_won").unwrap(), 1.0 / 18.0);
    let at60 = all.iter().find(|r| cell(&found, r, "day") == Some(60.0)).unwrap();
    near(cell(&found, at60, "cif_won").unwrap(), 0.283_950_617);
    assert_eq!(rows(&found, &[("cohort", "2025")]).len(), 133);
}

fn before(day: NaiveDate, days: u64) -> String {
    day.checked_sub_days(Days::new(days)).unwrap().to_string()
}

fn v04() -> (Dataset, Config, serde_json::Value) {
    let v04 = vector("V04");
    let as_of: NaiveDate = "2025-12-31".parse().unwrap();
    let mut data = Fixture::new("2026-01-05").stages(&["New"]);
    for row in list(&v04, "/input/deals") {
        let (days, outcome) = (number(row, "/t_days") as u64, text(row, "/outcome"));
        let age = if outcome == "open" { days } else { 400 };
        let built = deal(text(row, "/deal_id")).visit("New", &before(as_of, age));
        data = data.deal(close(built, outcome, &before(as_of, age - days.min(age))));
    }
    let config = Config { tau_days: vec![90, 365], horizons: vec![30, 95], ..Config::default() };
    (data.build(), config, v04)
}

#[test]
fn v04_time_to_close_and_to_win() {
    let (data, config, v04) = v04();
    let run = run(&data, config, "2025-12-31");
    let found = table("time_to_close", &data, &run);
    let expected = &v04["expected"];
    for period in ["trailing", "all"] {
        let wanted = [("period_kind", period), ("source", ""), ("tau_requested_days", "90")];
        let row = rows(&found, &wanted)[0];
        near(cell(&found, row, "q50_days").unwrap(), number(expected, "/km_median"));
        near(cell(&found, row, "lower").unwrap(), number(expected, "/km_median_ci/0"));
        near(cell(&found, row, "upper").unwrap(), number(expected, "/km_median_ci/1"));
        near(cell(&found, row, "rmst_days").unwrap(), number(expected, "/rmst90"));
        near(cell(&found, row, "rmst_lower_days").unwrap(), number(expected, "/rmst90_lo"));
        near(cell(&found, row, "rmst_upper_days").unwrap(), number(expected, "/rmst90_hi"));
    }
    let wanted = [("period_kind", "all"), ("source", ""), ("tau_requested_days", "365")];
    let row = rows(&found, &wanted)[0];
    assert_eq!(cell(&found, row, "tau_days"), Some(120.0));
    let found = table("J3", &data, &run);
    let row = rows(&found, &[("period_kind", "all"), ("source", ""), ("segment", "")])[0];
    assert_eq!(cell(&found, row, "tau_days"), Some(95.0));
    near(cell(&found, row, "cif_tau").unwrap(), number(expected, "/cif_won_tau"));
    let given = &expected["time_to_win_given_win"];
    for name in ["q25", "q50", "q75"] {
        let value = cell(&found, row, &format!("{name}_days"));
        near(value.unwrap(), number(given, &format!("/{name}")));
    }
    let mean = cell(&found, row, "mean_restricted_days").unwrap();
    near(mean, number(given, "/mean_restricted"));
    let limits = [cell(&found, row, "lower").unwrap(), cell(&found, row, "upper").unwrap()];
    assert!(limits[0] <= 34.0 && limits[1] >= 34.0 && limits[0] < limits[1], "{limits:?}");
}

fn v05() -> (Dataset, Config, serde_json::Value) {
    let v05 = vector("V05");
    let mut deals: Vec<(String, DealBuilder)> = Vec::new();
    for row in list(&v05, "/input/visits") {
        let id = text(row, "/deal_id");
        if deals.last().is_none_or(|d| d.0 != id) {
            deals.push((id.to_owned(), deal(id)));
        }
        let (_, built) = deals.pop().unwrap();
        let built = built.visit("Demo", text(row, "/enter_ld"));
        let left = row["exit_ld"].as_str().unwrap_or("");
        let built = match text(row, "/exit_kind") {
            "advance" => built.visit("Offer", left),
            "skip" => built.visit("Terms", left),
            "back" => built.visit("New", left),
            kind => close(built, kind, left),
        };
        deals.push((id.to_owned(), built));
    }
    let data = Fixture::new("2026-04-10").stages(&["New", "Demo", "Offer", "Terms"]);
    let data = data.deals(deals.into_iter().map(|d| d.1)).build();
    let config = Config { stage_horizon: 60, min_followed: 5, ..Config::default() };
    (data, config, v05)
}

#[test]
fn v05_stages() {
    let (data, config, v05) = v05();
    let run = run(&data, config, text(&v05, "/config/as_of"));
    let expected = &v05["expected"];
    let wanted = [("stage", "Demo"), ("period_kind", "trailing"), ("source", ""), ("owner", "")];
    let wanted = [wanted[0], wanted[1], wanted[2], wanted[3], ("segment", "")];
    let found = table("stage_duration_censored", &data, &run);
    let row = rows(&found, &wanted)[0];
    assert_eq!(cell(&found, row, "n"), maybe(expected, "/n_visits"));
    assert_eq!(cell(&found, row, "n_open"), maybe(expected, "/n_open"));
    near(cell(&found, row, "q50_days").unwrap(), number(expected, "/km_median"));
    near(cell(&found, row, "q75_days").unwrap(), number(expected, "/km_q75"));
    let found = table("stage_exit", &data, &run);
    let row = rows(&found, &wanted)[0];
    let exits = &expected["first_visit_exit"];
    let names = [
        ("n", "n"),
        ("pass_through", "pass_through"),
        ("churn", "churn"),
        ("back", "back_other"),
        ("still", "still"),
        ("lower", "pass_lo"),
        ("upper", "pass_hi"),
        ("churn_lower", "churn_lo"),
        ("churn_upper", "churn_hi"),
        ("naive_pass", "naive_pass_among_exited"),
    ];
    for (column, name) in names {
        near(cell(&found, row, column).unwrap(), number(exits, &format!("/{name}")));
    }
}

#[test]
fn skipped_stages_are_reached_and_probabilities_do_not_fall() {
    let stages = [("New", Some(1000)), ("Demo", Some(9900)), ("Offer", None)];
    let mut data = Fixture::new("2026-01-10").pipeline("Sales", &stages);
    for n in 0..10 {
        let lost = deal(&format!("L{n}")).visit("New", "2024-03-01");
        data = data.deal(lost.visit("Demo", "2024-03-05").lost("2024-04-01"));
        data = data.deal(deal(&format!("W{n}")).visit("New", "2024-03-02").won("2024-05-01"));
    }
    // Known to be in `New`, but not since when: out of `New`, in `Demo`.
    let older = deal("X").unknown_entry().visit("New", "2024-03-01").visit("Demo", "2024-03-09");
    let data = data.deal(older.lost("2024-03-10")).build();
    let run = run(&data, Config::default(), "2025-12-31");
    let found = table("F3", &data, &run);
    let row = |stage: &str| rows(&found, &[("stage", stage), ("source", ""), ("segment", "")])[0];
    assert_eq!(cell(&found, row("New"), "n_reach"), Some(20.0));
    near(cell(&found, row("New"), "p_hat").unwrap(), 0.5);
    near(cell(&found, row("Demo"), "p_hat").unwrap(), 10.0 / 21.0);
    near(cell(&found, row("Offer"), "p_hat").unwrap(), 1.0);
    let pooled = 20.0 / 41.0;
    near(cell(&found, row("New"), "p_iso").unwrap(), pooled);
    near(cell(&found, row("Demo"), "p_iso").unwrap(), pooled);
    near(cell(&found, row("Demo"), "diff").unwrap(), 0.99 - 10.0 / 21.0);
    assert_eq!(found.value(row("Demo"), "is_outside_interval"), &Value::Bool(true));
    assert!(found.value(row("Offer"), "is_outside_interval").is_null());
    assert_eq!(found.value(row("Offer"), "status").as_str(), Some("complete"));
}

#[test]
fn who_does_not_count() {
    let data = Fixture::new("2026-01-10").stages(&["New"]).deals([
        deal("A").visit("New", "2025-03-01").won("2025-03-04"),
        deal("B").visit("New", "2025-03-01").lost("2025-03-01").word("lost_reason", "Duplicate"),
        deal("C").visit("New", "2025-03-01").won("2025-03-01").flaw(Quality::ClosedBeforeCreated),
        deal("D").visit("New", "2025-03-01").deleted("2025-03-09"),
        deal("E").visit("New", "2025-03-01").flaw(Quality::CloseTimeMissing),
        deal("F").visit("New", "2026-01-09"),
    ]);
    let data = data.build();
    let run = run(&data, Config::default(), "2025-12-31");
    for metric in ["I1", "I2", "I3", "J2", "J3", "F3"] {
        let found = table(metric, &data, &run);
        assert!(!found.rows.is_empty());
        assert!(found.rows.iter().all(|r| cell(&found, r, "n") == Some(1.0)), "{metric}");
    }
    // The excluded loss and the deletion are exits from the stage all the same.
    let found = table("H2", &data, &run);
    assert!(found.rows.iter().all(|r| cell(&found, r, "n") == Some(3.0)));
    let found = table("H3", &data, &run);
    assert!(found.rows.iter().all(|r| cell(&found, r, "n") == Some(2.0)));
}

#[test]
fn seconds_count_and_the_horizon_is_inclusive() {
    let data = Fixture::new("2025-06-01").stages(&["New"]).deals([
        deal("A").visit("New", "2025-03-01T10:00:00").won("2025-03-31T10:00:00"),
        deal("B").visit("New", "2025-03-01T10:00:00").won("2025-03-31T10:00:01"),
        deal("C").visit("New", "2025-03-01T10:00:00").lost("2025-03-01T16:00:00"),
    ]);
    let data = data.build();
    let config = Config { clock: Clock::Elapsed, horizons: vec![30, 60], ..Config::default() };
    let run = run(&data, config, "2025-05-31");
    let found = table("I1", &data, &run);
    let row = rows(&found, &[("cohort", "2025-03"), ("horizon_days", "30"), ("source", "")])[0];
    assert_eq!(cell(&found, row, "raw_won"), Some(1.0));
    near(cell(&found, row, "cif_won").unwrap(), 1.0 / 3.0);
    let found = table("H2", &data, &run);
    let row = rows(&found, &[("period_kind", "all"), ("source", ""), ("owner", "")])[0];
    near(cell(&found, row, "q50_days").unwrap(), 30.0);
    near(
        cell(&found, row, "rmst_days").unwrap(),
        (30.0 + 30.0 + 0.25) / 3.0 + 1.0 / 3.0 / 86_400.0,
    );
}

#[test]
fn pieces_give_the_same_tables_as_the_whole() {
    let (data, config, _) = v05();
    let run = run(&data, config, "2026-03-31");
    let metrics: Vec<_> = METRICS.to_vec();
    let whole = compute(&metrics, &data, &run).unwrap();
    for seed in [1_u64, 7] {
        let (mut left, mut right) = (Vec::new(), Vec::new());
        left.extend(metrics.iter().map(|m| m.start()));
        right.extend(metrics.iter().map(|m| m.start()));
        let mut scratch = sluice::model::Scratch::default();
        for partition in data.partitions.iter().rev() {
            for row in 0..partition.len() {
                let deal = scratch.timeline(partition, row, &run).unwrap();
                let into =
                    if (row as u64 + seed).is_multiple_of(3) { &mut left } else { &mut right };
                for (metric, state) in metrics.iter().zip(into) {
                    metric.fold_all(std::slice::from_ref(&deal), &run, state);
                }
            }
        }
        for (at, (metric, mut state)) in metrics.iter().zip(right).enumerate() {
            metric.merge(&mut state, left.remove(0));
            assert_eq!(metric.finish(state, &run).unwrap(), whole[at], "{}", metric.about().name);
        }
    }
}

#[test]
fn tables_keep_their_promises() {
    for (data, config, as_of) in [
        (v03().0, v03().1, "2025-07-15"),
        (v04().0, v04().1, "2025-12-31"),
        (v05().0, v05().1, "2026-03-31"),
        (Dataset::default(), Config::default(), "2026-03-31"),
    ] {
        let run = run(&data, config, as_of);
        for table in compute(METRICS, &data, &run).unwrap() {
            check(&table).unwrap();
        }
    }
}
