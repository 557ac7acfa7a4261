//! Ingest of broken files: planted faults are refused with their place, hostile files do no harm.

use std::path::Path;

use sluice::model::{Config, Quality, Status, UNKNOWN_STAGE};

use super::ingest::{data, digest, find, read, read_deals, try_read};

#[test]
fn every_planted_fault_is_refused_with_its_place() {
    let got = read(&data("faults"));
    let found: Vec<(String, u64, &str, &str, bool)> = got
        .dataset
        .rejects
        .iter()
        .map(|r| {
            let name = Path::new(&r.file).file_name().unwrap().to_string_lossy().into_owned();
            (name, r.row, r.column.as_str(), r.value.as_str(), r.is_row)
        })
        .collect();
    let deals = |row, column, value, is_row| ("deals.csv".to_owned(), row, column, value, is_row);
    let history = |row, column, value| ("stage_history.csv".to_owned(), row, column, value, true);
    let expected = [
        deals(3, "deal_id", "", true),
        deals(4, "amount", "ten", false),
        deals(5, "created_at", "soon", true),
        deals(6, "status", "maybe", false),
        deals(8, "closed_at", "never", false),
        deals(8, "probability", "150", false),
        deals(10, "", "8 cells", true),
        deals(13, "", "h,open,Offer,\"not closed", true),
        history(4, "deal_id", "zz"),
        history(5, "stage", ""),
        history(6, "entered_at", "late"),
    ];
    assert_eq!(found, expected);
    let ids: Vec<&str> = got.dataset.partitions.iter().flat_map(|p| p.deal_ids.iter()).collect();
    assert_eq!(ids, ["a", "b", "d", "e", "f"]);
    assert_eq!(got.rows_rejected, 7);
    assert_eq!(find(&got, "e").2.amount_minor, Some(100_000));
    let count = |code| {
        got.dataset.quality.iter().find(|q| q.code == code && q.table == "deals").map(|q| q.rows)
    };
    assert_eq!(count(Quality::DuplicateDeal), Some(1));
    assert_eq!(count(Quality::DuplicateRow), Some(1));
    assert!(find(&got, "b").2.quality.contains(Quality::NullChangeTime));
}

#[test]
fn hostile_files_do_no_harm() {
    let head = "deal_id,status,created_at,name\n";
    assert!(try_read(&data("none"), &Config::default()).is_err());
    for text in ["", "\n\n", head, "\u{FEFF}", "\"", "a,b,c\n1,2,3\n", "\0\0\0"] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("deals.csv"), text).unwrap();
        let error = try_read(folder.path(), &Config::default()).unwrap_err();
        assert!(error.hint_text().is_some(), "{text:?}: {error}");
    }
    // Rows of deals are refused, or there are none beside others.
    for (history, cause, hint) in [
        ("deal_id,stage,entered_at\nx,Offer,soon\n", "`deal_id` is ``", "--mapping"),
        ("deal_id,stage,entered_at\nx,Offer,2026-01-05\n", "no deal has this id", "needs a row"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let row = if hint == "--mapping" { ",open,2026-01-01,a\n" } else { "" };
        std::fs::write(folder.path().join("deals.csv"), format!("{head}{row}")).unwrap();
        std::fs::write(folder.path().join("stage_history.csv"), history).unwrap();
        let error = try_read(folder.path(), &Config::default()).unwrap_err();
        let said = format!("{error:?}");
        assert!(said.contains(cause), "{said}");
        assert!(error.hint_text().is_some_and(|text| text.contains(hint)), "{said}");
    }
    let long = "x".repeat(1 << 20);
    let got =
        read_deals(format!("{head}1,won,2026-01-01,\"{long}\"\n2,lost,2026-01-01\n").as_bytes());
    let (partition, row, _) = find(&got, "1");
    assert_eq!(partition.deal_names.get(row).len(), 1 << 20);
    assert_eq!(find(&got, "2").2.status, Status::Lost);
    let got = read_deals(format!("{head}1\0,won,2026-01-01,a\0b\n").as_bytes());
    assert_eq!(got.dataset.partitions[0].deal_ids.get(0), "1\0");
}

#[test]
fn encodings_and_line_ends_give_the_same_deals() {
    let text = "deal_id;status;created_at;name\r\n1;won;2026-01-01;Größe\r\n";
    let plain = digest(&read_deals(text.as_bytes()));
    let marked = digest(&read_deals(format!("\u{FEFF}{text}").as_bytes()));
    let single: Vec<u8> = text.chars().map(|c| c as u32 as u8).collect();
    let wide: Vec<u8> =
        format!("\u{FEFF}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(plain, marked);
    assert_eq!(plain, digest(&read_deals(&single)));
    assert_eq!(plain, digest(&read_deals(&wide)));
    assert_eq!(
        plain,
        digest(&read_deals(text.replace("\r\n", "\n").replace(';', "\t").as_bytes()))
    );
    let said = read_deals(&single).dataset.assumptions;
    assert!(said.iter().any(|a| a.contains("windows-1252")), "{said:?}");
}

/// Files of several blocks, whose guessed cuts are wrong: stray quotes, quoted line ends, and a byte
/// that is no UTF-8 late in the file.
#[test]
fn long_files_with_stray_quotes_lose_nothing() {
    let mut text = b"deal_id,status,created_at,name\n".to_vec();
    let filler = "f".repeat(100);
    for at in 0..60_000 {
        let name = match at % 4 {
            0 => format!("5\" {filler}"),
            1 => format!("\"line\nof \"\"{filler}\"\"\""),
            _ => filler.clone(),
        };
        text.extend(format!("{at},won,2026-01-01,{name}\n").bytes());
    }
    text.extend(b"last,won,2026-01-01,Stra\xDFe\n");
    text.extend(b"bad,won,soon,x\n");
    let got = read_deals(&text);
    assert_eq!(got.dataset.deal_count(), 60_001);
    let (partition, row, _) = find(&got, "last");
    assert_eq!(partition.deal_names.get(row), "Straße");
    let (partition, row, _) = find(&got, "1");
    assert_eq!(partition.deal_names.get(row), format!("line\nof \"{filler}\""));
    assert_eq!(got.dataset.rejects.iter().map(|r| r.row).collect::<Vec<_>>(), [60_003]);
    let hash = blake3::hash(&text).to_hex().to_string();
    assert_eq!(got.inputs[0].blake3, hash);
}

#[test]
fn a_decimal_comma_anywhere_holds_for_the_column() {
    let head = "deal_id;status;created_at;amount\n";
    let got = read_deals(
        format!(
            "{head}1;open;2026-01-01;1.234,56\n2;open;2026-01-01;2.000\n3;open;2026-01-01;3,5\n"
        )
        .as_bytes(),
    );
    let amounts = ["1", "2", "3"].map(|id| find(&got, id).2.amount_minor);
    assert_eq!(amounts, [Some(123_456), Some(200_000), Some(350)]);
    let said = &got.dataset.assumptions;
    assert!(said.iter().any(|a| a.contains("decimal comma")), "{said:?}");
    let got =
        read_deals(format!("{head}1;open;2026-01-01;12abc34\n2;open;2026-01-01;10%\n").as_bytes());
    assert_eq!(got.dataset.rejects.iter().filter(|r| r.column == "amount").count(), 2);
    assert_eq!((got.dataset.deal_count(), got.rows_rejected), (2, 0));
}

/// A file of deals whose first 3,000 rows have `many` for amount, probability and close, and then one of
/// each of `last`.
fn long(many: &str, last: &[&str]) -> sluice::ingest::Ingested {
    let mut text = "deal_id;status;created_at;amount;probability;closed_at\n".to_owned();
    let rows = std::iter::repeat_n(&many, 3_000).chain(last);
    for (at, row) in rows.enumerate() {
        text.push_str(&format!("{at};won;2025-01-01;{row}\n"));
    }
    read_deals(text.as_bytes())
}

#[test]
fn a_cell_far_below_tells_how_all_are_read() {
    let closed = |got: &sluice::ingest::Ingested, id: &str| {
        let day = |at| chrono::DateTime::from_timestamp_micros(at).map(|at| at.date_naive());
        find(got, id)
            .2
            .closed_at
            .get()
            .and_then(day)
            .map_or_else(String::new, |day| day.to_string())
    };
    let said = |got: &sluice::ingest::Ingested, words: &str| {
        got.dataset.assumptions.iter().any(|said| said.contains(words))
    };
    let got = long("2.000;1;", &["3,5;1;", "9;70;02/03/2025", "9;1;13/03/2025"]);
    assert_eq!(find(&got, "0").2.amount_minor, Some(200_000), "a point between thousands");
    assert_eq!(find(&got, "3000").2.amount_minor, Some(350));
    assert_eq!(find(&got, "0").2.probability_bp, Some(100), "1 of 100");
    assert_eq!(closed(&got, "3001"), "2025-03-02", "days first");
    assert!(said(&got, "have a decimal comma, by `3,5`"), "{:?}", got.dataset.assumptions);
    assert!(!said(&got, "source_dates"), "{:?}", got.dataset.assumptions);
    let got = long("2.000;1;", &["3.5;0.7;02/03/2025"]);
    assert_eq!(find(&got, "0").2.amount_minor, Some(200), "a point before decimals");
    assert_eq!(find(&got, "0").2.probability_bp, Some(10_000), "all of it");
    assert_eq!(closed(&got, "3000"), "2025-02-03", "nothing tells: months first");
    assert!(said(&got, "such as `02/03/2025` are read month first"));
    let got = long("9,50;1;", &["2.000;1;01/12/2024", "9.5;1;"]);
    assert_eq!(find(&got, "3000").2.amount_minor, Some(200_000), "commas are more");
    let (created, day_first) = ("2025-01-01", "12/01/2025");
    assert!(closed(&long("9;1;", &["9;1;01/12/2024"]), "3000").as_str() < created);
    let got = long("9;1;", &[&format!("9;1;{day_first}")]);
    assert_eq!(closed(&got, "3000"), "2025-12-01", "neither ends before it begins");
}

#[test]
fn rows_far_below_that_end_before_they_begin_tell_the_order_of_days() {
    let mut text = "deal_id,status,created_at,closed_at\n".to_owned();
    (0..3_000).for_each(|at| text.push_str(&format!("{at},open,2025-01-01,\n")));
    text.push_str("a,won,10/02/2025,05/07/2025\nb,won,01/02/2025,02/03/2025\n");
    let got = read_deals(text.as_bytes());
    let february = read_deals(text.replace("10/02/2025", "2025-02-10").as_bytes());
    assert_eq!(find(&got, "a").2.created_at, find(&february, "a").2.created_at);
    let said = &got.dataset.assumptions;
    let reason = "month first, 1 rows end before they begin, and day first 0";
    assert!(said.iter().any(|a| a.contains(reason)), "{said:?}");
}

#[test]
fn slashed_dates_are_settled_by_plausibility_or_said_to_be_open() {
    let text = "deal_id,status,created_at,closed_at\n1,won,10/02/2025,05/07/2025\n2,won,01/02/2025,02/03/2025\n";
    let got = read_deals(text.as_bytes());
    let created = |got: &sluice::ingest::Ingested| find(got, "1").2.created_at;
    let february = read_deals(text.replace("10/02/2025", "2025-02-10").as_bytes());
    assert_eq!(created(&got), created(&february));
    let said = &got.dataset.assumptions;
    assert!(said.iter().any(|a| a.contains("are read day first")), "{said:?}");
    let open = text.replace("10/02/2025", "01/02/2025");
    let got = read_deals(open.as_bytes());
    let said = &got.dataset.assumptions;
    assert!(said.iter().any(|a| a.contains("source_dates = \"day_first\"")), "{said:?}");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("deals.csv"), open).unwrap();
    let config =
        Config { source_dates: Some(sluice::model::DayOrder::DayFirst), ..Config::default() };
    let set = try_read(folder.path(), &config).unwrap();
    let first = read_deals("deal_id,status,created_at\n1,won,2025-02-01\n".as_bytes());
    assert_eq!(created(&set), created(&first));
}

#[test]
fn a_time_in_the_far_future_does_not_date_the_export() {
    let head =
        "deal_id,status,created_at,closed_at\n1,won,2026-01-01,2026-02-01\n2,open,2026-01-05,\n";
    let plain = read_deals(head.as_bytes());
    let text = format!("{head}3,won,2026-01-01,9999-12-31\n4,open,2206-02-01,\n");
    let got = read_deals(text.as_bytes());
    assert_eq!(got.dataset.extracted_at, plain.dataset.extracted_at);
    assert!(!plain.dataset.assumptions.iter().any(|a| a.contains("after the present")));
    let said = got.dataset.assumptions.join("\n");
    assert!(
        said.contains("`created_at` lie after the present, the latest on 2206-02-01"),
        "{said}"
    );
    assert!(said.contains("`closed_at` lie after the present, the latest on 9999-12-31"), "{said}");
    assert!(find(&got, "3").2.quality.contains(Quality::ClosedInFuture));
}

/// A Salesforce export of two deals; the second one is as `second`, its history rows name `named`.
fn salesforce(second: &str, named: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let deals = format!(
        "Id,IsDeleted,Name,StageName,IsClosed,IsWon,CloseDate,CreatedDate\n\
         006A0000a000001IAA,0,A,Offer,0,0,2026-07-01,2026-01-01 00:00:00\n\
         {second},B,Offer,0,0,2026-07-01,2026-01-01 00:00:00\n"
    );
    let rows = "OpportunityId,StageName,CreatedDate,ForecastCategory,SystemModstamp\n";
    let history = format!(
        "{rows}006A0000a000001IAA,Offer,2026-01-01 00:00:00,Pipeline,\n\
         {named},Lead,2026-01-01 00:00:00,Pipeline,\n{named},Offer,2026-01-03 00:00:00,Pipeline,\n"
    );
    let tasks =
        format!("Id,WhatId,Priority,ActivityDate,Status\nt1,{named},High,2026-01-02,Completed\n");
    std::fs::write(folder.path().join("Opportunity.csv"), deals).unwrap();
    std::fs::write(folder.path().join("OpportunityHistory.csv"), history).unwrap();
    std::fs::write(folder.path().join("Task.csv"), tasks).unwrap();
    folder
}

#[test]
fn rows_of_a_deal_that_is_left_out_are_left_out_with_it() {
    let folder = salesforce("006A0000a000002IAA,1", "006A0000a000002IAA");
    let got = read(folder.path());
    assert_eq!((got.dataset.deal_count(), got.rows_rejected), (1, 0));
    assert!(got.dataset.loose_activities.is_empty());
    let said = got.dataset.assumptions.join("\n");
    assert!(said.contains("rows of deals that are left out"), "{said}");
    assert!(said.contains("Task.csv`: "), "{said}");
}

#[test]
fn both_forms_of_a_salesforce_id_are_one_deal() {
    for (deal, named) in
        [("006A0000a000002IAA", "006A0000a000002"), ("006A0000a000002", "006A0000a000002IAA")]
    {
        let folder = salesforce(&format!("{deal},0"), named);
        let got = read(folder.path());
        assert_eq!((got.dataset.deal_count(), got.rows_rejected), (2, 0));
        let (partition, row, _) = find(&got, deal);
        assert_eq!(partition.visits.get(row).len(), 2);
        assert_eq!(partition.activities.get(row).len(), 1);
    }
}

#[test]
fn currencies_are_codes_or_symbols() {
    let head = "deal_id,status,created_at,amount,currency,note\n";
    let got = read_deals(
        format!(
            "{head}1,open,2026-01-01,5,€,\n2,open,2026-01-01,5,euro,\n3,open,2026-01-01,5,gbp,\n"
        )
        .as_bytes(),
    );
    let currency = |id| got.dataset.names.get(find(&got, id).2.currency);
    assert_eq!(["1", "2", "3"].map(currency), ["EUR", "USD", "GBP"]);
    let refused: Vec<&str> = got.dataset.rejects.iter().map(|r| r.value.as_str()).collect();
    assert_eq!((refused, got.rows_rejected), (vec!["euro"], 0));
    let said = &got.dataset.assumptions;
    assert!(said.iter().any(|a| a.ends_with("that are not used: `note`.")), "{said:?}");
    let wrong = Config { currency: "euro".to_owned(), ..Config::default() };
    assert!(wrong.check().unwrap_err().hint_text().is_some());
}

#[test]
fn deals_without_any_time_are_an_error_that_names_the_columns() {
    for text in ["deal_id,status,stage\n1,won,Demo\n", "deal_id,status,created_at\n1,lost,\n"] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("deals.csv"), text).unwrap();
        let error = try_read(folder.path(), &Config::default()).unwrap_err();
        assert!(error.to_string().contains("creation time"), "{error}");
        let hint = error.hint_text().unwrap_or_default();
        assert!(hint.contains("`create_date`") && hint.contains("`--mapping FILE`"), "{hint}");
        let history = "deal_id,stage,entered_at\n1,Demo,2026-01-01\n";
        std::fs::write(folder.path().join("stage_history.csv"), history).unwrap();
        assert_eq!(read(folder.path()).dataset.deal_count(), 1);
    }
}

#[test]
fn an_export_of_deals_only_says_what_it_lacks() {
    let got = read_deals("deal_id,status,created_at\n1,open,2026-01-01\n".as_bytes());
    let says = |got: &sluice::ingest::Ingested| {
        got.dataset.assumptions.iter().any(|a| a.starts_with("There is no stage history"))
    };
    assert!(says(&got));
    assert!(!says(&read(&data("salesforce"))));
    assert!(!says(&read(&data("hubspot"))));
}

#[test]
fn a_closed_deal_that_never_moved_was_in_its_stage_from_the_beginning() {
    let text = "Deal - ID,Deal - Stage,Deal - Status,Deal - Deal created,Deal - Lost time,Deal - Last stage change\n\
                1,Demo,Lost,2026-01-01,2026-02-01,\n2,Demo,Lost,2026-01-01,2026-02-01,2026-01-15\n";
    let got = read_deals(text.as_bytes());
    let first = |id| {
        let (partition, row, _) = find(&got, id);
        let visit = partition.visits.get(row)[0];
        got.dataset.names.get(got.dataset.catalogue.get(visit.stage).name)
    };
    assert_eq!([first("1"), first("2")], ["Demo", UNKNOWN_STAGE]);
    let silent = text.replace(",Deal - Last stage change", ",Note").replace(",2026-01-15", ",");
    let got = read_deals(silent.as_bytes());
    let (partition, row, _) = find(&got, "1");
    let visit = partition.visits.get(row)[0];
    assert_eq!(got.dataset.names.get(got.dataset.catalogue.get(visit.stage).name), UNKNOWN_STAGE);
}
