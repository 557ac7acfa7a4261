//! Logs of stages without a table of deals: each id is a deal, and what its rows tell is told.

use std::path::Path;

use sluice::ingest::Ingested;
use sluice::model::{Config, HistoryGrade, Quality, Status, calendar};

use super::ingest::{
    data, digest, exported, find, folder, read, read_deals, says, shuffled, try_read, visits,
};

fn log(name: &str) -> Ingested {
    read(&data("logs").join(name))
}

#[test]
fn each_id_is_a_deal_with_what_its_rows_tell() {
    let got = log("plain");
    assert_eq!(got.dataset.deal_count(), 3);
    let word = |sym| got.dataset.names.get(sym);
    let (_, _, deal) = find(&got, "1");
    let stage = got.dataset.catalogue.get(deal.stage).name;
    assert_eq!((word(stage), deal.status), ("Won", Status::Won));
    assert_eq!(
        (word(deal.owner), word(deal.source), word(deal.pipeline)),
        ("eve", "fair", "Sales")
    );
    assert_eq!((deal.amount_minor.get(), word(deal.currency)), (Some(12_000), "EUR"));
    assert!(deal.quality.contains(Quality::CreatedImputed), "nothing tells when it was created");
    assert_eq!(deal.history_grade, HistoryGrade::Logged);
    assert_eq!(
        visits(&got, "1"),
        ["Demo|01-13 09:00|01-20 09:00", "Offer|01-20 09:00|02-01 09:00", "Won|02-01 09:00|-"]
    );
    let (_, _, lost) = find(&got, "3");
    assert_eq!((lost.status, word(lost.pipeline)), (Status::Lost, "Renewals"));
    assert_eq!((lost.amount_minor.get(), word(lost.currency)), (Some(7), "JPY"));
    let refused: Vec<(u64, &str)> =
        got.dataset.rejects.iter().map(|r| (r.row, r.column.as_str())).collect();
    assert_eq!(refused, [(8, "deal_id"), (9, "stage"), (10, "entered_at")], "they make no deals");
    assert!(says(&got, "(3) is taken as a deal"), "{:?}", got.dataset.assumptions);
    assert!(says(&got, "`owner`, `source`, `pipeline`, `amount` tell of them"));
    assert_eq!(digest(&got), digest(&read(shuffled(&data("logs").join("plain")).path())));
}

#[test]
fn a_deal_begins_when_its_log_says_that_it_was_created() {
    let got = log("created");
    assert_eq!(
        visits(&got, "1"),
        ["__UNKNOWN__|01-01 09:00|02-01 10:00", "Won|02-01 10:00|-"],
        "a month passed before the only row, its close"
    );
    assert!(find(&got, "1").2.quality.contains(Quality::LateCreationRow));
    assert!(!find(&got, "1").2.quality.contains(Quality::CreatedImputed));
    assert_eq!(visits(&got, "2")[0], "New|01-05 08:00|01-20 09:00");
    assert_eq!(visits(&got, "3")[0], "New|01-10 09:00|01-15 09:00", "its rows were written later");
    assert_eq!(visits(&got, "4"), ["Won|02-03 09:00|-"], "nothing tells of a time before");
    assert!(says(&got, "created when its rows say so (2), or else at its first change (QH2)"));
    assert_eq!(digest(&got), digest(&read(shuffled(&data("logs/created")).path())));
    let got = log("field_created");
    assert_eq!(
        visits(&got, "006A0000a000001IAA"),
        ["Proposal|01-01 09:00|02-05 09:00", "Closed Won|02-05 09:00|-"]
    );
    assert_eq!(got.dataset.deal_count(), 2, "a creation tells no stage");
    assert!(got.dataset.rejects.is_empty(), "{:?}", got.dataset.rejects);
}

#[test]
fn logs_of_process_mining_are_logs_of_stages() {
    let got = log("events");
    assert_eq!(visits(&got, "c1"), ["Call|01-13 09:00|01-20 09:00", "Signed|01-20 09:00|-"]);
    assert_eq!(find(&got, "c1").2.status, Status::Won);
    assert_eq!(find(&got, "c2").2.amount_minor.get(), Some(30_000));
    assert!(says(&got, "1 events that are no completion of"), "{:?}", got.dataset.assumptions);
    let got = log("own_states");
    assert_eq!(got.dataset.deal_count(), 2, "the column of transitions tells states of its own");
    let stages: Vec<String> = visits(&got, "1-364285768")
        .iter()
        .map(|v| v.split('|').next().unwrap().to_owned())
        .collect();
    assert_eq!(stages, ["Accepted", "Queued", "Completed", "Accepted", "Completed"]);
    let error = try_read(&data("logs/named_events"), &Config::default()).unwrap_err();
    let hint = error.hint_text().unwrap_or_default();
    assert!(hint.contains("another name"), "{error}: {hint}");
    let got = exported(&[
        ("cases.csv", "case_id,amount,created,outcome\n1,9,2026-01-05,open\n"),
        ("events.csv", "case_id,activity,timestamp\n1,Call,2026-01-05\n"),
    ]);
    assert!(says(&got, "is read as activities: if it is a log"), "{:?}", got.dataset.assumptions);
}

#[test]
fn a_list_of_hubspot_with_a_row_for_each_stage_is_a_log() {
    let got = log("hubspot");
    assert_eq!(
        (got.inputs[0].crm.as_str(), got.inputs[0].entity.as_str()),
        ("hubspot", "stage_history")
    );
    assert_eq!(
        visits(&got, "1"),
        ["Qualify lead|03-02 09:00|03-05 09:00", "Closed won|03-05 09:00|-"]
    );
    let statuses = ["1", "2", "3"].map(|id| find(&got, id).2.status);
    assert_eq!(statuses, [Status::Won, Status::Lost, Status::Open]);
    assert_eq!(got.dataset.names.get(find(&got, "1").2.source), "Referral");
    let got = read(&data("forms/hubspot_current"));
    assert_eq!(got.inputs[0].entity, "deals", "a row for each deal");
    assert_eq!(visits(&got, "1").last().unwrap(), "Demo|01-08 09:00|-");
    let stages: Vec<&str> =
        got.dataset.catalogue.stages.iter().map(|s| got.dataset.names.get(s.name)).collect();
    assert!(!stages.contains(&"stage"), "{stages:?}");
}

#[test]
fn what_is_said_of_a_log_tells_its_zone_and_stays_on_its_line() {
    let got = log("naive");
    assert!(says(&got, "that carry no zone are in UTC"), "{:?}", got.dataset.assumptions);
    assert!(says(&got, "`amount` tells of them"), "{:?}", got.dataset.assumptions);
    assert!(says(&got, "`Order, urgently` (1)"), "{:?}", got.dataset.assumptions);
    assert!(!says(&got, "\n"));
}

#[test]
fn a_table_of_deals_decides_which_there_are() {
    let got = log("beside");
    assert_eq!((got.dataset.deal_count(), got.rows_rejected), (1, 1));
    assert!(got.dataset.rejects[0].reason.contains("no deal has this id"));
}

#[test]
fn logs_are_known_by_many_names_of_their_columns() {
    let got = log("entered_date");
    assert_eq!((got.inputs[0].entity.as_str(), got.dataset.deal_count()), ("stage_history", 2));
    assert_eq!(
        visits(&got, "D1"),
        ["Prospecting|01-13 00:00|01-20 00:00", "Closed Won|01-20 00:00|-"]
    );
    let (_, _, won) = find(&got, "D1");
    assert_eq!((won.status, won.amount_minor.get()), (Status::Won, Some(2_400_000)));
    assert_eq!(got.dataset.names.get(won.currency), "EUR", "the header of the amount says so");
    let got = log("ids");
    assert_eq!(visits(&got, "D1"), ["NEW|01-13 09:00|01-20 09:00", "WON|01-20 09:00|-"]);
    let got = log("changed_date");
    assert_eq!(
        visits(&got, "O1"),
        ["Discovery|01-13 00:00|02-01 00:00", "Closed Lost|02-01 00:00|-"]
    );
    assert_eq!(find(&got, "O2").2.amount_minor.get(), Some(20_000));
    let got = log("ext_ids");
    assert_eq!(visits(&got, "O1")[0], "Qualification|01-13 09:00|01-20 09:00");
}

#[test]
fn a_log_alone_is_none_of_deals_whatever_its_time_is_called() {
    for header in [
        "Deal ID,Stage,Date Entered Stage",
        "opp_id,stage,entered",
        "Lead ID,Stage,Since",
        "deal_id,stage,transition_time",
        "case_concept_name,concept_name,time_timestamp",
        "Trace ID,Activity,Time",
        "Case_ID,Activity,Start_Date",
    ] {
        let rows = "1,Call,2026-01-05\n1,Offer,2026-01-12\n1,Won,2026-02-03\n2,Call,2026-01-06\n";
        let got = exported(&[("export.csv", &format!("{header}\n{rows}"))]);
        assert_eq!(got.inputs[0].entity, "stage_history", "{header}");
        assert_eq!(visits(&got, "1").len(), 3, "{header}");
        assert_eq!(visits(&got, "2"), ["Call|01-06 00:00|-"], "{header}");
    }
    let got = exported(&[(
        "export.csv",
        "case:concept:name,concept:name,time:timestamp,case:REG_DATE\n1,Call,2026-01-05T10:00:00Z,2026-01-05T09:00:00Z\n",
    )]);
    assert_eq!(visits(&got, "1"), ["Call|01-05 09:00|-"], "when it was registered");
}

#[test]
fn a_log_may_call_deals_by_names_that_no_other_has() {
    let deals = "Deal ID,Deal Name,Status,Created\n\
        7,Acme,won,2026-01-05\n8,Bolt,open,2026-01-06\n9,Same,open,2026-01-06\n10,Same,open,2026-01-06\n";
    let entries = "Deal Name,Stage,Date Entered\nAcme,Demo,2026-01-05\nAcme,Won,2026-02-03\n\
        Bolt,Demo,2026-01-06\nSame,Demo,2026-01-06\n";
    let moves = "Opportunity Name,From Stage,To Stage,Change Date\nAcme,,Demo,2026-01-05\n\
        Acme,Demo,Won,2026-02-03\nBolt,,Demo,2026-01-06\nSame,,Demo,2026-01-06\n";
    for log in [entries, moves] {
        let got = exported(&[("deals.csv", deals), ("history.csv", log)]);
        assert_eq!(got.dataset.deal_count(), 4, "{log}");
        assert_eq!(visits(&got, "7"), ["Demo|01-05 00:00|02-03 00:00", "Won|02-03 00:00|-"]);
        assert_eq!(visits(&got, "8"), ["Demo|01-06 00:00|-"]);
        let [reject] = &got.dataset.rejects[..] else { panic!("{:?}", got.dataset.rejects) };
        assert_eq!(reject.value, "Same", "which of the two");
    }
    let got = exported(&[("report.csv", entries)]);
    assert_eq!((got.inputs[0].entity.as_str(), got.dataset.deal_count()), ("stage_history", 3));
    let list = "Deal Name,Stage,Created,Close Date\nAcme,Won,2026-01-05,2026-02-03\nAcme,Demo,2026-02-05,\n";
    let got = exported(&[("report.csv", list)]);
    assert_eq!((got.inputs[0].entity.as_str(), got.dataset.deal_count()), ("deals", 2));
}

#[test]
fn a_day_and_its_clock_in_two_columns_are_one_time() {
    let got = log("clocks");
    assert_eq!(visits(&got, "c1"), ["Call|01-13 09:30|01-20 17:45", "Signed|01-20 17:45|-"]);
    assert_eq!(visits(&got, "c2"), ["Call|01-14 00:00|-"], "a clock that is missing");
    assert!(says(&got, "`date` and `time` of"), "{:?}", got.dataset.assumptions);
    assert!(got.dataset.rejects.is_empty(), "{:?}", got.dataset.rejects);
    let got = log("clocks_of_changes");
    assert_eq!(visits(&got, "1"), ["Demo|01-05 08:00|01-05 17:30", "Won|01-05 17:30|-"]);
    assert!(!says(&got, "not used"), "{:?}", got.dataset.assumptions);
    let got = read_deals(
        b"deal_id,status,created_date,created_time,close_date,close_time\n\
          1,won,2026-01-05,9:00,2026-02-03,11:15\n2,open,2026-01-06,10:00,,\n",
    );
    let minutes = |at: Option<i64>| at.map(|at| at / 60_000_000 % (24 * 60));
    let (_, _, deal) = find(&got, "1");
    let clocks = [deal.created_at, deal.closed_at].map(|at| minutes(at.get()));
    assert_eq!(clocks, [Some(9 * 60), Some(11 * 60 + 15)]);
}

#[test]
fn a_file_that_is_not_read_says_what_it_lacks() {
    let got = log("unread");
    assert!(says(&got, "stage_history.csv` is not read: by its name it holds `stage_history`"));
    assert!(says(&got, "it lacks `stage` (`stage`, `stage_name`"), "{:?}", got.dataset.assumptions);
    assert!(says(&got, "and `changed_at` (`entered_at`"), "{:?}", got.dataset.assumptions);
    let alone = data("logs/unread/stage_history.csv");
    let error = try_read(&alone, &Config::default()).unwrap_err();
    assert!(error.to_string().contains("it lacks `stage`"), "{error}");
    assert!(error.hint_text().is_some_and(|hint| hint.contains("a log of stages has")));
    let leads = b"lead_id,stage,rep\n1,Demo,Ann\n";
    let error =
        try_read(folder(&[("leads.csv", &leads[..])]).path(), &Config::default()).unwrap_err();
    assert!(!error.to_string().contains("it holds `stage_history`"), "{error}");
    let got = exported(&[
        ("deals.csv", "deal_id,status,amount,created_at\n1,won,5,2026-01-05\n"),
        ("stage_history.csv", "deal_id,stage,Datum\n1,Demo,2026-01-05\n1,Won,2026-02-05\n"),
    ]);
    assert!(says(&got, "that of a log, of which no column tells when (`changed_at`)"));
}

#[test]
fn a_log_that_cannot_be_used_says_what_would_help() {
    let got = read(&data("forms/log"));
    assert!(says(&got, "`won_stages` and `lost_stages`"), "{:?}", got.dataset.assumptions);
    assert!(says(&got, "`Demo` (1)"));
    assert!(!says(&got, "Amounts are in"), "it has none");
    let error = try_read(&data("logs/undated"), &Config::default()).unwrap_err();
    assert!(error.to_string().contains("has a time in it"), "{error}");
    assert!(error.hint_text().is_some_and(|hint| hint.contains("`entered_at`")));
}

#[test]
fn a_log_of_fields_that_tells_stages_is_enough() {
    let got = log("fields");
    let word = |sym| got.dataset.names.get(sym);
    assert_eq!(
        visits(&got, "006A0000a000001IAA"),
        [
            "Prospecting|01-01 09:00|01-05 09:00",
            "Proposal|01-05 09:00|02-01 09:00",
            "Closed Won|02-01 09:00|-"
        ]
    );
    let (partition, row, deal) = find(&got, "006A0000a000001IAA");
    assert_eq!(deal.status, Status::Won);
    assert!(!deal.quality.contains(Quality::CreatedImputed), "a row of the field `created` tells");
    let closes_on = deal.expected_close_on.get().map(|day| calendar::date(day).to_string());
    let values = (deal.amount_minor.get(), word(deal.owner), closes_on.as_deref());
    assert_eq!(values, (Some(80_000), "005A00000000002IAA", Some("2026-02-01")));
    assert_eq!(partition.changes.get(row).len(), 3, "amount, owner, close date");
    let (_, _, open) = find(&got, "006A0000a000002IAA");
    assert_eq!((open.status, open.amount_minor.get()), (Status::Open, None));
    let refused: Vec<(u64, &str)> =
        got.dataset.rejects.iter().map(|r| (r.row, r.column.as_str())).collect();
    assert_eq!((got.dataset.deal_count(), refused), (2, vec![(11, "NewValue")]));
    assert!(says(&got, "whose stage changes (2) is taken as a deal"));
    assert!(says(&got, "`amount`, `expected_close_on`, `owner` tell of them what else is known"));
    assert!(says(&got, ": 1 row of deals that are left out, left out with them"));
    assert!(says(&got, "Amounts are in USD, as no column says otherwise"));
    assert_eq!(digest(&got), digest(&read(shuffled(&data("logs").join("fields")).path())));
    let error = try_read(&data("logs/amounts"), &Config::default()).unwrap_err();
    let hint = error.hint_text().unwrap_or_default();
    assert!(hint.contains("tells no change of a stage"), "{error}: {hint}");
}

#[test]
fn a_real_log_alone_tells_what_it_tells_beside_its_deals() {
    let real = Path::new("../shared/real/bpic2020_domestic");
    if !real.is_dir() {
        eprintln!("SKIPPED: {} is not there", real.display());
        return;
    }
    let config = Config { won_stages: vec!["Payment Handled".to_owned()], ..Config::default() };
    let whole = try_read(real, &config).unwrap();
    let alone = try_read(&real.join("stage_history.csv"), &config).unwrap();
    let lives = |got: &Ingested| -> Vec<_> {
        let dataset = &got.dataset;
        let name = |stage| dataset.names.get(dataset.catalogue.get(stage).name).to_owned();
        let mut lives: Vec<_> = (dataset.partitions.iter())
            .flat_map(|part| (0..part.deals.len()).map(move |row| (part, row)))
            .map(|(part, row)| {
                let visits: Vec<_> = (part.visits.get(row).iter())
                    .map(|visit| (name(visit.stage), visit.entered_at, visit.exited_at))
                    .collect();
                let deal = &part.deals[row];
                (part.deal_ids.get(row).to_owned(), deal.status, deal.created_at, visits)
            })
            .collect();
        lives.sort();
        lives
    };
    assert_eq!(alone.dataset.deal_count(), 10_357);
    assert!(lives(&alone) == lives(&whole), "the log alone tells other lives");
}

#[test]
fn a_log_of_cases_may_tell_their_outcomes() {
    let table = b"case_id,activity,timestamp,owner,outcome\n\
        1,Call,2026-01-05 10:00,Ann,won\n\
        1,Sign off,2026-01-09 10:00,Ann,won\n\
        2,Call,2026-01-06 10:00,Bob,\n\
        2,Offer,2026-01-08 10:00,Bob,Rejected: lost\n\
        3,Call,2026-01-07 10:00,Bob,in progress\n";
    let got = read_deals(table);
    assert_eq!(got.inputs[0].entity, "stage_history");
    let statuses = ["1", "2", "3"].map(|id| find(&got, id).2.status);
    assert_eq!(statuses, [Status::Won, Status::Lost, Status::Open]);
    let won = find(&got, "1").2;
    assert!(won.quality.contains(Quality::CloseTimeImputed), "won at its last move");
    assert_eq!(visits(&got, "3"), ["Call|01-07 10:00|-"]);
}

#[test]
fn a_log_of_properties_without_old_values_tells_stages() {
    let got = read_deals(
        b"Deal ID,Property,Value,Timestamp\n\
          1,dealstage,qualified,2026-01-02 10:00\n\
          1,amount,1000,2026-01-03 10:00\n\
          1,dealstage,closedwon,2026-02-02 10:00\n\
          2,dealstage,qualified,2026-01-03 10:00\n",
    );
    assert_eq!(visits(&got, "1"), ["qualified|01-02 10:00|02-02 10:00", "closedwon|02-02 10:00|-"]);
    assert_eq!((got.dataset.deal_count(), got.dataset.rejects.len()), (2, 0));
    assert!(says(&got, "1 rows of other fields"), "{:?}", got.dataset.assumptions);
}

#[test]
fn changes_of_statuses_alone_are_moves_of_deals() {
    let got = log("statuses");
    assert_eq!((got.dataset.deal_count(), got.dataset.rejects.len()), (2, 0));
    assert_eq!(
        visits(&got, "T-1"),
        [
            "Open|01-05 09:00|01-06 10:00",
            "Pending|01-06 10:00|01-08 10:00",
            "Cancelled|01-08 10:00|-"
        ]
    );
    assert_eq!(find(&got, "T-1").2.status, Status::Lost);
}

/// Field histories begin with the first change: none tells the entry into the stage that a deal began in.
#[test]
fn the_stage_that_the_first_change_left_was_entered_first() {
    let got = log("without_creation");
    let order = "`Lead`, `Qualified`, `Proposal`";
    assert!(says(&got, order), "{:?}", got.dataset.assumptions);
    assert_eq!(visits(&got, "3")[0], "Lead|01-07 00:00|01-12 00:00");
}

#[test]
fn deals_of_a_log_without_an_amount_are_in_its_currency() {
    let got = log("unvalued");
    let currency = |id| got.dataset.names.get(find(&got, id).2.currency);
    assert_eq!(["1", "2", "3"].map(currency), ["EUR"; 3]);
    assert!(!says(&got, "without a currency"), "{:?}", got.dataset.assumptions);
}
