//! State of L1 to L4, L2.1 and L7: deals due in a quarter, as they stood on the days of its forecast.
//!
//! Sums by owner and category, and by stage; what was booked by owner and quarter. A deal is looked
//! at on the days at which it was open, and counts once on each.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::forecast_days::{Agenda, Mark, Quarter, Tier};
use super::forecast_error_bridge::Bridges;
use super::forecast_kept::{self, KeptWins};
use super::forecast_past::{Look, Past, Standing, over_on, owner_at, standing_before};
use super::forecast_table::Gathered;
use super::gather::{Gather, gather};
use super::keyed::{Keyed, add_all};
use super::monthly::currency_of;
use super::place::{Place, Placed, by_currency, stage_place};
use super::shared::SharedState;
use crate::model::{Day, Known, Run, StageId, StageKind, Sym, Timeline};

/// Whose deals, of which category, on which day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spot {
    /// The pipeline.
    pub(super) pipeline: Sym,
    /// The currency.
    pub(super) currency: Sym,
    /// Number of quarter and lead.
    pub(super) slot: usize,
    /// The owner.
    pub(super) owner: Sym,
    /// The category.
    pub(super) tier: Tier,
}

impl Placed for Spot {
    fn place(&self, run: &Run) -> Option<Place> {
        let place = self.slot * Tier::ALL.len() + self.tier as usize;
        let column = place * run.pipelines.count() + run.pipelines.of(self.pipeline)?;
        Some((run.owners.of(self.owner)?, by_currency(column, self.currency, run)?))
    }
}

/// A pipeline's stage, or deals whose stage then is not known, on a day of a quarter's forecast.
pub(super) type StageSpot = (Sym, Option<StageId>, Sym, usize);

impl Placed for StageSpot {
    fn place(&self, run: &Run) -> Option<Place> {
        let (pipeline, stage, currency, slot) = *self;
        let place = by_currency(slot, currency, run)?;
        let column = place * run.pipelines.count() + run.pipelines.of(pipeline)?;
        Some((stage_place(stage), column))
    }
}

/// Deals and their amounts.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Money {
    /// Deals.
    pub(super) n: u64,
    /// Minor units, unknown amounts as 0.
    pub(super) minor: i128,
}

gather!(Money: n, minor);

impl Money {
    pub(super) fn add(&mut self, minor: i128) {
        self.n += 1;
        self.minor += minor;
    }
}

/// The deals of a spot.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cell {
    /// The deals, valued as of the day.
    pub(super) due: Money,
    /// Those of them that stood won when the quarter ended, valued as of then.
    pub(super) won: Money,
    /// Amounts times basis points.
    pub(super) weighted: i128,
    /// Deals without an amount.
    pub(super) null_amounts: u64,
    /// How the amounts are known, at worst.
    pub(super) amounts: Known,
    /// Deals whose category follows from their stage.
    pub(super) by_stage: u64,
    /// Deals of which a snapshot tells the expected close, the stage, the category.
    pub(super) seen: [u64; 3],
    /// Deals with a mended history.
    pub(super) mended: u64,
}

gather!(Cell: due, won, weighted, null_amounts, amounts, by_stage, seen, mended);

/// The open deals of a stage on a day.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct InStage {
    /// All of them.
    pub(super) open: Money,
    /// Those of them that stood won when the quarter ended.
    pub(super) open_won: u64,
    /// Those expected to close in the quarter: amounts, times basis points, and what was won.
    pub(super) due: Money,
    pub(super) weighted: i128,
    pub(super) due_won: Money,
    /// Those of whom nobody knows when they were expected to close.
    pub(super) leaky: u64,
    /// How the amounts are known, at worst.
    pub(super) amounts: Known,
}

gather!(InStage: open, open_won, due, weighted, due_won, leaky, amounts);

/// What an owner booked in a quarter: deals that stood won at its end.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Booked {
    /// The deals, valued as of the end.
    pub(super) won: Money,
    /// How the amounts are known, at worst.
    pub(super) amounts: Known,
}

gather!(Booked: won, amounts);

/// Pipeline, currency, quarter, owner.
type BookedKey = (Sym, Sym, usize, Sym);

/// The state.
#[derive(Debug, Default)]
pub struct Looks {
    agenda: Option<Agenda>,
    /// What comes of it, once the first of the metrics that share it has asked.
    gathered: OnceLock<Gathered>,
    pub(super) cells: Keyed<Spot, Cell>,
    pub(super) stages: Keyed<StageSpot, InStage>,
    pub(super) booked: BTreeMap<BookedKey, Booked>,
    pub(super) kept_wins: KeptWins,
    pub(super) bridges: Bridges,
}

/// A deal that stood won when its quarter ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Win {
    /// The pipeline in which it was won.
    pub(super) pipeline: Sym,
    owner: Sym,
    /// The day of the win.
    pub(super) on: Day,
    /// Its amount then.
    pub(super) minor: i128,
    known: Known,
}

/// Looks at a deal on each mark from the number `first` on, until it is over: hands on the mark, the
/// deal as it stood, and its win of that quarter.
fn each_look<'t>(
    deal: &'t Timeline<'t>,
    (agenda, first): (&Agenda, usize),
    run: &'t Run,
    mut take: impl FnMut(&Mark, Look<'t>, Option<Win>),
) {
    let over = over_on(deal);
    let mut past = Past::new(deal, run);
    let mut latest: Option<(usize, Option<Win>)> = None;
    for mark in &agenda.marks[first..] {
        if mark.on > over.saturating_add(agenda.longest) {
            break;
        }
        let quarter = &agenda.quarters[mark.quarter];
        if mark.on > over && quarter.period.start > over {
            continue;
        }
        let win = match latest {
            Some((known, win)) if known == mark.quarter => win,
            _ => win(deal, quarter, run),
        };
        latest = Some((mark.quarter, win));
        take(mark, past.before(mark.at), win);
    }
}

impl SharedState for Looks {
    const NAME: &'static str = "looks";

    fn fold(&mut self, deal: &Timeline<'_>, run: &Run) {
        let agenda = self.agenda.take().unwrap_or_else(|| Agenda::new(run));
        if over_on(deal) >= agenda.first_day() {
            self.count(deal, &agenda, run);
        }
        self.agenda = Some(agenda);
    }

    fn merge(&mut self, from: Self) {
        self.agenda = self.agenda.take().or(from.agenda);
        self.cells.merge(from.cells, |into, from| into.gather(&from));
        self.stages.merge(from.stages, |into, from| into.gather(&from));
        add_all(&mut self.booked, from.booked, |into, from| into.gather(&from));
        add_all(&mut self.kept_wins, from.kept_wins, |into, from| *into += from);
        self.bridges.merge(from.bridges);
    }
}

impl Looks {
    /// What comes of it.
    pub(super) fn gathered(&self, run: &Run) -> &Gathered {
        self.gathered.get_or_init(|| Gathered::new(self, run))
    }

    fn count(&mut self, deal: &Timeline<'_>, agenda: &Agenda, run: &Run) {
        let currency = currency_of(&deal.facts, run);
        each_win(deal, agenda, run, |at, win| {
            let booked = self.booked.entry((win.pipeline, currency, at, win.owner)).or_default();
            booked.won.add(win.minor);
            booked.amounts = booked.amounts.max(win.known);
            self.bridges.book(currency, at, &win);
        });
        forecast_kept::count(&mut self.kept_wins, deal, currency, agenda, run);
        // The bridge has room for deals created after a forecast, so the looks begin with the quarter.
        let quarter = agenda.quarter_of(deal.facts.created_on).unwrap_or(0);
        let first = agenda.marks.iter().position(|mark| mark.quarter >= quarter);
        let first = first.unwrap_or(agenda.marks.len());
        let mut latest: Option<(usize, Standing)> = None;
        each_look(deal, (agenda, first), run, |mark, look, win| {
            if mark.at > deal.facts.created_at {
                self.look(deal, (currency, mark), (&look, win), agenda, run);
            }
            let about = &agenda.quarters[mark.quarter];
            if about.is_judged() {
                let end = match latest {
                    Some((known, end)) if known == mark.quarter => end,
                    _ => standing_before(deal, about.ends_at),
                };
                latest = Some((mark.quarter, end));
                self.bridges.look(deal, (currency, mark), &look, (win, end), agenda, run);
            }
        });
    }

    /// Counts the deal as it stood on one day.
    fn look(
        &mut self,
        deal: &Timeline<'_>,
        (currency, mark): (Sym, &Mark),
        (look, win): (&Look<'_>, Option<Win>),
        agenda: &Agenda,
        run: &Run,
    ) {
        let Some(visit) = look.visit else { return };
        let period = agenda.quarters[mark.quarter].period;
        let slot = agenda.slot(mark.quarter, mark.lead);
        let pipeline = look.pipeline();
        let spot = |owner, tier| Spot { pipeline, currency, slot, owner, tier };
        if look.is_won_in(period) {
            let owner = owner_at(deal, visit.entered_at, run);
            self.add(spot(owner, Tier::Closed), deal, (look, None, false), win, run);
            return;
        }
        if look.standing != Standing::Open {
            return;
        }
        let points = look.points(run);
        let stage = self.stages.cell((pipeline, look.stage(run), currency, slot), run);
        stage.open.add(look.minor());
        stage.open_won += u64::from(win.is_some());
        stage.amounts = stage.amounts.max(look.amount.1);
        if look.is_leaky() {
            stage.leaky += 1;
            self.add(spot(look.owner, Tier::Undated), deal, (look, None, false), None, run);
        } else if look.expected.0.is_some_and(|day| period.contains(day)) {
            stage.due.add(look.minor());
            stage.weighted += look.minor() * i128::from(points.unwrap_or(0));
            if let Some(win) = win {
                stage.due_won.add(win.minor);
            }
            let chosen = agenda.tier(look.category);
            let tier = chosen.unwrap_or_else(|| Tier::of_probability(points));
            let from_stage = chosen.is_none();
            self.add(spot(look.owner, tier), deal, (look, points, from_stage), win, run);
        }
    }

    fn add(
        &mut self,
        spot: Spot,
        deal: &Timeline<'_>,
        (look, points, from_stage): (&Look<'_>, Option<i64>, bool),
        win: Option<Win>,
        run: &Run,
    ) {
        let cell = self.cells.cell(spot, run);
        cell.due.add(look.minor());
        if let Some(win) = win {
            cell.won.add(win.minor);
        }
        cell.weighted += look.minor() * i128::from(points.unwrap_or(0));
        cell.null_amounts += u64::from(look.amount.0.is_none());
        cell.amounts = cell.amounts.max(look.amount.1);
        let is_open = look.standing == Standing::Open;
        let is_category_seen = look.is_category_seen && !from_stage;
        for (into, is_seen) in cell.seen.iter_mut().zip([
            is_open && look.expected.1 == Known::Snapshot,
            is_open && look.is_stage_seen(),
            is_open && is_category_seen,
        ]) {
            *into += u64::from(is_seen);
        }
        cell.by_stage += u64::from(from_stage);
        cell.mended += u64::from(deal.is_mended());
    }
}

/// Hands on each quarter at whose end a deal stood won by a win in it, with that win.
fn each_win(deal: &Timeline<'_>, agenda: &Agenda, run: &Run, mut take: impl FnMut(usize, Win)) {
    let mut latest = None;
    for visit in deal.visits.iter().filter(|v| v.kind == StageKind::Won) {
        let quarter = agenda.quarter_of(visit.entered_on).filter(|q| Some(*q) != latest);
        let Some(at) = quarter else { continue };
        if let Some(win) = win(deal, &agenda.quarters[at], run) {
            latest = Some(at);
            take(at, win);
        }
    }
}

/// The win of a deal that stood won, by a win in the quarter, when the quarter ended.
fn win(deal: &Timeline<'_>, quarter: &Quarter, run: &Run) -> Option<Win> {
    let stands = |v: &&crate::model::Visit| {
        v.kind == StageKind::Won
            && quarter.period.contains(v.entered_on)
            && v.entered_at < quarter.ends_at
            && v.exited_at.is_none_or(|at| at >= quarter.ends_at)
    };
    let visit = deal.visits.iter().rev().find(stands)?;
    let (amount, known) = deal.amount_before(quarter.ends_at, run);
    Some(Win {
        pipeline: visit.pipeline,
        owner: owner_at(deal, visit.entered_at, run),
        on: visit.entered_on,
        minor: i128::from(amount.unwrap_or(0)),
        known,
    })
}
