//! Several rows of one deal in tables of the same columns: which of them holds, and what is said of them.

use std::collections::{BTreeMap, BTreeSet};

use super::super::rows::{DealRow, word};
use super::deals::{Deals, Origin};
use crate::model::{Day, Micros, Names, Status, Sym, counted};

/// Columns in which rows may differ.
const COLUMNS: [&str; 20] = [
    "name",
    "account_id",
    "status",
    "amount",
    "probability",
    "created_at",
    "closed_at",
    "expected_close_on",
    "last_stage_change_at",
    "deleted_at",
    "entries into stages",
    "pipeline",
    "stage",
    "owner",
    "source",
    "deal_type",
    "product",
    "lost_reason",
    "forecast_category",
    "currency",
];

/// Some of the columns, as bits.
type Columns = u32;

/// The first of the columns that are words, which have the order of `DealRow::words`.
const WORDS: usize = 11;
const AMOUNT: Columns = 1 << 3;
const PRODUCT: Columns = 1 << (WORDS + word::PRODUCT);

/// What two rows of one deal are to each other.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rivals {
    /// They say the same; whether the second is of the file with the later day in its name.
    Same(bool),
    /// Their times of modification tell whether the second is the later one.
    Told(bool),
    /// The days in the names of their files tell whether the second is the later one.
    Named(bool),
    /// No time of modification tells; whether the second holds all the same, and in what they differ.
    Untold(bool, Columns),
}

/// Deals with rows of which no time of modification tells the latest, by table, with the columns in which
/// they differ.
#[derive(Debug, Default)]
pub(super) struct Untold {
    deals: BTreeMap<(u32, u128), Columns>,
    /// Deals of which the names of files tell the latest row.
    named: BTreeSet<u32>,
}

impl Untold {
    /// Notes two rows of a deal from tables of these columns.
    pub(super) fn note(&mut self, deal: u32, table: u128, rivals: Rivals) {
        match rivals {
            Rivals::Untold(_, columns) => {
                *self.deals.entry((deal, table)).or_default() |= columns;
            }
            // What was told before is older than the row that holds now.
            Rivals::Told(true) | Rivals::Named(true) => drop(self.deals.remove(&(deal, table))),
            Rivals::Told(false) | Rivals::Named(false) | Rivals::Same(_) => {}
        }
        if matches!(rivals, Rivals::Named(_)) {
            self.named.insert(deal);
        }
    }

    /// What is to be said of them.
    pub(super) fn said(self) -> Vec<String> {
        let mut deals: BTreeMap<u32, Columns> = BTreeMap::new();
        for ((deal, _), columns) in self.deals {
            *deals.entry(deal).or_default() |= columns;
        }
        deals.retain(|_, columns| *columns != 0);
        let is_of_products = |columns: &Columns| columns & !AMOUNT == PRODUCT;
        let (products, others): (Vec<Columns>, Vec<Columns>) =
            deals.into_values().partition(is_of_products);
        let others = (!others.is_empty()).then(|| {
            format!(
                "{} told by several rows that differ ({}), and no time of modification tells which is the latest: \
                 a closed one holds, or else the one closed or moved last, or else the last in the order of \
                 their values (QD1).",
                counted(others.len(), "deal"),
                differing(&others)
            )
        });
        let products = (!products.is_empty()).then(|| {
            let has_amounts = products.iter().any(|columns| columns & AMOUNT != 0);
            let amounts = ", and the amounts of the others are not added";
            format!(
                "{} told by several rows that differ only in what was sold ({}): one row of each counts{} (QD1).",
                counted(products.len(), "deal"),
                differing(&products),
                if has_amounts { amounts } else { "" }
            )
        });
        let named = (!self.named.is_empty()).then(|| {
            format!(
                "{} told by rows of several files that differ: that of the file with the latest day in its name holds \
                 (QD1).",
                counted(self.named.len(), "deal")
            )
        });
        others.into_iter().chain(products).chain(named).collect()
    }
}

/// The columns, each with how many deals differ in it.
fn differing(deals: &[Columns]) -> String {
    let count = |at: usize| deals.iter().filter(|columns| *columns & 1 << at != 0).count();
    let columns = COLUMNS.iter().enumerate().map(|(at, name)| (name, count(at)));
    let shown = columns.filter(|(_, count)| *count > 0).map(|(name, count)| match name.find(' ') {
        None => format!("`{name}` {count}"),
        Some(_) => format!("{name} {count}"),
    });
    shown.collect::<Vec<_>>().join(", ")
}

impl Deals {
    /// What two rows of a deal are to each other: the one modified last holds, or else that of the file with the
    /// later day in its name, or else a closed one, or else the one closed or moved last, or else the larger by
    /// content.
    pub(super) fn compare(
        &self,
        old: (&DealRow, Origin),
        new: (&DealRow, Origin),
        names: &Names,
    ) -> Rivals {
        let days = [old, new].map(|(_, origin)| self.named_day(origin));
        let [before, after] = [old, new].map(|(row, origin)| self.content(row, origin, names));
        if before == after {
            return Rivals::Same(days[1] > days[0]);
        }
        if old.0.modified_at != new.0.modified_at {
            return Rivals::Told(new.0.modified_at > old.0.modified_at);
        }
        if let [Some(was), Some(is)] = days
            && was != is
        {
            return Rivals::Named(is > was);
        }
        let [was, is] = [old, new].map(|(row, _)| {
            let is_closed = self.is_closed(row, names);
            (is_closed, last_time(row, is_closed))
        });
        Rivals::Untold((is, after) > (was, before), self.differing(old, new))
    }

    /// The day in the name of a row's file.
    pub(super) fn named_day(&self, origin: Origin) -> Option<Day> {
        self.sources.get(origin.source as usize)?.named_day
    }

    /// Whether a row says that its deal is closed, as far as can be told before all stages are known.
    pub(super) fn is_closed(&self, row: &DealRow, names: &Names) -> bool {
        match row.status {
            Some(status) => status != Status::Open,
            None if row.flags.0 == Some(true) => true,
            None => self.ends.contains(names.get(Sym(row.words[word::STAGE].0))),
        }
    }

    /// The columns in which two rows differ.
    fn differing(&self, a: (&DealRow, Origin), b: (&DealRow, Origin)) -> Columns {
        let texts = [a, b].map(|(row, origin)| {
            (self.text_of(row.name, origin), self.text_of(row.account, origin))
        });
        let [(name, account), (other_name, other_account)] = texts;
        let (a, b) = (a.0, b.0);
        let mut differ = [
            name != other_name,
            account != other_account,
            a.status != b.status || a.flags != b.flags,
            a.amount_minor != b.amount_minor,
            a.probability_bp != b.probability_bp,
            a.created_at != b.created_at,
            a.closed_at != b.closed_at,
            a.expected_close_on != b.expected_close_on,
            a.last_stage_change_at != b.last_stage_change_at,
            a.deleted_at != b.deleted_at,
            a.entered != b.entered,
        ]
        .to_vec();
        differ.extend(a.words.iter().zip(&b.words).enumerate().map(|(at, (word, other))| {
            word != other || at == word::STAGE && a.stage_order != b.stage_order
        }));
        differ.into_iter().enumerate().fold(0, |columns, (at, it)| columns | u32::from(it) << at)
    }
}

/// The last time that a row tells of its deal. The close of an open one is an expectation.
fn last_time(row: &DealRow, is_closed: bool) -> Option<Micros> {
    let closed = row.closed_at.get().filter(|_| is_closed);
    let entered = row.entered.iter().map(|(_, _, at)| *at);
    entered.chain(closed).chain(row.last_stage_change_at.get()).max()
}
