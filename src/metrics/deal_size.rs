//! J4: how large won deals are.
//!
//! Keeps every amount of a cell (as a multiset), because money quantiles are exact here.

use super::gather::gather;
use super::layout::{PARTS, Reason};
use super::monthly::{Monthly, Values, currency_of, small};
use super::{Metric, MetricTable, Tail};
use crate::error::Result;
use crate::model::deal::Status;
use crate::model::{About, Run, Timeline, Unit, column};
use crate::stats::interval::moments;

/// J4.
#[derive(Clone, Copy, Debug)]
pub struct DealSize;

static ABOUT: About = About {
    id: "J4",
    name: "deal_size",
    title: "Size of won deals",
    question: "How large are the deals we win?",
    definition: "Amounts of the deals won in the period, per currency; unknown and negative amounts are left out \
        (`n_null_amount`, `n_negative_amount`); `bookings_minor` has the negative ones too. Quantiles are type 7 on \
        all amounts. `top1_share` = largest amount / sum; above one half the row is flagged. `lower` and `upper` are \
        Student's t limits of the mean, not below 0; the median has limits by order statistics.",
    caveat: "Sizes are skewed: the mean follows the largest deals, the median does not.",
    source: "definition; Hyndman & Fan 1996",
    keys: &[],
    estimate: "mean_minor",
    columns: &[
        column("bookings_minor", Unit::Minor, "Sum of the amounts, negative ones too."),
        column("n_booked", Unit::Count, "Won deals with an amount, negative ones too."),
        column("sum_minor", Unit::Minor, "Sum of the amounts that are not negative."),
        column("mean_minor", Unit::Minor, "Mean amount."),
        column("q25_minor", Unit::Minor, "First quartile."),
        column("q50_minor", Unit::Minor, "Median."),
        column("q75_minor", Unit::Minor, "Third quartile."),
        column("q90_minor", Unit::Minor, "90 % quantile."),
        column("median_lower_minor", Unit::Minor, "Lower 95 % limit of the median."),
        column("median_upper_minor", Unit::Minor, "Upper 95 % limit of the median."),
        column("top1_share", Unit::Rate, "Largest amount / sum."),
        column("is_top_heavy", Unit::Flag, "Whether one deal makes more than half of the sum."),
        column("n_null_amount", Unit::Count, "Won deals without an amount."),
        column("n_negative_amount", Unit::Count, "Won deals with a negative amount."),
    ],
};

const QUANTILES: [(&str, f64); 4] =
    [("q25_minor", 0.25), ("q50_minor", 0.5), ("q75_minor", 0.75), ("q90_minor", 0.9)];

/// Amounts of a cell.
#[derive(Clone, Debug, Default)]
pub struct Sizes {
    amounts: Values,
    null_amounts: u64,
    negative: u64,
    /// The sum of the negative amounts.
    taken: i128,
    quality: u64,
}

gather!(Sizes: amounts, null_amounts, negative, taken, quality);

impl Metric for DealSize {
    type State = Monthly<Sizes>;
    const ABOUT: &'static About = &ABOUT;

    fn fold(&self, deal: &Timeline<'_>, run: &Run, state: &mut Self::State) {
        let facts = &deal.facts;
        let currency = currency_of(facts, run);
        state.see(facts.pipeline, currency);
        let Some(month) = facts.closed_month.filter(|_| facts.outcome == Status::Won) else {
            return;
        };
        let quality = u64::from(deal.is_mended());
        state.each(facts, (currency, month), PARTS, run, |cell| {
            cell.quality += quality;
            match facts.amount_minor {
                None => cell.null_amounts += 1,
                Some(amount) if amount < 0 => {
                    cell.negative += 1;
                    cell.taken += i128::from(amount);
                }
                Some(amount) => cell.amounts.push(amount),
            }
        });
    }

    fn merge(&self, into: &mut Self::State, from: Self::State) {
        into.merge(from);
    }

    fn finish(&self, state: Self::State, table: &mut MetricTable<'_>, run: &Run) -> Result<()> {
        for (cell, sizes) in state.with_wholes().by_period(run, true) {
            let amounts = sizes.amounts.ranks();
            let (n, sum, squares) = amounts.sums();
            let mut row = table.row(cell.slice, Some(cell.period), cell.currency);
            let booked = n + sizes.negative;
            row.set_minor("bookings_minor", (booked > 0).then_some(sum + sizes.taken))
                .set("n_booked", booked)
                .set("n_null_amount", sizes.null_amounts)
                .set("n_negative_amount", sizes.negative);
            let mut tail = Tail {
                n: n.into(),
                reason: Some(Reason::ZeroDenominator),
                quality_count: sizes.quality,
                ..Tail::default()
            };
            if let Some(found) = moments(n, sum, squares) {
                let largest = amounts.last().unwrap_or(0);
                let top = (sum > 0).then(|| largest as f64 / sum as f64);
                row.set_minor("sum_minor", sum)
                    .set("mean_minor", found.mean)
                    .set("top1_share", top)
                    .set("is_top_heavy", top.map(|_| i128::from(largest) * 2 > sum));
                for (name, p) in QUANTILES {
                    row.set(name, amounts.quantile(p));
                }
                if let Some((lower, upper)) = amounts.median_interval() {
                    row.set("median_lower_minor", lower).set("median_upper_minor", upper);
                }
                tail.interval = found.interval.map(|i| (i.lower.max(0.0), i.upper));
                tail.method = "student_t";
                tail.reason = small(n, run);
            }
            row.end(tail);
        }
        Ok(())
    }
}
