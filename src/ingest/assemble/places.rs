//! Places of stages of which the export does not tell any, though it does of others: on the rows of deals
//! that are in them now, or in a table of stages that lacks some.
//!
//! Such a stage would have no place, and every move through it no direction.

use std::collections::BTreeSet;

use super::super::catalogue::{Precedence, StageEvidence};
use crate::model::{Names, Sym};

/// Room between two declared places.
const GAP: i64 = 1000;

/// Puts each declared stage without a place behind the last stage that most deals entered before it.
/// Nothing is done in pipelines without any place, and for stages that never were beside a placed
/// one. Returns what is to be said of it.
pub(super) fn fill(
    evidence: &mut [StageEvidence],
    precedence: &Precedence,
    names: &Names,
) -> Vec<String> {
    let pipelines: BTreeSet<Sym> = evidence.iter().map(|e| e.pipeline).collect();
    let mut said = Vec::new();
    for pipeline in pipelines {
        let of = |e: &StageEvidence| e.pipeline == pipeline;
        let lacks = |e: &StageEvidence| {
            of(e) && e.is_declared && e.sort.is_none() && e.is_closed != Some(true)
        };
        let missing: Vec<usize> = (0..evidence.len()).filter(|&at| lacks(&evidence[at])).collect();
        let placed: Vec<(i64, usize)> = (0..evidence.len())
            .filter(|&at| of(&evidence[at]))
            .filter_map(|at| Some((evidence[at].sort?, at)))
            .collect();
        if missing.is_empty() || placed.is_empty() {
            continue;
        }
        let found = places(&missing, &placed, precedence);
        for (sort, at) in placed {
            evidence[at].sort = Some(sort.saturating_mul(GAP));
        }
        let mut told = Vec::new();
        for (sort, at) in found {
            evidence[at].sort = Some(sort);
            told.push(format!("`{}`", names.get(evidence[at].name)));
        }
        if !told.is_empty() {
            said.push(format!(
                "In pipeline `{}`, no table and no deal row tells the place of {}: it is told by which \
                 stages deals entered before it.",
                names.get(pipeline),
                told.join(", ")
            ));
        }
    }
    said
}

/// The places of the missing stages, on the scale of the declared ones times [`GAP`].
fn places(
    missing: &[usize],
    placed: &[(i64, usize)],
    precedence: &Precedence,
) -> Vec<(i64, usize)> {
    let count = |a: usize, b: usize| precedence.get(&(a, b)).copied().unwrap_or(0);
    let first = placed.iter().map(|(sort, _)| *sort).min().unwrap_or(0);
    let mut found: Vec<(i64, u64, usize)> = Vec::new();
    for &at in missing {
        let beside = placed.iter().any(|&(_, other)| count(at, other) + count(other, at) > 0);
        if !beside {
            continue;
        }
        let before = placed.iter().filter(|&&(_, other)| count(other, at) > count(at, other));
        let after = before.map(|(sort, _)| *sort).max().unwrap_or(first - 1);
        let rank = missing.iter().filter(|&&other| count(other, at) > count(at, other)).count();
        found.push((after, rank as u64, at));
    }
    found.sort_unstable();
    let numbered = found.into_iter().enumerate();
    numbered.map(|(n, (after, _, at))| (after.saturating_mul(GAP) + 1 + n as i64, at)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_stages_find_their_place() {
        let mut names = Names::default();
        let mut stage = |name: &str, sort: Option<i64>| StageEvidence {
            name: names.intern(name),
            sort,
            is_declared: true,
            ..StageEvidence::default()
        };
        let mut evidence = [
            stage("middle", None),
            stage("first", None),
            stage("a", Some(2)),
            stage("b", Some(3)),
            stage("never", None),
        ];
        let precedence =
            Precedence::from([((1, 2), 5), ((2, 0), 4), ((0, 3), 3), ((1, 0), 9), ((0, 2), 1)]);
        let said = fill(&mut evidence, &precedence, &names);
        let sorts: Vec<Option<i64>> = evidence.iter().map(|e| e.sort).collect();
        assert!(sorts[1] < sorts[2] && sorts[2] < sorts[0] && sorts[0] < sorts[3], "{sorts:?}");
        assert_eq!(sorts[4], None);
        assert_eq!(said.len(), 1);
        let mut unplaced = [stage_without()];
        assert!(fill(&mut unplaced, &Precedence::new(), &names).is_empty());
    }

    fn stage_without() -> StageEvidence {
        StageEvidence { is_declared: true, ..StageEvidence::default() }
    }
}
