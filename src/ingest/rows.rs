//! The rows of deals and stage history, typed; refusals say why.

use std::borrow::Cow;

use super::cells::Record;
use super::checked;
use super::columns::Col;
use super::context::Context;
use super::currency::Known;
use super::header;
use super::part::{Bad, Part};
use super::period_name;
use super::status;
use super::words::{Text, Word, fixed_hash};
use crate::model::calendar::DAY_MICROS;
use crate::model::{Day, Maybe, Micros, Status};

/// A row of a deals file.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct DealRow {
    /// Id.
    pub(super) id: Text,
    /// Name.
    pub(super) name: Text,
    /// Account id, or name.
    pub(super) account: Text,
    /// Pipeline, stage, owner, source, type, product, lost reason, forecast category, currency.
    pub(super) words: [Word; 9],
    /// Status by status words or flags.
    pub(super) status: Option<Status>,
    /// Amount.
    pub(super) amount_minor: Maybe<i64>,
    /// Probability.
    pub(super) probability_bp: Maybe<u32>,
    /// Creation.
    pub(super) created_at: Maybe<Micros>,
    /// Close.
    pub(super) closed_at: Maybe<Micros>,
    /// Expected close.
    pub(super) expected_close_on: Maybe<Day>,
    /// Last stage change.
    pub(super) last_stage_change_at: Maybe<Micros>,
    /// Last modification.
    pub(super) modified_at: Maybe<Micros>,
    /// Deletion.
    pub(super) deleted_at: Maybe<Micros>,
    /// Place of the stage.
    pub(super) stage_order: Maybe<i64>,
    /// Whether the row says that the stage is closed, and won.
    pub(super) flags: (Option<bool>, Option<bool>),
    /// A local time was ambiguous or did not exist (QT1).
    pub(super) is_time_adjusted: bool,
    /// Entries into stages by `Date entered` columns: stage, pipeline, time.
    pub(super) entered: Vec<(Word, Word, Micros)>,
}

impl DealRow {
    /// Whether it is closed and does not tell how.
    pub(super) fn is_undecided(&self) -> bool {
        self.status.is_none() && self.flags.0 == Some(true)
    }
}

/// Places in [`DealRow::words`].
pub(super) mod word {
    pub(in super::super) const PIPELINE: usize = 0;
    pub(in super::super) const STAGE: usize = 1;
    pub(in super::super) const OWNER: usize = 2;
    pub(in super::super) const SOURCE: usize = 3;
    pub(in super::super) const DEAL_TYPE: usize = 4;
    pub(in super::super) const PRODUCT: usize = 5;
    pub(in super::super) const LOST_REASON: usize = 6;
    pub(in super::super) const FORECAST: usize = 7;
    pub(in super::super) const CURRENCY: usize = 8;
}

/// A row of a deals file; see [`super::part::RowParser`].
pub(super) fn deal(
    record: &Record<'_>,
    part: &mut Part<DealRow>,
    context: &Context<'_>,
) -> Result<(), Bad> {
    let Some(id) = own_id(record, part)? else { return Ok(()) };
    let mut row = DealRow { id: part.keep(&id), ..DealRow::default() };
    let adjusted = &mut false;
    row.created_at = record.time(Col::CreatedAt)?.map(|t| noting(t, adjusted)).into();
    if row.created_at.get().is_none() && record.is_note() {
        return Err(record.bad(Col::DealId, &id, "no record", true));
    }
    row.name = record.text(Col::Name).map_or(Text::default(), |text| part.keep(&text));
    let account = record.text(Col::AccountId).or_else(|| record.text(Col::AccountName));
    row.account = account.map_or(Text::default(), |text| part.keep(&text));
    let (currency, in_currency) = part.deal_currency(record.currency(), context);
    row.words = [
        record.word(Col::Pipeline, part),
        record.stage(Col::Stage, part),
        record.word(Col::Owner, part),
        record.word(Col::Source, part),
        record.word(Col::DealType, part),
        record.word(Col::Product, part),
        record.word(Col::LostReason, part),
        record.mapped(Col::ForecastCategory, part),
        in_currency,
    ];
    // What a won deal brought holds over what was expected of it; of others it is empty or 0.
    let won = part.cell(record.money(Col::WonAmount, &currency)).filter(|&amount| amount != 0);
    row.amount_minor = won.or_else(|| part.cell(record.money(Col::Amount, &currency))).into();
    row.probability_bp = part.cell(record.probability(Col::Probability)).into();
    row.expected_close_on = part.cell(record.date(Col::ExpectedCloseOn)).into();
    row.stage_order = part.cell(record.count(Col::StageOrder)).map(i64::from).into();
    let mut time = |col: Col, part: &mut Part<DealRow>| {
        part.cell(record.time(col)).map(|t| noting(t, adjusted))
    };
    row.last_stage_change_at = time(Col::LastStageChangeAt, part).into();
    row.modified_at = time(Col::ModifiedAt, part).into();
    row.deleted_at = time(Col::DeletedAt, part).into();
    let closed = time(Col::ClosedAt, part);
    let (won, lost) = (time(Col::WonAt, part), time(Col::LostAt, part));
    status::settle(record, part, context, &mut row, ((won, lost), closed.is_some()));
    let closed = match row.status {
        Some(Status::Won) => won.or(closed),
        Some(Status::Lost) => lost.or(closed),
        Some(Status::Open) => closed,
        // The stage tells which of them it was, if one is all that is told.
        None => won.xor(lost).or(closed).or(won.max(lost)),
    };
    row.closed_at = closed.into();
    enter_stages(record, part, context, &mut row);
    row.is_time_adjusted = *adjusted;
    part.rows.push(row);
    Ok(())
}

/// The id of the deal; none of a row that tells nothing.
fn own_id<'r>(record: &Record<'r>, part: &mut Part<DealRow>) -> Result<Option<Cow<'r, str>>, Bad> {
    match record.text(Col::DealId) {
        Some(id) if checked::is_shortened(&id) => {
            Err(record.bad(Col::DealId, &id, checked::SHORTENED, true))
        }
        None if record.is_blank() => {
            part.set_aside(true);
            Ok(None)
        }
        None => Err(record.bad(Col::DealId, "", "a deal needs an id", true)),
        id => Ok(id),
    }
}

fn noting((at, was_adjusted): (Micros, bool), adjusted: &mut bool) -> Micros {
    *adjusted |= was_adjusted;
    at
}

/// `Date entered` columns; a stage cell such as `Proposal (Sales)` loses its pipeline.
fn enter_stages(
    record: &Record<'_>,
    part: &mut Part<DealRow>,
    context: &Context<'_>,
    row: &mut DealRow,
) {
    if context.plan.entered.is_empty() {
        return;
    }
    let alias = |name: &str| {
        context.config.stage_aliases.get(name).map_or_else(|| name.to_owned(), Clone::clone)
    };
    if let Some(text) = record.text(Col::Stage) {
        let (name, pipeline) = header::split_pipeline(&text);
        let own = record.text(Col::Pipeline);
        if !pipeline.is_empty() && own.is_none_or(|own| *own == *pipeline) {
            row.words[word::STAGE] = part.words.intern(&alias(name));
            row.words[word::PIPELINE] = part.words.intern(pipeline);
        }
    }
    for (at, stage) in &context.plan.entered {
        let Some(text) = record.at(*at) else { continue };
        match record.instant(&text, false) {
            None if super::convert::is_zero(&text) => {}
            Some((at, _)) => {
                let name = part.words.intern(&alias(&stage.name));
                let pipeline = part.words.intern(&stage.pipeline);
                row.entered.push((name, pipeline, at));
            }
            None => {
                let header = context.plan.headers.get(*at).cloned().unwrap_or_default();
                let bad = record.bad(Col::ChangedAt, &text, "not a date or time", false);
                part.cell::<()>(Err(bad.of(header)));
            }
        }
    }
}

/// A row of a stage history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct HistoryRow {
    /// Number of the deal.
    pub(super) deal: u32,
    /// When; null times are counted (QH1).
    pub(super) at: Maybe<Micros>,
    /// The stage after.
    pub(super) to: Word,
    /// The stage before.
    pub(super) from: Word,
    /// Who.
    pub(super) by: Word,
    /// The pipeline, if the row names one.
    pub(super) pipeline: Word,
    /// Forecast category.
    pub(super) forecast: Word,
    /// Hash of the record's id, 0 if it has none.
    pub(super) event: u64,
    /// The record's id in short, in the order of ids: settles ties in time.
    pub(super) rank: u64,
    /// Amount after.
    pub(super) amount_minor: Maybe<i64>,
    /// Expected close after.
    pub(super) expected_close_on: Maybe<Day>,
    /// Probability after.
    pub(super) probability_bp: Maybe<u32>,
}

/// A row of a stage history; see [`super::part::RowParser`].
pub(super) fn history(
    record: &Record<'_>,
    part: &mut Part<HistoryRow>,
    context: &Context<'_>,
) -> Result<(), Bad> {
    let Some(deal) = record.changed_deal(part, NEEDS_DEAL)? else { return Ok(()) };
    let row = change(deal, record, part, context)?;
    part.rows.push(row);
    Ok(())
}

/// Why a row of a stage history without an id is refused.
pub(super) const NEEDS_DEAL: &str = "a stage change needs a deal";

/// What a row of a stage history says of `deal`.
pub(super) fn change<R>(
    deal: u32,
    record: &Record<'_>,
    part: &mut Part<R>,
    context: &Context<'_>,
) -> Result<HistoryRow, Bad> {
    let to = record.stage(Col::Stage, part);
    if to == Word::default() {
        return Err(record.bad(Col::Stage, "", "a stage change needs a stage", true));
    }
    let event = record.text(Col::EventId);
    let plan = context.plan;
    let is_told = plan.has(Col::Currency) || plan.forms.currency != Known::Told;
    let currency = match plan.has(Col::Amount) && is_told {
        true => part.currency(record.currency(), context),
        false => Cow::Borrowed(&*context.config.currency),
    };
    Ok(HistoryRow {
        deal,
        at: changed_at(record, context)?.into(),
        to,
        from: record.stage(Col::FromStage, part),
        by: record.word(Col::ChangedBy, part),
        pipeline: record.word(Col::Pipeline, part),
        forecast: record.mapped(Col::ForecastCategory, part),
        event: event.as_deref().map_or(0, fixed_hash),
        rank: event.as_deref().map_or(0, short_rank),
        amount_minor: part.cell(record.money(Col::Amount, &currency)).into(),
        expected_close_on: part.cell(record.date(Col::ExpectedCloseOn)).into(),
        probability_bp: part.cell(record.probability(Col::Probability)).into(),
    })
}

/// When the stage changed; where months are told, their last days.
fn changed_at(record: &Record<'_>, context: &Context<'_>) -> Result<Option<Micros>, Bad> {
    let month = || period_name::last_of_month(&record.text(Col::ChangedAt)?);
    let midnight = |day| context.times.naive.instant(i64::from(day) * DAY_MICROS);
    let last = context.plan.are_months.then(month).flatten().map(midnight);
    let time = last.map_or_else(|| record.time(Col::ChangedAt), |at| Ok(Some(at)))?;
    Ok(time.map(|(at, _)| at))
}

/// The part of an id that counts up, as a number: of a long id the last eight of its first fifteen
/// characters (a Salesforce id has a checksum behind those), of a number the number.
pub(super) fn short_rank(id: &str) -> u64 {
    if let Ok(number) = id.parse() {
        return number;
    }
    let bytes = id.as_bytes();
    let end = bytes.len().min(15);
    let tail = bytes.get(end.saturating_sub(8)..end).unwrap_or_default();
    tail.iter().fold(0, |rank, byte| rank << 8 | u64::from(*byte))
}
