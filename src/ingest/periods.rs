//! Files of periods: a calendar of the user's own, which goes before the common one, or periods by id only.
//!
//! A calendar with a gap, an overlap or a bad row would put deals into wrong periods, so it is refused whole.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::cells::Record;
use super::columns::Col;
use super::context::Context;
use super::crm_periods::{self, CrmCalendar, CrmPeriod};
use super::part::{Bad, FileRows, Part};
use super::plan::Plan;
use super::side::needed;
use crate::error::{Error, ErrorKind, Place, Result};
use crate::model::calendar::{date, month_index, month_start};
use crate::model::{
    Config, Day, Months, NamedPeriod, Period, PeriodKind, PeriodTable, Reject, counted,
};

/// A row of a file of periods.
#[derive(Debug)]
pub(super) struct PeriodRow {
    /// Null if the file does not tell kinds.
    kind: Option<PeriodKind>,
    id: String,
    start: Day,
    /// As it is told: the last day or the day after it.
    end: Day,
    /// Number of the record in its block, from 0.
    at: u64,
    /// What a CRM calls it: with its year, within it, and its number in it.
    name: String,
    label: String,
    number: Option<u32>,
}

/// A row of a file of periods; see [`super::part::RowParser`].
pub(super) fn row(
    record: &Record<'_>,
    part: &mut Part<PeriodRow>,
    context: &Context<'_>,
) -> Result<(), Bad> {
    let id = needed(record, Col::Id, "a period needs an id")?;
    let file = &context.plan.file;
    let kind = match context.plan.has(Col::Kind) {
        true => {
            let word = needed(record, Col::Kind, "a period needs a kind")?;
            let known = kind_of(&word).ok_or_else(|| {
                let reason = "not a kind of period: `week`, `month`, `quarter`, `year`";
                record.bad(Col::Kind, &word, reason, true)
            });
            Some(known?)
        }
        false => file.defaults.get(Col::Kind.name()).and_then(|word| kind_of(word)),
    };
    let days = record.date(Col::PeriodStart)?.zip(record.date(Col::PeriodEnd)?);
    let Some((start, end)) = days else {
        // A year of a CRM may be of no days in particular.
        if file.is_calendar_of_crm {
            return Ok(());
        }
        return Err(record.bad(Col::PeriodStart, "", "a period needs two days", true));
    };
    if end < start {
        let end = date(end).to_string();
        return Err(record.bad(Col::PeriodEnd, &end, "the period ends before it starts", true));
    }
    let text = |col| record.text(col).map_or_else(String::new, std::borrow::Cow::into_owned);
    let label = match kind {
        Some(PeriodKind::Quarter) => text(Col::QuarterLabel),
        Some(PeriodKind::Month) => text(Col::MonthLabel),
        _ => String::new(),
    };
    let (name, number) = (text(Col::Name), part.cell(record.count(Col::Number)));
    part.rows.push(PeriodRow { kind, id, start, end, at: record.row(), name, label, number });
    Ok(())
}

/// The kind of a word such as `Month`, `fiscal quarter` or `weeks`.
fn kind_of(word: &str) -> Option<PeriodKind> {
    let word = word.trim().to_lowercase().replace(['_', '-'], " ");
    let word = ["fiscal ", "retail "].iter().find_map(|w| word.strip_prefix(w)).unwrap_or(&word);
    NamedPeriod::kind_named(word.strip_suffix('s').unwrap_or(word))
}

/// A period as it is told, and where.
#[derive(Debug)]
struct Told {
    period: NamedPeriod,
    file: String,
    row: u64,
}

impl Told {
    fn error(&self, what: String) -> Error {
        let place = Place { file: self.file.clone(), row: Some(self.row), column: None };
        Error::new(ErrorKind::Input, what).at(place)
    }
}

/// All periods of an export.
#[derive(Debug, Default)]
pub(super) struct Periods {
    told: Vec<Told>,
    /// Those of a CRM, and the file that tells most of them.
    of_crm: (Vec<CrmPeriod>, String),
    /// First days and the days after the last, by id.
    by_id: BTreeMap<String, (Day, Day)>,
    /// The months of the calendar of these.
    pub(super) months: Months,
    /// The month in which years start, 1 to 12, if a CRM tells nothing else.
    pub(super) first_month: Option<u32>,
    /// The calendar itself, sorted.
    pub(super) rows: Vec<NamedPeriod>,
}

impl Periods {
    /// Takes the rows of a file, of which `refused` are none.
    ///
    /// Errors: a row of a calendar was refused; a file of periods that is nobody's does not tell their kinds.
    pub(super) fn add(
        &mut self,
        plan: &Plan,
        file: FileRows<PeriodRow>,
        refused: &[Reject],
    ) -> Result<()> {
        let shown = || plan.input.shown.clone();
        if plan.file.is_calendar_of_crm {
            for row in file.parts.into_iter().flat_map(|part| part.rows) {
                let PeriodRow { kind, id, start, end, name, label, number, .. } = row;
                self.by_id.insert(id, (start, end + 1));
                let period =
                    kind.map(|kind| CrmPeriod { kind, start, end: end + 1, name, label, number });
                self.of_crm.0.extend(period);
            }
            self.of_crm.1 = self.of_crm.1.clone().max(shown());
            return Ok(());
        }
        if !plan.has(Col::Kind) {
            if plan.crm == "generic" {
                let place = Place { file: shown(), row: None, column: None };
                let what = "a table of periods needs a column `kind`";
                return Err(Error::new(ErrorKind::Input, what).at(place).hint(COLUMNS));
            }
            let rows = file.parts.into_iter().flat_map(|part| part.rows);
            self.by_id.extend(rows.map(|row| (row.id, (row.start, row.end + 1))));
            return Ok(());
        }
        if let Some(Reject { row, column, value, reason, .. }) = refused.first() {
            let column = Some(column.clone()).filter(|column| !column.is_empty());
            let place = Place { file: shown(), row: Some(*row), column };
            let what =
                if value.is_empty() { reason.clone() } else { format!("`{value}`: {reason}") };
            return Err(Error::new(ErrorKind::Input, what).at(place).hint(COLUMNS));
        }
        let mut before = 1;
        for part in file.parts {
            let told = part.rows.into_iter().filter_map(
                |PeriodRow { kind, id, start, end, at, .. }| {
                    let period = NamedPeriod { kind: kind?, start, end, period_id: id };
                    Some(Told { period, file: shown(), row: before + at })
                },
            );
            self.told.extend(told);
            before += part.records;
        }
        Ok(())
    }

    /// Makes a calendar of the rows of all files, and says what it is.
    ///
    /// Errors: two periods of a kind have one id, a gap or a day in common; bounds that do not fit.
    pub(super) fn settle(&mut self, config: &Config) -> Result<Vec<String>> {
        let mut told = std::mem::take(&mut self.told);
        let (of_crm, file) = std::mem::take(&mut self.of_crm);
        if told.is_empty() {
            return Ok(if of_crm.is_empty() {
                Vec::new()
            } else {
                self.take(of_crm, &file, config)
            });
        }
        told.sort_by(|a, b| (&a.period, &a.file, a.row).cmp(&(&b.period, &b.file, b.row)));
        told.dedup_by(|again, first| again.period == first.period);
        let kinds = || told.chunk_by(|a, b| a.period.kind == b.period.kind);
        let ends: BTreeSet<Ends> = kinds().filter_map(Ends::told).collect();
        let common = ends.first().filter(|_| ends.len() == 1).copied();
        let mut said = Vec::new();
        for of_kind in told.chunk_by_mut(|a, b| a.period.kind == b.period.kind) {
            let ends = Ends::told(of_kind).or(common).unwrap_or_else(|| Ends::guess(of_kind));
            said.extend(settle_kind(of_kind, ends)?);
        }
        self.rows = told.iter().map(|told| told.period.clone()).collect();
        let table = PeriodTable::new(&self.rows).map_err(|(at, why)| match told.get(at) {
            Some(told) => {
                let NamedPeriod { kind, period_id, .. } = &told.period;
                let what = format!("the {} `{period_id}` does not fit: {why}", kind.as_str());
                told.error(what).hint(NESTING)
            }
            None => Error::new(ErrorKind::Input, why),
        })?;
        self.months = Months::of_table(Some(Arc::new(table)));
        self.name();
        Ok(said)
    }

    /// Takes the calendar of a CRM, and says what it is.
    fn take(&mut self, periods: Vec<CrmPeriod>, file: &str, config: &Config) -> Vec<String> {
        let CrmCalendar { rows, said } = crm_periods::calendar(periods, file, config);
        self.first_month = PeriodTable::first_month_told(&rows);
        self.months = Months::of_table(PeriodTable::of(&rows).unwrap_or_default());
        self.rows = rows;
        self.name();
        said
    }

    /// Notes the periods by id; one id for different days is none.
    fn name(&mut self) {
        let mut days: BTreeMap<&String, BTreeSet<(Day, Day)>> = BTreeMap::new();
        for row in &self.rows {
            days.entry(&row.period_id).or_default().insert((row.start, row.end));
        }
        let only = days.into_iter().filter(|(id, days)| days.len() == 1 && !id.is_empty());
        self.by_id.extend(only.filter_map(|(id, days)| Some((id.clone(), *days.first()?))));
    }

    /// The days of a period by its id.
    pub(super) fn named(&self, id: &str) -> Option<(Day, Day)> {
        self.by_id.get(id.trim()).copied()
    }

    /// Whether a period that is not told by its id is one of the calendar.
    pub(super) fn has(&self, (start, end): (Day, Day), fiscal_start: u32) -> bool {
        self.months.table().is_none()
            || NamedPeriod::KINDS.into_iter().any(|kind| {
                let period = Period::among(&self.months, kind, start, fiscal_start);
                (period.start, period.end) == (start, end)
            })
    }
}

const COLUMNS: &str =
    "it has the columns `kind` (week, month, quarter, year), `period_id`, `start` and `end`";

const NESTING: &str = "quarters and years begin and end with months of the table, or of the calendar if it has \
     none, and years with quarters: give the months and quarters too";

/// What the ends of periods are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Ends {
    /// The first day of the next one.
    After,
    /// The last day.
    Last,
}

impl Ends {
    /// What most neighbours of a kind say; null if there are none.
    fn told(of_kind: &[Told]) -> Option<Self> {
        let days = |gap: Day| {
            let has = |pair: &&[Told]| pair[1].period.start - pair[0].period.end == gap;
            of_kind.windows(2).filter(has).count()
        };
        let is_alone = of_kind.len() < 2;
        (!is_alone).then(|| if days(0) > days(1) { Self::After } else { Self::Last })
    }

    /// What is likely of periods without neighbours: whole weeks, or whole months.
    fn guess(of_kind: &[Told]) -> Self {
        let begins_month = |day: Day| month_start(month_index(day)) == day;
        let is_after =
            of_kind.iter().all(|Told { period: NamedPeriod { start, end, .. }, .. }| {
                (end - start) % 7 == 0 || begins_month(*start) && begins_month(*end)
            });
        if is_after { Self::After } else { Self::Last }
    }
}

/// Makes the ends of a kind's periods the days after their last, and says what they are.
fn settle_kind(of_kind: &mut [Told], ends: Ends) -> Result<Option<String>> {
    let mut ids: BTreeSet<&str> = BTreeSet::new();
    for told in of_kind.iter() {
        let NamedPeriod { kind, period_id, .. } = &told.period;
        if !ids.insert(period_id) {
            return Err(told.error(format!("two {}s are called `{period_id}`", kind.as_str())));
        }
    }
    for told in of_kind.iter_mut() {
        told.period.end += Day::from(ends == Ends::Last);
        if told.period.end <= told.period.start {
            return Err(told.error(format!("`{}` has no day", told.period.period_id)));
        }
    }
    for pair in of_kind.windows(2) {
        let (before, after) = (&pair[0].period, &pair[1].period);
        let kind = before.kind.as_str();
        let days = |n: Day| counted(n.unsigned_abs() as usize, "day");
        let (last, first) = (date(before.end - 1), date(after.start));
        let (a, b) = (&before.period_id, &after.period_id);
        let what = match after.start - before.end {
            0 => continue,
            gap if gap > 0 => format!(
                "the {kind} `{a}` ends on {last} and `{b}` starts on {first}: {} between them are of no {kind}",
                days(gap)
            ),
            lap => format!(
                "the {kind} `{b}` starts on {first}, {} before `{a}` is over on {last}",
                days(lap)
            ),
        };
        return Err(pair[1]
            .error(what)
            .hint("the periods of a kind follow one another without a gap"));
    }
    let (Some(first), Some(last)) = (of_kind.first(), of_kind.last()) else { return Ok(None) };
    let count = counted(of_kind.len(), first.period.kind.as_str());
    Ok(Some(format!(
        "`{}` tells {count} from {} to {}; their `end` is {}.",
        first.file,
        date(first.period.start),
        date(last.period.end - 1),
        match ends {
            Ends::After => "the day after the last",
            Ends::Last => "the last day",
        }
    )))
}
