//! Periods by their names: `2026-Q1`, `Mar 2026`, and columns that are called so.

use chrono::{NaiveDate, Weekday};

use super::convert::{self, DayOrder};
use super::header::{self, without_accent};
use super::local;
use crate::model::calendar::{Period, PeriodKind, day_of, month_start};
use crate::model::{Day, Fiscal, Months};

/// What stands beside a period in the header of its goals.
const BESIDE: [&str; 10] = [
    "quota", "quotas", "target", "targets", "goal", "goals", "budget", "bookings", "revenue",
    "amount",
];

/// The name of a period without what stands beside it: `Q1 2026 Quota`.
fn bare(header: &str) -> String {
    let words = header.split_whitespace();
    let words: Vec<&str> =
        words.filter(|word| !BESIDE.contains(&word.to_lowercase().as_str())).collect();
    words.join(" ")
}

/// The columns that are called like periods, each with the name of its; none if they are fewer than `fewest`.
/// With a column of years they can be called `Q1` or `Jan`.
pub(super) fn columns(headers: &[String], has_years: bool, fewest: usize) -> Vec<(usize, String)> {
    let is_period = |name: &str| is_whole(name) || has_years && is_whole(&format!("{name} 2000"));
    let names = headers.iter().map(|header| bare(header)).enumerate();
    let found: Vec<(usize, String)> = names.filter(|(_, name)| is_period(name)).collect();
    if found.len() < fewest { Vec::new() } else { found }
}

/// The only year that a name tells: `2026` or `FY26`.
pub(super) fn year(name: &str) -> Option<String> {
    let words = name.split(|c: char| !c.is_alphanumeric()).map(str::to_uppercase);
    let is_year = |word: &String| {
        let digits = word.trim_start_matches("FY");
        let is_fiscal = digits.len() < word.len() && digits.len() == 2;
        (is_fiscal || digits.len() == 4)
            && digits.parse().is_ok_and(|year: i32| is_fiscal || (1990..2100).contains(&year))
    };
    let mut years = words.filter(is_year);
    years.next().filter(|_| years.next().is_none())
}

/// Whether a text is the name of a period by itself.
pub(super) fn is_whole(text: &str) -> bool {
    days(text, (&Months::default(), Fiscal::CALENDAR), DayOrder::MonthFirst).is_some()
}

/// The last day of a month by its name: `Jan-23`, `2023-01`; none of a day.
pub(super) fn last_of_month(text: &str) -> Option<Day> {
    let order = DayOrder::MonthFirst;
    let (start, end) = days(text, (&Months::default(), Fiscal::CALENDAR), order)?;
    let is_month = (28..=31).contains(&(end - start)) && convert::date(text, order).is_none();
    is_month.then_some(end - 1)
}

/// A text in lower case, without accents.
fn plain(text: &str) -> String {
    text.trim().chars().flat_map(char::to_lowercase).map(without_accent).collect()
}

/// The name of a period with blanks between its parts: `2026Q1`, `Q1FY26`, `1Q26` and `202603` as `2026 Q1`,
/// `Q1 FY26`, `Q1 26` and `2026 03`.
fn spaced(text: &str) -> String {
    let text = plain(text).to_ascii_uppercase();
    match text.split_once('Q') {
        Some((quarter @ ("1" | "2" | "3" | "4"), year)) if !year.is_empty() => {
            format!("Q{quarter} {year}")
        }
        _ if text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{} {}", &text[..4], &text[4..])
        }
        _ => text.replace("FY", " FY").replace('Q', " Q"),
    }
}

/// Words that mean a kind of period, without accents.
const KINDS: [(PeriodKind, &[&str]); 5] = [
    (
        PeriodKind::Day,
        &["day", "daily", "per day", "taglich", "quotidien", "diario", "每日", "每天", "日"],
    ),
    (
        PeriodKind::Week,
        &["week", "weekly", "per week", "wochentlich", "hebdomadaire", "semanal", "每周", "周"],
    ),
    (
        PeriodKind::Month,
        &["month", "monthly", "per month", "monatlich", "mensuel", "mensual", "每月", "月度", "月"],
    ),
    (
        PeriodKind::Quarter,
        &["quarter", "quarterly", "per quarter", "trimestriel", "trimestral", "每季度", "季度"],
    ),
    (
        PeriodKind::Year,
        &["year", "yearly", "annual", "annually", "jahrlich", "annuel", "anual", "每年", "年度"],
    ),
];

/// The kind of period that a word means: `quarterly`.
pub(super) fn kind(text: &str) -> Option<PeriodKind> {
    let word = plain(text);
    KINDS.into_iter().find(|(_, words)| words.contains(&&*word)).map(|(kind, _)| kind)
}

/// The kind of the periods of a column by what its header has: `Quarterly quota`, `Week of`.
pub(super) fn kind_in(header: &str) -> Option<PeriodKind> {
    const WITHIN: [(PeriodKind, &[&str]); 5] = [
        (PeriodKind::Quarter, &["quarter", "quartal", "trimestre"]),
        (PeriodKind::Week, &["week", "woche", "semaine", "semana"]),
        (PeriodKind::Day, &["daily"]),
        (PeriodKind::Month, &["month"]),
        (PeriodKind::Year, &["annual", "year"]),
    ];
    let header = header::fold(header);
    let has = |words: &[&str]| words.iter().any(|word| header.contains(word));
    WITHIN.into_iter().find(|(_, words)| has(words)).map(|(kind, _)| kind)
}

/// The days of an ISO week: `2026-W16`, `W16 2026`, `2026W16`, `CW 16/2026`, `Week 16 2026`.
fn week(text: &str) -> Option<(Day, Day)> {
    let words = text.to_ascii_uppercase().replace('W', " W");
    let words = words.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty());
    let (mut year, mut number, mut is_week) = (None, None, false);
    for word in words {
        let digits = word.trim_start_matches(['W', 'K', 'E']);
        is_week |= matches!(word.strip_suffix(digits), Some("W" | "WEEK" | "WK"));
        match digits.parse::<u32>() {
            Ok(told) if digits.len() == 4 && year.is_none() => year = i32::try_from(told).ok(),
            Ok(told) if digits.len() <= 2 && number.is_none() => number = Some(told),
            _ if digits.is_empty() || matches!(word, "C" | "K") => {}
            _ => return None,
        }
    }
    let year = year.filter(|year| is_week && (1970..2200).contains(year))?;
    let first = day_of(NaiveDate::from_isoywd_opt(year, number?, Weekday::Mon)?);
    Some((first, first + 7))
}

/// The days of `2026-Q1`, `Q1 FY26`, `2026-03`, `03/2026`, `Mar 2026`, `2026-W16` or `2026`; fiscal years are
/// called as `fiscal_label` says.
pub(super) fn days(
    text: &str,
    (own, fiscal): (&Months, Fiscal),
    order: DayOrder,
) -> Option<(Day, Day)> {
    if let Some(days) = week(text) {
        return Some(days);
    }
    let spaced = spaced(text);
    let parts = spaced.split(['-', ' ', '/', '_', '\'', '.']);
    let parts: Vec<&str> = parts.filter(|p| !p.is_empty() && *p != "FY").collect();
    let year = |text: &str| {
        text.trim_start_matches("FY").parse::<i32>().ok().filter(|y| (1970..2200).contains(y))
    };
    // Beside a quarter or the name of a month two digits are a year too.
    let short = |text: &str| {
        let digits = text.trim_start_matches("FY");
        let short = digits.parse::<i32>().ok().filter(|_| digits.len() == 2);
        year(text).or(short.map(|year| 2000 + year))
    };
    let quarter = |text: &str| {
        text.strip_prefix(['Q', 'T'])?.parse::<i32>().ok().filter(|q| (1..=4).contains(q))
    };
    let half = |text: &str| {
        text.strip_prefix(['H', 'S'])?.parse::<i32>().ok().filter(|h| (1..=2).contains(h))
    };
    let named = |text: &str| local::month_name(text).map(|month| month as i32);
    let (start, months) = match parts.as_slice() {
        [only] if only.starts_with("FY") => (fiscal.start(short(only)?), 12),
        [only] => (fiscal.start(year(only)?), 12),
        [a, b] => match (quarter(a), quarter(b), named(a), named(b)) {
            (Some(q), ..) => (fiscal.start(short(b)?) + (q - 1) * 3, 3),
            (_, Some(q), ..) => (fiscal.start(short(a)?) + (q - 1) * 3, 3),
            _ if half(a).is_some() => (fiscal.start(short(b)?) + (half(a)? - 1) * 6, 6),
            _ if half(b).is_some() => (fiscal.start(short(a)?) + (half(b)? - 1) * 6, 6),
            (.., Some(month), _) => ((short(b)? - 1970) * 12 + month - 1, 1),
            (.., Some(month)) => ((short(a)? - 1970) * 12 + month - 1, 1),
            _ => {
                let month = |text: &str| text.parse::<i32>().ok().filter(|m| (1..=12).contains(m));
                let (year, month) = match year(a) {
                    Some(year) => (year, month(b)?),
                    None => (year(b)?, month(a)?),
                };
                ((year - 1970) * 12 + month - 1, 1)
            }
        },
        [_, _, _] => {
            let day = convert::date(text.trim(), order)?;
            let month = Period::among(own, PeriodKind::Month, day, fiscal.first_month);
            return Some((month.start, month.end));
        }
        _ => return None,
    };
    Some((month_start(start), month_start(start + months)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FiscalLabel;

    #[test]
    fn periods_by_name() {
        let own = Months::default();
        let day = |text: &str| day_of(text.parse().unwrap());
        let from_to = |a: &str, b: &str| Some((day(a), day(b)));
        let called = |first_month, label| Fiscal { first_month, label };
        let months_first = DayOrder::MonthFirst;
        let period = |text: &str, first_month| {
            days(text, (&own, called(first_month, FiscalLabel::Ends)), months_first)
        };
        assert_eq!(period("2026-Q1", 1), from_to("2026-01-01", "2026-04-01"));
        assert_eq!(period("q4 2026", 1), from_to("2026-10-01", "2027-01-01"));
        assert_eq!(period("2026-03", 1), from_to("2026-03-01", "2026-04-01"));
        assert_eq!(period("2026", 1), from_to("2026-01-01", "2027-01-01"));
        assert_eq!(period("FY2026-Q1", 2), from_to("2025-02-01", "2025-05-01"));
        let starts = (&own, called(2, FiscalLabel::Starts));
        let quarter = days("FY2026-Q1", starts, months_first);
        assert_eq!(quarter, from_to("2026-02-01", "2026-05-01"));
        assert_eq!(days("2026", starts, months_first), from_to("2026-02-01", "2027-02-01"));
        assert_eq!(period("03/2026", 1), from_to("2026-03-01", "2026-04-01"));
        let order = DayOrder::DayFirst;
        assert_eq!(
            days("01/03/2026", (&own, Fiscal::CALENDAR), order),
            from_to("2026-03-01", "2026-04-01")
        );
        for text in ["Q1 2026", "Q1-26", "2026Q1", "Q1FY26", "FY26 Q1", "Q1 '26"] {
            assert_eq!(period(text, 1), from_to("2026-01-01", "2026-04-01"), "{text}");
        }
        for text in ["Feb 2026", "February-26", "2026 Febbraio", "feb 2026"] {
            assert_eq!(period(text, 1), from_to("2026-02-01", "2026-03-01"), "{text}");
        }
        assert_eq!(period("FY 2026", 1), from_to("2026-01-01", "2027-01-01"));
        assert_eq!(period("FY26", 1), from_to("2026-01-01", "2027-01-01"));
        assert_eq!((period("26", 1), period("02/26", 1)), (None, None), "a month or a year");
        for text in ["2026-W16", "W16 2026", "2026W16", "CW16/2026", "KW 16 2026", "Week 16, 2026"]
        {
            assert_eq!(period(text, 1), from_to("2026-04-13", "2026-04-20"), "{text}");
        }
        assert_eq!(period("2027-W01", 1), from_to("2027-01-04", "2027-01-11"));
        assert_eq!(period("2026-W53", 1), from_to("2026-12-28", "2027-01-04"));
        assert_eq!((period("2025-W53", 1), period("W16", 1)), (None, None));
        assert_eq!(period("soon", 1), None);
        assert_eq!(period("2026-Q5", 1), None);
    }

    #[test]
    fn kinds_by_word() {
        let kinds = ["Daily", "weekly", "Täglich", "每周", "Quarterly", "sometimes"].map(kind);
        use PeriodKind as K;
        let expected = [K::Day, K::Week, K::Day, K::Week, K::Quarter].map(Some);
        assert_eq!((&kinds[..5], kinds[5]), (&expected[..], None));
    }
}
