//! Which cells have a value while deals are open.

use sluice::model::{Config, Dataset};

use crate::fixtures::{DealBuilder, Fixture, cell, deal, rows, run, table};

#[test]
fn a_late_win_of_the_oldest_deal_says_nothing_of_the_open_ones() {
    let cohort = |last: &[DealBuilder]| {
        let old = deal("A").visit("New", "2025-03-01");
        let data = Fixture::new("2025-06-30").stages(&["New"]);
        let data = data
            .deal(old.won("2025-06-28"))
            .deal(deal("B").visit("New", "2025-03-20").won("2025-04-01"));
        last.iter().fold(data, |data, deal| data.deal(deal.clone())).build()
    };
    let open = ["C", "D", "E"].map(|id| deal(id).visit("New", "2025-03-20"));
    let config = || Config { horizons: vec![30, 115, 365], ..Config::default() };
    let found = |data: &Dataset, metric: &str, horizon: &str| {
        let found = table(metric, data, &run(data, config(), "2025-06-29"));
        let keys = [("cohort", "2025-03"), ("horizon_days", horizon), ("source", "")];
        let row = rows(&found, &keys)[0];
        (found.value(row, "status").as_str().map(str::to_owned), cell(&found, row, "cif_won"))
    };
    let status = |word: &str, share| (Some(word.to_owned()), share);
    // Day 119: A, the only deal still at risk, is won: the curve comes down to 0.
    let data = cohort(&open);
    assert_eq!(found(&data, "cohort_conversion", "30"), status("complete", Some(0.2)));
    assert_eq!(found(&data, "cohort_conversion", "115"), status("insufficient", None));
    assert_eq!(found(&data, "cohort_conversion", "365"), status("immature", None));
    let j3 = table("time_to_win", &data, &run(&data, config(), "2025-06-29"));
    assert_eq!(cell(&j3, rows(&j3, &[("source", "")])[0], "tau_days"), Some(30.0));
    // With all deals over there is a value everywhere.
    let data = cohort(&open.map(|deal| deal.lost("2025-05-01")));
    assert_eq!(found(&data, "cohort_conversion", "365"), status("partial", Some(0.4)));
}
