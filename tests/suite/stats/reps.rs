//! V08: comparing people.

use std::collections::BTreeMap;

use sluice::stats::binomial::{funnel_limit, mid_p, pmf};
use sluice::stats::interval::{jeffreys, wilson};
use sluice::stats::rank::benjamini_hochberg;
use sluice::stats::shrinkage::{beta_binomial, beta_cdf, beta_interval, random_effects};

use crate::vectors::{list, near, number, text, vector};

#[test]
fn v08_rates_shrinkage_funnel_and_tests() {
    let v08 = vector("V08");
    let mut reps: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for cell in list(&v08, "/input/cells") {
        let rep = reps.entry(text(cell, "/rep")).or_default();
        rep.0 += number(cell, "/won") as u64;
        rep.1 += number(cell, "/closed") as u64;
    }
    let fit = beta_binomial(&reps.values().copied().collect::<Vec<_>>()).unwrap();
    let eb = &v08["expected"]["eb"];
    near(fit.p, number(&v08, "/expected/team_rate"));
    near(fit.rho_raw, number(eb, "/rho_raw"));
    near(fit.m, number(eb, "/M"));
    near(fit.alpha, number(eb, "/alpha"));
    near(fit.beta, number(eb, "/beta"));
    let mut p_values = Vec::new();
    for row in list(&v08, "/expected/reps") {
        let (won, closed) = reps[text(row, "/rep")];
        let (x, n) = (won as f64, closed as f64);
        let (w, j) = (wilson(x, n), jeffreys(won, closed));
        near(w.lower, number(row, "/wilson/0"));
        near(w.upper, number(row, "/wilson/1"));
        near(j.lower, number(row, "/jeffreys/0"));
        near(j.upper, number(row, "/jeffreys/1"));
        let (a, b) = (fit.alpha + x, fit.beta + n - x);
        let credible = beta_interval(a, b);
        near(a / (a + b), number(row, "/eb_mean"));
        near(credible.lower, number(row, "/eb_lo"));
        near(credible.upper, number(row, "/eb_hi"));
        near(1.0 - beta_cdf(fit.p, a, b), number(row, "/prob_above_team"));
        for (name, tail) in [("funnel95", 0.025), ("funnel998", 0.001)] {
            let limit = |p| funnel_limit(closed, fit.p, p).unwrap();
            near(limit(tail), number(row, &format!("/{name}/0")));
            near(limit(1.0 - tail), number(row, &format!("/{name}/1")));
        }
        let p = mid_p(&pmf(closed, fit.p), won as usize);
        near(p, number(row, "/midp_raw"));
        p_values.push(Some(p));
    }
    for (q, row) in benjamini_hochberg(&p_values).iter().zip(list(&v08, "/expected/reps")) {
        near(q.unwrap(), number(row, "/q_raw"));
    }
}

#[test]
fn v08_amounts_lean_on_the_team() {
    let v08 = vector("V08");
    let rows = list(&v08, "/input/log_amount");
    let groups: Vec<(u64, f64)> =
        rows.iter().map(|r| (number(r, "/n") as u64, number(r, "/mean_log"))).collect();
    let fit = random_effects(&groups, number(&v08, "/config/pooled_log_var")).unwrap();
    let expected = &v08["expected"]["log_amount"];
    near(fit.mu_fixed, number(expected, "/mu_fixed"));
    near(fit.q, number(expected, "/Q"));
    near(fit.tau2, number(expected, "/tau2"));
    near(fit.mu, number(expected, "/mu"));
    for (group, row) in fit.groups.iter().zip(list(expected, "/reps")) {
        near(group.0, number(row, "/B"));
        near(group.1, number(row, "/post"));
    }
}
