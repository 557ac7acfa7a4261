//! Time to an event when not every case is over: Kaplan-Meier and Aalen-Johansen.
//!
//! Times are whole ticks; what a tick is, the caller knows. Does not draw curves and does not decide
//! how far a curve may be trusted: see [`EventTable::known`] and [`EventTable::largest`].

pub use super::event_table::EventTable;
use super::event_table::{Counts, up_to};
use super::interval::{Interval, wilson};

/// Steps of a curve reach a level if they come this close (METRICS 1.6).
const LEVEL_SLACK: f64 = 1e-12;

/// Variances below this are 0.
const NO_VARIANCE: f64 = 1e-15;

/// The state of the estimators at one time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Incidence<const K: usize> {
    /// Share that has had no event.
    pub survival: f64,
    /// Share that has had each cause (Aalen-Johansen).
    pub incidence: [f64; K],
    /// Variance of each incidence.
    pub variance: [f64; K],
    /// Variance of `survival`.
    pub survival_variance: f64,
}

/// The recursion of METRICS U3: one step per event time.
struct Pass<const K: usize> {
    at_risk: u64,
    survival: f64,
    incidence: [f64; K],
    survival_variance: f64,
    covariance: [f64; K],
    variance: [f64; K],
}

impl<const K: usize> Pass<K> {
    fn new(at_risk: u64) -> Self {
        Self {
            at_risk,
            survival: 1.0,
            incidence: [0.0; K],
            survival_variance: 0.0,
            covariance: [0.0; K],
            variance: [0.0; K],
        }
    }

    fn step(&mut self, counts: &Counts<K>) {
        let ended = counts.ended();
        if ended > 0 {
            self.take(counts, ended);
        }
        self.at_risk -= counts.total();
    }

    /// The order of the updates matters: each uses the old values of those below it.
    fn take(&mut self, counts: &Counts<K>, ended: u64) {
        let n = self.at_risk as f64;
        let q = ended as f64 / n;
        let square = self.survival * self.survival;
        for (k, &events) in counts.events.iter().enumerate() {
            let p = events as f64 / n;
            self.variance[k] += 2.0 * p * self.covariance[k]
                + p * p * self.survival_variance
                + square * p * (1.0 - p) / n;
            self.covariance[k] = (1.0 - q) * (self.covariance[k] + p * self.survival_variance)
                - square * p * (1.0 - q) / n;
            self.incidence[k] += self.survival * p;
        }
        self.survival_variance =
            (1.0 - q) * (1.0 - q) * self.survival_variance + square * q * (1.0 - q) / n;
        self.survival = if ended == self.at_risk { 0.0 } else { self.survival * (1.0 - q) };
    }

    fn state(&self) -> Incidence<K> {
        let kept = |v: f64| if v < NO_VARIANCE { 0.0 } else { v };
        Incidence {
            survival: self.survival,
            incidence: self.incidence,
            variance: self.variance.map(kept),
            survival_variance: kept(self.survival_variance),
        }
    }
}

impl<const K: usize> EventTable<K> {
    /// Survival and cumulative incidence at `horizon`, itself included, with their variances.
    ///
    /// Shape: any table; an empty one has survival 1. Units: shares.
    /// Ties: events come before censorings; several causes at one time are taken together.
    /// Source: Aalen & Johansen 1978, Scand J Stat 5:141; variance: Dinse & Larson 1986, Biometrika
    /// 73:379; Marubini & Valsecchi 1995. Without censoring before `horizon` it is F(1-F)/n.
    /// Checked against: `tests/vectors/V03`, `V05` (statsmodels 0.15 `CumIncidenceRight`).
    pub fn at(&self, horizon: i64) -> Incidence<K> {
        let mut pass = Pass::new(self.n());
        for (_, counts) in up_to(&self.rows(), horizon) {
            pass.step(counts);
        }
        pass.state()
    }

    /// [`EventTable::at`] for each of `horizons`, which must ascend, with the number of cases not
    /// over after each: one walk for all of them.
    pub fn at_each(&self, horizons: &[i64]) -> Vec<(Incidence<K>, u64)> {
        let mut pass = Pass::new(self.n());
        let rows = self.rows();
        let mut rows = rows.iter().peekable();
        let mut found = Vec::with_capacity(horizons.len());
        for &horizon in horizons {
            while let Some((_, counts)) = rows.next_if(|row| row.0 <= horizon) {
                pass.step(counts);
            }
            found.push((pass.state(), pass.at_risk));
        }
        found
    }

    /// [`EventTable::at`] for each time at which something happened, in order.
    /// Checked against: `tests/vectors/V04` (lifelines 0.30, statsmodels 0.15).
    pub fn curve(&self) -> Vec<(i64, Incidence<K>)> {
        let mut pass = Pass::new(self.n());
        let mut curve = Vec::new();
        for (t, counts) in self.rows().iter() {
            pass.step(counts);
            if counts.ended() > 0 {
                curve.push((*t, pass.state()));
            }
        }
        curve
    }

    /// Whether nobody is left at the end of the curve: all who were last at risk had an event.
    pub fn is_over(&self) -> bool {
        let rows = self.rows();
        let last = rows.iter().rfind(|(_, counts)| counts.total() > 0);
        last.is_some_and(|(_, counts)| counts.censored == 0)
    }

    /// The sample size that a complete cohort would need for the variance `v` of the share `f`.
    ///
    /// Units: cases, at most [`EventTable::n`]; without variance the cases known at `horizon`.
    /// Source: Rothman 1978, J Chronic Dis 31:557; Anderson, Bernstein & Pike 1982, Biometrics 38:407.
    /// Checked against: `tests/vectors/V03`.
    pub fn effective_n(&self, f: f64, v: f64, horizon: i64) -> f64 {
        if v > 0.0 && f > 0.0 && f < 1.0 {
            (f * (1.0 - f) / v).min(self.n() as f64)
        } else {
            self.known(horizon) as f64
        }
    }

    /// Interval of the share `f` with variance `v` at `horizon`: [`wilson`] with
    /// [`EventTable::effective_n`]; in a complete cohort it is the plain one.
    /// Checked against: `tests/vectors/V03`, `V05`.
    pub fn interval(&self, f: f64, v: f64, horizon: i64) -> Interval {
        let n = self.effective_n(f, v, horizon);
        wilson(f * n, n)
    }

    /// The first time by which a share `p` has had any event; null if the curve never gets there.
    ///
    /// Source: Kaplan & Meier 1958, JASA 53:457; step inverse, no interpolation.
    /// Checked against: `tests/vectors/V04`, `V05` (lifelines 0.30).
    pub fn quantile(&self, p: f64) -> Option<i64> {
        let level = 1.0 - p + LEVEL_SLACK;
        let mut pass = Pass::new(self.n());
        let rows = self.rows();
        let is_reached = |(_, counts): &&(i64, Counts<K>)| {
            pass.step(counts);
            counts.ended() > 0 && pass.survival <= level
        };
        rows.iter().find(is_reached).map(|row| row.0)
    }

    /// The first time by which a share `p` of those whom `cause` befalls by `horizon` has had it;
    /// null if nobody has.
    ///
    /// Source: definition, on Aalen & Johansen 1978; step inverse. Checked against: `tests/vectors/V04`.
    pub fn conditional_quantile(&self, cause: usize, horizon: i64, p: f64) -> Option<i64> {
        let of =
            |at: &Incidence<K>| cause.checked_sub(1).and_then(|k| at.incidence.get(k).copied());
        let total = of(&self.at(horizon)).filter(|&f| f > 0.0)?;
        let reached = |at: &Incidence<K>| of(at).is_some_and(|f| f / total >= p - LEVEL_SLACK);
        self.curve().iter().find(|(_, at)| reached(at)).map(|&(t, _)| t)
    }

    /// Mean time to `cause` within `horizon`, given that it befalls by then; null if it befalls none.
    ///
    /// Units: ticks. Source and check: as [`EventTable::conditional_quantile`].
    pub fn conditional_mean(&self, cause: usize, horizon: i64) -> Option<f64> {
        let k = cause.checked_sub(1).filter(|&k| k < K)?;
        let (mut area, mut reached, mut since) = (0.0, 0.0, 0);
        for (t, at) in self.curve().into_iter().take_while(|&(t, _)| t <= horizon) {
            area += reached * (t - since) as f64;
            since = t;
            reached = at.incidence.get(k).copied()?;
        }
        area += reached * (horizon - since) as f64;
        (reached > 0.0).then(|| horizon as f64 - area / reached)
    }

    /// Interval of [`EventTable::quantile`]: the first times at which the lower and the upper limit
    /// of survival come down to 1 - p. A null limit was not reached.
    ///
    /// Source: Brookmeyer & Crowley 1982, Biometrics 38:29, with the interval of this module.
    /// Checked against: `tests/vectors/V04`.
    pub fn quantile_interval(&self, p: f64) -> (Option<i64>, Option<i64>) {
        let level = 1.0 - p + LEVEL_SLACK;
        let mut limits = (None, None);
        let mut pass = Pass::new(self.n());
        for &(t, ref counts) in self.rows().iter() {
            pass.step(counts);
            if counts.ended() == 0 {
                continue;
            }
            let at = pass.state();
            let interval = self.interval(at.survival, at.survival_variance, t);
            if limits.0.is_none() && interval.lower <= level {
                limits.0 = Some(t);
            }
            if interval.upper <= level {
                limits.1 = Some(t);
                break;
            }
        }
        limits
    }

    /// The first time by which a share `p` of all cases has had `cause` (1 to K), other causes allowed
    /// for; null if the curve never gets there.
    ///
    /// Source: definition, on Aalen & Johansen 1978; step inverse. Checked against: `tests/vectors/H49`.
    pub fn incidence_quantile(&self, cause: usize, p: f64) -> Option<i64> {
        let at = cause.checked_sub(1)?;
        let is_reached = |(_, step): &(i64, Incidence<K>)| {
            step.incidence.get(at).is_some_and(|share| *share >= p - LEVEL_SLACK)
        };
        self.curve().into_iter().find(is_reached).map(|(t, _)| t)
    }

    /// Interval of [`EventTable::incidence_quantile`]: the first times at which the upper and the lower
    /// limit of the incidence come up to `p`. A null limit was not reached.
    ///
    /// Source: Brookmeyer & Crowley 1982, Biometrics 38:29, with the interval of this module.
    /// Checked against: `tests/vectors/H49`.
    pub fn incidence_quantile_interval(&self, cause: usize, p: f64) -> (Option<i64>, Option<i64>) {
        let mut limits = (None, None);
        let Some(at) = cause.checked_sub(1).filter(|at| *at < K) else { return limits };
        for (t, step) in self.curve() {
            let interval = self.interval(step.incidence[at], step.variance[at], t);
            if limits.0.is_none() && interval.upper >= p - LEVEL_SLACK {
                limits.0 = Some(t);
            }
            if interval.lower >= p - LEVEL_SLACK {
                limits.1 = Some(t);
                break;
            }
        }
        limits
    }

    /// Mean time without event within the first `tau` ticks, and its variance.
    ///
    /// Units: ticks, ticks squared. Null rule: null if `tau` lies beyond the largest time seen while
    /// some were left there, or if there is no case.
    /// Source: Royston & Parmar 2013, BMC Med Res Methodol 13:152; variance: Greenwood's.
    /// Checked against: `tests/vectors/V04`, `V05` (lifelines 0.30, point; sum of daily survival).
    pub fn restricted_mean(&self, tau: i64) -> Option<(f64, f64)> {
        let largest = self.largest()?;
        let (mut mean, mut since) = (0.0, 0);
        let mut pass = Pass::new(self.n());
        let mut marks = Vec::new();
        for &(t, ref counts) in up_to(&self.rows(), tau - 1) {
            mean += pass.survival * (t - since) as f64;
            since = t;
            let (n, ended) = (pass.at_risk, counts.ended());
            if ended > 0 && n > ended {
                marks.push((mean, ended as f64 / (n as f64 * (n - ended) as f64)));
            }
            pass.step(counts);
        }
        if tau > largest && pass.survival > 0.0 {
            return None;
        }
        mean += pass.survival * (tau - since) as f64;
        let variance = marks.iter().map(|(area, weight)| (mean - area).powi(2) * weight).sum();
        Some((mean, variance))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[(i64, usize)]) -> EventTable<2> {
        let mut table = EventTable::default();
        for &(t, cause) in rows {
            table.add(t, cause, 1);
        }
        table
    }

    #[test]
    fn day_zero_counts_and_the_last_at_risk_end_the_curve() {
        let all = table(&[(0, 1), (3, 2)]);
        assert_eq!(all.at(0).incidence, [0.5, 0.0]);
        assert_eq!(all.at(3).survival, 0.0);
        assert_eq!(all.at(99).incidence, [0.5, 0.5]);
        assert_eq!(all.restricted_mean(10), Some((1.5, 2.25 / 2.0)));
    }

    #[test]
    fn events_come_before_censorings() {
        let tied = table(&[(5, 0), (5, 1)]);
        assert_eq!(tied.at(5).incidence, [0.5, 0.0]);
        assert_eq!((tied.known(5), tied.known(6)), (2, 1));
        assert_eq!(tied.restricted_mean(6), None);
        assert!(tied.restricted_mean(5).is_some());
    }

    #[test]
    fn of_one_cause_the_incidence_is_what_survival_leaves() {
        let mut one = EventTable::<1>::default();
        for at in 0..60_i64 {
            one.add(at * 7 % 31, usize::from(at % 4 != 0), 1);
        }
        for p in [0.1, 0.25, 0.5, 0.75, 0.99] {
            assert_eq!(one.incidence_quantile(1, p), one.quantile(p), "{p}");
            assert_eq!(one.incidence_quantile_interval(1, p), one.quantile_interval(p), "{p}");
        }
        assert_eq!(one.incidence_quantile_interval(2, 0.5), (None, None));
    }

    #[test]
    fn nothing_is_not_an_estimate() {
        let none = EventTable::<2>::default();
        assert_eq!(none.quantile(0.5), None);
        assert_eq!(none.quantile_interval(0.5), (None, None));
        assert_eq!(none.restricted_mean(1), None);
        assert_eq!(none.interval(0.0, 0.0, 1).pair(), (0.0, 1.0));
        assert_eq!(none.conditional_quantile(1, 9, 0.5), None);
        assert_eq!(none.incidence_quantile(1, 0.5), None);
        assert_eq!(none.incidence_quantile_interval(1, 0.5), (None, None));
    }
}
