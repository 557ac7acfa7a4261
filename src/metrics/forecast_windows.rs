//! What L5 and L6 share: a deal at the start and at the end of each quarter, and where it counts.

use super::forecast_days::Agenda;
use super::forecast_past::{Look, Past, Standing, over_on, owner_at};
use super::forecast_slippage::Slippage;
use super::forecast_waterfall::Waterfall;
use super::layout::{Dimension, Slice};
use super::place::{Place, Placed, by_currency};
use super::shared::SharedState;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Run, Sym, Timeline};

/// A population, its currency and the place of a quarter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Window(pub(super) Slice, pub(super) Sym, pub(super) usize);

impl Placed for Window {
    fn place(&self, run: &Run) -> Option<Place> {
        let Self(slice, currency, quarter) = *self;
        let row = match slice.dimension {
            Dimension::Owner => run.owners.of(slice.value)? + 1,
            _ => 0,
        };
        let column = quarter * run.pipelines.count() + run.pipelines.of(slice.pipeline)?;
        Some((row, by_currency(column, currency, run)?))
    }
}

/// The populations of a deal: its pipeline, and its owner there.
pub(super) fn populations(look: &Look<'_>, owner: Sym) -> [Slice; 2] {
    let pipeline = look.pipeline();
    [Slice::whole(pipeline), Slice::owner(pipeline, owner)]
}

/// The owner who is credited at the end of a quarter: that of the close, or else that of the day.
pub(super) fn final_owner(deal: &Timeline<'_>, last: &Look<'_>, run: &Run) -> Sym {
    match (last.standing, last.visit) {
        (Standing::Won | Standing::Lost, Some(visit)) => owner_at(deal, visit.entered_at, run),
        _ => last.owner,
    }
}

/// Hands on each quarter in which a deal lived, with the deal just before it began and just before it
/// ended.
fn each_window<'t>(
    deal: &'t Timeline<'t>,
    agenda: &Agenda,
    run: &'t Run,
    mut take: impl FnMut(usize, &Look<'t>, &Look<'t>),
) {
    let (created, over) = (deal.facts.created_on, over_on(deal));
    if over < agenda.first_day() {
        return;
    }
    let mut past = Past::new(deal, run);
    let mut latest = None;
    for (at, quarter) in agenda.quarters.iter().enumerate().filter(|(_, q)| q.is_forecast) {
        if quarter.period.end <= created || quarter.period.start > over {
            continue;
        }
        let first = match latest {
            Some((until, look)) if until == quarter.starts_at => look,
            _ => past.before(quarter.starts_at),
        };
        let last = past.before(quarter.ends_at);
        take(at, &first, &last);
        latest = Some((quarter.ends_at, last));
    }
}

/// The state of L5 and L6.
#[derive(Debug, Default)]
pub struct Windows {
    agenda: Option<Agenda>,
    pub(super) waterfall: Waterfall,
    pub(super) slippage: Slippage,
}

impl SharedState for Windows {
    const NAME: &'static str = "deals at the start and at the end of quarters";

    fn fold(&mut self, deal: &Timeline<'_>, run: &Run) {
        let agenda = self.agenda.take().unwrap_or_else(|| Agenda::new(run));
        each_window(deal, &agenda, run, |at, first, last| {
            let quarter = &agenda.quarters[at];
            self.waterfall.take(deal, (at, quarter.period), (first, last), run);
            if first.standing == Standing::Open && quarter.is_complete {
                self.slippage.take(deal, (at, &agenda), (first, last), run);
            }
        });
        self.agenda = Some(agenda);
    }

    fn merge(&mut self, from: Self) {
        self.waterfall.merge(from.waterfall);
        self.slippage.merge(from.slippage);
    }
}

/// Checks that what there was and what came and went is what there is.
///
/// Errors: `ErrorKind::Balance` if it is not.
pub(super) fn balance(what: &str, parts: &[i128], whole: i128) -> Result<i64> {
    let residual = parts.iter().sum::<i128>() - whole;
    if residual == 0 {
        return Ok(0);
    }
    Err(Error::new(
        ErrorKind::Balance,
        format!("{what} does not add up: {residual} minor units are left over"),
    )
    .hint("this is a fault of the program, not of the data; no number of this run should be used"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_residual_is_an_error() {
        assert_eq!(balance("the waterfall", &[5, 4, -2], 7).unwrap(), 0);
        let error = balance("the waterfall", &[5, 4, -2], 8).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Balance);
        assert!(error.to_string().contains("-1 minor units"), "{error}");
    }
}
