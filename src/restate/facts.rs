//! A deal in two runs, fact by fact, as words: symbols of two runs cannot be compared.

use crate::model::calendar::date;
use crate::model::restated::FactChange;
use crate::model::{Activity, Run, StageKind, Status, Sym, Timeline, Visit, money};

/// A deal in one run.
#[derive(Clone, Copy)]
pub(super) struct Life<'a> {
    pub(super) deal: &'a Timeline<'a>,
    pub(super) run: &'a Run,
}

impl<'a> Life<'a> {
    fn word(&self, sym: Sym) -> &'a str {
        self.run.names.get(sym)
    }

    fn owner(&self, owner: Sym) -> String {
        self.run.owner_label(owner).to_string()
    }

    fn stage(&self, visit: &Visit) -> &'a str {
        self.run.names.get(self.run.catalogue.get(visit.stage).name)
    }

    /// A deal that is lost later on has no reason yet.
    fn lost_reason(&self) -> Sym {
        let is_lost = self.deal.facts.outcome == Status::Lost;
        if is_lost { self.deal.deal.lost_reason } else { Sym::NONE }
    }

    fn amount(&self) -> String {
        let currency = self.word(self.deal.facts.currency);
        let major = |minor: i64| money::to_major(i128::from(minor), money::exponent(currency));
        self.deal.facts.amount_minor.map_or_else(String::new, |minor| {
            format!("{} {currency}", major(minor)).trim_end().to_owned()
        })
    }
}

/// Whether two words mean one person: they are the same, or users call them alike.
fn is_one(a: Life<'_>, before: Sym, b: Life<'_>, after: Sym) -> bool {
    a.word(before) == b.word(after) || a.run.owner_label(before) == b.run.owner_label(after)
}

/// What differs between two lives of one deal.
pub(super) fn differences(a: Life<'_>, b: Life<'_>, with_activities: bool) -> Vec<FactChange> {
    let mut found = Vec::new();
    let mut add = |fact: &'static str, before: String, after: String| {
        found.push(FactChange { fact, before, after });
    };
    let (old, new) = (&a.deal.facts, &b.deal.facts);
    if old.created_at != new.created_at {
        add("created_at", instant(old.created_at), instant(new.created_at));
    }
    if !is_one(a, old.owner, b, new.owner) {
        add("owner", a.owner(old.owner), b.owner(new.owner));
    }
    let words = [
        ("source", old.source, new.source),
        ("segment", old.segment, new.segment),
        ("lost_reason", a.lost_reason(), b.lost_reason()),
        ("forecast_category", a.deal.deal.forecast_category, b.deal.deal.forecast_category),
    ];
    for (fact, before, after) in words {
        let (before, after) = (a.word(before), b.word(after));
        if before != after {
            add(fact, before.to_owned(), after.to_owned());
        }
    }
    if old.amount_minor != new.amount_minor || a.word(old.currency) != b.word(new.currency) {
        add("amount", a.amount(), b.amount());
    }
    let expected = (a.deal.deal.expected_close_on.get(), b.deal.deal.expected_close_on.get());
    if expected.0 != expected.1 {
        let day = |day: Option<i32>| day.map_or_else(String::new, |day| date(day).to_string());
        add("expected_close_on", day(expected.0), day(expected.1));
    }
    if let Some((before, after)) = stages(a, b) {
        add("stages", before, after);
    }
    let counts = (a.deal.changes.len(), b.deal.changes.len());
    let is_same = |(x, y): (&crate::model::FieldChange, &crate::model::FieldChange)| {
        // Values that are words differ in their symbols; their number and times tell enough.
        (x.at, x.field) == (y.at, y.field)
            && (x.field.is_text() || (x.old, x.new) == (y.old, y.new))
    };
    if counts.0 != counts.1 || !a.deal.changes.iter().zip(b.deal.changes).all(is_same) {
        add("field_changes", counts.0.to_string(), counts.1.to_string());
    }
    if with_activities && !have_same_activities(a, b) {
        let count = |life: Life<'_>| done(life).count().to_string();
        add("activities", count(a), count(b));
    }
    found
}

/// Stages with the times of entry, from the first that differs on; with their pipelines where these differ, and with
/// the end of a deal that was deleted.
fn stages(a: Life<'_>, b: Life<'_>) -> Option<(String, String)> {
    let (old, new) = (a.deal.visits, b.deal.visits);
    let is_same = |(x, y): (&Visit, &Visit)| {
        (x.entered_at, x.exited_at, x.kind) == (y.entered_at, y.exited_at, y.kind)
            && (a.stage(x), a.word(x.pipeline)) == (b.stage(y), b.word(y.pipeline))
    };
    let same = old.iter().zip(new).take_while(|pair| is_same(*pair)).count();
    if same == old.len() && same == new.len() {
        return None;
    }
    let pipelines = |life: Life<'_>, visits: &[Visit]| -> Vec<String> {
        visits.iter().skip(same).map(|visit| life.word(visit.pipeline).to_owned()).collect()
    };
    let (of_old, of_new) = (pipelines(a, old), pipelines(b, new));
    let has_moved = of_old.iter().zip(&of_new).any(|(old, new)| old != new);
    let text = |life: Life<'_>, visits: &[Visit], pipelines: &[String]| {
        let mut found: Vec<String> = Vec::new();
        for (visit, pipeline) in visits.iter().skip(same).zip(pipelines) {
            let closed = if visit.kind == StageKind::Open { "" } else { " (closed)" };
            let within = if has_moved { format!(" in {pipeline}") } else { String::new() };
            let entered = instant(visit.entered_at);
            found.push(format!("{}{within} {entered}{closed}", life.stage(visit)));
        }
        let end = visits.last().and_then(|visit| visit.exited_at);
        found.extend(end.map(|at| format!("deleted {}", instant(at))));
        found.join(" > ")
    };
    Some((text(a, old, &of_old), text(b, new, &of_new)))
}

/// What was done on a deal; what is planned on the day of an export is no history.
fn done<'a>(life: Life<'a>) -> impl Iterator<Item = &'a Activity> {
    life.deal.activities.iter().filter(|activity| activity.done_at.get().is_some())
}

fn have_same_activities(a: Life<'_>, b: Life<'_>) -> bool {
    let facts = |life: Life<'_>, x: &Activity| {
        let [kind, outcome] = [x.kind, x.outcome].map(|sym| life.word(sym).to_owned());
        (x.done_at, x.due_at, x.duration_seconds, kind, life.owner(x.owner), outcome)
    };
    if done(a).count() != done(b).count() {
        return false;
    }
    let is_same = |(x, y): (&Activity, &Activity)| {
        (x.done_at, x.due_at, x.duration_seconds) == (y.done_at, y.due_at, y.duration_seconds)
            && [(x.kind, y.kind), (x.outcome, y.outcome)]
                .iter()
                .all(|&(x, y)| a.word(x) == b.word(y))
            && is_one(a, x.owner, b, y.owner)
    };
    if done(a).zip(done(b)).all(is_same) {
        return true;
    }
    // Words that are new change the order of symbols, and with it that of equal times.
    let sorted = |life: Life<'_>| {
        let mut all: Vec<_> = done(life).map(|activity| facts(life, activity)).collect();
        all.sort();
        all
    };
    sorted(a) == sorted(b)
}

/// An instant as people read it, UTC.
pub(super) fn instant(at: i64) -> String {
    let at = chrono::DateTime::from_timestamp_micros(at);
    at.map_or_else(String::new, |at| at.format("%Y-%m-%d %H:%M:%S").to_string())
}
