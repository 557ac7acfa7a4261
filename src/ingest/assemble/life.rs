//! One deal after another: its attributes, visits, field changes and activities, into partitions.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::super::history::{self, Change, DealInput, Shape};
use super::super::rows::{DealRow, HistoryRow, word};
use super::fields;
use super::group::Grouped;
use super::stages::StageIds;
use super::waiting;
use super::waiting::{Waiting, without_repeats};
use super::{Gathered, Joined, Word, closes, order};
use crate::model::calendar::month_index;
use crate::model::{
    Catalogue, Config, Deal, Field, FieldChange, HistoryGrade, Micros, Partition, Quality,
    QualitySet, Reject, StageId, StageKind, Status, Sym, UNKNOWN_STAGE, Zone,
};

/// What holds for all deals.
pub(super) struct Context<'a> {
    pub(super) all: &'a Gathered,
    grouped: &'a Grouped,
    stages: &'a StageIds,
    catalogue: &'a Catalogue,
    unknown: Sym,
    pub(super) report: Zone,
    pub(super) extracted_at: Micros,
    /// Deals of which nothing told when they were created (QH19), in order.
    pub(super) undated: Vec<u32>,
    history: history::Context<'a>,
    repeated: Vec<u32>,
}

/// A partition, with what the ledger wants to know besides.
#[derive(Debug)]
pub(super) struct BuiltPartition {
    /// The partition.
    pub(super) partition: Partition,
    /// Rows of the partition with repeated activities, and how many.
    pub(super) repeated_activities: Vec<(usize, u64)>,
}

/// A move to a stage or a later value of a field, with its words as symbols.
pub(super) type Row<'p> = (&'p Joined<HistoryRow>, &'p HistoryRow);

pub(super) fn sym<R>(part: &Joined<R>, word: Word) -> Sym {
    part.words.get(word.0 as usize).copied().unwrap_or_default()
}

impl<'a> Context<'a> {
    /// Prepares the walk over the deals.
    pub(super) fn new(
        all: &'a Gathered,
        grouped: &'a Grouped,
        stages: &'a StageIds,
        (catalogue, ties): (&'a Catalogue, &'a history::Ties),
        extracted_at: Micros,
        config: &Config,
    ) -> Self {
        let mut repeated = all.deals.repeats.1.clone();
        repeated.sort_unstable();
        Self {
            all,
            grouped,
            stages,
            catalogue,
            unknown: all.names.find(UNKNOWN_STAGE).unwrap_or_default(),
            report: config.zone().unwrap_or(Zone::UTC),
            extracted_at,
            undated: Vec::new(),
            history: history::Context {
                catalogue,
                names: &all.names,
                extracted_at,
                zone: config.zone().unwrap_or(Zone::UTC),
                close_source: config.close_ts_source,
                bounce_seconds: config.bounce_seconds,
                history_start: history_start(all),
                ties,
            },
            repeated,
        }
    }

    fn rows(&self, deal: usize) -> impl Iterator<Item = Row<'a>> + Clone + use<'a> {
        self.grouped.rows(&self.all.history, deal)
    }

    /// The stage of a word, or the pipeline's unknown one.
    fn stage(&self, pipeline: Sym, name: Sym) -> StageId {
        let found = self.stages.find(pipeline, name);
        found.or_else(|| self.stages.find(pipeline, self.unknown)).unwrap_or(StageId(0))
    }
}

/// The earliest change of each pipeline.
fn history_start(all: &Gathered) -> BTreeMap<Sym, Micros> {
    let mut starts: BTreeMap<Sym, Micros> = BTreeMap::new();
    for part in &all.history {
        for row in &part.rows {
            let Some(at) = row.at.get() else { continue };
            let own = sym(part, row.pipeline);
            let of_deal = || {
                let deal = all.deals.rows.get(row.deal as usize);
                deal.map_or(Sym::NONE, |deal| Sym(deal.words[word::PIPELINE].0))
            };
            let pipeline = if own.is_none() { of_deal() } else { own };
            let start = starts.entry(pipeline).or_insert(at);
            *start = at.min(*start);
        }
    }
    starts
}

/// Deals that are closed while nothing tells how, with why they are refused: they are neither open nor lost.
fn undecided(context: &Context<'_>) -> BTreeMap<u32, Reject> {
    let deals = &context.all.deals;
    let is_undecided = |&(&deal, _): &(&u32, &Reject)| {
        if !deals.rows.get(deal as usize).is_some_and(DealRow::is_undecided) {
            return false;
        }
        let mut rows: Vec<Row<'_>> = context.rows(deal as usize).collect();
        order::arrange(&mut rows);
        attributes(context, deal as usize, &rows).0.status == Status::Open
    };
    let found = deals.undecided.iter().filter(is_undecided);
    found.map(|(deal, reject)| (*deal, reject.clone())).collect()
}

/// Months of creation, each with its deals.
pub(super) type Months = Vec<(Option<i32>, Vec<u32>)>;

/// The deals of each month of creation, in the order of their ids; deals without a time last. Beside them
/// why others are refused.
pub(super) fn partitions(context: &Context<'_>) -> (Months, Vec<Reject>) {
    let refused = undecided(context);
    let mut months: BTreeMap<(bool, Option<i32>), Vec<u32>> = BTreeMap::new();
    let deals = context.all.deals.rows.iter().enumerate();
    for (deal, row) in deals.filter(|(deal, _)| !refused.contains_key(&(*deal as u32))) {
        let first_record = || {
            let entered = row.entered.iter().map(|(_, _, at)| *at);
            context.rows(deal).filter_map(|(_, change)| change.at.get()).chain(entered).min()
        };
        let created = row.created_at.get().or_else(first_record);
        let month = created.map(|at| month_index(Zone::UTC.day(at)));
        months.entry((month.is_none(), month)).or_default().push(deal as u32);
    }
    let mut months: Months = months.into_iter().map(|((_, month), deals)| (month, deals)).collect();
    let id = |deal: &u32| context.all.deals.index.ids.get(*deal as usize);
    months.par_iter_mut().for_each(|(_, deals)| deals.sort_unstable_by_key(id));
    (months, refused.into_values().collect())
}

/// Builds the partition of these deals, with their activities.
pub(super) fn partition(
    context: &Context<'_>,
    month: Option<i32>,
    deals: &[u32],
    activities: Vec<Vec<Waiting>>,
) -> BuiltPartition {
    let activities = waiting::by_deal(activities, deals.len());
    let mut partition = empty_partition(context, month, deals);
    partition.activities.reserve(deals.len(), activities.items().len());
    let mut repeated_activities = Vec::new();
    let mut rows = Vec::new();
    let (mut list, mut ids) = (Vec::new(), Vec::new());
    for (at, &deal) in deals.iter().enumerate() {
        let deal = deal as usize;
        rows.clear();
        rows.extend(context.rows(deal));
        order::arrange(&mut rows);
        let (mut attributes, mut changes) = attributes(context, deal, &rows);
        let shape = match (&context.all.deals.rows[deal].entered, context.all.history.is_empty()) {
            (entered, _) if !entered.is_empty() && rows.is_empty() => Shape::Wide,
            (_, false) if context.all.full.contains(&(deal as u32)) => Shape::TruncatedLog,
            (_, false) => Shape::Log,
            _ => Shape::None,
        };
        let last_stage_change_at = last_change(context, deal, &attributes);
        let is_stage_told = context.all.deals.rows[deal].words[word::STAGE].0 != 0;
        let input = DealInput { deal: &attributes, last_stage_change_at, shape, is_stage_told };
        let built = history::build(&input, &mut changes, &context.history);
        settle(&mut attributes, &built, context, deal);
        list.clear();
        list.extend_from_slice(activities.get(at));
        waiting::hold_to_creation(&mut list, built.created_at, context.report);
        let repeats = without_repeats(&mut list, &mut ids);
        if repeats > 0 {
            attributes.quality.insert(Quality::DuplicateActivity);
            repeated_activities.push((at, repeats));
        }
        let row = &context.all.deals.rows[deal];
        partition.deal_ids.push(context.all.deals.index.ids.get(deal));
        partition.deal_names.push(context.all.deals.text(deal, row.name));
        partition.account_ids.push(context.all.deals.text(deal, row.account));
        partition.deals.push(attributes);
        partition.visits.push(built.visits);
        let told = context.all.log.of(deal);
        partition.changes.push(fields::joined(field_changes(&rows), told, built.created_at));
        partition.activities.push(list.iter().map(|(_, activity)| *activity));
    }
    partition.close();
    BuiltPartition { partition, repeated_activities }
}

/// A partition with room for the deals, their visits and changes.
fn empty_partition(context: &Context<'_>, month: Option<i32>, deals: &[u32]) -> Partition {
    let mut partition = Partition { created_month: month, ..Partition::default() };
    let changes: usize = deals.iter().map(|&deal| context.grouped.count(deal as usize)).sum();
    partition.deals.reserve_exact(deals.len());
    partition.visits.reserve(deals.len(), changes + deals.len());
    partition.changes.reserve(deals.len(), changes);
    partition
}

/// The attributes of a deal, and its recorded moves.
pub(super) fn attributes(
    context: &Context<'_>,
    deal: usize,
    rows: &[Row<'_>],
) -> (Deal, Vec<Change>) {
    let row = &context.all.deals.rows[deal];
    let word = |at: usize| Sym(row.words[at].0);
    let pipeline = word(word::PIPELINE);
    let changes = moves(context, pipeline, row, rows);
    let last = changes.iter().max_by_key(|c| (c.at, is_end(context, c.to), c.to)).map(|c| c.to);
    let stage = match word(word::STAGE) {
        Sym::NONE => {
            // Open again, and nothing tells in which stage (QH12).
            let is_over =
                |stage: &StageId| row.status == Some(Status::Open) && is_end(context, *stage);
            let known = last.filter(|stage| !is_over(stage));
            known.unwrap_or_else(|| context.stage(pipeline, context.unknown))
        }
        name => context.stage(pipeline, name),
    };
    let of = |stage| Status::from(context.catalogue.get(stage).kind);
    let status = closes::told(row, !changes.is_empty()).unwrap_or_else(|| match of(stage) {
        // It is closed: where its history ends may tell how.
        Status::Open if row.flags.0 == Some(true) => last.map_or(Status::Open, of),
        by_stage => by_stage,
    });
    let (closed_at, expected_close_on) = closes::close(context, deal, status, changes.is_empty());
    let attributes = Deal {
        pipeline,
        stage,
        status,
        owner: word(word::OWNER),
        source: word(word::SOURCE),
        deal_type: word(word::DEAL_TYPE),
        product: word(word::PRODUCT),
        lost_reason: word(word::LOST_REASON),
        forecast_category: word(word::FORECAST),
        currency: word(word::CURRENCY),
        amount_minor: row.amount_minor,
        probability_bp: row.probability_bp,
        created_at: row.created_at,
        closed_at: closed_at.into(),
        expected_close_on: expected_close_on.into(),
        modified_at: row.modified_at,
        deleted_at: row.deleted_at,
        extracted_at: context.extracted_at,
        history_grade: HistoryGrade::default(),
        quality: QualitySet::default(),
        crm: context.all.deals.rules(deal).map_or(Sym::NONE, |rules| rules.crm),
    };
    (attributes, changes)
}

fn is_end(context: &Context<'_>, stage: StageId) -> bool {
    context.catalogue.get(stage).kind != StageKind::Open
}

/// The last change of stage. Where the export has a column of it, a closed deal without one never moved:
/// it has been in its stage since the creation (EXPORTS 15.5).
fn last_change(context: &Context<'_>, deal: usize, attributes: &Deal) -> Option<Micros> {
    let is_told = context.all.deals.rules(deal).is_some_and(|rules| rules.tells_last_change);
    let is_closed = attributes.status != Status::Open && attributes.closed_at.get().is_some();
    let last = context.all.deals.rows[deal].last_stage_change_at.get();
    last.or(attributes.created_at.get().filter(|_| is_told && is_closed))
}

/// The recorded changes of stage. In a history that also tells of other fields, a row with the stage
/// that the deal is in already is not one. Nothing tells in which of several stages rows of one time end.
fn moves(context: &Context<'_>, pipeline: Sym, deal: &DealRow, rows: &[Row<'_>]) -> Vec<Change> {
    let mut moves = Vec::with_capacity(rows.len() + deal.entered.len());
    let mut current = Sym::NONE;
    let known = order::Entries::of(rows.iter().copied(), pipeline);
    for tied in rows.chunk_by(|a, b| order::key(a.1) == order::key(b.1)) {
        let stage = |(part, row): &Row<'_>| sym(part, row.to);
        let is_sure = tied.windows(2).all(|pair| pair.first().map(stage) == pair.last().map(stage));
        for (part, row) in tied {
            let (from, to) = (sym(part, row.from), sym(part, row.to));
            let stays = if from.is_none() { is_sure && to == current } else { from == to };
            current = to;
            if stays && part.has_values {
                continue;
            }
            moves.push(Change {
                at: row.at.get(),
                from: (!from.is_none()).then(|| context.stage(known.left((*part, *row)), from)),
                to: context.stage(order::entered((*part, *row), pipeline), to),
                by: sym(part, row.by),
                event: row.event,
            });
        }
        if !is_sure {
            current = Sym::NONE;
        }
    }
    if rows.is_empty() {
        moves.extend(deal.entered.iter().map(|(to, of, at)| {
            let of = if of.0 == 0 { pipeline } else { Sym(of.0) };
            let to = context.stage(of, Sym(to.0));
            Change { at: Some(*at), from: None, to, by: Sym::NONE, event: 0 }
        }));
    }
    moves
}

/// Takes over what the history says, and the codes of the row itself.
fn settle(deal: &mut Deal, built: &history::Built, context: &Context<'_>, number: usize) {
    let row = &context.all.deals.rows[number];
    deal.history_grade = built.grade;
    deal.quality = built.quality;
    deal.created_at = built.created_at.into();
    if row.words[word::STAGE].0 == 0
        && let Some(last) = built.visits.last()
    {
        deal.stage = last.stage;
    }
    match deal.amount_minor.get() {
        None => deal.quality.insert(Quality::NullAmount),
        Some(amount) if amount < 0 => deal.quality.insert(Quality::NegativeAmount),
        Some(_) => {}
    }
    if context.undated.binary_search(&(number as u32)).is_ok() {
        deal.quality.insert(Quality::CreationUnknown);
    }
    if row.is_time_adjusted {
        deal.quality.insert(Quality::NaiveTime);
    }
    if context.repeated.binary_search(&(number as u32)).is_ok() {
        deal.quality.insert(Quality::DuplicateDeal);
    }
}

/// Differences between consecutive rows of a deal.
fn field_changes(rows: &[Row<'_>]) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    for pair in rows.windows(2) {
        let [(old_part, old), (part, new)] = pair else { continue };
        let Some(at) = new.at.get().filter(|_| part.has_values && old_part.has_values) else {
            continue;
        };
        let symbol = |part: &Joined<HistoryRow>, word: Word| {
            let sym = sym(part, word);
            (!sym.is_none()).then_some(i64::from(sym.0))
        };
        let mut compare = |field, old: Option<i64>, new: Option<i64>| {
            if old != new {
                changes.push(FieldChange { at, field, old: old.into(), new: new.into() });
            }
        };
        compare(Field::Amount, old.amount_minor.get(), new.amount_minor.get());
        let days = |row: &HistoryRow| row.expected_close_on.get().map(i64::from);
        compare(Field::ExpectedCloseOn, days(old), days(new));
        let forecast = (symbol(old_part, old.forecast), symbol(part, new.forecast));
        compare(Field::ForecastCategory, forecast.0, forecast.1);
        let points = |row: &HistoryRow| row.probability_bp.get().map(i64::from);
        compare(Field::Probability, points(old), points(new));
    }
    // Rows that share their time keep their order: the last value of a field stays the last.
    changes.sort_by_key(|change| (change.at, change.field));
    changes
}
