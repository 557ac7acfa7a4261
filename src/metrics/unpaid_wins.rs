//! M2 `unpaid_wins`: what is still to be paid, by how long ago it was won.

use super::Row;
use super::layout::{Dimension, MetricTable, Tail};
use super::monthly::Monthly;
use super::payment_state::{self, BANDS, Wins};
use super::shared::OnShared;
use crate::model::{About, PeriodKind, Run, Unit, column};

/// The metric.
#[derive(Debug)]
pub struct UnpaidWins;

static ABOUT: About = About {
    id: "M2.unpaid",
    name: "unpaid_wins",
    title: "Unpaid wins by age",
    question: "How much is still to be paid, and since when?",
    definition: "Wins that stand at `as_of` and whose payments never reached `paid_threshold` of the \
        amount, whatever `win_event` is, by days since the win. `outstanding_minor`: of each its amount \
        less what was paid of it, refunds subtracted, between 0 and the amount; unknown amounts as 0. \
        `outstanding_share`: of all that is outstanding in the population. Per currency. `n`: wins.",
    caveat: "The age counts from the win, not from the day on which the payment is due.",
    source: "definition",
    keys: &["age_band"],
    estimate: "",
    columns: &[
        column("age_band", Unit::Text, "Days since the win."),
        column("unpaid", Unit::Count, "Wins that are not paid."),
        column("outstanding_minor", Unit::Minor, "What is still to be paid of them."),
        column("outstanding_share", Unit::Rate, "Share of all that is outstanding."),
        column("n_null_amount", Unit::Count, "Of them, wins without an amount."),
    ],
};

impl OnShared for UnpaidWins {
    type State = Monthly<Wins>;
    const ABOUT: &'static About = &ABOUT;

    fn write(&self, table: &mut MetricTable<'_>, state: &Monthly<Wins>, run: &Run) {
        payment_state::note_absent(table, run);
        for (cell, wins) in state.clone().with_wholes().by_period(run, false) {
            if cell.period.kind != PeriodKind::All {
                continue;
            }
            let is_whole = cell.slice.dimension == Dimension::All;
            for band in 0..BANDS.len() {
                if is_whole || wins.unpaid[band].wins > 0 {
                    write(table.row(cell.slice, Some(cell.period), cell.currency), &wins, band);
                }
            }
        }
    }
}

fn write(mut row: Row<'_>, wins: &Wins, band: usize) {
    let found = &wins.unpaid[band];
    let all: i128 = wins.unpaid.iter().map(|band| band.outstanding).sum();
    row.set("age_band", BANDS[band])
        .set("unpaid", found.wins)
        .set_minor("outstanding_minor", found.outstanding)
        .set("outstanding_share", (all > 0).then(|| found.outstanding as f64 / all as f64))
        .set("n_null_amount", found.null_amounts);
    let quality_count = found.quality;
    row.end(Tail { n: found.wins.into(), quality_count, ..Tail::default() });
}
