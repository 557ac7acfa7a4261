//! Invariants 11 to 13: visits, on random and hostile histories.

use proptest::prelude::*;
use sluice::ingest::catalogue::{self, Precedence, StageEvidence};
use sluice::ingest::history::{self, Built, Change, DealInput, Shape};
use sluice::model::calendar::DAY_MICROS;
use sluice::model::run::AsOf;
use sluice::model::{
    Catalogue, Config, Deal, Micros, Names, Run, Scratch, StageId, Status, Sym, UNKNOWN_STAGE,
};

use crate::history::{blank_deal, context, dataset};

/// Stages of the tests: four in order, one without, the unknown one, won, lost.
const STAGES: u16 = 8;
const EXTRACT: Micros = 60 * DAY_MICROS;

fn world() -> (Names, Catalogue) {
    let mut names = Names::default();
    for word in ["S1", "S2", "S3", "S4", "Side", "Won", "Lost", UNKNOWN_STAGE, "ann", "bob"] {
        names.intern(word);
    }
    names.sort();
    let evidence: Vec<StageEvidence> = ["S1", "S2", "S3", "S4", "Side", "Won", "Lost"]
        .iter()
        .enumerate()
        .map(|(at, name)| StageEvidence {
            name: names.find(name).unwrap(),
            sort: (at < 4).then_some(at as i64),
            is_declared: true,
            ..StageEvidence::default()
        })
        .collect();
    let none = Precedence::new();
    let (catalogue, _) =
        catalogue::build(&evidence, &none, &Config::default(), &mut names).unwrap();
    assert_eq!(catalogue.stages.len(), usize::from(STAGES));
    (names, catalogue)
}

fn stages() -> impl Strategy<Value = StageId> {
    (0..STAGES).prop_map(StageId)
}

/// The first instant: the number before it stands for none.
const FIRST: Micros = Micros::MIN + 1;

/// Few instants, so that many changes share one; now and then the ends of time.
fn instants() -> impl Strategy<Value = Micros> {
    prop_oneof![
        12 => (0..40i64).prop_map(|half| half * DAY_MICROS / 2),
        6 => 0..EXTRACT + DAY_MICROS,
        1 => Just(FIRST),
        1 => Just(Micros::MAX),
    ]
}

fn changes(at: impl Strategy<Value = Micros>, most: usize) -> impl Strategy<Value = Vec<Change>> {
    let change = (
        proptest::option::weighted(0.95, at),
        proptest::option::weighted(0.7, stages()),
        stages(),
        0..3u32,
        prop_oneof![3 => Just(0u64), 1 => 1..6u64],
    );
    let change =
        change.prop_map(|(at, from, to, by, event)| Change { at, from, to, by: Sym(by), event });
    proptest::collection::vec(change, 0..most)
}

#[derive(Clone, Debug)]
struct Row {
    deal: Deal,
    last: Option<Micros>,
    shape: Shape,
    bounce: u32,
}

fn rows() -> impl Strategy<Value = Row> {
    let maybe = || proptest::option::of(instants());
    let status = prop_oneof![Just(Status::Open), Just(Status::Won), Just(Status::Lost)];
    let shape = prop_oneof![
        Just(Shape::Log),
        Just(Shape::TruncatedLog),
        Just(Shape::Wide),
        Just(Shape::None)
    ];
    let times = (proptest::option::weighted(0.9, instants()), maybe(), maybe(), maybe());
    (stages(), status, shape, times, 0..2u32).prop_map(
        |(stage, status, shape, (created_at, closed_at, modified_at, last), bounce)| Row {
            deal: Deal {
                created_at: created_at.into(),
                closed_at: closed_at.into(),
                modified_at: modified_at.into(),
                ..blank_deal(Sym::NONE, stage, status, EXTRACT)
            },
            last,
            shape,
            bounce: bounce * 50_000,
        },
    )
}

fn build(row: &Row, changes: &[Change], extract: Micros) -> Built {
    let (names, catalogue) = world();
    let mut context = context(&catalogue, &names, extract);
    context.bounce_seconds = row.bounce;
    context.history_start.insert(Sym::NONE, DAY_MICROS);
    let Row { deal, last, shape, .. } = row;
    let input = DealInput { deal, last_stage_change_at: *last, shape: *shape, is_stage_told: true };
    history::build(&input, &mut changes.to_vec(), &context)
}

fn check_shape(built: &Built, extract: Micros) -> Result<(), TestCaseError> {
    let visits = &built.visits;
    if let Some(first) = visits.first() {
        prop_assert_eq!(Some(first.entered_at), built.created_at);
    }
    for pair in visits.windows(2) {
        prop_assert_eq!(pair[0].exited_at.get(), Some(pair[1].entered_at));
        prop_assert!(pair[0].entered_at <= pair[1].entered_at);
        prop_assert_ne!(pair[0].stage, pair[1].stage);
    }
    if let Some(last) = visits.last() {
        prop_assert_eq!(last.exited_at.get(), None);
        prop_assert!(last.entered_at < extract);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn invariant_11_visits(
        row in rows(),
        (straight, shuffled) in changes(instants(), 30)
            .prop_flat_map(|list| (Just(list.clone()), Just(list).prop_shuffle())),
    ) {
        let built = build(&row, &straight, EXTRACT);
        check_shape(&built, EXTRACT)?;
        prop_assert_eq!(&built, &build(&row, &shuffled, EXTRACT));
    }

    /// Many changes in one timestamp, and extracts at the ends of time.
    #[test]
    fn hostile_histories_are_settled(
        row in rows(),
        list in changes(Just(5 * DAY_MICROS), 1_000),
        extract in prop_oneof![Just(EXTRACT), Just(Micros::MAX), Just(FIRST), Just(0)],
    ) {
        let built = build(&row, &list, extract);
        check_shape(&built, extract)?;
        let mut backwards = list;
        backwards.reverse();
        prop_assert_eq!(built, build(&row, &backwards, extract));
    }

    /// In a zone with daylight saving.
    #[test]
    fn invariant_12_durations_add_up(
        row in rows(),
        list in changes(0..EXTRACT, 30),
        as_of in 0..70i32,
    ) {
        let (names, catalogue) = world();
        let row = Row { deal: Deal { created_at: Some(DAY_MICROS).into(), ..row.deal }, ..row };
        let built = build(&row, &list, EXTRACT);
        let data = dataset(&names, &catalogue, EXTRACT, &[("a".into(), row.deal, built)]);
        let config = Config { report_tz: "Europe/Berlin".into(), ..Config::default() };
        let run = Run::new(config, Some(AsOf::Day(as_of)), &data).unwrap();
        let mut scratch = Scratch::default();
        let Some(timeline) = scratch.timeline(&data.partitions[0], 0, &run) else { return Ok(()) };
        let closed = timeline.visits.iter().filter_map(|v| Some((v, v.exited_at?)));
        let total: i64 = closed.map(|(v, exit)| run.ticks(v.entered_at, exit)).sum();
        let (first, last) = (timeline.visits[0], timeline.visits.last().unwrap());
        prop_assert_eq!(total, i64::from(last.entered_on - first.entered_on));
    }

    /// A complete log of a later extract tells of a day what the extract of that day
    /// told.
    #[test]
    fn there_is_no_look_ahead(
        path in proptest::collection::vec((0..STAGES, 1..5 * DAY_MICROS), 1..12),
        as_of in 1..40i32,
    ) {
        let mut changes = Vec::new();
        let (mut stage, mut at) = (StageId(0), DAY_MICROS);
        for (to, wait) in path {
            at += wait;
            if StageId(to) != stage {
                let change =
                    Change { at: Some(at), from: Some(stage), to: StageId(to), by: Sym::NONE, event: 0 };
                changes.push(change);
                stage = StageId(to);
            }
        }
        let cut = i64::from(as_of + 1) * DAY_MICROS;
        let (late, early) = (seen_at(&changes, EXTRACT + DAY_MICROS), seen_at(&changes, cut));
        prop_assert_eq!(visits_on(&late, as_of), visits_on(&early, as_of));
    }
}

/// The deal as an extract shows it.
fn seen_at(changes: &[Change], extract: Micros) -> (Row, Built) {
    let (_, catalogue) = world();
    let known: Vec<Change> =
        changes.iter().copied().filter(|c| c.at.is_some_and(|at| at < extract)).collect();
    let last = known.last();
    let stage = last.map_or(StageId(0), |c| c.to);
    let (status, closed_at) = match catalogue.get(stage).kind.as_str() {
        "won" => (Status::Won, last.and_then(|c| c.at)),
        "lost" => (Status::Lost, last.and_then(|c| c.at)),
        _ => (Status::Open, None),
    };
    let deal = Deal {
        created_at: Some(DAY_MICROS).into(),
        closed_at: closed_at.into(),
        ..blank_deal(Sym::NONE, stage, status, extract)
    };
    let row = Row { deal, last: None, shape: Shape::Log, bounce: 0 };
    let built = build(&row, &known, extract);
    assert_eq!(built.quality.to_text(), "");
    (row, built)
}

fn visits_on((row, built): &(Row, Built), as_of: i32) -> Vec<sluice::model::Visit> {
    let (names, catalogue) = world();
    let deals = [("a".to_owned(), row.deal, built.clone())];
    let data = dataset(&names, &catalogue, row.deal.extracted_at, &deals);
    let run = Run::new(Config::default(), Some(AsOf::Day(as_of)), &data).unwrap();
    let mut scratch = Scratch::default();
    let timeline = scratch.timeline(&data.partitions[0], 0, &run);
    timeline.map_or(Vec::new(), |t| t.visits.to_vec())
}
