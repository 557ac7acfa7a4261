//! What being in a stage means: configured, declared, by name, by how deals end (METRICS 3.1).

use std::collections::{BTreeMap, BTreeSet};

use super::{Draft, Pipeline, Precedence, StageEvidence, fold, list, words};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Basis, Config, StageKind};

/// A stage is taken as an end only if so many deals of that outcome have a history, and as none where so many go on.
const MIN_ENDS: u64 = 5;

/// Settles the kind of every stage of a pipeline and says what was inferred.
///
/// Errors: a stage that the configuration calls two things at once.
pub(super) fn classify(
    pipeline: &mut Pipeline<'_>,
    precedence: &Precedence,
    config: &Config,
    said: &mut Vec<String>,
) -> Result<()> {
    let has_statuses = pipeline.drafts.iter().any(|d| ends(d) + d.evidence.closed_here > 0);
    for at in 0..pipeline.drafts.len() {
        let Some(draft) = pipeline.drafts.get(at) else { continue };
        let found = match configured(draft, pipeline, config)? {
            Some(kind) => Some((kind, Basis::Configured, true)),
            None => declared(draft, has_statuses).map(|kind| (kind, Basis::Declared, true)),
        };
        let found = found.or_else(|| {
            let kind = by_name(draft, has_statuses)?;
            let is_step = is_passed(draft, kind, pipeline, precedence);
            (!is_step).then_some((kind, Basis::Inferred, true))
        });
        let (Some(found), Some(draft)) = (found, pipeline.drafts.get_mut(at)) else { continue };
        (draft.kind, draft.kind_basis, draft.is_settled) = found;
    }
    // Where nothing is known to be won, what is closed may be.
    if !pipeline.drafts.iter().any(|d| d.kind == StageKind::Won) {
        for draft in pipeline.drafts.iter_mut().filter(|d| is_guessed(d)) {
            (draft.kind, draft.is_settled) = (StageKind::Open, false);
        }
    }
    for kind in [StageKind::Won, StageKind::Lost] {
        infer_ends(pipeline, kind, precedence, said);
    }
    say_names(pipeline, said);
    say_closed(pipeline, said);
    Ok(())
}

fn ends(draft: &Draft) -> u64 {
    draft.evidence.won_ends + draft.evidence.lost_ends
}

fn configured(
    draft: &Draft,
    pipeline: &Pipeline<'_>,
    config: &Config,
) -> Result<Option<StageKind>> {
    let name = fold(&draft.name);
    let lists = |list: &[String]| list.iter().any(|stage| fold(stage) == name);
    let own = |pick: fn(&crate::model::config::PipelineConfig) -> &Vec<String>| {
        pipeline.configured.iter().any(|c| lists(pick(c)))
    };
    let is_won = lists(&config.won_stages) || own(|c| &c.won_stages);
    let is_lost = lists(&config.lost_stages) || own(|c| &c.lost_stages);
    let is_open = own(|c| &c.stages);
    match (is_open, is_won, is_lost) {
        (false, false, false) => Ok(None),
        (true, false, false) => Ok(Some(StageKind::Open)),
        (false, true, false) => Ok(Some(StageKind::Won)),
        (false, false, true) => Ok(Some(StageKind::Lost)),
        _ => Err(contradiction(&draft.name, is_open)),
    }
}

fn contradiction(stage: &str, is_open: bool) -> Error {
    let lists = if is_open { "an open and a closed stage" } else { "won and lost" };
    Error::new(ErrorKind::Config, format!("stage `{stage}` is configured as {lists} at once"))
        .hint("name it in only one of `stages`, `won_stages` and `lost_stages` of `sluice.toml`")
}

/// Flags of the export, then a probability of 1, unless statuses contradict it (EXPORTS 15). One of 0 says nothing.
fn declared(draft: &Draft, has_statuses: bool) -> Option<StageKind> {
    let evidence = &draft.evidence;
    match (evidence.is_closed, evidence.is_won) {
        (Some(false), _) => Some(StageKind::Open),
        (_, Some(true)) => Some(StageKind::Won),
        (Some(true), Some(false)) => Some(StageKind::Lost),
        _ if evidence.probability_bp == Some(10_000)
            && !is_contradicted(draft, StageKind::Won, has_statuses) =>
        {
            Some(StageKind::Won)
        }
        (Some(true), None) => Some(if evidence.won_ends > evidence.lost_ends {
            StageKind::Won
        } else {
            words::told(&draft.name).unwrap_or(StageKind::Lost)
        }),
        _ => None,
    }
}

/// A name that settles the kind, or hints at it and is not contradicted by where deals stand.
fn by_name(draft: &Draft, has_statuses: bool) -> Option<StageKind> {
    if let Some(kind) = words::settled(&draft.name) {
        return Some(kind);
    }
    let kind = words::hinted(&draft.name)?;
    if kind == StageKind::Won && draft.evidence.is_won == Some(false) {
        return None;
    }
    (!is_contradicted(draft, kind, has_statuses)).then_some(kind)
}

/// Whether more than a twentieth of the deals that are or end in a stage have another status, if any is closed by one.
fn is_contradicted(draft: &Draft, kind: StageKind, has_statuses: bool) -> bool {
    let all = ends(draft) + draft.evidence.closed_here + draft.evidence.open_here;
    let fitting = split(draft, kind).0 + draft.evidence.closed_here;
    has_statuses && (all - fitting) * 20 > all
}

/// Whether a name only hints at a kind, and most deals that came to the stage are seen to go on from it to one of
/// another kind: `Cancel Invoice` is a step then. Deals are counted by the stage that most of them entered after it,
/// or before.
fn is_passed(
    draft: &Draft,
    kind: StageKind,
    pipeline: &Pipeline<'_>,
    precedence: &Precedence,
) -> bool {
    let Some(own) = draft.index.filter(|_| words::settled(&draft.name).is_none()) else {
        return false;
    };
    let is_other = |at: usize| {
        let mut others = pipeline.drafts.iter().filter(|d| words::told(&d.name) != Some(kind));
        others.any(|d| d.index == Some(at))
    };
    let (mut came, mut went_on) = (0, 0);
    for (&(first, second), &deals) in precedence {
        if second == own {
            came = deals.max(came);
        } else if first == own && deals > went_on && is_other(second) {
            went_on = deals;
        }
    }
    let stayed = ends(draft) + draft.evidence.open_here + draft.evidence.closed_here;
    went_on >= MIN_ENDS && went_on * 2 > came.max(went_on + stayed)
}

/// The deals that end in a stage: of an outcome, and of the other.
fn split(draft: &Draft, kind: StageKind) -> (u64, u64) {
    let StageEvidence { won_ends, lost_ends, .. } = draft.evidence;
    if kind == StageKind::Won { (won_ends, lost_ends) } else { (lost_ends, won_ends) }
}

/// Whether most deals that end in a stage and whose rows tell their close were closed more than a day after they
/// came to it: they waited there, and the close is no stage of the log.
fn is_waited_in(draft: &Draft) -> bool {
    let [with_it, within_a_day, later] = draft.evidence.closes;
    later > with_it + within_a_day
}

/// Whether nearly all deals that end in a stage and whose rows tell their close were closed as they came to it.
fn is_closing(draft: &Draft) -> bool {
    let [with_it, within_a_day, later] = draft.evidence.closes;
    with_it > (within_a_day + later) * 19
}

/// Whether deals of an outcome end in a stage of which nothing else tells what it is, hardly any of the other one
/// do, and none is open or waits there.
fn may_end(draft: &Draft, kind: StageKind) -> bool {
    let (here, other) = split(draft, kind);
    let is_end = here > 0 && other * 20 <= here && !is_waited_in(draft);
    is_end && !draft.is_settled && draft.evidence.open_here == 0
}

/// Settles which stages nearly all deals of an outcome end in, and says so.
fn infer_ends(
    pipeline: &mut Pipeline<'_>,
    kind: StageKind,
    precedence: &Precedence,
    said: &mut Vec<String>,
) {
    let (found, total) = inferred_ends(pipeline, kind, precedence);
    let is_found = |d: &&mut Draft| found.contains(&d.name);
    let mut here = 0;
    for draft in pipeline.drafts.iter_mut().filter(is_found) {
        (draft.kind, draft.is_settled) = (kind, true);
        here += split(draft, kind).0;
    }
    if let [first, ..] = found.as_slice() {
        let (what, stages) = (kind.as_str(), list(found.iter().map(String::as_str)));
        let (are, them) = match found.len() {
            1 => (format!("stage `{first}` is"), "it"),
            _ => (format!("stages {stages} are"), "them"),
        };
        said.push(format!(
            "In {}, {are} taken as {what}: {here} of {total} {what} deals with a history end in {them}, and \
             no open deal is in {them}. Set `{what}_stages` to change that.",
            pipeline.label
        ));
    }
}

/// The stages in which nearly all deals of an outcome end at their close, while no open deal stands in them and
/// hardly any deal of the other outcome ends there: one stage, or several in which deals are closed as they come,
/// that few deals go on from (those that were opened again), or several that hardly any does. More go on from an
/// open stage that many are lost in. Also how many deals of the outcome have a history.
fn inferred_ends(
    pipeline: &Pipeline<'_>,
    kind: StageKind,
    precedence: &Precedence,
) -> (Vec<String>, u64) {
    let drafts = &pipeline.drafts;
    let sum = |of: &dyn Fn(&&Draft) -> bool| -> u64 {
        drafts.iter().filter(of).map(|d| split(d, kind).0).sum()
    };
    let (total, known) = (sum(&|_| true), sum(&|d| d.kind == kind));
    let is_all = |here: u64| here * 100 >= total * 95;
    let go_on = |d: &Draft| {
        let own = d.index.map_or((0, 0)..(0, 0), |own| (own, 0)..(own + 1, 0));
        precedence.range(own).map(|(_, &deals)| deals)
    };
    let has_none = !drafts.iter().any(|d| d.kind == kind);
    let few_go_on = |d: &Draft| go_on(d).max().unwrap_or(0) * 4 <= split(d, kind).0;
    let only =
        |d: &&Draft| has_none && may_end(d, kind) && is_all(split(d, kind).0) && few_go_on(d);
    let is_end = |d: &&Draft| {
        let here = split(d, kind).0;
        let is_last = go_on(d).sum::<u64>() * 20 <= here || (is_closing(d) && few_go_on(d));
        may_end(d, kind) && here >= MIN_ENDS && is_last
    };
    let ends: Vec<&Draft> = match drafts.iter().find(only) {
        _ if total < MIN_ENDS => Vec::new(),
        Some(draft) => vec![draft],
        None => drafts.iter().filter(is_end).collect(),
    };
    let here: u64 = ends.iter().map(|d| split(d, kind).0).sum();
    let found = ends.iter().filter(|_| is_all(here + known)).map(|d| d.name.clone());
    (found.collect(), total)
}

/// Takes stages of few deals, of which nothing else tells, for the ends that other pipelines infer stages of their
/// names to be. What is said is added by pipeline.
pub(super) fn adopt(pipelines: &mut [Pipeline<'_>], said: &mut [Vec<String>]) {
    let mut ends: BTreeMap<String, BTreeSet<StageKind>> = BTreeMap::new();
    for draft in pipelines.iter().flat_map(|pipeline| &pipeline.drafts) {
        let is_end = draft.kind != StageKind::Open && draft.kind_basis == Basis::Inferred;
        if is_end && words::told(&draft.name).is_none() {
            ends.entry(fold(&draft.name)).or_default().insert(draft.kind);
        }
    }
    for (pipeline, said) in pipelines.iter_mut().zip(said) {
        for kind in [StageKind::Won, StageKind::Lost] {
            let is_one = |d: &&mut Draft| {
                let kinds = ends.get(&fold(&d.name));
                kinds.is_some_and(|kinds| kinds.iter().eq([&kind])) && may_end(d, kind)
            };
            let mut found = Vec::new();
            for draft in pipeline.drafts.iter_mut().filter(is_one) {
                (draft.kind, draft.is_settled) = (kind, true);
                found.push(draft.name.as_str());
            }
            if !found.is_empty() {
                let what = kind.as_str();
                let stages = list(found);
                said.push(format!(
                    "In {}, taken as {what} as in other pipelines: {stages}.",
                    pipeline.label
                ));
            }
        }
    }
}

/// Whether a stage was taken as lost only because the export calls it closed.
fn is_guessed(draft: &Draft) -> bool {
    (draft.kind, draft.kind_basis) == (StageKind::Lost, Basis::Declared)
        && (draft.evidence.is_won, draft.evidence.lost_ends) == (None, 0)
        && words::told(&draft.name).is_none()
}

/// Says which stages the export, or their name, calls closed without telling how, and what they were taken for.
fn say_closed(pipeline: &Pipeline<'_>, said: &mut Vec<String>) {
    let names = |of: fn(&Draft) -> bool| -> Vec<&str> {
        pipeline.drafts.iter().filter(|d| of(d)).map(|d| d.name.as_str()).collect()
    };
    let lost = names(is_guessed);
    if !lost.is_empty() {
        said.push(format!(
            "In {}, the export calls {} closed and not won: taken as lost. Set `won_stages` to change that.",
            pipeline.label,
            list(lost)
        ));
    }
    let called = names(|d| {
        let is_inferred = (d.kind, d.kind_basis) == (StageKind::Open, Basis::Inferred);
        is_inferred && d.index.is_some() && words::is_called_closed(&d.name)
    });
    if !called.is_empty() {
        said.push(format!(
            "In {}, nothing tells whether deals in {} are won or lost: they are taken as open. `won_stages` and \
             `lost_stages` say what they are.",
            pipeline.label,
            list(called)
        ));
    }
    let unknown = names(|d| {
        let is_closed = d.evidence.is_closed == Some(true);
        is_closed && d.kind == StageKind::Open && d.kind_basis == Basis::Declared
    });
    if !unknown.is_empty() {
        said.push(format!(
            "In {}, the export calls {} closed, and no stage is known to be won: name what they are in \
             `won_stages` and `lost_stages`.",
            pipeline.label,
            list(unknown)
        ));
    }
}

/// Says which stages were taken as won or lost by their names alone.
fn say_names(pipeline: &Pipeline<'_>, said: &mut Vec<String>) {
    for kind in [StageKind::Won, StageKind::Lost] {
        let by_name = |d: &&Draft| {
            d.kind == kind && d.kind_basis == Basis::Inferred && words::hinted(&d.name).is_some()
        };
        let found: Vec<&str> =
            pipeline.drafts.iter().filter(by_name).map(|d| d.name.as_str()).collect();
        if !found.is_empty() {
            let what = kind.as_str();
            let stages = list(found);
            said.push(format!("In {}, taken as {what} by name: {stages}.", pipeline.label));
        }
    }
}
