//! V03, V04 and V05 through the event table.

use chrono::NaiveDate;
use serde_json::Value;
use sluice::stats::survival::EventTable;

use crate::vectors::{list, maybe, near, near_maybe, number, text, vector};

fn day(text: &str) -> i64 {
    text.parse::<NaiveDate>().unwrap().signed_duration_since(NaiveDate::default()).num_days()
}

fn cause(outcome: &str) -> usize {
    ["open", "won", "lost"].iter().position(|o| *o == outcome).unwrap()
}

/// (days in stage, cause, visit number): 1 forward, 2 lost, 3 other.
pub(super) fn dwell(v05: &Value) -> Vec<(i64, usize, u64)> {
    let until = day(text(v05, "/config/as_of"));
    let visits = list(v05, "/input/visits").iter();
    visits
        .map(|v| {
            let left = v["exit_ld"].as_str().map_or(until, day);
            let cause = match text(v, "/exit_kind") {
                "censored" => 0,
                "advance" | "skip" | "won" => 1,
                "lost" => 2,
                _ => 3,
            };
            (left - day(text(v, "/enter_ld")), cause, v["visit_no"].as_u64().unwrap())
        })
        .collect()
}

#[test]
fn v03_every_cell() {
    let v03 = vector("V03");
    let until = day(text(&v03, "/config/as_of"));
    for cell in list(&v03, "/expected/cells") {
        let (cohort, horizon) = (text(cell, "/cohort"), number(cell, "/horizon") as i64);
        let mut table = EventTable::<2>::default();
        for deal in list(&v03, "/input/deals") {
            let created = text(deal, "/created_ld");
            if cohort == "ALL" || created.starts_with(cohort) {
                let end = deal["close_ld"].as_str().map_or(until, day);
                table.add(end - day(created), cause(text(deal, "/outcome")), 1);
            }
        }
        assert_eq!(table.n() as f64, number(cell, "/n"));
        assert_eq!(table.ended_by(1, horizon) as f64, number(cell, "/raw_won"));
        assert_eq!(table.ended_by(2, horizon) as f64, number(cell, "/raw_lost"));
        let Some(won) = maybe(cell, "/cif_won") else { continue };
        let at = table.at(horizon);
        near(at.incidence[0], won);
        near(at.incidence[1], number(cell, "/cif_lost"));
        near(at.survival, number(cell, "/surv_open"));
        near(at.variance[0], number(cell, "/var_won"));
        let n = table.effective_n(at.incidence[0], at.variance[0], horizon);
        near(n, number(cell, "/n_eff"));
        let interval = table.interval(at.incidence[0], at.variance[0], horizon);
        near(interval.lower, number(cell, "/lo"));
        near(interval.upper, number(cell, "/hi"));
    }
}

#[test]
fn v04_time_to_close_and_to_win() {
    let v04 = vector("V04");
    let expected = &v04["expected"];
    let mut table = EventTable::<2>::default();
    for deal in list(&v04, "/input/deals") {
        table.add(number(deal, "/t_days") as i64, cause(text(deal, "/outcome")), 1);
    }
    let curve = table.curve();
    assert_eq!(curve.len(), list(expected, "/km").len());
    for ((t, at), row) in curve.iter().zip(list(expected, "/km")) {
        assert_eq!(*t as f64, number(row, "/t"));
        let ended = table.ended_by(1, t - 1) + table.ended_by(2, t - 1);
        assert_eq!((table.known(*t) - ended) as f64, number(row, "/at_risk"));
        near(at.survival, number(row, "/S"));
        near(at.survival_variance, number(row, "/var"));
    }
    let as_float = |t: Option<i64>| t.map(|t| t as f64);
    near_maybe(as_float(table.quantile(0.5)), maybe(expected, "/km_median"));
    let (lower, upper) = table.quantile_interval(0.5);
    near_maybe(as_float(lower), maybe(expected, "/km_median_ci/0"));
    near_maybe(as_float(upper), maybe(expected, "/km_median_ci/1"));
    let (mean, variance) = table.restricted_mean(90).unwrap();
    near(mean, number(expected, "/rmst90"));
    near(variance.sqrt(), number(expected, "/rmst90_se"));
    let tau = number(&v04, "/config/tau_win") as i64;
    let reached = table.at(tau).incidence[0];
    near(reached, number(expected, "/cif_won_tau"));
    let given_win = &expected["time_to_win_given_win"];
    for (name, p) in [("q25", 0.25), ("q50", 0.5), ("q75", 0.75)] {
        let found = as_float(table.conditional_quantile(1, tau, p));
        near_maybe(found, maybe(given_win, &format!("/{name}")));
    }
    let mean: f64 = (0..tau).map(|t| 1.0 - table.at(t).incidence[0] / reached).sum();
    near(mean, number(given_win, "/mean_restricted"));
    near(table.conditional_mean(1, tau).unwrap(), mean);
}

#[test]
fn v05_dwell_and_exits() {
    let v05 = vector("V05");
    let expected = &v05["expected"];
    let (mut all, mut first) = (EventTable::<3>::default(), EventTable::<3>::default());
    for (t, cause, visit) in dwell(&v05) {
        all.add(t, cause, 1);
        if visit == 1 {
            first.add(t, cause, 1);
        }
    }
    assert_eq!(all.n() as f64, number(expected, "/n_visits"));
    assert_eq!(all.censored() as f64, number(expected, "/n_open"));
    near(all.quantile(0.5).unwrap() as f64, number(expected, "/km_median"));
    near(all.quantile(0.75).unwrap() as f64, number(expected, "/km_q75"));
    let (mean, variance) = all.restricted_mean(30).unwrap();
    near(mean, number(expected, "/rmst30"));
    near(variance.sqrt(), number(expected, "/rmst30_se"));
    let exits = &expected["first_visit_exit"];
    let horizon = number(&v05, "/config/horizon") as i64;
    let at = first.at(horizon);
    near(at.survival, number(exits, "/still"));
    for (k, name) in ["pass_through", "churn", "back_other"].iter().enumerate() {
        near(at.incidence[k], number(exits, &format!("/{name}")));
        near(at.variance[k], number(exits, &format!("/var/{k}")));
    }
    for (k, name) in ["pass", "churn"].iter().enumerate() {
        let interval = first.interval(at.incidence[k], at.variance[k], horizon);
        near(interval.lower, number(exits, &format!("/{name}_lo")));
        near(interval.upper, number(exits, &format!("/{name}_hi")));
    }
}
