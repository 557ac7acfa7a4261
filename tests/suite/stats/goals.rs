//! V11: the chance of a target.

use sluice::stats::dispersion::{Past, dispersed_hit, dispersion};
use sluice::stats::lattice::{Rounding, distribution, hit, quantiles};
use sluice::stats::poisson_binomial::Counts;

use crate::vectors::{list, near, number, vector};

fn deals() -> Vec<(u64, f64)> {
    let v11 = vector("V11");
    let deal =
        |d: &serde_json::Value| (number(d, "/amount_minor") as u64, number(d, "/p_bp") / 10_000.0);
    list(&v11, "/input/open_deals").iter().map(deal).collect()
}

#[test]
fn v11_counts() {
    let v11 = vector("V11");
    let counts = Counts::new(deals().iter().map(|d| (1, d.1)));
    let expected = list(&v11, "/expected/pmf_count");
    assert_eq!((counts.first, counts.pmf.len()), (0, expected.len()));
    for (found, expected) in counts.pmf.iter().zip(expected) {
        near(*found, expected.as_f64().unwrap());
    }
    near(counts.at_least(4), number(&v11, "/expected/p_hit_count"));
}

#[test]
fn v11_amounts_on_a_lattice() {
    let v11 = vector("V11");
    let need = 2_900_000;
    for (name, cells) in [("lattice", 65_536), ("lattice_coarse_64", 64)] {
        let found = hit(&deals(), need, cells);
        let e = &v11["expected"][name];
        assert_eq!(found.cell as f64, number(e, "/u"));
        near(found.nearest, number(e, "/p_nearest"));
        near(found.lower, number(e, "/p_floor"));
        near(found.upper, number(e, "/p_ceil"));
    }
    let exact = number(&v11, "/expected/p_hit_value_exact_enumeration");
    near(hit(&deals(), need, u64::MAX).nearest, exact);
    let all = distribution(&deals(), 1, Rounding::Nearest);
    let found = quantiles(&all, 1, &[0.05, 0.5, 0.95]);
    for (found, name) in found.iter().zip(["q05", "q50", "q95"]) {
        let expected = number(&v11, &format!("/expected/value_quantiles/{name}"));
        assert_eq!(*found as f64, expected, "{name}");
    }
}

#[test]
fn v11_dispersion_of_past_periods() {
    let v11 = vector("V11");
    let past = |p: &serde_json::Value| Past {
        actual: number(p, "/actual"),
        expected: number(p, "/expected"),
        variance: number(p, "/variance"),
    };
    let past: Vec<Past> = list(&v11, "/input/past_periods").iter().map(past).collect();
    let phi = dispersion(&past, 6).unwrap();
    near(phi, number(&v11, "/expected/phi"));
    let mean: f64 = deals().iter().map(|&(a, p)| a as f64 * p).sum();
    let variance: f64 = deals().iter().map(|&(a, p)| (a as f64).powi(2) * p * (1.0 - p)).sum();
    near(mean, number(&v11, "/expected/weighted_open_minor"));
    near(variance.sqrt(), number(&v11, "/expected/sd_minor"));
    let adjusted = dispersed_hit(2_900_000.0, mean, variance, phi).unwrap();
    near(adjusted, number(&v11, "/expected/p_hit_value_dispersion_adjusted"));
}
