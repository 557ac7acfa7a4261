//! The calendar of a CRM (Salesforce: `Period`, `FiscalYearSettings`), where no file of the user's own tells one.
//!
//! Nobody wrote it for reports, so what does not fit is left out and said, never an error. If it says nothing
//! but in which month years start, it does what `fiscal_year_start_month` does.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::calendar::{date, month_index, month_start};
use crate::model::{Config, Day, Fiscal, FiscalLabel, NamedPeriod, PeriodKind, PeriodTable};

/// A period of a CRM.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct CrmPeriod {
    /// Week, month, quarter or year.
    pub(super) kind: PeriodKind,
    /// First day.
    pub(super) start: Day,
    /// The day after the last day.
    pub(super) end: Day,
    /// What it is called, with its year; empty if the CRM does not say.
    pub(super) name: String,
    /// What it is called within its year; empty if the CRM has no such name.
    pub(super) label: String,
    /// Its number within its year.
    pub(super) number: Option<u32>,
}

/// What came of the periods of a CRM.
#[derive(Debug, Default)]
pub(super) struct CrmCalendar {
    /// Rows of the table of periods; a year without a name tells only in which month years start.
    pub(super) rows: Vec<NamedPeriod>,
    /// What was assumed.
    pub(super) said: Vec<String>,
}

/// The calendar of the periods of `file`.
pub(super) fn calendar(periods: Vec<CrmPeriod>, file: &str, config: &Config) -> CrmCalendar {
    let mut found = CrmCalendar::default();
    let mut kinds: BTreeMap<PeriodKind, Vec<CrmPeriod>> = BTreeMap::new();
    for period in periods {
        kinds.entry(period.kind).or_default().push(period);
    }
    kinds.values_mut().for_each(settle);
    kinds.retain(|kind, periods| match gap(periods) {
        None => true,
        Some(why) => {
            let kind = kind.as_str();
            found.said.push(format!("The {kind}s of `{file}` are not used: {why}."));
            false
        }
    });
    match first_month(&kinds) {
        Plain::Years(month) => found.plain(month, &kinds, file, config),
        Plain::Unknown => {}
        Plain::No => found.own(&kinds, file, config),
    }
    found
}

/// Sorts periods and joins those of the same days.
fn settle(periods: &mut Vec<CrmPeriod>) {
    periods.sort();
    periods.dedup_by(|again, first| {
        let is_same = (again.start, again.end) == (first.start, first.end);
        if is_same {
            // Sorted: of several names the last one, an empty one never.
            first.name = std::mem::take(&mut again.name);
            first.label = std::mem::take(&mut again.label).max(std::mem::take(&mut first.label));
            first.number = first.number.or(again.number);
        }
        is_same
    });
}

/// Why periods are no calendar: they do not follow one another.
fn gap(periods: &[CrmPeriod]) -> Option<String> {
    let pair = periods.windows(2).find(|pair| pair[0].end != pair[1].start);
    let is_odd = |period: &&CrmPeriod| {
        let days = period.end - period.start;
        days <= 0 || period.kind == PeriodKind::Week && days != 7
    };
    let odd = || {
        let odd = periods.iter().find(is_odd)?;
        let days = odd.end - odd.start;
        Some(format!("that from {} on has {days} days", date(odd.start)))
    };
    pair.map_or_else(odd, |pair| {
        let (last, first) = (date(pair[0].end - 1), date(pair[1].start));
        Some(format!("one ends on {last} and the next starts on {first}"))
    })
}

/// Whether periods are those of the calendar's months.
enum Plain {
    /// They are not.
    No,
    /// They are, and years start in this month, 1 to 12.
    Years(u32),
    /// They are, and nothing tells where years start.
    Unknown,
}

fn first_month(kinds: &BTreeMap<PeriodKind, Vec<CrmPeriod>>) -> Plain {
    let of = |kind| kinds.get(&kind).map_or(&[][..], Vec::as_slice);
    let is_plain = |(kind, months): (PeriodKind, i32)| {
        of(kind).iter().all(|period| {
            let month = month_index(period.start);
            month_start(month) == period.start && month_start(month + months) == period.end
        })
    };
    let lengths = [(PeriodKind::Month, 1), (PeriodKind::Quarter, 3), (PeriodKind::Year, 12)];
    if !lengths.into_iter().all(is_plain) {
        return Plain::No;
    }
    let quarters = of(PeriodKind::Quarter);
    let by_year = of(PeriodKind::Year).first().map(|year| month_index(year.start));
    let by_number = || {
        let numbered = quarters.iter().find_map(|q| Some((q.start, q.number?)));
        numbered.map(|(start, number)| month_index(start) - 3 * (number as i32 - 1))
    };
    let Some(month) = by_year.or_else(by_number) else { return Plain::Unknown };
    match quarters.first().map_or(0, |quarter| (month_index(quarter.start) - month).rem_euclid(3)) {
        0 => Plain::Years(month.rem_euclid(12) as u32 + 1),
        _ => Plain::No,
    }
}

impl CrmCalendar {
    /// Takes what periods tell that are those of the calendar's months: where years start, and weeks.
    fn plain(
        &mut self,
        month: u32,
        kinds: &BTreeMap<PeriodKind, Vec<CrmPeriod>>,
        file: &str,
        config: &Config,
    ) {
        let Some(first) = kinds.values().flatten().map(|period| period.start).min() else { return };
        let offset = month as i32 - 1;
        let year = month_index(first) - (month_index(first) - offset).rem_euclid(12);
        self.rows.push(NamedPeriod {
            kind: PeriodKind::Year,
            start: month_start(year),
            end: month_start(year + 12),
            period_id: String::new(),
        });
        let weeks = kinds.get(&PeriodKind::Week).into_iter().flatten();
        self.rows.extend(weeks.map(|week| NamedPeriod {
            kind: PeriodKind::Week,
            start: week.start,
            end: week.end,
            period_id: String::new(),
        }));
        let (told, own) = (date(month_start(year)).format("%B"), config.fiscal_year_start_month);
        if config.fiscal_start(Some(month)) == month {
            let other = if month == 1 { "" } else { "; a table `periods.csv` goes before" };
            self.said.push(format!("Years start in {told}, as `{file}` tells{other}."));
            let years = kinds.get(&PeriodKind::Year).into_iter().flatten();
            self.said.extend(called_otherwise(years.last(), month, file, config));
        } else {
            self.said.push(format!(
                "Years of `{file}` start in {told}: `fiscal_year_start_month = {own}` goes before."
            ));
        }
    }

    /// Takes a calendar of its own months, quarters and years.
    fn own(&mut self, kinds: &BTreeMap<PeriodKind, Vec<CrmPeriod>>, file: &str, config: &Config) {
        let years = kinds.get(&PeriodKind::Year).map_or(&[][..], Vec::as_slice);
        let mut rows = Vec::new();
        for periods in kinds.values() {
            let mut names = BTreeSet::new();
            for period in periods {
                let name = named(period, periods, years, config.fiscal_label);
                // Of two periods of one name the second is called after its first day.
                let day = date(period.start).to_string();
                let name = if names.insert(name.clone()) { name } else { format!("{name} {day}") };
                let CrmPeriod { kind, start, end, .. } = *period;
                rows.push(NamedPeriod { kind, start, end, period_id: name });
            }
        }
        rows.sort();
        match PeriodTable::new(&rows) {
            Ok(_) => {
                self.said.push(format!(
                    "The periods of `{file}` are the calendar; a table `periods.csv` goes before."
                ));
                self.rows = rows;
            }
            Err((at, why)) => {
                let which = rows.get(at).map_or("", |row| &row.period_id);
                self.said.push(format!(
                    "The periods of `{file}` are not the calendar, as `{which}` does not fit: {why}. \
                     A table `periods.csv` tells one."
                ));
            }
        }
    }
}

/// What to say of a fiscal year that the CRM calls after the other of its two calendar years.
fn called_otherwise(
    year: Option<&CrmPeriod>,
    first_month: u32,
    file: &str,
    config: &Config,
) -> Option<String> {
    let year = year?;
    let numbers = year.name.split(|c: char| !c.is_ascii_digit());
    let theirs: i32 = numbers.filter(|n| n.len() == 4).find_map(|n| n.parse().ok())?;
    let fiscal = |label| Fiscal { first_month, label };
    let ours = fiscal(config.fiscal_label).quarter(month_index(year.start)).0;
    let other = match config.fiscal_label {
        FiscalLabel::Ends => (FiscalLabel::Starts, "starts"),
        FiscalLabel::Starts => (FiscalLabel::Ends, "ends"),
    };
    let is_other = fiscal(other.0).quarter(month_index(year.start)).0 == theirs;
    (ours != theirs && is_other).then(|| {
        format!(
            "The year from {} on is called `{}` in `{file}` and {ours} here: `fiscal_label = \"{}\"` \
             calls it {theirs} too.",
            date(year.start),
            year.name,
            other.1
        )
    })
}

/// What a period is called: as the CRM says, or else after its year and its place in it.
fn named(period: &CrmPeriod, alike: &[CrmPeriod], years: &[CrmPeriod], by: FiscalLabel) -> String {
    let is_number = period.name.bytes().all(|byte| byte.is_ascii_digit());
    match period.name.as_str() {
        "" => {}
        number if is_number => return format!("FY{number}"),
        name => return name.to_owned(),
    }
    if period.kind == PeriodKind::Year {
        let day = if by == FiscalLabel::Ends { period.end - 1 } else { period.start };
        return date(day).format("FY%Y").to_string();
    }
    let holds = |year: &&CrmPeriod| (year.start..year.end).contains(&period.start);
    let Some(year) = years.iter().find(holds) else { return date(period.start).to_string() };
    let place = alike.iter().filter(|p| (year.start..=period.start).contains(&p.start)).count();
    let label = match period.kind {
        _ if !period.label.is_empty() => period.label.clone(),
        PeriodKind::Quarter => format!("Q{place}"),
        PeriodKind::Month => format!("P{place:02}"),
        _ => format!("W{place:02}"),
    };
    format!("{} {label}", named(year, years, &[], by))
}
