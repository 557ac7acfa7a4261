//! What it means that a record tells the stage again in which its deal is: that it is there still, or that
//! it came back to it within the instant. Records that have their time alone tell which a log does.

use crate::model::Micros;

/// Records that have their time alone.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Those of the stage of the one before.
    again: u64,
    /// Those of the stage before that one.
    back: u64,
}

impl Told {
    /// Counts the records of a deal, which are sorted.
    pub(super) fn count<K: PartialEq>(&mut self, records: &[(Micros, K)]) {
        let at = |place: usize| records.get(place).map(|(at, _)| *at);
        let is_alone = |place: usize| {
            at(place) != at(place + 1) && place.checked_sub(1).is_none_or(|p| at(p) != at(place))
        };
        let stage =
            |place: usize| records.get(place).map(|(_, stage)| stage).filter(|_| is_alone(place));
        for place in 1..records.len() {
            let (Some(before), Some(here)) = (stage(place - 1), stage(place)) else { continue };
            let earlier = place.checked_sub(2).and_then(stage);
            self.again += u64::from(here == before);
            self.back += u64::from(here != before && earlier == Some(here));
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.again += other.again;
        self.back += other.back;
    }

    /// Whether deals come back more often than a stage is told again.
    pub(super) fn is_return(&self) -> bool {
        self.back > self.again
    }
}
