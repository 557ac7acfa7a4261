//! Deals that several tables tell: tables with different columns complete each other, row by row.
//!
//! Tables with the same columns are exports of one thing, of which one row holds (see `Deals`). The rows of
//! one deal are taken in an order of content, so neither the order of files nor that of rows counts.

use std::collections::BTreeMap;

use super::super::part::Part;
use super::super::rows::{DealRow, word};
use super::super::words::{Text, Word};
use super::deals::{Deals, Origin};
use crate::model::calendar::DAY_MICROS;
use crate::model::{Maybe, Micros, Names, Status, counted};

/// What words of a deal are called.
const WORDS: [(usize, &str); 8] = [
    (word::PIPELINE, "pipeline"),
    (word::STAGE, "stage"),
    (word::OWNER, "owner"),
    (word::SOURCE, "source"),
    (word::DEAL_TYPE, "deal_type"),
    (word::PRODUCT, "product"),
    (word::LOST_REASON, "lost_reason"),
    (word::FORECAST, "forecast_category"),
];

/// Contradictions by column.
#[derive(Debug, Default)]
struct Differ(BTreeMap<&'static str, u64>);

impl Differ {
    /// Fills a blank value. Of two that are not blank mine stays; `differ` tells whether they contradict.
    fn fill<T: Copy>(
        &mut self,
        name: &'static str,
        (mine, theirs): (&mut T, T),
        is_blank: impl Fn(&T) -> bool,
        differ: impl Fn(&T, &T) -> bool,
    ) {
        match (is_blank(mine), is_blank(&theirs)) {
            (_, true) => {}
            (true, false) => *mine = theirs,
            (false, false) if differ(mine, &theirs) => {
                *self.0.entry(name).or_default() += 1;
            }
            (false, false) => {}
        }
    }

    fn maybe<T: Copy + PartialEq>(
        &mut self,
        name: &'static str,
        mine: &mut Maybe<T>,
        theirs: Maybe<T>,
    ) where
        Maybe<T>: Copy + PartialEq + Default,
    {
        self.fill(name, (mine, theirs), |value| *value == Maybe::default(), |a, b| a != b);
    }

    /// Times of one day agree: one table may have whole days only.
    fn time(&mut self, name: &'static str, mine: &mut Maybe<Micros>, theirs: Maybe<Micros>) {
        let is_apart = |a: &Maybe<Micros>, b: &Maybe<Micros>| {
            let apart = a.get().zip(b.get()).map(|(a, b)| a.saturating_sub(b).saturating_abs());
            apart.is_some_and(|apart| apart >= DAY_MICROS)
        };
        self.fill(name, (mine, theirs), |at| at.get().is_none(), is_apart);
    }
}

impl Deals {
    /// Joins the rows that different tables have of one deal; says what came of it.
    pub(in super::super) fn complete(&mut self, names: &Names) -> Option<String> {
        let beside = std::mem::take(&mut self.beside);
        if beside.is_empty() {
            return None;
        }
        let count = beside.len();
        let mut differ = Differ::default();
        let mut builder = Part::<DealRow>::new(0);
        let texts = self.texts.len() as u32;
        let (mut joined, mut contradicted) = (Vec::with_capacity(count), Vec::new());
        for (deal, mut rows) in beside {
            let at = deal as usize;
            rows.push((self.rows[at].clone(), self.origins[at]));
            let are_named = rows.iter().all(|(_, origin)| self.named_day(*origin).is_some());
            rows.sort_by_cached_key(|(row, origin)| {
                let day = self.named_day(*origin).filter(|_| are_named);
                let is_closed = self.is_closed(row, names);
                let content = self.content(row, *origin, names);
                (row.modified_at, day, is_closed, filled(row), content)
            });
            let Some((mut row, origin)) = rows.pop() else { continue };
            let mut texts_of = [row.name, row.account].map(|text| self.text_of(text, origin));
            let known: u64 = differ.0.values().sum();
            for (other, from) in rows.iter().rev() {
                let others = [other.name, other.account].map(|text| self.text_of(text, *from));
                let columns = ["name", "account_id"];
                for ((mine, theirs), name) in texts_of.iter_mut().zip(others).zip(columns) {
                    differ.fill(name, (mine, theirs), |text| text.is_empty(), |a, b| a != b);
                }
                fill(&mut row, other, &mut differ);
            }
            if differ.0.values().sum::<u64>() > known {
                contradicted.push(deal);
            }
            let [name, account] = texts_of.map(|text| builder.keep(text));
            (row.id, row.name, row.account) = (Text::default(), name, account);
            joined.push((at, row, Origin { texts, ..origin }));
        }
        self.texts.push(builder.texts);
        for (at, row, origin) in joined {
            (self.rows[at], self.origins[at]) = (row, origin);
        }
        let said = said(count, contradicted.len(), &differ);
        self.repeats.1.extend(contradicted);
        Some(said)
    }
}

/// How many values a row has.
fn filled(row: &DealRow) -> usize {
    let words = WORDS.iter().filter(|(at, _)| row.words.get(*at) != Some(&Word::default()));
    let numbers = [
        row.amount_minor.get().is_some(),
        row.created_at.get().is_some(),
        row.closed_at.get().is_some(),
        row.expected_close_on.get().is_some(),
        row.probability_bp.get().is_some(),
    ];
    words.count() + numbers.iter().filter(|is| **is).count()
}

/// Fills the blanks of a row.
fn fill(row: &mut DealRow, other: &DealRow, differ: &mut Differ) {
    // The place of a stage and its flags belong to the stage.
    if row.words.get(word::STAGE) == Some(&Word::default()) {
        row.stage_order = other.stage_order;
        row.flags = (row.flags.0.or(other.flags.0), row.flags.1.or(other.flags.1));
    }
    for (at, name) in WORDS {
        if let (Some(mine), Some(theirs)) = (row.words.get_mut(at), other.words.get(at)) {
            let is_blank = |word: &Word| *word == Word::default();
            differ.fill(name, (mine, *theirs), is_blank, |a, b| a != b);
        }
    }
    // So does the currency to the amount.
    let currencies = [&*row, other].map(|row| row.words.get(word::CURRENCY).copied());
    if let (None, [_, Some(currency)], Some(mine)) =
        (row.amount_minor.get(), currencies, row.words.get_mut(word::CURRENCY))
    {
        *mine = currency;
    }
    let is_blank = |status: &Option<Status>| status.is_none();
    differ.fill("status", (&mut row.status, other.status), is_blank, |a, b| a != b);
    differ.maybe("amount", &mut row.amount_minor, other.amount_minor);
    differ.maybe("probability", &mut row.probability_bp, other.probability_bp);
    differ.maybe("expected_close_on", &mut row.expected_close_on, other.expected_close_on);
    differ.time("created_at", &mut row.created_at, other.created_at);
    differ.time("closed_at", &mut row.closed_at, other.closed_at);
    let last = (&mut row.last_stage_change_at, other.last_stage_change_at);
    differ.time("last_stage_change_at", last.0, last.1);
    differ.time("deleted_at", &mut row.deleted_at, other.deleted_at);
    row.modified_at = row.modified_at.max(other.modified_at);
    row.is_time_adjusted |= other.is_time_adjusted;
    if row.entered.is_empty() {
        row.entered.clone_from(&other.entered);
    }
}

fn said(count: usize, contradicted: usize, differ: &Differ) -> String {
    let mut said = format!(
        "{} told by tables with different columns: where one says nothing of a deal, what the \
         other says holds.",
        counted(count, "deal")
    );
    if contradicted > 0 {
        let columns: Vec<String> =
            differ.0.iter().map(|(name, count)| format!("`{name}` {count}")).collect();
        said.push_str(&format!(
            " {contradicted} of them are contradicted ({}): the row modified last holds, or else that of the \
             file with the latest day in its name, or else the closed one, or else the one that tells more (QD1).",
            columns.join(", ")
        ));
    }
    said
}
