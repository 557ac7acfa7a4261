//! Ingest of broken files: planted faults are refused with their place, hostile files do no harm.

use std::path::Path;

use sluice::model::{Config, Quality, Status};

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
