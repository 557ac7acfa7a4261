//! Where an export ends, and deals of which it tells a close without its time, or a stage without the
//! move into it.

use sluice::ingest::Ingested;
use sluice::model::calendar::Zone;
use sluice::model::config::CloseSource;
use sluice::model::{Config, Quality, Run, Status};

use super::ingest::{data, digest, find, read, read_deals, says, shuffled, try_read, visits};
use super::rows::day;

/// The day of the latest thing that the export knows of, and the `as_of` of a run of it.
fn end(got: &Ingested) -> [i32; 2] {
    let run = Run::new(Config::default(), None, &got.dataset).unwrap();
    [Zone::UTC.day(got.dataset.extracted_at - 1), run.as_of]
}

#[test]
fn an_expected_close_does_not_move_the_end_of_an_export() {
    let got = read_deals(
        b"deal_id,stage,amount,created_date,close_date\n\
          1,Closed Won,100,2025-01-05,2025-02-01\n\
          2,Closed Lost,100,2025-01-06,2025-03-02\n\
          3,Proposal,100,2025-02-11,2025-08-31\n",
    );
    assert_eq!(end(&got), ["2025-03-02"; 2].map(day), "dates only: the latest is complete");
    assert_eq!(find(&got, "3").2.expected_close_on.get(), Some(day("2025-08-31")));
    assert_eq!(find(&got, "2").2.status, Status::Lost);
}

#[test]
fn a_day_with_a_time_of_day_is_not_complete() {
    let got = read_deals(
        b"deal_id,status,created_at,closed_at\n\
          1,won,2025-01-05 10:00,2025-02-01 09:30\n\
          2,open,2025-01-06 00:00,\n",
    );
    assert_eq!(end(&got), ["2025-02-01", "2025-01-31"].map(day));
}

#[test]
fn a_close_on_the_expected_date_is_known_to_the_export() {
    let got = read_deals(
        b"deal_id,stage,amount,created_date,expected_close_date\n\
          2,Closed Won,900,2025-01-20,2025-04-30\n\
          3,Proposal,100,2025-02-11,2025-12-31\n",
    );
    assert_eq!(end(&got), ["2025-04-30"; 2].map(day));
    assert_eq!(visits(&got, "2").last().unwrap(), "Closed Won|04-30 00:00|-");
}

#[test]
fn a_close_that_the_export_cannot_know_of_is_not_guessed() {
    let got = read_deals(
        b"deal_id,stage,amount,created_date,expected_close_date,updated_at\n\
          2,Closed Won,900,2025-01-20,2025-04-30,\n\
          3,Proposal,100,2025-02-11,2025-12-31,2025-02-20\n",
    );
    assert_eq!(end(&got), ["2025-02-20"; 2].map(day));
    let won = find(&got, "2").2;
    assert_eq!(won.status, Status::Won);
    assert!(won.quality.contains(Quality::CloseTimeMissing), "neither open nor closed in April");
}

#[test]
fn closed_deals_that_no_metric_counts_are_told() {
    let got = read_deals(
        b"deal_id,status,amount,created_date,closed_date\n\
          1,Won,100,2025-01-05,2025-02-01\n\
          2,Lost,100,2025-01-06,\n\
          3,Won,100,2025-01-07,\n\
          4,Open,100,2025-02-11,\n",
    );
    assert!(says(&got, "2 deals (1 won, 1 lost) are closed, but nothing tells when"));
    assert!(says(&got, "1 deal won and none lost"), "{:?}", got.dataset.assumptions);
    let got = read_deals(
        b"deal_id,stage,status,amount,created_date,closed_date\n\
          1,Demo,Won,100,2025-01-05,\n\
          2,Demo,Open,100,2025-02-11,\n",
    );
    assert!(says(&got, "No deal is won or lost at a known time"), "{:?}", got.dataset.assumptions);
}

fn with_log(deals: &str) -> Ingested {
    let folder = tempfile::tempdir().unwrap();
    let log = "deal_id,stage,entered_at\n\
               D1,Discovery,2026-01-01 09:00\n\
               D2,Discovery,2026-01-02 09:00\n\
               D2,Proposal,2026-02-03 09:00\n";
    std::fs::write(folder.path().join("deals.csv"), deals).unwrap();
    std::fs::write(folder.path().join("stage_history.csv"), log).unwrap();
    read(folder.path())
}

#[test]
fn a_move_that_the_log_lacks_is_told_by_a_later_change_of_the_row() {
    let got = with_log(
        "deal_id,stage,amount,created_at,updated_at,last_stage_change_at\n\
         D1,Proposal,100,2026-01-01 09:00,2026-06-10 12:00,2026-03-04 10:00\n\
         D2,Proposal,100,2026-01-02 09:00,2026-06-01 12:00,2026-02-03 09:00\n",
    );
    let found = ["Discovery|01-01 09:00|03-04 10:00", "Proposal|03-04 10:00|-"];
    assert_eq!(visits(&got, "D1"), found);
    assert!(find(&got, "D1").2.quality.contains(Quality::ChainBreak));
    assert_eq!(visits(&got, "D2")[1], "Proposal|02-03 09:00|-");
    assert!(!find(&got, "D2").2.quality.contains(Quality::ChainBreak));
    let got = with_log(
        "deal_id,stage,amount,created_at,updated_at\n\
         D1,Proposal,100,2026-01-01 09:00,2026-06-10 12:00\n",
    );
    assert_eq!(visits(&got, "D1"), ["Discovery|01-01 09:00|-"], "no move is guessed");
}

#[test]
fn a_deal_was_not_closed_after_its_last_change() {
    let got = read_deals(
        b"deal_id,stage,created_date,expected_close_date,modified_at\n\
          1,Closed Won,2026-01-05,2026-02-01,2026-02-03 10:00\n\
          2,Closed Lost,2026-01-06,2026-05-31,2026-02-02 09:30\n\
          3,Closed Lost,2026-01-07,2026-02-20,2025-12-01 09:30\n\
          4,Proposal,2026-01-08,2026-05-31,2026-02-25 10:00\n",
    );
    let closed = |id| {
        let at = find(&got, id).2.closed_at.get().unwrap();
        chrono::DateTime::from_timestamp_micros(at).unwrap().format("%m-%d %H:%M").to_string()
    };
    assert_eq!(closed("1"), "02-01 00:00");
    assert_eq!(closed("2"), "02-02 09:30");
    assert_eq!(closed("3"), "02-20 00:00", "a change before the deal was there tells nothing");
    assert!(says(&got, "or at `modified_at` where that is earlier"));
}

#[test]
fn closes_that_a_history_tells_otherwise_than_the_rows_are_told() {
    let told = "Of 2 closed deals, 2 closed by their history more than a day before or after";
    let got = with_log(
        "deal_id,stage,status,amount,created_at,closed_at\n\
         D1,Discovery,Lost,100,2026-01-01 09:00,2026-01-09 09:00\n\
         D2,Proposal,Open,100,2026-01-02 09:00,\n",
    );
    assert!(!says(&got, "closed by their history"), "its history tells no close");
    let folder = tempfile::tempdir().unwrap();
    let log = "deal_id,stage,entered_at\n\
               D1,Won,2026-03-01 09:00\n\
               D2,Lost,2026-03-01 09:00\n\
               D3,Demo,2026-03-01 09:00\n";
    let deals = "deal_id,stage,amount,created_at,closed_at\n\
                 D1,Won,100,2025-01-01 09:00,2025-02-01 09:00\n\
                 D2,Lost,100,2025-01-01 09:00,2025-03-01 09:00\n\
                 D3,Demo,100,2025-01-01 09:00,\n";
    std::fs::write(folder.path().join("deals.csv"), deals).unwrap();
    std::fs::write(folder.path().join("stage_history.csv"), log).unwrap();
    let got = read(folder.path());
    assert!(says(&got, told), "{:?}", got.dataset.assumptions);
    assert_eq!(visits(&got, "D1").last().unwrap(), "Won|03-01 09:00|-", "METRICS 3.2.5");
}

fn closes(name: &str) -> Ingested {
    read(&data("closes").join(name))
}

#[test]
fn closes_that_a_log_of_open_stages_lacks_are_events_of_the_export() {
    let got = closes("open_log");
    assert_eq!(end(&got), ["2024-04-02"; 2].map(day));
    assert_eq!(visits(&got, "1").last().unwrap(), "Won|03-20 00:00|-");
    assert_eq!(visits(&got, "2").last().unwrap(), "Lost|04-02 00:00|-");
    assert_eq!(visits(&got, "3").last().unwrap(), "Proposal|02-15 00:00|-");
    for id in ["1", "2"] {
        assert!(!find(&got, id).2.quality.contains(Quality::ClosedInFuture), "{id}");
    }
    assert_eq!(digest(&got), digest(&read(shuffled(&data("closes/open_log")).path())));
}

#[test]
fn a_close_after_the_last_change_of_its_row_is_a_plan() {
    let got = closes("planned");
    assert_eq!(end(&got)[0], day("2024-06-30"), "of a row without a time of its last change");
    let text = std::fs::read_to_string(data("closes/planned/deals.csv")).unwrap();
    let is_known = |line: &&str| !line.starts_with('3');
    let known = text.lines().filter(is_known).collect::<Vec<_>>().join("\n");
    let got = read_deals(known.as_bytes());
    assert_eq!(end(&got)[0], day("2024-02-20"), "of the day of its last change");
    let is_future = |id| find(&got, id).2.quality.contains(Quality::ClosedInFuture);
    assert_eq!(["1", "2", "5"].map(is_future), [false, true, true]);
    assert!(says(&got, "1 times of `closed_at` lie after the present"));
    assert!(says(
        &got,
        "Of 2 deals the row tells a close at a time that the export does not reach"
    ));
}

#[test]
fn a_history_that_ends_as_the_deal_did_tells_when() {
    let got = closes("recorded");
    assert_eq!(end(&got), ["2024-03-20"; 2].map(day));
    assert_eq!(visits(&got, "1").last().unwrap(), "Won|02-10 00:00|-");
    assert_eq!(visits(&got, "2")[1..], ["Lost|02-12 00:00|03-20 00:00", "Won|03-20 00:00|-"]);
    let config = Config { close_ts_source: CloseSource::ClosedAt, ..Config::default() };
    let got = try_read(&data("closes/recorded"), &config).unwrap();
    assert_eq!(end(&got), ["2024-05-31"; 2].map(day));
    assert_eq!(visits(&got, "1").last().unwrap(), "Won|05-31 00:00|-");
}

#[test]
fn a_close_that_tells_its_day_alone_is_not_before_what_was_on_that_day() {
    let got = read(&data("closes/same_day"));
    let has = |id, code| find(&got, id).2.quality.contains(code);
    let before = ["1", "2", "3", "4", "5"].map(|id| has(id, Quality::ClosedBeforeCreated));
    assert_eq!(before, [false, false, false, true, true], "the last one tells a time");
    assert!(!has("3", Quality::ChangeAfterClose));
    assert_eq!(visits(&got, "1"), ["Won|01-05 09:30|-"]);
    assert_eq!(visits(&got, "2").last().unwrap(), "Lost|01-06 14:00|-");
    assert_eq!(visits(&got, "3").last().unwrap(), "Won|01-07 15:00|-");
}
