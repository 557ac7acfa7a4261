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
    /// Its words in either run, in the order of [`MovedNumber::place`]: pipeline, owner, team, source, segment.
    words: [Vec<String>; 5],
    /// First and last day on which it was there and open.
    days: (Day, Day),
}

/// Metrics whose rows also hold or compare what had ended before their period: won and lost stages, the periods
/// before, the past that chances come from.
const LOOKING_BACK: [&str; 16] = [
    "stage_flow",
    "stage_value_flow",
    "lever_decomposition",
    "lever_mix",
    "bottleneck",
    "forecast_accuracy",
    "forecast_lead_accuracy",
    "forecast_skill",
    "goal_gap",
    "goal_chance_wins",
    "goal_chance_bookings",
    "goal_calibration",
    "pipeline_coverage",
    "reverse_funnel",
    "goal_cascade",
    "source_comparison",
];

/// Ids that are told of each number.
const SAMPLE: usize = 5;

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
        let mut meeting = Meeting::new(before, after, with_activities);
        meeting.month(*pair);
        (meeting.found, meeting.gone, meeting.come)
    };
    let parts: Vec<_> = pairs.par_iter().map(compare).collect();
    let mut last = Meeting::new(before, after, with_activities);
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
    fn new(before: &'a Side<'a>, after: &'a Side<'a>, with_activities: bool) -> Self {
        Self {
            before,
            after,
            with_activities,
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
                    self.meet(old.map(|at| (at, i)), new.map(|at| (at, j)));
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
            let other = new.remove(id(self.before, place));
            self.meet(Some(place), other);
        }
        for place in new.into_values() {
            self.meet(None, Some(place));
        }
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
                    Some(life) => format!("created {}", instant(life.facts.created_at)),
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
        words: Default::default(),
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
        let [pipelines, owners, teams, sources, segments] = &mut found.words;
        pipelines.extend([pipeline, word(facts.initial_pipeline).unwrap_or_default()]);
        owners.push(side.run.owner_label(facts.owner).to_string());
        teams.extend(side.run.team(facts.owner).map(|team| team.to_string()));
        sources.push(or_none(facts.source));
        segments.push(or_none(facts.segment));
        found.days.0 = found.days.0.min(facts.created_on);
        found.days.1 = found.days.1.max(facts.closed_on.unwrap_or(side.run.as_of));
    }
    found
}

/// The changed deals by their populations: many numbers move, each by a few of many deals.
pub(super) struct Populations<'a> {
    deals: &'a [Found],
    /// By word: the places of its deals, in their order.
    by_word: [BTreeMap<&'a str, Vec<usize>>; 5],
}

impl<'a> Populations<'a> {
    pub(super) fn new(deals: &'a [Found]) -> Self {
        let mut by_word: [BTreeMap<&str, Vec<usize>>; 5] = Default::default();
        for (at, deal) in deals.iter().enumerate() {
            for (places, words) in by_word.iter_mut().zip(&deal.words) {
                for word in words {
                    let places = places.entry(word).or_default();
                    if places.last() != Some(&at) {
                        places.push(at);
                    }
                }
            }
        }
        Self { deals, by_word }
    }

    /// Says which of the deals can have moved a number: those of its population that lived in its period, or before
    /// its end where it looks back. If there is none, it leans on others: those of its pipeline, or all.
    pub(super) fn attribute(&self, number: &mut MovedNumber) {
        let [.., kind, start, end] = &number.place;
        let is_windowed = !matches!(kind.as_str(), None | Some("all" | "trailing"));
        let is_back = LOOKING_BACK.contains(&number.metric);
        let has_lived = |days: (Day, Day)| match (start, end) {
            (Value::Day(start), Value::Day(end)) if is_windowed => {
                days.0 < *end && (is_back || days.1 >= *start)
            }
            _ => true,
        };
        let wanted = || number.place.iter().zip(0..5).filter_map(|(v, at)| Some((at, v.as_str()?)));
        let is_one = |deal: &&Found| {
            has_lived(deal.days)
                && wanted().all(|(at, wanted)| deal.words[at].iter().any(|word| word == wanted))
        };
        let few =
            wanted().map(|(at, word)| self.by_word[at].get(word).map_or(&[][..], Vec::as_slice));
        let found: Vec<&Found> = match few.min_by_key(|places| places.len()) {
            Some(few) => few.iter().map(|&at| &self.deals[at]).filter(is_one).collect(),
            None => self.deals.iter().filter(is_one).collect(),
        };
        number.deals = found.len() as u64;
        number.sample_ids = found.iter().take(SAMPLE).map(|f| f.deal.deal_id.clone()).collect();
        if found.is_empty() {
            self.lean(number);
        }
    }

    /// Names the deals of the pipeline of a number, or all: its own population did not move it.
    fn lean(&self, number: &mut MovedNumber) {
        let pipeline = number.place[0].as_str();
        let id = |at: usize| self.deals[at].deal.deal_id.clone();
        match pipeline.and_then(|word| self.by_word[0].get(word)) {
            Some(places) => {
                number.deals = places.len() as u64;
                number.sample_ids = places.iter().take(SAMPLE).map(|&at| id(at)).collect();
            }
            None => {
                number.deals = self.deals.len() as u64;
                number.sample_ids = (0..self.deals.len()).take(SAMPLE).map(id).collect();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Unit;

    fn of_owner(owner: usize, at: usize) -> Found {
        let word = |word: &str| vec![word.to_owned()];
        let owners = vec![format!("rep {owner}"), format!("rep {owner}")];
        let deal = ChangedDeal { deal_id: format!("{at:06}"), ..ChangedDeal::default() };
        let words = [word("P"), owners, Vec::new(), word("web"), word("new")];
        Found { deal, words, days: (at as Day, at as Day) }
    }

    fn number(owner: Option<usize>, pipeline: &str, days: Option<(Day, Day)>) -> MovedNumber {
        let mut place: [Value; 9] = Default::default();
        place[0] = pipeline.into();
        place[1] = owner.map(|owner| format!("rep {owner}")).into();
        if let Some((start, end)) = days {
            (place[6], place[7], place[8]) = ("quarter".into(), Value::Day(start), Value::Day(end));
        }
        MovedNumber {
            metric: "x",
            place,
            key: String::new(),
            column: "n",
            unit: Unit::Count,
            before: None,
            after: None,
            deals: 0,
            sample_ids: Vec::new(),
        }
    }

    /// How many deals a number is told with, and which.
    fn told(populations: &Populations<'_>, mut number: MovedNumber) -> (u64, String) {
        populations.attribute(&mut number);
        (number.deals, number.sample_ids.join(" "))
    }

    #[test]
    fn numbers_are_told_with_the_deals_of_their_population_that_lived_in_their_period() {
        let deals: Vec<Found> = (0..30).map(|at| of_owner(at % 3, at)).collect();
        let populations = Populations::new(&deals);
        let told = |number| told(&populations, number);
        let first = "000000 000001 000002 000003 000004".to_owned();
        assert_eq!(told(number(None, "P", None)), (30, first));
        assert_eq!(told(number(Some(1), "P", Some((5, 11)))), (2, "000007 000010".to_owned()));
    }

    #[test]
    fn a_number_that_its_own_deals_did_not_move_leans_on_others() {
        let deals: Vec<Found> = (0..30).map(|at| of_owner(at % 3, at)).collect();
        let populations = Populations::new(&deals);
        let told = |number| told(&populations, number);
        let first = "000000 000001 000002 000003 000004".to_owned();
        assert_eq!(told(number(Some(9), "P", None)), (30, first.clone()));
        assert_eq!(told(number(Some(1), "Q", None)), (30, first.clone()));
        assert_eq!(told(number(Some(1), "P", Some((40, 50)))), (30, first));
        // A stage holds what was won before.
        let flow = MovedNumber { metric: "stage_flow", ..number(Some(1), "P", Some((5, 11))) };
        assert_eq!(told(flow), (4, "000001 000004 000007 000010".to_owned()));
    }

    #[test]
    fn very_many_numbers_of_very_many_deals_are_not_held_against_each_other() {
        // Each with each would be four billion.
        let deals: Vec<Found> = (0..60_000).map(|at| of_owner(at / 10, at)).collect();
        let populations = Populations::new(&deals);
        for at in 0..60_000 {
            let mut number = number(Some(at / 10), "P", None);
            populations.attribute(&mut number);
            assert_eq!(number.deals, 10);
        }
    }
}
