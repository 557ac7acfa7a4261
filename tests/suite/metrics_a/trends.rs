//! Trends over 90 days and moves by day, worked by hand.

use sluice::model::Config;
use sluice::model::deal::Status::{Lost, Won};

use super::build::{Case, cell, dataset, holds, instant, row, rows, table};
use super::known::TEAM;

/// Won on 10 October and 30 December (without amount), lost on 1 December and, as a duplicate, on 5
/// December, open since 20 December.
fn cases() -> Vec<Case> {
    let case = |id: &str, created: &str, close: Option<(_, &str)>, amount| Case {
        id: id.to_owned(),
        created_at: instant(created),
        close: close.map(|(status, on)| (status, instant(on))),
        amount,
        ..Case::default()
    };
    let mut found = vec![
        case("a", "2026-01-05", Some((Won, "2026-10-10")), Some(100)),
        case("b", "2026-11-01", Some((Lost, "2026-12-01")), Some(70)),
        case("c", "2026-12-20", None, Some(30)),
        case("d", "2026-08-01", Some((Won, "2026-12-30")), None),
        case("e", "2026-12-01", Some((Lost, "2026-12-05")), Some(9)),
    ];
    found[4].reason = "duplicate".to_owned();
    found
}

#[test]
fn windows_of_ninety_days_end_a_week_apart() {
    let found = table("trend", &dataset(&cases()), Config::default(), "2026-12-31");
    assert_eq!(found.rows.len(), 14);
    // 3 October to 31 December: b, c and e created, c open, a and d won after 278 and 151 days, b lost.
    let last = row(&found, &[TEAM, ("period_start", "2026-10-03")]);
    for (name, expected) in [
        ("new_deals", 3.0),
        ("open_deals", 1.0),
        ("won", 2.0),
        ("closed", 3.0),
        ("win_rate", 2.0 / 3.0),
        ("bookings_minor", 100.0),
        ("avg_size_minor", 100.0),
        ("mean_cycle_days", 214.5),
        ("n_null_amount", 1.0),
        ("n", 3.0),
    ] {
        holds(&found, last, name, expected);
    }
    // 4 July to 1 October: d created, a and d open, nothing closed.
    let first = row(&found, &[TEAM, ("period_start", "2026-07-04")]);
    for (name, expected) in [("new_deals", 1.0), ("open_deals", 2.0), ("won", 0.0)] {
        holds(&found, first, name, expected);
    }
    assert_eq!(cell(&found, first, "win_rate"), None);
    assert_eq!(found.value(first, "reason").as_str(), Some("Z0"));
}

#[test]
fn a_window_before_the_first_deal_is_left_out() {
    let late: Vec<Case> = cases().split_off(1);
    let found = table("trend", &dataset(&late), Config::default(), "2026-12-31");
    // Windows begin on 1 August at the earliest: 1, 8, 15 ... from 4 July on, a week apart.
    assert_eq!(found.rows.len(), 10);
    assert_eq!(rows(&found, &[("period_start", "2026-08-01")]).len(), 1);
}

#[test]
fn only_the_last_days_have_moves() {
    let found = table("daily_moves", &dataset(&cases()), Config::default(), "2026-12-31");
    assert_eq!(found.rows.len(), 2);
    let created = row(&found, &[("period_start", "2026-12-20")]);
    for (name, expected) in [("created", 1.0), ("created_minor", 30.0), ("won", 0.0)] {
        holds(&found, created, name, expected);
    }
    let won = row(&found, &[("period_start", "2026-12-30")]);
    for (name, expected) in [("created", 0.0), ("won", 1.0), ("won_minor", 0.0), ("moved_on", 0.0)]
    {
        holds(&found, won, name, expected);
    }
}
