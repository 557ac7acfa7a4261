//! Events of one time: activities in the order of their ids, changes of a field one after another.

use std::fmt::Write;

use sluice::ingest::Ingested;
use sluice::model::config::PipelineConfig;
use sluice::model::{Config, Maybe, Quality, Sym};

use super::ingest::{find, folder, read, try_read, visits};

const DEALS: &str =
    "deal_id,stage,status,amount,owner,created_at\n1,Demo,open,100,ann,2026-01-01\n";

fn read_beside(name: &str, rows: &[String]) -> Ingested {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("deals.csv"), DEALS).unwrap();
    std::fs::write(folder.path().join(name), rows.join("\n") + "\n").unwrap();
    read(folder.path())
}

/// All orders of a few rows.
fn permutations(rows: &[String]) -> Vec<Vec<String>> {
    if rows.len() < 2 {
        return vec![rows.to_vec()];
    }
    let mut all = Vec::new();
    for at in 0..rows.len() {
        let mut rest = rows.to_vec();
        let first = rest.remove(at);
        for tail in permutations(&rest) {
            all.push([&[first.clone()][..], &tail].concat());
        }
    }
    all
}

/// Rows below a header, in all orders.
fn tables(header: &str, rows: &[String]) -> Vec<Vec<String>> {
    let tables = permutations(rows).into_iter();
    tables.map(|rows| [&[header.to_owned()][..], &rows].concat()).collect()
}

/// METRICS B4: `(done_at, activity_id)`. Types stand in no order of words, so that only ids tell.
#[test]
fn activities_of_one_time_are_in_the_order_of_their_ids() {
    let kinds = ["meeting", "call", "task", "email"];
    for ids in [
        ["9", "10", "11", "12"].map(str::to_owned),
        ["1", "2", "3", "4"].map(|n| format!("00T5g00000aBcD{n}EAF")),
        ["1", "2", "3", "4"].map(|n| format!("00T5g00000aBcD{n}")),
        ["1", "2", "3", "4"].map(|n| format!("572576700000049700{n}")),
        ["1", "2", "3", "4"].map(|n| format!("0195b5c0-7a3e-7c4d-8a51-00000000000{n}")),
    ] {
        let mut sorted: Vec<(&String, &str)> = ids.iter().zip(kinds).collect();
        sorted.sort();
        let expected: Vec<&str> = sorted.iter().map(|(_, kind)| *kind).collect();
        let rows: Vec<String> = ids
            .iter()
            .zip(kinds)
            .map(|(id, kind)| format!("{id},1,{kind},ann,2026-01-05 10:00:00"))
            .collect();
        for table in tables("activity_id,deal_id,type,owner,done_at", &rows) {
            let got = read_beside("activities.csv", &table);
            let (partition, row, _) = find(&got, "1");
            let kinds = partition.activities.get(row).iter().map(|a| got.dataset.names.get(a.kind));
            assert_eq!(kinds.collect::<Vec<_>>(), expected, "{table:?}");
        }
    }
}

/// QA1: of rows with one id that of the largest `(done_at, type, owner)` stays; ids that differ only in their
/// last letter are two.
#[test]
fn repeated_ids_of_any_length_are_one_activity() {
    for id in [
        "7",
        "00T5g00000aBcD1EAF",
        "f81d4fae-7dec-4fd0-8fff-fffffffffff1",
        "acti_0123456789abcdefghi1",
    ] {
        let other = format!("{}2", &id[..id.len() - 1]);
        let row = |id: &str, kind: &str, owner: &str, minute: u32| {
            format!("{id},1,{kind},{owner},2026-01-05 10:{minute:02}:00")
        };
        let rows = [
            row(id, "call", "cem", 5),
            row(id, "meeting", "ann", 5),
            row(id, "meeting", "bob", 5),
            row(id, "task", "bob", 4),
            row(&other, "call", "ann", 5),
        ];
        for table in tables("activity_id,deal_id,type,owner,done_at", &rows) {
            let got = read_beside("activities.csv", &table);
            let names = &got.dataset.names;
            let (partition, row, deal) = find(&got, "1");
            let kept = partition.activities.get(row).iter();
            let mut kept: Vec<_> = kept.map(|a| (names.get(a.kind), names.get(a.owner))).collect();
            kept.sort_unstable();
            assert_eq!(kept, [("call", "ann"), ("meeting", "bob")], "{table:?}");
            assert!(deal.quality.contains(Quality::DuplicateActivity));
        }
    }
}

#[test]
fn an_activity_known_by_its_day_is_not_before_a_deal_of_that_day() {
    let deals = "deal_id,stage,status,created_at\n1,Demo,open,2026-01-05 09:30:00\n";
    let activities =
        "deal_id,type,date\n1,call,2026-01-05\n1,email,2026-01-04\n1,task,2026-01-06\n";
    let files = [("deals.csv", deals.as_bytes()), ("activities.csv", activities.as_bytes())];
    let got = read(folder(&files).path());
    let (partition, row, deal) = find(&got, "1");
    let done = partition.activities.get(row).iter().map(|a| a.done_at.get().unwrap());
    let created = deal.created_at.get().unwrap();
    let since: Vec<i64> = done.map(|at| (at - created) / 60_000_000).collect();
    assert_eq!(since, [-(33 * 60 + 30), 0, 14 * 60 + 30]);
}

/// Changes of the deal as `old>new`.
fn changes(got: &Ingested) -> Vec<String> {
    let (partition, row, _) = find(got, "1");
    let names = &got.dataset.names;
    let shown = |value: Maybe<i64>, is_text: bool| match value.get() {
        Some(n) if is_text => names.get(Sym(n as u32)).to_owned(),
        Some(n) => n.to_string(),
        None => "-".to_owned(),
    };
    let all = partition.changes.get(row).iter();
    all.map(|c| [c.old, c.new].map(|value| shown(value, c.field.is_text())).join(">")).collect()
}

/// Each record has an id, so that equal rows are different changes (METRICS 3.2.1).
#[test]
fn changes_of_a_field_in_one_second_are_all_kept() {
    let head = "id,deal_id,field,old_value,new_value,changed_at";
    let at = "2026-01-05 10:00:00";
    for (field, [a, b, c]) in [("amount", ["100", "200", "300"]), ("owner", ["ann", "bob", "cem"])]
    {
        let shown = |old: &str, new: &str| match field {
            "amount" => format!("{old}00>{new}00"),
            _ => format!("{old}>{new}"),
        };
        for chain in [[(a, b), (b, a), (a, b)], [(a, b), (b, a), (a, c)], [(a, b), (b, c), (c, a)]]
        {
            let expected: Vec<String> = chain.iter().map(|(old, new)| shown(old, new)).collect();
            let row = |(n, (old, new)): (usize, &(&str, &str))| {
                format!("01{n},1,{field},{old},{new},{at}")
            };
            let rows: Vec<String> = chain.iter().enumerate().map(row).collect();
            for table in tables(head, &rows) {
                assert_eq!(
                    changes(&read_beside("field_changes.csv", &table)),
                    expected,
                    "{table:?}"
                );
                let twice = [&table[..], &table[1..]].concat();
                assert_eq!(
                    changes(&read_beside("field_changes.csv", &twice)),
                    expected,
                    "{twice:?}"
                );
            }
        }
    }
}

/// Salesforce tells each change of owner twice, by id and by name.
#[test]
fn owners_that_change_there_and_back_in_one_second_are_told_once() {
    let (ann, bob) = ("005A00000000001IAA", "005A00000000002IAA");
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write(
        "Opportunity.csv",
        &format!(
            "Id,IsDeleted,Name,StageName,IsClosed,IsWon,CloseDate,CreatedDate,OwnerId\n\
             006A0000a000001IAA,0,A,Offer,0,0,2026-07-01,2026-01-01 00:00:00,{bob}\n"
        ),
    );
    write("User.csv", &format!("Id,Name,IsActive,Username\n{ann},Ann,1,a\n{bob},Bob,1,b\n"));
    let mut rows = Vec::new();
    for (n, (old, new)) in [("ann", "bob"), ("bob", "ann"), ("ann", "bob")].iter().enumerate() {
        let id = |who: &str| if who == "ann" { ann } else { bob };
        let name = |who: &str| if who == "ann" { "Ann" } else { "Bob" };
        for (form, [old, new]) in
            [[id(old), id(new)], [name(old), name(new)]].into_iter().enumerate()
        {
            rows.push(format!("017A0000000000{n}{form}AA,0,006A0000a000001IAA,Owner,{old},{new},2026-01-05 10:00:00"));
        }
    }
    for at in 0..rows.len() {
        rows.rotate_left(at);
        let table = rows.join("\n");
        write(
            "OpportunityFieldHistory.csv",
            &format!("Id,IsDeleted,OpportunityId,Field,OldValue,NewValue,CreatedDate\n{table}\n"),
        );
        let got = try_read(folder.path(), &Config::default()).unwrap();
        let (partition, row, _) = find(&got, "006A0000a000001IAA");
        let owners: Vec<&str> = (partition.changes.get(row).iter())
            .map(|c| got.dataset.names.get(Sym(c.new.get().unwrap() as u32)))
            .collect();
        assert_eq!(owners, [bob, ann, bob], "{table}");
    }
}

/// The visits of deal 1 by rows of its history in all orders, which must not matter.
fn visited(deals: &str, rows: &[&str]) -> Vec<String> {
    // Deals that tell in which order stages are entered, Pause between Lead and Demo.
    const OTHERS: &str = "2,Lead,2026-01-01\n2,Pause,2026-01-02\n2,Demo,2026-01-03\n2,Won,2026-01-04\n\
        3,Lead,2026-01-01\n3,Lost,2026-01-05\n";
    let deals = format!(
        "deal_id,status,closed_at,created_at,stage\n{deals}\n2,won,2026-01-04,2026-01-01,\n\
         3,lost,2026-01-05,2026-01-01,\n"
    );
    let stages = ["Lead", "Demo"].map(str::to_owned).to_vec();
    let pipeline = PipelineConfig { stages, ..PipelineConfig::default() };
    let config = Config { pipeline: vec![pipeline], ..Config::default() };
    let rows: Vec<String> = rows.iter().map(|row| format!("1,{row}")).collect();
    let mut found: Vec<Vec<String>> = permutations(&rows)
        .iter()
        .map(|rows| {
            let log = format!("deal_id,stage,entered_at\n{OTHERS}{}\n", rows.join("\n"));
            let files = [("deals.csv", deals.as_bytes()), ("stage_history.csv", log.as_bytes())];
            let shown = visits(&try_read(folder(&files).path(), &config).unwrap(), "1");
            let stage = |visit: &String| visit.split('|').next().unwrap().to_owned();
            shown.iter().map(stage).collect()
        })
        .collect();
    found.dedup();
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

#[test]
fn moves_of_one_time_end_where_the_deal_is() {
    let there_and_back = ["Lead,2026-01-01", "Demo,2026-01-05", "Lead,2026-01-05"];
    assert_eq!(visited("1,open,,2026-01-01,Lead", &there_and_back), ["Lead", "Demo", "Lead"]);
    let reopened = ["Lead,2026-01-01", "Lost,2026-01-05", "Lead,2026-01-05"];
    assert_eq!(visited("1,open,,2026-01-01,", &reopened), ["Lead", "Lost", "Lead"]);
    let closed = ["Lead,2026-01-01", "Won,2026-01-05", "Lost,2026-01-05"];
    let lost = visited("1,lost,2026-01-05,2026-01-01,", &closed);
    assert_eq!(lost, ["Lead", "Won", "Lost"]);
    // The row of a closed deal may tell its last open stage.
    let won = ["Lead,2026-01-01", "Demo,2026-01-05", "Won,2026-01-05"];
    assert_eq!(visited("1,won,2026-01-05,2026-01-01,Demo", &won), ["Lead", "Demo", "Won"]);
    let two = ["Lead,2026-01-01", "Pause,2026-01-05", "Demo,2026-01-05"];
    assert_eq!(visited("1,open,,2026-01-01,Pause", &two), ["Lead", "Demo", "Pause"]);
}

/// A log may tell a stage again in the instant of the next move: that is no way back (QH10).
#[test]
fn a_stage_told_again_with_the_next_move_is_no_move() {
    let won = ["Lead,2026-01-01", "Demo,2026-01-03", "Demo,2026-01-05", "Won,2026-01-05"];
    assert_eq!(visited("1,won,2026-01-05,2026-01-01,", &won), ["Lead", "Demo", "Won"]);
    let later = ["Lead,2026-01-01", "Lead,2026-01-05", "Demo,2026-01-05", "Won,2026-01-09"];
    assert_eq!(visited("1,won,2026-01-09,2026-01-01,", &later), ["Lead", "Demo", "Won"]);
    let open = ["Lead,2026-01-01", "Lead,2026-01-05", "Demo,2026-01-05"];
    assert_eq!(visited("1,open,,2026-01-01,", &open), ["Lead", "Demo"]);
    // Where deals are seen to come back and no stage is told twice, it came back here too.
    let back = ["Lead,2026-01-01", "Demo,2026-01-02", "Lead,2026-01-03"];
    let back = [&back[..], &["Lead,2026-01-05", "Demo,2026-01-05"]].concat();
    let shown = visited("1,open,,2026-01-01,", &back);
    assert_eq!(shown, ["Lead", "Demo", "Lead", "Demo", "Lead"]);
}

/// Rows with amounts may be changes of those: the one of Lead on the fifth is no move, the one on the ninth is.
#[test]
fn a_move_back_after_rows_of_one_time_is_kept() {
    let rows = ["Lead,2026-01-01,1", "Lead,2026-01-05,2", "Demo,2026-01-05,2", "Lead,2026-01-09,2"];
    for rows in permutations(&rows.map(|row| format!("1,{row}"))) {
        let log = format!(
            "deal_id,stage,entered_at,amount\n{}\n2,Lead,2026-01-01,1\n2,Demo,2026-01-04,1\n",
            rows.join("\n")
        );
        let deals = "deal_id,status,created_at\n1,open,2026-01-01\n2,open,2026-01-01\n";
        let files = [("deals.csv", deals.as_bytes()), ("stage_history.csv", log.as_bytes())];
        let shown = visits(&read(folder(&files).path()), "1");
        let stages: Vec<&str> = shown.iter().filter_map(|visit| visit.split('|').next()).collect();
        assert_eq!(stages, ["Lead", "Demo", "Lead"]);
    }
}

/// One log tells where each move began and the other does not: it is one move (QH5).
#[test]
fn a_move_that_two_logs_tell_is_one() {
    let files = [
        ("deals.csv", "deal_id,status,created_at\n1,open,2026-01-01\n"),
        (
            "stage_history.csv",
            "deal_id,stage,entered_at\n1,Lead,2026-01-01\n1,Demo,2026-01-05\n1,Lead,2026-01-05\n\
             1,Offer,2026-01-09\n",
        ),
        (
            "stage_changes.csv",
            "deal_id,from_stage,to_stage,changed_at\n1,,Lead,2026-01-01\n1,Lead,Demo,2026-01-05\n\
             1,Demo,Lead,2026-01-05\n1,Lead,Offer,2026-01-09\n",
        ),
    ];
    let files = files.map(|(name, text)| (name, text.as_bytes()));
    let shown = visits(&read(folder(&files).path()), "1");
    let stages: Vec<&str> = shown.iter().filter_map(|visit| visit.split('|').next()).collect();
    assert_eq!(stages, ["Lead", "Demo", "Lead", "Offer"]);
}

/// Pause has no place in the order, but is entered between Lead and Demo.
#[test]
fn a_stage_without_a_place_stands_between_the_others_of_its_time() {
    let rows = ["Lead,2026-01-05", "Pause,2026-01-05", "Demo,2026-01-05"];
    assert_eq!(visited("1,open,,2026-01-05,", &rows), ["Lead", "Pause", "Demo"]);
}

/// Deals are refused after a check more often than after an approval, yet never approved after they were refused.
#[test]
fn a_stage_without_a_place_stands_where_deals_come_to_it_and_go_on_from() {
    let others = ["Check,Refused,Returned,Sent,Check,Approved,Refused,Returned,Sent"; 3];
    let mut log = "deal_id,stage,entered_at\n".to_owned();
    for (deal, stages) in others.iter().enumerate() {
        for (day, stage) in stages.split(',').enumerate() {
            let _ = writeln!(log, "{},{stage},2026-01-{:02}", deal + 2, day + 5);
        }
    }
    let stages = ["Sent", "Check", "Approved"].map(str::to_owned).to_vec();
    let pipeline = PipelineConfig { stages, ..PipelineConfig::default() };
    let config = Config { pipeline: vec![pipeline], ..Config::default() };
    let tied = ["Check", "Approved", "Refused", "Returned"];
    for rows in permutations(&tied.map(|stage| format!("1,{stage},2026-02-05"))) {
        let log = format!("{log}1,Sent,2026-02-01\n{}\n1,Sent,2026-02-09\n", rows.join("\n"));
        let files = [("stage_history.csv", log.as_bytes())];
        let shown = visits(&try_read(folder(&files).path(), &config).unwrap(), "1");
        let stages: Vec<&str> = shown.iter().filter_map(|visit| visit.split('|').next()).collect();
        assert_eq!(stages, [&["Sent"], &tied[..], &["Sent"]].concat(), "{rows:?}");
    }
}

#[test]
fn a_deal_that_is_open_though_its_history_ends_closed_is_open() {
    let rows = ["Lead,2026-01-01", "Lost,2026-01-04"];
    assert_eq!(visited("1,open,,2026-01-01,", &rows), ["Lead", "Lost", "__UNKNOWN__"]);
}
