//! M2 `payment_collection`: how much of what was won has been paid.

use super::layout::{MetricTable, Tail};
use super::monthly::{Monthly, rate_reason};
use super::payment_state::{self, Wins};
use super::shared::OnShared;
use super::{Reason, Row};
use crate::model::{About, Run, Unit, column};

/// The metric.
#[derive(Debug)]
pub struct PaymentCollection;

static ABOUT: About = About {
    id: "M2.collection",
    name: "payment_collection",
    title: "Share of the won amount that was paid",
    question: "How much of what was won has been paid?",
    definition: "Wins of the period that stand at `as_of`, whatever `win_event` is. `won_minor`: their \
        amounts, unknown ones and those below 0 as 0. `collected_minor`: of each the payments up to \
        `as_of`, refunds subtracted, at least 0 and at most its amount. `collected_share` = `collected_minor` / \
        `won_minor`. `overpaid_minor`: what came beyond the amounts. `paid`: wins whose payments reached \
        `paid_threshold` of the amount at some time. Per currency; payments in another currency than \
        their deal's do not count, `n_other_currency` says how many. `n`: wins.",
    caveat: "Young wins have had less time to be paid: compare periods by payment_time.",
    source: "definition",
    keys: &[],
    estimate: "",
    columns: &[
        column("paid", Unit::Count, "Wins that are paid."),
        column("unpaid", Unit::Count, "Wins that are not."),
        column("won_minor", Unit::Minor, "Amounts of the wins."),
        column("collected_minor", Unit::Minor, "What was paid of them."),
        column("outstanding_minor", Unit::Minor, "won_minor - collected_minor."),
        column("collected_share", Unit::Rate, "collected_minor / won_minor."),
        column("overpaid_minor", Unit::Minor, "What was paid beyond the amounts."),
        column("n_null_amount", Unit::Count, "Wins without an amount."),
        column(
            "n_other_currency",
            Unit::Count,
            "Payments in another currency, which do not count.",
        ),
    ],
};

impl OnShared for PaymentCollection {
    type State = Monthly<Wins>;
    const ABOUT: &'static About = &ABOUT;

    fn write(&self, table: &mut MetricTable<'_>, state: &Monthly<Wins>, run: &Run) {
        payment_state::note_absent(table, run);
        for (cell, wins) in state.clone().with_wholes().by_period(run, true) {
            write(table.row(cell.slice, Some(cell.period), cell.currency), &wins, run);
        }
    }
}

fn write(mut row: Row<'_>, wins: &Wins, run: &Run) {
    let found = &wins.standing;
    let share = (found.won > 0).then(|| found.collected as f64 / found.won as f64);
    row.set("paid", found.paid)
        .set("unpaid", found.wins - found.paid)
        .set_minor("won_minor", found.won)
        .set_minor("collected_minor", found.collected)
        .set_minor("outstanding_minor", found.won - found.collected)
        .set("collected_share", share)
        .set_minor("overpaid_minor", found.overpaid)
        .set("n_null_amount", found.null_amounts)
        .set("n_other_currency", found.other_currency);
    let reason = match share {
        None => Some(Reason::ZeroDenominator),
        Some(_) => rate_reason(found.wins, run),
    };
    row.end(Tail { n: found.wins.into(), reason, quality_count: found.quality, ..Tail::default() });
}
