//! One deal at a time: every rule of METRICS 3.2 that decides something, and its code.

use super::*;
use crate::model::UNKNOWN_STAGE;
use crate::model::calendar::{DAY_MICROS, SECOND_MICROS};
use crate::model::{Basis, Stage};

const STAGES: [(&str, Option<u16>, StageKind); 8] = [
    ("S1", Some(1), StageKind::Open),
    ("S2", Some(2), StageKind::Open),
    ("S3", Some(3), StageKind::Open),
    ("S4", Some(4), StageKind::Open),
    ("Legacy", None, StageKind::Open),
    (UNKNOWN_STAGE, None, StageKind::Open),
    ("Won", None, StageKind::Won),
    ("Lost", None, StageKind::Lost),
];

/// The extract is on day 100.
const EXTRACT: Micros = 100 * DAY_MICROS;

struct World {
    names: Names,
    catalogue: Catalogue,
    bounce_seconds: u32,
    close_source: CloseSource,
    history_start: Option<Micros>,
}

impl World {
    fn new() -> Self {
        let mut names = Names::default();
        for word in STAGES.iter().map(|s| s.0).chain(["pipe", "ann", "bob"]) {
            names.intern(word);
        }
        names.sort();
        let mut catalogue = Catalogue::default();
        for (name, order, kind) in STAGES {
            catalogue.stages.push(Stage {
                pipeline: names.find("pipe").unwrap(),
                name: names.find(name).unwrap(),
                order,
                kind,
                probability_bp: None,
                is_deleted: name == "Legacy",
                order_basis: Basis::Declared,
                kind_basis: Basis::Declared,
            });
        }
        catalogue.sort(&names);
        Self {
            names,
            catalogue,
            bounce_seconds: 0,
            close_source: CloseSource::History,
            history_start: None,
        }
    }

    fn id(&self, stage: &str) -> StageId {
        let pipeline = self.names.find("pipe").unwrap();
        self.catalogue.find(pipeline, self.names.find(stage).unwrap()).unwrap()
    }

    fn deal(&self, status: Status, stage: &str, created: f64, closed: Option<f64>) -> Deal {
        Deal {
            pipeline: self.names.find("pipe").unwrap(),
            stage: self.id(stage),
            status,
            created_at: Some(day(created)).into(),
            closed_at: closed.map(day).into(),
            extracted_at: EXTRACT,
            ..Deal::default()
        }
    }

    /// `"S1>S2"`, or `">S1"` for a record that does not say where from.
    fn change(&self, at: f64, text: &str) -> Change {
        let (from, to) = text.split_once('>').unwrap();
        let from = (!from.is_empty()).then(|| self.id(from));
        Change { at: Some(day(at)), from, to: self.id(to), by: Sym::NONE, event: 0 }
    }

    fn build(
        &self,
        deal: &Deal,
        shape: Shape,
        last: Option<f64>,
        mut changes: Vec<Change>,
    ) -> Built {
        let start = self.history_start.map(|at| (deal.pipeline, at));
        let context = Context {
            catalogue: &self.catalogue,
            names: &self.names,
            extracted_at: EXTRACT,
            zone: Zone::UTC,
            close_source: self.close_source,
            bounce_seconds: self.bounce_seconds,
            history_start: start.into_iter().collect(),
            ties: &Ties::default(),
        };
        let last_stage_change_at = last.map(day);
        let input = DealInput { deal, last_stage_change_at, shape, is_stage_told: false };
        build(&input, &mut changes, &context)
    }

    fn log(&self, deal: &Deal, changes: &[(f64, &str)]) -> Built {
        let changes = changes.iter().map(|&(at, text)| self.change(at, text)).collect();
        self.build(deal, Shape::Log, None, changes)
    }

    /// `S1@0 S2@3.5`: stages with the day of entry.
    fn show(&self, built: &Built) -> String {
        let one = |v: &StoredVisit| {
            let name = self.names.get(self.catalogue.get(v.stage).name).replace("__", "");
            format!("{name}@{}", v.entered_at as f64 / DAY_MICROS as f64)
        };
        built.visits.iter().map(one).collect::<Vec<_>>().join(" ")
    }
}

fn day(days: f64) -> Micros {
    (days * DAY_MICROS as f64) as Micros
}

fn tells(world: &World, built: &Built, visits: &str, codes: &str, grade: HistoryGrade) {
    let codes_found = built.quality.to_text();
    let told = (world.show(built), codes_found.as_str(), built.grade);
    assert_eq!(told, (visits.to_owned(), codes, grade));
    let exits = built.visits.iter().map(|v| v.exited_at.get());
    let entries = built.visits.iter().skip(1).map(|v| Some(v.entered_at)).chain([None]);
    assert!(exits.eq(entries.take(built.visits.len())), "visits are not contiguous");
}

use HistoryGrade::{CreatedClosed, CurrentOnly, LastChange, Logged, LoggedTruncated, WideEntered};
use Status::{Lost, Open, Won};

#[test]
fn changes_without_time_or_after_the_extract_are_left_out() {
    let w = World::new();
    let deal = w.deal(Open, "S2", 0.0, None);
    let undated = Change { at: None, ..w.change(0.0, "S2>S4") };
    let changes = vec![undated, w.change(3.0, "S1>S2"), w.change(100.0, "S2>S3")];
    tells(&w, &w.build(&deal, Shape::Log, None, changes), "S1@0 S2@3", "QH1", Logged);
}

#[test]
fn creation_is_imputed_or_the_deal_is_untimed() {
    let w = World::new();
    let deal = Deal { created_at: None.into(), ..w.deal(Open, "S2", 0.0, None) };
    let built = w.log(&deal, &[(4.0, ">S2"), (3.0, ">S1")]);
    tells(&w, &built, "S1@3 S2@4", "QH2", Logged);
    assert_eq!(built.created_at, Some(day(3.0)));
    let built = w.build(&deal, Shape::None, Some(5.0), vec![]);
    tells(&w, &built, "", "QH3", CurrentOnly);
    assert_eq!(built.created_at, None);
}

#[test]
fn changes_before_creation_are_moved_to_it() {
    let w = World::new();
    let deal = w.deal(Open, "S3", 5.0, None);
    let built = w.log(&deal, &[(9.0, "S3>S4"), (2.0, "S2>S3"), (1.0, "S1>S2")]);
    tells(&w, &built, "S1@5 S2@5 S3@5 S4@9", "QH4", Logged);
}

#[test]
fn duplicates_are_found_by_content_or_by_the_records_id() {
    let w = World::new();
    let deal = w.deal(Open, "S2", 0.0, None);
    let built = w.log(&deal, &[(1.0, "S1>S2"), (1.0, "S1>S2")]);
    tells(&w, &built, "S1@0 S2@1", "QH5", Logged);
    let with = |event, at, text| Change { event, ..w.change(at, text) };
    // A genuine double move: S1 → S2 → S1 → S2 inside one timestamp.
    let moves = vec![with(1, 1.0, "S1>S2"), with(2, 1.0, "S2>S1"), with(3, 1.0, "S1>S2")];
    let built = w.build(&deal, Shape::Log, None, moves);
    tells(&w, &built, "S1@0 S2@1 S1@1 S2@1", "", Logged);
    // One record twice, with two times: the earlier counts.
    let twice = vec![with(7, 2.0, "S1>S2"), with(7, 1.0, "S1>S2"), with(8, 3.0, "S2>S3")];
    let built = w.build(&deal, Shape::Log, None, twice);
    tells(&w, &built, "S1@0 S2@1 S3@3", "QH5", Logged);
}

#[test]
fn a_late_creation_row_leaves_a_gap() {
    let w = World::new();
    let deal = w.deal(Open, "S2", 0.0, None);
    tells(&w, &w.log(&deal, &[(1.0, ">S1")]), "S1@0", "", Logged);
    tells(&w, &w.log(&deal, &[(1.5, ">S1")]), "UNKNOWN@0 S1@1.5", "QH6", Logged);
}

#[test]
fn closed_without_history_is_unknown_until_the_close() {
    let w = World::new();
    let deal = w.deal(Lost, "Lost", 0.0, Some(8.0));
    tells(&w, &w.log(&deal, &[]), "UNKNOWN@0 Lost@8", "QH7", CreatedClosed);
    let deal = w.deal(Won, "S4", 0.0, Some(8.0));
    let built = w.build(&deal, Shape::None, None, vec![]);
    tells(&w, &built, "UNKNOWN@0 Won@8", "QH7", CreatedClosed);
}

#[test]
fn entry_into_the_first_stage_is_unknown_for_deals_older_than_the_log() {
    let mut w = World::new();
    w.history_start = Some(day(2.0));
    let deal = w.deal(Open, "S3", 0.0, None);
    let built = w.log(&deal, &[(5.0, "S2>S3")]);
    tells(&w, &built, "S2@0 S3@5", "QH8", LoggedTruncated);
    assert_eq!(built.visits.iter().map(|v| v.is_entry_known).collect::<Vec<_>>(), [false, true]);
    tells(&w, &w.log(&deal, &[(5.0, "S1>S3")]), "S1@0 S3@5", "", Logged);
    let built = w.log(&w.deal(Open, "S3", 1.0, None), &[]);
    tells(&w, &built, "S3@1", "QH8", CurrentOnly);
    assert!(!built.visits[0].is_entry_known);
    tells(&w, &w.log(&w.deal(Open, "S3", 2.0, None), &[]), "S3@2", "", Logged);
}

#[test]
fn a_truncated_log_knows_its_beginning_only_from_a_creation_row() {
    let w = World::new();
    let deal = w.deal(Open, "S3", 0.0, None);
    let cut = |changes| w.build(&deal, Shape::TruncatedLog, None, changes);
    let built = cut(vec![w.change(5.0, "S2>S3")]);
    tells(&w, &built, "S2@0 S3@5", "QH8", LoggedTruncated);
    let built = cut(vec![w.change(0.5, ">S2"), w.change(5.0, ">S3")]);
    tells(&w, &built, "S2@0 S3@5", "", LoggedTruncated);
    let built = cut(vec![w.change(4.0, ">S2"), w.change(5.0, ">S3")]);
    tells(&w, &built, "UNKNOWN@0 S2@4 S3@5", "QH6", LoggedTruncated);
}

#[test]
fn a_broken_chain_follows_the_record() {
    let w = World::new();
    let deal = w.deal(Open, "S4", 0.0, None);
    let built = w.log(&deal, &[(1.0, "S1>S2"), (2.0, "S3>S4")]);
    tells(&w, &built, "S1@0 S2@1 S4@2", "QH9", LoggedTruncated);
    let built = w.log(&deal, &[(1.0, "S1>S2"), (2.0, "S2>S2")]);
    tells(&w, &built, "S1@0 S2@1", "QH10", Logged);
}

#[test]
fn one_timestamp_is_ordered_by_its_chain() {
    let w = World::new();
    let deal = w.deal(Open, "S2", 0.0, None); // by key alone S3 → S2 would come before S1 → S4
    let moves = [(3.0, "S3>S2"), (3.0, "S4>S3"), (3.0, "S1>S4")];
    tells(&w, &w.log(&deal, &moves), "S1@0 S4@3 S3@3 S2@3", "", Logged);
    // The beginning of a circle is the earliest stage in it.
    tells(&w, &w.log(&deal, &[(3.0, "S3>S2"), (3.0, "S2>S3")]), "S2@0 S3@3 S2@3", "", Logged);
    // Nine rows are too many to search.
    let long: Vec<(f64, &str)> = [
        "S1>S2",
        "S2>S3",
        "S3>S4",
        "S4>Legacy",
        "Legacy>S3",
        "S3>S2",
        "S2>Legacy",
        "Legacy>S4",
        "S4>Won",
    ]
    .map(|text| (1.0, text))
    .to_vec();
    let built = w.log(&w.deal(Won, "Won", 0.0, Some(1.0)), &long);
    assert_eq!(built.visits.len(), 10);
    assert_eq!(built.quality.to_text(), "QS4");
}

#[test]
fn a_close_comes_after_the_step_that_it_closes() {
    let w = World::new();
    let deal = w.deal(Lost, "Lost", 0.0, Some(4.0));
    let rows = [(0.0, ">S1"), (4.0, ">Lost"), (4.0, ">Legacy")];
    tells(&w, &w.log(&deal, &rows), "S1@0 Legacy@4 Lost@4", "QS4", Logged);
}

#[test]
fn the_close_time_of_history_wins_unless_configured() {
    let mut w = World::new();
    let won = |w: &World, closed| w.deal(Won, "Won", 0.0, Some(closed));
    let moves = [(1.0, "S1>S2"), (5.0, "S2>Won")];
    tells(&w, &w.log(&won(&w, 9.0), &moves), "S1@0 S2@1 Won@5", "QH11", Logged);
    tells(&w, &w.log(&won(&w, 5.5), &moves), "S1@0 S2@1 Won@5", "", Logged);
    w.close_source = CloseSource::ClosedAt;
    tells(&w, &w.log(&won(&w, 9.0), &moves), "S1@0 S2@1 Won@9", "QH11", Logged);
    tells(&w, &w.log(&won(&w, 5.5), &moves), "S1@0 S2@1 Won@5.5", "", Logged);
    tells(&w, &w.log(&won(&w, 0.5), &moves), "S1@0 S2@1 Won@1", "QH11", Logged);
    tells(&w, &w.log(&won(&w, 9.0), &[(0.0, ">Won")]), "UNKNOWN@0 Won@9", "QH11", Logged);
}

#[test]
fn an_open_deal_whose_history_ends_closed_is_reopened_at_the_extract() {
    let w = World::new();
    let built = w.log(&w.deal(Open, "S2", 0.0, None), &[(5.0, "S1>Lost")]);
    assert_eq!(built.quality.to_text(), "QH12");
    assert_eq!(built.visits.len(), 3);
    assert_eq!(built.visits[2].stage, w.id("S2"));
    assert_eq!(built.visits[2].entered_at, EXTRACT - 1);
}

#[test]
fn a_change_after_the_close_moves_the_close() {
    let w = World::new();
    let built = w.log(&w.deal(Won, "Won", 0.0, Some(3.0)), &[(5.0, "S1>S2")]);
    tells(&w, &built, "S1@0 S2@5 Won@5", "QH13", Logged);
}

#[test]
fn a_missing_close_time_is_the_last_change_or_nothing() {
    let w = World::new();
    let deal = w.deal(Won, "Won", 0.0, None);
    tells(&w, &w.log(&deal, &[(5.0, "S1>S2")]), "S1@0 S2@5 Won@5", "QH14", Logged);
    tells(&w, &w.log(&deal, &[]), "", "QH7 QH15", CreatedClosed);
    tells(&w, &w.log(&deal, &[(0.0, ">S1")]), "", "QH15", Logged);
    let built = w.build(&deal, Shape::None, Some(6.0), vec![]);
    tells(&w, &built, "UNKNOWN@0 Won@6", "QH7 QH14", CreatedClosed);
}

#[test]
fn closed_before_created_is_closed_at_the_creation() {
    let w = World::new();
    let deal = w.deal(Won, "Won", 5.0, Some(3.0));
    tells(&w, &w.log(&deal, &[]), "UNKNOWN@5 Won@5", "QH7 QH16", CreatedClosed);
    let built = w.log(&deal, &[(2.0, "S1>S2"), (3.0, "S2>Won")]);
    tells(&w, &built, "S1@5 S2@5 Won@5", "QH4 QH16", Logged);
}

#[test]
fn closed_in_the_future_is_open() {
    let w = World::new();
    let built = w.log(&w.deal(Won, "Won", 0.0, Some(100.0)), &[(5.0, "S1>S2")]);
    tells(&w, &built, "S1@0 S2@5", "QH17", Logged);
    // Created then, it does not exist yet.
    tells(&w, &w.log(&w.deal(Open, "S1", 100.0, None), &[]), "", "", CurrentOnly);
}

#[test]
fn the_status_is_appended_where_history_contradicts_it() {
    let w = World::new();
    let built = w.log(&w.deal(Lost, "Lost", 0.0, Some(7.0)), &[(5.0, "S1>Won")]);
    tells(&w, &built, "S1@0 Won@5 Lost@7", "QH18", Logged);
}

#[test]
fn wide_entries_are_a_history_and_must_end_in_the_present_stage() {
    let w = World::new();
    let wide = |deal: &Deal, entries: &[(f64, &str)]| {
        let entries = entries.iter().map(|&(at, text)| w.change(at, text)).collect();
        w.build(deal, Shape::Wide, None, entries)
    };
    let deal = w.deal(Open, "S3", 0.0, None);
    let built = wide(&deal, &[(2.0, ">S3"), (2.0, ">S2"), (0.2, ">S1")]);
    tells(&w, &built, "S1@0 S2@2 S3@2", "", WideEntered);
    tells(&w, &wide(&deal, &[(3.0, ">S3")]), "UNKNOWN@0 S3@3", "QH6", WideEntered);
    let moved = Deal { modified_at: Some(day(9.0)).into(), ..deal };
    tells(&w, &wide(&moved, &[(0.0, ">S1")]), "S1@0 S3@9", "QH9", WideEntered);
    let won = w.deal(Won, "Won", 0.0, None);
    tells(&w, &wide(&won, &[(0.0, ">S1"), (4.0, ">Won")]), "S1@0 Won@4", "", WideEntered);
}

#[test]
fn without_a_record_only_what_the_deal_row_tells() {
    let w = World::new();
    let none = |deal: &Deal, last| w.build(deal, Shape::None, last, vec![]);
    let deal = w.deal(Open, "S3", 0.0, None);
    tells(&w, &none(&deal, None), "S3@0", "", CurrentOnly);
    assert!(!none(&deal, None).visits[0].is_entry_known);
    tells(&w, &none(&deal, Some(4.0)), "UNKNOWN@0 S3@4", "", LastChange);
    tells(&w, &none(&deal, Some(0.0)), "S3@0", "", LastChange);
    tells(&w, &none(&deal, Some(100.0)), "S3@0", "", CurrentOnly);
    let deal = w.deal(Open, "S3", 5.0, None);
    tells(&w, &none(&deal, Some(4.0)), "S3@5", "QH4", LastChange);
    // The status closes the deal, the stage stays: lost from S3.
    let lost = w.deal(Lost, "S3", 0.0, Some(9.0));
    tells(&w, &none(&lost, Some(4.0)), "UNKNOWN@0 S3@4 Lost@9", "QH7", LastChange);
    tells(&w, &none(&lost, Some(0.0)), "S3@0 Lost@9", "", LastChange);
}

#[test]
fn bounces_are_removed_when_configured() {
    let mut w = World::new();
    let second = SECOND_MICROS as f64 / DAY_MICROS as f64;
    let moves = [(1.0, "S1>S2"), (1.0 + 8.0 * second, "S2>S1"), (2.0, "S1>S2"), (3.0, "S2>S1")];
    let deal = w.deal(Open, "S1", 0.0, None);
    assert_eq!(w.log(&deal, &moves).visits.len(), 5);
    w.bounce_seconds = 10;
    tells(&w, &w.log(&deal, &moves), "S1@0 S2@2 S1@3", "", Logged);
}
