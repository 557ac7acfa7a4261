//! L2.1 `forecast_error_bridge`: from a forecast to what came, deal by deal.
//!
//! Every deal leaves one entry, so the lines add up to the error to the minor unit; a difference
//! fails the run.

use std::collections::BTreeMap;

use super::forecast_days::{Agenda, Mark, Tier};
use super::forecast_looks::{Looks, Win};
use super::forecast_measures::{CAME, FORECAST, LEAD, is_leaky, leaky};
use super::forecast_past::{Look, Standing};
use super::forecast_windows::{Window, balance};
use super::gather::{Gather, gather};
use super::keyed::{Keyed, add_all};
use super::layout::{MetricTable, Row, Slice, Tail, VALUE_BASIS};
use super::shared::OnShared;
use crate::error::Result;
use crate::model::{About, Day, Known, Run, Sym, Timeline, Unit, column};

/// The metric.
#[derive(Debug)]
pub struct ForecastErrorBridge;

const LINES: usize = 11;

/// A line of the bridge.
#[derive(Clone, Copy)]
enum Line {
    SlippedOut,
    Lost,
    Reversed,
    Removed,
    Amount,
    Currency,
    New,
    PulledIn,
    Upgraded,
    Reopened,
    Transferred,
}

/// Columns of the lines: amounts and deals.
const COLUMNS: [(&str, &str); LINES] = [
    ("slipped_out_minor", "n_slipped_out"),
    ("lost_minor", "n_lost"),
    ("reversed_minor", "n_reversed"),
    ("removed_minor", "n_removed"),
    ("amount_change_minor", "n_amount_change"),
    ("currency_minor", "n_currency"),
    ("new_minor", "n_new"),
    ("pulled_in_minor", "n_pulled_in"),
    ("upgraded_minor", "n_upgraded"),
    ("reopened_minor", "n_reopened"),
    ("transferred_minor", "n_transferred"),
];

/// The forecasts that are bridged: how many of the categories, surest first, they count on.
const PROMISES: [(&str, &[Tier]); 3] = [
    ("commit", &[Tier::Commit]),
    ("best_case", &[Tier::Commit, Tier::BestCase]),
    ("all_due", &[Tier::Commit, Tier::BestCase, Tier::Pipeline, Tier::Omitted]),
];

static ABOUT: About = About {
    id: "L2.1",
    name: "forecast_error_bridge",
    title: "Forecast error bridge",
    question: "Why did the quarter end elsewhere than the forecast said?",
    definition: "Complete quarters, each and pooled, for each of `forecast_leads`; whole pipelines. Forecast: deals \
        that stood won by then, and those open, due in the quarter and in the categories counted on (`commit`; \
        `best_case` with commit; `all_due` any). Lines, by deal: counted on and slipped (still open at the end), \
        lost, removed, or won with another amount (`amount_change`); won by then and reversed by the end; won though \
        not counted on: created since (`new`), expected in another period or never (`pulled_in`), due in a category \
        not counted on (`upgraded`), closed then (`reopened`); won in another pipeline (`transferred`). Where \
        amounts are converted to `base_currency`, `currency_minor` is what another rate on the day of the win than \
        on that of the forecast makes of the amount forecast, and `amount_change` the rest; 0 under `fx_policy = \
        \"constant\"` and without rates. Forecast plus all lines is the actual, in minor units: `residual_minor` is \
        0, or the run fails.",
    caveat: "A line says where the difference is, not whose fault it is.",
    source: "definition",
    keys: &["forecast", "lead_days"],
    estimate: "",
    columns: &[
        FORECAST,
        LEAD,
        column("forecast_minor", Unit::Minor, "What was counted on, with what was won by then."),
        column("slipped_out_minor", Unit::Minor, "Counted on, still open at the end."),
        column("lost_minor", Unit::Minor, "Counted on, lost."),
        column("reversed_minor", Unit::Minor, "Won by then, not won at the end."),
        column(
            "removed_minor",
            Unit::Minor,
            "Counted on, deleted, or won before the quarter began.",
        ),
        column("amount_change_minor", Unit::Minor, "Won with another amount."),
        column("currency_minor", Unit::Minor, "Won at another exchange rate."),
        column("new_minor", Unit::Minor, "Won, created after the forecast."),
        column("pulled_in_minor", Unit::Minor, "Won, expected in another period or never."),
        column("upgraded_minor", Unit::Minor, "Won, due in a category not counted on."),
        column("reopened_minor", Unit::Minor, "Won, closed at the time of the forecast."),
        column("transferred_minor", Unit::Minor, "Won in another pipeline than it was in."),
        CAME,
        column("residual_minor", Unit::Minor, "What the lines leave over: 0."),
        column("n_slipped_out", Unit::Count, "Deals that slipped."),
        column("n_lost", Unit::Count, "Deals lost."),
        column("n_reversed", Unit::Count, "Deals reversed."),
        column("n_removed", Unit::Count, "Deals deleted, or won before the quarter."),
        column("n_amount_change", Unit::Count, "Deals won with another amount."),
        column("n_currency", Unit::Count, "Deals won at another exchange rate."),
        column("n_new", Unit::Count, "Deals created since."),
        column("n_pulled_in", Unit::Count, "Deals expected elsewhere."),
        column("n_upgraded", Unit::Count, "Deals of other categories."),
        column("n_reopened", Unit::Count, "Deals reopened."),
        column("n_transferred", Unit::Count, "Deals of another pipeline."),
        column("n_leaky", Unit::Count, "Open deals whose expected close then nobody knows."),
        VALUE_BASIS,
    ],
};

/// The bridge of one promise.
#[derive(Clone, Copy, Debug, Default)]
struct Bridge {
    forecast: i128,
    minor: [i128; LINES],
    deals: [u64; LINES],
    counted: u64,
    leaky: u64,
    amounts: Known,
}

gather!(Bridge: forecast, minor, deals, counted, leaky, amounts);

impl Bridge {
    fn put(&mut self, line: Line, minor: i128) {
        self.minor[line as usize] += minor;
        self.deals[line as usize] += 1;
    }

    /// A deal won with another amount, `by_rates` of the difference because rates moved.
    fn revalue(&mut self, difference: i128, by_rates: i128) {
        for (line, minor) in [(Line::Amount, difference - by_rates), (Line::Currency, by_rates)] {
            if minor != 0 {
                self.put(line, minor);
            }
        }
    }

    fn promise(&mut self, minor: i128) {
        self.forecast += minor;
        self.counted += 1;
    }
}

/// What leads from the forecasts to what came: class I.
#[derive(Debug, Default)]
pub(super) struct Bridges {
    /// By pipeline, currency and slot.
    bridges: Keyed<Window, [Bridge; PROMISES.len()]>,
    /// Bookings by pipeline, currency and quarter, summed apart from the bridges.
    booked: BTreeMap<(Sym, Sym, usize), i128>,
}

impl OnShared for ForecastErrorBridge {
    type State = Looks;
    const ABOUT: &'static About = &ABOUT;

    fn try_write(&self, table: &mut MetricTable<'_>, state: &Looks, run: &Run) -> Result<()> {
        let agenda = Agenda::new(run);
        let Bridges { bridges, booked: all_booked } = &state.bridges;
        let mut pooled: BTreeMap<_, (Bridge, i128)> = BTreeMap::new();
        for (Window(slice, currency, slot), bridges) in bridges.in_order() {
            let (quarter, lead) = (slot / agenda.leads.len(), slot % agenda.leads.len());
            let booked = all_booked.get(&(slice.pipeline, currency, quarter)).copied();
            let booked = booked.unwrap_or(0);
            for (promise, bridge) in bridges.iter().enumerate() {
                let period = agenda.quarters[quarter].period;
                let mut row = table.row(slice, Some(period), currency);
                row.set("forecast", PROMISES[promise].0).set("lead_days", agenda.leads[lead]);
                write(row, bridge, booked, run)?;
                if agenda.told(lead).contains(&quarter) {
                    let into = pooled.entry((slice, currency, promise, lead)).or_default();
                    into.0.gather(bridge);
                    into.1 += booked;
                }
            }
        }
        for ((slice, currency, promise, lead), (bridge, booked)) in pooled {
            let mut row = table.row(slice, agenda.whole(), currency);
            row.set("forecast", PROMISES[promise].0).set("lead_days", agenda.leads[lead]);
            write(row, &bridge, booked, run)?;
        }
        Ok(())
    }
}

impl Bridges {
    /// Takes a win that stood when its quarter ended.
    pub(super) fn book(&mut self, currency: Sym, quarter: usize, win: &Win) {
        *self.booked.entry((win.pipeline, currency, quarter)).or_default() += win.minor;
    }

    /// Adds the deals of another part.
    pub(super) fn merge(&mut self, from: Self) {
        self.bridges.merge(from.bridges, |into, from| into.gather(&from));
        add_all(&mut self.booked, from.booked, |into, from| *into += from);
    }

    /// Takes a deal as it stood on a day of a forecast, its win of the quarter, and how it stood in the end.
    pub(super) fn look(
        &mut self,
        deal: &Timeline<'_>,
        (currency, mark): (Sym, &Mark),
        look: &Look<'_>,
        (win, end): (Option<Win>, Standing),
        agenda: &Agenda,
        run: &Run,
    ) {
        let period = agenda.quarters[mark.quarter].period;
        let slot = agenda.slot(mark.quarter, mark.lead);
        let is_closed = look.is_won_in(period);
        let is_open = look.standing == Standing::Open;
        let is_due = is_open && look.expected.0.is_some_and(|day| period.contains(day));
        let is_leaky = look.is_leaky();
        if win.is_none() && !is_closed && !is_due && !is_leaky {
            return;
        }
        let tier = is_due.then(|| {
            let chosen = agenda.tier(look.category);
            chosen.unwrap_or_else(|| Tier::of_probability(look.points(run)))
        });
        let here = look.visit.map(|_| look.pipeline());
        let moved = win.filter(|win| here.is_some_and(|here| here != win.pipeline));
        let pipeline = here.or(win.map(|win| win.pipeline)).unwrap_or(Sym::NONE);
        let by_rates = win.map_or(0, |win| by_rates(deal, look, win.on, run));
        let window = |pipeline| Window(Slice::whole(pipeline), currency, slot);
        let cell = self.bridges.cell(window(pipeline), run);
        for ((_, counted), bridge) in PROMISES.iter().zip(cell) {
            let is_counted = is_closed || tier.is_some_and(|tier| counted.contains(&tier));
            bridge.leaky += u64::from(is_leaky);
            bridge.amounts = bridge.amounts.max(look.amount.1);
            if is_counted {
                bridge.promise(look.minor());
            }
            let a0 = look.minor();
            match win {
                Some(_) if moved.is_some() && is_counted => bridge.put(Line::Transferred, -a0),
                Some(_) if moved.is_some() => {}
                Some(win) if is_counted => bridge.revalue(win.minor - a0, by_rates),
                Some(win) => bridge.put(uncounted(look, is_due), win.minor),
                None if is_counted => bridge.put(counted_on(is_closed, end), -a0),
                None => {}
            }
        }
        if let Some(win) = moved {
            for bridge in self.bridges.cell(window(win.pipeline), run) {
                bridge.put(Line::Transferred, win.minor);
            }
        }
    }
}

/// What the amount of a look gains until the day of the win because rates move; 0 without a rate.
fn by_rates(deal: &Timeline<'_>, look: &Look<'_>, on: Day, run: &Run) -> i128 {
    if run.fx.is_none() {
        return 0;
    }
    let then = run.amount_on(deal.deal, look.own_amount, on);
    then.zip(look.amount.0).map_or(0, |(then, now)| i128::from(then) - i128::from(now))
}

/// Why a deal was won that nobody counted on.
fn uncounted(look: &Look<'_>, is_due: bool) -> Line {
    match look.standing {
        Standing::Absent => Line::New,
        Standing::Open if is_due => Line::Upgraded,
        Standing::Open => Line::PulledIn,
        _ => Line::Reopened,
    }
}

/// What became of a deal that was counted on and not won.
fn counted_on(is_closed: bool, end: Standing) -> Line {
    match end {
        _ if is_closed => Line::Reversed,
        Standing::Open => Line::SlippedOut,
        Standing::Lost => Line::Lost,
        _ => Line::Removed,
    }
}

fn write(mut row: Row<'_>, bridge: &Bridge, booked: i128, run: &Run) -> Result<()> {
    let mut parts = vec![bridge.forecast];
    parts.extend(bridge.minor);
    let residual = balance("the forecast error bridge", &parts, booked)?;
    row.set("n_leaky", bridge.leaky);
    let n = bridge.counted;
    if is_leaky(bridge.leaky, run) {
        row.end(Tail { n: n.into(), reason: Some(leaky(run)), ..Tail::default() });
        return Ok(());
    }
    row.set_minor("forecast_minor", bridge.forecast);
    for (at, (amount, count)) in COLUMNS.iter().enumerate() {
        row.set_minor(amount, bridge.minor[at]).set(count, bridge.deals[at]);
    }
    row.set_minor("actual_minor", booked)
        .set("residual_minor", residual)
        .set("value_basis", bridge.amounts.as_str());
    row.end(Tail { n: n.into(), ..Tail::default() });
    Ok(())
}
