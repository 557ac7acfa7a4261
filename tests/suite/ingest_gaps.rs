//! Exports that lack what others have: ids, dates, headers. What can be told is told, and what is missing is said.

use sluice::ingest::Ingested;
use sluice::metrics::{METRICS, compute};
use sluice::model::calendar::day_of;
use sluice::model::{AsOf, Config, Quality, Run, Status};

use super::ingest::{data, digest, find, folder, read, says, shuffled, try_read, visits};

fn gap(name: &str) -> Ingested {
    read(&data("gaps").join(name))
}

#[test]
fn deals_of_one_name_are_told_apart() {
    let got = gap("namesakes");
    assert_eq!((got.dataset.deal_count(), got.rows_rejected), (5, 0));
    let statuses =
        ["Renewal, Acme, 2026-01-05", "Renewal, Globex, 2026-01-05", "Renewal, Acme, 2026-01-07"]
            .map(|id| find(&got, id).2.status);
    assert_eq!(statuses, [Status::Won, Status::Lost, Status::Open]);
    assert_eq!(
        find(&got, "Upsell").2.status,
        Status::Open,
        "a row without an account says nothing else"
    );
    let (partition, row, _) = find(&got, "Renewal, Globex, 2026-01-05");
    assert_eq!(partition.deal_names.get(row), "Renewal");
    assert!(says(&got, "3 deals of 1 name differ"), "{:?}", got.dataset.assumptions);
    let (partition, row, _) = find(&got, "Single");
    assert_eq!(partition.activities.get(row).len(), 1);
    assert_eq!(got.dataset.loose_activities.len(), 1, "nothing tells whose it is");
    assert_eq!(digest(&got), digest(&read(shuffled(&data("gaps/namesakes")).path())));
}

/// Deals as `id status created closed visits`.
fn lives(got: &Ingested) -> Vec<String> {
    let day = |at: Option<i64>| {
        let at = at.and_then(chrono::DateTime::from_timestamp_micros);
        at.map_or_else(|| "-".to_owned(), |at| at.format("%Y-%m-%d").to_string())
    };
    let partitions = &got.dataset.partitions;
    let deals = partitions.iter().flat_map(|part| part.deal_ids.iter().zip(&part.deals));
    let mut lives: Vec<String> = deals
        .map(|(id, deal)| {
            let (created, closed) = (day(deal.created_at.get()), day(deal.closed_at.get()));
            let visits: Vec<String> =
                visits(got, id).iter().map(|v| v.split('|').next().unwrap().to_owned()).collect();
            format!("{id} {:?} {created} {closed} {}", deal.status, visits.join(">"))
        })
        .collect();
    lives.sort();
    lives
}

/// The last close is on 2026-03-05: the last full day is the 4th.
#[test]
fn without_creation_times_closed_deals_count_where_they_close_and_open_ones_at_the_end() {
    let got = gap("undated");
    assert_eq!(
        lives(&got),
        [
            "1 Won 2026-02-01 2026-02-01 __UNKNOWN__>Closed Won",
            "2 Lost 2026-02-10 2026-02-10 __UNKNOWN__>Closed Lost",
            "3 Open 2026-03-05 - Demo",
            "4 Lost 2026-03-05 2026-03-05 __UNKNOWN__>Closed Lost",
            "5 Lost - - ",
        ]
    );
    let flags = ["1", "2", "3", "4", "5"].map(|id| {
        let quality = find(&got, id).2.quality;
        (quality.contains(Quality::CreationUnknown), quality.contains(Quality::Untimed))
    });
    let (unknown, untimed) = ((true, false), (false, true));
    assert_eq!(flags, [unknown, unknown, unknown, unknown, untimed]);
    assert!(says(&got, "Nothing tells when deals were created (4 deals)"));
    assert!(says(&got, "`Create Date` of HubSpot"), "{:?}", got.dataset.assumptions);
    assert_eq!(digest(&got), digest(&read(shuffled(&data("gaps/undated")).path())));
}

#[test]
fn deals_without_any_time_beside_dated_ones_are_told() {
    let got = gap("partly_undated");
    let is_untimed = |id| find(&got, id).2.quality.contains(Quality::Untimed);
    let ids = ["1C1I7A6R", "KWVA7VR1", "HAXMC4IX", "9ZZZZZZY", "9ZZZZZZZ"];
    assert_eq!(ids.map(is_untimed), [false, false, false, true, true]);
    let said = "2 deals (2 open, 0 closed) have neither a time of creation nor a change of stage";
    assert!(says(&got, said), "{:?}", got.dataset.assumptions);
    assert!(says(&gap("undated"), "1 deal (0 open, 1 closed) has neither"));
    assert!(!says(&gap("namesakes"), "neither a time of creation"));
}

/// Of deals 2 and 3 only the close is known, which is what win rates and bookings ask for.
#[test]
fn closed_deals_without_a_creation_count_where_they_close() {
    let got = gap("some_undated");
    let flags = ["1", "2", "3", "4", "5", "6"].map(|id| {
        let quality = find(&got, id).2.quality;
        (quality.contains(Quality::CreationUnknown), quality.contains(Quality::Untimed))
    });
    let (known, unknown, untimed) = ((false, false), (true, false), (false, true));
    assert_eq!(flags, [known, unknown, unknown, untimed, known, untimed]);
    assert!(says(&got, "Nothing tells when 2 deals that are closed were created"));
    assert!(says(&got, "2 deals (1 open, 1 closed) have neither"), "{:?}", got.dataset.assumptions);
    let as_of = AsOf::Day(day_of("2026-02-10".parse().unwrap()));
    let run = Run::new(Config::default(), Some(as_of), &got.dataset).unwrap();
    let tables = compute(METRICS, &got.dataset, &run).unwrap();
    let columns = |name: &str, row: usize, columns: &[&str]| -> Vec<Option<f64>> {
        let table = tables.iter().find(|table| table.name == name).unwrap();
        columns.iter().map(|column| table.value(&table.rows[row], column).as_f64()).collect()
    };
    assert_eq!(columns("win_rate", 0, &["won", "lost"]), [Some(2.0), Some(1.0)]);
    // Weeks of 5 January, 2 and 9 February.
    let week = |row| columns("deal_volume", row, &["created", "won", "lost", "won_minor"]);
    assert_eq!(week(0), [Some(1.0), Some(0.0), Some(0.0), Some(0.0)]);
    assert_eq!(week(1), [Some(1.0), Some(2.0), Some(0.0), Some(30_000.0)]);
    assert_eq!(week(2), [None, Some(0.0), Some(1.0), Some(0.0)]);
    assert_eq!(columns("sales_cycle", 0, &["n", "mean_days"]), [Some(1.0), Some(28.0)]);
    assert_eq!(digest(&got), digest(&read(shuffled(&data("gaps/some_undated")).path())));
}

/// An export without any time is of the present: it ends just before 2100-01-01, on a day that is not over, so
/// the last full day is 2099-12-30.
#[test]
fn an_export_without_any_time_is_of_the_present() {
    for name in ["timeless", "expected_only"] {
        let got = gap(name);
        assert_eq!(
            lives(&got),
            ["1 Open 2099-12-30 - Demo", "2 Open 2099-12-30 - Offer", "3 Lost - - "],
            "{name}"
        );
    }
}

/// By 2026-03-05 one deal of three closed ones is won; deal 3 is open, and nothing is known of its age.
#[test]
fn metrics_without_creation_times_tell_what_can_be_told() {
    let got = gap("undated");
    let as_of = AsOf::Day(day_of("2026-03-05".parse().unwrap()));
    let run = Run::new(Config::default(), Some(as_of), &got.dataset).unwrap();
    let tables = compute(METRICS, &got.dataset, &run).unwrap();
    let first = |name: &str, columns: &[&str]| -> Vec<Option<f64>> {
        let table = tables.iter().find(|table| table.name == name).unwrap();
        columns.iter().map(|column| table.value(&table.rows[0], column).as_f64()).collect()
    };
    assert_eq!(
        first("win_rate", &["won", "lost", "rate"]),
        [Some(1.0), Some(2.0), Some(0.333_333_333_333)]
    );
    assert_eq!(
        first("stage_stock", &["deals", "value_minor", "q50_age_days"]),
        [Some(1.0), Some(30_000.0), None]
    );
    assert_eq!(
        first("deal_volume", &["created", "won", "won_minor"]),
        [None, Some(1.0), Some(10_000.0)]
    );
    assert_eq!(first("sales_cycle", &["n", "mean_days"]), [Some(0.0), None]);
    let rows = |name: &str| tables.iter().find(|table| table.name == name).unwrap().rows.len();
    assert_eq!([rows("cohort_conversion"), rows("stage_duration")], [0, 0]);
}

/// The kind of a period beside its start: any day of it, as spreadsheets have it. A period that is named needs
/// no start.
#[test]
fn targets_may_tell_the_kind_of_their_period() {
    let targets: &[u8] = b"owner,start,period,quota\nAnn,2026-01-01,Quarterly,10\nBob,2026-02-01,month,20\nCid,2026-05-01,annual,30\nDan,soon,2026-Q3,40\n";
    let deals: &[u8] = b"deal_id,stage,created_at,amount\n1,Won,2026-01-05,7\n";
    let folder = folder(&[("deals.csv", deals), ("quotas.csv", targets)]);
    let got = read(folder.path());
    let day = |day| sluice::model::calendar::date(day).to_string();
    let periods = got.dataset.targets.iter().map(|target| {
        format!("{} {} {}", target.owner, day(target.period_start), day(target.period_end))
    });
    let expected = [
        "Ann 2026-01-01 2026-04-01",
        "Cid 2026-01-01 2027-01-01",
        "Bob 2026-02-01 2026-03-01",
        "Dan 2026-07-01 2026-10-01",
    ];
    assert_eq!(periods.collect::<Vec<_>>(), expected);
}

/// Programs leave the currency of a deal empty until it has an amount, or because it is the company's.
#[test]
fn empty_cells_of_a_column_of_currencies_are_those_of_the_others() {
    let amounts = |rows: &str, own: &str| {
        let text = format!("deal_id,status,created_at,amount,currency\n{rows}");
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("deals.csv"), text).unwrap();
        let config = Config { currency: own.to_owned(), ..Config::default() };
        let got = try_read(folder.path(), &config).unwrap();
        let words = ["1", "2", "3"].map(|id| {
            let deal = find(&got, id).2;
            let code = got.dataset.names.get(deal.currency);
            deal.amount_minor.get().map_or(code.to_owned(), |minor| format!("{code} {minor}"))
        });
        (words, says(&got, "1 amount of"))
    };
    let words = |list: [&str; 3]| list.map(str::to_owned);
    let mostly = "1,open,2026-01-01,5,EUR\n2,open,2026-01-01,,\n3,open,2026-01-01,7,EUR\n";
    assert_eq!(amounts(mostly, "USD"), (words(["EUR 500", "EUR", "EUR 700"]), false));
    let valued = mostly.replace("2,open,2026-01-01,,", "2,open,2026-01-01,6,");
    assert_eq!(amounts(&valued, "USD"), (words(["EUR 500", "EUR 600", "EUR 700"]), true));
    assert_eq!(amounts(&valued, "CHF"), (words(["EUR 500", "CHF 600", "EUR 700"]), true));
    let two = valued.replace("7,EUR", "7,GBP");
    assert_eq!(amounts(&two, "USD"), (words(["EUR 500", "USD 600", "GBP 700"]), true));
    let yen = valued.replace("EUR", "JPY");
    assert_eq!(amounts(&yen, "USD"), (words(["JPY 5", "USD 600", "JPY 7"]), true), "no cents");
}

/// The row of a move into another pipeline is of that one, the stage that it leaves is not.
#[test]
fn a_deal_leaves_the_stage_of_the_pipeline_it_was_in() {
    let folder = tempfile::tempdir().unwrap();
    let deals = "deal_id,pipeline,stage,status,created_at\n1,Q,Talk,open,2026-01-01\n";
    let moves = "deal_id,pipeline,from_stage,to_stage,changed_at\n\
        1,P,,Lead,2026-01-01\n1,P,Lead,Demo,2026-01-10\n1,Q,Demo,In,2026-01-20\n\
        1,Q,In,Talk,2026-02-01\n1,Q,Talk,Demo,2026-02-02\n1,Q,Demo,Talk,2026-02-03\n";
    for (name, text) in [("deals", deals), ("stage_history", moves)] {
        std::fs::write(folder.path().join(format!("{name}.csv")), text).unwrap();
    }
    let got = try_read(folder.path(), &Config::default()).unwrap();
    assert!(!find(&got, "1").2.quality.contains(Quality::ChainBreak), "no break in the chain");
    let without_second = moves.lines().take(5).collect::<Vec<_>>().join("\n");
    std::fs::write(folder.path().join("stage_history.csv"), without_second).unwrap();
    let got = try_read(folder.path(), &Config::default()).unwrap();
    assert_eq!(visits(&got, "1").len(), 4);
    let names = &got.dataset.names;
    let stages = got.dataset.catalogue.stages.iter();
    let of_q = stages.filter(|stage| names.get(stage.pipeline) == "Q");
    let of_q: Vec<&str> = of_q.map(|stage| names.get(stage.name)).collect();
    assert!(!of_q.contains(&"Demo"), "{of_q:?}");
}

/// A log of activities has the time of its rows only; what is still to be done has no day then.
#[test]
fn activities_of_which_only_the_record_tells_the_time() {
    let deals = "deal_id,stage,status,amount,created_at,updated_at\n\
                 1,Demo,open,5,2026-01-05,2026-03-01 10:00:00\n";
    for (name, header) in [
        ("activities.csv", "deal_id,type,created_at,user_id,status"),
        ("log.csv", "deal_id,activity_type,created_on,created_by,status"),
        ("touches.csv", "id,deal_id,type,created_at,user_id,status"),
        ("calls.csv", "deal_id,note,created_at,user_id,status"),
    ] {
        let id = |number: u32| {
            if header.starts_with("id") { format!("{number},") } else { String::new() }
        };
        let rows = ["call,2026-01-08 10:00:00,ann,", "email,2026-01-09 10:00:00,ann,planned"];
        let rows = [1, 2].map(|n| format!("{}1,{}", id(n), rows[n as usize - 1]));
        let text = format!("{header}\n{}\n", rows.join("\n"));
        let got = read(folder(&[("deals.csv", deals.as_bytes()), (name, text.as_bytes())]).path());
        assert!(!says(&got, "is not read"), "{:?}", got.dataset.assumptions);
        let (partition, row, _) = find(&got, "1");
        let done = partition.activities.get(row).iter().map(|activity| {
            let words = [activity.kind, activity.owner].map(|word| got.dataset.names.get(word));
            (words, activity.done_at.get().is_some())
        });
        assert_eq!(done.collect::<Vec<_>>(), [(["call", "ann"], true)], "{name}");
    }
}
