//! L1 `forecast_snapshots`: what was forecast on past days, as it was kept or rebuilt from history.
//!
//! Rebuilt day by day from stages, amounts, expected closes and categories as they stood then, by the
//! history of the fields or by the nightly snapshots of the deals. A deal
//! whose expected close of that day is not known is never given today's: it is `undated`.

use super::forecast_days::{Agenda, Tier};
use super::forecast_kept::Stored;
use super::forecast_looks::Cell;
use super::forecast_measures::{BASIS, Judge, LEAD, leaky};
use super::forecast_said::parts;
use super::forecast_table::OfForecasts;
use super::forecast_units::{Family, by_owner};
use super::layout::{MetricTable, Row, Slice, Tail};
use crate::model::{About, Known, Run, Sym, Unit, column};

/// The metric.
#[derive(Debug)]
pub struct ForecastSnapshots;

static ABOUT: About = About {
    id: "L1",
    name: "forecast_snapshots",
    title: "Forecasts as they stood",
    question: "What was forecast for a quarter, on which day, and how well is that known?",
    definition: "For each of the last `forecast_periods` complete quarters and the current one, on the days \
        `forecast_leads` before its end, by owner and category. `rebuilt`: deals open at the end of that day and \
        then expected to close in the quarter, in the category of that day (`most_likely` counts as best case); \
        where no history of categories is known, by the win probability of the stage they stood in: from 0.8 commit, \
        from 0.5 best case, else pipeline. `closed`: deals that stood won by a win in the quarter. `undated`: open \
        deals whose expected close of that day nobody knows; never today's. What the history of a field does not \
        tell is taken from `deal_snapshots`, which every run writes: what the deal was on the last night, at most 7 \
        days before; a deal that was not open that night is not due. `stored`: the latest forecast kept at most 7 \
        days before that day; under `category_rollup` = `cumulative` each category less the surer ones. Owner: that \
        of the day, by `credit_rule`.",
    caveat: "`grade` is `inferred` where an amount is of a later day or a category follows from the stage: amounts \
        drift towards the outcome.",
    source: "definition",
    keys: &["basis", "lead_days", "category"],
    estimate: "amount_minor",
    columns: &[
        BASIS,
        LEAD,
        column("snapshot_on", Unit::Date, "The day of the forecast."),
        column(
            "category",
            Unit::Text,
            "`closed`, `commit`, `best_case`, `pipeline`, `omitted`, `undated`, or that of the file.",
        ),
        column("deals", Unit::Count, "Deals; null if the forecast is not by deal."),
        column("amount_minor", Unit::Minor, "Sum of their amounts as of that day."),
        column("n_null_amount", Unit::Count, "Of them, deals without an amount."),
        column(
            "stage_basis",
            Unit::Text,
            "How the stages are known: `history`, `snapshot` or `stored`.",
        ),
        column(
            "amount_basis",
            Unit::Text,
            "`history`, `snapshot`, `stored`, or `current`: the worst that was used.",
        ),
        column(
            "ecd_basis",
            Unit::Text,
            "How the expected closes are known: `history`, `snapshot`, `stored`, or `current`, which is not used.",
        ),
        column(
            "category_basis",
            Unit::Text,
            "`history`, `snapshot`, `stage` or `stored`: the worst that was used.",
        ),
        column(
            "grade",
            Unit::Text,
            "`observed` if every value is from history, a snapshot or was kept, else `inferred`.",
        ),
    ],
};

impl OfForecasts for ForecastSnapshots {
    const ABOUT: &'static About = &ABOUT;

    fn write(&self, table: &mut MetricTable<'_>, judge: &Judge<'_>) {
        let Judge { family, agenda, run, .. } = *judge;
        for mark in &agenda.marks {
            let slot = agenda.slot(mark.quarter, mark.lead);
            let at = Place { family, agenda, mark, run };
            if family.is_stored {
                for (owner, stored) in by_owner(&family.stored, slot) {
                    at.stored(table, owner, stored);
                }
                continue;
            }
            at.rebuilt(table, None, &family.total(slot));
            for (owner, cells) in by_owner(&family.cells, slot) {
                at.rebuilt(table, Some(owner), cells);
            }
        }
    }
}

/// Where rows are written.
struct Place<'p> {
    family: &'p Family,
    agenda: &'p Agenda,
    mark: &'p super::forecast_days::Mark,
    run: &'p Run,
}

impl Place<'_> {
    fn row<'t>(&self, table: &'t mut MetricTable<'_>, owner: Option<Sym>) -> Row<'t> {
        let family = self.family;
        let whole = Slice::whole(family.pipeline);
        let slice = owner.map_or(whole, |owner| Slice::owner(family.pipeline, owner));
        let period = self.agenda.quarters[self.mark.quarter].period;
        let mut row = table.row(slice, Some(period), family.currency);
        row.set("basis", if family.is_stored { "stored" } else { "rebuilt" })
            .set("lead_days", self.agenda.leads[self.mark.lead])
            .set_day("snapshot_on", Some(self.mark.on));
        row
    }

    fn rebuilt(&self, table: &mut MetricTable<'_>, owner: Option<Sym>, cells: &[Cell; 6]) {
        for tier in Tier::ALL {
            let cell = &cells[tier as usize];
            if cell.due.n == 0 {
                continue;
            }
            let is_dated = tier != Tier::Undated;
            let amount = is_dated.then_some(cell.due.minor);
            let seen = |at: usize| if cell.seen[at] > 0 { "snapshot" } else { "history" };
            let category_basis = if cell.by_stage > 0 { "stage" } else { seen(2) };
            let is_observed = is_dated && cell.amounts < Known::Current && cell.by_stage == 0;
            let mut row = self.row(table, owner);
            row.set("category", tier.as_str())
                .set("deals", cell.due.n)
                .set_minor("amount_minor", amount)
                .set("n_null_amount", cell.null_amounts)
                .set("stage_basis", seen(1))
                .set("amount_basis", cell.amounts.as_str())
                .set("ecd_basis", if is_dated { seen(0) } else { "current" })
                .set("category_basis", category_basis)
                .set("grade", if is_observed { "observed" } else { "inferred" });
            row.end(Tail {
                n: cell.due.n.into(),
                reason: (!is_dated).then(|| leaky(self.run)),
                quality_count: cell.mended,
                ..Tail::default()
            });
        }
    }

    fn stored(&self, table: &mut MetricTable<'_>, owner: Sym, stored: &Stored) {
        let one = (!owner.is_none()).then_some(owner);
        for (category, sum) in parts(&stored.forecast, stored.closed, self.run) {
            let mut row = self.row(table, one);
            row.set_day("snapshot_on", Some(stored.on))
                .set("category", category.as_str())
                .set_minor("amount_minor", sum);
            for column in ["stage_basis", "amount_basis", "ecd_basis", "category_basis"] {
                row.set(column, "stored");
            }
            row.set("grade", "observed");
            row.end(Tail { n: 1_u64.into(), ..Tail::default() });
        }
    }
}
