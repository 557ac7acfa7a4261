//! When an open deal is stale (METRICS E2): if any of some terms holds, each of which asks for one or more signs.

use super::config::Config;

/// A sign that a deal has stalled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// Longer in the stage than the winners were.
    OverStageAge,
    /// Older than the winners were when won.
    OverCycleAge,
    /// Idle for too long.
    NoActivity,
    /// Nothing planned.
    NoNextStep,
    /// A planned activity is overdue.
    OverdueNextStep,
    /// The expected close date has come.
    OverdueClose,
    /// No expected close date.
    NoCloseDate,
}

impl Sign {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::OverStageAge,
        Self::OverCycleAge,
        Self::NoActivity,
        Self::NoNextStep,
        Self::OverdueNextStep,
        Self::OverdueClose,
        Self::NoCloseDate,
    ];

    /// The name used in tables and in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OverStageAge => "over_stage_age",
            Self::OverCycleAge => "over_cycle_age",
            Self::NoActivity => "no_activity",
            Self::NoNextStep => "no_next_step",
            Self::OverdueNextStep => "overdue_next_step",
            Self::OverdueClose => "overdue_close",
            Self::NoCloseDate => "no_close_date",
        }
    }

    /// Whether nothing is known of it where the data hold no activity.
    fn rests_on_activities(self) -> bool {
        matches!(self, Self::NoActivity | Self::NoNextStep | Self::OverdueNextStep)
    }
}

/// What makes a deal stale.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StaleRule(Vec<Vec<Sign>>);

impl StaleRule {
    /// The rule of these terms, signs joined by `and`; null if a word is no sign.
    pub fn read(terms: &[String]) -> Option<Self> {
        let sign = |word: &str| Sign::ALL.into_iter().find(|sign| sign.as_str() == word.trim());
        let term = |text: &String| text.split(" and ").map(sign).collect();
        Some(Self(terms.iter().map(term).collect::<Option<_>>()?))
    }

    /// The rule where the data hold no activity: terms that ask for one are left out.
    pub fn without_activities(mut self) -> Self {
        self.0.retain(|term| !term.iter().any(|sign| sign.rests_on_activities()));
        self
    }

    /// Whether it holds of a deal with these signs; null if that is not known.
    pub fn holds(&self, is_seen: impl Fn(Sign) -> Option<bool>) -> Option<bool> {
        let all = |term: &Vec<Sign>| decided(term.iter().map(|&sign| is_seen(sign)), false);
        match self.0.as_slice() {
            [] => None,
            terms => decided(terms.iter().map(all), true),
        }
    }
}

/// `decisive` if any of these is, else null if any is null.
fn decided(of: impl Iterator<Item = Option<bool>>, decisive: bool) -> Option<bool> {
    let mut found = Some(!decisive);
    for one in of {
        match one {
            Some(one) if one == decisive => return Some(decisive),
            Some(_) => {}
            None => found = None,
        }
    }
    found
}

impl Config {
    /// What makes a deal stale.
    pub fn stale_rule(&self) -> StaleRule {
        StaleRule::read(&self.stale_when).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(terms: &[&str]) -> Option<StaleRule> {
        StaleRule::read(&terms.iter().map(|term| (*term).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn a_rule_is_any_of_terms_that_ask_for_all_their_signs() {
        assert_eq!(rule(&["over_stage_age or no_activity"]), None);
        let usual = rule(&["over_stage_age", "no_activity and no_next_step"]).unwrap();
        assert_eq!(usual, Config::default().stale_rule());
        let holds = |age: Option<bool>, idle: Option<bool>, unplanned: Option<bool>| {
            usual.holds(|sign| match sign {
                Sign::OverStageAge => age,
                Sign::NoActivity => idle,
                _ => unplanned,
            })
        };
        let (yes, no) = (Some(true), Some(false));
        assert_eq!(holds(yes, None, None), yes);
        assert_eq!(holds(None, yes, yes), yes);
        assert_eq!(holds(no, yes, no), no);
        assert_eq!(holds(None, no, None), None);
        assert_eq!(holds(no, yes, None), None);
        let bare = usual.clone().without_activities();
        assert_eq!(bare.holds(|_| no), no);
        assert_eq!(rule(&["no_activity"]).unwrap().without_activities().holds(|_| yes), None);
    }
}
