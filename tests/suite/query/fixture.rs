//! A small dataset whose answers can be worked out by hand.
//!
//! Two pipelines' worth of nothing: one pipeline `Sales` with the stages Qualify, Offer, Won, Lost.
//! d1 is won on 2026-01-20, d2 is lost on 2026-02-01 from Qualify, d3 and d4 are open; d5 is created
//! after `as_of` 2026-03-01 and must not be seen.

use sluice::model::{
    Account, Activity, AsOf, Catalogue, Config, Dataset, Deal, Field, FieldChange, HistoryGrade,
    Micros, Names, Partition, Quality, QualityCount, QualitySet, Reject, Run, Stage, StageId,
    StageKind, Status, StoredVisit, Sym, User, calendar,
};

use crate::rows::day;

fn at(text: &str) -> Micros {
    i64::from(day(text)) * calendar::DAY_MICROS + 36_000_000_000
}

const WORDS: [&str; 14] = [
    "Sales",
    "Qualify",
    "Offer",
    "Won",
    "Lost",
    "u1",
    "u2",
    "web",
    "USD",
    "no budget",
    "call",
    "email",
    "generic",
    "cancelled",
];

fn names() -> Names {
    let mut names = Names::default();
    for word in WORDS {
        names.intern(word);
    }
    names.sort();
    names
}

fn catalogue(names: &Names) -> Catalogue {
    let stage = |name: &str, order, kind| Stage {
        pipeline: names.find("Sales").unwrap(),
        name: names.find(name).unwrap(),
        order,
        kind,
        probability_bp: None,
        is_deleted: false,
        order_basis: Default::default(),
        kind_basis: Default::default(),
    };
    let mut catalogue = Catalogue {
        stages: vec![
            stage("Qualify", Some(1), StageKind::Open),
            stage("Offer", Some(2), StageKind::Open),
            stage("Won", None, StageKind::Won),
            stage("Lost", None, StageKind::Lost),
        ],
    };
    catalogue.sort(names);
    catalogue
}

struct Life<'l> {
    id: &'l str,
    owner: &'l str,
    source: &'l str,
    amount_minor: Option<i64>,
    visits: &'l [(&'l str, &'l str)],
    activities: &'l [(&'l str, &'l str, &'l str)],
}

const LIVES: [Life<'_>; 5] = [
    Life {
        id: "d1",
        owner: "u1",
        source: "web",
        amount_minor: Some(100_000),
        visits: &[("Qualify", "2026-01-05"), ("Offer", "2026-01-10"), ("Won", "2026-01-20")],
        activities: &[("call", "2026-01-06", ""), ("email", "2026-01-12", "")],
    },
    Life {
        id: "d2",
        owner: "u2",
        source: "",
        amount_minor: Some(50_000),
        visits: &[("Qualify", "2026-01-06"), ("Lost", "2026-02-01")],
        activities: &[("call", "2026-01-07", "cancelled")],
    },
    Life {
        id: "d3",
        owner: "u1",
        source: "web",
        amount_minor: Some(300_000),
        visits: &[("Qualify", "2026-02-10"), ("Offer", "2026-02-15")],
        activities: &[("call", "2026-02-20", ""), ("call", "2026-03-05", "")],
    },
    Life {
        id: "d4",
        owner: "u2",
        source: "",
        amount_minor: None,
        visits: &[("Qualify", "2026-02-11")],
        activities: &[],
    },
    Life {
        id: "d5",
        owner: "u2",
        source: "web",
        amount_minor: Some(1),
        visits: &[("Qualify", "2026-03-04")],
        activities: &[],
    },
];

fn deal(life: &Life<'_>, names: &Names) -> Deal {
    let last = life.visits[life.visits.len() - 1];
    let status = match last.0 {
        "Won" => Status::Won,
        "Lost" => Status::Lost,
        _ => Status::Open,
    };
    let mut quality = QualitySet::default();
    if life.amount_minor.is_none() {
        quality.insert(Quality::NullAmount);
    }
    let word = |word: &str| names.find(word).unwrap();
    Deal {
        pipeline: word("Sales"),
        stage: stage(last.0, names),
        status,
        owner: word(life.owner),
        source: word(life.source),
        lost_reason: if status == Status::Lost { word("no budget") } else { Sym::NONE },
        currency: word("USD"),
        amount_minor: life.amount_minor.into(),
        probability_bp: (life.id == "d3").then_some(5000).into(),
        created_at: Some(at(life.visits[0].1)).into(),
        closed_at: (status != Status::Open).then(|| at(last.1)).into(),
        expected_close_on: (life.id == "d3").then(|| day("2026-04-10")).into(),
        extracted_at: at("2026-03-10"),
        history_grade: HistoryGrade::Logged,
        quality,
        crm: word("generic"),
        ..Deal::default()
    }
}

fn stage(name: &str, names: &Names) -> StageId {
    catalogue(names).find(names.find("Sales").unwrap(), names.find(name).unwrap()).unwrap()
}

/// The dataset.
pub(crate) fn dataset() -> Dataset {
    let names = names();
    let mut partition = Partition { created_month: None, ..Default::default() };
    for life in &LIVES {
        partition.deal_ids.push(life.id);
        partition.deal_names.push("<script>");
        partition.account_ids.push("");
        partition.deals.push(deal(life, &names));
        let exits = life.visits.iter().skip(1).map(|v| Some(at(v.1))).chain([None]);
        let visits = life.visits.iter().zip(exits).map(|(visit, exited_at)| StoredVisit {
            stage: stage(visit.0, &names),
            entered_at: at(visit.1),
            exited_at: exited_at.into(),
            is_entry_known: true,
        });
        partition.visits.push(visits.collect::<Vec<_>>());
        let changes = [FieldChange {
            at: at("2026-02-20"),
            field: Field::Amount,
            old: Some(200_000).into(),
            new: Some(300_000).into(),
        }];
        partition.changes.push(changes.into_iter().filter(|_| life.id == "d3"));
        let activities = life.activities.iter().map(|(kind, done, outcome)| Activity {
            done_at: Some(at(done)).into(),
            due_at: None.into(),
            kind: names.find(kind).unwrap(),
            owner: names.find(life.owner).unwrap(),
            outcome: names.find(outcome).unwrap(),
            duration_seconds: None.into(),
        });
        partition.activities.push(activities.collect::<Vec<_>>());
    }
    let user = |id: &str, name: &str, team: &str| User {
        user_id: id.to_owned(),
        name: name.to_owned(),
        team: team.to_owned(),
        ..Default::default()
    };
    Dataset {
        catalogue: catalogue(&names),
        partitions: vec![partition],
        loose_activities: vec![Activity {
            done_at: Some(at("2026-01-13")).into(),
            due_at: None.into(),
            kind: names.find("email").unwrap(),
            owner: Sym::NONE,
            outcome: Sym::NONE,
            duration_seconds: Some(90).into(),
        }],
        users: vec![user("u1", "Ann", "North"), user("u2", "Bob", "")],
        accounts: vec![Account::default()],
        rejects: vec![reject(7, "x"), reject(3, "y")],
        quality: vec![QualityCount {
            code: Quality::NullAmount,
            table: "deals".to_owned(),
            rows: 1,
            deals: 1,
            sample_ids: vec!["d4".to_owned()],
        }],
        extracted_at: at("2026-03-10"),
        names,
        ..Default::default()
    }
}

fn reject(row: u64, value: &str) -> Reject {
    Reject {
        file: "deals.csv".to_owned(),
        row,
        column: "amount".to_owned(),
        value: value.to_owned(),
        reason: "no number".to_owned(),
        is_row: false,
    }
}

/// Its run, as of 2026-03-01.
pub(crate) fn run(dataset: &Dataset) -> Run {
    Run::new(Config::default(), Some(AsOf::Day(day("2026-03-01"))), dataset).unwrap()
}

/// The run of an empty dataset.
pub(crate) fn empty() -> (Dataset, Run) {
    let dataset = Dataset::default();
    let run = Run::new(Config::default(), Some(AsOf::Day(day("2026-03-01"))), &dataset).unwrap();
    (dataset, run)
}
