//! The rows of activities, typed: whether they were done, when, for which deal.

use super::activity_id::ActivityId;
use super::cells::Record;
use super::columns::{Col, Entity};
use super::context::{Context, Link};
use super::doing::{self, Doing};
use super::part::{Bad, Part};
use super::words::Word;
use crate::model::{Maybe, Micros};
use serde_json::Value;

/// An activity without a deal.
const NO_DEAL: u32 = u32::MAX;

/// A row of an activities file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ActivityRow {
    /// Number of the deal, or [`NO_DEAL`].
    pub(super) deal: u32,
    /// Kind, owner, outcome.
    pub(super) words: [Word; 3],
    /// Its id.
    pub(super) event: ActivityId,
    /// When it was done.
    pub(super) done_at: Maybe<Micros>,
    /// When it is due.
    pub(super) due_at: Maybe<Micros>,
    /// How long it took.
    pub(super) duration_seconds: Maybe<u32>,
    /// `due_at` is its start: it counts as done when that is past.
    pub(super) is_start: bool,
    /// `done_at` is only its due date: it was done, but nothing tells when.
    pub(super) is_done_by_due: bool,
}

/// A row of an activities file; see [`super::part::RowParser`].
pub(super) fn activity(
    record: &Record<'_>,
    part: &mut Part<ActivityRow>,
    context: &Context<'_>,
) -> Result<(), Bad> {
    let Some((deal, others)) = linked_deals(record, part, context) else {
        part.leave_out();
        return Ok(());
    };
    let doing = doing(record, part, context);
    let times = times(record, part, context, doing);
    let minutes = part.cell(record.duration(Col::DurationMinutes, 60));
    let duration = part.cell(record.duration(Col::DurationSeconds, 1)).or(minutes);
    let row = ActivityRow {
        deal,
        words: [
            record.mapped(Col::Kind, part),
            record.word(Col::Owner, part),
            outcome(record, part, doing),
        ],
        event: record.text(Col::ActivityId).map(|id| event(&id, context)).unwrap_or_default(),
        done_at: times.done_at.into(),
        due_at: times.due_at.into(),
        duration_seconds: duration.into(),
        is_start: times.is_start,
        is_done_by_due: times.is_done_by_due,
    };
    let is_dated = row.done_at.get().or(row.due_at.get()).is_some();
    if !is_dated && doing == Some(Doing::Planned) {
        part.count_undated();
        return Ok(());
    }
    if !is_dated {
        return Err(record.bad(Col::DoneAt, "", "an activity needs a time", true));
    }
    part.rows.push(row);
    if !others.is_empty() {
        part.count_several();
        part.rows.extend(others.into_iter().map(|deal| ActivityRow { deal, ..row }));
    }
    Ok(())
}

/// When an activity was done, or is to be.
struct Times {
    done_at: Option<Micros>,
    due_at: Option<Micros>,
    is_start: bool,
    is_done_by_due: bool,
}

fn times(
    record: &Record<'_>,
    part: &mut Part<ActivityRow>,
    context: &Context<'_>,
    doing: Option<Doing>,
) -> Times {
    let time = |col: Col| record.time(col).map(|t| t.map(|(at, _)| at));
    let is_log = !Entity::Activities.one_of().iter().any(|&col| context.plan.has(col));
    let told = part.cell(time(if is_log { Col::CreatedAt } else { Col::DoneAt }));
    let due_on = part.cell(record.date(Col::DueOn)).map(|day| context.report.midnight(day));
    // Meetings that last all day may have a day only, on which they are.
    let held_on = || {
        let kind = context.plan.file.defaults.get(Col::Kind.name());
        due_on.filter(|_| kind.is_some_and(|kind| kind == "meeting"))
    };
    let starts = part.cell(time(Col::StartsAt)).or_else(held_on);
    // What is still to be done at the only time that is told is due then.
    let planned = told.filter(|_| doing == Some(Doing::Planned) && !is_log);
    let due_at = part.cell(time(Col::DueAt)).or(due_on).or(planned);
    let done_at = match doing {
        None => told,
        Some(Doing::Planned) => None,
        Some(Doing::Done) if told.is_some() => told,
        Some(Doing::Done) => {
            let [made, changed] = [Col::CreatedAt, Col::ModifiedAt].map(|col| part.cell(time(col)));
            done_by_due(due_at, context, made, changed).or(starts).or(made)
        }
        // What did not come to be is no next step either.
        Some(Doing::Void(_)) => told.or(starts).or(due_at),
    };
    let is_known = doing.is_none() || told.is_some() || done_at.is_none();
    Times {
        done_at,
        due_at: starts.or(due_at),
        is_start: doing.is_none() && told.is_none() && starts.is_some(),
        is_done_by_due: !is_known && (starts.is_some() || due_at.is_some()),
    }
}

/// When something was done of which only the day is told on which it was due: on a day on which its record was
/// made too, then; not after the record was changed last.
fn done_by_due(
    due_at: Option<Micros>,
    context: &Context<'_>,
    made: Option<Micros>,
    changed: Option<Micros>,
) -> Option<Micros> {
    let due_at = due_at?;
    let day = context.report.day(due_at);
    let is_day = context.report.midnight(day) == due_at;
    let within = made.filter(|&made| is_day && context.report.day(made) == day);
    let at = within.unwrap_or(due_at);
    Some(changed.map_or(at, |changed| at.min(changed)))
}

/// The id of an activity. Lists of calls and of meetings count theirs each by itself.
fn event(id: &str, context: &Context<'_>) -> ActivityId {
    /// Longer numbers are of one count for all.
    const SHORT: usize = 9;
    let plan = context.plan;
    let is_counted = id.len() <= SHORT && id.bytes().all(|byte| byte.is_ascii_digit());
    let of_list = || {
        let default = plan.file.defaults.get(Col::Kind.name()).filter(|_| !plan.has(Col::Kind));
        plan.kind_by_name.or(default.map(String::as_str))
    };
    match of_list().filter(|_| is_counted) {
        Some(kind) => ActivityId::new(&format!("{kind}-{id}")),
        None => ActivityId::new(id),
    }
}

/// The deal by id, or by name where one deal only has it, and the others where the id is a list (`D1;D2`);
/// `None` if they are left out.
fn linked_deals(
    record: &Record<'_>,
    part: &mut Part<ActivityRow>,
    context: &Context<'_>,
) -> Option<(u32, Vec<u32>)> {
    let prefix = context.plan.file.deal_prefix.as_deref().unwrap_or("");
    if let Some(id) = record.text(Col::DealId).filter(|id| id.starts_with(prefix)) {
        match part.deal(&id, context) {
            Link::Deal(deal) => return Some((deal, Vec::new())),
            Link::LeftOut => return None,
            Link::Unknown => {}
        }
        if id.contains([';', ',', '[']) {
            let links = listed(&id).into_iter().map(|id| context.link(&id));
            let links: Vec<Link> = links.filter(|link| *link != Link::Unknown).collect();
            let mut deals = links.iter().filter_map(|link| link.deal()).collect::<Vec<_>>();
            deals.sort_unstable();
            deals.dedup();
            let mut deals = deals.into_iter();
            if let Some(first) = deals.next() {
                return Some((first, deals.collect()));
            }
            if !links.is_empty() {
                return None;
            }
        }
    }
    let deal = record.text(Col::DealName).and_then(|name| context.named(&name));
    Some((deal.unwrap_or(NO_DEAL), Vec::new()))
}

/// The ids of a list: `D1;D2`, or objects with ids as APIs answer with them.
fn listed(text: &str) -> Vec<String> {
    let text = text.trim();
    if !text.starts_with('[') {
        return text.split([';', ',']).map(|id| id.trim().to_owned()).collect();
    }
    // What programs in Python make of it has other quotes.
    let list = [text.to_owned(), text.replace('\'', "\"")];
    let list = list.iter().find_map(|text| serde_json::from_str::<Vec<Value>>(text).ok());
    let id = |item: Value| match item {
        Value::Object(object) => object.get("id").cloned().unwrap_or_default(),
        other => other,
    };
    let text = |id: Value| match id {
        Value::String(text) => text,
        other => other.to_string(),
    };
    list.unwrap_or_default().into_iter().map(|item| text(id(item))).collect()
}

/// What its status or flag tells of it; `None` if neither tells.
fn doing(
    record: &Record<'_>,
    part: &mut Part<ActivityRow>,
    context: &Context<'_>,
) -> Option<Doing> {
    let told = match record.text(Col::Status) {
        Some(text) => {
            let word = part.words.intern_as(Col::Status, &text, |raw| {
                let values = context.plan.file.values.get(Col::Status.name());
                let known = values.and_then(|values| values.get(&raw.to_lowercase())).cloned();
                let by_word = || doing::status(raw).map(|doing| doing.as_str().to_owned());
                known.or_else(by_word).unwrap_or_default()
            });
            Doing::from_name(part.words.get(word))
        }
        None => record.inferred(Col::Status).and_then(Doing::from_name),
    };
    told.or_else(|| {
        let is_done = record.flag(Col::IsClosed).unwrap_or_default()?;
        Some(if is_done { Doing::Done } else { Doing::Planned })
    })
}

/// How it ended: by its own column, or else by a status that is no word for done or planned (`left voicemail`).
fn outcome(record: &Record<'_>, part: &mut Part<ActivityRow>, doing: Option<Doing>) -> Word {
    let status = || record.text(Col::Status).filter(|_| record.text(Col::Outcome).is_none());
    match doing {
        Some(Doing::Void(outcome)) => part.words.intern(outcome),
        Some(Doing::Done | Doing::Planned) => record.mapped(Col::Outcome, part),
        None => match status() {
            Some(status) => record.known(Col::Outcome, &status, part),
            None => record.mapped(Col::Outcome, part),
        },
    }
}
