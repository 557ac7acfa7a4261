//! One file into typed rows: cells of a record by canonical column, refused rows and cells.
//!
//! A bad cell never costs more than its row, and a row never more than itself.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;

use memchr::memchr_iter;

use super::cells::Record;
use super::columns::{Col, Entity};
use super::context::{Context, Link};
use super::currency::Known;
use super::decode::Encoding;
use super::notes;
use super::plan::Plan;
use super::record::Cells;
use super::scan::{self, Block, Ended, Found, Layout};
use super::seen::Seen;
use super::status::Told;
use super::words::{Text, Word, Words};
use crate::error::Result;
use crate::model::{InputFile, Micros, Progress, Reject, counted};

/// A cell that could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bad {
    row: u64,
    column: String,
    value: String,
    reason: String,
    is_row: bool,
}

impl Bad {
    /// A bad cell of the record `row` of a block.
    pub(super) fn new(row: u64, column: String, value: &str, reason: &str, is_row: bool) -> Self {
        let (value, reason) = (value.chars().take(200).collect(), reason.to_owned());
        Self { row, column, value, reason, is_row }
    }

    /// The same in another column.
    pub(super) fn of(mut self, column: String) -> Self {
        self.column = column;
        self
    }
}

/// Rows that are not read, or more than once.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    /// Those of deals that are left out.
    with_left_out: u64,
    /// Those of several deals.
    of_several: u64,
    /// Those of what is to be done on no day.
    undated: u64,
    /// Rates between two currencies of which neither is the base currency.
    other_base: u64,
    /// Those that are no records.
    notes: u64,
}

impl Counts {
    fn add(&mut self, other: Self) {
        self.with_left_out += other.with_left_out;
        self.of_several += other.of_several;
        self.undated += other.undated;
        self.other_base += other.other_base;
        self.notes += other.notes;
    }

    /// What is to be said of them.
    fn said(self, shown: &str) -> Vec<String> {
        let lines = [
            (self.with_left_out, "of deals that are left out, left out with them"),
            (self.undated, "of what is to be done on no day, not read"),
            (self.of_several, "of several deals each, counted for every one of them"),
            (self.other_base, "of rates without `base_currency`, not read"),
            (self.notes, "of totals, notes or headers, no records, not read"),
        ];
        let told = lines.into_iter().filter(|(count, _)| *count > 0);
        told.map(|(count, what)| format!("`{shown}`: {} {what}.", counted(count, "row"))).collect()
    }
}

/// What one block gave.
#[derive(Debug)]
pub(super) struct Part<R> {
    /// Rows, in file order; their words are numbers of `words`, their texts places in `texts`.
    pub(super) rows: Vec<R>,
    /// The words of the block.
    pub(super) words: Words,
    /// Texts that do not repeat, one after the other.
    pub(super) texts: String,
    /// Words in a column of statuses.
    pub(super) statuses: BTreeMap<String, Told>,
    /// Ids of deals that are closed while their rows leave open how, with why they are refused then.
    pub(super) undecided: Vec<(String, Bad)>,
    bad: Vec<Bad>,
    pub(super) records: u64,
    data_rows: u64,
    skipped: Vec<u64>,
    seen: Seen,
    last_deal: (String, Link),
    left_out: Vec<(String, Option<Micros>)>,
    counts: Counts,
}

impl<R> Part<R> {
    /// Nothing yet, of a mapping with so many `skip` rules.
    pub(super) fn new(skips: usize) -> Self {
        Self {
            rows: Vec::new(),
            words: Words::default(),
            texts: String::new(),
            statuses: BTreeMap::new(),
            undecided: Vec::new(),
            bad: Vec::new(),
            records: 0,
            data_rows: 0,
            skipped: vec![0; skips],
            seen: Seen::default(),
            last_deal: (String::new(), Link::Unknown),
            left_out: Vec::new(),
            counts: Counts::default(),
        }
    }

    /// Refuses a row, unless it is no record.
    #[cold]
    fn refuse(&mut self, mut bad: Bad, cells: &Cells<'_>, width: usize) {
        match (notes::is_nothing(cells, width), notes::is_note(cells, width)) {
            (false, false) => {
                bad.is_row = true;
                self.bad.push(bad);
            }
            (_, is_note) => self.set_aside(is_note),
        }
    }

    /// Passes over a row that is no record; one that `is_note` is counted.
    pub(super) fn set_aside(&mut self, is_note: bool) {
        self.data_rows -= 1;
        self.counts.notes += u64::from(is_note);
    }

    /// Keeps a text.
    pub(super) fn keep(&mut self, text: &str) -> Text {
        let start = self.texts.len() as u32;
        self.texts.push_str(text);
        Text { start, end: self.texts.len() as u32 }
    }

    /// The value, or none if the cell is bad, which is noted.
    pub(super) fn cell<T>(&mut self, value: Result<Option<T>, Bad>) -> Option<T> {
        value.unwrap_or_else(|bad| {
            self.bad.push(bad);
            None
        })
    }

    /// The deal called `id`; rows of one deal often follow each other.
    pub(super) fn deal(&mut self, id: &str, context: &Context<'_>) -> Link {
        if self.last_deal.0 != id {
            self.last_deal.0.clear();
            self.last_deal.0.push_str(id);
            self.last_deal.1 = context.link(id);
        }
        self.last_deal.1
    }

    /// The currency, or the one of amounts that tell none if the cell is empty or bad.
    pub(super) fn currency<'c>(
        &mut self,
        code: Result<Option<Cow<'c, str>>, Bad>,
        context: &'c Context<'_>,
    ) -> Cow<'c, str> {
        self.cell(code).unwrap_or(Cow::Borrowed(&*context.own_currency))
    }

    /// The currency of a deal's amount, and the word for it, none if its cell in a column of currencies is
    /// empty or bad: see [`fill`](super::currency::fill).
    pub(super) fn deal_currency<'c>(
        &mut self,
        code: Result<Option<Cow<'c, str>>, Bad>,
        context: &'c Context<'_>,
    ) -> (Cow<'c, str>, Word) {
        let code = self.cell(code);
        let is_blank = code.is_none() && context.forms.currency == Known::Told;
        let currency = code.unwrap_or(Cow::Borrowed(&*context.own_currency));
        let word = if is_blank { Word::default() } else { self.words.intern(&currency) };
        (currency, word)
    }

    /// Counts a rate between two currencies of which neither is the base currency.
    pub(super) fn count_other_base(&mut self) {
        self.counts.other_base += 1;
    }

    /// Counts a row of what is to be done on no day.
    pub(super) fn count_undated(&mut self) {
        self.counts.undated += 1;
    }

    /// Counts a row that is of several deals.
    pub(super) fn count_several(&mut self) {
        self.counts.of_several += 1;
    }

    /// Counts a row that is left out with its deal.
    pub(super) fn leave_out(&mut self) {
        self.counts.with_left_out += 1;
    }
}

/// Turns a record into a row; the error is why the row is refused.
pub(super) type RowParser<R> =
    fn(&Record<'_>, &mut Part<R>, &Context<'_>) -> std::result::Result<(), Bad>;

/// What a file gave.
#[derive(Debug)]
pub(super) struct FileRows<R> {
    /// Its blocks, in file order.
    pub(super) parts: Vec<Part<R>>,
    /// The file.
    pub(super) input: InputFile,
    /// What was refused of it.
    pub(super) rejects: Vec<Reject>,
    /// What was assumed of it.
    pub(super) assumptions: Vec<String>,
    /// Ids of the deals whose rows were passed over, and when those rows were modified last.
    pub(super) left_out: Vec<(String, Option<Micros>)>,
    /// See [`Part::statuses`].
    pub(super) statuses: BTreeMap<String, Told>,
    /// See [`Part::undecided`].
    pub(super) undecided: Vec<(String, Reject)>,
    /// Whether anything says what currencies its amounts are in.
    pub(super) has_currency: bool,
}

/// Reads a file into typed rows.
///
/// Errors: the file cannot be read.
pub(super) fn read<R: Send>(
    mut context: Context<'_>,
    progress: &dyn Progress,
    parse: RowParser<R>,
) -> Result<FileRows<R>> {
    let plan = context.plan;
    let run = |context: &Context<'_>| {
        scan::scan(&plan.input, plan.form, layout(plan), &|block| {
            let parsed = parse_block(block, context, parse);
            progress.advance(block.text.len() as u64);
            parsed
        })
    };
    let mut scanned = run(&context)?;
    let (own, mut seen) = (&context.config.currency, Seen::default());
    scanned.parts.iter().for_each(|part| seen.join(&part.seen));
    let forms = seen.forms(plan, own);
    if seen.tells_apart(&forms, &context.forms) {
        context.times.order = forms.order;
        context.forms = forms;
        scanned = run(&context)?;
    }
    let has_currency = context.forms.currency != Known::Unsaid;
    let mut file = collect(scanned.parts, plan, has_currency);
    file.assumptions.extend(seen.said(plan, &context.forms, own));
    file.input.blake3 = scanned.blake3;
    if scanned.encoding != Encoding::Utf8 {
        file.assumptions.push(format!(
            "`{}` is in {}, not UTF-8.",
            plan.input.shown,
            scanned.encoding.as_str()
        ));
    }
    Ok(file)
}

fn collect<R>(mut parts: Vec<Part<R>>, plan: &Plan, has_currency: bool) -> FileRows<R> {
    let (mut rejects, mut statuses, mut undecided) = (Vec::new(), BTreeMap::new(), Vec::new());
    let (mut before, mut rows) = (1, 0);
    let mut skipped = vec![0; plan.skip.len()];
    let (mut left_out, mut counts) = (Vec::new(), Counts::default());
    for part in &mut parts {
        let reject = |bad: Bad| Reject {
            file: plan.input.shown.clone(),
            row: before + bad.row,
            column: bad.column,
            value: bad.value,
            reason: bad.reason,
            is_row: bad.is_row,
        };
        rejects.extend(part.bad.drain(..).map(reject));
        undecided.extend(part.undecided.drain(..).map(|(id, bad)| (id, reject(bad))));
        statuses.append(&mut part.statuses);
        before += part.records;
        rows += part.data_rows;
        left_out.append(&mut part.left_out);
        counts.add(part.counts);
        skipped.iter_mut().zip(&part.skipped).for_each(|(sum, n)| *sum += n);
    }
    let told = skipped.iter().zip(&plan.file.skip).filter(|(n, _)| **n > 0);
    let mut assumptions: Vec<String> = told
        .map(|(n, skip)| format!("{n} {} of `{}` are left out.", skip.what, plan.input.shown))
        .collect();
    assumptions.extend(counts.said(&plan.input.shown));
    let input = InputFile {
        path: plan.input.shown.clone(),
        crm: plan.crm.clone(),
        entity: plan.entity.as_str().to_owned(),
        bytes: plan.input.bytes,
        rows,
        rejected: 0,
        blake3: String::new(),
    };
    FileRows { parts, input, rejects, assumptions, left_out, statuses, undecided, has_currency }
}

fn layout(plan: &Plan) -> Layout {
    Layout { delimiter: plan.form.delimiter, width: plan.headers.len() }
}

fn parse_block<R>(
    block: &Block<'_>,
    context: &Context<'_>,
    parse: RowParser<R>,
) -> (Part<R>, Ended) {
    let plan = context.plan;
    let mut part = Part::new(plan.skip.len());
    part.rows.reserve_exact(memchr_iter(b'\n', block.text.as_bytes()).count() + 1);
    let first = if block.is_first { plan.header_at + 1 } else { 0 };
    let width = plan.headers.len();
    let seen = RefCell::default();
    let (records, ended) = scan::walk(block, layout(plan), |row, found| {
        if row < first {
            return;
        }
        part.data_rows += 1;
        let cells = match found {
            Found::Record(cells) => cells,
            Found::Torn(line) => {
                let record = Record::new(context, Cells::default(), &seen, row);
                let bad = record.bad(Col::Id, line, "a quote is opened and never closed", true);
                part.bad.push(bad.of(String::new()));
                return;
            }
        };
        let record = Record::new(context, cells, &seen, row);
        if let Some(rule) = record.skipped_by() {
            if let Some(count) = part.skipped.get_mut(rule) {
                *count += 1;
            }
            if plan.entity == Entity::Deals {
                let modified = record.time(Col::ModifiedAt).ok().flatten().map(|(at, _)| at);
                let id = record.text(Col::DealId);
                part.left_out.extend(id.map(|id| (id.into_owned(), modified)));
            }
            return;
        }
        if let Some(bad) = record.misfit(block.is_final) {
            part.bad.push(bad);
            return;
        }
        let is_note = cells.len() < width && notes::is_note(&cells, width);
        let is_group = plan.input.is_unpacked() && notes::is_group(&cells);
        if is_note || is_group || notes::is_header(&cells, &plan.headers) {
            part.set_aside(true);
        } else if let Err(bad) = parse(&record, &mut part, context) {
            match plan.input.is_unpacked() && notes::is_sum(&cells) {
                true => part.set_aside(true),
                false => part.refuse(bad, &cells, width),
            }
        } else {
            record.end();
        }
    });
    part.records = records;
    part.rows.shrink_to_fit();
    part.seen = seen.into_inner();
    (part, ended)
}
