//! Catalogues from the evidence of typical exports.

use super::*;
use crate::error::ErrorKind;

/// Name, sort, won ends, lost ends, open deals.
type Row = (&'static str, Option<i64>, [u64; 3]);

fn evidence(names: &mut Names, pipeline: &str, rows: &[Row]) -> Vec<StageEvidence> {
    let pipeline = names.intern(pipeline);
    rows.iter()
        .map(|&(name, sort, [won_ends, lost_ends, open_here])| StageEvidence {
            pipeline,
            name: names.intern(name),
            sort,
            is_declared: true,
            won_ends,
            lost_ends,
            open_here,
            ..StageEvidence::default()
        })
        .collect()
}

/// `name:kind:order` of every stage but the unknown one.
fn show(catalogue: &Catalogue, names: &Names) -> String {
    let one = |s: &Stage| {
        let order = s.order.map_or("-".to_owned(), |o| o.to_string());
        format!("{}:{}:{order}", names.get(s.name), s.kind.as_str())
    };
    let known = |s: &&Stage| names.get(s.name) != UNKNOWN_STAGE;
    catalogue.stages.iter().filter(known).map(one).collect::<Vec<_>>().join(" ")
}

#[test]
fn ends_and_precedence_settle_an_event_log() {
    let mut names = Names::default();
    let rows = evidence(
        &mut names,
        "domestic",
        &[
            ("Payment Handled", None, [99, 1, 0]),
            ("Request Payment", None, [1, 0, 3]),
            ("Approved", None, [0, 0, 5]),
            ("Submitted", None, [0, 0, 9]),
            ("Closed Lost", None, [0, 20, 0]),
        ],
    );
    let before = [((3, 2), 90), ((2, 1), 80), ((3, 1), 85), ((1, 2), 4)];
    let (found, said) = build(&rows, &before.into(), &Config::default(), &mut names).unwrap();
    assert_eq!(
        show(&found, &names),
        "Submitted:open:1 Approved:open:2 Request Payment:open:3 Payment Handled:won:- \
         Closed Lost:lost:-"
    );
    let text = said.join("\n");
    assert!(text.contains("`Payment Handled` is taken as won: 99 of 100"), "{text}");
    assert!(text.contains("`Submitted`, `Approved`, `Request Payment`"), "{text}");
}

#[test]
fn deals_may_be_lost_in_several_ends() {
    let mut names = Names::default();
    let rows = evidence(
        &mut names,
        "",
        &[
            ("Submitted", None, [0, 2, 3]),
            ("Finalized", None, [0, 40, 0]),
            ("Turned away", None, [0, 60, 0]),
            ("Cancelled", None, [0, 30, 0]),
            ("Approved", None, [50, 0, 0]),
        ],
    );
    // Forty deals are lost in `Finalized` too, but as many go on from it.
    let before = [((0, 1), 90), ((1, 4), 50), ((0, 2), 60), ((2, 3), 1)];
    let kinds = |rows: &[StageEvidence], names: &mut Names| {
        let (found, said) = build(rows, &before.into(), &Config::default(), names).unwrap();
        (show(&found, names), said.join("\n"))
    };
    let (found, _) = kinds(&rows, &mut names);
    assert!(found.contains("Turned away:open"), "a third is lost elsewhere: {found}");
    let mut rows = rows;
    rows[1].lost_ends = 1;
    let (found, said) = kinds(&rows, &mut names);
    assert_eq!(
        found,
        "Submitted:open:1 Finalized:open:2 Approved:won:- Cancelled:lost:- Turned away:lost:-"
    );
    let text = "stage `Turned away` is taken as lost: 60 of 93";
    assert!(said.contains(text) && said.contains("by name: `Cancelled`"), "{said}");
}

#[test]
fn a_stage_that_deals_wait_in_or_go_on_from_is_no_end() {
    // Of 96 deals lost in `Lead`: closed as they came, within a day and later, and how many others went on.
    for (closes, went_on, expected) in [
        ([0; 3], 24, "Lead:lost"),
        ([0, 48, 48], 24, "Lead:lost"),
        ([5, 5, 11], 24, "Lead:open"),
        ([96, 0, 0], 25, "Lead:open"),
    ] {
        let mut names = Names::default();
        let stages =
            [("Lead", None, [0, 96, 0]), ("Demo", None, [0, 2, 9]), ("Deal", None, [80, 0, 0])];
        let mut rows = evidence(&mut names, "", &stages);
        rows[0].closes = closes;
        let before = [((0, 1), went_on), ((0, 2), went_on - 5), ((1, 2), 80)];
        let (found, _) = build(&rows, &before.into(), &Config::default(), &mut names).unwrap();
        let shown = show(&found, &names);
        assert!(shown.contains(expected) && shown.contains("Deal:won"), "{expected}: {shown}");
    }
}

/// Of three deals nothing could be inferred.
#[test]
fn a_small_pipeline_has_the_ends_of_others() {
    for (ends, expected) in
        [([0, 3, 0], "lost"), ([0, 3, 1], "open"), ([1, 3, 0], "open"), ([0, 0, 0], "open")]
    {
        let mut names = Names::default();
        let mut rows = evidence(&mut names, "big", &[("Sent away", None, [0, 50, 0])]);
        rows.extend(evidence(&mut names, "small", &[("Sent Away", None, ends)]));
        let (found, said) =
            build(&rows, &Precedence::new(), &Config::default(), &mut names).unwrap();
        let shown = show(&found, &names);
        assert!(shown.contains(&format!("Sent Away:{expected}")), "{ends:?}: {shown}");
        let text = "In pipeline `small`, taken as lost as in other pipelines: `Sent Away`.";
        assert_eq!(said.contains(&text.to_owned()), expected == "lost", "{said:?}");
    }
}

/// Two stages in which half of the lost deals end each, from some of which deals go on as they are opened again.
#[test]
fn stages_in_which_deals_are_closed_as_they_come_may_be_gone_on_from() {
    for (closes, went_on, expected) in [
        ([40, 0, 0], 10, "No budget:lost"),
        ([40, 0, 0], 11, "No budget:open"),
        ([30, 10, 0], 10, "No budget:open"),
        ([0; 3], 10, "No budget:open"),
        ([0; 3], 2, "No budget:lost"),
    ] {
        let mut names = Names::default();
        let stages = [
            ("Demo", None, [0, 0, 9]),
            ("No budget", None, [0, 40, 0]),
            ("No reply", None, [0, 40, 0]),
        ];
        let mut rows = evidence(&mut names, "", &stages);
        rows[1].closes = closes;
        let before = [((0, 1), 60), ((0, 2), 50), ((1, 2), went_on)];
        let (found, _) = build(&rows, &before.into(), &Config::default(), &mut names).unwrap();
        let shown = show(&found, &names);
        assert!(shown.contains(expected), "{closes:?} {went_on}: {shown}");
    }
}

/// A probability of 1 in a form is no win of the open deals that have it.
#[test]
fn statuses_hold_over_a_probability_of_1() {
    for (ends, lost, expected) in
        [([9, 0, 3], 4, "open"), ([60, 0, 3], 4, "won"), ([0, 0, 3], 0, "won")]
    {
        let mut names = Names::default();
        let mut rows = evidence(
            &mut names,
            "",
            &[("Commit", None, ends), ("Demo", None, [0, lost, 5]), ("Talk", None, [0, 0, 5])],
        );
        rows[0].probability_bp = Some(10_000);
        let (found, _) = build(&rows, &Precedence::new(), &Config::default(), &mut names).unwrap();
        let shown = show(&found, &names);
        assert!(shown.contains(&format!("Commit:{expected}")), "{ends:?}: {shown}");
    }
}

#[test]
fn stages_that_are_called_closed_and_open_are_said() {
    let mut names = Names::default();
    let stages = [("Closed - No Budget", None, [0; 3]), ("Closed Won", None, [0; 3])];
    let mut rows = evidence(&mut names, "", &stages);
    let text = "nothing tells whether deals in `Closed - No Budget` are won or lost";
    let (found, said) = build(&rows, &Precedence::new(), &Config::default(), &mut names).unwrap();
    assert!(show(&found, &names).starts_with("Closed - No Budget:open:1"));
    assert!(said.join("\n").contains(text), "{said:?}");
    rows[0].is_closed = Some(false);
    let (_, said) = build(&rows, &Precedence::new(), &Config::default(), &mut names).unwrap();
    assert!(!said.join("\n").contains("nothing tells whether"), "the export tells: {said:?}");
}

/// 8 of 10 deals go on from a cancelled invoice; of 10 cancelled offers 8 go on to a cancelled deal only.
#[test]
fn a_step_that_most_deals_go_on_from_is_no_end() {
    let mut names = Names::default();
    let stages = ["Order", "Cancel invoice", "Paid", "Offer cancelled", "Cancelled"];
    let rows = evidence(&mut names, "", &stages.map(|name| (name, None, [0; 3])));
    let told = Precedence::from([
        ((0, 1), 10),
        ((1, 2), 8),
        ((0, 2), 50),
        ((0, 3), 10),
        ((3, 4), 8),
        ((3, 2), 2),
        ((0, 4), 20),
    ]);
    let (found, _) = build(&rows, &told, &Config::default(), &mut names).unwrap();
    let found = show(&found, &names);
    assert!(found.contains("Cancel invoice:open:"), "{found}");
    assert!(found.contains("Cancelled:lost:- Offer cancelled:lost:-"), "{found}");
    let few = Precedence::from([((0, 1), 6), ((1, 2), 4), ((0, 2), 50)]);
    let (found, _) = build(&rows, &few, &Config::default(), &mut names).unwrap();
    assert!(show(&found, &names).contains("Cancel invoice:lost:-"), "{}", show(&found, &names));
}

#[test]
fn a_stage_where_open_deals_stand_is_no_end() {
    let mut names = Names::default();
    let rows = evidence(
        &mut names,
        "",
        &[("Contract signed", None, [50, 0, 9]), ("Talks", None, [0, 30, 9])],
    );
    let (found, _) = build(&rows, &Precedence::new(), &Config::default(), &mut names).unwrap();
    // Nothing compares the two: by name.
    assert_eq!(show(&found, &names), "Contract signed:open:1 Talks:open:2 Won:won:- Lost:lost:-");
}

#[test]
fn declared_order_places_stages_and_finds_deleted_ones() {
    let mut names = Names::default();
    let mut rows = evidence(
        &mut names,
        "sales",
        &[
            ("B", Some(1), [0; 3]),
            ("A", Some(1), [0; 3]),
            ("C", Some(0), [0; 3]),
            ("Old", None, [0; 3]),
            ("Done", Some(9), [0; 3]),
        ],
    );
    rows[3].is_declared = false;
    rows[4].is_closed = Some(true);
    rows[4].is_won = Some(true);
    let (found, said) = build(&rows, &Precedence::new(), &Config::default(), &mut names).unwrap();
    assert_eq!(
        show(&found, &names),
        "C:open:1 A:open:2 B:open:3 Old:open:- Done:won:- Lost:lost:-"
    );
    assert!(found.stages.iter().all(|s| s.is_deleted == (names.get(s.name) == "Old")));
    assert!(said.iter().any(|s| s.contains("`A`, `B` share a place")), "{said:?}");
}

#[test]
fn numbers_in_names_and_probabilities_order_stages() {
    let mut names = Names::default();
    let numbered =
        evidence(&mut names, "", &[("10 - Offer", None, [0; 3]), ("2 - Talk", None, [0; 3])]);
    let none = Precedence::new();
    let (found, _) = build(&numbered, &none, &Config::default(), &mut names).unwrap();
    assert!(show(&found, &names).starts_with("2 - Talk:open:1 10 - Offer:open:2"));
    // A number alone is a code where moves tell the order.
    let codes = evidence(&mut names, "", &[("8", None, [0; 3]), ("10", None, [0; 3])]);
    for (before, expected) in
        [(none.clone(), "8:open:1 10:open:2"), ([((1, 0), 5)].into(), "10:open:1 8:open:2")]
    {
        let (found, _) = build(&codes, &before, &Config::default(), &mut names).unwrap();
        assert!(show(&found, &names).starts_with(expected), "{expected}");
    }
    let mut likely = evidence(
        &mut names,
        "",
        &[("Alpha", None, [0; 3]), ("Beta", None, [0; 3]), ("Gold", None, [0; 3])],
    );
    likely[0].probability_bp = Some(5_000);
    likely[1].probability_bp = Some(0);
    likely[2].probability_bp = Some(10_000);
    let (found, _) = build(&likely, &none, &Config::default(), &mut names).unwrap();
    assert_eq!(show(&found, &names), "Beta:open:1 Alpha:open:2 Gold:won:- Lost:lost:-");
}

#[test]
fn the_configuration_comes_first() {
    let mut names = Names::default();
    let rows = evidence(
        &mut names,
        "Sales",
        &[("Won", Some(1), [9, 0, 0]), ("side", Some(2), [0; 3]), ("talk", Some(3), [0; 3])],
    );
    let config = Config {
        pipeline: vec![PipelineConfig {
            name: "sales".into(),
            stages: vec!["Talk".into(), "Offer".into()],
            probabilities: vec![0.2, 0.55555],
            won_stages: vec!["Paid".into()],
            lost_stages: vec![],
            ..PipelineConfig::default()
        }],
        lost_stages: vec!["won".into()],
        ..Config::default()
    };
    let (found, _) = build(&rows, &Precedence::new(), &config, &mut names).unwrap();
    assert_eq!(show(&found, &names), "talk:open:1 Offer:open:2 side:open:- Paid:won:- Won:lost:-");
    assert_eq!(found.stages[1].probability_bp, Some(5_556));
    assert_eq!(found.stages[0].order_basis, Basis::Configured);
    let wrong = Config { won_stages: vec!["Talk".into()], ..config };
    let error = build(&rows, &Precedence::new(), &wrong, &mut names).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
}

#[test]
fn every_pipeline_can_end_and_have_unrecorded_time() {
    let mut names = Names::default();
    let mut rows = evidence(&mut names, "b", &[("Only", None, [0; 3])]);
    rows.push(StageEvidence { pipeline: names.intern("a"), ..StageEvidence::default() });
    let (found, _) = build(&rows, &Precedence::new(), &Config::default(), &mut names).unwrap();
    assert_eq!(show(&found, &names), "Won:won:- Lost:lost:- Only:open:1 Won:won:- Lost:lost:-");
    let (found, _) = build(&[], &Precedence::new(), &Config::default(), &mut names).unwrap();
    assert_eq!(found.stages.len(), 3);
    let mut taken = evidence(&mut names, "", &[("Won", None, [0; 3])]);
    taken[0].is_closed = Some(false);
    let (found, _) = build(&taken, &Precedence::new(), &Config::default(), &mut names).unwrap();
    assert_eq!(show(&found, &names), "Won:open:1 __WON__:won:- Lost:lost:-");
}

/// HubSpot's stages of its own pipelines are called by ids, and one that is put between others later has a
/// larger one.
#[test]
fn ids_of_stages_are_no_places() {
    let mut names = Names::default();
    let row = |name| (name, None, [0, 0, 9]);
    let rows = evidence(&mut names, "", &[row("112233"), row("112234"), row("998877")]);
    let before = [((0, 1), 90), ((0, 2), 80), ((2, 1), 70)];
    let (found, _) = build(&rows, &before.into(), &Config::default(), &mut names).unwrap();
    let shown = show(&found, &names);
    assert!(shown.starts_with("112233:open:1 998877:open:2 112234:open:3"), "{shown}");
}

#[test]
fn without_evidence_the_order_is_said_to_be_alphabetical() {
    let mut names = Names::default();
    let rows = evidence(
        &mut names,
        "sales",
        &[("Red", None, [0, 0, 5]), ("Blue", None, [0, 0, 9]), ("Won", None, [9, 0, 0])],
    );
    let (found, said) = build(&rows, &[].into(), &Config::default(), &mut names).unwrap();
    assert_eq!(show(&found, &names), "Blue:open:1 Red:open:2 Won:won:- Lost:lost:-");
    let text = said.join("\n");
    assert!(text.contains("ordered alphabetically"), "{text}");
    assert!(text.contains("`[[pipeline]]`"), "{text}");
}

#[test]
fn without_evidence_usual_names_give_the_order() {
    let mut names = Names::default();
    let rows = evidence(
        &mut names,
        "sales",
        &[
            ("Engaging", None, [0, 0, 5]),
            ("Prospecting", None, [0, 0, 9]),
            ("Won", None, [9, 0, 0]),
        ],
    );
    let (found, said) = build(&rows, &[].into(), &Config::default(), &mut names).unwrap();
    assert_eq!(show(&found, &names), "Prospecting:open:1 Engaging:open:2 Won:won:- Lost:lost:-");
    assert!(said.join("\n").contains("usually are"), "{said:?}");
    // What deals did comes before what their stages are called.
    let did = [((0, 1), 3)].into();
    let (found, _) = build(&rows, &did, &Config::default(), &mut names).unwrap();
    assert_eq!(show(&found, &names), "Engaging:open:1 Prospecting:open:2 Won:won:- Lost:lost:-");
}

#[test]
fn a_configured_order_that_names_no_stage_is_that_of_another_pipeline() {
    let mut names = Names::default();
    let rows = [("Offer", Some(2), [0, 0, 3]), ("Talk", Some(1), [0, 0, 4])];
    let mut rows = evidence(&mut names, "a", &rows);
    rows.extend(evidence(&mut names, "b", &[("Call", None, [0, 0, 2]), ("Ask", None, [0, 0, 2])]));
    let config: Config = toml::from_str("[[pipeline]]\nstages = [\"Call\", \"Paused\"]").unwrap();
    let (found, said) = build(&rows, &Precedence::new(), &config, &mut names).unwrap();
    assert_eq!(
        show(&found, &names),
        "Talk:open:1 Offer:open:2 Won:won:- Lost:lost:- Call:open:1 Ask:open:- Won:won:- Lost:lost:-"
    );
    let text = said.join("\n");
    assert!(text.contains("In pipeline `a`, the configured `stages` name none of"), "{text}");
    assert!(text.contains("In pipeline `b`, the configured `stages` do not name `Ask`"), "{text}");
    // A preset that does not name all of them is one of another way of selling.
    let mut config = config;
    config.pipeline[0].is_preset = true;
    let (found, said) = build(&rows, &[((3, 2), 5)].into(), &config, &mut names).unwrap();
    assert!(show(&found, &names).ends_with("Ask:open:1 Call:open:2 Won:won:- Lost:lost:-"));
    assert!(said.join("\n").contains("preset do not name `Ask`: the order is that"), "{said:?}");
}
