//! Small datasets made from a seed, and all of a dataset as text that does not depend on numbering.

use std::fmt::Write;

use rayon::prelude::*;

use sluice::model::{
    Account, Activity, Basis, Catalogue, Dataset, Deal, Field, FieldChange, Forecast, HistoryGrade,
    Ledger, Names, Partition, Payment, Quality, QualitySet, Reject, Stage, StageId, StageKind,
    Status, StoredVisit, Sym, Target, User, calendar,
};

const DAY: i64 = calendar::DAY_MICROS;

/// What to make.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// Decides everything else.
    pub(crate) seed: u64,
    /// The number of deals; the same seed gives the same first deals, but for `day`.
    pub(crate) deals: usize,
    /// The day of the export.
    pub(crate) day: i64,
    /// Whether there are activities.
    pub(crate) has_activities: bool,
}

impl Default for Shape {
    fn default() -> Self {
        Self { seed: 1, deals: 20, day: 19_000, has_activities: true }
    }
}

pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self, sides: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn maybe<T>(&mut self, value: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.roll(3) > 0).then(|| value(self))
    }

    fn at(&mut self, from: i64) -> i64 {
        from + self.roll(90 * 86_400) as i64 * 1_000_000 + self.roll(1_000_000) as i64
    }
}

/// Stages of two pipelines; `more` adds one that not every export has.
fn catalogue(names: &mut Names, more: bool) -> Vec<Stage> {
    let mut stages = Vec::new();
    let mut add = |pipeline: &str, name: &str, order, kind| {
        stages.push(Stage {
            pipeline: names.intern(pipeline),
            name: names.intern(name),
            order,
            kind,
            probability_bp: order.map(|o| u32::from(o) * 1000),
            is_deleted: order.is_none() && kind == StageKind::Open,
            order_basis: Basis::Declared,
            kind_basis: Basis::Configured,
        });
    };
    for pipeline in ["Größe <b>", "New"] {
        add(pipeline, "Qualify", Some(1), StageKind::Open);
        add(pipeline, "Propose", Some(2), StageKind::Open);
        add(pipeline, "Old", None, StageKind::Open);
        add(pipeline, "Won", None, StageKind::Won);
        add(pipeline, "Lost", None, StageKind::Lost);
    }
    if more {
        add("New", "Pilot", Some(3), StageKind::Open);
    }
    stages
}

/// A dataset of this shape, as ingest would hand it on.
pub(crate) fn dataset(shape: Shape) -> Dataset {
    let mut dice = Dice(shape.seed ^ (shape.day as u64) << 20);
    let mut dataset = Dataset { extracted_at: shape.day * DAY, ..Dataset::default() };
    let stages = catalogue(&mut dataset.names, dice.roll(2) == 0);
    dataset.catalogue = Catalogue { stages };
    for word in ["EUR", "USD", "anna", "bert", "call", "commit", "email", "no_show", "web", "é"] {
        dataset.names.intern(word);
    }
    if dice.roll(2) == 0 {
        dataset.names.intern("aaa only here");
    }
    dataset.names.sort();
    let stages = catalogue(&mut dataset.names, dataset.catalogue.stages.len() > 10);
    dataset.catalogue = Catalogue { stages };
    dataset.catalogue.sort(&dataset.names);
    deals(shape, &mut dice, &mut dataset);
    small(shape, &mut dice, &mut dataset);
    dataset
}

fn deals(shape: Shape, dice: &mut Dice, dataset: &mut Dataset) {
    let mut months: std::collections::BTreeMap<(bool, i32), Partition> = Default::default();
    let mut ids: Vec<String> = (0..shape.deals).map(|at| format!("d-{at}")).collect();
    ids.sort();
    for id in ids {
        let start = 18_500 * DAY + dice.roll(3) as i64 * 40 * DAY;
        let created = (dice.roll(20) > 0).then(|| dice.at(start));
        let month = created.map(|at| calendar::month_index(at.div_euclid(DAY) as i32));
        let part = months.entry((month.is_none(), month.unwrap_or(0))).or_default();
        part.created_month = month;
        part.deal_ids.push(&id);
        part.deal_names.push(["", "Acme", "<script>\n\"x\"", "Ünï"][dice.roll(4) as usize]);
        part.account_ids.push(["", "a1", "a2"][dice.roll(3) as usize]);
        let deal = deal(shape, dice, dataset, created);
        part.deals.push(deal);
        let mut at = created.unwrap_or(0);
        let count = dice.roll(4);
        part.visits.push((0..count).map(|_| {
            let entered_at = at;
            at = dice.at(at);
            StoredVisit {
                stage: StageId(dice.roll(dataset.catalogue.stages.len() as u64) as u16),
                entered_at,
                exited_at: dice.maybe(|_| at).into(),
                is_entry_known: dice.roll(4) > 0,
            }
        }));
        let changes: Vec<FieldChange> = (0..dice.roll(3)).map(|_| change(dice, dataset)).collect();
        part.changes.push(changes);
        let count = if shape.has_activities { dice.roll(5) } else { 0 };
        let mut list: Vec<Activity> = (0..count).map(|_| activity(dice, dataset)).collect();
        list.sort();
        part.activities.push(list);
    }
    dataset.partitions = months.into_values().collect();
}

fn word(dice: &mut Dice, dataset: &Dataset) -> Sym {
    Sym(dice.roll(dataset.names.len() as u64) as u32)
}

fn deal(shape: Shape, dice: &mut Dice, dataset: &Dataset, created_at: Option<i64>) -> Deal {
    let stage = StageId(dice.roll(dataset.catalogue.stages.len() as u64) as u16);
    let mut quality = QualitySet::default();
    for _ in 0..dice.roll(3) {
        quality.insert(Quality::ALL[dice.roll(5) as usize]);
    }
    Deal {
        pipeline: dataset.catalogue.get(stage).pipeline,
        stage,
        status: [Status::Open, Status::Won, Status::Lost][dice.roll(3) as usize],
        owner: word(dice, dataset),
        source: word(dice, dataset),
        deal_type: word(dice, dataset),
        product: Sym::NONE,
        lost_reason: word(dice, dataset),
        forecast_category: word(dice, dataset),
        currency: word(dice, dataset),
        amount_minor: dice.maybe(|d| d.roll(1_000_000) as i64 - 500_000).into(),
        probability_bp: dice.maybe(|d| d.roll(10_001) as u32).into(),
        created_at: created_at.into(),
        closed_at: dice.maybe(|d| d.at(18_600 * DAY)).into(),
        expected_close_on: dice.maybe(|d| d.roll(30_000) as i32 - 100).into(),
        modified_at: dice.maybe(|d| d.at(-5 * DAY)).into(),
        deleted_at: dice.maybe(|d| d.at(18_600 * DAY)).into(),
        extracted_at: shape.day * DAY,
        history_grade: HistoryGrade::ALL[dice.roll(7) as usize],
        quality,
        crm: dataset.names.find("web").unwrap(),
    }
}

fn change(dice: &mut Dice, dataset: &Dataset) -> FieldChange {
    let field = Field::ALL[dice.roll(5) as usize];
    let value = |dice: &mut Dice| match field.is_text() {
        true => Some(i64::from(word(dice, dataset).0)).filter(|&sym| sym > 0),
        false => dice.maybe(|d| d.roll(1000) as i64 - 10),
    };
    FieldChange {
        at: dice.at(18_500 * DAY),
        field,
        old: value(dice).into(),
        new: value(dice).into(),
    }
}

fn activity(dice: &mut Dice, dataset: &Dataset) -> Activity {
    Activity {
        done_at: dice.maybe(|d| d.at(18_500 * DAY)).into(),
        due_at: dice.maybe(|d| d.at(18_500 * DAY)).into(),
        kind: word(dice, dataset),
        owner: word(dice, dataset),
        outcome: word(dice, dataset),
        duration_seconds: dice.maybe(|d| d.roll(4_000_000_000) as u32).into(),
    }
}

fn small(shape: Shape, dice: &mut Dice, dataset: &mut Dataset) {
    if shape.has_activities {
        let count = dice.roll(6);
        dataset.loose_activities = (0..count).map(|_| activity(dice, dataset)).collect();
        dataset.loose_activities.sort();
    }
    for at in 0..dice.roll(4) {
        let user_id = format!("u{}", at * 2 + dice.roll(2));
        dataset.users.push(User {
            user_id,
            name: format!("name {}", dice.roll(3)),
            team: ["", "red"][dice.roll(2) as usize].into(),
            email: String::new(),
            is_active: dice.maybe(|d| d.roll(2) == 0),
            started_on: dice.maybe(|d| d.roll(100) as i32),
        });
        let account_id = format!("a{at}");
        dataset.accounts.push(Account {
            account_id,
            name: format!("{}", dice.roll(3)),
            industry: String::new(),
        });
        dataset.targets.push(Target {
            owner: format!("u{at}"),
            team: String::new(),
            period_start: 19_000,
            period_end: 19_090,
            measure: "bookings".into(),
            value: dice.roll(100) as i64,
            currency: "EUR".into(),
        });
        dataset.forecasts.push(Forecast {
            snapshot_on: 18_990 + at as i32,
            period_start: 19_000,
            period_end: 19_090,
            owner: String::new(),
            category: "commit".into(),
            deal_id: "d-1".into(),
            amount_minor: dice.roll(100) as i64,
            currency: "EUR".into(),
        });
    }
    for _ in 0..dice.roll(6) {
        dataset.payments.push(Payment {
            deal_id: format!("d-{}", dice.roll(3)),
            paid_at: (19_000 + dice.roll(2) as i64) * DAY,
            amount_minor: dice.roll(100) as i64 - 20,
            currency: "EUR".into(),
        });
    }
    dataset.payments.sort();
    for row in 0..dice.roll(3) {
        dataset.rejects.push(Reject {
            file: ["a.csv", "b.csv"][dice.roll(2) as usize].into(),
            row: 2 + row,
            column: "amount".into(),
            value: "1,0,0".into(),
            reason: "not a number".into(),
            is_row: dice.roll(2) == 0,
        });
    }
    dataset.rejects.sort();
    let mut ledger = Ledger::knowing_owners(dataset.partitions.par_iter());
    dataset.partitions.iter().for_each(|part| ledger.add_deals(part));
    let repeats = |dice: &mut Dice| dice.roll(3);
    ledger.add_rows(Quality::DuplicateRow, "deals", repeats(dice), &["d-1", "d-0"]);
    ledger.add_rows(Quality::DuplicateActivity, "activities", repeats(dice), &["d-2"]);
    dataset.quality = ledger.finish();
    dataset.assumptions = vec![format!("assumed {}", dice.roll(2))];
}

/// All of a dataset, with words for symbols.
pub(crate) fn text(dataset: &Dataset) -> String {
    let mut out = String::new();
    let word = |sym: Sym| dataset.names.get(sym);
    let stage = |id: StageId| {
        let stage = dataset.catalogue.get(id);
        format!("{}/{}", word(stage.pipeline), word(stage.name))
    };
    let activity = |a: &Activity| {
        let words = [a.kind, a.owner, a.outcome].map(word);
        format!("{:?} {:?} {words:?} {:?}", a.done_at, a.due_at, a.duration_seconds)
    };
    for (at, s) in dataset.catalogue.stages.iter().enumerate() {
        let rest = (s.order, s.kind, s.probability_bp, s.is_deleted, s.order_basis, s.kind_basis);
        writeln!(out, "stage {} {rest:?}", stage(StageId(at as u16))).unwrap();
    }
    for part in &dataset.partitions {
        writeln!(out, "month {:?}", part.created_month).unwrap();
        for (row, d) in part.deals.iter().enumerate() {
            let texts = [&part.deal_ids, &part.deal_names, &part.account_ids].map(|t| t.get(row));
            let words = [
                d.pipeline,
                d.owner,
                d.source,
                d.deal_type,
                d.product,
                d.lost_reason,
                d.forecast_category,
                d.currency,
                d.crm,
            ]
            .map(word);
            let bare = Deal {
                stage: StageId(0),
                pipeline: Sym(0),
                owner: Sym(0),
                source: Sym(0),
                deal_type: Sym(0),
                product: Sym(0),
                lost_reason: Sym(0),
                forecast_category: Sym(0),
                currency: Sym(0),
                crm: Sym(0),
                ..*d
            };
            writeln!(out, "deal {texts:?} {words:?} {} {bare:?}", stage(d.stage)).unwrap();
            for v in part.visits.get(row) {
                let times = (v.entered_at, v.exited_at, v.is_entry_known);
                writeln!(out, "  visit {} {times:?}", stage(v.stage)).unwrap();
            }
            for c in part.changes.get(row) {
                let value = |v: Option<i64>| match v {
                    Some(n) if c.field.is_text() => word(Sym(n as u32)).to_owned(),
                    other => format!("{other:?}"),
                };
                writeln!(
                    out,
                    "  change {} {:?} {} {}",
                    c.at,
                    c.field,
                    value(c.old.get()),
                    value(c.new.get())
                )
                .unwrap();
            }
            for a in part.activities.get(row) {
                writeln!(out, "  activity {}", activity(a)).unwrap();
            }
        }
    }
    for a in &dataset.loose_activities {
        writeln!(out, "loose {}", activity(a)).unwrap();
    }
    let small = (&dataset.users, &dataset.accounts, &dataset.targets, &dataset.forecasts);
    writeln!(out, "{small:#?}").unwrap();
    writeln!(out, "{:#?}", dataset.payments).unwrap();
    let rest = (&dataset.rejects, &dataset.quality, dataset.extracted_at, &dataset.assumptions);
    writeln!(out, "{rest:#?}").unwrap();
    out
}
