//! Ready configurations for common ways of selling, and what a configuration says of a stage.
//!
//! To add one: a file in `presets/`, written as the `sluice.toml` that people shall get, and a line in
//! [`PRESETS`].

use std::collections::BTreeSet;

use super::config::{Config, PipelineConfig};
use super::nearest::did_you_mean;
use super::stage::folded_name as fold;
use crate::error::{Error, ErrorKind, Result};

/// A preset: its name and its text, which is a commented configuration.
type Preset = (&'static str, &'static str);

/// Every preset, by name.
pub static PRESETS: &[Preset] = &[
    ("academy", include_str!("presets/academy.toml")),
    ("b2b-saas", include_str!("presets/b2b-saas.toml")),
    ("six-stage", include_str!("presets/six-stage.toml")),
    ("telesales", include_str!("presets/telesales.toml")),
];

/// The text of a preset.
///
/// Errors: there is no preset of that name.
pub fn preset_text(name: &str) -> Result<&'static str> {
    let found = PRESETS.iter().find(|(known, _)| *known == name);
    found.map(|(_, text)| *text).ok_or_else(|| {
        let names: Vec<&str> = PRESETS.iter().map(|(known, _)| *known).collect();
        Error::new(ErrorKind::Usage, format!("there is no preset `{name}`"))
            .hint(format!("they are: {}", names.join(", ")))
    })
}

impl Config {
    /// The skill that a low conversion out of a stage points to, if the pipeline's `skills` name one.
    pub fn skill<'c>(&'c self, pipeline: &'c str, stage: &'c str) -> Option<&'c str> {
        let mut places = self.places(pipeline, stage);
        let found = places.find_map(|(of, at)| of.skills.get(at));
        found.map(String::as_str).filter(|skill| !skill.is_empty())
    }

    /// The touches that a deal should get in a stage, if the pipeline's `touch_goals` say so.
    pub fn touch_goal(&self, pipeline: &str, stage: &str) -> Option<u32> {
        self.places(pipeline, stage).find_map(|(of, at)| of.touch_goals.get(at).copied())
    }

    /// The days without activity after which a deal is idle in a stage: the pipeline's, or those of all.
    pub fn idle_days_of(&self, pipeline: &str, stage: &str) -> u32 {
        let own = self.places(pipeline, stage).find_map(|(of, at)| of.idle_days.get(at).copied());
        own.unwrap_or(self.idle_days)
    }

    /// What is to be said of pipelines that only the configuration names; `known` are all others.
    pub fn strange_pipelines(&self, known: &BTreeSet<&str>) -> Vec<String> {
        let is_known = |own: &PipelineConfig| known.iter().any(|name| own.is_about(name));
        let strange = self.pipeline.iter().filter(|own| !own.name.is_empty() && !is_known(own));
        let say = |own: &PipelineConfig| {
            let (name, meant) = (&own.name, did_you_mean(&own.name, known.iter().copied()));
            format!("The configured pipeline `{name}` is not in the data.{meant}")
        };
        strange.map(say).collect()
    }

    /// Where a stage stands in the configurations of its pipeline, those that name it first.
    fn places<'c>(
        &'c self,
        pipeline: &'c str,
        stage: &'c str,
    ) -> impl Iterator<Item = (&'c PipelineConfig, usize)> {
        let of = move |is_named: bool| {
            self.pipeline.iter().filter(move |p| match is_named {
                true => !p.name.is_empty() && p.is_about(pipeline),
                false => p.name.is_empty(),
            })
        };
        let at = move |p: &'c PipelineConfig| p.stages.iter().position(|s| fold(s) == fold(stage));
        of(true).chain(of(false)).filter_map(move |p| Some((p, at(p)?)))
    }
}

impl PipelineConfig {
    /// Whether it is about this pipeline: it has its name, or is about all.
    pub fn is_about(&self, pipeline: &str) -> bool {
        self.name.is_empty() || fold(&self.name) == fold(pipeline)
    }

    /// The one whose `stages` are to be those of a pipeline, of all that are about it: one for this very
    /// pipeline before one for all. None if none lists stages.
    pub fn with_stages<'c>(about: &[&'c Self]) -> Option<&'c Self> {
        let lists = about.iter().copied().filter(|own| !own.stages.is_empty());
        lists.min_by_key(|own| own.name.is_empty())
    }

    /// Whether its `stages` name a stage.
    pub fn names(&self, stage: &str) -> bool {
        self.stages.iter().any(|own| fold(own) == fold(stage))
    }

    /// Whether its `stages` are meant for a pipeline with these open stages. A list that names none of them, or
    /// one of a preset that does not name all, is one of another pipeline, or of another way of selling.
    pub fn fits<'n>(&self, mut open: impl Iterator<Item = &'n str>) -> bool {
        if self.is_preset { open.all(|s| self.names(s)) } else { open.any(|s| self.names(s)) }
    }

    /// The stages with a win probability, and that in basis points.
    pub fn chances(&self) -> impl Iterator<Item = (&str, u32)> {
        let in_basis_points = |chance: &f64| (chance * 10_000.0).round_ties_even() as u32;
        let chances = self.probabilities.iter().map(in_basis_points);
        self.stages.iter().map(String::as_str).zip(chances)
    }

    /// Checks that no stage stands twice, and that lists by stage are as long as that of the stages.
    pub(super) fn check(&self) -> Result<()> {
        for (at, stage) in self.stages.iter().enumerate() {
            if self.stages[..at].iter().any(|before| fold(before) == fold(stage)) {
                let what = format!("`pipeline.stages` names `{stage}` twice");
                return Err(Error::new(ErrorKind::Config, what)
                    .hint("a stage has one place in the order: take one of the two out"));
            }
        }
        let lists = [
            ("probabilities", self.probabilities.len()),
            ("idle_days", self.idle_days.len()),
            ("touch_goals", self.touch_goals.len()),
            ("skills", self.skills.len()),
        ];
        for (key, count) in lists {
            if count != 0 && count != self.stages.len() {
                let what = format!("`pipeline.{key}` must be as many as `stages`");
                return Err(Error::new(ErrorKind::Config, what));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SKILLS: [&str; 5] =
        ["asking", "listening", "presenting value", "handling objections", "closing"];

    fn of(name: &str) -> (Config, PipelineConfig) {
        let config = Config::preset(name).unwrap();
        let pipeline = config.pipeline[0].clone();
        (config, pipeline)
    }

    #[test]
    fn every_preset_is_whole() {
        for (name, text) in PRESETS {
            let (config, pipeline) = of(name);
            assert!(text.starts_with("# ") && text.lines().all(|l| l.len() <= 120), "{name}");
            assert_eq!(config.pipeline.len(), 1, "{name}");
            let count = pipeline.stages.len();
            assert_eq!(pipeline.probabilities.len(), count, "{name}");
            assert_eq!(pipeline.touch_goals.len(), count, "{name}");
            assert_eq!(pipeline.skills.len(), count, "{name}");
            assert!(pipeline.probabilities.is_sorted(), "{name}");
            assert!(pipeline.touch_goals.iter().all(|&goal| goal > 0), "{name}");
            for skill in &pipeline.skills {
                assert!(SKILLS.contains(&skill.as_str()), "{name}: {skill}");
            }
            assert!(
                SKILLS.iter().all(|skill| pipeline.skills.iter().any(|s| s == skill)),
                "{name}"
            );
        }
    }

    #[test]
    fn every_stage_has_a_chinese_name_and_every_alias_a_stage() {
        let is_chinese = |word: &str| word.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
        for (name, _) in PRESETS {
            let (config, pipeline) = of(name);
            let closed = pipeline.won_stages.iter().chain(&pipeline.lost_stages);
            let stages: Vec<&String> = pipeline.stages.iter().chain(closed).collect();
            for stage in &stages {
                let mut aliases = config.stage_aliases.iter();
                assert!(
                    aliases.any(|(alias, of)| of == *stage && is_chinese(alias)),
                    "{name}: {stage}"
                );
                assert!(!config.stage_aliases.contains_key(*stage), "{name}: {stage}");
            }
            for (alias, stage) in &config.stage_aliases {
                assert!(stages.contains(&stage), "{name}: {alias} means no stage");
            }
        }
    }

    #[test]
    fn the_probabilities_are_those_of_the_methods() {
        assert_eq!(of("telesales").1.probabilities, [0.0, 0.2, 0.4, 0.6, 0.8, 0.8]);
        assert_eq!(of("six-stage").1.probabilities, [0.0, 0.1, 0.3, 0.5, 0.7, 0.9]);
        assert_eq!(of("six-stage").0.win_event, crate::model::WinEvent::Paid);
        for name in ["telesales", "six-stage"] {
            assert_eq!(of(name).1.won_stages, ["Paid"]);
        }
    }

    #[test]
    fn skills_and_touch_goals_are_found_by_stage() {
        let (mut config, pipeline) = of("telesales");
        assert_eq!(config.skill("any", " need FOUND "), Some("listening"));
        assert_eq!(config.touch_goal("any", "Promised"), Some(3));
        assert_eq!((config.skill("any", "Paid"), config.touch_goal("", "x")), (None, None));
        let own = PipelineConfig {
            name: "Own".to_owned(),
            skills: vec!["closing".to_owned(); pipeline.stages.len()],
            ..pipeline
        };
        config.pipeline.push(own);
        assert_eq!(config.skill("own", "Need found"), Some("closing"));
        assert_eq!(config.skill("other", "Need found"), Some("listening"));
    }

    #[test]
    fn a_file_wins_over_the_preset_key_by_key() {
        let there = tempfile::tempdir().unwrap();
        let path = there.path().join("sluice.toml");
        std::fs::write(&path, "currency = \"CNY\"\nidle_days = 5\n").unwrap();
        let (config, keys) = Config::read_over(&path, "telesales").unwrap();
        assert_eq!(keys, ["currency", "idle_days"]);
        assert_eq!((config.currency.as_str(), config.idle_days), ("CNY", 5));
        assert_eq!(config.stage_horizon, 60);
        std::fs::write(&path, "[[pipeline]]\nstages = [\"A\"]\nskills = [\"x\", \"y\"]\n").unwrap();
        let error = Config::read_over(&path, "telesales").unwrap_err().to_string();
        assert!(error.contains("`pipeline.skills` must be as many as `stages`"), "{error}");
        std::fs::write(&path, "luck = 1\n").unwrap();
        assert!(Config::read_over(&path, "telesales").is_err());
        assert!(Config::preset("luck").is_err());
    }
}
