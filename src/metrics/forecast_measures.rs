//! What L2 and L3 say of a set of forecasts: the columns, the measures, the interval.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use super::forecast_days::Agenda;
use super::forecast_units::{Family, Kind, Missing, Said};
use super::layout::{Reason, Row, Tail};
use super::monthly::small;
use crate::model::{ColumnAbout, Known, Run, Sym, Unit, column};
use crate::stats::accuracy::{accuracy, changes, ratio_interval};
use crate::stats::bootstrap::Bootstrap;

/// Fewer forecasts than this have no interval.
const MIN_UNITS: usize = 8;

pub(super) const BASIS: ColumnAbout =
    column("basis", Unit::Text, "`rebuilt` from deals as they were, or `stored` forecasts.");
pub(super) const FORECAST: ColumnAbout = column(
    "forecast",
    Unit::Text,
    "`commit`, `best_case`, `weighted` by the stages' probabilities, `landmark` by what earlier quarters \
     kept; `face_value` of a category.",
);
pub(super) const LEAD: ColumnAbout =
    column("lead_days", Unit::Count, "Days from the forecast to the end of the quarter.");
pub(super) const SAID: ColumnAbout =
    column("forecast_minor", Unit::Minor, "Sum of the forecasts, with what was won by then.");
pub(super) const CAME: ColumnAbout =
    column("actual_minor", Unit::Minor, "Bookings of the same owners and quarters.");
pub(super) const BIAS_MINOR: ColumnAbout =
    column("bias_minor", Unit::Minor, "Mean error: forecast minus actual.");
pub(super) const BIAS: ColumnAbout =
    column("bias", Unit::Ratio, "Sum of errors / sum of actuals: above 0 too much was promised.");
pub(super) const MAE: ColumnAbout = column("mae_minor", Unit::Minor, "Mean absolute error.");
pub(super) const RMSE: ColumnAbout =
    column("rmse_minor", Unit::Minor, "Root of the mean squared error.");
pub(super) const WAPE: ColumnAbout =
    column("wape", Unit::Ratio, "Sum of absolute errors / sum of absolute actuals: the headline.");
pub(super) const NETTED: ColumnAbout = column(
    "wape_netted",
    Unit::Ratio,
    "The same after the errors of the owners of a quarter have cancelled out.",
);
pub(super) const MAPE: ColumnAbout = column(
    "mape",
    Unit::Ratio,
    "Mean of absolute errors / actuals, where something came: secondary, it rewards promising little.",
);
pub(super) const EXCLUDED: ColumnAbout =
    column("n_excluded", Unit::Count, "Forecasts that `mape` leaves out: nothing came.");
pub(super) const MASE: ColumnAbout = column(
    "mase",
    Unit::Ratio,
    "`mae_minor` / mean change of the same owners' bookings from quarter to quarter, or year to year with two years.",
);
pub(super) const MISSING: ColumnAbout =
    column("n_missing", Unit::Count, "Owners or quarters without a forecast on that day.");
pub(super) const AMOUNT_BASIS: ColumnAbout = column(
    "amount_basis",
    Unit::Text,
    "`history` if the history of amounts gave all of them, `snapshot` if nightly snapshots did, `current` if any is \
     of a later day, `stored` as it was kept.",
);

/// The weights of forecasts in each replicate; the unit is an owner in a quarter. They are read time and again, so
/// they are as wide as they are multiplied fast.
#[derive(Debug)]
pub(super) struct Weights(BTreeMap<(Sym, usize), Vec<i32>>);

impl Weights {
    /// The weights of everyone in a family.
    pub(super) fn new(family: &Family, agenda: &Agenda, run: &Run) -> Self {
        let bootstrap = Bootstrap::new(run.config.boot_seed, run.config.boot_b as usize);
        let owners = family.cells.keys().chain(family.booked.keys()).chain(family.stored.keys());
        let mut owners: BTreeSet<Sym> = owners.map(|key| key.1).collect();
        owners.insert(Sym::NONE);
        let mut found = BTreeMap::new();
        for owner in owners {
            for quarter in agenda.judged() {
                let start = agenda.quarters[quarter].period.start;
                let mut weights = Vec::new();
                let id = format!("{}|{start}", run.names.get(owner));
                bootstrap.weights(&id, &mut weights);
                let weights = weights.into_iter().map(i32::from).collect();
                found.insert((owner, quarter), weights);
            }
        }
        Self(found)
    }

    pub(super) fn of(&self, unit: &Said) -> &[i32] {
        self.0.get(&(unit.owner, unit.quarter)).map_or(&[], Vec::as_slice)
    }
}

/// How bookings changed from quarter to quarter, or year to year: the sum of absolute changes and their number,
/// of each owner and of all together; then those of an owner without bookings.
#[derive(Debug)]
pub(super) struct Changes(BTreeMap<Option<Sym>, (i128, usize)>, (i128, usize));

impl Changes {
    /// The changes of everyone in a family.
    pub(super) fn new(family: &Family, agenda: &Agenda) -> Self {
        let of = |bookings: &dyn Fn(usize) -> i128| {
            changes(&agenda.judged().map(bookings).collect::<Vec<_>>(), agenda.season())
        };
        let owners: BTreeSet<Sym> = family.booked.keys().map(|key| key.1).collect();
        let who = owners.into_iter().map(Some).chain([None]);
        let found = who.map(|owner| (owner, of(&|quarter| family.actual(quarter, owner))));
        Self(found.collect(), of(&|_| 0))
    }
}

/// What the measures of a family are made with.
pub(super) struct Judge<'r> {
    pub(super) changes: &'r Changes,
    pub(super) family: &'r Family,
    pub(super) agenda: &'r Agenda,
    pub(super) run: &'r Run,
    pub(super) weights: &'r OnceLock<Weights>,
}

impl Judge<'_> {
    /// Tells `each` judged quarter, its forecasts of a kind so many days before its end, if there are any, and how
    /// many are missing. Returns those of the quarters that are pooled, and what is missing of them.
    pub(super) fn pool(
        &self,
        kind: Kind,
        lead: usize,
        mut each: impl FnMut(usize, &[Said], u64),
    ) -> (Vec<Said>, Missing) {
        let (family, agenda) = (self.family, self.agenda);
        let told = family.quarters(kind, lead, agenda);
        let (mut all, mut missing) = (Vec::new(), Missing::default());
        for quarter in agenda.judged() {
            let units = family.units(kind, quarter, lead, agenda);
            let lacks = family.missing(&units, quarter);
            if !units.is_empty() {
                each(quarter, &units, lacks.all());
            }
            if told.contains(&quarter) {
                all.extend(units);
                missing.add(lacks);
            } else {
                missing.quarters += 1;
            }
        }
        (all, missing)
    }

    /// The weights of everyone in the family.
    pub(super) fn weights(&self) -> &Weights {
        self.weights.get_or_init(|| Weights::new(self.family, self.agenda, self.run))
    }

    /// Fills the columns of a row about these forecasts, and its end.
    pub(super) fn write(&self, row: &mut Row<'_>, units: &[Said]) -> Tail {
        let is_leaky = units.iter().any(|unit| unit.is_leaky);
        let n = units.len() as u64;
        let worst = units.iter().map(|unit| unit.amounts).max().unwrap_or(Known::History);
        let basis = if self.family.is_stored { "stored" } else { worst.as_str() };
        row.set("amount_basis", basis);
        let actual: i128 = units.iter().map(|unit| unit.actual).sum();
        row.set_minor("actual_minor", actual);
        let pairs: Vec<(i128, i128)> = units.iter().map(|u| (u.forecast, u.actual)).collect();
        let Some(found) = accuracy(&pairs).filter(|_| !is_leaky) else {
            let reason = if is_leaky { leaky(self.run) } else { Reason::ZeroDenominator };
            return Tail { n: n.into(), reason: Some(reason), ..Tail::default() };
        };
        let said: i128 = units.iter().map(|unit| unit.forecast).sum();
        row.set_minor("forecast_minor", said)
            .set("bias_minor", found.mean_error)
            .set("bias", found.bias)
            .set("mae_minor", found.mae)
            .set("rmse_minor", found.rmse)
            .set("wape", found.wape)
            .set("wape_netted", netted(units))
            .set("mape", found.mape)
            .set("n_excluded", found.mape_excluded)
            .set("mase", self.scale(units).filter(|s| *s > 0.0).map(|scale| found.mae / scale));
        let interval = found.wape.and_then(|_| self.interval(units));
        let reason = match found.wape {
            None => Some(Reason::ZeroDenominator),
            Some(_) => small(n, self.run),
        };
        Tail { n: n.into(), interval, method: "bootstrap", reason, ..Tail::default() }
    }

    /// Limits of WAPE.
    fn interval(&self, units: &[Said]) -> Option<(f64, f64)> {
        if units.len() < MIN_UNITS {
            return None;
        }
        let all = self.weights();
        let weights: Vec<&[i32]> = units.iter().map(|unit| all.of(unit)).collect();
        let size = |number: i128| number.abs() as f64;
        let terms: Vec<(f64, f64)> =
            units.iter().map(|u| (size(u.forecast - u.actual), size(u.actual))).collect();
        ratio_interval(&terms, &weights, self.run.config.boot_b as usize).map(|i| i.pair())
    }

    /// Mean absolute change of the bookings of those who forecast.
    fn scale(&self, units: &[Said]) -> Option<f64> {
        let who: BTreeSet<Option<Sym>> =
            units.iter().map(|u| (!u.is_company).then_some(u.owner)).collect();
        let found = who.iter().map(|owner| self.changes.0.get(owner).unwrap_or(&self.changes.1));
        let (sum, n) = found.fold((0, 0), |all, own| (all.0 + own.0, all.1 + own.1));
        (n > 0).then(|| sum as f64 / n as f64)
    }
}

/// Whether forecasts can be rebuilt from deals of which `leaky` had no known expected close then: from
/// all of them, and only if a history or a snapshot tells expected closes.
pub(super) fn is_leaky(leaky: u64, run: &Run) -> bool {
    leaky > 0 || !(run.value_logs.tell_dates() || run.has_snapshots())
}

/// `LK`, or `NA` if the export knows of no expected close at all.
pub(super) fn leaky(run: &Run) -> Reason {
    match run.value_logs.has_expected_close() {
        true => Reason::LeakyBasis,
        false => Reason::TableAbsent,
    }
}

/// WAPE of quarters.
fn netted(units: &[Said]) -> Option<f64> {
    let mut quarters: BTreeMap<usize, (i128, i128)> = BTreeMap::new();
    for unit in units {
        let sums = quarters.entry(unit.quarter).or_default();
        *sums = (sums.0 + unit.forecast, sums.1 + unit.actual);
    }
    let pairs: Vec<(i128, i128)> = quarters.into_values().collect();
    accuracy(&pairs)?.wape
}
