//! Stages in the order in which deals enter them, by comparing each two.
//!
//! Source: A. H. Copeland (1951), for the order by pairwise comparisons.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::{Precedence, StageEvidence};
use crate::model::{Catalogue, StageId, StageKind};

/// What pairwise comparisons say of one stage: A comes before B if more deals entered A first.
///
/// Stages rank by the share of comparisons won less lost, then by the share of deals. Shares, because a
/// stage that few deals pass is compared with few others; a stage compared with none comes last.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Standing {
    /// Comparisons won less comparisons lost.
    net_wins: i64,
    /// Comparisons with any deal in them.
    compared: i64,
    /// Deals that entered it first less deals that entered the other first.
    margin: i64,
    /// Deals in those comparisons.
    deals: i64,
}

impl Standing {
    /// Whether it was compared with any other.
    pub(super) fn is_told(self) -> bool {
        self.compared > 0
    }

    fn compare(&mut self, own: u64, other: u64) {
        let number = |count| i64::try_from(count).unwrap_or(i64::MAX);
        let (own, other) = (number(own), number(other));
        self.net_wins += own.cmp(&other) as i64;
        self.compared += 1;
        self.margin = self.margin.saturating_add(own.saturating_sub(other));
        self.deals = self.deals.saturating_add(own.saturating_add(other));
    }
}

impl Ord for Standing {
    fn cmp(&self, other: &Self) -> Ordering {
        let wins = |s: &Self| (s.net_wins, s.compared);
        let deals = |s: &Self| (s.margin, s.deals);
        (!self.is_told())
            .cmp(&!other.is_told())
            .then_with(|| larger_share(wins(self), wins(other)))
            .then_with(|| larger_share(deals(self), deals(other)))
    }
}

impl PartialOrd for Standing {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Standing {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Standing {}

/// The larger of two fractions first, without rounding.
fn larger_share(a: (i64, i64), b: (i64, i64)) -> Ordering {
    let (left, right) = (i128::from(a.0) * i128::from(b.1), i128::from(b.0) * i128::from(a.1));
    right.cmp(&left)
}

/// The standings of these stages among each other.
pub(super) fn standings(
    stages: impl Iterator<Item = usize>,
    precedence: &Precedence,
) -> BTreeMap<usize, Standing> {
    let mut standings: BTreeMap<usize, Standing> =
        stages.map(|stage| (stage, Standing::default())).collect();
    for (&(a, b), &first) in precedence {
        let back = precedence.get(&(b, a));
        // A pair that stands there both ways is compared once.
        let is_seen = back.is_some() && b < a;
        if is_seen || a == b || !standings.contains_key(&a) || !standings.contains_key(&b) {
            continue;
        }
        let second = back.copied().unwrap_or(0);
        for (stage, own, other) in [(a, first, second), (b, second, first)] {
            if let Some(standing) = standings.get_mut(&stage) {
                standing.compare(own, other);
            }
        }
    }
    standings
}

/// For each stage of `catalogue` its place among the open ones of its pipeline where records share their
/// time: stages that have a place in the order keep it among each other, the others stand by pairs between
/// them; `u32::MAX` for closed stages and those that nothing compares.
pub fn tie_places(
    evidence: &[StageEvidence],
    precedence: &Precedence,
    catalogue: &Catalogue,
) -> Vec<u32> {
    let mut places = vec![u32::MAX; catalogue.stages.len()];
    let ids: BTreeMap<_, _> =
        catalogue.stages.iter().enumerate().map(|(at, s)| ((s.pipeline, s.name), at)).collect();
    let mut pipelines: BTreeMap<_, Vec<(usize, usize)>> = BTreeMap::new();
    for (index, row) in evidence.iter().enumerate() {
        let at = ids.get(&(row.pipeline, row.name)).copied();
        let is_open = |at: &usize| catalogue.get(StageId(*at as u16)).kind == StageKind::Open;
        if let Some(at) = at.filter(is_open) {
            pipelines.entry(row.pipeline).or_default().push((index, at));
        }
    }
    for open in pipelines.into_values() {
        let standings = standings(open.iter().map(|(index, _)| *index), precedence);
        let order = |at: usize| catalogue.stages.get(at).and_then(|stage| stage.order);
        let mut told: Vec<(Standing, usize)> = open
            .iter()
            .filter_map(|(index, at)| Some((*standings.get(index)?, *at)))
            .filter(|(standing, at)| standing.is_told() || order(*at).is_some())
            .collect();
        told.sort();
        let mut placed: Vec<usize> =
            told.iter().map(|(_, at)| *at).filter(|at| order(*at).is_some()).collect();
        placed.sort_by_key(|at| order(*at));
        let mut placed = placed.into_iter();
        for (place, (_, at)) in told.into_iter().enumerate() {
            let at = if order(at).is_some() { placed.next().unwrap_or(at) } else { at };
            if let Some(slot) = places.get_mut(at) {
                *slot = place as u32;
            }
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Basis, Stage, Sym};

    #[test]
    fn stages_without_a_place_stand_between_the_others() {
        let of = |name: u32, order, kind| Stage {
            pipeline: Sym(1),
            name: Sym(name),
            order,
            kind,
            probability_bp: None,
            is_deleted: false,
            order_basis: Basis::Configured,
            kind_basis: Basis::Configured,
        };
        let stage = |name, order| of(name, order, StageKind::Open);
        let catalogue = Catalogue {
            stages: vec![
                stage(2, Some(1)),
                stage(3, Some(2)),
                stage(4, None),
                stage(5, None),
                of(6, None, StageKind::Won),
            ],
        };
        let evidence: Vec<StageEvidence> = [3, 4, 2, 5, 6]
            .map(|name| StageEvidence {
                pipeline: Sym(1),
                name: Sym(name),
                ..StageEvidence::default()
            })
            .to_vec();
        // Most deals enter stage 3 before 2, whatever the configuration says, and 4 between them.
        let precedence = Precedence::from([((0, 2), 9), ((0, 1), 9), ((1, 2), 9), ((2, 1), 2)]);
        let places = tie_places(&evidence, &precedence, &catalogue);
        assert_eq!(places, [0, 2, 1, u32::MAX, u32::MAX]);
    }
}
