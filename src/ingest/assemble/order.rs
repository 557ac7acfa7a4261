//! The rows of a deal in time. Rows that share their time and have no ids are put in order by what they
//! say, so that their order in the file does not matter (METRICS 3.2).

use super::super::rows::HistoryRow;
use super::life::{Row, sym};
use crate::model::{Micros, Sym};

/// Rows of one time that are put one after another by their stages; more are left in order of content.
const MOST: usize = 64;

fn key(row: &HistoryRow) -> (Option<Micros>, u64, u64) {
    (row.at.get(), row.rank, row.event)
}

/// Sorts the rows of a deal.
pub(super) fn arrange(rows: &mut [Row<'_>]) {
    if rows.is_sorted_by(|a, b| key(a.1) < key(b.1)) {
        return;
    }
    rows.sort_by_key(|(_, row)| key(row));
    let (mut stage, mut rest) = (Sym::NONE, rows);
    while let Some((_, first)) = rest.first() {
        let count = rest.iter().take_while(|(_, row)| key(row) == key(first)).count();
        let (tied, later) = rest.split_at_mut(count);
        if count > 1 {
            chain(tied, stage);
        }
        stage = tied.last().map_or(stage, |(part, row)| sym(part, row.to));
        rest = later;
    }
}

/// Each row after the one that ends where it begins, as far as there is one.
fn chain(rows: &mut [Row<'_>], mut stage: Sym) {
    rows.sort_by_key(|(part, row)| {
        let words = [row.from, row.to, row.forecast, row.by, row.pipeline];
        let numbers = (row.amount_minor.get(), row.expected_close_on.get());
        (words.map(|word| sym(part, word)), numbers, row.probability_bp.get())
    });
    let most = rows.len().min(MOST);
    for at in 0..most {
        let goes_on = |(part, row): &Row<'_>| sym(part, row.from) == stage;
        let next = rows[at..most].iter().position(goes_on).unwrap_or(0);
        rows[at..=at + next].rotate_right(1);
        let (part, row) = rows[at];
        stage = sym(part, row.to);
    }
}
