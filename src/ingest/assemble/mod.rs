//! From typed rows to timelines: deals, their stages, their visits, partitions, the quality ledger.
//!
//! Every choice is by content, never by the order of rows or files.

mod closes;
mod complete;
pub(super) mod deals;
mod extract;
mod fields;
mod full;
pub(super) mod group;
mod labels;
mod life;
pub(super) mod namesakes;
mod order;
mod outcomes;
mod people;
mod places;
mod rivals;
mod spelling;
mod stages;
mod stand_in;
mod statuses;
mod suggest;
mod ties;
mod undated;
mod waiting;

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use self::deals::Deals;
use self::group::Grouped;
use super::activities::ActivityRow;
use super::goals::UNDATED;
use super::part::Part;
use super::periods::Periods;
use super::rows::HistoryRow;
use super::side::StageRow;
use super::words::Word;
use crate::error::Result;
use crate::model::{
    Account, Catalogue, Config, Dataset, Day, Forecast, Forecasts, FxRate, Ledger, Micros, Names,
    Partition, Payment, Quality, Reject, Sym, Target, User, listed,
};

pub use suggest::{suggest_beside_preset, suggest_config};

/// Rows of a file with the words of each block as symbols.
#[derive(Debug)]
pub(super) struct Joined<R> {
    /// The rows of a block.
    pub(super) rows: Vec<R>,
    /// The symbol of each word of the block.
    pub(super) words: Vec<Sym>,
    /// Whether the file has columns of values besides the stage.
    pub(super) has_values: bool,
}

/// All that was read.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// All words.
    pub(super) names: Names,
    /// The deals.
    pub(super) deals: Deals,
    /// The stage history, by block.
    pub(super) history: Vec<Joined<HistoryRow>>,
    /// What logs of fields tell.
    pub(super) log: fields::Log,
    /// The activities, by block.
    pub(super) activities: Vec<Joined<ActivityRow>>,
    /// Declared stages.
    pub(super) stages: Vec<StageRow>,
    /// Users.
    pub(super) users: Vec<User>,
    /// Accounts.
    pub(super) accounts: Vec<Account>,
    /// Targets.
    pub(super) targets: Vec<Target>,
    /// Forecasts.
    pub(super) forecasts: Vec<Forecast>,
    /// Exchange rates.
    pub(super) fx: Vec<FxRate>,
    /// Payments, each with the hash of its id.
    pub(super) payments: Vec<(Payment, u64)>,
    /// Periods.
    pub(super) periods: Periods,
    /// Names of teams by id.
    pub(super) teams: BTreeMap<String, String>,
    /// Names of pipelines by id.
    pub(super) pipelines: BTreeMap<String, String>,
    /// Words in columns of statuses.
    pub(super) statuses: BTreeSet<String>,
    /// What was refused.
    pub(super) rejects: Vec<Reject>,
    /// What was assumed.
    pub(super) assumptions: Vec<String>,
    /// Whether a deals file has a column of modification times.
    pub(super) has_modified: bool,
    /// Deals with as many changes as their logs hold at most.
    pub(super) full: BTreeSet<u32>,
}

impl Gathered {
    /// Nothing yet but what is said.
    pub(super) fn new(said: Vec<String>, config: &Config) -> Self {
        Self { deals: Deals::new(config), assumptions: said, ..Self::default() }
    }

    /// Whether a log or the rows of deals tell moves to stages.
    fn has_moves(&self) -> bool {
        self.history.iter().any(|part| !part.rows.is_empty())
            || self.deals.rows.iter().any(|row| !row.entered.is_empty())
    }

    /// Makes the words of a block symbols.
    pub(super) fn join<R>(&mut self, part: Part<R>, has_values: bool) -> Joined<R> {
        let words = part.words.list.iter().map(|word| self.names.intern(word)).collect();
        Joined { rows: part.rows, words, has_values }
    }
}

/// Builds the dataset; `now` is the present.
///
/// Errors: a stage configured as two things at once; more stages than can be counted.
pub(super) fn assemble(mut all: Gathered, config: &Config, now: Micros) -> Result<Dataset> {
    all.deals.index.close();
    name_pipelines(&mut all, config);
    let count = all.deals.rows.len();
    fields::settle(&mut all);
    let history = history_of(&mut all, count);
    let seen = extract::seen(&all, now);
    let (mut catalogue, ties, said) =
        stages::catalogue(&mut all, &history, seen.instant(), config)?;
    sort_names(&mut all, &mut catalogue);
    let stages = stages::StageIds::new(&catalogue);
    let known = (&catalogue, &ties);
    let ends = extract::Ends::new((&history, &stages, &catalogue), config)?;
    let (extracted_at, is_undated) = end(&mut all, seen, ends, now);
    all.assumptions.extend(said);
    let activities = std::mem::take(&mut all.activities);
    let mut undated = Vec::new();
    if (0..count).any(|deal| undated::is_one(&all, &history, deal)) {
        let context = life::Context::new(&all, &history, &stages, known, extracted_at, config);
        let created = undated::creations(&context, &history, is_undated);
        undated = undated::date(&mut all, created, is_undated, (extracted_at, ends.zone));
    }
    let mut context = life::Context::new(&all, &history, &stages, known, extracted_at, config);
    context.undated = undated;
    let (plan, refused) = life::partitions(&context);
    let mut activities = waiting::by_partition(activities, &plan, count, extracted_at);
    let loose = activities.pop().unwrap_or_default();
    let tasks = plan.into_par_iter().zip(activities).with_max_len(1);
    let built: Vec<life::BuiltPartition> = tasks
        .map(|((month, deals), list)| life::partition(&context, month, &deals, list))
        .collect();
    let (loose, loose_repeats) = waiting::loose(loose);
    let mut ledger = ledger(&all, &built, loose_repeats);
    let partitions: Vec<_> = built.into_iter().map(|part| noted(part, &mut ledger)).collect();
    all.rejects.extend(refused);
    let payments = settle_payments(std::mem::take(&mut all.payments), &mut ledger);
    all.assumptions.extend(waiting::said(&loose));
    let fx = settle_rates(&mut all);
    let (users, accounts) = people::settle(&mut all);
    assumptions(&mut all, &partitions, &catalogue, extracted_at, config);
    Ok(sorted(Dataset {
        names: all.names,
        catalogue,
        partitions,
        left_out: all.deals.left_out(),
        loose_activities: loose,
        users,
        accounts,
        targets: all.targets,
        forecasts: all.forecasts,
        fx,
        payments,
        periods: all.periods.rows,
        rejects: all.rejects,
        quality: ledger.finish(),
        extracted_at,
        assumptions: all.assumptions,
        ..Dataset::default()
    }))
}

/// Gives pipelines their names, each in one spelling.
fn name_pipelines(all: &mut Gathered, config: &Config) {
    all.deals.name_pipelines(&mut all.names, &all.pipelines);
    labels::name_table(all);
    spelling::settle_pipelines(all, config);
}

/// The history by deal, beside which words that are no stages of it are let go of.
fn history_of(all: &mut Gathered, count: usize) -> Grouped {
    let history = Grouped::new(&all.history, count, |row| row.deal);
    stand_in::settle(all, &history);
    history
}

/// The end of what the export knows, and whether nothing tells when its deals were created.
fn end(
    all: &mut Gathered,
    mut seen: extract::Seen,
    ends: extract::Ends<'_>,
    now: Micros,
) -> (Micros, bool) {
    seen.see_closes(all, ends);
    let is_undated = undated::is_undated(all);
    let extracted_at = match is_undated {
        true => undated::instant(seen.instant(), now),
        false => seen.instant(),
    };
    all.assumptions.extend(seen.said());
    date_forecasts(&mut all.forecasts, ends.zone.day(extracted_at - 1));
    (extracted_at, is_undated)
}

/// A ledger that knows whose owners are told; without a log of fields nobody's are.
fn ledger(all: &Gathered, built: &[life::BuiltPartition], loose_repeats: u64) -> Ledger {
    let mut ledger = match all.log.rows.is_empty() {
        true => Ledger::default(),
        false => Ledger::knowing_owners(built.par_iter().map(|built| &built.partition)),
    };
    add_repeats(&mut ledger, all, loose_repeats);
    ledger
}

/// The partition, its deals and repeated activities noted in the ledger.
fn noted(built: life::BuiltPartition, ledger: &mut Ledger) -> Partition {
    let (part, repeats) = (&built.partition, &built.repeated_activities);
    ledger.add_deals(part);
    let ids: Vec<&str> = repeats.iter().map(|(row, _)| part.deal_ids.get(*row)).collect();
    let rows = repeats.iter().map(|(_, count)| count).sum();
    ledger.add_rows(Quality::DuplicateActivity, "activities", rows, &ids);
    built.partition
}

/// Gives forecasts without a date that of the export.
fn date_forecasts(forecasts: &mut [Forecast], day: Day) {
    for forecast in forecasts.iter_mut().filter(|f| f.snapshot_on == UNDATED) {
        forecast.snapshot_on = day;
    }
}

/// Adds repeated rows of deals and forecasts, and of activities without a deal.
fn add_repeats(ledger: &mut Ledger, all: &Gathered, loose: u64) {
    ledger.add_rows(Quality::DuplicateActivity, "activities", loose, &[]);
    let (deals, mut forecasts) = (&all.deals, Forecasts::repeated(&all.forecasts));
    let rows = forecasts.len() as u64;
    forecasts.retain(|id| !id.is_empty());
    ledger.add_rows(Quality::DuplicateForecast, "forecasts", rows, &forecasts);
    let (same, other) = &deals.repeats;
    for (code, repeats) in [(Quality::DuplicateRow, same), (Quality::DuplicateDeal, other)] {
        let ids: Vec<&str> =
            repeats.iter().map(|&deal| deals.index.ids.get(deal as usize)).collect();
        ledger.add_rows(code, "deals", repeats.len() as u64, &ids);
    }
}

/// From here on symbols sort as words do.
fn sort_names(all: &mut Gathered, catalogue: &mut Catalogue) {
    let moved = all.names.sort();
    let move_to = |sym: &mut Sym| *sym = moved.get(sym.0 as usize).copied().unwrap_or_default();
    for stage in &mut catalogue.stages {
        move_to(&mut stage.pipeline);
        move_to(&mut stage.name);
    }
    all.deals.move_words(move_to);
    all.log.sort(move_to);
    all.history.iter_mut().flat_map(|part| &mut part.words).for_each(move_to);
    all.activities.iter_mut().flat_map(|part| &mut part.words).for_each(move_to);
}

/// Payments in their order; of those that are equal in all, the id included, one stays (QH5).
fn settle_payments(mut rows: Vec<(Payment, u64)>, ledger: &mut Ledger) -> Vec<Payment> {
    rows.sort_unstable();
    let count = rows.len();
    let repeated: Vec<String> = rows
        .chunk_by(|a, b| a == b)
        .filter(|same| same.len() > 1)
        .filter_map(|same| Some(same.first()?.0.deal_id.clone()))
        .collect();
    rows.dedup();
    let ids: Vec<&str> = repeated.iter().map(String::as_str).collect();
    ledger.add_rows(Quality::DuplicateRow, "payments", (count - rows.len()) as u64, &ids);
    rows.into_iter().map(|(payment, _)| payment).collect()
}

/// Rates by currency and day; of several for one day the lowest, and of equal ones one.
fn settle_rates(all: &mut Gathered) -> Vec<FxRate> {
    let mut rates = std::mem::take(&mut all.fx);
    if rates.iter().any(FxRate::is_undated) {
        all.assumptions.push("Exchange rates without a date hold on all days.".to_owned());
    }
    let value = |rate: &FxRate| (i128::from(rate.num), i128::from(rate.den));
    rates.sort_by(|a, b| {
        let ((num, den), (other, by)) = (value(a), value(b));
        let days = (&a.currency, a.rate_on).cmp(&(&b.currency, b.rate_on));
        days.then((num * by).cmp(&(other * den))).then(a.cmp(b))
    });
    rates.dedup();
    let undated: Vec<&str> =
        rates.iter().filter(|rate| rate.is_undated()).map(|rate| rate.currency.as_str()).collect();
    let again = undated.windows(2).filter(|pair| pair.first() == pair.last());
    let unsure: BTreeSet<String> = again.flatten().map(|&currency| currency.to_owned()).collect();
    if !unsure.is_empty() {
        rates.retain(|rate| !rate.is_undated() || !unsure.contains(&rate.currency));
        all.assumptions.push(format!(
            "Several exchange rates of {} carry no date that is known, and none of those is used: a column \
             `rate_date` tells from when on each holds.",
            listed(unsure, 3)
        ));
    }
    let count = rates.len();
    rates.dedup_by(|later, first| {
        (&first.currency, first.rate_on) == (&later.currency, later.rate_on)
    });
    if rates.len() < count {
        all.assumptions.push(format!(
            "{} exchange rates contradict another of their day: the lowest is taken.",
            count - rates.len()
        ));
    }
    rates
}

/// The small tables in their order.
fn sorted(mut dataset: Dataset) -> Dataset {
    dataset.targets.sort_by_cached_key(|t| {
        let texts = (t.measure.clone(), t.team.clone(), t.owner.clone());
        (t.period_start, t.period_end, texts, t.value)
    });
    dataset.forecasts.sort_by_cached_key(|f| {
        let texts = (f.owner.clone(), f.category.clone(), f.deal_id.clone());
        (f.snapshot_on, f.period_start, texts, f.amount_minor)
    });
    dataset.rejects.sort();
    dataset
}

/// Said of an export of deals only.
const WITHOUT_HISTORY: &str = "There is no stage history, only the stage in which each deal is now: \
    `stage_duration`, `stage_exit`, `stage_transitions`, `movement_quality`, `stage_flow` and \
    `stage_win_probability` have nothing or little to show. A file of stage changes \
    beside the deals (`OpportunityHistory.csv` of Salesforce, or `stage_history.csv`) fills them.";

/// What holds for the whole extract.
fn assumptions(
    all: &mut Gathered,
    partitions: &[Partition],
    catalogue: &Catalogue,
    extracted_at: Micros,
    config: &Config,
) {
    all.assumptions.extend(outcomes::said_of_untimed(partitions));
    all.assumptions.extend(outcomes::said_of_undated(partitions));
    all.assumptions.extend(outcomes::said_of_early(partitions));
    all.assumptions.extend(outcomes::said_of_later(partitions));
    all.assumptions.extend(outcomes::said_of_closes(partitions, config));
    all.assumptions.extend(people::said(partitions, &all.names));
    all.assumptions.extend(outcomes::said(partitions, catalogue, &all.names, config));
    let at = chrono::DateTime::from_timestamp_micros(extracted_at - 1);
    all.assumptions.push(format!(
        "The export is taken to know everything up to {} UTC, its latest event.",
        at.map_or_else(String::new, |at| at.format("%Y-%m-%d %H:%M:%S").to_string())
    ));
    all.assumptions.push(format!("Days begin at midnight in {}.", config.report_tz));
    if !all.has_moves() {
        all.assumptions.push(WITHOUT_HISTORY.to_owned());
    }
    let mut deals = partitions.iter().flat_map(|partition| &partition.deals);
    let has_amounts = deals.any(|deal| deal.amount_minor.get().is_some());
    if (has_amounts || !all.payments.is_empty()) && !all.deals.has_currency {
        all.assumptions
            .push(format!("Amounts are in {}, as no column says otherwise.", config.currency));
    }
    // Names of stages may have line ends in them.
    for said in all.assumptions.iter_mut().filter(|said| said.contains(['\r', '\n'])) {
        let lines = said.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty());
        *said = lines.collect::<Vec<_>>().join(" ");
    }
}
