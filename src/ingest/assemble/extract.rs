//! The instant up to which an export knows everything.
//!
//! A time that lies after the present is a slip of the pen or a sentinel: it does not tell.

use std::collections::BTreeMap;

use super::Gathered;
use crate::ingest::columns::Col;
use crate::model::Micros;
use crate::model::calendar::DAY_MICROS;

/// The times that were seen.
#[derive(Debug)]
struct Seen {
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

/// Just after the latest thing that the export knows of, and what was assumed. `now` is the present;
/// a day more is allowed for zones and clocks that differ.
pub(super) fn instant(all: &Gathered, now: Micros) -> (Micros, Vec<String>) {
    let limit = now.saturating_add(DAY_MICROS);
    let mut seen = Seen { limit, latest: Micros::MIN, later: BTreeMap::new() };
    look(all, &mut seen);
    let known = seen.later.values().map(|(_, latest)| *latest).max();
    match (seen.latest, known) {
        (Micros::MIN, None) => (1, Vec::new()),
        // Nothing but the future: the clock is wrong, not the export.
        (Micros::MIN, Some(latest)) => (latest + 1, Vec::new()),
        (latest, _) => (latest + 1, said(&seen.later)),
    }
}

fn look(all: &Gathered, seen: &mut Seen) {
    let is_without_history = all.history.iter().all(|part| part.rows.is_empty());
    for row in &all.deals.rows {
        seen.see(Col::CreatedAt, row.created_at.get());
        seen.see(Col::ModifiedAt, row.modified_at.get());
        seen.see(Col::LastStageChangeAt, row.last_stage_change_at.get());
        row.entered.iter().for_each(|(_, _, at)| seen.see(Col::ChangedAt, Some(*at)));
        if is_without_history && !all.has_modified && row.entered.is_empty() {
            seen.see(Col::ClosedAt, row.closed_at.get());
        }
    }
    for row in all.history.iter().flat_map(|part| &part.rows) {
        seen.see(Col::ChangedAt, row.at.get());
    }
    all.log.rows.iter().for_each(|row| seen.see(Col::ChangedAt, Some(row.at)));
    for row in all.activities.iter().flat_map(|part| &part.rows) {
        seen.see(Col::DoneAt, row.done_at.get().filter(|_| !row.is_done_by_due));
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
    use super::super::super::rows::{ActivityRow, DealRow};
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
        assert_eq!(instant(&all, DAY_MICROS).0, 4);
    }
}
