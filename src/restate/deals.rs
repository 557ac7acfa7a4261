//! Deals that are not what they were, and the numbers that each of them can have moved.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::facts::{Life, differences, instant};
use super::{Scope, Side};
use crate::model::restated::{ChangedDeal, FactChange, MovedNumber};
use crate::model::{Day, Partition, Scratch, Sym, Timeline, Value};

/// A changed deal, with the populations that it belongs to in either run.
pub(super) struct Found {
    /// What is told of it.
    pub(super) deal: ChangedDeal,
    pipelines: Vec<String>,
    owners: Vec<String>,
    teams: Vec<String>,
    sources: Vec<String>,
    segments: Vec<String>,
    /// First and last day on which it was there and open.
    days: (Day, Day),
}

/// Where a deal lies: partition and row.
type Place = (usize, usize);

/// The deals that differ, by id.
pub(super) fn changed(before: &Side<'_>, after: &Side<'_>, scope: Scope<'_>) -> Vec<Found> {
    let Scope { with_activities, months: wanted } = scope;
    let is_wanted = |month: &Option<i32>| wanted.is_none_or(|months| months.contains(month));
    let months = |side: &Side<'_>| -> BTreeMap<Option<i32>, usize> {
        let months = side.dataset.partitions.iter().enumerate();
        let months = months.map(|(at, p)| (p.created_month, at));
        months.filter(|(month, _)| is_wanted(month)).collect()
    };
    let (old, new) = (months(before), months(after));
    let mut pairs: Vec<(Option<usize>, Option<usize>)> =
        old.iter().map(|(month, &at)| (Some(at), new.get(month).copied())).collect();
    let only_new = new.iter().filter(|(month, _)| !old.contains_key(month));
    pairs.extend(only_new.map(|(_, &at)| (None, Some(at))));
    let compare = |pair: &(Option<usize>, Option<usize>)| {
        let mut meeting = Meeting { before, after, with_activities, ..Meeting::new(before, after) };
        meeting.month(*pair);
        (meeting.found, meeting.gone, meeting.come)
    };
    let parts: Vec<_> = pairs.par_iter().map(compare).collect();
    let mut last = Meeting { with_activities, ..Meeting::new(before, after) };
    for (found, gone, come) in parts {
        last.found.extend(found);
        last.gone.extend(gone);
        last.come.extend(come);
    }
    last.strangers();
    last.found.sort_by(|a, b| a.deal.deal_id.cmp(&b.deal.deal_id));
    last.found
}

/// Two runs on their way through their deals.
struct Meeting<'a> {
    before: &'a Side<'a>,
    after: &'a Side<'a>,
    with_activities: bool,
    scratch: (Scratch, Scratch),
    found: Vec<Found>,
    /// Deals of one month of one run that the same month of the other does not have.
    gone: Vec<Place>,
    come: Vec<Place>,
}

impl<'a> Meeting<'a> {
    fn new(before: &'a Side<'a>, after: &'a Side<'a>) -> Self {
        Self {
            before,
            after,
            with_activities: false,
            scratch: (Scratch::default(), Scratch::default()),
            found: Vec::new(),
            gone: Vec::new(),
            come: Vec::new(),
        }
    }

    /// The deals created in one month; they are sorted by their ids.
    fn month(&mut self, (old, new): (Option<usize>, Option<usize>)) {
        let of = |side: &'a Side<'a>, at: Option<usize>| -> Option<&'a Partition> {
            at.and_then(|at| side.dataset.partitions.get(at))
        };
        let (a, b) = (of(self.before, old), of(self.after, new));
        let id = |part: Option<&'a Partition>, row: usize| -> Option<&'a str> {
            part.filter(|part| row < part.len()).map(|part| part.deal_ids.get(row))
        };
        let (mut i, mut j) = (0, 0);
        loop {
            match (id(a, i), id(b, j)) {
                (None, None) => break,
                (Some(x), Some(y)) if x == y => {
                    self.pair((old.unwrap_or(0), i), (new.unwrap_or(0), j));
                    (i, j) = (i + 1, j + 1);
                }
                (Some(x), y) if y.is_none_or(|y| x < y) => {
                    self.gone.push((old.unwrap_or(0), i));
                    i += 1;
                }
                _ => {
                    self.come.push((new.unwrap_or(0), j));
                    j += 1;
                }
            }
        }
    }

    /// Deals that moved to another month, that are new, or gone.
    fn strangers(&mut self) {
        let id = |side: &'a Side<'a>, (at, row): Place| -> &'a str {
            side.dataset.partitions[at].deal_ids.get(row)
        };
        let come = std::mem::take(&mut self.come);
        let mut new: BTreeMap<&str, Place> =
            come.into_iter().map(|place| (id(self.after, place), place)).collect();
        for place in std::mem::take(&mut self.gone) {
            match new.remove(id(self.before, place)) {
                Some(other) => self.pair(place, other),
                None => self.meet(Some(place), None),
            }
        }
        for place in new.into_values() {
            self.meet(None, Some(place));
        }
    }

    fn pair(&mut self, old: Place, new: Place) {
        self.meet(Some(old), Some(new));
    }

    /// Compares a deal; one that does not exist at `as_of` in a run is as if it were not there.
    fn meet(&mut self, old: Option<Place>, new: Option<Place>) {
        let (before, after) = (self.before, self.after);
        let (first, second) = &mut self.scratch;
        let a = timeline(before, old, first);
        let b = timeline(after, new, second);
        let changes = match (&a, &b) {
            (None, None) => return,
            (Some(a), Some(b)) => {
                let (a, b) = (Life { deal: a, run: before.run }, Life { deal: b, run: after.run });
                differences(a, b, self.with_activities)
            }
            (a, b) => {
                let since = |life: &Option<Timeline<'_>>| match life {
                    Some(life) => format!("created {}", instant(Some(life.facts.created_at))),
                    None => String::new(),
                };
                vec![FactChange { fact: "deal", before: since(a), after: since(b) }]
            }
        };
        if !changes.is_empty() {
            let found = found(changes, [(before, a.as_ref()), (after, b.as_ref())]);
            self.found.push(found);
        }
    }
}

fn timeline<'s>(
    side: &'s Side<'_>,
    place: Option<Place>,
    scratch: &'s mut Scratch,
) -> Option<Timeline<'s>> {
    let (at, row) = place?;
    scratch.timeline(side.dataset.partitions.get(at)?, row, side.run)
}

fn found(changes: Vec<FactChange>, lives: [(&Side<'_>, Option<&Timeline<'_>>); 2]) -> Found {
    let mut found = Found {
        deal: ChangedDeal { changes, ..ChangedDeal::default() },
        pipelines: Vec::new(),
        owners: Vec::new(),
        teams: Vec::new(),
        sources: Vec::new(),
        segments: Vec::new(),
        days: (Day::MAX, Day::MIN),
    };
    for (side, life) in lives {
        let Some(life) = life else { continue };
        let word = |sym: Sym| side.run.names.text(sym).map(|word| word.to_string());
        let or_none = |sym: Sym| word(sym).unwrap_or_else(|| "__NONE__".to_owned());
        let facts = &life.facts;
        let pipeline = word(facts.pipeline).unwrap_or_default();
        found.deal.deal_id = life.deal_id.to_owned();
        found.deal.name = life.name.to_owned();
        found.deal.pipeline.clone_from(&pipeline);
        found.pipelines.push(pipeline);
        found.pipelines.push(word(facts.initial_pipeline).unwrap_or_default());
        found.owners.push(side.run.owner_label(facts.owner).to_string());
        found.teams.extend(side.run.team(facts.owner).map(|team| team.to_string()));
        found.sources.push(or_none(facts.source));
        found.segments.push(or_none(facts.segment));
        found.days.0 = found.days.0.min(facts.created_on);
        found.days.1 = found.days.1.max(facts.closed_on.unwrap_or(side.run.as_of));
    }
    found
}

/// Says which of the changed deals can have moved a number: those of its population that lived in its
/// period.
pub(super) fn attribute(number: &mut MovedNumber, changed: &[Found]) {
    let [pipeline, owner, team, source, segment, _, kind, start, end] = &number.place;
    let is_in = |wanted: &Value, of: &[String]| match wanted.as_str() {
        None => true,
        Some(wanted) => of.iter().any(|word| word == wanted),
    };
    let is_windowed = !matches!(kind.as_str(), None | Some("all" | "trailing"));
    let lived = |days: (Day, Day)| match (start, end) {
        (Value::Day(start), Value::Day(end)) if is_windowed => days.0 < *end && days.1 >= *start,
        _ => true,
    };
    let mut ids = Vec::new();
    let mut count = 0;
    for deal in changed {
        if lived(deal.days)
            && is_in(pipeline, &deal.pipelines)
            && is_in(owner, &deal.owners)
            && is_in(team, &deal.teams)
            && is_in(source, &deal.sources)
            && is_in(segment, &deal.segments)
        {
            count += 1;
            if ids.len() < 5 {
                ids.push(deal.deal.deal_id.clone());
            }
        }
    }
    number.deals = count;
    number.sample_ids = ids;
}
