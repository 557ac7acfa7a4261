//! Deals that several tables tell: which complete each other, which repeat each other, which are set aside.

use std::fmt::Write;

use sluice::ingest::Ingested;
use sluice::metrics::{METRICS, compute};
use sluice::model::{Config, Quality, Run, Status, Table};

use super::ingest::{
    data, digest, exported, find, read, read_deals, says, shuffled, try_read, visits,
};

fn tables(name: &str) -> Ingested {
    read(&data("tables").join(name))
}

#[test]
fn leads_and_closed_deals_of_one_id_complete_each_other() {
    let got = tables("leads");
    let word = |sym| got.dataset.names.get(sym);
    assert_eq!((got.dataset.deal_count(), got.dataset.rejects.len()), (4, 0));
    let (_, _, won) = find(&got, "a2");
    assert_eq!(won.status, Status::Won);
    let words = [won.source, won.owner, won.deal_type].map(word);
    assert_eq!(words, ["paid_search", "r1", "pet"]);
    assert_eq!(won.amount_minor.get(), None, "declared revenue is no amount");
    let day = |at: i64| chrono::DateTime::from_timestamp_micros(at).unwrap().to_string();
    assert_eq!(won.created_at.get().map(day).as_deref(), Some("2018-02-02 00:00:00 UTC"));
    assert_eq!(won.closed_at.get().map(day).as_deref(), Some("2018-03-05 15:30:00 UTC"));
    assert!(!won.quality.contains(Quality::DuplicateDeal), "nothing is repeated");
    assert_eq!(find(&got, "a1").2.status, Status::Open);
    assert!(find(&got, "a9").2.quality.contains(Quality::CreationUnknown), "no lead has this id");
    assert!(says(&got, "1 deal told by tables with different columns"));
    assert!(says(&got, "2 deals won and none lost"), "{:?}", got.dataset.assumptions);
    assert!(!says(&got, "Amounts are in"), "it has none");
}

#[test]
fn ids_of_leads_are_those_of_deals_that_have_none() {
    let got = tables("lead_ids");
    assert_eq!((got.dataset.deal_count(), got.dataset.rejects.len()), (2, 0));
    assert_eq!(visits(&got, "L1").last().unwrap(), "Won|02-02 00:00|-");
    assert_eq!(visits(&got, "L2").last().unwrap(), "Offer|01-20 00:00|-");
    assert!(says(&got, "`lead_id` of `"), "{:?}", got.dataset.assumptions);
    let repeated = b"lead_id,name,status,created_at\nL1,A,won,2026-01-05\nL1,B,open,2026-01-06\n";
    let got = read_deals(repeated);
    assert_eq!(got.dataset.deal_count(), 2, "several deals of one lead");
}

#[test]
fn deals_may_be_called_by_those_they_are_with() {
    let got = tables("by_company");
    assert_eq!((got.dataset.deal_count(), got.dataset.rejects.len()), (4, 0));
    let word = |sym| got.dataset.names.get(sym);
    let partitions = &got.dataset.partitions;
    let deals = partitions.iter().flat_map(|part| part.deal_names.iter().zip(&part.deals));
    let mut told: Vec<_> = deals
        .map(|(name, deal)| (name, deal.status, word(deal.owner), deal.amount_minor.get()))
        .collect();
    told.sort();
    assert_eq!(
        told,
        [
            ("Acme", Status::Open, "Bob", Some(70_000)),
            ("Acme", Status::Won, "Ann", Some(500_000)),
            ("Hooli", Status::Lost, "Ann", Some(90_000)),
            ("Initech", Status::Open, "Bob", Some(80_000)),
        ]
    );
    assert!(says(&got, "`Organization` stands for them"), "{:?}", got.dataset.assumptions);
}

#[test]
fn contradictions_are_counted_and_settled_by_a_rule() {
    let got = tables("contradicted");
    let word = |sym| got.dataset.names.get(sym);
    assert_eq!(got.dataset.deal_count(), 4);
    let (partition, row, lost) = find(&got, "1");
    assert_eq!(partition.deal_names.get(row), "One");
    assert_eq!(
        (lost.status, word(lost.owner), word(lost.lost_reason)),
        (Status::Lost, "ann", "price")
    );
    assert_eq!((lost.amount_minor.get(), word(lost.currency)), (Some(15_000), "EUR"));
    let (_, _, won) = find(&got, "2");
    assert_eq!((won.amount_minor.get(), word(won.currency)), (Some(7), "JPY"));
    let repeated = |id: &str| find(&got, id).2.quality.contains(Quality::DuplicateDeal);
    assert_eq!(["1", "2", "3", "4"].map(repeated), [true, false, false, false]);
    assert!(
        says(&got, "1 of them are contradicted (`amount` 1, `status` 1)"),
        "{:?}",
        got.dataset.assumptions
    );
    // Names of files do not decide.
    let folder = tempfile::tempdir().unwrap();
    for (from, to) in [("deals", "opportunities"), ("finance_deals", "deals")] {
        let from = data("tables/contradicted").join(format!("{from}.csv"));
        std::fs::copy(from, folder.path().join(format!("{to}.csv"))).unwrap();
    }
    assert_eq!(digest(&got), digest(&read(folder.path())));
}

#[test]
fn tables_of_the_same_columns_repeat_each_other() {
    let got = tables("snapshots");
    let (_, _, deal) = find(&got, "1");
    assert_eq!((deal.status, deal.closed_at.get()), (Status::Open, None), "it was opened again");
    assert!(deal.quality.contains(Quality::DuplicateDeal));
}

#[test]
fn of_rows_without_a_time_of_modification_a_closed_one_holds() {
    let got = tables("quarters");
    let of = |id| (find(&got, id).2.status, find(&got, id).2.amount_minor.get());
    use Status::{Lost, Won};
    let expected = [(Won, 15_000), (Lost, 20_000), (Won, 30_000), (Won, 40_000)];
    assert_eq!(["1", "2", "3", "4"].map(of), expected.map(|(status, n)| (status, Some(n))));
    let said = "2 deals told by several rows that differ (`amount` 1, `closed_at` 2, `stage` 2), and no time";
    assert!(says(&got, said), "{:?}", got.dataset.assumptions);
    // Names of files do not decide.
    let folder = tempfile::tempdir().unwrap();
    for (from, to) in [("Q3", "Q4"), ("Q4", "Q3")] {
        let from = data("tables/quarters").join(format!("opps_2024{from}.csv"));
        std::fs::copy(from, folder.path().join(format!("opps_2024{to}.csv"))).unwrap();
    }
    assert_eq!(digest(&got), digest(&read(folder.path())));
}

#[test]
fn which_row_of_a_deal_holds_does_not_depend_on_their_order() {
    let folder = data("tables/rows_of_one_deal");
    let config = Config { won_stages: vec!["Handed over".to_owned()], ..Config::default() };
    let got = try_read(&folder, &config).unwrap();
    let status = |id| find(&got, id).2.status;
    use Status::{Open, Won};
    assert_eq!(["1", "2", "3", "4"].map(status), [Won, Open, Open, Won]);
    assert_eq!(find(&got, "2").2.amount_minor.get(), Some(90_000), "moved last");
    // Of deal 3 the last modification tells, though others share theirs.
    assert!(says(&got, "3 deals told by several rows"), "{:?}", got.dataset.assumptions);
    let text = std::fs::read_to_string(folder.join("deals.csv")).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    let there = tempfile::tempdir().unwrap();
    for _ in 1..lines.len() {
        lines[1..].rotate_left(1);
        std::fs::write(there.path().join("deals.csv"), lines.join("\n")).unwrap();
        let turned = try_read(there.path(), &config).unwrap();
        assert_eq!(digest(&got), digest(&turned), "{lines:?}");
        assert!(says(&turned, "3 deals told by several rows"), "{lines:?}");
    }
}

#[test]
fn rows_of_products_are_not_added_and_that_is_said() {
    let got = tables("products");
    let said = "1 deal told by several rows that differ only in what was sold (`amount` 1, `product` 1): one row \
                of each counts, and the amounts of the others are not added (QD1).";
    assert!(says(&got, said), "{:?}", got.dataset.assumptions);
    assert!(find(&got, "1").2.quality.contains(Quality::DuplicateDeal));
    assert!(!says(&tables("snapshots"), "told by several rows"), "a modification tells");
    let same = b"deal_id,stage,product,created_at\n1,Demo,a,2026-01-05\n1,Demo,b,2026-01-05\n";
    assert!(says(&read_deals(same), "(`product` 1): one row of each counts (QD1)."));
}

#[test]
fn leads_beside_deals_are_no_deals() {
    let got = tables("set_aside");
    assert_eq!(got.dataset.deal_count(), 1);
    assert!(says(&got, "`lead_id` for an id and is not read"), "{:?}", got.dataset.assumptions);
    assert_eq!(got.inputs.iter().filter(|input| input.entity.is_empty()).count(), 1);
}

/// The win rates of 40 deals, of which 20 are won and `lost` are lost, and the page.
fn win_rates(lost: usize) -> (Table, String) {
    let mut text = "deal_id,status,created_at,closed_at\n".to_owned();
    for at in 0..40 {
        let (status, closed) = match at {
            _ if at < lost => ("lost", "2026-02-20"),
            _ if at >= 20 => ("won", "2026-02-20"),
            _ => ("open", ""),
        };
        let _ = writeln!(text, "{at},{status},2026-01-{:02},{closed}", at % 28 + 1);
    }
    text.push_str("new,open,2026-05-01,\n");
    let dataset = read_deals(text.as_bytes()).dataset;
    let run = Run::new(Config::default(), None, &dataset).unwrap();
    let tables = compute(METRICS, &dataset, &run).unwrap();
    let page = crate::report_real::rendered(&run, &tables);
    (tables.into_iter().find(|table| table.name == "win_rate").unwrap(), page)
}

#[test]
fn a_win_rate_without_losses_is_no_good_news() {
    let (table, page) = win_rates(0);
    let whole = &table.rows[0];
    assert_eq!(table.value(whole, "rate").as_f64(), Some(1.0), "20 of 20");
    assert!(page.contains("20 deals won, none is marked lost: 100% by construction"));
    assert!(page.contains("No deal is marked lost, so each one that is closed is won"));
    let (table, page) = win_rates(5);
    let whole = &table.rows[0];
    assert_eq!(table.value(whole, "rate").as_f64(), Some(0.8), "20 of 25");
    assert!(!page.contains("is marked lost"));
}

/// Names of the stages of a pipeline in their order, those that are not open last.
fn stages(got: &Ingested, pipeline: &str) -> Vec<String> {
    let word = |sym| got.dataset.names.get(sym);
    let own = got.dataset.catalogue.stages.iter().filter(|s| word(s.pipeline) == pipeline);
    let mut own: Vec<(bool, Option<u16>, &str)> =
        own.map(|s| (s.order.is_none(), s.order, word(s.name))).collect();
    own.sort_unstable();
    own.into_iter().map(|(.., name)| name.to_owned()).collect()
}

#[test]
fn stages_have_the_names_that_a_table_of_stages_has_for_their_ids() {
    let got = tables("stage_ids");
    let word = |sym| got.dataset.names.get(sym);
    let of = |id| {
        let (_, _, deal) = find(&got, id);
        let stage = got.dataset.catalogue.get(deal.stage).name;
        (word(deal.pipeline), word(stage), deal.status)
    };
    // 11 is the name of a stage too: it stays what it is.
    assert_eq!(of("1"), ("Sales", "Signed", Status::Won));
    assert_eq!(of("4"), ("Renewals", "11", Status::Open));
    assert_eq!(visits(&got, "1"), ["Offer|01-05 09:00|02-01 09:00", "Signed|02-01 09:00|-"]);
    assert_eq!(visits(&got, "3"), ["Offer|01-07 09:00|01-20 09:00", "11|01-20 09:00|-"]);
    assert!(says(&got, "for their ids: `12` is `Offer`, `13` is `Signed`, `14` is `Gone`."));
    assert_eq!(digest(&got), digest(&read(shuffled(&data("tables/stage_ids")).path())));
}

#[test]
fn a_table_of_stages_whose_pipelines_no_deal_has_is_about_all() {
    let got = tables("unmet_pipelines");
    assert_eq!(stages(&got, "default")[..2], ["Talk", "Call"]);
    assert_eq!(stages(&got, "Sales"), Vec::<String>::new());
}

#[test]
fn what_deals_looked_like_on_a_day_is_no_table_of_deals() {
    let got = tables("snapshots_of_deals");
    let entities: Vec<&str> = got.inputs.iter().map(|input| input.entity.as_str()).collect();
    assert_eq!(entities, ["deals", "forecasts"]);
    let (_, _, won) = find(&got, "1");
    assert_eq!((won.status, won.amount_minor.get()), (Status::Won, Some(10_000)));
    assert!(!won.quality.contains(Quality::DuplicateDeal));
    let deals = b"snapshot_date,deal_id,stage,amount,forecast_category,close_date,created_at\n\
        2026-03-01,1,Won,100,closed,2026-02-10,2026-01-05\n";
    assert_eq!(read_deals(deals).inputs[0].entity, "deals", "it tells when it was made");
}

#[test]
fn ids_that_were_written_as_fractions_are_whole() {
    let got = tables("fractions");
    assert_eq!((got.dataset.deal_count(), got.dataset.rejects.len()), (2, 0));
    assert_eq!(visits(&got, "1"), ["Call|01-05 00:00|02-05 00:00", "Won|02-05 00:00|-"]);
    assert_eq!(got.dataset.names.get(find(&got, "1").2.owner), "7");
}

#[test]
fn of_files_with_days_in_their_names_the_latest_tells_a_deal() {
    let got = tables("dated_files");
    let stages = ["1", "2", "3"].map(|id| visits(&got, id).pop().unwrap());
    let stages = stages.map(|visit| visit.split('|').next().unwrap().to_owned());
    assert_eq!(stages, ["Lead", "Closed Won", "Lead"], "it went back, was won, came back");
    assert_eq!(find(&got, "1").2.amount_minor.get(), Some(15_000));
    assert!(says(&got, "3 deals told by rows of several files that differ"));
    assert!(!says(&got, "no time of modification"));
    let folder = tempfile::tempdir().unwrap();
    for (from, to) in [("2026-01-31", "31.01.2026"), ("2026-02-28", "28.02.2026")] {
        let from = data("tables/dated_files").join(format!("pipeline_{from}.csv"));
        std::fs::copy(from, folder.path().join(format!("Pipeline {to}.csv"))).unwrap();
    }
    assert_eq!(digest(&got), digest(&read(folder.path())));
}

#[test]
fn a_row_that_a_later_file_repeats_is_as_late_as_that() {
    let row = |stage: &str| format!("deal_id,stage,created_at\n1,{stage},2026-01-02\n");
    let files = [("03.01.2026", "Demo"), ("07.02.2026", "Demo"), ("31.01.2026", "Closed Lost")];
    let files = files.map(|(day, stage)| (format!("Deals {day}.csv"), row(stage)));
    let files = files.each_ref().map(|(name, text)| (name.as_str(), text.as_str()));
    assert_eq!(find(&exported(&files), "1").2.status, Status::Open);
    // The first of them has a column more.
    let more = "deal_id,stage,created_at,source\n1,Closed Lost,2026-01-02,web\n";
    let files = [("Deals 2026-01-31.csv", more), ("Deals 2026-02-07.csv", files[0].1)];
    let got = exported(&files);
    let (_, _, deal) = find(&got, "1");
    assert_eq!((deal.status, got.dataset.names.get(deal.source)), (Status::Open, "web"));
}

#[test]
fn folders_beside_files_are_told_and_not_read() {
    let got = tables("folder_below");
    assert_eq!(got.dataset.deal_count(), 1);
    assert!(says(&got, "older` is not looked into"), "{:?}", got.dataset.assumptions);
    assert!(!says(&got, "notes` is not looked into"), "{:?}", got.dataset.assumptions);
}

#[test]
fn open_deals_that_the_last_snapshot_lacks_are_told() {
    let got = tables("snapshots_of_open_deals");
    let gone = "1 deal in open stages, of 3, is not shown on the last day (2026-01-18)";
    assert!(says(&got, gone), "{:?}", got.dataset.assumptions);
    assert!(!says(&tables("snapshots"), "not shown on the last day"));
}
