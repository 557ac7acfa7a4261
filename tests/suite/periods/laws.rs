//! What holds for every calendar: the common one, told as a table, changes nothing; any split gives the same.

use proptest::prelude::*;
use sluice::model::calendar::{date, month_index, month_start};
use sluice::model::{Config, Day, FiscalLabel, NamedPeriod, Period, PeriodKind};

use super::fiscal::{beside, plain};
use super::retail;
use crate::invariants::global::{check, split};
use crate::invariants::made::{AS_OF, config, difference, firms, ingested, tables_of};

/// Minutes after all that is drawn.
const LAST: i64 = 2_000 * 1_440;

/// The periods of the calendar from the one that holds `first` on, as metrics call them.
fn calendar(kind: PeriodKind, first: Day, count: usize, config: &Config) -> Vec<NamedPeriod> {
    let fiscal_start = config.fiscal_year_start_month;
    let mut day = first;
    let one = |_| {
        let period = Period::holding(kind, day, fiscal_start);
        day = period.end;
        let year = Period::holding(PeriodKind::Year, period.start, fiscal_start);
        let number = (month_index(period.start) - month_index(year.start)) / 3 + 1;
        let called_after = match config.fiscal_label {
            FiscalLabel::Ends => year.end - 1,
            FiscalLabel::Starts => year.start,
        };
        let of_year = date(called_after).format("%Y").to_string();
        let period_id = match kind {
            PeriodKind::Month => date(period.start).format("%Y-%m").to_string(),
            PeriodKind::Quarter => format!("{of_year}-Q{number}"),
            PeriodKind::Year => of_year,
            _ => date(period.start).to_string(),
        };
        NamedPeriod { kind, start: period.start, end: period.end, period_id }
    };
    (0..count).map(one).collect()
}

/// Which kinds are told, from which month on, for how many years.
fn tables() -> impl Strategy<Value = ([bool; 4], i32, usize)> {
    (any::<[bool; 4]>(), 0..40_i32, 1..4_usize)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn the_calendar_as_a_table_changes_nothing(
        firm in firms(12),
        (kinds, months, years) in tables(),
        fiscal_start in prop_oneof![Just(1_u32), 1..13_u32],
        fiscal_label in prop_oneof![Just(FiscalLabel::Ends), Just(FiscalLabel::Starts)],
    ) {
        let config = Config { fiscal_year_start_month: fiscal_start, fiscal_label, ..config() };
        let mut data = ingested(&firm.files(LAST), &config);
        let expected = tables_of(&data, &config, AS_OF);
        let first = month_start(month_index(Period::holding(PeriodKind::Year, 19_700, fiscal_start).start) + months);
        let lengths = [1, 4, 12, 53];
        let told = NamedPeriod::KINDS.into_iter().zip(lengths).zip(kinds).filter(|(_, is_told)| *is_told);
        let rows = told.flat_map(|((kind, length), _)| calendar(kind, first, length * years, &config));
        data.periods = rows.collect();
        data.periods.sort();
        let mut found = tables_of(&data, &config, AS_OF);
        let mut expected = expected;
        // Without a table its years are those of the calendar, with one those of the table.
        if fiscal_start > 1 {
            found.retain(|table| table.name != "incidence_curve");
            expected.retain(|table| table.name != "incidence_curve");
        }
        let differs = difference(&expected, &found);
        prop_assert!(differs.is_none(), "{}\n{:?}", differs.unwrap_or_default(), super::shown(&data.periods));
    }

    #[test]
    fn fiscal_years_of_a_crm_do_what_the_setting_does(firm in firms(12), month in 1..13_u32) {
        let mut data = ingested(&firm.files(LAST), &config());
        let set = Config { fiscal_year_start_month: month, ..config() };
        let expected = tables_of(&data, &set, AS_OF);
        let crm = plain(month, "2024-01-01");
        data.periods = beside(&[("Period.csv", &crm)], &config()).dataset.periods;
        let differs = difference(&expected, &tables_of(&data, &config(), AS_OF));
        prop_assert!(differs.is_none(), "{}", differs.unwrap_or_default());
    }

    #[test]
    fn tables_over_periods_of_ones_own_are_sound(firm in firms(12), parts in 2..5_u64) {
        let config = config();
        let mut data = ingested(&firm.files(LAST), &config);
        data.periods = retail();
        let found = tables_of(&data, &config, AS_OF);
        found.iter().try_for_each(check)?;
        let differs = difference(&found, &tables_of(&split(&data, parts), &config, AS_OF));
        prop_assert!(differs.is_none(), "{}", differs.unwrap_or_default());
    }
}
