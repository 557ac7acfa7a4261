//! The difference of two estimates from the interval of each.

use super::interval::Interval;

/// Interval of the difference of two independent estimates, first minus second, from their own
/// intervals: the distances to the limits are added as lengths at right angles are.
///
/// Shape: estimate and limits of each. With Wilson's limits of proportions this is Newcombe's interval.
/// Source: Zou & Donner 2008, Stat Med 27:1693.
/// Checked against: `tests/vectors/V10` through [`super::proportions::difference`].
pub fn interval_of_difference(a: (f64, Interval), b: (f64, Interval)) -> Interval {
    let gap = a.0 - b.0;
    Interval {
        lower: gap - (a.0 - a.1.lower).hypot(b.1.upper - b.0),
        upper: gap + (a.1.upper - a.0).hypot(b.0 - b.1.lower),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symmetric_intervals_add_as_variances_do() {
        let of = |middle: f64, half: f64| {
            (middle, Interval { lower: middle - half, upper: middle + half })
        };
        let found = interval_of_difference(of(10.0, 3.0), of(4.0, 4.0));
        assert_eq!(found.pair(), (1.0, 11.0));
    }
}
