//! Tables made with little care: spellings, dates, ids and words that leave something open. What can be
//! told is told, what cannot is refused with its place, and every choice is said.

use sluice::ingest::Ingested;
use sluice::model::{Config, DayOrder, Status};

use super::ingest::{
    data, digest, exported, find, read, read_deals, says, shuffled, try_read, visits,
};
use super::rows::day;

fn careless(name: &str) -> Ingested {
    read(&data("careless").join(name))
}

#[test]
fn stages_that_differ_by_case_and_blanks_are_one() {
    let got = careless("case");
    let stages: Vec<&str> =
        got.dataset.catalogue.stages.iter().map(|s| got.dataset.names.get(s.name)).collect();
    assert_eq!(stages, ["NEW", "Demo", "__UNKNOWN__", "closed won", "Lost"]);
    assert_eq!(visits(&got, "2"), ["NEW|01-01 00:00|01-10 00:00", "Demo|01-10 00:00|-"]);
    assert_eq!(visits(&got, "4")[1], "closed won|01-20 00:00|-");
    assert!(says(&got, "`DEMO` as `Demo`"), "{:?}", got.dataset.assumptions);
    assert_eq!(digest(&got), digest(&read(shuffled(&data("careless/case")).path())));
    let named = Config { won_stages: vec!["Closed  Won".to_owned()], ..Config::default() };
    let got = try_read(&data("careless/case"), &named).unwrap();
    assert_eq!(visits(&got, "4")[1], "Closed  Won|01-20 00:00|-", "the configuration says so");
}

#[test]
fn stages_that_differ_by_what_parts_their_words_are_one() {
    let log = "deal_id,stage,entered_at\n1,Lead In,2026-01-01\n1,Demo-Set Up,2026-01-05\n1,-80,2026-01-06\n";
    let deals = "deal_id,stage,status,created_at\n1,80,open,2026-01-01\n2,demo_set_up,open,2026-01-02\n\
        3,lead_in,open,2026-01-03\n";
    let got = exported(&[("deals.csv", deals), ("stage_history.csv", log)]);
    let stages: Vec<&str> =
        got.dataset.catalogue.stages.iter().map(|s| got.dataset.names.get(s.name)).collect();
    assert_eq!(stages, ["Lead In", "Demo-Set Up", "-80", "80", "__UNKNOWN__", "Won", "Lost"]);
    assert!(says(&got, "`demo_set_up` as `Demo-Set Up`, `lead_in` as `Lead In`"));
}

#[test]
fn pipelines_and_a_table_of_stages_that_differ_by_case_are_one() {
    let got = careless("pipelines");
    let (names, stages) = (&got.dataset.names, &got.dataset.catalogue.stages);
    let open: Vec<_> = stages
        .iter()
        .filter(|s| s.order.is_some() && names.get(s.pipeline).to_lowercase() == "new business")
        .map(|s| (names.get(s.pipeline), names.get(s.name), s.order, s.probability_bp))
        .collect();
    let known = [
        ("New business", "Lead", Some(1), Some(1000)),
        ("New business", "Demo", Some(2), Some(6000)),
    ];
    assert_eq!(open, known, "what the table tells of each spelling holds for all");
    let of = |id| names.get(find(&got, id).2.pipeline);
    assert_eq!(["1", "2", "3", "4"].map(of), ["New business"; 4]);
    assert_ne!(of("5"), of("6"), "ids differ by case");
    assert_eq!(visits(&got, "3"), ["Lead|01-03 00:00|01-07 00:00", "Demo|01-07 00:00|-"]);
    for said in [
        "Pipelines that differ by case, blanks, `_` and `-` only are taken as one: `NEW_BUSINESS` as `New business`,",
        "`DEMO` as `Demo`, `demo` as `Demo`, `lead` as `Lead`.",
        "The table of stages contradicts itself about `Demo`: of values that differ the highest holds.",
    ] {
        assert!(says(&got, said), "{said}: {:#?}", got.dataset.assumptions);
    }
    assert_eq!(digest(&got), digest(&read(shuffled(&data("careless/pipelines")).path())));
}

#[test]
fn owners_that_differ_by_case_and_blanks_are_told() {
    let got = careless("owners");
    let said = "3 names of owners differ from another by case and blanks only, such as `ANN LEE` and `Ann Lee`:";
    assert!(says(&got, said), "{:?}", got.dataset.assumptions);
    assert_eq!(got.dataset.names.get(find(&got, "3").2.owner), "ANN LEE", "but not made one");
    let status = |id| find(&got, id).2.status;
    use Status::{Lost, Open, Won};
    assert_eq!(["1", "2", "3", "4"].map(status), [Won, Lost, Won, Open], "`Won't` is not `won`");
    let ids = b"deal_id,owner,stage,created_at\n\
        1,0053h000000abcdAAE,Demo,2026-01-05\n\
        2,0053h000000ABCDAAE,Demo,2026-01-05\n";
    assert!(!says(&read_deals(ids), "names of owners"), "ids differ by case");
    let words = b"deal_id,stage,status,source,product,lost_reason,created_at\n\
        1,Lost,lost,Web,GTX Pro,Price,2026-01-05\n2,Lost,lost,web,GTX  pro,No budget,2026-01-05\n";
    let got = read_deals(words);
    for said in ["2 names of sources differ", "2 names of products differ"] {
        assert!(says(&got, said), "{:?}", got.dataset.assumptions);
    }
    assert!(!says(&got, "names of lost reasons"));
}

#[test]
fn what_stands_in_brackets_behind_a_name_is_told_from_it() {
    let config = Config { report_tz: "Europe/Berlin".to_owned(), ..Config::default() };
    let got = try_read(&data("careless/brackets"), &config).unwrap();
    let (_, _, deal) = find(&got, "1");
    assert_eq!(deal.amount_minor.get(), Some(10_050));
    assert_eq!(deal.probability_bp.get(), Some(7_000));
    assert_eq!(deal.expected_close_on.get(), Some(day("2026-03-31")));
    let utc = i64::from(day("2026-01-13")) * 86_400_000_000 + (23 * 60 + 30) * 60_000_000;
    assert_eq!(deal.created_at.get(), Some(utc), "in UTC, though days are those of Berlin");
    let dataset = &got.dataset;
    let target = &dataset.targets[0];
    assert_eq!(target.currency, "EUR");
    for words in [
        "`Close Date (A)` of",
        "is read as `Amount`, as no header has that name alone",
        "Times of `Created Date (UTC)` of",
        "are in the currency of their header, `target (eur)`",
        "that are not used: `Stage (previous)`",
    ] {
        assert!(says(&got, words), "{words}: {:?}", dataset.assumptions);
    }
    let plain =
        "Deal ID,Stage,Status,Created Date,Amount,Amount (converted)\n1,Demo,open,2026-01-13,5,7\n";
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("deals.csv"), plain).unwrap();
    let got = read(folder.path());
    assert_eq!(find(&got, "1").2.amount_minor.get(), Some(500), "a name alone goes first");
}

#[test]
fn one_date_that_tells_tells_for_the_whole_file_of_any_kind() {
    let got = careless("dates");
    let dataset = &got.dataset;
    let paid: Vec<i64> = dataset.payments.iter().map(|p| p.paid_at).collect();
    let midnight = |text: &str| i64::from(day(text)) * 86_400_000_000;
    assert_eq!(paid, [midnight("2026-02-05"), midnight("2026-02-13")]);
    let rates: Vec<i32> = dataset.fx.iter().map(|rate| rate.rate_on).collect();
    assert_eq!(rates, ["2026-02-06", "2026-02-13", "2026-02-05"].map(day));
    let target = &dataset.targets[0];
    assert_eq!([target.period_start, target.period_end], ["2026-02-01", "2026-03-01"].map(day));
    let forecast = &dataset.forecasts[0];
    assert_eq!(forecast.snapshot_on, day("2026-05-01"), "nothing tells: months first");
    assert_eq!([forecast.period_start, forecast.period_end], ["2026-03-01", "2026-04-01"].map(day));
    assert!(says(&got, "such as `05/01/2026` are read month first"), "{:?}", dataset.assumptions);
    let config = Config { source_dates: Some(DayOrder::DayFirst), ..Config::default() };
    let got = try_read(&data("careless/dates"), &config).unwrap();
    assert_eq!(got.dataset.forecasts[0].snapshot_on, day("2026-01-05"));
}

#[test]
fn ids_that_were_numbers_are_found_and_those_that_are_lost_refused() {
    let got = careless("ids");
    let refused: Vec<(u64, &str)> =
        got.dataset.rejects.iter().map(|r| (r.row, r.value.as_str())).collect();
    assert_eq!(refused, [(2, "4.15087E+18"), (3, "4.15087E+18")]);
    assert!(got.dataset.rejects[0].reason.contains("a spreadsheet shortened this id"));
    let (partition, row, _) = find(&got, "1001");
    assert_eq!(partition.activities.get(row).len(), 1, "1001.0 is 1001");
    assert_eq!(partition.changes.get(row).len(), 1, "in every file");
    assert!(says(&got, "1 activity belongs to no deal"));
}

#[test]
fn words_of_small_tables_are_told_or_refused() {
    let got = careless("targets");
    let refused: Vec<(u64, &str, &str)> = (got.dataset.rejects.iter())
        .map(|r| (r.row, r.column.as_str(), r.value.as_str()))
        .collect();
    let expected =
        [(2, "measure", "margin"), (4, "period", "2026-Q9"), (4, "is_active", "vielleicht")];
    assert_eq!(refused, expected);
    assert_eq!(got.dataset.targets.len(), 1);
    assert_eq!(got.dataset.users[0].is_active, Some(true));
    assert!(says(&got, "1 users have rows that contradict each other, such as `ann`"));
}

#[test]
fn a_header_tells_the_currency_of_its_amounts() {
    let got = careless("unit");
    assert_eq!((got.rows_read, got.dataset.deal_count()), (2, 2), "an average is no deal");
    let (_, _, deal) = find(&got, "1");
    assert_eq!(deal.amount_minor.get(), Some(120_050));
    assert_eq!(got.dataset.names.get(deal.currency), "EUR");
    assert!(says(&got, "`Amount (EUR)`"), "{:?}", got.dataset.assumptions);
    assert!(says(&got, "not used: `Amount net`"), "{:?}", got.dataset.assumptions);
}

#[test]
fn names_come_before_ids_of_people_and_stages() {
    let got = careless("people");
    let (_, _, deal) = find(&got, "1");
    assert_eq!(got.dataset.names.get(deal.owner), "Ann");
    assert_eq!(deal.status, Status::Won);
    assert!(says(&got, "not used: `stage_id`, `rep_id`."), "{:?}", got.dataset.assumptions);
}

#[test]
fn what_databases_write_for_nothing_is_nothing() {
    let got = careless("nulls");
    assert_eq!(got.dataset.rejects, []);
    let (_, _, deal) = find(&got, "1");
    assert_eq!((deal.status, deal.expected_close_on.get()), (Status::Won, None));
    assert_eq!(find(&got, "2").2.amount_minor.get(), None);
}

#[test]
fn a_column_of_which_no_cell_can_be_read_is_let_go() {
    let got = careless("us_state");
    assert_eq!(got.dataset.rejects, []);
    let said = |column: &str, cell: &str, what: &str| {
        let (start, end) =
            (format!("Column `{column}` of"), format!("such as `{cell}`, is {what}."));
        got.dataset.assumptions.iter().any(|said| said.starts_with(&start) && said.ends_with(&end))
    };
    assert!(said("State", "MO", "a status"), "{:?}", got.dataset.assumptions);
    assert!(said("Probability", "High", "a probability"), "{:?}", got.dataset.assumptions);
    assert!(says(&got, "not used: `State`, `Probability`."));
    assert_eq!(find(&got, "1").2.amount_minor.get(), Some(160_000));
    assert_eq!(find(&got, "3").2.status, Status::Won);
    let config = Config { lost_stages: vec!["fl".to_owned()], ..Config::default() };
    let got = try_read(&data("careless/us_state"), &config).unwrap();
    assert_eq!(find(&got, "2").2.status, Status::Lost, "the configuration reads one of its cells");
    assert_eq!(got.dataset.rejects.len(), 2, "and the others are refused");
}
