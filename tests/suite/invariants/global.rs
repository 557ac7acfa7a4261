//! Invariants 1 to 10: what holds for every table of every metric.

use std::sync::LazyLock;

use proptest::prelude::*;
use sluice::metrics::METRICS;
use sluice::model::{Config, Dataset, Partition, Table, TextColumn, Unit, Value, calendar};
use sluice::query::{Engine, builtin};

use super::made::{
    AS_OF, DAY, File, Firm, Life, STAGES, config, difference, firms, ingested, run_of, tables,
    tables_of,
};
use crate::store::{record, scratch};

/// After all that is drawn.
const LAST: i64 = 2_000 * DAY;

macro_rules! same {
    ($one:expr, $other:expr) => {
        let found = difference($one, $other);
        prop_assert!(found.is_none(), "{}", found.unwrap_or_default());
    };
}

/// The files with their rows turned round by a seed.
fn shuffled(files: &[File], seed: u64) -> Vec<File> {
    let mut files = files.to_vec();
    for file in &mut files {
        let key = |row: &Vec<String>| {
            let text = format!("{seed}{}", row.join(","));
            sluice::stats::bootstrap::identity(&text)
        };
        file.rows[1..].sort_by_key(key);
    }
    files
}

/// One row of a partition as a partition of its own.
pub(crate) fn single(from: &Partition, at: usize) -> Partition {
    let mut made = Partition { created_month: from.created_month, ..Partition::default() };
    copy(from, at, &mut made);
    made
}

fn copy(from: &Partition, at: usize, into: &mut Partition) {
    let push = |into: &mut TextColumn, from: &TextColumn| into.push(from.get(at));
    push(&mut into.deal_ids, &from.deal_ids);
    push(&mut into.deal_names, &from.deal_names);
    push(&mut into.account_ids, &from.account_ids);
    into.deals.push(from.deals[at]);
    into.visits.push(from.visits.get(at).to_vec());
    into.changes.push(from.changes.get(at).to_vec());
    into.activities.push(from.activities.get(at).to_vec());
}

/// The deals dealt out to `parts` partitions by their ids, the last part first.
pub(crate) fn split(dataset: &Dataset, parts: u64) -> Dataset {
    let mut made: Vec<Partition> = vec![Partition::default(); parts as usize];
    for part in &dataset.partitions {
        for at in 0..part.len() {
            let hash = sluice::stats::bootstrap::identity(part.deal_ids.get(at));
            copy(part, at, &mut made[(hash % parts) as usize]);
        }
    }
    made.reverse();
    assert_eq!(made.iter().map(Partition::len).sum::<usize>(), dataset.deal_count());
    Dataset { partitions: made, ..dataset.clone() }
}

/// Columns that hold a probability and are not said to be a rate.
const CHANCES: [&str; 2] = ["p", "q"];

/// Whether `metric NAME --about` says that a metric has limits.
fn says_limits(name: &str) -> bool {
    static NAMED: LazyLock<Vec<&str>> = LazyLock::new(|| {
        let parts = include_str!("../../../src/metrics/REFERENCE.md").split("\n## ").skip(1);
        let of_limits = parts.filter(|part| !part.contains("*Interval.* None"));
        of_limits.filter_map(|part| part.split('`').nth(1)).collect()
    });
    NAMED.contains(&name)
}

/// Invariant 5 for one table.
pub(crate) fn check(table: &Table) -> Result<(), TestCaseError> {
    let about = METRICS.iter().find(|m| m.about().name == table.name).unwrap().about();
    let unit = table.columns.iter().find(|c| &*c.name == about.estimate).map(|c| c.unit);
    let mut seen = std::collections::BTreeSet::new();
    for row in &table.rows {
        for (column, value) in table.columns.iter().zip(row) {
            let is_limit = ["lower", "upper"].contains(&&*column.name) && unit == Some(Unit::Rate);
            let is_share =
                column.unit == Unit::Rate || CHANCES.contains(&&*column.name) || is_limit;
            if let Value::Float(number) = value {
                prop_assert!(number.is_finite(), "{} {}", table.name, column.name);
            }
            if let (Some(number), true) = (value.as_f64(), is_share) {
                let is_in = (0.0..=1.0).contains(&number);
                prop_assert!(is_in, "{} {} {number} {row:?}", table.name, column.name);
            }
            if let (Some(number), Unit::Count) = (value.as_f64(), column.unit) {
                let may_fall = ["gap", "remaining", "excess", "difference", "net"];
                let is_signed = may_fall.iter().any(|word| column.name.contains(word));
                prop_assert!(is_signed || number >= 0.0, "{} {}", table.name, column.name);
            }
        }
        let keys = ["pipeline", "owner", "team", "source", "segment", "currency"];
        let keys = keys.iter().chain(&["period_kind", "period_start"]).chain(about.keys);
        let key: Vec<String> = keys.map(|k| format!("{:?}", table.value(row, k))).collect();
        prop_assert!(seen.insert(key), "{}: a row twice: {row:?}", about.name);
        let has_limits = !table.value(row, "lower").is_null();
        prop_assert!(!has_limits || says_limits(about.name), "{} has limits", about.name);
        if about.estimate.is_empty() {
            continue;
        }
        let number = |name: &str| table.value(row, name).as_f64();
        let value = number(about.estimate);
        let reason = table.value(row, "reason").as_str().filter(|reason| *reason != "SN");
        // Beside a rate, amounts of several currencies are null for a reason of their own.
        // So are sums that are too large, whatever stands beside them.
        let is_of_amounts =
            reason == Some("TL") || reason == Some("MC") && unit != Some(Unit::Minor);
        let is_null = value.is_none();
        let is_told = if is_null { reason.is_some() } else { reason.is_none() || is_of_amounts };
        prop_assert!(is_told, "{} {row:?}", table.name);
        let method = table.value(row, "interval_method").as_str();
        if let (Some(lower), Some(upper)) = (number("lower"), number("upper")) {
            prop_assert!(lower <= upper, "{} {row:?}", table.name);
            let is_percentile = matches!(method, Some("bootstrap" | "beta_posterior"));
            let is_in = value.is_none_or(|value| lower <= value && value <= upper);
            prop_assert!(is_percentile || is_in, "{} {row:?}", table.name);
        }
    }
    Ok(())
}

/// Columns that are null where there are no limits.
const SPREAD: [&str; 2] = ["confidence_level", "interval_method"];

/// Invariant 8 for one table: money is `times` as much, everything else is what it was.
pub(crate) fn check_scaled(one: &Table, other: &Table, times: f64) -> Result<(), TestCaseError> {
    prop_assert_eq!(one.rows.len(), other.rows.len(), "{}", one.name);
    let about = METRICS.iter().find(|m| m.about().name == one.name).unwrap().about();
    let unit = one.columns.iter().find(|c| &*c.name == about.estimate).map(|c| c.unit);
    // Rounded to whole minor units deal by deal, and then added up.
    let is_estimated = |row: &[Value]| {
        let word = |name| one.value(row, name).as_str().unwrap_or("");
        ["weighted", "landmark"].contains(&word("forecast")) || word("cut") == "stage"
    };
    let pairs = one.rows.iter().zip(&other.rows);
    let times_of_all = times;
    for (a, b) in pairs.filter(|(a, _)| !is_estimated(a)) {
        for ((column, x), y) in one.columns.iter().zip(a).zip(b) {
            let is_limit = ["lower", "upper"].contains(&&*column.name);
            let unit = if is_limit { unit.unwrap_or(column.unit) } else { column.unit };
            // A goal of amounts is an amount though its column holds counts as well.
            let is_goal = one.name == "goal_attainment"
                && one.value(a, "measure").as_str() == Some("bookings")
                && ["actual", "target", "remaining", "required_per_day"].contains(&&*column.name);
            let is_money =
                matches!(unit, Unit::Minor | Unit::MinorPerDay) && &*column.name != "cell_minor";
            let is_money = is_money || is_goal;
            let times = if is_money { times } else { 1.0 };
            let place = || format!("{} {}\n{a:?}\n{b:?}", one.name, column.name);
            // Of sums beyond 64 bits, and of limits that come of squares beyond 128, there is none.
            let may_be_none = (is_money || is_limit || SPREAD.contains(&&*column.name))
                && times_of_all > 1e6
                && y.is_null();
            let is_end = ["status", "reason"].contains(&&*column.name)
                && other.value(b, "reason").as_str() == Some("TL");
            if may_be_none || is_end {
                continue;
            }
            match (x.as_f64(), y.as_f64()) {
                (Some(x), Some(y)) => {
                    // An expected amount is rounded to a whole minor unit.
                    let rounded = ["weighted", "landmark", "expected"];
                    let name = if is_limit { about.estimate } else { &column.name };
                    let is_rounded = is_money && rounded.iter().any(|word| name.contains(word));
                    // Parts that cancel leave the billionth of a minor unit, and not the same one.
                    let rest = if is_money { 1e-9 } else { 0.0 };
                    let slack = if is_rounded { times } else { rest * times };
                    let is_same = (x * times - y).abs() <= slack + 1e-6 * y.abs().max(1e-3);
                    prop_assert!(is_same, "{}", place());
                }
                _ => prop_assert_eq!(x, y, "{}", place()),
            }
        }
    }
    Ok(())
}

/// Metrics of which a row of the whole time depends on no month.
const WHOLE_TIME: [&str; 10] = [
    "win_rate",
    "loss_reasons",
    "activities_per_win",
    "sales_cycle",
    "deal_size",
    "stage_duration",
    "stage_flow",
    "stage_transitions",
    "movement_quality",
    "time_to_close",
];

/// The tables with every date so many days earlier.
fn earlier(tables: &[Table], days: i64) -> Vec<Table> {
    let mut tables = tables.to_vec();
    // The unit of these bootstraps is an owner's quarter, which weighs by its name.
    let quarterly = ["forecast_accuracy", "forecast_lead_accuracy", "forecast_skill"];
    for table in tables.iter_mut().filter(|t| quarterly.contains(&&*t.name)) {
        let limits = ["lower", "upper", "confidence_level", "interval_method"]
            .map(|name| table.position(name).unwrap());
        table
            .rows
            .iter_mut()
            .for_each(|row| limits.map(|at| row[at] = Value::Null).into_iter().for_each(drop));
    }
    for value in tables.iter_mut().flat_map(|t| &mut t.rows).flatten() {
        match value {
            Value::Day(day) => *day -= days as i32,
            Value::Instant(at) => *at -= days * calendar::DAY_MICROS,
            // A label such as `2025-01` is the date of `period_start` in another form.
            Value::Text(text) if text.starts_with("20") => *value = Value::Null,
            _ => {}
        }
    }
    tables
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn invariant_01_order_of_rows(firm in firms(40), seed: u64) {
        let files = firm.files(LAST);
        let turned = shuffled(&files, seed);
        same!(&tables(&files, &config(), AS_OF), &tables(&turned, &config(), AS_OF));
    }

    #[test]
    fn invariant_02_any_split(firm in firms(40)) {
        let dataset = ingested(&firm.files(LAST), &config());
        let whole = tables_of(&dataset, &config(), AS_OF);
        for parts in [1, 2, 7] {
            same!(&whole, &tables_of(&split(&dataset, parts), &config(), AS_OF));
        }
    }

    #[test]
    fn invariant_03_nightly_is_rebuild(firm in firms(40), nights in prop::collection::vec(0..470_i64, 1..4)) {
        let (nightly, rebuilt) = (scratch(), scratch());
        let mut nights = nights;
        nights.sort_unstable();
        for night in nights.into_iter().map(|night| night * DAY).chain([LAST]) {
            let files = firm.files(night);
            if files[0].rows.len() > 1 {
                nightly.store.commit(ingested(&files, &config()), record("a.csv")).unwrap();
            }
        }
        let whole = ingested(&firm.files(LAST), &config());
        rebuilt.store.commit(whole.clone(), record("a.csv")).unwrap();
        let (one, other) = (nightly.store.load(None).unwrap().1, rebuilt.store.load(None).unwrap().1);
        let expected = tables_of(&whole, &config(), AS_OF);
        same!(&expected, &tables_of(&other, &config(), AS_OF));
        same!(&expected, &tables_of(&one, &config(), AS_OF));
    }

    #[test]
    fn invariant_04_no_look_ahead(firm in firms(40)) {
        let (day, firm) = ("2025-12-31", Firm { is_placed: true, ..firm });
        let early = firm.files(firm.end_of(day));
        if early[0].rows.len() > 1 {
            same!(&tables(&early, &config(), day), &tables(&firm.files(LAST), &config(), day));
        }
    }

    #[test]
    fn invariant_06_threads(firm in firms(60)) {
        let files = firm.files(LAST);
        let found = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let dataset = ingested(&files, &config());
                let run = run_of(&dataset, &config(), AS_OF);
                let tables = tables_of(&dataset, &config(), AS_OF);
                let engine = Engine::new(&dataset, &run, &tables).unwrap();
                let queries = builtin().unwrap();
                let asked: Vec<Table> = queries.iter().map(|q| engine.run(q).unwrap()).collect();
                [tables, asked].concat()
            })
        };
        let one = found(1);
        same!(&one, &found(2));
        same!(&one, &found(5));
    }

    #[test]
    fn invariant_07_shifted_by_weeks(firm in firms(40), weeks in 1..60_i64) {
        // After 28 years the calendar is the same: months, leap days and days of the week.
        let years = 28 * 365 + 7;
        let one = tables(&firm.files(LAST), &config(), AS_OF);
        let moved = Firm { shift: years, ..firm.clone() };
        let other = tables(&moved.files(LAST), &config(), &moved.date(AS_OF));
        same!(&earlier(&one, 0), &earlier(&other, years));
        // By weeks, the whole time is the same, cut by months it is not.
        let moved = Firm { shift: weeks * 7, ..firm.clone() };
        let other = earlier(&tables(&moved.files(LAST), &config(), &moved.date(AS_OF)), weeks * 7);
        for name in WHOLE_TIME {
            let of_all = |tables: &[Table]| {
                let mut table = tables.iter().find(|t| t.name == name).unwrap().clone();
                let kind = table.position("period_kind").unwrap();
                table.rows.retain(|row| row[kind].as_str() == Some("all"));
                vec![table]
            };
            same!(&of_all(&earlier(&one, 0)), &of_all(&other));
        }
    }

    #[test]
    fn invariant_09_renamed_stages(firm in firms(40)) {
        let one = tables(&firm.files(LAST), &config(), AS_OF);
        let mut names = STAGES;
        (names[0], names[2]) = ("Zeta", "Alpha");
        let renamed = Firm { stages: names, ..firm.clone() }.files(LAST);
        let aliases = [("Zeta", "Qualify"), ("Alpha", "Offer")];
        let aliases = aliases.map(|(old, new)| (old.to_owned(), new.to_owned())).into();
        let other = tables(&renamed, &Config { stage_aliases: aliases, ..config() }, AS_OF);
        same!(&one, &other);
        let back = |value: &Value| match value.as_str() {
            Some("Zeta") => Value::from("Qualify"),
            Some("Alpha") => Value::from("Offer"),
            _ => value.clone(),
        };
        let mut labelled = tables(&renamed, &config(), AS_OF);
        let mut one = one;
        for table in &mut labelled {
            table.rows.iter_mut().flatten().for_each(|value| *value = back(value));
        }
        for table in one.iter_mut().chain(&mut labelled) {
            table.sort_by(&[]);
        }
        same!(&one, &labelled);
    }

    #[test]
    fn invariant_10_what_comes_after_the_day(firm in firms(40), later in firms(4)) {
        let firm = Firm { is_placed: true, ..firm };
        let one = tables(&firm.files(LAST), &config(), AS_OF);
        let cut = firm.end_of(AS_OF);
        let mut more = firm.clone();
        more.lives.extend(later.lives.into_iter().map(|life| Life { created: life.created + cut, ..life }));
        more.loose.extend(later.loose.iter().map(|(at, kind)| (at + cut, *kind)));
        more.lives[0].activities.push((cut, 0, 0, false));
        same!(&one, &tables(&more.files(LAST), &config(), AS_OF));
    }

    #[test]
    fn invariant_05_numbers_nulls_limits(firm in firms(40)) {
        tables(&firm.files(LAST), &config(), AS_OF).iter().try_for_each(check)?;
    }

    #[test]
    fn invariant_08_scaled_amounts(firm in firms(40)) {
        // So many cells that each is a minor unit wide: nothing is rounded.
        let config = Config { lattice_cells: 1_000_000_000, ..config() };
        let scaled = Firm { scale: 3, ..firm.clone() };
        let one = tables(&firm.files(LAST), &config, AS_OF);
        let other = tables(&scaled.files(LAST), &config, AS_OF);
        for (a, b) in one.iter().zip(&other) {
            check_scaled(a, b, 3.0)?;
        }
    }

    #[test]
    fn sums_beyond_64_bits_are_none(firm in firms(40)) {
        // Amounts of up to nineteen digits in minor units. The chances of goals are of amounts in cells of
        // a lattice that cannot be as fine.
        let scaled = Firm { scale: 100_000_000_000_000, ..firm.clone() };
        let one = tables(&firm.files(LAST), &config(), AS_OF);
        let other = tables(&scaled.files(LAST), &config(), AS_OF);
        let is_exact = |table: &Table| !["goal_chance_bookings", "deal_score"].contains(&&*table.name);
        for (a, b) in one.iter().zip(&other).filter(|(table, _)| is_exact(table)) {
            check(b)?;
            check_scaled(a, b, 1e14)?;
        }
    }
}
