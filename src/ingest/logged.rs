//! Deals made of logs of stages, where no table of the export tells deals: each id is one deal. A log of fields
//! will do if it tells changes of the stage.
//!
//! Nothing is known of such a deal but what the rows of its log carry.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::assemble::deals::SourceRules;
use super::assemble::{Gathered, Joined};
use super::cells::Record;
use super::checked;
use super::columns::{Col, Entity};
use super::context::Context;
use super::currency;
use super::field_log::{self, FieldRow, LogRow};
use super::log_notes::said_of_gone;
use super::part::{Bad, FileRows, Part};
use super::plan::Plan;
use super::rows::{self, DealRow, HistoryRow, word};
use super::status::{self, Told};
use super::words::{DealIndex, Text, Word};
use crate::model::calendar::date;
use crate::model::{Config, Day, Field, Maybe, Micros, Names, Status, Sym, Zone, counted};

/// Columns of a log that tell of the deal and not of the change.
const TOLD: [Col; 7] = [
    Col::Name,
    Col::AccountId,
    Col::Owner,
    Col::Source,
    Col::DealType,
    Col::Product,
    Col::LostReason,
];

/// The place of the owner in [`TOLD`].
const OWNER: usize = 2;

/// Columns of the change that tell of the deal too.
const SHARED: [Col; 6] = [
    Col::Status,
    Col::Pipeline,
    Col::Amount,
    Col::ExpectedCloseOn,
    Col::Probability,
    Col::ForecastCategory,
];

/// A row of a log, with the id of its deal.
#[derive(Debug)]
pub(super) struct LoggedRow {
    id: Text,
    change: HistoryRow,
    /// When its deal was created, if it tells.
    created_at: Maybe<Micros>,
    /// By [`TOLD`].
    told: [Word; 7],
    status: Option<Status>,
    currency: Word,
}

/// A row of a log; see [`super::part::RowParser`].
pub(super) fn row(
    record: &Record<'_>,
    part: &mut Part<LoggedRow>,
    context: &Context<'_>,
) -> Result<(), Bad> {
    let Some(id) = record.text(Col::DealId) else {
        return Err(record.bad(Col::DealId, "", rows::NEEDS_DEAL, true));
    };
    if checked::is_shortened(&id) {
        return Err(record.bad(Col::DealId, &id, checked::SHORTENED, true));
    }
    let change = rows::change(0, record, part, context)?;
    let created_at = part.cell(record.time(Col::CreatedAt)).map(|(at, _)| at).into();
    let told = TOLD.map(|col| record.word(col, part));
    let (_, currency) = part.deal_currency(Ok(record.currency().ok().flatten()), context);
    let status = record.text(Col::Status).and_then(|text| {
        match status::told(&text, &context.plan.file, context.config) {
            Told::Is(status) | Told::Hints(status) => Some(status),
            Told::Closed | Told::Unknown => None,
        }
    });
    let id = part.keep(&id);
    part.rows.push(LoggedRow { id, change, created_at, told, status, currency });
    Ok(())
}

/// A row of a log of fields, as far as it tells of its deal; see [`super::part::RowParser`].
pub(super) fn field_row(
    record: &Record<'_>,
    part: &mut Part<LoggedRow>,
    context: &Context<'_>,
) -> Result<(), Bad> {
    let id = record.text(Col::DealId).filter(|id| !checked::is_shortened(id));
    let Some(id) = id else { return Ok(()) };
    let (mut change, mut told) = (HistoryRow::default(), [Word::default(); 7]);
    if field_log::is_creation(record) {
        let created_at = record.time(Col::ChangedAt)?.map(|(at, _)| at).into();
        let (id, currency) = (part.keep(&id), Word::default());
        part.rows.push(LoggedRow { id, change, created_at, told, status: None, currency });
        return Ok(());
    }
    if field_log::is_status(record, part) {
        return Ok(());
    }
    match field_log::row(record, part, 0, &context.config.currency)? {
        LogRow::Stage(row) => change = row,
        LogRow::Value(FieldRow { at, rank, field, new, .. }) => {
            (change.at, change.rank) = (Some(at).into(), rank);
            let number = new.get().map(|n| n as u32);
            match field {
                Field::Amount => change.amount_minor = new,
                Field::ExpectedCloseOn => {
                    change.expected_close_on = new.get().map(|n| n as Day).into()
                }
                Field::Probability => change.probability_bp = number.into(),
                Field::ForecastCategory => change.forecast = Word(number.unwrap_or(0)),
                Field::Owner => told[OWNER] = Word(number.unwrap_or(0)),
            }
        }
    }
    let currency = part.words.intern(&context.config.currency);
    let id = part.keep(&id);
    let created_at = None.into();
    part.rows.push(LoggedRow { id, change, created_at, told, status: None, currency });
    Ok(())
}

/// What a row says of its deal.
#[derive(Debug)]
struct Seen {
    deal: u32,
    stage: Sym,
    at: Maybe<Micros>,
    created_at: Maybe<Micros>,
    rank: u64,
    told: [Sym; 7],
    status: Option<Status>,
    pipeline: Sym,
    forecast: Sym,
    currency: Sym,
    amount_minor: Maybe<i64>,
    expected_close_on: Maybe<Day>,
    probability_bp: Maybe<u32>,
}

/// The logs that were read.
#[derive(Debug, Default)]
pub(super) struct Logged {
    ids: DealIndex,
    seen: Vec<Seen>,
    pub(super) files: Vec<String>,
    /// Whether the files are logs of fields, of which the rows are still to be read.
    pub(super) is_of_fields: bool,
    /// The zone that tells days, if the files tell what deals were like on some.
    zone_of_days: Option<Zone>,
    rules: Option<SourceRules>,
    pub(super) headers: Vec<String>,
}

impl Logged {
    /// Adds a file; `zone` tells days.
    pub(super) fn add(
        &mut self,
        (plan, zone): (&Plan, Zone),
        file: FileRows<LoggedRow>,
        all: &mut Gathered,
    ) {
        let crm = all.names.intern(&plan.crm);
        let has_checked_ids = plan.file.has_checked_ids;
        self.rules.get_or_insert(SourceRules { has_checked_ids, ..SourceRules::plain(crm) });
        self.files.push(plan.input.shown.clone());
        for col in TOLD.into_iter().chain(SHARED).filter(|&col| plan.has(col)) {
            let header = plan.header(col);
            if !self.headers.contains(&header) {
                self.headers.push(header);
            }
        }
        self.is_of_fields = plan.entity == Entity::FieldChanges;
        self.zone_of_days = self.zone_of_days.or(plan.file.is_substitute.then_some(zone));
        if self.is_of_fields {
            self.note_fields(&file);
        }
        all.deals.has_currency |=
            plan.has(Col::Currency) || (!self.is_of_fields && file.has_currency);
        let has_values = plan.has_values();
        let shared = shared(plan, &file, all);
        for part in file.parts {
            let words: Vec<Sym> = part.words.list.iter().map(|w| all.names.intern(w)).collect();
            let sym = |word: Word| words.get(word.0 as usize).copied().unwrap_or_default();
            let mut rows = Vec::with_capacity(part.rows.len());
            for row in part.rows {
                let id = own_id(&row, &part.texts, zone, &shared);
                let deal = self.deal(&id, has_checked_ids);
                let change = HistoryRow { deal, ..row.change };
                self.seen.push(Seen {
                    deal,
                    stage: sym(change.to),
                    at: change.at,
                    created_at: row.created_at,
                    rank: change.rank,
                    told: row.told.map(sym),
                    status: row.status,
                    pipeline: sym(change.pipeline),
                    forecast: sym(change.forecast),
                    currency: sym(row.currency),
                    amount_minor: change.amount_minor,
                    expected_close_on: change.expected_close_on,
                    probability_bp: change.probability_bp,
                });
                rows.push(change);
            }
            if !self.is_of_fields {
                all.history.push(Joined { rows, words, has_values });
            }
        }
    }

    /// Notes the fields of which a log has values.
    fn note_fields(&mut self, file: &FileRows<LoggedRow>) {
        // In the order of the fields.
        let has: [fn(&LoggedRow) -> bool; 5] = [
            |row| row.change.amount_minor.get().is_some(),
            |row| row.change.expected_close_on.get().is_some(),
            |row| row.told.get(OWNER).is_some_and(|owner| *owner != Word::default()),
            |row| row.change.forecast != Word::default(),
            |row| row.change.probability_bp.get().is_some(),
        ];
        for (field, has) in Field::ALL.into_iter().zip(has) {
            let name = field.as_str().to_owned();
            let is_told = file.parts.iter().flat_map(|part| &part.rows).any(has);
            if is_told && !self.headers.contains(&name) {
                self.headers.push(name);
            }
        }
    }

    /// Whether there is a deal whose stage is known.
    pub(super) fn tells_deals(&self) -> bool {
        self.seen.iter().any(|seen| !seen.stage.is_none())
    }

    fn deal(&mut self, id: &str, has_checked_ids: bool) -> u32 {
        let by_other_form = || {
            let other = checked::other_form(id).filter(|_| has_checked_ids)?;
            self.ids.find(&other)
        };
        let known = self.ids.find(id).or_else(by_other_form);
        known.unwrap_or_else(|| self.ids.add(id))
    }

    /// Makes the deals, by their numbers; of each column the last value that is not empty holds.
    pub(super) fn finish(mut self, all: &mut Gathered, config: &Config) {
        let Some(rules) = self.rules else { return };
        let names = &all.names;
        self.seen.sort_by(|a, b| {
            let key = |row: &Seen| (row.deal, row.at, row.rank);
            key(a).cmp(&key(b)).then_with(|| content(a, names).cmp(&content(b, names)))
        });
        let mut part = Part::new(0);
        let (mut created, mut last) = (0, Vec::new());
        for rows in self.seen.chunk_by(|a, b| a.deal == b.deal) {
            let id = rows.first().map_or("", |row| self.ids.ids.get(row.deal as usize));
            if rows.iter().all(|row| row.stage.is_none()) {
                all.deals.left_out.insert(id.to_owned(), None);
                continue;
            }
            let deal = deal(id, rows, names, &mut part);
            created += usize::from(deal.created_at.get().is_some());
            part.rows.push(deal);
            let of_stage = rows.iter().rev().find(|row| !row.stage.is_none());
            last.extend(of_stage.and_then(|row| Some((row.at.get()?, names.get(row.stage)))));
        }
        let parts = std::slice::from_mut(&mut part);
        all.assumptions.extend(currency::fill(parts, &self.files.join("`, `"), config));
        let gone = self.zone_of_days.and_then(|zone| said_of_gone(&last, zone));
        all.assumptions.extend(gone);
        let count = part.rows.len();
        all.deals.add(vec![part], rules, &mut all.names);
        all.assumptions.push(self.said(count, created));
    }
}

/// The id of a row's deal: of a name that several have, with its day of creation.
fn own_id<'t>(
    row: &LoggedRow,
    texts: &'t str,
    zone: Zone,
    shared: &BTreeSet<String>,
) -> Cow<'t, str> {
    let id = row.id.of(texts);
    let created = row.created_at.get().filter(|_| shared.contains(id));
    let with_day = created.map(|at| Cow::Owned(format!("{id}, {}", date(zone.day(at)))));
    with_day.unwrap_or(Cow::Borrowed(id))
}

/// Names that several deals have, where names stand for ids: those with a creation of their own for each row that
/// tells no stage before (EXPORTS 1.3).
fn shared(plan: &Plan, file: &FileRows<LoggedRow>, all: &mut Gathered) -> BTreeSet<String> {
    let mut seen: BTreeMap<&str, (BTreeSet<Micros>, usize)> = BTreeMap::new();
    for part in file.parts.iter().filter(|_| plan.has_names_for_ids()) {
        for row in &part.rows {
            let (created, begun) = seen.entry(row.id.of(&part.texts)).or_default();
            created.extend(row.created_at.get());
            *begun += usize::from(row.change.from == Word::default());
        }
    }
    seen.retain(|_, (created, begun)| created.len() > 1 && created.len() == *begun);
    let shared: BTreeSet<String> = seen.into_keys().map(str::to_owned).collect();
    if let Some(first) = shared.first() {
        all.assumptions.push(format!(
            "{} of `{}`, such as `{first}`, begin several times on different days of creation: the day stands in the \
             ids of their deals too.",
            counted(shared.len(), "name"),
            plan.input.shown
        ));
    }
    shared
}

/// When the deal of these rows was created, as far as they tell: no change comes before it. What is later
/// than the first of them is when a row was written.
fn creation(rows: &[Seen]) -> Option<Micros> {
    let told = rows.iter().filter_map(|row| row.created_at.get()).min()?;
    let first = rows.iter().filter_map(|row| row.at.get()).min();
    first.is_none_or(|first| told <= first).then_some(told)
}

/// All words of a row, for an order that does not depend on that of rows.
fn content<'n>(row: &Seen, names: &'n Names) -> Vec<&'n str> {
    let own = [row.pipeline, row.forecast, row.currency];
    let status = row.status.map_or("", Status::as_str);
    row.told.into_iter().chain(own).map(|sym| names.get(sym)).chain([status]).collect()
}

fn deal(id: &str, rows: &[Seen], names: &Names, part: &mut Part<DealRow>) -> DealRow {
    let last = |of: &dyn Fn(&Seen) -> Sym| {
        let found = rows.iter().rev().map(of).find(|sym| !sym.is_none());
        names.get(found.unwrap_or_default())
    };
    let mut row = DealRow { id: part.keep(id), ..DealRow::default() };
    let [name, account, owner, source, kind, product, reason] =
        std::array::from_fn(|at| last(&|seen| seen.told.get(at).copied().unwrap_or_default()));
    // A log of fields tells a change of owner twice, by name and by id.
    let by_id = |&sym: &Sym| checked::other_form(names.get(sym)).is_some();
    let owners = rows.iter().rev().filter_map(|seen| seen.told.get(OWNER).copied());
    let owner = owners.into_iter().find(by_id).map_or(owner, |sym| names.get(sym));
    row.status = rows.iter().rev().find_map(|seen| seen.status);
    (row.name, row.account) = (part.keep(name), part.keep(account));
    row.created_at = creation(rows).into();
    let valued = rows.iter().rev().find(|seen| seen.amount_minor.get().is_some());
    let currency =
        valued.map_or_else(|| last(&|seen| seen.currency), |seen| names.get(seen.currency));
    row.amount_minor = valued.map_or(None.into(), |seen| seen.amount_minor);
    row.expected_close_on = rows.iter().rev().find_map(|seen| seen.expected_close_on.get()).into();
    row.probability_bp = rows.iter().rev().find_map(|seen| seen.probability_bp.get()).into();
    let words = &mut part.words;
    let texts = [
        (word::PIPELINE, last(&|seen| seen.pipeline)),
        (word::OWNER, owner),
        (word::SOURCE, source),
        (word::DEAL_TYPE, kind),
        (word::PRODUCT, product),
        (word::LOST_REASON, reason),
        (word::FORECAST, last(&|seen| seen.forecast)),
        (word::CURRENCY, currency),
    ];
    for (at, text) in texts {
        if let Some(word) = row.words.get_mut(at) {
            *word = words.intern(text);
        }
    }
    row
}
