//! The made-up company: its pipelines, reps, sources and customers.

use super::random::Random;

/// Seconds of a day.
pub const DAY: i64 = 86_400;
/// First creation: 2024-01-01 00:00 UTC.
pub const START: i64 = 1_704_067_200;
/// The export: 2026-07-01 00:00 UTC.
pub const END: i64 = 1_782_864_000;

/// An open stage.
#[derive(Debug)]
pub struct SampleStage {
    /// Its name.
    pub name: &'static str,
    /// Configured win probability, percent.
    pub probability: u32,
    /// Median days in it.
    pub median_days: f64,
    /// Chance to pass on.
    pub pass: f64,
    /// Forecast category.
    pub category: &'static str,
}

/// A pipeline.
#[derive(Debug)]
pub struct Pipeline {
    /// Its name.
    pub name: &'static str,
    /// Its open stages.
    pub stages: &'static [SampleStage],
    /// Type of its deals.
    pub deal_type: &'static str,
    /// Word in the names of its deals.
    pub deal_word: &'static str,
}

impl Pipeline {
    /// Name of a stage; the two after the open ones are the closed ones.
    pub fn stage_name(&self, stage: usize) -> &'static str {
        match stage.checked_sub(self.stages.len()) {
            None => self.stages[stage].name,
            Some(0) => "Closed Won",
            Some(_) => "Closed Lost",
        }
    }

    /// Probability of a stage, percent.
    pub fn probability(&self, stage: usize) -> u32 {
        match stage.checked_sub(self.stages.len()) {
            None => self.stages[stage].probability,
            Some(0) => 100,
            Some(_) => 0,
        }
    }

    /// Forecast category of a stage.
    pub fn category(&self, stage: usize) -> &'static str {
        match stage.checked_sub(self.stages.len()) {
            None => self.stages[stage].category,
            Some(0) => "Closed",
            Some(_) => "Omitted",
        }
    }
}

const fn stage(
    name: &'static str,
    probability: u32,
    median_days: f64,
    pass: f64,
    category: &'static str,
) -> SampleStage {
    SampleStage { name, probability, median_days, pass, category }
}

/// The pipelines; most deals are in the first.
pub static PIPELINES: [Pipeline; 2] = [
    Pipeline {
        name: "New business",
        stages: &[
            stage("Discovery", 10, 8.0, 0.68, "Pipeline"),
            stage("Qualified", 20, 12.0, 0.66, "Pipeline"),
            stage("Demo", 40, 14.0, 0.70, "Pipeline"),
            stage("Proposal", 60, 15.0, 0.72, "Best Case"),
            stage("Negotiation", 80, 10.0, 0.78, "Commit"),
        ],
        deal_type: "New Business",
        deal_word: "platform",
    },
    Pipeline {
        name: "Renewals",
        stages: &[
            stage("Review", 50, 15.0, 0.86, "Best Case"),
            stage("Offer", 70, 18.0, 0.85, "Best Case"),
            stage("Signature", 90, 7.0, 0.93, "Commit"),
        ],
        deal_type: "Renewal",
        deal_word: "renewal",
    },
];

/// Picks a pipeline.
pub fn pipeline_of(random: &mut Random) -> &'static Pipeline {
    &PIPELINES[usize::from(random.happens(0.2))]
}

/// First name, last name and team of each rep.
pub const REPS: [(&str, &str, &str); 12] = [
    ("Amara", "Okafor", "North"),
    ("Bruno", "Silva", "North"),
    ("Chen", "Wei", "North"),
    ("Dana", "Novak", "North"),
    ("Elif", "Yilmaz", "South"),
    ("Farid", "Haddad", "South"),
    ("Greta", "Lindqvist", "South"),
    ("Hugo", "Marchetti", "South"),
    ("Ines", "Duarte", "West"),
    ("Jonas", "Weber", "West"),
    ("Kavya", "Iyer", "West"),
    ("Liam", "O'Brien", "West"),
];

/// How much better a rep is than the team, in log odds.
pub fn rep_skill(rep: usize) -> f64 {
    const SKILL: [f64; 12] =
        [0.35, -0.15, 0.05, 0.10, -0.40, 0.20, 0.0, -0.05, 0.45, -0.25, 0.10, -0.10];
    SKILL[rep % SKILL.len()]
}

/// Sources by weight.
pub const SOURCES: &[(&str, f64)] = &[
    ("Inbound - Web", 0.28),
    ("Inbound - Referral", 0.14),
    ("Outbound - SDR", 0.30),
    ("Outbound - Event", 0.12),
    ("Partner", 0.12),
    ("", 0.04),
];

/// Lost reasons by weight.
pub const LOST_REASONS: &[(&str, f64)] = &[
    ("price", 0.3),
    ("competitor", 0.22),
    ("no_decision", 0.25),
    ("timing", 0.17),
    ("duplicate", 0.03),
    ("", 0.03),
];

/// Halves of account names.
pub const ACCOUNTS: ([&str; 16], [&str; 16]) = (
    [
        "Amber", "Birch", "Cobalt", "Delta", "Ember", "Fjord", "Granite", "Harbor", "Ivory",
        "Juniper", "Kestrel", "Linden", "Maple", "Nimbus", "Orchid", "Pine",
    ],
    [
        "Analytics",
        "Bakery",
        "Clinics",
        "Designs",
        "Energy",
        "Foods",
        "Garden",
        "Hotels",
        "Imaging",
        "Logistics",
        "Media",
        "Optics",
        "Robotics",
        "Studios",
        "Textiles",
        "Works",
    ],
);
