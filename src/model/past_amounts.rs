//! Amounts of deals at past instants (METRICS 1.4): by the history of the field, else by the nights on
//! which the deal was seen open, else as the export has them.
//!
//! A deal's nights are brought down to the amounts that they tell when its timeline is cut, so that looking
//! one up is a search in a few steps. A deal with a history of amounts has none of them.

use super::calendar::{Day, Micros};
use super::deal::{Deal, Field, FieldChange, Status};
use super::deal_snapshots::{KEPT, Snapshot};
use super::run::Run;
use super::stage::StageKind;
use super::timeline::{Timeline, Visit};

/// How a value of the past is known, best first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Known {
    /// From the history of the field.
    #[default]
    History,
    /// From a snapshot of the deal.
    Snapshot,
    /// Of a later day only: from the first snapshot after, or from the export.
    Current,
}

impl Known {
    /// The name used in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::History => "history",
            Self::Snapshot => "snapshot",
            Self::Current => "current",
        }
    }
}

/// What a deal was worth from an instant on, until the next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AmountStep {
    /// It holds after this instant.
    pub at: Micros,
    /// Minor units of the deal's own currency.
    pub minor: Option<i64>,
    /// How it is known.
    pub known: Known,
}

impl Timeline<'_> {
    /// All amounts of the deal: the one with which it began, and the steps from there in time order.
    pub fn amounts(&self, run: &Run) -> (AmountStep, impl Iterator<Item = AmountStep>) {
        let of_amount = |change: &&FieldChange| change.field == Field::Amount;
        let told = |(at, minor)| AmountStep { at, minor, known: Known::History };
        let begins = match self.changes.iter().find(of_amount) {
            Some(first) => told((Micros::MIN, first.old.get())),
            None => self.unchanged_amount(Micros::MIN, run),
        };
        let changes = self.changes.iter().filter(of_amount).map(|c| (c.at, c.new.get()));
        (begins, changes.map(told).chain(self.night_amounts.iter().copied()))
    }

    /// What nights tell of the amount just before `at`; null where they do not.
    pub fn night_amount(&self, at: Micros) -> Option<AmountStep> {
        let passed = self.night_amounts.partition_point(|step| step.at < at);
        self.night_amounts.get(passed.saturating_sub(1)).copied()
    }

    /// The amount just before `at`, if no history tells of a change.
    fn unchanged_amount(&self, at: Micros, run: &Run) -> AmountStep {
        self.night_amount(at).unwrap_or_else(|| {
            let is_told = run.has_value_log(self.deal);
            let known = if is_told { Known::History } else { Known::Current };
            AmountStep { at: Micros::MIN, minor: self.deal.amount_minor.get(), known }
        })
    }

    /// Amount just before `at`, and how it is known. Where amounts are converted, at the rate of that day,
    /// or of the close if it was closed then. Null if unknown, or 0 under `zero_amount_is_null`.
    pub fn amount_before(&self, at: Micros, run: &Run) -> (Option<i64>, Known) {
        self.amount_at(at, |deal| deal.rate_day(at, run), run)
    }

    /// [`Timeline::amount_before`] at the rate of another day, which is asked for only where amounts are
    /// converted.
    pub fn amount_at(
        &self,
        at: Micros,
        on: impl FnOnce(&Self) -> Day,
        run: &Run,
    ) -> (Option<i64>, Known) {
        let mut of_field = self.changes.iter().filter(|c| c.field == Field::Amount).peekable();
        let (minor, known) = match of_field.peek() {
            None => {
                let step = self.unchanged_amount(at, run);
                (step.minor, step.known)
            }
            Some(first) => {
                let before_all = first.old.get();
                let last = of_field.take_while(|c| c.at < at).last();
                (last.map_or(before_all, |c| c.new.get()), Known::History)
            }
        };
        let minor = run.amount_or_null(minor);
        match run.fx {
            None => (minor, known),
            Some(_) => (run.amount_on(self.deal, minor, on(self)), known),
        }
    }
}

impl Run {
    /// The amount of a deal, minor units; null if unknown (or 0 under `zero_amount_is_null`).
    pub fn amount(&self, deal: &Deal) -> Option<i64> {
        self.amount_or_null(deal.amount_minor.get())
    }

    /// An amount; null if it is 0 and the configuration says that 0 is none.
    pub fn amount_or_null(&self, minor: Option<i64>) -> Option<i64> {
        minor.filter(|&minor| minor != 0 || !self.config.zero_amount_is_null)
    }

    /// Whether a deal without a change of its amount had the same all its life: its history is a full
    /// log of an export that tells changes of amounts.
    pub fn has_value_log(&self, deal: &Deal) -> bool {
        self.value_logs.tell_field(deal, Field::Amount)
    }
}

/// Adds what nights tell of the amounts of a deal with these visits and these changes before the cut;
/// nothing if a history of amounts tells them, or if no night saw the deal.
///
/// While a deal is open its amount is that of the last night; before the first night of a stay in open
/// stages it is that of this night, which knows less of the outcome than the export. The snapshot of
/// `as_of` is the export that ended within a day after it: that is the one from which `as_of` follows.
/// A deal that is open still, and was not seen lately, is worth what the export says, and so is a closed
/// one: what that was worth is no business of snapshots of open deals.
pub(super) fn add_night_amounts(
    (visits, changes): (&[Visit], &[FieldChange]),
    (deal_id, deal): (&str, &Deal),
    run: &Run,
    into: &mut Vec<AmountStep>,
) {
    let Some(until) = run.snapshots.known_until(run.cut) else { return };
    if changes.iter().any(|change| change.field == Field::Amount) || run.has_value_log(deal) {
        return;
    }
    let rows = run.snapshots.of(deal_id);
    let rows = &rows[..rows.partition_point(|row| row.at <= until)];
    if rows.is_empty() {
        return;
    }
    let first = into.len();
    let mut add = |step: AmountStep| {
        let last = into[first..].last().map(|last| (last.minor, last.known));
        if last != Some((step.minor, step.known)) {
            into.push(step);
        }
    };
    let exported = deal.amount_minor.get();
    let is_open = |v: &Visit| v.kind == StageKind::Open && !run.payments.is_awaiting(v.stage);
    let mut stays = visits.chunk_by(|a, b| is_open(a) == is_open(b)).peekable();
    while let Some(stay) = stays.next() {
        let start = stay[0].entered_at;
        let end = stays.peek().map_or(until, |next| next[0].entered_at);
        let nights = if is_open(&stay[0]) { nights(rows, (start, end), deal, run) } else { vec![] };
        let earliest = nights.first().map_or(exported, |night| night.minor);
        add(AmountStep { at: start, minor: earliest, known: Known::Current });
        nights.into_iter().for_each(&mut add);
        let is_last = stays.peek().is_none();
        if is_last && is_open(&stay[0]) && deal.status == Status::Open {
            let last = run.snapshots.night_by(until).map(|night| night + KEPT - 1);
            if let Some(last) = last.filter(|&last| last < run.cut) {
                add(AmountStep { at: last.max(start), minor: exported, known: Known::Current });
            }
        }
    }
}

/// What nights tell of a stay in open stages. A row stands until the next one of the deal, so the row of
/// the first night may be older than the stay. Amounts in another currency than the deal's tell nothing.
fn nights(
    rows: &[Snapshot],
    (start, end): (Micros, Micros),
    deal: &Deal,
    run: &Run,
) -> Vec<AmountStep> {
    let all = run.snapshots.nights();
    let first = all.get(all.partition_point(|&night| night <= start));
    let Some(&first) = first.filter(|&&night| night <= end) else { return vec![] };
    let passed = rows.partition_point(|row| row.at <= first);
    let known = &rows[passed.saturating_sub(1)..rows.partition_point(|row| row.at <= end)];
    let is_same = |row: &&Snapshot| {
        let currency = row.values.currency;
        currency.is_none() || currency == deal.currency
    };
    let step = |row: &Snapshot| AmountStep {
        at: row.at.max(first).min(run.cut) - 1,
        minor: row.values.amount_minor,
        known: Known::Snapshot,
    };
    known.iter().filter(is_same).map(step).collect()
}
