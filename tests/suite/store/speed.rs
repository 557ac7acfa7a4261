//! How long a commit and a load of 100,000 deals take.

use sluice::model::{
    Activity, Catalogue, Dataset, Deal, Field, FieldChange, HistoryGrade, Names, Partition, Stage,
    StageId, StageKind, StoredVisit, Sym,
};

use super::made::Dice;
use super::{files, record, scratch};

const DAY: i64 = 86_400_000_000;
const SECOND: i64 = 1_000_000;
const MONTHS: usize = 48;

fn seconds(dice: &mut Dice, below: u64) -> i64 {
    dice.roll(below) as i64 * SECOND
}

fn words() -> Names {
    let mut words: Vec<String> = (0..60).map(|at| format!("005000000{at:03}")).collect();
    let others = ["call", "email", "meeting", "web", "EUR", "salesforce", "New", "p"];
    words.extend(others.map(String::from));
    words.extend((0..8).map(|at| format!("stage {at}")));
    let mut names = Names::default();
    for word in &words {
        names.intern(word);
    }
    names.sort();
    names
}

/// 48 months of deals, with 4.5 visits and 19 activities each.
fn large(deals: usize) -> Dataset {
    let mut dataset = Dataset { extracted_at: 20_000 * DAY, names: words(), ..Dataset::default() };
    let sym = |word: &str| dataset.names.find(word).unwrap();
    let stage = |at: u16| Stage {
        pipeline: sym("p"),
        name: sym(&format!("stage {at}")),
        order: Some(at + 1),
        kind: StageKind::Open,
        probability_bp: None,
        is_deleted: false,
        order_basis: Default::default(),
        kind_basis: Default::default(),
    };
    dataset.catalogue = Catalogue { stages: (0..8).map(stage).collect() };
    let mut dice = Dice(1);
    dataset.partitions =
        (0..MONTHS).map(|at| month(at, deals / MONTHS, &dataset.names, &mut dice)).collect();
    dataset
}

fn month(at: usize, deals: usize, names: &Names, dice: &mut Dice) -> Partition {
    let mut part = Partition { created_month: Some(600 + at as i32), ..Partition::default() };
    let kinds = ["call", "email", "meeting"].map(|word| names.find(word).unwrap());
    for row in 0..deals {
        let created = (18_262 + 30 * at as i64) * DAY + seconds(dice, 30 * 86_400);
        part.deal_ids.push(&format!("006{at:04}{row:08}AAA"));
        part.deal_names.push(&format!("Acme {} - {row}", dice.roll(100_000)));
        part.account_ids.push(&format!("001{:012}", dice.roll(40_000)));
        part.deals.push(deal(created, names, dice));
        let mut time = created;
        let count = 3 + dice.roll(4);
        part.visits.push((0..count).map(|_| {
            let entered_at = time;
            time += seconds(dice, 20 * 86_400);
            let stage = StageId(dice.roll(8) as u16);
            StoredVisit { stage, entered_at, exited_at: Some(time).into(), is_entry_known: true }
        }));
        let count = dice.roll(3);
        part.changes.push((0..count).map(|_| FieldChange {
            at: created + seconds(dice, 1000),
            field: Field::Amount,
            old: Some(dice.roll(1_000_000) as i64).into(),
            new: Some(dice.roll(1_000_000) as i64).into(),
        }));
        let (count, mut time) = (15 + dice.roll(9), created);
        part.activities.push((0..count).map(|_| {
            time += seconds(dice, 5 * 86_400);
            Activity {
                done_at: Some(time).into(),
                due_at: None.into(),
                kind: kinds[dice.roll(3) as usize],
                owner: Sym(1 + dice.roll(60) as u32),
                outcome: Sym::NONE,
                duration_seconds: (dice.roll(2) == 0).then(|| dice.roll(60) as u32 * 60).into(),
            }
        }));
    }
    part
}

fn deal(created: i64, names: &Names, dice: &mut Dice) -> Deal {
    let sym = |word: &str| names.find(word).unwrap();
    Deal {
        pipeline: sym("p"),
        stage: StageId(dice.roll(8) as u16),
        owner: Sym(1 + dice.roll(60) as u32),
        source: sym("web"),
        deal_type: sym("New"),
        currency: sym("EUR"),
        amount_minor: Some(dice.roll(10_000_000) as i64).into(),
        probability_bp: Some(dice.roll(100) as u32 * 100).into(),
        created_at: Some(created).into(),
        expected_close_on: Some(19_000 + dice.roll(400) as i32).into(),
        modified_at: Some(created + seconds(dice, 1_000_000)).into(),
        extracted_at: 20_000 * DAY,
        history_grade: HistoryGrade::Logged,
        crm: sym("salesforce"),
        ..Deal::default()
    }
}

/// Processor time of this process so far, user and system, in hundredths of a second (Linux).
fn processor() -> [u64; 2] {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    [13, 14].map(|at| stat.split(' ').nth(at).and_then(|f| f.parse().ok()).unwrap_or(0))
}

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let (begin, before) = (std::time::Instant::now(), processor());
    let result = work();
    let (wall, after) = (begin.elapsed(), processor());
    let [user, system] = [0, 1].map(|at| after[at] - before[at]);
    eprintln!("{what}: {wall:?}, processor {user} + {system} hundredths of a second");
    result
}

#[test]
#[ignore = "measures: run it alone, on an idle machine, with --nocapture"]
fn speed() {
    let fresh = large(100_000);
    for _ in 0..3 {
        let s = scratch();
        let (again, old) = (fresh.clone(), fresh.clone());
        timed("commit to an empty store", || s.store.commit(again, record("a.csv")).unwrap());
        let (_, loaded) = timed("load", || s.store.load(None).unwrap());
        assert_eq!(loaded.partitions.len(), MONTHS);
        assert!(loaded.partitions == old.partitions);
        let done = timed("the same again", || s.store.commit(old, record("a.csv")).unwrap());
        assert_eq!(done.partitions_written, 0);
        let sizes = files(s.store.root()).into_iter().map(|f| f.metadata().unwrap().len());
        eprintln!("{} bytes", sizes.sum::<u64>());
    }
}
