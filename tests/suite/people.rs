//! People whom files name in different ways are one person where the table of users tells so.

use sluice::metrics::{METRICS, compute};
use sluice::model::calendar::day_of;
use sluice::model::{AsOf, Config, Run};
use sluice::output::{Format, write};

use crate::ingest::try_read;

/// Rows of each file; `{ann}`, `{bob}` and `{cy}` are people.
const DEALS: &str = "deal_id,stage,status,owner,amount,created_at,closed_at,expected_close_date\n\
    1,Won,won,{ann},100,2026-01-05,2026-02-03,\n2,Lost,lost,{ann},50,2026-01-06,2026-02-10,\n\
    3,Won,won,{bob},70,2026-01-07,2026-03-01,\n4,Demo,open,{bob},90,2026-02-08,,2026-04-20\n\
    5,Demo,open,{ann},40,2026-02-08,,2026-05-20\n6,Won,won,{ann},10,2026-02-09,2026-03-20,\n";
const USERS: &str = "user_id,name,email,team,started_on\nu1,Ann Lee,ann@x.test,North,2025-11-01\n\
    u2,Bob Ray,bob@x.test,South,2025-12-01\nu3,Cy Poe,cy@x.test,South,2026-03-01\n";
const ACTIVITIES: &str = "deal_id,owner,type,done_at\n1,{ann},call,2026-01-10\n1,{bob},call,2026-01-11\n\
    2,{ann},meeting,2026-01-12\n3,{bob},call,2026-02-12\n4,{bob},email,2026-03-12\n,{ann},call,2026-03-13\n\
    5,{cy},call,2026-03-16\n";
const CHANGES: &str = "deal_id,changed_at,field,old_value,new_value\n3,2026-02-20,owner,{ann},{bob}\n\
    4,2026-03-10,owner,{cy},{bob}\n";
const TARGETS: &str = "owner,period,measure,target\n{ann},2026-Q1,bookings,200\n{bob},2026-Q1,bookings,100\n\
    {ann},2026-Q1,activities,5\n{cy},2026-Q1,wins,2\n{ann},2026-03,wins,1\n";
const FORECASTS: &str = "snapshot_date,period,owner,category,amount\n2026-01-01,2026-Q1,{ann},commit,150\n\
    2026-01-01,2026-Q1,{bob},commit,60\n2026-01-01,2026-Q1,{cy},commit,5\n";

const PEOPLE: [&str; 3] = ["ann", "bob", "cy"];
type Spelling = [&'static str; 3];
const IDS: Spelling = ["u1", "u2", "u3"];
const NAMES: Spelling = ["Ann Lee", "Bob Ray", "Cy Poe"];
const OTHERS: [Spelling; 3] = [
    ["ann@x.test", "BOB@x.test", "cy@X.test"],
    ["Lee, Ann", "Ray, Bob", "Poe,Cy"],
    ["ANN LEE", "bob  ray", "Cy Poe"],
];

/// All metrics as CSV, of files that spell people so: the deals, and all others.
fn tables(users: &str, deals: Spelling, others: Spelling) -> Vec<(&'static str, String)> {
    tables_of(DEALS, users, deals, others)
}

fn tables_of(
    rows: &str,
    users: &str,
    deals: Spelling,
    others: Spelling,
) -> Vec<(&'static str, String)> {
    let dir = tempfile::tempdir().unwrap();
    let spelled = |text: &str, how: Spelling| {
        PEOPLE.iter().zip(how).fold(text.to_owned(), |text, (who, how)| {
            text.replace(&format!("{{{who}}}"), &format!("\"{how}\""))
        })
    };
    for (name, text, how) in [
        ("deals", rows, deals),
        ("users", users, IDS),
        ("activities", ACTIVITIES, others),
        ("targets", TARGETS, others),
        ("forecasts", FORECASTS, others),
        ("field_changes", CHANGES, others),
    ] {
        std::fs::write(dir.path().join(format!("{name}.csv")), spelled(text, how)).unwrap();
    }
    let config = Config::default();
    let dataset = try_read(dir.path(), &config).unwrap().dataset;
    let as_of = AsOf::Day(day_of("2026-03-31".parse().unwrap()));
    let run = Run::new(config, Some(as_of), &dataset).unwrap();
    let computed = compute(METRICS, &dataset, &run).unwrap();
    METRICS
        .iter()
        .zip(computed)
        .map(|(metric, table)| {
            let mut csv = Vec::new();
            write(&table, Format::Csv, &mut csv).unwrap();
            (metric.about().name, String::from_utf8(csv).unwrap())
        })
        .collect()
}

#[test]
fn spellings_of_a_user_are_one_person() {
    let wanted = tables(USERS, IDS, IDS);
    let attained = &wanted.iter().find(|(name, _)| *name == "goal_attainment").unwrap().1;
    assert!(attained.contains("Ann Lee") && attained.contains("Cy Poe"), "{attained}");
    for deals in [IDS, NAMES, OTHERS[0], OTHERS[1]] {
        for others in [IDS, NAMES, OTHERS[0], OTHERS[1], OTHERS[2]] {
            for (wanted, found) in wanted.iter().zip(tables(USERS, deals, others)) {
                assert_eq!(wanted.1, found.1, "{} with {deals:?} and {others:?}", found.0);
            }
        }
    }
}

/// One file has the ids of owners, another their names, and a third their addresses.
#[test]
fn owners_whom_deals_spell_differently_are_one_person() {
    let wanted = tables(USERS, IDS, IDS);
    let mixed = DEALS.replacen("{ann}", "Ann Lee", 1).replacen("{ann}", "ANN@x.test", 1);
    let mixed = mixed.replacen("{bob}", "\"Ray, Bob\"", 1);
    for (wanted, found) in wanted.iter().zip(tables_of(&mixed, USERS, IDS, OTHERS[1])) {
        assert_eq!(wanted.1, found.1, "{}", found.0);
    }
}

#[test]
fn a_name_that_two_users_share_is_nobody() {
    let users = USERS.replace("Bob Ray", "Ann Lee");
    let by_name = tables(&users, IDS, ["Ann Lee", "u2", "u3"]);
    let attained = &by_name.iter().find(|(name, _)| *name == "goal_attainment").unwrap().1;
    let cells = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
    let header = cells(attained.lines().next().unwrap());
    let place = |name: &str| header.iter().position(|column| column == name).unwrap();
    let rows: Vec<_> = attained.lines().map(cells).collect();
    let of = |owner: &str| rows.iter().filter(|row| row[place("owner")] == owner).count();
    assert_eq!((of("Ann Lee"), of("Ann Lee (u1)"), of("Ann Lee (u2)")), (3, 0, 1), "{attained}");
}
