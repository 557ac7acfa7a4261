//! The vectors, through the metrics.

use serde_json::Value as Json;
use sluice::model::deal::Status;
use sluice::model::{Config, Value};

use super::build::{Case, DAY, SECOND, cell, dataset, holds, instant, row, rows, starter, table};
use crate::vectors::{list, number, text, vector};

pub const ALL: (&str, &str) = ("period_kind", "all");
pub const TEAM: (&str, &str) = ("owner", "");

fn status(word: &str) -> Option<Status> {
    Status::from_name(word).filter(|status| *status != Status::Open)
}

fn v02() -> Vec<Case> {
    list(&vector("V02"), "/input/deals")
        .iter()
        .map(|deal| Case {
            id: text(deal, "/deal_id").to_owned(),
            amount: deal.pointer("/amount_minor").and_then(Json::as_i64),
            reason: deal["lost_reason"].as_str().unwrap_or("").to_owned(),
            created_at: instant("2026-01-05"),
            close: status(text(deal, "/outcome")).map(|s| (s, instant("2026-02-10"))),
            ..Case::default()
        })
        .collect()
}

#[test]
fn v02_win_rates() {
    let v = vector("V02");
    let found = table("win_rate", &dataset(&v02()), Config::default(), "2026-04-30");
    for kind in ["all", "quarter", "month"] {
        let wanted = [TEAM, ("period_kind", kind), ("source", ""), ("segment", "")];
        let full: Vec<_> = rows(&found, &wanted)
            .into_iter()
            .filter(|row| cell(&found, row, "n") == Some(13.0))
            .collect();
        assert_eq!(full.len(), 1, "{kind}");
        let row = full[0];
        let expected = |path: &str| number(&v, &format!("/expected/close_ratio/{path}"));
        holds(&found, row, "won", expected("broad/x"));
        holds(&found, row, "n_excluded", expected("excluded"));
        for (column, path) in [
            ("rate", "broad/value"),
            ("lower", "broad/wilson_lo"),
            ("upper", "broad/wilson_hi"),
            ("jeffreys_lower", "broad/jeffreys_lo"),
            ("jeffreys_upper", "broad/jeffreys_hi"),
            ("rate_narrow", "narrow/value"),
            ("narrow_lower", "narrow/wilson_lo"),
            ("narrow_upper", "narrow/wilson_hi"),
        ] {
            holds(&found, row, column, expected(path));
        }
    }
    let empty = row(
        &found,
        &[
            TEAM,
            ("period_kind", "month"),
            ("period_start", "2026-03-01"),
            ("source", ""),
            ("segment", ""),
        ],
    );
    assert!(found.value(empty, "rate").is_null());
    assert_eq!(found.value(empty, "reason").as_str(), Some("Z0"));
}

#[test]
fn v02_loss_reasons() {
    let found = table("loss_reasons", &dataset(&v02()), Config::default(), "2026-04-30");
    let of = |reason: &str| {
        row(&found, &[TEAM, ALL, ("lost_reason", reason), ("source", ""), ("segment", "")])
    };
    for (reason, lost, value) in [
        ("price", 3.0, 2_350_000.0),
        ("competitor", 2.0, 1_600_000.0),
        ("no_decision", 2.0, 550_000.0),
    ] {
        holds(&found, of(reason), "lost", lost);
        holds(&found, of(reason), "share", lost / 8.0);
        holds(&found, of(reason), "value_minor", value);
    }
    assert_eq!(found.value(of("duplicate"), "is_excluded"), &Value::Bool(true));
    assert!(found.value(of("duplicate"), "share").is_null());
}

#[test]
fn v02_win_rate_by_value() {
    let v = vector("V02");
    let expected = |path: &str| number(&v, &format!("/expected/close_ratio/value_weighted/{path}"));
    let mut cases = v02();
    // The limits were computed from the text of U15 by a separate script.
    let check = |cases: &[Case], basis: &str| {
        let found = table("amount_win_rate", &dataset(cases), Config::default(), "2026-04-30");
        let row = row(&found, &[TEAM, ALL, ("source", ""), ("segment", "")]);
        holds(&found, row, "won_minor", expected("won_minor"));
        holds(&found, row, "closed_minor", expected("closed_minor"));
        holds(&found, row, "rate", expected("value"));
        holds(&found, row, "n_null_amount", expected("n_null_amount"));
        assert_eq!(found.value(row, "value_basis").as_str(), Some(basis));
        holds(&found, row, "lower", 0.0);
        holds(&found, row, "upper", 0.758_780_937_335);
    };
    check(&cases, "current");
    for case in &mut cases {
        let close = instant("2026-02-10");
        case.amounts = vec![(close, case.amount, Some(0))];
        case.amount = Some(0);
    }
    check(&cases, "history");
}

#[test]
fn v04_cycles_of_closed_deals() {
    let v = vector("V04");
    let cases: Vec<Case> = list(&v, "/input/deals")
        .iter()
        .map(|deal| {
            let t = number(deal, "/t_days") as i64;
            let close = instant("2026-06-30") + 5 * 3600 * SECOND;
            Case {
                id: text(deal, "/deal_id").to_owned(),
                created_at: close - t * DAY,
                close: status(text(deal, "/outcome")).map(|s| (s, close)),
                ..Case::default()
            }
        })
        .collect();
    let found = table("sales_cycle", &dataset(&cases), Config::default(), "2026-06-30");
    for set in ["won", "closed"] {
        let row = row(&found, &[TEAM, ALL, ("outcome_set", set), ("source", ""), ("segment", "")]);
        for (column, name) in [
            ("n", "n"),
            ("sum_days", "sum_days"),
            ("mean_days", "mean"),
            ("sd_days", "sd"),
            ("lower", "mean_lo"),
            ("upper", "mean_hi"),
            ("q10_days", "q10"),
            ("q25_days", "q25"),
            ("q50_days", "q50"),
            ("q75_days", "q75"),
            ("q90_days", "q90"),
            ("median_lower_days", "median_ci/0"),
            ("median_upper_days", "median_ci/1"),
        ] {
            holds(&found, row, column, number(&v, &format!("/expected/raw/{set}/{name}")));
        }
    }
    let bars = table("sales_cycle_histogram", &dataset(&cases), Config::default(), "2026-06-30");
    let wanted = [TEAM, ALL, ("outcome_set", "won"), ("source", ""), ("segment", "")];
    let counts: Vec<f64> =
        rows(&bars, &wanted).iter().map(|row| cell(&bars, row, "bin_n").unwrap()).collect();
    let expected: Vec<f64> =
        list(&v, "/expected/hist_won").iter().map(|n| n.as_f64().unwrap()).collect();
    assert_eq!(counts, expected);
}

fn v08() -> Vec<Case> {
    let mut cases = Vec::new();
    for rep in list(&vector("V08"), "/expected/reps") {
        let name = text(rep, "/rep");
        for at in 0..number(rep, "/closed") as usize {
            let is_won = at < number(rep, "/won") as usize;
            cases.push(Case {
                id: format!("{name}-{at:02}"),
                owner: name.to_owned(),
                created_at: instant("2026-01-05"),
                close: Some((
                    if is_won { Status::Won } else { Status::Lost },
                    instant("2026-02-10"),
                )),
                ..Case::default()
            });
        }
    }
    cases
}

#[test]
fn v08_win_rates_of_reps() {
    let v = vector("V08");
    let data = dataset(&v08());
    let config = || Config { min_n_rank: 20, ..Config::default() };
    let tables = ["rep_scorecard", "rep_win_rate_shrunk", "rep_funnel_plot", "rep_tests"]
        .map(|name| table(name, &data, config(), "2026-03-31"));
    let columns: [&[(&str, &str)]; 4] = [
        &[
            ("won", "won"),
            ("closed", "closed"),
            ("rate", "rate"),
            ("lower", "wilson/0"),
            ("upper", "wilson/1"),
        ],
        &[
            ("jeffreys_lower", "jeffreys/0"),
            ("jeffreys_upper", "jeffreys/1"),
            ("eb_mean", "eb_mean"),
            ("lower", "eb_lo"),
            ("upper", "eb_hi"),
            ("prob_above_team", "prob_above_team"),
            ("shrink_weight", "shrink_weight"),
        ],
        &[
            ("lo95", "funnel95/0"),
            ("hi95", "funnel95/1"),
            ("lo998", "funnel998/0"),
            ("hi998", "funnel998/1"),
        ],
        &[("p", "midp_raw"), ("q", "q_raw")],
    ];
    for kind in ["all", "quarter"] {
        for rep in list(&v, "/expected/reps") {
            for (found, columns) in tables.iter().zip(columns) {
                let row = row(found, &[("owner", text(rep, "/rep")), ("period_kind", kind)]);
                for (column, path) in columns {
                    holds(found, row, column, number(rep, &format!("/{path}")));
                }
            }
        }
    }
    let [card, shrunk, funnel, tests] = &tables;
    for row in &card.rows {
        let days = cell(card, row, "active_bd").unwrap();
        for (per_day, count) in [("won_per_bd", "won"), ("closed_per_bd", "closed")] {
            holds(card, row, per_day, cell(card, row, count).unwrap() / days);
        }
    }
    let of = |owner: &'static str| [("owner", owner), ALL];
    holds(shrunk, row(shrunk, &of("R1")), "rho", number(&v, "/expected/eb/rho_raw"));
    holds(shrunk, row(shrunk, &of("R1")), "m", number(&v, "/expected/eb/M"));
    holds(funnel, row(funnel, &of("R1")), "phi", number(&v, "/expected/phi_applied"));
    holds(shrunk, row(shrunk, &of("R3")), "rank", 1.0);
    holds(card, row(card, &of("R5")), "rank", 5.0);
    assert!(cell(card, row(card, &of("R4")), "rank").is_none(), "17 closed deals are too few");
    assert_eq!(tests.value(row(tests, &of("R3")), "is_different"), &Value::Bool(true));
    assert_eq!(tests.value(row(tests, &of("R6")), "is_different"), &Value::Bool(false));
    assert_eq!(funnel.value(row(funnel, &of("R3")), "signal").as_str(), Some("above"));
    assert_eq!(card.value(row(card, &of("R1")), "credit_rule").as_str(), Some("at_close"));
}

#[test]
fn a_funnel_signal_needs_others_and_more_than_luck() {
    let closed = |owner: &'static str, won: usize, lost: usize| {
        (0..won + lost).map(move |at| Case {
            id: format!("{owner}-{at:02}"),
            owner: owner.to_owned(),
            created_at: instant("2026-01-05"),
            close: Some((if at < won { Status::Won } else { Status::Lost }, instant("2026-02-10"))),
            ..Case::default()
        })
    };
    let signal = |cases: Vec<Case>, owner: &'static str| {
        let found = table("rep_funnel_plot", &dataset(&cases), Config::default(), "2026-03-31");
        let row = row(&found, &[("owner", owner), ALL]);
        let word = |name| found.value(row, name).as_str().map(str::to_owned);
        (word("signal"), word("reason"))
    };
    let inside = (Some("inside".to_owned()), Some("SN".to_owned()));
    let degenerate = (None, Some("DG".to_owned()));
    let lucky = closed("luck", 1, 0).chain(closed("team", 29, 70)).collect();
    assert_eq!(signal(lucky, "luck"), inside, "1 of 1 where the team wins 30 %");
    assert_eq!(signal(closed("only", 12, 20).collect(), "only"), degenerate);
    let sure = closed("a", 12, 0).chain(closed("b", 30, 0)).collect();
    assert_eq!(signal(sure, "a"), degenerate);
}

#[test]
fn ramping_reps_count_in_the_team_but_are_not_tested() {
    let v = vector("V08");
    let mut data = dataset(&v08());
    data.users = vec![starter("R3", "2026-02-01"), starter("R5", "2020-01-01")];
    let tests = table("rep_tests", &data, Config::default(), "2026-03-31");
    let of = |owner: &'static str| row(&tests, &[("owner", owner), ALL]);
    holds(&tests, of("R3"), "team_rate", number(&v, "/expected/team_rate"));
    assert_eq!(tests.value(of("R3"), "is_ramping"), &Value::Bool(true));
    assert!(tests.value(of("R3"), "p").is_null());
    assert_eq!(tests.value(of("R5"), "is_ramping"), &Value::Bool(false));
    holds(&tests, of("R5"), "q", 0.012_767_128 * 5.0 / 3.0);
    holds(&tests, of("R5"), "n_tested", 5.0);
    let card = table("rep_scorecard", &data, Config::default(), "2026-03-31");
    let days = |owner: &'static str| {
        cell(&card, row(&card, &[("owner", owner), ("period_kind", "quarter")]), "active_bd")
    };
    assert_eq!(days("R5"), Some(64.0), "January to March 2026");
    assert_eq!(days("R3"), Some(42.0), "February and March 2026");
}

#[test]
fn v08_amounts_of_reps() {
    let v = vector("V08");
    let scale = 1e12;
    let pairs: f64 = list(&v, "/input/log_amount")
        .iter()
        .map(|rep| 2.0 * (number(rep, "/n") / 2.0).floor())
        .sum();
    let freedom = 60.0 - 6.0;
    let spread = (number(&v, "/config/pooled_log_var") * freedom / pairs).sqrt();
    let mut cases = Vec::new();
    for rep in list(&v, "/input/log_amount") {
        let (n, mean) = (number(rep, "/n") as usize, number(rep, "/mean_log"));
        for at in 0..n {
            let sign = if at + 1 == n && n % 2 == 1 { 0.0 } else { [1.0, -1.0][at % 2] };
            cases.push(Case {
                id: format!("{}-{at:02}", text(rep, "/rep")),
                owner: text(rep, "/rep").to_owned(),
                amount: Some((scale * (mean + sign * spread).exp()).round() as i64),
                created_at: instant("2026-01-05"),
                close: Some((Status::Won, instant("2026-02-10"))),
                ..Case::default()
            });
        }
    }
    let found = table("rep_amounts", &dataset(&cases), Config::default(), "2026-03-31");
    for (input, expected) in
        list(&v, "/input/log_amount").iter().zip(list(&v, "/expected/log_amount/reps"))
    {
        let row = row(&found, &[("owner", text(expected, "/rep")), ALL]);
        let log = |name: &str| (cell(&found, row, name).unwrap() / scale).ln();
        assert!((log("geo_mean_minor") - number(input, "/mean_log")).abs() < 1e-6);
        assert!((log("geo_mean_shrunk_minor") - number(expected, "/post")).abs() < 2e-6);
        holds(&found, row, "b", number(expected, "/B"));
    }
}
