//! Whether stages are in the store as the configuration has them now: only reading exports applies it.
//! A configuration that says nothing of them contradicts nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::config::{Config, PipelineConfig};
use super::dataset::Dataset;
use super::names::{Names, Sym};
use super::stage::{Basis, Stage, StageId, StageKind, UNKNOWN_STAGE, folded_name as fold};

/// One pipeline of the store, and what the configuration says of it.
struct Applied<'a> {
    names: &'a Names,
    stages: Vec<&'a Stage>,
    /// Names of stages that deals are in. The others may be left over from an earlier export, as that
    /// one was read.
    used: BTreeSet<String>,
    all: &'a Config,
    own: Vec<&'a PipelineConfig>,
    /// Whether stages are made that only the configuration names.
    adds: bool,
}

/// What is to be said if the store was read with another order, other chances or other ends of the stages.
pub(super) fn said(config: &Config, dataset: &Dataset) -> Option<String> {
    if config.pipeline.is_empty() && config.won_stages.is_empty() && config.lost_stages.is_empty() {
        return None;
    }
    let deals = dataset.partitions.iter().flat_map(|partition| &partition.deals);
    let used: BTreeSet<StageId> = deals.map(|deal| deal.stage).collect();
    let pipelines = dataset.catalogue.pipelines();
    let is_only = pipelines.len() == 1;
    pipelines.into_iter().find_map(|pipeline| {
        let key = Applied::new(config, dataset, (pipeline, is_only), &used).differs()?;
        let label = match dataset.names.get(pipeline) {
            "" => String::new(),
            name => format!(" of pipeline `{name}`"),
        };
        Some(format!(
            "The stages{label} are not as `{key}` of the configuration has them, which is applied when exports \
             are read: read them again (`sluice ingest EXPORTS...`)."
        ))
    })
}

impl<'a> Applied<'a> {
    fn new(
        config: &'a Config,
        dataset: &'a Dataset,
        (pipeline, is_only): (Sym, bool),
        used: &BTreeSet<StageId>,
    ) -> Self {
        let names = &dataset.names;
        let name = fold(names.get(pipeline));
        let own: Vec<&PipelineConfig> =
            config.pipeline.iter().filter(|own| own.is_about(names.get(pipeline))).collect();
        let stages: Vec<(StageId, &Stage)> = dataset.catalogue.of(pipeline).collect();
        let used = stages.iter().filter(|(id, _)| used.contains(id));
        Self {
            names,
            used: used.map(|(_, stage)| fold(names.get(stage.name))).collect(),
            stages: stages.into_iter().map(|(_, stage)| stage).collect(),
            all: config,
            adds: is_only
                || own.iter().any(|own| !own.stages.is_empty() && fold(&own.name) == name),
            own,
        }
    }

    fn name(&self, stage: &Stage) -> String {
        fold(self.names.get(stage.name))
    }

    /// The first key that was another when the store was read.
    fn differs(&self) -> Option<&'static str> {
        if self.have_other_order() {
            return Some("stages");
        }
        if self.have_other_chances() {
            return Some("probabilities");
        }
        let won = self.listed(&self.all.won_stages, |own| &own.won_stages);
        if self.have_other_ends(&won, StageKind::Won) {
            return Some("won_stages");
        }
        let lost = self.listed(&self.all.lost_stages, |own| &own.lost_stages);
        self.have_other_ends(&lost, StageKind::Lost).then_some("lost_stages")
    }

    fn listed(
        &self,
        all: &[String],
        pick: fn(&PipelineConfig) -> &Vec<String>,
    ) -> BTreeSet<String> {
        let own = self.own.iter().flat_map(|own| pick(own));
        all.iter().chain(own).map(|name| fold(name)).collect()
    }

    fn have_other_ends(&self, listed: &BTreeSet<String>, kind: StageKind) -> bool {
        !listed.is_empty()
            && self.stages.iter().any(|stage| {
                let name = self.name(stage);
                match listed.contains(&name) {
                    true => stage.kind != kind,
                    false => {
                        (stage.kind, stage.kind_basis) == (kind, Basis::Configured)
                            && self.used.contains(&name)
                    }
                }
            })
    }

    fn have_other_chances(&self) -> bool {
        // The last that names a stage holds.
        let chances = self.own.iter().flat_map(|own| own.chances());
        let chances: BTreeMap<String, u32> =
            chances.map(|(stage, chance)| (fold(stage), chance)).collect();
        self.stages.iter().any(|stage| {
            let name = self.name(stage);
            let is_read = self.adds || self.used.contains(&name);
            let chance = chances.get(&name).filter(|_| is_read);
            chance.is_some_and(|&chance| stage.probability_bp != Some(chance))
        })
    }

    /// Whether the open stages do not stand as the configuration orders them.
    fn have_other_order(&self) -> bool {
        let Some(list) = PipelineConfig::with_stages(&self.own) else { return false };
        let mut listed: Vec<String> = list.stages.iter().map(|stage| fold(stage)).collect();
        let is_there = |s: &&&Stage| {
            let is_unknown = self.names.get(s.name) == UNKNOWN_STAGE;
            s.kind == StageKind::Open && !s.is_deleted && !is_unknown
        };
        let mut open: Vec<&Stage> = self.stages.iter().filter(is_there).copied().collect();
        let there: BTreeSet<String> = open.iter().map(|stage| self.name(stage)).collect();
        // They may stand as they would without it: `sluice init` writes the order that it finds.
        open.sort_by_key(|stage| stage.order);
        let has_order = open.iter().all(|stage| stage.order.is_some());
        if has_order && open.iter().map(|stage| self.name(stage)).eq(listed.iter().cloned()) {
            return false;
        }
        // One that does not fit is not applied.
        if !list.fits(there.iter().map(String::as_str)) {
            listed.clear();
        }
        let mut placed: Vec<&Stage> = self.stages.clone();
        placed.retain(|s| s.order.is_some() && s.order_basis == Basis::Configured);
        placed.sort_by_key(|stage| stage.order);
        let mut placed: Vec<String> = placed.into_iter().map(|stage| self.name(stage)).collect();
        placed.retain(|name| listed.contains(name) || self.used.contains(name));
        listed.retain(|name| self.adds || there.contains(name));
        listed != placed
    }
}
