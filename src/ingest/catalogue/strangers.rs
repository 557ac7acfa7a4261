//! Names that only the configuration knows: misspelt, most likely.

use std::collections::BTreeSet;

use super::{StageEvidence, fold};
use crate::model::config::PipelineConfig;
use crate::model::{Config, Names, UNKNOWN_STAGE, did_you_mean};

/// Says which stages of `won_stages` and `lost_stages` neither stages of the export nor `words` of its
/// statuses are called.
pub(in crate::ingest) fn said(
    evidence: &[StageEvidence],
    words: &BTreeSet<String>,
    config: &Config,
    names: &Names,
) -> Vec<String> {
    let stages = evidence.iter().map(|row| names.get(row.name));
    let stages = stages.filter(|name| !name.is_empty() && *name != UNKNOWN_STAGE);
    let known: BTreeSet<&str> = stages.chain(words.iter().map(String::as_str)).collect();
    let folded: BTreeSet<String> = known.iter().map(|name| fold(name)).collect();
    let of = |all: &[String], own: fn(&PipelineConfig) -> &Vec<String>| -> BTreeSet<String> {
        let own = config.pipeline.iter().flat_map(own);
        let all = all.iter().chain(own).map(|name| name.trim().to_owned());
        all.filter(|name| !name.is_empty() && !folded.contains(&fold(name))).collect()
    };
    let lists = [
        ("won_stages", of(&config.won_stages, |own| &own.won_stages)),
        ("lost_stages", of(&config.lost_stages, |own| &own.lost_stages)),
    ];
    let of_list = lists
        .into_iter()
        .flat_map(|(key, strangers)| strangers.into_iter().map(move |name| (key, name)));
    of_list
        .map(|(key, name)| {
            let meant = did_you_mean(&name, known.iter().copied());
            format!("No deal is in `{name}`, which `{key}` names.{meant}")
        })
        .collect()
}
