//! Columns whose cells are not what their headers say, by the first rows of a file.

use std::collections::{BTreeMap, BTreeSet};

use super::columns::{Col, Entity};
use super::convert::{self, DayOrder};
use super::header;
use super::mapping::PercentRule;
use super::number;
use super::period_name;
use super::plan::Plan;
use super::status::{Told, told};
use crate::model::calendar::{PeriodKind, month_index, month_start};
use crate::model::{Config, Day, Status, listed};

/// Columns of deals that go by a name which others use for something else, with what a cell of theirs is.
/// Amounts and dates that cannot be read are refused one by one, as they are wanted.
const SHARED: [(Col, &str); 6] = [
    (Col::Status, "a status"),
    (Col::IsClosed, "a yes or no"),
    (Col::IsWon, "a yes or no"),
    (Col::IsLost, "a yes or no"),
    (Col::Probability, "a probability"),
    (Col::StageOrder, "a place"),
];

/// Flags of which a column may as well hold the day of what they say, and the columns that it is then.
const TIMED: [(Col, Col); 3] =
    [(Col::IsClosed, Col::ClosedAt), (Col::IsWon, Col::WonAt), (Col::IsLost, Col::LostAt)];

/// Ids of what deals are called elsewhere: of a deal that a lead became, say, they are not its own.
const IDS: [&str; 14] = [
    "leadid",
    "leadnumber",
    "ticketid",
    "ticketnumber",
    "applicationid",
    "applicationnumber",
    "candidateid",
    "orderid",
    "ordernumber",
    "requestid",
    "requestnumber",
    "enquiryid",
    "inquiryid",
    "proposalid",
];

/// What columns of days are called after where a table has no column of stages.
const FUNNEL: [&str; 13] = [
    "mql",
    "sal",
    "sql",
    "sqo",
    "contacted",
    "qualified",
    "qualification",
    "discovery",
    "demo",
    "trial",
    "opportunity",
    "proposal",
    "negotiation",
];

/// First stages, which few deals may be in: columns called so are of days where they stand beside those of others.
const FIRST: [&str; 2] = ["lead", "prospect"];

/// So many cells without one that can be read are no accident.
const FEWEST: usize = 2;

/// Whether an id has several stages, at different times; `places` are those of id, stage and time.
pub(super) fn has_moves(rows: &[&[String]], places: [Option<usize>; 3]) -> bool {
    let [Some(id), Some(stage), Some(time)] = places else { return false };
    let mut first = BTreeMap::new();
    rows.iter().any(|row| match [id, stage, time].map(|at| row.get(at)) {
        [Some(id), Some(stage), Some(time)] if !id.is_empty() => {
            let before: &(&String, &String) = first.entry(id).or_insert((stage, time));
            before.0 != stage && before.1 != time
        }
        _ => false,
    })
}

/// How long the periods last of which only the start is told: by the header of the goal or of the start, else by
/// the starts themselves. All begin quarters, or months, or are whole weeks apart, or days.
pub(super) fn lasting(plan: &Plan, rows: &[&[String]], config: &Config) -> Option<PeriodKind> {
    let starts = cells(plan, rows, Col::PeriodStart);
    let starts: BTreeSet<Day> =
        starts.filter_map(|text| convert::date(text, plan.forms.order)).collect();
    if starts.is_empty() || plan.has(Col::PeriodEnd) {
        return None;
    }
    let by_header = [Col::Value, Col::PeriodStart]
        .into_iter()
        .find_map(|col| period_name::kind_in(&plan.header(col)));
    let begins = |months: i32| {
        let first = config.fiscal_start(None) as i32;
        starts.iter().all(|&day| {
            let month = month_index(day);
            month_start(month) == day && (month + 1 - first).rem_euclid(months) == 0
        })
    };
    let apart = |days: i32| {
        let gaps = starts.iter().zip(starts.iter().skip(1)).map(|(a, b)| b - a);
        starts.len() > 1 && gaps.clone().all(|gap| gap % days == 0) && gaps.min() == Some(days)
    };
    by_header
        .or(begins(3).then_some(PeriodKind::Quarter))
        .or(begins(1).then_some(PeriodKind::Month))
        .or(apart(7).then_some(PeriodKind::Week))
        .or(apart(1).then_some(PeriodKind::Day))
}

/// Lets go of [`SHARED`] columns of which no cell can be read, lets the status stand for a stage that is
/// missing, a column by any name for a status that is, and one of [`IDS`] for an id; says so.
pub(super) fn columns(plan: &mut Plan, rows: &[&[String]], config: &Config) {
    if plan.entity != Entity::Deals {
        return;
    }
    let said = [
        outcomes(plan, rows, config),
        stand_in(plan, rows, config),
        stage_days(plan, rows, config),
        own_id(plan, rows),
    ];
    plan.said.extend(said.into_iter().flatten());
    for (flag, time) in TIMED {
        let is_time = |&at: &usize| {
            let is_called = header::is_one(&plan.headers[at], plan.file.aliases(flag));
            is_called && all_days(cells_at(plan, rows, Some(at)))
        };
        let found = (0..plan.headers.len()).find(is_time).filter(|_| !plan.has(time));
        let Some(at) = found else { continue };
        plan.put(time, Some(at));
        if plan.index(flag) == Some(at) {
            plan.put(flag, None);
        }
    }
    for (col, what) in SHARED {
        let is_stage = col == Col::Status && plan.index(col) == plan.index(Col::Stage);
        let Some(first) = unreadable(plan, rows, col, config).filter(|_| !is_stage) else {
            continue;
        };
        plan.said.push(format!(
            "Column `{}` of `{}` is not read: none of its cells, such as `{first}`, is {what}.",
            plan.header(col),
            plan.input.shown
        ));
        plan.put(col, None);
    }
}

/// The cells of a column that have something in them.
fn cells<'r>(plan: &Plan, rows: &[&'r [String]], col: Col) -> impl Iterator<Item = &'r str> {
    cells_at(plan, rows, plan.index(col))
}

/// The cells in a place that have something in them.
pub(super) fn cells_at<'r>(
    plan: &Plan,
    rows: &[&'r [String]],
    at: Option<usize>,
) -> impl Iterator<Item = &'r str> {
    let filled = rows.iter().filter_map(move |row| row.get(at?)).map(String::as_str);
    filled.filter(|text| !text.is_empty() && !plan.is_null(text))
}

/// Where no column is known to tell outcomes, the only one is the status whose cells all do, won and lost.
fn outcomes(plan: &mut Plan, rows: &[&[String]], config: &Config) -> Option<String> {
    if [Col::Status, Col::IsWon, Col::IsLost, Col::IsClosed].into_iter().any(|col| plan.has(col)) {
        return None;
    }
    let unread: BTreeSet<String> = plan.unread().into_iter().map(str::to_owned).collect();
    let tells = |at: usize| {
        let cells = cells_at(plan, rows, Some(at));
        let told: Vec<Told> = cells.map(|text| told(text, &plan.file, config)).collect();
        let has = |status| told.contains(&Told::Is(status));
        has(Status::Won) && has(Status::Lost) && told.iter().all(|told| matches!(told, Told::Is(_)))
    };
    let headers = plan.headers.iter().enumerate();
    let mut found = headers.filter(|(at, header)| unread.contains(*header) && tells(*at));
    let (at, header) = found.next()?;
    if found.next().is_some() {
        return None;
    }
    let said = format!(
        "`{header}` of `{}` is taken for the status of deals: all of its cells say won, lost or open.",
        plan.input.shown
    );
    plan.put(Col::Status, Some(at));
    Some(said)
}

/// Where names stand for ids, an id of another kind of which each row has one of its own is better.
fn own_id(plan: &mut Plan, rows: &[&[String]]) -> Option<String> {
    if !plan.has_names_for_ids() || rows.len() < FEWEST {
        return None;
    }
    let is_own = |at: usize| {
        let ids: BTreeSet<&str> = cells_at(plan, rows, Some(at)).collect();
        ids.len() == rows.len()
    };
    let headers = plan.headers.iter().enumerate();
    let found = headers.filter(|(at, h)| IDS.contains(&header::fold(h).as_str()) && is_own(*at));
    let found: Vec<usize> = found.map(|(at, _)| at).collect();
    let [at] = found.as_slice() else { return None };
    plan.put(Col::DealId, Some(*at));
    Some(format!(
        "`{}` of `{}` is taken for the id of deals: each of its rows has one of its own.",
        plan.header(Col::DealId),
        plan.input.shown
    ))
}

/// Where nothing tells stages and a status is neither won, lost nor open, it is a stage.
fn stand_in(plan: &mut Plan, rows: &[&[String]], config: &Config) -> Option<String> {
    if plan.has(Col::Stage) || !plan.entered.is_empty() {
        return None;
    }
    let is_stage = |text: &&str| told(text, &plan.file, config) == Told::Unknown;
    let word = cells(plan, rows, Col::Status).find(is_stage)?;
    plan.put(Col::Stage, plan.index(Col::Status));
    Some(format!(
        "`{}` has no column of stages: `{}` stands for it, as `{word}` is neither won, lost nor open. \
         `won_stages` and `lost_stages` in `sluice.toml` say which of its words are.",
        plan.input.shown,
        plan.header(Col::Status)
    ))
}

/// Takes columns of days that are called like stages (`Demo Date`, `demo_at`) for those on which deals entered
/// them, where no header says so; says so. Stages are those of the rows and of the configuration, where neither
/// tells any but ends those of [`FUNNEL`], and what headers say was entered (`demo_entered_at`).
fn stage_days(plan: &mut Plan, rows: &[&[String]], config: &Config) -> Option<String> {
    if !plan.entered.is_empty() {
        return None;
    }
    let stages: BTreeMap<String, String> = cells(plan, rows, Col::Stage)
        .chain(config.stage_names())
        .map(|stage| (header::fold(stage), stage.to_owned()))
        .filter(|(folded, _)| folded.len() > 1)
        .collect();
    let is_end = |stage: &String| {
        let told = told(stage, &plan.file, config);
        matches!(told, Told::Is(Status::Won | Status::Lost) | Told::Closed)
    };
    let has_none = stages.values().all(is_end) && !(stages.is_empty() && plan.has(Col::Stage));
    let unread: BTreeSet<String> = plan.unread().into_iter().map(str::to_owned).collect();
    // The day of a creation may be that of a first stage.
    let created = plan.index(Col::CreatedAt);
    let days = |at: usize| all_days(cells_at(plan, rows, Some(at)));
    let of = |may_be: &dyn Fn(usize, &str) -> Option<String>| -> Vec<(usize, header::Stage)> {
        let headers = plan.headers.iter().enumerate();
        let headers = headers.filter(|(at, h)| unread.contains(*h) || Some(*at) == created);
        let found = headers.filter_map(|(at, h)| Some((at, may_be(at, h).filter(|_| days(at))?)));
        found.map(|(at, name)| (at, header::Stage { name, pipeline: String::new() })).collect()
    };
    let known = |header: &str| {
        let folded = header::fold(header);
        let mut stages = stages.iter();
        let found = stages.find(|(stage, _)| is_day_of(&folded, stage));
        found.map(|(_, stage)| stage.clone()).or_else(|| header::entered_before(header))
    };
    let usual = |header: &str, stages: &[&str]| {
        let folded = header::fold(header);
        stages.iter().any(|stage| is_day_of(&folded, stage)).then(|| bare(header))
    };
    let mut found =
        of(&|_, header| known(header).or_else(|| usual(header, &FUNNEL).filter(|_| has_none)));
    if found.len() >= FEWEST {
        // Stages that no deal is in now: what stands beside columns of stages is one as well.
        found = of(&|at, header| {
            let may_be = has_none || Some(at) != created;
            let beside = || {
                let funnel = usual(header, &FUNNEL).filter(|_| has_none);
                funnel.or_else(|| usual(header, &FIRST))
            };
            known(header).or_else(|| beside().filter(|_| may_be))
        });
    }
    if found.len() < FEWEST {
        return None;
    }
    let names = found.iter().map(|(at, _)| format!("`{}`", plan.headers[*at]));
    let said = format!(
        "Columns of `{}` that are called like stages hold the days on which deals entered them: {}.",
        plan.input.shown,
        listed(names, 8)
    );
    plan.entered = found;
    Some(said)
}

/// Whether a folded header calls the day of a folded stage.
fn is_day_of(header: &str, stage: &str) -> bool {
    const BEFORE: [&str; 7] = ["date", "datein", "dateof", "entered", "in", "stage", ""];
    const AFTER: [&str; 11] = [
        "date",
        "at",
        "on",
        "entered",
        "enteredat",
        "enteredon",
        "entereddate",
        "entrydate",
        "stagedate",
        "time",
        "",
    ];
    let around = header.find(stage).map(|at| (&header[..at], &header[at + stage.len()..]));
    around.is_some_and(|(before, after)| BEFORE.contains(&before) && AFTER.contains(&after))
}

/// The words of a header without those that call a day: `mql_date` is `mql`.
fn bare(header: &str) -> String {
    const DAYS: [&str; 9] = ["date", "at", "on", "in", "of", "entered", "entry", "stage", "time"];
    let words = header.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let words: Vec<&str> =
        words.filter(|word| !DAYS.contains(&word.to_lowercase().as_str())).collect();
    words.join(" ")
}

/// Whether all cells are days, and there are any.
fn all_days<'r>(cells: impl Iterator<Item = &'r str>) -> bool {
    let is_day = |text: &str| {
        convert::flag(text).is_none()
            && DayOrder::ALL.into_iter().any(|order| convert::date(text, order).is_some())
    };
    let mut cells = cells.peekable();
    cells.peek().is_some() && cells.all(is_day)
}

/// The first cell of a column of which none can be read.
fn unreadable<'r>(
    plan: &Plan,
    rows: &[&'r [String]],
    col: Col,
    config: &Config,
) -> Option<&'r str> {
    let mut cells = cells(plan, rows, col).peekable();
    let first = *cells.peek()?;
    let mut count = 0;
    let is_unread = cells.inspect(|_| count += 1).all(|text| !is_read(plan, col, text, config));
    (is_unread && count >= FEWEST).then_some(first)
}

fn is_read(plan: &Plan, col: Col, text: &str, config: &Config) -> bool {
    match col {
        Col::Status => told(text, &plan.file, config) != Told::Unknown,
        Col::IsClosed | Col::IsWon | Col::IsLost => convert::flag(text).is_some(),
        Col::Probability => number::basis_points(text, PercentRule::Hundred).is_some(),
        _ => number::count(text).is_some(),
    }
}
