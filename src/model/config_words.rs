//! Names in the configuration that nothing in the data is called.

use std::collections::BTreeSet;

use super::config::Config;
use super::config_applied;
use super::dataset::Dataset;
use super::nearest::did_you_mean;
use super::preset::PRESETS;
use super::reading;
use super::run::Run;

/// A list of the configuration.
type Pick = fn(&Config) -> &Vec<String>;

/// How reasons are compared: `No decision` is `no_decision`.
pub(super) fn fold(word: &str) -> String {
    word.trim().to_lowercase().replace([' ', '-'], "_")
}

impl Run {
    /// What is to be said of lost reasons and pipelines that only the configuration knows, and of stages
    /// and keys of reading that it has otherwise than the store. Words that stand in the defaults or in a preset are nobody's slip.
    pub(super) fn look_at_config(&self, dataset: &Dataset) -> Vec<String> {
        let config = &self.config;
        let reasons: [(_, Pick); 3] = [
            ("exclude_reasons", |of| &of.exclude_reasons),
            ("derail_reasons", |of| &of.derail_reasons),
            ("never_recycle", |of| &of.never_recycle),
        ];
        let mut said = reading::said(config, dataset);
        said.extend(config_applied::said(config, dataset));
        let mut known: Option<BTreeSet<&str>> = None;
        for (key, pick) in reasons {
            for name in pick(config).iter().filter(|name| !is_usual(name, pick)) {
                let known = known.get_or_insert_with(|| self.reasons(dataset));
                if !known.iter().any(|reason| fold(reason) == fold(name)) {
                    let meant = did_you_mean(name, known.iter().copied());
                    said.push(format!("No deal is lost for `{name}`, which `{key}` names.{meant}"));
                }
            }
        }
        let pipelines: BTreeSet<&str> =
            dataset.catalogue.pipelines().iter().map(|&sym| self.names.get(sym)).collect();
        let mut strange = config.strange_pipelines(&pipelines);
        // What was assumed when the exports were read is said there.
        strange.retain(|strange| !dataset.assumptions.contains(strange));
        said.extend(strange);
        let goals = config.goals.pipelines.keys().map(|name| ("goals.pipelines", name));
        let renewals = config.renewal_pipelines.iter().map(|name| ("renewal_pipelines", name));
        let strange = goals.chain(renewals).filter(|(_, name)| !pipelines.contains(name.as_str()));
        said.extend(strange.map(|(key, name)| {
            let meant = did_you_mean(name, pipelines.iter().copied());
            format!("No pipeline is called `{name}`, which `{key}` names.{meant}")
        }));
        said.extend(self.strange_types(dataset));
        said
    }

    /// What is to be said of types of activities that only the configuration knows.
    fn strange_types(&self, dataset: &Dataset) -> Vec<String> {
        let (config, goals) = (&self.config, &self.config.goals);
        let scored = config.score.iter().map(|rule| ("score.type", &rule.kind));
        let streaks = config.streak_types.iter().map(|kind| ("streak_types", kind));
        let by_day = goals.activities_per_day.keys().map(|k| ("goals.activities_per_day", k));
        let by_week = goals.activities_per_week.keys().map(|k| ("goals.activities_per_week", k));
        let by_rep = by_day.chain(by_week).filter(|(_, kind)| fold(kind) != "total");
        let named: Vec<(&str, &String)> = scored.chain(streaks).chain(by_rep).collect();
        if named.is_empty() {
            return Vec::new();
        }
        let of_deals = dataset.partitions.iter().flat_map(|part| part.activities.items());
        let known: BTreeSet<_> =
            of_deals.chain(&dataset.loose_activities).map(|activity| activity.kind).collect();
        let known: BTreeSet<&str> = known.into_iter().map(|kind| self.names.get(kind)).collect();
        let is_known =
            |kind: &str| known.is_empty() || known.contains(&*kind.trim().to_lowercase());
        let strange = named.into_iter().filter(|(_, kind)| !is_known(kind));
        let say = |(key, kind): (&str, &String)| {
            let meant = did_you_mean(kind, known.iter().copied());
            format!("No activity is a `{kind}`, which `{key}` names.{meant}")
        };
        strange.map(say).collect()
    }

    /// All lost reasons.
    fn reasons(&self, dataset: &Dataset) -> BTreeSet<&str> {
        let deals = dataset.partitions.iter().flat_map(|partition| &partition.deals);
        let found: BTreeSet<_> = deals.map(|deal| deal.lost_reason).collect();
        found.into_iter().filter(|sym| !sym.is_none()).map(|sym| self.names.get(sym)).collect()
    }
}

/// Whether the defaults have a word, or a preset.
fn is_usual(name: &String, pick: Pick) -> bool {
    let presets = PRESETS.iter().filter_map(|(preset, _)| Config::preset(preset).ok());
    let mut all = std::iter::once(Config::default()).chain(presets);
    all.any(|config| pick(&config).contains(name))
}
