//! Tables of periods against retail calendars.

use super::*;
use crate::model::calendar::day_of;
use crate::model::months::Months;

fn day(text: &str) -> Day {
    day_of(text.parse().unwrap())
}

/// Rows of a kind that follow one another from `start` for so many weeks each.
fn weeks(kind: PeriodKind, start: &str, lengths: &[i32]) -> Vec<NamedPeriod> {
    let mut start = day(start);
    let row = |(at, weeks): (usize, &i32)| {
        let row = NamedPeriod { kind, start, end: start + 7 * weeks, period_id: format!("{at}") };
        start = row.end;
        row
    };
    lengths.iter().enumerate().map(row).collect()
}

fn retail() -> Vec<NamedPeriod> {
    weeks(PeriodKind::Month, "2025-02-02", &[4, 4, 5, 4, 4, 5, 4, 4, 5, 4, 4, 5])
}

fn months(rows: &[NamedPeriod]) -> Months {
    let mut months = Months::of_table(PeriodTable::of(rows).unwrap());
    months.keep_at_hand(day("2024-01-01"), day("2027-01-01"), 1);
    months
}

fn period(months: &Months, kind: PeriodKind, on: &str, fiscal_start: u32) -> [String; 2] {
    let period = Period::among(months, kind, day(on), fiscal_start);
    [period.start, period.end].map(|day| date(day).to_string())
}

#[test]
fn months_are_dense_and_the_calendar_goes_on_around_them() {
    let months = months(&retail());
    let days: Vec<i32> = (day("2024-01-01")..day("2027-01-01")).map(|d| months.of(d)).collect();
    assert!(days.windows(2).all(|pair| pair[1] == pair[0] || pair[1] == pair[0] + 1));
    for on in day("2020-01-01")..day("2030-01-01") {
        let month = months.of(on);
        assert!((months.start(month)..months.start(month + 1)).contains(&on), "{}", date(on));
    }
    let month = |on| period(&months, PeriodKind::Month, on, 2);
    assert_eq!(month("2025-03-01"), ["2025-02-02", "2025-03-02"]);
    assert_eq!(month("2025-02-01"), ["2025-01-01", "2025-02-02"], "the day before is left over");
    assert_eq!(month("2026-01-31"), ["2025-12-28", "2026-02-01"]);
    assert_eq!(month("2026-02-01"), ["2026-02-01", "2026-03-01"]);
}

#[test]
fn quarters_and_years_follow_from_twelve_months() {
    let months = months(&retail());
    let of = |kind, on| period(&months, kind, on, 2);
    assert_eq!(of(PeriodKind::Quarter, "2025-05-03"), ["2025-02-02", "2025-05-04"]);
    assert_eq!(of(PeriodKind::Quarter, "2025-05-04"), ["2025-05-04", "2025-08-03"]);
    assert_eq!(of(PeriodKind::Year, "2025-05-04"), ["2025-02-02", "2026-02-01"]);
    assert_eq!(of(PeriodKind::Quarter, "2026-02-01"), ["2026-02-01", "2026-05-01"]);
    assert_eq!(of(PeriodKind::Week, "2025-05-04"), ["2025-04-28", "2025-05-05"]);
}

#[test]
fn quarters_of_the_table_go_before_the_fiscal_year() {
    let mut rows = weeks(PeriodKind::Quarter, "2025-02-02", &[13; 4]);
    rows.extend(retail());
    rows.extend(weeks(PeriodKind::Week, "2025-02-02", &[1; 52]));
    let months = months(&rows);
    let of = |kind, on| period(&months, kind, on, 1);
    assert_eq!(of(PeriodKind::Quarter, "2025-03-30"), ["2025-02-02", "2025-05-04"]);
    assert_eq!(of(PeriodKind::Quarter, "2025-01-20"), ["2024-11-01", "2025-02-02"]);
    assert_eq!(of(PeriodKind::Year, "2025-03-30"), ["2025-02-02", "2026-02-01"]);
    assert_eq!(of(PeriodKind::Week, "2025-03-30"), ["2025-03-30", "2025-04-06"]);
    assert_eq!(of(PeriodKind::Week, "2026-02-03"), ["2026-02-01", "2026-02-08"]);
}

#[test]
fn thirteen_months_a_year_need_their_quarters_and_years() {
    let mut rows = weeks(PeriodKind::Month, "2025-01-05", &[4; 13]);
    assert_eq!(PeriodTable::new(&rows).unwrap_err().0, 12);
    rows.extend(weeks(PeriodKind::Quarter, "2025-01-05", &[12, 12, 12, 16]));
    rows.extend(weeks(PeriodKind::Year, "2025-01-05", &[52]));
    rows.sort();
    let months = months(&rows);
    let of = |kind, on| period(&months, kind, on, 1);
    assert_eq!(of(PeriodKind::Quarter, "2026-01-03"), ["2025-09-14", "2026-01-04"]);
    assert_eq!(of(PeriodKind::Quarter, "2026-01-04"), ["2026-01-04", "2026-04-01"]);
    let all = (day("2024-01-01")..day("2027-01-01")).map(|d| months.of(d));
    assert!(all.collect::<Vec<_>>().is_sorted());
}

#[test]
fn bounds_that_no_shorter_period_has_are_refused() {
    let quarters = weeks(PeriodKind::Quarter, "2025-02-02", &[13; 4]);
    let (at, why) = PeriodTable::new(&quarters).unwrap_err();
    assert_eq!((at, why.contains("on which no month starts")), (0, true));
    let mut rows = weeks(PeriodKind::Year, "2025-03-02", &[48]);
    rows.extend(weeks(PeriodKind::Quarter, "2025-02-02", &[13; 4]));
    rows.extend(retail());
    assert_eq!(PeriodTable::new(&rows).unwrap_err().0, 0);
}

#[test]
fn periods_are_called_what_the_table_calls_them() {
    let table = PeriodTable::new(&retail()).unwrap();
    assert_eq!(table.name(PeriodKind::Month, day("2025-12-28")), Ok("11"));
    assert_eq!(table.name(PeriodKind::Quarter, day("2025-05-04")), Err(day("2025-05-01")));
    assert_eq!(table.name(PeriodKind::Quarter, day("2025-11-02")), Err(day("2025-11-01")));
    assert_eq!(table.name(PeriodKind::Month, day("2024-06-01")), Err(day("2024-06-01")));
}
