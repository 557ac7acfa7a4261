//! The place of each open stage: configured, declared, or inferred (METRICS 3.1; EXPORTS 15).

use super::pairs::{self, Standing};
use super::usual;
use super::{Draft, Pipeline, Precedence, fold, list};
use crate::model::config::PipelineConfig;
use crate::model::{Basis, StageKind};

/// Digits of a number that tells the place of a stage.
const MOST_DIGITS: usize = 4;

/// Gives every open stage its place, from 1, and says how it was found.
pub(super) fn order(pipeline: &mut Pipeline<'_>, precedence: &Precedence, said: &mut Vec<String>) {
    mark_deleted(pipeline);
    let stages = fitting(pipeline, said);
    let open: Vec<usize> = (0..pipeline.drafts.len())
        .filter(|&at| {
            let draft = pipeline.drafts.get(at);
            draft.is_some_and(|d| d.kind == StageKind::Open && !d.is_deleted)
        })
        .collect();
    if open.is_empty() {
        return;
    }
    let drafts = |at: usize| pipeline.drafts.get(at);
    let (places, basis) = if let Some(places) = by_config(pipeline, &open, stages) {
        say_unplaced(pipeline, &open, &places, said);
        (places, Basis::Configured)
    } else if let Some(places) = by_key(&open, |at| drafts(at)?.evidence.sort, false) {
        say_ties(pipeline, &places, said, |d| d.evidence.sort);
        (places, Basis::Declared)
    } else {
        inferred(pipeline, &open, precedence, said)
    };
    for (place, at) in places.into_iter().enumerate() {
        if let Some(draft) = pipeline.drafts.get_mut(at) {
            draft.order = u16::try_from(place + 1).ok();
            draft.order_basis = basis;
        }
    }
}

/// The places of `open` where neither the configuration nor the export tells them.
fn inferred(
    pipeline: &Pipeline<'_>,
    open: &[usize],
    precedence: &Precedence,
    said: &mut Vec<String>,
) -> (Vec<usize>, Basis) {
    let drafts = |at: usize| pipeline.drafts.get(at);
    let (pairs, is_told) = by_precedence(pipeline, open, precedence);
    let number = |at: usize| leading_number(&drafts(at)?.name, is_told);
    if let Some(places) = by_key(open, number, true) {
        say_inferred(pipeline, &places, "by the numbers in their names", said);
        return (places, Basis::Inferred);
    }
    if let Some(places) = by_key(open, |at| probability(drafts(at)?), true) {
        say_inferred(pipeline, &places, "by their probabilities", said);
        say_ties(pipeline, &places, said, probability);
        return (places, Basis::Declared);
    }
    let usual = if is_told { None } else { by_usual_name(pipeline, open) };
    if pairs.len() > 1 {
        let how = match (is_told, &usual) {
            (true, _) => {
                "by pairs, the stage that more deals entered first before the other, side stages (a \
                 rejection, a pause) too"
            }
            (false, Some(_)) => {
                "as stages of their names usually are, as no deal is known to have entered two of \
                 them"
            }
            (false, None) => "alphabetically, as no deal is known to have entered two of them",
        };
        say_inferred(pipeline, usual.as_ref().unwrap_or(&pairs), how, said);
    }
    (usual.unwrap_or(pairs), Basis::Inferred)
}

/// QS4: open stages that only old records name, where the export has a catalogue of its own (a
/// stage table, or a sort column) that lacks them. Configured stages are never that.
fn mark_deleted(pipeline: &mut Pipeline<'_>) {
    let has_catalogue = pipeline.drafts.iter().any(|d| d.evidence.sort.is_some());
    for draft in &mut pipeline.drafts {
        draft.is_deleted = has_catalogue
            && draft.index.is_some()
            && draft.kind == StageKind::Open
            && draft.kind_basis != Basis::Configured
            && draft.evidence.sort.is_none()
            && !draft.evidence.is_declared;
    }
}

/// The open stages that are configured, unless the list does not fit those of the export: then it says
/// nothing of this pipeline, and the stages that only it names are not there.
fn fitting<'a>(pipeline: &mut Pipeline<'a>, said: &mut Vec<String>) -> &'a [String] {
    let Some(config) = PipelineConfig::with_stages(&pipeline.configured) else { return &[] };
    let is_there = |d: &&Draft| d.kind == StageKind::Open && !d.is_deleted && d.index.is_some();
    let there = || pipeline.drafts.iter().filter(is_there).map(|d| d.name.as_str());
    if there().next().is_none() || config.fits(there()) {
        return &config.stages;
    }
    let unnamed = there().filter(|name| !config.names(name));
    let what = match config.is_preset {
        true => "stages of the preset do not name",
        false => "configured `stages` name none of",
    };
    said.push(format!(
        "In {}, the {what} {}: the order is that of the export.",
        pipeline.label,
        list(unnamed)
    ));
    pipeline.drafts.retain(|d| d.kind != StageKind::Open || d.index.is_some());
    &[]
}

/// The configured open stages; the others of the pipeline have no place then.
fn by_config(pipeline: &Pipeline<'_>, open: &[usize], stages: &[String]) -> Option<Vec<usize>> {
    let mut places: Vec<usize> = Vec::new();
    for stage in stages {
        let is_named =
            |&&at: &&usize| pipeline.drafts.get(at).is_some_and(|d| fold(&d.name) == fold(stage));
        if let Some(&at) = open.iter().find(is_named)
            && !places.contains(&at)
        {
            places.push(at);
        }
    }
    (!places.is_empty()).then_some(places)
}

/// By a key, ties by name (drafts are sorted by name). Stages without a key get no place; with
/// `is_strict` every stage must have one, and not all the same.
fn by_key<K: Ord + Copy>(
    open: &[usize],
    key: impl Fn(usize) -> Option<K>,
    is_strict: bool,
) -> Option<Vec<usize>> {
    let mut keyed: Vec<(K, usize)> = open.iter().filter_map(|&at| Some((key(at)?, at))).collect();
    keyed.sort();
    let (first, last) = (keyed.first()?.0, keyed.last()?.0);
    if is_strict && (keyed.len() < open.len() || (first == last && open.len() > 1)) {
        return None;
    }
    Some(keyed.into_iter().map(|(_, at)| at).collect())
}

fn probability(draft: &Draft) -> Option<u32> {
    draft.evidence.probability_bp
}

/// The number with which a name begins: `3. Proposal`, `10% - Prospect`. A longer one is an id, and one alone a
/// code where moves tell the order (`is_told`).
fn leading_number(name: &str, is_told: bool) -> Option<u64> {
    let name = name.trim();
    let end = name.find(|c: char| !c.is_ascii_digit()).unwrap_or(name.len());
    let is_code = is_told && end == name.len();
    name.get(..end).filter(|digits| digits.len() <= MOST_DIGITS && !is_code)?.parse().ok()
}

/// The places of `open` by pairs, ties by name. The flag tells whether any two were compared.
fn by_precedence(
    pipeline: &Pipeline<'_>,
    open: &[usize],
    precedence: &Precedence,
) -> (Vec<usize>, bool) {
    let index = |at: usize| pipeline.drafts.get(at).and_then(|d| d.index);
    let standings = pairs::standings(open.iter().filter_map(|&at| index(at)), precedence);
    let standing = |at: usize| index(at).and_then(|index| standings.get(&index)).copied();
    let mut ranked: Vec<(Standing, usize)> =
        open.iter().map(|&at| (standing(at).unwrap_or_default(), at)).collect();
    ranked.sort();
    let is_told = ranked.iter().any(|(standing, _)| standing.is_told());
    (ranked.into_iter().map(|(_, at)| at).collect(), is_told)
}

/// By what their names usually stand for, ties by name.
fn by_usual_name(pipeline: &Pipeline<'_>, open: &[usize]) -> Option<Vec<usize>> {
    let usual = usual::places(&names_of(pipeline, open))?;
    let mut keyed: Vec<(usize, usize)> = usual.into_iter().zip(open.iter().copied()).collect();
    keyed.sort_unstable();
    Some(keyed.into_iter().map(|(_, at)| at).collect())
}

fn names_of<'p>(pipeline: &'p Pipeline<'_>, places: &[usize]) -> Vec<&'p str> {
    places.iter().filter_map(|&at| Some(pipeline.drafts.get(at)?.name.as_str())).collect()
}

fn say_inferred(pipeline: &Pipeline<'_>, places: &[usize], how: &str, said: &mut Vec<String>) {
    let stages = list(names_of(pipeline, places));
    said.push(format!(
        "In {}, the open stages are ordered {how}: {stages}. Set `stages` of its \
         `[[pipeline]]` to change that.",
        pipeline.label
    ));
}

/// Open stages that the configuration lists none of, and what it lists in their stead.
fn say_unplaced(pipeline: &Pipeline<'_>, open: &[usize], places: &[usize], said: &mut Vec<String>) {
    let has_records = |at: &usize| pipeline.drafts.get(*at).is_some_and(|d| d.index.is_some());
    let is_missing = |at: &usize| has_records(at) && !places.contains(at);
    let missing: Vec<usize> = open.iter().copied().filter(is_missing).collect();
    if missing.is_empty() {
        return;
    }
    let unused: Vec<usize> = places.iter().copied().filter(|at| !has_records(at)).collect();
    let others = match unused.as_slice() {
        [] => String::new(),
        unused => {
            format!(" No record is in {}, which it names.", list(names_of(pipeline, unused)))
        }
    };
    said.push(format!(
        "In {}, the configured `stages` do not name {}: without a place in the order.{others}",
        pipeline.label,
        list(names_of(pipeline, &missing))
    ));
}

/// QS2: stages that share a place, settled by name.
fn say_ties<K: PartialEq>(
    pipeline: &Pipeline<'_>,
    places: &[usize],
    said: &mut Vec<String>,
    key: impl Fn(&Draft) -> Option<K>,
) {
    let key_at = |at: &usize| pipeline.drafts.get(*at).and_then(&key);
    for tied in places.chunk_by(|a, b| key_at(a) == key_at(b)).filter(|tied| tied.len() > 1) {
        let stages = list(names_of(pipeline, tied));
        said.push(format!(
            "In {}, {stages} share a place in the order: settled by name (QS2).",
            pipeline.label
        ));
    }
}
