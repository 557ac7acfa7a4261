//! Whether a deal is won, lost or open, by the words, flags and times of its row.
//!
//! A row may say that its deal is closed and leave open how: its stage may tell, once all stages are known.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::catalogue::words;
use super::cells::Record;
use super::columns::Col;
use super::context::Context;
use super::mapping::FileMapping;
use super::part::Part;
use super::plan::Plan;
use super::rows::{DealRow, word};
use super::words::Word;
use crate::model::{Config, Micros, Status};

/// What a word in a column of statuses says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// A status.
    Is(Status),
    /// Won or lost, as the name of a stage would.
    Hints(Status),
    /// Closed, but not how.
    Closed,
    /// Nothing.
    Unknown,
}

/// What `text` says in the column of statuses of a file.
pub(super) fn told(text: &str, file: &FileMapping, config: &Config) -> Told {
    let folded = text.to_lowercase();
    if let Some(told) = configured(&folded, config) {
        return told;
    }
    let values = file.values.get(Col::Status.name());
    let word = values.and_then(|values| values.get(&folded)).unwrap_or(&folded);
    let plain = plain_words(word);
    match plain.as_str() {
        "abandoned" | "cancelled" | "canceled" | "invalid" | "unqualified" => {
            Told::Is(Status::Lost)
        }
        "open" | "active" | "in progress" | "pending" | "new" | "ongoing" => Told::Is(Status::Open),
        "closed" => Told::Closed,
        _ => match (words::settled(&plain), words::hinted(word)) {
            (Some(kind), _) => Told::Is(kind.into()),
            (None, Some(kind)) => Told::Hints(kind.into()),
            (None, None) => Told::Unknown,
        },
    }
}

/// The words of a text without what parts them: `closed - won` is `closed won`.
pub(super) fn plain_words(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// What the configuration says that a word in lower case means.
fn configured(folded: &str, config: &Config) -> Option<Told> {
    let has = |list: &[String]| list.iter().any(|stage| stage.trim().to_lowercase() == folded);
    let is_won = has(&config.won_stages) || config.pipeline.iter().any(|p| has(&p.won_stages));
    let is_lost = has(&config.lost_stages) || config.pipeline.iter().any(|p| has(&p.lost_stages));
    match (is_won, is_lost) {
        (true, false) => Some(Told::Is(Status::Won)),
        (false, true) => Some(Told::Is(Status::Lost)),
        _ => None,
    }
}

const NO_STATUS: &str = "not a status: `won`, `lost` or `open`";

const UNDECIDED: &str = "closed, and nothing tells whether won or lost: a status, a flag (`is_won`) or a time (`won_at`, \
    `lost_at`) would, or its stage or status in `won_stages` or `lost_stages` of `sluice.toml`";

/// Settles the outcome of a row by its word, its flags, and the times of a win and a loss, as far as
/// they tell. `has_closed`: it has a time of its close.
pub(super) fn settle(
    record: &Record<'_>,
    part: &mut Part<DealRow>,
    context: &Context<'_>,
    row: &mut DealRow,
    (times, has_closed): ((Option<Micros>, Option<Micros>), bool),
) {
    let plan = context.plan;
    let text = record.text(Col::Status).or_else(|| record.inferred(Col::Status).map(Cow::Borrowed));
    let told = text.as_deref().map(|text| word_of(text, part, context));
    let is_stage = plan.has_statuses_for_stages();
    if told == Some(Told::Unknown) && !is_stage {
        let bad = record.bad(Col::Status, text.as_deref().unwrap_or(""), NO_STATUS, false);
        part.cell::<()>(Err(bad));
    }
    row.flags = flags(record, part);
    let closes = match row.flags.0 {
        Some(_) if plan.has(Col::IsClosed) => Col::IsClosed,
        Some(_) => Col::IsLost,
        None => Col::Status,
    };
    let has_reason = row.words[word::LOST_REASON] != Word::default();
    if told == Some(Told::Closed) || (is_won_alone(plan) && (has_closed || has_reason)) {
        row.flags.0 = row.flags.0.or(Some(true));
    }
    let is_closed = row.flags.0 == Some(true);
    let has_stage = row.words[word::STAGE] != Word::default();
    let by_word = match told {
        Some(Told::Is(status) | Told::Hints(status)) => Some(status),
        _ => None,
    };
    let is_ended = || ends(part.words.get(row.words[word::STAGE]), context.config);
    let by_times = || {
        by_times(times)
            .filter(|_| is_closed || !has_stage || (are_times_alone(plan) && !is_ended()))
    };
    row.status = by_word.or(by_flags(row.flags)).or_else(by_times);
    // A word that closes deals is no stage that they are in.
    if is_stage && (is_closed || matches!(row.status, Some(Status::Won | Status::Lost))) {
        row.words[word::STAGE] = Word::default();
    }
    if is_closed && row.status.is_none() {
        let value = record.text(closes).unwrap_or_default();
        let id = record.text(Col::DealId).unwrap_or_default().into_owned();
        part.undecided.push((id, record.bad(closes, &value, UNDECIDED, true)));
    }
}

/// What a word says; it is kept, to be asked once and told of.
fn word_of(text: &str, part: &mut Part<DealRow>, context: &Context<'_>) -> Told {
    if let Some(&told) = part.statuses.get(text) {
        return told;
    }
    let told = told(text, &context.plan.file, context.config);
    part.statuses.insert(text.to_owned(), told);
    told
}

/// Whether times of wins and losses are all that tells outcomes besides stages, or what stands for them.
fn are_times_alone(plan: &Plan) -> bool {
    let has_flag = [Col::IsClosed, Col::IsWon, Col::IsLost].iter().any(|col| plan.has(*col));
    !has_flag && (!plan.has(Col::Status) || plan.has_statuses_for_stages())
}

/// Whether the name of a stage says that a deal in it is won or lost.
fn ends(stage: &str, config: &Config) -> bool {
    let is_told = configured(&stage.to_lowercase(), config).is_some();
    is_told || words::told(stage).is_some()
}

/// The stages that end a deal, as far as the configuration and their names tell.
#[derive(Debug, Default)]
pub(super) struct Ends(BTreeMap<String, bool>);

impl Ends {
    /// Those of a configuration.
    pub(super) fn new(config: &Config) -> Self {
        let all = |kinds: [&[String]; 3]| {
            let of = |stages: &[String], is_end: bool| -> Vec<(String, bool)> {
                stages.iter().map(|stage| (stage.trim().to_lowercase(), is_end)).collect()
            };
            let [open, won, lost] = kinds;
            [of(open, false), of(won, true), of(lost, true)].concat()
        };
        let mut ends = BTreeMap::from_iter(all([&[], &config.won_stages, &config.lost_stages]));
        for own in &config.pipeline {
            ends.extend(all([&own.stages, &own.won_stages, &own.lost_stages]));
        }
        Self(ends)
    }

    /// Whether a deal in this stage is won or lost.
    pub(super) fn contains(&self, stage: &str) -> bool {
        let told = self.0.get(&stage.trim().to_lowercase()).copied();
        told.unwrap_or_else(|| words::told(stage).is_some())
    }
}

/// Whether `is_won` is all that tells outcomes: then false is said of open deals and of lost ones.
fn is_won_alone(plan: &Plan) -> bool {
    let others = [Col::Stage, Col::Status, Col::IsClosed, Col::IsLost];
    plan.has(Col::IsWon) && plan.entered.is_empty() && !others.iter().any(|col| plan.has(*col))
}

/// What is to be said of the words of a file's statuses.
pub(super) fn said(statuses: &BTreeMap<String, Told>, plan: &Plan) -> Option<String> {
    if is_won_alone(plan) {
        return Some(format!(
            "Nothing but `{}` of `{}` tells outcomes: a deal that is not won is taken as lost if it has a time of \
             its close or a reason of its loss, and else as open.",
            plan.header(Col::IsWon),
            plan.input.shown
        ));
    }
    let hints = statuses.iter().filter_map(|(text, told)| match told {
        Told::Hints(status) => Some(format!("`{text}` as {}", status.as_str())),
        _ => None,
    });
    let hints: Vec<String> = hints.collect();
    (!hints.is_empty()).then(|| {
        format!(
            "Words of `{}` in `{}` are taken as they read: {}. Set `won_stages` and `lost_stages` to change \
             that.",
            plan.header(Col::Status),
            plan.input.shown,
            hints.join(", ")
        )
    })
}

/// Closed, and won, by the flags of a row: what is lost is closed and not won, what is neither won nor lost
/// is open unless it is said to be closed. Won and lost at once is closed, and nothing tells how.
pub(super) fn flags<T>(record: &Record<'_>, part: &mut Part<T>) -> (Option<bool>, Option<bool>) {
    match [Col::IsClosed, Col::IsWon, Col::IsLost].map(|col| part.cell(record.flag(col))) {
        [_, Some(true), Some(true)] => (Some(true), None),
        [_, _, Some(true)] => (Some(true), Some(false)),
        [None, Some(false), Some(false)] => (Some(false), Some(false)),
        [Some(true), None, Some(false)] => (Some(true), Some(true)),
        [closed, won, _] => (closed, won),
    }
}

/// The status by the flags `is_closed` and `is_won`.
fn by_flags(flags: (Option<bool>, Option<bool>)) -> Option<Status> {
    match flags {
        (_, Some(true)) => Some(Status::Won),
        (Some(true), Some(false)) => Some(Status::Lost),
        (Some(false), _) => Some(Status::Open),
        _ => None,
    }
}

/// The outcome by the time of the win or the loss.
fn by_times(times: (Option<Micros>, Option<Micros>)) -> Option<Status> {
    match times {
        (Some(won), lost) if Some(won) > lost => Some(Status::Won),
        (won, Some(lost)) if Some(lost) > won => Some(Status::Lost),
        _ => None,
    }
}
