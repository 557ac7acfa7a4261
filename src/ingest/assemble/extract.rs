//! The instant up to which an export knows everything.
//!
//! A time that lies after the present is a slip of the pen or a sentinel: it does not tell.

use std::collections::BTreeMap;

use super::group::Grouped;
use super::life::sym;
use super::stages::StageIds;
use super::{Gathered, closes};
use crate::error::Result;
use crate::ingest::columns::Col;
use crate::ingest::rows::{DealRow, word};
use crate::model::calendar::DAY_MICROS;
use crate::model::config::CloseSource;
use crate::model::{Catalogue, Config, Micros, Status, Sym, Zone};

/// The times that were seen.
#[derive(Debug)]
pub(super) struct Seen {
    /// Times after it do not tell.
    limit: Micros,
    latest: Micros,
    /// Times after the limit: how many, and the latest, by column.
    later: BTreeMap<Col, (u64, Micros)>,
}

impl Seen {
    fn see(&mut self, col: Col, at: Option<Micros>) {
        let Some(at) = at else { return };
        if at <= self.limit {
            self.latest = self.latest.max(at);
            return;
        }
        let (count, latest) = self.later.entry(col).or_insert((0, at));
        *count += 1;
        *latest = at.max(*latest);
    }
}

impl Seen {
    /// Just after the latest thing that the export knows of.
    pub(super) fn instant(&self) -> Micros {
        // Nothing but the future: the clock is wrong, not the export.
        let future = || self.later.values().map(|(_, latest)| *latest).max();
        match self.latest {
            Micros::MIN => future().map_or(1, |latest| latest + 1),
            latest => latest + 1,
        }
    }

    /// What is assumed of times after the present.
    pub(super) fn said(&self) -> Vec<String> {
        if self.latest == Micros::MIN { Vec::new() } else { said(&self.later) }
    }
}

/// The times that are told without knowing what the stages mean. `now` is the present; a day more is
/// allowed for zones and clocks that differ.
pub(super) fn seen(all: &Gathered, now: Micros) -> Seen {
    let limit = now.saturating_add(DAY_MICROS);
    let mut seen = Seen { limit, latest: Micros::MIN, later: BTreeMap::new() };
    for row in &all.deals.rows {
        seen.see(Col::CreatedAt, row.created_at.get());
        seen.see(Col::ModifiedAt, row.modified_at.get());
        seen.see(Col::LastStageChangeAt, row.last_stage_change_at.get());
        row.entered.iter().for_each(|(_, _, at)| seen.see(Col::ChangedAt, Some(*at)));
    }
    for row in all.history.iter().flat_map(|part| &part.rows) {
        seen.see(Col::ChangedAt, row.at.get());
    }
    all.log.rows.iter().for_each(|row| seen.see(Col::ChangedAt, Some(row.at)));
    for row in all.activities.iter().flat_map(|part| &part.rows) {
        seen.see(Col::DoneAt, row.done_at.get().filter(|_| !row.is_done_by_due));
    }
    seen
}

/// What tells whether a time of a close is one at which something happened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends<'a> {
    /// The history and the stages.
    told: (&'a Grouped, &'a StageIds, &'a Catalogue),
    /// It tells days.
    pub(super) zone: Zone,
    /// Which time of a close holds.
    source: CloseSource,
}

impl Seen {
    /// Adds the close times of closed deals. The close date of an open deal is an expectation, and so is one
    /// after the day on which its row was changed last. A history that ends as the deal did tells when
    /// itself. A close that is guessed counts only where nothing else tells how long deals were watched.
    pub(super) fn see_closes(&mut self, all: &Gathered, ends: Ends<'_>) {
        let (_, stages, catalogue) = ends.told;
        let has_history = all.history.iter().any(|part| !part.rows.is_empty());
        let are_guessed = !all.has_modified && !has_history;
        for (deal, row) in all.deals.rows.iter().enumerate() {
            let at = match row.closed_at.get() {
                Some(at) => Some(at).filter(|&at| ends.has_come(row, at)),
                None if are_guessed && row.entered.is_empty() => {
                    closes::guessed_close(all, deal, ends.zone)
                }
                None => None,
            };
            // Only the latest of all is asked for.
            let Some(at) = at.filter(|&at| at > self.latest) else { continue };
            let status = closes::status(row, stages, catalogue);
            if status != Status::Open && !ends.are_in_history(all, deal, status, self.limit) {
                self.see(Col::ClosedAt, Some(at));
            }
        }
    }
}

impl<'a> Ends<'a> {
    /// Errors: the configured zone is none.
    pub(super) fn new(
        told: (&'a Grouped, &'a StageIds, &'a Catalogue),
        config: &Config,
    ) -> Result<Self> {
        Ok(Self { told, zone: config.zone()?, source: config.close_ts_source })
    }

    /// Whether the row knows of the close: it was not changed last on a day before. A change before the deal
    /// was there tells nothing.
    fn has_come(self, row: &DealRow, at: Micros) -> bool {
        let modified = row.modified_at.get().filter(|at| Some(*at) >= row.created_at.get());
        modified.is_none_or(|modified| self.zone.day(at) <= self.zone.day(modified))
    }

    /// Whether the last that is recorded of the deal is a stage of this outcome, which then tells the time.
    fn are_in_history(self, all: &Gathered, deal: usize, status: Status, limit: Micros) -> bool {
        if self.source == CloseSource::ClosedAt {
            return false;
        }
        let (history, stages, catalogue) = self.told;
        let row = &all.deals.rows[deal];
        let pipeline = Sym(row.words[word::PIPELINE].0);
        let own = |of: Sym| if of.is_none() { pipeline } else { of };
        let moves = history.rows(&all.history, deal).filter_map(|(part, change)| {
            Some((change.at.get()?, own(sym(part, change.pipeline)), sym(part, change.to)))
        });
        let is_without = history.count(deal) == 0;
        let entered = row.entered.iter().filter(|_| is_without);
        let entered = entered.map(|(to, of, at)| (*at, own(Sym(of.0)), Sym(to.0)));
        let known = moves.chain(entered).filter(|(at, ..)| *at <= limit);
        let last = known.clone().map(|(at, ..)| at).max();
        known.filter(|(at, ..)| Some(*at) == last).any(|(_, pipeline, stage)| {
            let stage = stages.find(pipeline, stage);
            stage.is_some_and(|stage| Status::from(catalogue.get(stage).kind) == status)
        })
    }
}

fn said(later: &BTreeMap<Col, (u64, Micros)>) -> Vec<String> {
    let say = |(col, (count, latest)): (&Col, &(u64, Micros))| {
        let latest = chrono::DateTime::from_timestamp_micros(*latest)
            .map_or_else(String::new, |at| at.format("%Y-%m-%d").to_string());
        format!(
            "{count} times of `{}` lie after the present, the latest on {latest}: they do not tell \
             when the export was made, and what happens then has not happened yet.",
            col.name()
        )
    };
    later.iter().map(say).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::activities::ActivityRow;
    use super::super::super::rows::DealRow;
    use super::super::{Gathered, Joined};
    use super::*;

    fn deals(created: &[Micros]) -> Gathered {
        let mut all = Gathered::default();
        let row = |&at: &Micros| DealRow { created_at: Some(at).into(), ..DealRow::default() };
        all.deals.rows = created.iter().map(row).collect();
        all
    }

    #[test]
    fn a_time_after_the_present_does_not_move_it() {
        let day = DAY_MICROS;
        let instant = |all: &Gathered, now| {
            let seen = seen(all, now);
            (seen.instant(), seen.said())
        };
        assert_eq!(instant(&deals(&[day, 2 * day]), 5 * day), (2 * day + 1, Vec::new()));
        assert_eq!(instant(&deals(&[day, 6 * day]), 5 * day), (6 * day + 1, Vec::new()));
        let (at, said) = instant(&deals(&[day, 7 * day, 9 * day]), 5 * day);
        assert_eq!(at, day + 1);
        assert!(said[0].starts_with("2 times of `created_at`"), "{said:?}");
        assert!(said[0].contains("1970-01-10"), "{said:?}");
        assert_eq!(instant(&deals(&[7 * day]), 5 * day), (7 * day + 1, Vec::new()));
        assert_eq!(instant(&deals(&[]), 5 * day), (1, Vec::new()));
    }

    #[test]
    fn a_done_time_that_is_only_a_due_date_does_not_move_it() {
        let mut all = deals(&[1]);
        let row = |at, is_done_by_due| ActivityRow {
            done_at: Some(at).into(),
            is_done_by_due,
            ..ActivityRow::default()
        };
        let rows = vec![row(8, true), row(3, false)];
        all.activities.push(Joined { rows, words: Vec::new(), has_values: false });
        assert_eq!(seen(&all, DAY_MICROS).instant(), 4);
    }
}
