//! Exports as they come: no losses, no owners, one stage, one day, one deal, dates before 1970, amounts of
//! eighteen digits, reopened and censored deals, cells of any content. All metrics, all queries and the
//! page must take them: no panic, no number that is not finite, every null with its reason, every rate
//! between 0 and 1 (see [`check`]).

use proptest::prelude::*;
use sluice::ingest::{self, Ingested, Options};
use sluice::metrics::{METRICS, compute};
use sluice::model::{Clock, Config, Run, Silent, Table, Value, too_large};
use sluice::query::{Engine, builtin};

use crate::invariants::global::check;
use crate::invariants::made::config;

/// Reads files by their names and texts.
fn read(files: &[(&str, &str)], config: &Config) -> sluice::Result<Ingested> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    // The present: a time long after it does not tell when the export was made.
    let now = crate::fixtures::at("2026-01-01");
    let options = Options { config, mapping: None, now, progress: &Silent };
    ingest::read(&[folder.path().to_owned()], &options)
}

/// Numerators beside what they are a part of, where a table has both. The deals gone on by the rules of
/// some CRMs (`stage_conversion`) are no part of those counted: that column is a ratio.
const PARTS: [(&str, &str); 8] = [
    ("won", "closed"),
    ("x", "n"),
    ("n_followed", "cohort_n"),
    ("raw_won", "cohort_n"),
    ("raw_lost", "cohort_n"),
    ("n_slipped", "n_due"),
    ("n_pushed", "n_slipped"),
    ("active_days", "eligible_days"),
];

fn check_parts(table: &Table) -> Result<(), TestCaseError> {
    for (part, whole) in PARTS {
        if table.position(part).is_none() || table.position(whole).is_none() {
            continue;
        }
        for row in &table.rows {
            let of = |name| table.value(row, name).as_f64();
            // A mean by deal is no share.
            let is_mean = table.value(row, "measure").as_str() == Some("regressions_per_deal");
            if let (Some(part), Some(whole), false) = (of(part), of(whole), is_mean) {
                prop_assert!(part <= whole, "{} {part} of {whole}: {row:?}", table.name);
            }
        }
    }
    Ok(())
}

/// All that is made of an export, by both clocks.
fn goes_through(files: &[(&str, &str)]) -> Result<(), TestCaseError> {
    for clock in [Clock::CalendarDay, Clock::Elapsed] {
        let config = Config { clock, segment: "product".to_owned(), ..config() };
        let dataset = read(files, &config).unwrap().dataset;
        let run = Run::new(config, None, &dataset).unwrap();
        let tables = compute(METRICS, &dataset, &run).unwrap();
        for table in &tables {
            check(table)?;
            check_parts(table)?;
        }
        let engine = Engine::new(&dataset, &run, &tables).unwrap();
        for query in builtin().unwrap() {
            let found = engine.run(&query).unwrap();
            let mut numbers = found.rows.iter().flatten().filter_map(|value| value.as_f64());
            prop_assert!(numbers.all(f64::is_finite), "{}", query.name);
        }
        let page = crate::report_real::rendered(&run, &tables);
        for wrong in ["NaN", "Infinity", "inf%", ">inf<", "undefined<", "None<"] {
            prop_assert!(!page.contains(wrong), "`{wrong}` is on the page");
        }
    }
    Ok(())
}

const HEADER: &str =
    "deal_id,stage,status,owner,amount,currency,source,product,lost_reason,created_at,closed_at\n";

/// Deals from a pattern for each: `{i}` is its number, `{d}` a day of the month that goes round.
fn deals(count: usize, pattern: impl Fn(usize) -> String) -> String {
    let lines = (0..count).map(|at| {
        let day = format!("{:02}", at % 28 + 1);
        pattern(at).replace("{i}", &at.to_string()).replace("{d}", &day) + "\n"
    });
    HEADER.to_owned() + &lines.collect::<String>()
}

#[track_caller]
fn takes(files: &[(&str, &str)]) {
    if let Err(error) = goes_through(files) {
        panic!("{error}");
    }
}

#[test]
fn no_losses_at_all() {
    takes(&[(
        "deals.csv",
        &deals(60, |at| match at % 3 {
            0 => "{i},Demo,open,ann,100,USD,web,p,,2025-0{m}-{d},".replace("{m}", "3"),
            _ => format!(
                "{{i}},Won,won,bob,200,USD,fair,q,,2025-0{}-{{d}},2025-09-{{d}}",
                at % 6 + 1
            ),
        }),
    )]);
}

#[test]
fn no_wins_at_all() {
    takes(&[(
        "deals.csv",
        &deals(60, |at| match at % 3 {
            0 => "{i},Demo,open,ann,100,USD,web,p,,2025-03-{d},".to_owned(),
            _ => format!(
                "{{i}},Lost,lost,bob,200,USD,fair,q,price,2025-0{}-{{d}},2025-09-{{d}}",
                at % 6 + 1
            ),
        }),
    )]);
}

#[test]
fn no_owners_no_amounts_no_sources() {
    takes(&[(
        "deals.csv",
        &deals(60, |at| match at % 3 {
            0 => "{i},Demo,open,,,,,,,2025-03-{d},".to_owned(),
            1 => "{i},Lost,lost,,,,,,,2025-04-{d},2025-06-{d}".to_owned(),
            _ => "{i},Won,won,,,,,,,2025-02-{d},2025-08-{d}".to_owned(),
        }),
    )]);
}

#[test]
fn one_stage_only() {
    takes(&[("deals.csv", &deals(40, |_| "{i},Demo,,ann,100,USD,web,p,,2025-03-{d},".to_owned()))]);
    takes(&[(
        "deals.csv",
        &deals(40, |_| "{i},Won,won,ann,100,USD,web,p,,2025-03-{d},2025-04-{d}".to_owned()),
    )]);
}

#[test]
fn everything_in_one_instant() {
    let end = ["Demo,open", "Won,won", "Lost,lost"];
    let deals = deals(45, |at| {
        let closed = if at % 3 == 0 { "" } else { "2025-05-05 12:00:00" };
        format!("{{i}},{},ann,100,USD,web,p,,2025-05-05 12:00:00,{closed}", end[at % 3])
    });
    let mut changes = "deal_id,from_stage,to_stage,changed_at,amount\n".to_owned();
    for at in 0..45 {
        let last = ["Demo", "Won", "Lost"][at % 3];
        for (from, to) in [("", "New"), ("New", "Demo"), ("Demo", "New"), ("New", last)] {
            changes += &format!("{at},{from},{to},2025-05-05 12:00:00,{at}\n");
        }
    }
    takes(&[("deals.csv", &deals), ("stage_changes.csv", &changes)]);
}

#[test]
fn one_deal() {
    for end in [
        "Demo,open,a,5,USD,w,p,,2025-05-05,",
        "Won,won,a,5,USD,w,p,,2025-05-05,2025-05-05",
        "Lost,lost,,,USD,,,test,2025-05-05,2025-07-09",
        "Won,won,a,0,USD,w,p,,2025-05-05,",
        "Won,won,a,5,USD,w,p,,,2025-05-05",
        "Demo,open,a,5,USD,w,p,,,",
    ] {
        takes(&[("deals.csv", &format!("{HEADER}1,{end}\n"))]);
    }
}

#[test]
fn before_1970_and_far_apart() {
    takes(&[(
        "deals.csv",
        &deals(40, |at| match at % 4 {
            0 => "{i},Demo,open,ann,100,USD,web,p,,1958-03-{d},".to_owned(),
            1 => "{i},Won,won,ann,100,USD,web,p,,1961-03-{d},1969-12-31".to_owned(),
            2 => "{i},Lost,lost,bob,100,USD,web,p,,1969-12-31 23:59:59,1970-01-01 00:00:00"
                .to_owned(),
            _ => "{i},Won,won,bob,100,USD,web,p,,1970-01-01,1972-02-29".to_owned(),
        }),
    )]);
}

#[test]
fn amounts_of_eighteen_digits() {
    let pattern = |amounts: [&'static str; 4]| {
        move |at: usize| {
            let end = ["Demo,open", "Won,won", "Lost,lost", "Won,won"][at / 4 % 4];
            let closed = if end.starts_with("Demo") { "" } else { "2025-09-{d}" };
            let amount = amounts[at % 4];
            format!("{{i}},{end},ann,{amount},USD,web,p,,2025-03-{{d}},{closed}")
        }
    };
    let amounts = ["1234567890123456.78", "0.01", "-1234567890123456.78", "1000000000000000"];
    takes(&[("deals.csv", &deals(32, pattern(amounts)))]);
    // A sum that 64 bits do not hold is none, and that is said; means and shares are what they are.
    let amounts = ["92233720368547758.07"; 4];
    let files = [("deals.csv", &*deals(80, pattern(amounts)))];
    takes(&files);
    let dataset = read(&files, &config()).unwrap().dataset;
    let run = Run::new(config(), None, &dataset).unwrap();
    let tables = compute(METRICS, &dataset, &run).unwrap();
    let sizes = tables.iter().find(|table| table.name == "deal_size").unwrap();
    let whole = &sizes.rows[0];
    assert_eq!(sizes.value(whole, "sum_minor"), &Value::Null);
    assert_eq!(sizes.value(whole, "mean_minor"), &Value::float(i64::MAX as f64));
    assert_eq!(sizes.value(whole, "reason"), &Value::from("TL"));
    let rate = |name: &str| {
        let table = tables.iter().find(|table| table.name == name).unwrap();
        table.value(&table.rows[0], "rate").clone()
    };
    assert_eq!(rate("amount_win_rate"), rate("win_rate"));
    // The engine would let such a sum wrap.
    let engine = Engine::new(&dataset, &run, &tables).unwrap();
    let sum = engine.sql("SELECT SUM(amount_minor) AS s FROM deals").unwrap();
    assert_eq!(sum.rows[0][0], Value::float(80.0 * i64::MAX as f64));
    let said = too_large::findings(&tables);
    assert!(said.iter().any(|s| s.starts_with("`deal_size`: ") && s.contains("USD")), "{said:?}");
}

#[test]
fn many_currencies_and_their_minor_units() {
    let currencies = ["USD", "JPY", "BHD", "EUR", "XXX", ""];
    takes(&[(
        "deals.csv",
        &deals(90, |at| {
            let end = ["Demo,open", "Won,won", "Lost,lost"][at / 6 % 3];
            let closed = if end.starts_with("Demo") { "" } else { "2025-09-{d}" };
            format!("{{i}},{end},ann,{at}.5,{},web,p,,2025-03-{{d}},{closed}", currencies[at % 6])
        }),
    )]);
}

#[test]
fn nine_of_ten_are_open() {
    takes(&[(
        "deals.csv",
        &deals(200, |at| match at % 9 {
            0 => format!(
                "{{i}},{},u{},10,USD,web,p,,2025-0{}-{{d}},2025-09-{{d}}",
                ["Won,won", "Lost,lost"][at / 9 % 2],
                at % 7,
                at % 8 + 1
            ),
            _ => format!("{{i}},Demo,open,u{},10,USD,web,p,,2025-0{}-{{d}},", at % 7, at % 8 + 1),
        }),
    )]);
}

#[test]
fn reopened_again_and_again() {
    let mut changes = "deal_id,from_stage,to_stage,changed_at\n".to_owned();
    let deals = deals(30, |at| {
        let (stage, status) = [("Won", "won"), ("Lost", "lost"), ("Demo", "open")][at % 3];
        format!("{{i}},{stage},{status},ann,10,USD,web,p,,2025-01-01,")
    });
    for at in 0..30 {
        let mut from = "";
        for step in 0..12 {
            let to = ["Demo", "Won", "Demo", "Lost", "Won", "Lost"][step % 6];
            let to = if step == 11 { ["Won", "Lost", "Demo"][at % 3] } else { to };
            changes += &format!("{at},{from},{to},2025-{:02}-{:02}\n", step + 1, at % 28 + 1);
            from = to;
        }
    }
    takes(&[("deals.csv", &deals), ("stage_changes.csv", &changes)]);
}

#[test]
fn files_without_rows_are_told_not_read() {
    for files in [
        vec![("deals.csv", "")],
        vec![("deals.csv", HEADER)],
        vec![("deals.csv", "\n\n\n")],
        vec![("deals.csv", HEADER), ("activities.csv", "activity_id,deal_id,type,done_at\n")],
        vec![("deals.csv", "\u{feff}")],
    ] {
        let refused = read(&files, &Config::default());
        assert!(refused.is_err_and(|error| !error.to_string().is_empty()), "{files:?}");
    }
    // Beside deals, an empty file does no harm.
    let deals = deals(9, |_| "{i},Won,won,ann,100,USD,web,p,,2025-03-{d},2025-04-{d}".to_owned());
    takes(&[
        ("deals.csv", &deals),
        ("activities.csv", ""),
        ("stage_changes.csv", "deal_id,from_stage,to_stage,changed_at\n"),
    ]);
}

fn pick(words: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(words)
}

const STAGES: &[&str] =
    &["Demo", "Won", "Lost", "", "Öffnung", "demo", "\"a,b\"", "<b>", "lost", "New"];
const TIMES: &[&str] = &[
    "2025-01-05",
    "2025-02-28",
    "2025-03-01 10:00:00",
    "2025-03-01 10:00:00",
    "2024-02-29",
    "",
    "",
    "1969-12-31",
    "1901-01-01",
    "9999-12-31",
    "31/12/2025",
    "2025-13-45",
    "soon",
    "2025-07-01T00:00:00Z",
    "2025-07-01T23:59:59.999999+05:30",
    "0",
    "45000",
    "2025-06-30 24:00:00",
];
const AMOUNTS: &[&str] = &[
    "",
    "0",
    "100",
    "-5",
    "1e9",
    "99999999999999999",
    "9223372036854775807",
    "1,234.50",
    "1.234,50",
    "NaN",
    "inf",
    "$ 7",
    "12%",
    "0.005",
    "007",
];
const WORDS: &[&str] = &[
    "",
    "ann",
    "bob",
    "ann ",
    "NULL",
    "é",
    "'; DROP",
    "{{x}}",
    "<script>",
    "a\u{0}b",
    "test",
    "duplicate",
];

prop_compose! {
    fn line()(
        id in 0..25_u8, stage in pick(STAGES), status in pick(&["", "open", "won", "lost", "Won", "?"]),
        owner in pick(WORDS), amount in pick(AMOUNTS), currency in pick(&["USD", "", "usd", "EUR", "€", "ZZZ"]),
        source in pick(WORDS), product in pick(WORDS), reason in pick(WORDS),
        created in pick(TIMES), closed in pick(TIMES),
    ) -> String {
        let amount = if amount.contains(',') { format!("\"{amount}\"") } else { amount.to_owned() };
        format!("d{id},{stage},{status},{owner},{amount},{currency},{source},{product},{reason},{created},{closed}\n")
    }
}

prop_compose! {
    fn change()(
        id in 0..30_u8, from in pick(STAGES), to in pick(STAGES), at in pick(TIMES), amount in pick(AMOUNTS),
    ) -> String {
        let amount = if amount.contains(',') { "" } else { amount };
        format!("d{id},{from},{to},{at},{amount}\n")
    }
}

prop_compose! {
    fn activity()(
        activity in 0..40_u8, id in 0..30_u8, kind in pick(WORDS), owner in pick(WORDS),
        done in pick(TIMES), due in pick(TIMES),
    ) -> String {
        format!("a{activity},d{id},{kind},{owner},{due},{done}\n")
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn cells_of_any_content(
        lines in prop::collection::vec(line(), 1..40), changes in prop::collection::vec(change(), 0..60),
        activities in prop::collection::vec(activity(), 0..40),
    ) {
        // Rows of one deal may contradict one another; one that is sound is always there.
        let sound = "z,Won,won,ann,100,USD,web,p,,2025-03-01,2025-04-01\n";
        let deals = HEADER.to_owned() + sound + &lines.concat();
        let changes = "deal_id,from_stage,to_stage,changed_at,amount\n".to_owned() + &changes.concat();
        let activities =
            "activity_id,deal_id,type,owner,due_at,done_at\n".to_owned() + &activities.concat();
        goes_through(&[
            ("deals.csv", &deals), ("stage_changes.csv", &changes), ("activities.csv", &activities),
        ])?;
    }
}
