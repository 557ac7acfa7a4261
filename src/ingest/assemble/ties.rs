//! What records that have their time alone tell of those that share it: which moves deals make, and what it
//! means that a record tells the stage again in which its deal is, that it is there still, or that it came back
//! to it within the instant.

use hashbrown::HashMap;

use super::super::history::Ties;
use super::stages::{Key, StageIds};
use crate::model::Micros;

/// Records that have their time alone.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Those of the stage of the one before.
    again: u64,
    /// Those of the stage before that one.
    back: u64,
    /// How often one such record follows another of another stage.
    moves: HashMap<(Key, Key), u64>,
}

impl Told {
    /// Counts the records of a deal, which are sorted.
    pub(super) fn count(&mut self, records: &[(Micros, Key)]) {
        let at = |place: usize| records.get(place).map(|(at, _)| *at);
        let is_alone = |place: usize| {
            at(place) != at(place + 1) && place.checked_sub(1).is_none_or(|p| at(p) != at(place))
        };
        let stage =
            |place: usize| records.get(place).map(|(_, stage)| stage).filter(|_| is_alone(place));
        for place in 1..records.len() {
            let (Some(before), Some(here)) = (stage(place - 1), stage(place)) else { continue };
            let earlier = place.checked_sub(2).and_then(stage);
            match here == before {
                true => self.again += 1,
                false => *self.moves.entry((*before, *here)).or_default() += 1,
            }
            self.back += u64::from(here != before && earlier == Some(here));
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.again += other.again;
        self.back += other.back;
        for (pair, count) in other.moves {
            *self.moves.entry(pair).or_default() += count;
        }
    }

    /// What it tells of stages that stand at these places.
    pub(super) fn ties(self, places: Vec<u32>, stages: &StageIds) -> Ties {
        let find = |(pipeline, name): Key| stages.find(pipeline, name);
        let moves = self.moves.into_iter();
        let moves = moves.filter_map(|((a, b), count)| Some(((find(a)?, find(b)?), count)));
        // Deals come back more often than a stage is told again.
        Ties { places, is_return: self.back > self.again, moves: moves.collect() }
    }
}
