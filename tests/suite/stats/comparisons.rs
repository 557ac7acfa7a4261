//! V08 (K5), V10 and V12: groups against one another, a score against what happened.

use std::collections::BTreeMap;

use sluice::stats::chi_squared::pearson;
use sluice::stats::discrimination::{Scores, area};
use sluice::stats::interval::Z;
use sluice::stats::mann_whitney::mann_whitney;
use sluice::stats::mantel_haenszel::common_odds;
use sluice::stats::normal::two_sided_p;
use sluice::stats::proportions::{difference, equality, least_expected};
use sluice::stats::quantile::Histogram;
use sluice::stats::rank::benjamini_hochberg;
use sluice::stats::standardised::{exact_p, standardised};
use sluice::stats::survival::EventTable;

use crate::vectors::{list, near, number, text, vector};

fn counts(row: &serde_json::Value) -> (u64, u64) {
    (number(row, "/won") as u64, number(row, "/closed") as u64)
}

#[test]
fn v08_mix_adjustment() {
    let v08 = vector("V08");
    let cells = list(&v08, "/input/cells");
    let of = |rep: &str, segment: &str| {
        let is_it =
            |c: &&serde_json::Value| text(c, "/rep") == rep && text(c, "/segment") == segment;
        counts(cells.iter().find(is_it).unwrap())
    };
    let rate = |segment: &str| number(&v08, &format!("/expected/segments/{segment}/rate"));
    let pooled = |segment: &str| {
        let all = cells.iter().filter(|c| text(c, "/segment") == segment).map(counts);
        let (won, closed) = all.fold((0, 0), |sum, c| (sum.0 + c.0, sum.1 + c.1));
        near(won as f64 / closed as f64, rate(segment));
        won as f64 / closed as f64
    };
    let rates = [("SMB", pooled("SMB")), ("ENT", pooled("ENT"))];
    let team = number(&v08, "/expected/team_rate");
    let mut p_values = Vec::new();
    for row in list(&v08, "/expected/reps") {
        let rep = text(row, "/rep");
        let won = rates.iter().map(|(segment, _)| of(rep, segment).0).sum();
        let strata: Vec<(u64, f64)> = rates.iter().map(|(s, p)| (of(rep, s).1, *p)).collect();
        let found = standardised(won, &strata);
        let (ratio, limits) = found.ratio.unwrap();
        near(found.expected, number(row, "/expected"));
        near(ratio, number(row, "/o_over_e"));
        near(limits.lower, number(row, "/oe_lo"));
        near(limits.upper, number(row, "/oe_hi"));
        near(ratio * team, number(row, "/std_rate"));
        near(found.z.unwrap(), number(row, "/z"));
        let p = exact_p(won, &strata);
        near(p, number(row, "/midp_std"));
        p_values.push(Some(p));
    }
    for (q, row) in benjamini_hochberg(&p_values).iter().zip(list(&v08, "/expected/reps")) {
        near(q.unwrap(), number(row, "/q_std"));
    }
}

#[test]
fn v10_two_and_more_proportions() {
    let v10 = vector("V10");
    let e = &v10["expected"]["two_group"];
    let (a, b) = ((30, 72), (24, 90));
    let (gap, limits) = difference(a, b).unwrap();
    near(gap, number(e, "/diff"));
    near(limits.lower, number(e, "/newcombe/0"));
    near(limits.upper, number(e, "/newcombe/1"));
    let test = equality(a, b).unwrap();
    near(test.statistic.unwrap(), number(e, "/n1_chi2"));
    near(test.p, number(e, "/p_value"));
    near(least_expected(a, b).unwrap(), number(e, "/min_expected"));
    let e = &v10["expected"]["fisher_fallback"];
    let exact = equality((0, 6), (2, 3)).unwrap();
    assert_eq!(exact.test, "fisher_irwin");
    near(exact.p, number(e, "/p_value"));
    near(least_expected((0, 6), (2, 3)).unwrap(), number(e, "/min_expected"));
    let groups: Vec<(u64, u64)> = list(&v10, "/input/k_groups").iter().map(counts).collect();
    let e = &v10["expected"]["k_group"];
    let found = pearson(&groups).unwrap();
    near(found.statistic, number(e, "/chi2"));
    near(found.p, number(e, "/p_value"));
    assert_eq!(found.degrees as f64, number(e, "/df"));
    let pairs = [(0, 1), (0, 2), (1, 2)];
    let p: Vec<_> =
        pairs.iter().map(|&(a, b)| equality(groups[a], groups[b]).map(|t| t.p)).collect();
    for ((p, q), row) in p.iter().zip(benjamini_hochberg(&p)).zip(list(e, "/pairs")) {
        near(p.unwrap(), number(row, "/p"));
        near(q.unwrap(), number(row, "/q"));
    }
}

#[test]
fn v10_odds_over_strata() {
    let v10 = vector("V10");
    let mut strata: BTreeMap<&str, Vec<(u64, u64)>> = BTreeMap::new();
    for row in list(&v10, "/input/strata") {
        strata.entry(text(row, "/segment")).or_default().push(counts(row));
    }
    let strata: Vec<_> = strata.values().map(|pair| (pair[0], pair[1])).collect();
    let found = common_odds(&strata);
    let e = &v10["expected"]["mantel_haenszel"];
    let (ratio, limits) = found.ratio.unwrap();
    near(ratio, number(e, "/or_pooled"));
    near(limits.lower, number(e, "/ci/0"));
    near(limits.upper, number(e, "/ci/1"));
    near((limits.upper / ratio).ln() / Z, number(e, "/log_se"));
    let (statistic, p) = found.test.unwrap();
    near(statistic, number(e, "/cmh_chi2"));
    near(p, number(e, "/cmh_p"));
}

#[test]
fn v10_amounts_and_incidence() {
    let v10 = vector("V10");
    let of = |source: &str| {
        let mut found = Histogram::new();
        for row in list(&v10, "/input/amounts").iter().filter(|r| text(r, "/source") == source) {
            *found.entry(number(row, "/amount") as i64).or_default() += 1;
        }
        found
    };
    let found = mann_whitney(&of("inbound"), &of("outbound")).unwrap();
    let e = &v10["expected"]["mann_whitney"];
    near(found.u, number(e, "/U"));
    near(found.p.unwrap(), number(e, "/p_value"));
    near(found.effect, number(e, "/prob_superiority"));
    let horizon = number(&v10, "/config/horizon") as i64;
    let at = |source: &str| {
        let mut events: EventTable<2> = EventTable::default();
        for row in list(&v10, &format!("/input/times_{source}")) {
            events.add(number(row, "/0") as i64, number(row, "/1") as usize, 1);
        }
        let found = events.at(horizon);
        (found.incidence[0], found.variance[0])
    };
    let e = &v10["expected"]["cif_diff"];
    let ((f, v), (g, w)) = (at("inbound"), at("outbound"));
    for (found, path) in [(f, "/F/0"), (g, "/F/1"), (v, "/V/0"), (w, "/V/1"), (f - g, "/diff")] {
        near(found, number(e, path));
    }
    let error = (v + w).sqrt();
    near(error, number(e, "/se"));
    near((f - g) / error, number(e, "/z"));
    near(two_sided_p((f - g) / error), number(e, "/p_value"));
}

#[test]
fn v12_area_under_the_curve() {
    let v12 = vector("V12");
    let mut scores = Scores::new();
    for row in list(&v12, "/input/scored") {
        let cell = scores.entry(number(row, "/score") as i64).or_default();
        let won = number(row, "/won") as u64;
        *cell = (cell.0 + won, cell.1 + 1 - won);
    }
    let found = area(&scores).unwrap();
    let e = &v12["expected"]["auc"];
    near(found.value, number(e, "/value"));
    near(found.variance.unwrap(), number(e, "/var_delong"));
    near(found.interval.unwrap().lower, number(e, "/lo_logit"));
    near(found.interval.unwrap().upper, number(e, "/hi_logit"));
}
