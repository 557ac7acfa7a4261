//! Points for activities (N1, N2): which activity is worth how much, up to which caps.
//!
//! Scores are whole thousandths of a point, so that they add up the same in any order.

use crate::model::{Activity, Micros, Run, Sym, Timeline};

/// Thousandths of a point.
const MILLI: i64 = 1000;

/// One line of the table of points, its words looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rule {
    kind: Sym,
    /// Null for any outcome.
    outcome: Option<Sym>,
    points: i64,
}

/// The table of points of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules {
    rules: Vec<Rule>,
    is_given: bool,
    cap_per_type: Option<i64>,
    cap_per_day: Option<i64>,
    half_life: Option<f64>,
}

impl Rules {
    /// The rules of a run, words that no activity uses left out.
    pub(super) fn new(run: &Run) -> Self {
        let config = &run.config;
        let word = |text: &str| run.names.find(&text.trim().to_lowercase());
        let rule = |rule: &crate::model::config::ScoreRule| {
            let outcome = match rule.outcome.trim() {
                "" => None,
                text => Some(word(text)?),
            };
            Some(Rule { kind: word(&rule.kind)?, outcome, points: rule.points })
        };
        Self {
            rules: config.score.iter().filter_map(rule).collect(),
            is_given: !config.score.is_empty(),
            cap_per_type: config.score_cap_per_type,
            cap_per_day: config.score_cap_per_day,
            half_life: config.score_half_life_days.map(f64::from),
        }
    }

    /// Whether no points are given at all. Rules for types that nobody uses give every deal 0, whatever
    /// activities come later.
    pub(super) fn is_empty(&self) -> bool {
        !self.is_given
    }

    /// Points of an activity: by its type and outcome, else by its type, else none.
    fn points(&self, activity: &Activity) -> i64 {
        let of_kind = || self.rules.iter().filter(|rule| rule.kind == activity.kind);
        let exact = of_kind().find(|rule| rule.outcome == Some(activity.outcome));
        exact.or_else(|| of_kind().find(|rule| rule.outcome.is_none())).map_or(0, |r| r.points)
    }

    /// The score of a deal just before an instant, in thousandths of a point.
    pub(super) fn score(&self, deal: &Timeline<'_>, before: Micros, run: &Run) -> i64 {
        let is_capped = self.cap_per_type.is_some() || self.cap_per_day.is_some();
        let mut used: Vec<(Sym, i32, i64)> = Vec::new();
        let mut sum = 0;
        for activity in deal.activities.iter().filter(|a| run.is_done(a)) {
            let Some(at) = activity.done_at.get().filter(|&at| at < before) else { continue };
            let mut points = self.points(activity);
            if points != 0 && is_capped {
                points = self.within_caps(points, (activity.kind, run.zone.day(at)), &mut used);
            }
            sum += match self.half_life {
                None => points * MILLI,
                Some(days) => {
                    let age = f64::from(run.zone.day(before - 1) - run.zone.day(at));
                    ((points * MILLI) as f64 * (-age / days).exp2()).round_ties_even() as i64
                }
            };
        }
        sum
    }

    /// What is left of points when those of the same type, and of the same day, have been counted.
    fn within_caps(
        &self,
        points: i64,
        (kind, day): (Sym, i32),
        used: &mut Vec<(Sym, i32, i64)>,
    ) -> i64 {
        let of_kind: i64 = used.iter().filter(|u| u.0 == kind).map(|u| u.2).sum();
        let of_day: i64 = used.iter().filter(|u| u.1 == day).map(|u| u.2).sum();
        let room = |cap: Option<i64>, used: i64| cap.map_or(i64::MAX, |cap| (cap - used).max(0));
        let kept = points.min(room(self.cap_per_type, of_kind)).min(room(self.cap_per_day, of_day));
        used.push((kind, day, kept));
        kept
    }
}

/// Points from thousandths.
pub(super) fn points(milli: i64) -> f64 {
    milli as f64 / MILLI as f64
}
