//! The stage catalogue from what an export shows of its stages (METRICS 3.1; EXPORTS 15).
//!
//! Two questions for each stage: what being in it means (`kinds`), and where it stands among the
//! open stages (`order`). Whatever was not configured or declared is said in the assumptions.
//! Does not read records: the caller counts them into [`StageEvidence`] and [`Precedence`].

use std::collections::BTreeMap;

use crate::error::Result;
use crate::model::{
    Basis, Catalogue, Config, Names, Stage, StageKind, Sym, UNKNOWN_STAGE, config::PipelineConfig,
    folded_name as fold,
};

mod kinds;
mod order;
mod pairs;
pub(super) mod strangers;
mod usual;
pub(super) mod words;

pub(super) use pairs::tie_places;

/// What is known of one stage of one pipeline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StageEvidence {
    /// The pipeline.
    pub pipeline: Sym,
    /// The stage; the missing word if only the pipeline is to be made known.
    pub name: Sym,
    /// Its place by a sort column or a stage table, if there is one.
    pub sort: Option<i64>,
    /// Its win probability, basis points.
    pub probability_bp: Option<u32>,
    /// Whether the export says that it is closed.
    pub is_closed: Option<bool>,
    /// Whether the export says that it is won.
    pub is_won: Option<bool>,
    /// Whether a deal row or a stage table names it (false: only old history rows do, QS4).
    pub is_declared: bool,
    /// Won deals whose last record is in this stage.
    pub won_ends: u64,
    /// Lost deals whose last record is in this stage.
    pub lost_ends: u64,
    /// Those of both whose rows tell the close: with that record, before it or within a day, and later.
    pub closes: [u64; 3],
    /// Open deals that are in it now.
    pub open_here: u64,
    /// Closed deals without a history whose rows stand in it.
    pub closed_here: u64,
}

/// How many deals entered the first stage (index into the evidence) before the second, counting
/// first entries, both in one pipeline.
pub type Precedence = BTreeMap<(usize, usize), u64>;

/// A stage while the catalogue is made.
#[derive(Clone, Debug)]
struct Draft {
    evidence: StageEvidence,
    /// Index into the evidence; null for a stage that only the configuration names.
    index: Option<usize>,
    /// The name, as the CRM shows it.
    name: String,
    kind: StageKind,
    kind_basis: Basis,
    /// Whether the kind is settled by configuration or declaration, not only for want of a rule.
    is_settled: bool,
    order: Option<u16>,
    order_basis: Basis,
    is_deleted: bool,
    probability_bp: Option<u32>,
}

/// One pipeline while the catalogue is made.
struct Pipeline<'a> {
    sym: Sym,
    /// How sentences call it.
    label: String,
    /// The configurations that apply to it.
    configured: Vec<&'a PipelineConfig>,
    drafts: Vec<Draft>,
}

/// Builds the catalogue; the second part says what was assumed, one sentence each.
///
/// Every pipeline gets an `UNKNOWN_STAGE`, and a won and a lost stage if it has none. Without any
/// evidence there is one pipeline, without a name. Configured stages are there even if no record
/// is in them.
///
/// Errors: a configured stage name that contradicts itself (won and lost at once), more stages
/// than a `StageId` can count.
pub fn build(
    evidence: &[StageEvidence],
    precedence: &Precedence,
    config: &Config,
    names: &mut Names,
) -> Result<(Catalogue, Vec<String>)> {
    Catalogue::limited(evidence.len())?;
    let mut said = Vec::new();
    let mut catalogue = Catalogue::default();
    let mut found = pipelines(evidence, config, names, &mut said);
    let mut told = vec![Vec::new(); found.len()];
    for (pipeline, said) in found.iter_mut().zip(&mut told) {
        kinds::classify(pipeline, precedence, config, said)?;
    }
    kinds::adopt(&mut found, &mut told);
    for (mut pipeline, of_kinds) in found.into_iter().zip(told) {
        said.extend(of_kinds);
        order::order(&mut pipeline, precedence, &mut said);
        set_probabilities(&mut pipeline);
        add_stages(&mut catalogue, &pipeline, names);
        add_missing(&mut catalogue, pipeline.sym, names);
    }
    Catalogue::limited(catalogue.stages.len())?;
    catalogue.sort(names);
    Ok((catalogue, said))
}

/// Pipelines by name, with a draft of each of their stages.
fn pipelines<'a>(
    evidence: &[StageEvidence],
    config: &'a Config,
    names: &Names,
    said: &mut Vec<String>,
) -> Vec<Pipeline<'a>> {
    let mut found: BTreeMap<&str, (Sym, BTreeMap<&str, usize>)> = BTreeMap::new();
    for (index, row) in evidence.iter().enumerate() {
        let (_, stages) =
            found.entry(names.get(row.pipeline)).or_insert_with(|| (row.pipeline, BTreeMap::new()));
        let name = names.get(row.name);
        if !name.is_empty() && name != UNKNOWN_STAGE {
            stages.entry(name).or_insert(index);
        }
    }
    if found.is_empty() {
        found.insert("", (Sym::NONE, BTreeMap::new()));
    }
    said.extend(config.strange_pipelines(&found.keys().copied().collect()));
    let is_only = found.len() == 1;
    let drafted = found.into_iter().map(|(name, (sym, stages))| {
        let configured: Vec<_> = config.pipeline.iter().filter(|p| p.is_about(name)).collect();
        let mut drafts: Vec<Draft> = stages
            .into_iter()
            .filter_map(|(stage, index)| Some(draft(stage, Some(index), *evidence.get(index)?)))
            .collect();
        add_configured(&mut drafts, sym, name, &configured, is_only);
        Pipeline { sym, label: label(name, is_only), configured, drafts }
    });
    drafted.collect()
}

fn label(name: &str, is_only: bool) -> String {
    match (name.is_empty(), is_only) {
        (true, true) => "the pipeline".to_owned(),
        (true, false) => "the pipeline without a name".to_owned(),
        (false, _) => format!("pipeline `{name}`"),
    }
}

fn draft(name: &str, index: Option<usize>, evidence: StageEvidence) -> Draft {
    Draft {
        evidence,
        index,
        name: name.to_owned(),
        kind: StageKind::Open,
        kind_basis: Basis::Inferred,
        is_settled: false,
        order: None,
        order_basis: Basis::Inferred,
        is_deleted: false,
        probability_bp: evidence.probability_bp,
    }
}

/// Stages that only the configuration names, if it is about this pipeline and no other.
fn add_configured(
    drafts: &mut Vec<Draft>,
    pipeline: Sym,
    name: &str,
    configured: &[&PipelineConfig],
    is_only: bool,
) {
    for config in configured.iter().filter(|c| is_only || fold(&c.name) == fold(name)) {
        let closed = config.won_stages.iter().chain(&config.lost_stages);
        for stage in config.stages.iter().chain(closed) {
            let stage = stage.trim();
            if !stage.is_empty() && !drafts.iter().any(|d| fold(&d.name) == fold(stage)) {
                let evidence = StageEvidence { pipeline, ..StageEvidence::default() };
                drafts.push(draft(stage, None, evidence));
            }
        }
    }
}

fn set_probabilities(pipeline: &mut Pipeline<'_>) {
    for config in &pipeline.configured {
        for (stage, chance) in config.chances() {
            let of_stage = |d: &&mut Draft| fold(&d.name) == fold(stage);
            if let Some(draft) = pipeline.drafts.iter_mut().find(of_stage) {
                draft.probability_bp = Some(chance);
            }
        }
    }
}

fn add_stages(catalogue: &mut Catalogue, pipeline: &Pipeline<'_>, names: &mut Names) {
    for draft in &pipeline.drafts {
        catalogue.stages.push(Stage {
            pipeline: pipeline.sym,
            name: names.intern(&draft.name),
            order: draft.order,
            kind: draft.kind,
            probability_bp: draft.probability_bp,
            is_deleted: draft.is_deleted,
            order_basis: draft.order_basis,
            kind_basis: draft.kind_basis,
        });
    }
}

/// The stage of unrecorded time, and a won and a lost stage where there is none.
fn add_missing(catalogue: &mut Catalogue, pipeline: Sym, names: &mut Names) {
    let mut wanted = vec![(UNKNOWN_STAGE, UNKNOWN_STAGE, StageKind::Open)];
    if catalogue.first_of(pipeline, StageKind::Won).is_none() {
        wanted.push(("Won", "__WON__", StageKind::Won));
    }
    if catalogue.first_of(pipeline, StageKind::Lost).is_none() {
        wanted.push(("Lost", "__LOST__", StageKind::Lost));
    }
    for (name, if_taken, kind) in wanted {
        let plain = names.intern(name);
        // An open stage of that name keeps it: two stages of one name could not be told apart.
        let is_taken = catalogue.find(pipeline, plain).is_some();
        catalogue.stages.push(Stage {
            pipeline,
            name: if is_taken { names.intern(if_taken) } else { plain },
            order: None,
            kind,
            probability_bp: None,
            is_deleted: false,
            order_basis: Basis::Inferred,
            kind_basis: Basis::Inferred,
        });
    }
}

/// Names for a sentence: `A`, `B`, `C`.
fn list<'n>(stages: impl IntoIterator<Item = &'n str>) -> String {
    let quoted: Vec<String> = stages.into_iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

#[cfg(test)]
mod tests;
