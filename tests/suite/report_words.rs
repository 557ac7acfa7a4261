//! What is said about a number on hover, and what goes to paper.

use sluice::model::{About, Table};
use sluice::report::{Input, render};

use crate::report_real::input;
use crate::report_tables::{Maker, all, months, quarters, run};

const PIPELINE: &str = "Sales";

pub(super) fn page(metrics: &[(&'static About, Table)]) -> String {
    let metrics = metrics.iter().map(|(about, table)| (*about, table)).collect();
    render(&Input { deal_count: 1, mended_count: 1, ..input(&run(), metrics) }).unwrap()
}

pub(super) fn made(m: Maker) -> (&'static About, Table) {
    (m.about, m.table)
}

fn movement() -> (&'static About, Table) {
    let mut m =
        Maker::new("G3", "movement_quality", "rate", "measure:text stage:text x:count rate:ratio");
    let cells = [
        ("measure", "skip_rate".into()),
        ("stage", "Demo".into()),
        ("x", 16_i64.into()),
        ("n", 228_i64.into()),
        ("rate", (16.0 / 228.0).into()),
    ];
    m.row(PIPELINE, all(), &cells);
    made(m)
}

fn wins() -> (&'static About, Table) {
    let mut m = Maker::new(
        "A1",
        "win_rate",
        "rate",
        "won:count lost:count derailed:count rate:rate rate_narrow:rate",
    );
    let cells = [
        ("won", 8_i64.into()),
        ("lost", 12_i64.into()),
        ("derailed", 4_i64.into()),
        ("n", 20_i64.into()),
        ("rate", 0.4.into()),
        ("rate_narrow", 0.5.into()),
    ];
    m.row(PIPELINE, *quarters().last().unwrap(), &cells);
    made(m)
}

fn comparison() -> (&'static About, Table) {
    let mut m = Maker::new(
        "I3",
        "conversion_comparison",
        "cif_won",
        "cohort:text cohort_n:count won:count lost:count open_share:rate resolved_ratio:rate cif_won:rate",
    );
    let cells = [
        ("cohort", "x".into()),
        ("cohort_n", 50_i64.into()),
        ("n", 50_i64.into()),
        ("won", 10_i64.into()),
        ("lost", 30_i64.into()),
        ("open_share", 0.2.into()),
        ("resolved_ratio", 0.25.into()),
        ("cif_won", 0.22.into()),
    ];
    m.row(PIPELINE, months()[0], &cells);
    made(m)
}

#[test]
fn shares_say_their_own_numerator_and_denominator() {
    let page = page(&[movement(), wins(), comparison()]);
    for said in [
        "\"7.0% · What rate says · 16 of 228\"",
        "40.0% · What rate says · 8 won of 20\"",
        "50.0% · What rate_narrow says · 8 won of 8 won + 12 lost − 4 derailed\"",
        "25.0% · What resolved_ratio says · 10 won of 10 won + 30 lost\"",
        "20.0% · What open_share says · 50 created − 10 won − 30 lost, of 50 created\"",
    ] {
        assert!(page.contains(said), "`{said}` is not said");
    }
    assert!(page.contains(" 1 deal since") && page.contains("mended by a rule: 1 of 1 deal<"));
}

/// A metric with one row of these cells, of which `n` is 9.
fn one_row(
    (id, name): (&'static str, &'static str),
    period: (&'static str, i32, i32),
    columns: &str,
    cells: &[(&'static str, sluice::model::Value)],
) -> (&'static About, Table) {
    let mut m = Maker::new(id, name, "", columns);
    let n = [("n", 9_i64.into())];
    let cells: Vec<_> = n.into_iter().chain(cells.iter().cloned()).collect();
    m.row(PIPELINE, period, &cells);
    made(m)
}

/// What a row counts in `n` is not what each of its numbers rests on.
#[test]
fn numbers_say_how_many_cases_they_rest_on_themselves() {
    let quarter = *quarters().last().unwrap();
    let page = page(&[
        one_row(
            ("E1", "stage_age_threshold"),
            all(),
            "stage:text theta_days:days n_deals_over_theta:count p_win_over_theta:rate",
            &[
                ("stage", "Demo".into()),
                ("theta_days", 20.0.into()),
                ("n_deals_over_theta", 4_i64.into()),
                ("p_win_over_theta", 0.25.into()),
            ],
        ),
        one_row(
            ("H5", "stage_transitions"),
            all(),
            "from_stage:text to_stage:text moves:count median_days:days",
            &[
                ("from_stage", "Demo".into()),
                ("to_stage", "Offer".into()),
                ("moves", 5_i64.into()),
                ("median_days", 7.0.into()),
            ],
        ),
        one_row(
            ("H6", "bottleneck"),
            quarter,
            "stage:text pass_through:rate pass_benchmark:rate n_benchmark:count entered:count rmst_days:days",
            &[
                ("stage", "Demo".into()),
                ("pass_through", 0.5.into()),
                ("pass_benchmark", 0.75.into()),
                ("n_benchmark", 8_i64.into()),
                ("entered", 11_i64.into()),
                ("rmst_days", 3.0.into()),
            ],
        ),
        one_row(
            ("B4", "step_timing"),
            quarter,
            "from_type:text n_created:count n_touched:count first_touch_q50_hours:hours",
            &[
                ("from_type", "any".into()),
                ("n_created", 6_i64.into()),
                ("n_touched", 3_i64.into()),
                ("first_touch_q50_hours", 30.0.into()),
            ],
        ),
    ]);
    for said in [
        "25.0% · What p_win_over_theta says · of 4 deals that were older\"",
        "What theta_days says · n = 9\"",
        "What median_days says · 5 moves\"",
        "50.0% · What pass_through says · n = 9\"",
        "75.0% · What pass_benchmark says · n = 8\"",
        "What rmst_days says · n = 11\"",
        "What first_touch_q50_hours says · 3 touched so far of 6 created\"",
    ] {
        assert!(page.contains(said), "`{said}` is not said");
    }
}

/// The year that is not over.
fn running() -> (&'static str, i32, i32) {
    let (_, start, _) = *quarters().last().unwrap();
    ("year", start, start + 365)
}

#[test]
fn a_goal_goes_by_the_past_of_its_own_currency() {
    let own = "scope:text scope_name:text p_mode:text need_minor:minor p_hit:rate";
    let mut chance = Maker::new("P3", "goal_chance_bookings", "", own);
    let own = "measure:text scope:text scope_name:text phi:number p_adj:rate is_headline:flag";
    let mut past = Maker::new("P4", "goal_calibration", "p_adj", own);
    let running = running();
    for (currency, phi) in [("EUR", 1.0), ("USD", 4.5)] {
        let of = [("currency", currency.into()), ("scope", "all".into())];
        let cells =
            [("p_mode", "landmark".into()), ("need_minor", 100_i64.into()), ("p_hit", 0.8.into())];
        chance.common(&of).row(PIPELINE, running, &cells);
        let cells = [
            ("measure", "bookings".into()),
            ("phi", phi.into()),
            ("p_adj", 0.6.into()),
            ("is_headline", (phi > 2.0).into()),
        ];
        past.common(&of).row(PIPELINE, running, &cells);
    }
    let page = page(&[wins(), made(chance), made(past)]);
    for (currency, words) in [("EUR", "1.0 times as much"), ("USD", "4.5 times as much")] {
        let said = page.split(&format!("still needs {currency}")).nth(1).unwrap();
        assert!(said.split("</").next().unwrap().contains(words), "{currency}: {words}");
    }
}

/// Deals that are still expected in a period that is over have the chances of their stages, and none.
#[test]
fn of_a_period_that_is_over_it_is_said_whether_the_goal_was_met() {
    let own = "scope:text scope_name:text p_mode:text need_minor:minor p_hit:rate";
    let of = |period| {
        let mut m = Maker::new("P3", "goal_chance_bookings", "", own);
        for (scope, need, mode, p) in [
            ("all", 100_i64, "configured", 0.9),
            ("all", 100, "landmark", 0.0),
            ("owner", 0, "landmark", 1.0),
            ("owner", 5, "landmark", 0.0),
            ("owner", 5, "landmark", 0.0),
        ] {
            let cells = [
                ("scope", scope.into()),
                ("p_mode", mode.into()),
                ("need_minor", need.into()),
                ("p_hit", p.into()),
            ];
            m.common(&[("currency", "EUR".into())]).row(PIPELINE, period, &cells);
        }
        page(&[wins(), made(m)])
    };
    let (over, running) = (of(quarters()[4]), of(running()));
    let missed = "was missed by EUR 1.00.";
    assert!(over.matches(missed).count() == 1 && !over.contains("still needs"), "{over}");
    assert!(over.contains("3 at their end, 1 met, 2 missed."));
    assert!(!over.contains(">configured<"), "the table has no such chance either");
    assert!(running.contains(">configured<"));
    assert!(running.matches("still needs EUR 1.00").count() == 2 && !running.contains(missed));
    assert!(running.contains("3 in progress, 1 met or likely to be met"));
}

#[test]
fn a_chart_says_how_many_stages_it_leaves_out() {
    let flow = |stages: usize| {
        let mut m = Maker::new(
            "G1",
            "stage_flow",
            "",
            "stage:text stage_kind:text opening:count entered:count left:count closing:count",
        );
        for (stage, month) in (1..=stages).flat_map(|stage| [(stage, 2), (stage, 3)]) {
            let cells = [
                ("stage", format!("Stage {stage}").into()),
                ("stage_kind", "open".into()),
                ("closing", 2_i64.into()),
            ];
            m.row(PIPELINE, months()[month], &cells);
        }
        made(m)
    };
    let words = "The fullest 8 of 11 stages; the table has all.";
    assert!(page(&[flow(11)]).contains(words));
    assert!(!page(&[flow(8)]).contains("stages; the table has all"));
}

#[test]
fn value_that_changed_hands_is_shown_where_there_is_any_the_most_first() {
    let flow = |handed: i64| {
        let mut m = Maker::new(
            "G2",
            "stage_value_flow",
            "",
            "stage:text opening_minor:minor in_transfer_minor:minor out_transfer_minor:minor",
        );
        for rep in 1..=20_i64 {
            let cells = [
                ("owner", format!("Rep {rep:02}").into()),
                ("stage", "Demo".into()),
                ("opening_minor", 100_i64.into()),
                ("in_transfer_minor", (handed * rep).into()),
                ("out_transfer_minor", 0_i64.into()),
            ];
            m.row(PIPELINE, quarters()[0], &cells);
        }
        made(m)
    };
    let words = "Value that changed hands, ";
    assert!(!page(&[flow(0)]).contains(words));
    let page = page(&[flow(50)]);
    let table =
        page.split(&format!("<caption>{words}")).nth(1).unwrap().split("</table>").next().unwrap();
    assert!(table.find("Rep 20").unwrap() < table.find("Rep 19").unwrap(), "not the most first");
    assert!(table.contains("Rep 06") && !table.contains("Rep 05"), "not the first fifteen");
}

#[test]
fn paper_has_what_explains_and_not_what_nobody_unfolded() {
    let page = page(&[wins()]);
    let print = page.split("@media print {").nth(1).unwrap().split("</style>").next().unwrap();
    let shown = "details.block::details-content, #definitions details::details-content";
    assert!(print.contains(&format!("{shown} {{ content-visibility: visible;")));
    assert!(print.contains("details.numbers:not([open]) { display: none; }"));
    let hidden = print.lines().filter(|line| line.contains("display: none"));
    for name in ["#definitions {", "#queries", ".hint", "table"] {
        assert!(!hidden.clone().any(|line| line.contains(name)), "{name} is hidden on paper");
    }
    let swatch = page.lines().find(|line| line.starts_with(".swatch {")).unwrap();
    assert!(swatch.contains("; print-color-adjust: exact;"), "keys lose their colours on paper");
    let few = "<span class=\"flag\">few</span> here, and in tables beside their intervals. “–” means not known";
    assert!(page.contains(few));
}

#[test]
fn what_columns_mean_is_a_cell_that_wraps() {
    let page = page(&[wins()]);
    let definitions = page.split("<section id=\"definitions\">").nth(1).unwrap();
    let cells: Vec<&str> = definitions.split("<td class=\"").skip(1).collect();
    assert!(!cells.is_empty());
    for cell in cells {
        let class = cell.split('"').next().unwrap();
        let rule = |line: &&str| line.trim_start().starts_with(&format!(".{class} "));
        assert_eq!(page.lines().find(rule), None, "a rule of boxes for the cells `{class}`");
        assert!(page.contains(&format!("\ntd.{class} {{ white-space: normal;")));
    }
    assert!(page.contains("\ntd.n { max-width: none; }"), "numbers are cut");
}

#[test]
fn goals_that_were_added_up_are_told() {
    let page_of = |given: &[i64]| {
        let columns = "measure:text actual:count target:count attainment:rate n_rows:count";
        let mut m = Maker::new("C1", "goal_attainment", "attainment", columns);
        for &rows in given {
            let cells = [
                ("measure", "wins".into()),
                ("actual", 3_i64.into()),
                ("target", 4_i64.into()),
                ("attainment", 0.75.into()),
                ("n_rows", rows.into()),
            ];
            m.row("", all(), &cells);
        }
        page(&[wins(), made(m)])
    };
    let words = "given in several rows, which were added up.";
    assert!(!page_of(&[1, 1]).contains(words));
    assert!(page_of(&[1, 2]).contains("One of the goals was given in several rows"));
    assert!(page_of(&[3, 2]).contains("2 of the goals were given in several rows"));
}

#[test]
fn reps_that_differ_on_their_own_mix_are_named() {
    let quarter = *quarters().last().unwrap();
    let page_of = |reps: &[(&'static str, i64, bool)]| {
        let mut shrunk = Maker::new("K2", "rep_win_rate_shrunk", "eb_mean", "eb_mean:rate");
        let mut mix = Maker::new(
            "K5",
            "rep_mix",
            "o_over_e",
            "won:count expected:real o_over_e:ratio q:rate is_different:flag",
        );
        for &(owner, won, is_different) in reps {
            for m in [&mut shrunk, &mut mix] {
                m.common(&[("owner", owner.into())]);
            }
            shrunk.row(PIPELINE, quarter, &[("eb_mean", 0.3.into())]);
            let cells = [
                ("won", won.into()),
                ("expected", 10.0.into()),
                ("o_over_e", (won as f64 / 10.0).into()),
                ("q", 0.01.into()),
                ("is_different", is_different.into()),
            ];
            mix.row(PIPELINE, quarter, &cells);
        }
        page(&[made(shrunk), made(mix)])
    };
    let page = page_of(&[("Ann", 20, true), ("Bob", 4, true), ("Cy", 9, false)]);
    let words = "Ann (20 won, 10.0 expected) won more and Bob (4 won, 10.0 expected) won fewer than the team \
                 does with the same mix of deals, beyond chance.";
    assert!(page.contains(words));
    let page = page_of(&[("Ann", 11, false), ("Cy", 9, false)]);
    assert!(page.contains("no rep differs from the team by more than chance gives (2 compared)."));
}

#[test]
fn a_stage_where_deals_stay_behind_does_not_fill_up() {
    let quarter = *quarters().last().unwrap();
    let page_of = |stages: &[(&'static str, f64)]| {
        let mut flow = Maker::new(
            "G1",
            "stage_flow",
            "",
            "stage:text opening:count entered:count closing:count",
        );
        let columns = "stage:text w_done_days:days w_implied_days:days ratio:ratio";
        let mut little = Maker::new("G3", "flow_consistency", "ratio", columns);
        for &(stage, lower) in stages {
            let cells = [
                ("stage", stage.into()),
                ("opening", 12_i64.into()),
                ("entered", 56_i64.into()),
                ("closing", 12_i64.into()),
            ];
            flow.row(PIPELINE, quarter, &cells);
            let cells = [
                ("stage", stage.into()),
                ("w_done_days", 10.0.into()),
                ("w_implied_days", 19.0.into()),
                ("ratio", 1.9.into()),
                ("lower", lower.into()),
                ("upper", 3.0.into()),
            ];
            little.row(PIPELINE, quarter, &cells);
        }
        page(&[made(flow), made(little)])
    };
    let page = page_of(&[("Demo", 1.2), ("Offer", 1.1), ("Close", 0.9)]);
    let said = |stage: &str| {
        format!(
            "{stage} (stayed 10.0 days, 19.0 by stock and flow; 12 deals at the start, 12 at the end)"
        )
    };
    let words = format!(
        "2026 Q1: deals stand longer than those that left tell in {}, {}.",
        said("Demo"),
        said("Offer")
    );
    assert!(page.contains(&words), "`{words}` is not said");
    assert!(!page.contains("filled up"));
    assert!(page_of(&[("Close", 0.9)]).contains("in no stage do deals stand longer"));
}

#[test]
fn all_cohorts_together_are_told_in_one_way() {
    let columns =
        "cohort:text pooling:text horizon_days:count cohort_n:count n_followed:count cif_won:rate";
    let mut m = Maker::new("I1", "cohort_conversion", "cif_won", columns);
    for (cohort, pooling, won) in [("ALL", "plain", 0.25), ("pooled", "weighted", 0.261)] {
        let cells = [
            ("cohort", cohort.into()),
            ("pooling", pooling.into()),
            ("horizon_days", 365_i64.into()),
            ("cohort_n", 464_i64.into()),
            ("n", 464_i64.into()),
            ("n_followed", 300_i64.into()),
            ("cif_won", won.into()),
        ];
        m.row(PIPELINE, all(), &cells);
    }
    let page = page(&[made(m)]);
    assert!(page.contains("26.1% of the deals created are won within 365 days"));
    let table =
        page.split("<caption>All cohorts together, each weighted by its deals").nth(1).unwrap();
    let table = table.split("</table>").next().unwrap();
    assert!(table.contains(">26.1%<") && !table.contains(">25.0%<"), "{table}");
}

#[test]
fn a_pace_of_few_deals_is_marked_whatever_it_is_compared_with() {
    let quarter = *quarters().last().unwrap();
    let mut shrunk = Maker::new("K2", "rep_win_rate_shrunk", "eb_mean", "eb_mean:rate");
    let columns = "bookings_minor:minor n_created:count rmst_days:days z:number p:number q:number";
    let mut amounts = Maker::new("K7", "rep_amounts", "", columns);
    for (owner, created) in [("Ann", 1_i64), ("Bob", 40)] {
        for m in [&mut shrunk, &mut amounts] {
            m.common(&[("owner", owner.into())]);
        }
        shrunk.row(PIPELINE, quarter, &[("eb_mean", 0.3.into())]);
        let cells = [("n", 20_i64.into()), ("n_created", created.into()), ("p", 0.0001.into())];
        amounts.row(PIPELINE, quarter, &cells);
    }
    let page = page(&[made(shrunk), made(amounts)]);
    let table = page.split("<caption>Deal size and cycle of reps").nth(1).unwrap();
    let rows: Vec<&str> = table.split("</table>").next().unwrap().split("<tr>").skip(2).collect();
    let marked: Vec<bool> =
        rows.iter().map(|row| row.contains("<span class=\"flag\">few")).collect();
    assert_eq!(marked, [true, false], "{rows:?}");
}

#[test]
fn a_standardised_rate_above_one_is_no_share() {
    let quarter = *quarters().last().unwrap();
    let page_of = |rate: f64| {
        let mut shrunk = Maker::new("K2", "rep_win_rate_shrunk", "eb_mean", "eb_mean:rate");
        let mut mix = Maker::new("K5", "rep_mix", "o_over_e", "won:count std_rate:ratio q:rate");
        for owner in ["Ann", "Bob"] {
            for m in [&mut shrunk, &mut mix] {
                m.common(&[("owner", owner.into())]);
            }
            shrunk.row(PIPELINE, quarter, &[("eb_mean", 0.3.into())]);
            mix.row(PIPELINE, quarter, &[("std_rate", rate.into()), ("q", 0.5.into())]);
        }
        page(&[made(shrunk), made(mix)])
    };
    let words = "it is no share of deals and may exceed 100%.";
    assert!(page_of(1.235).contains(words) && !page_of(0.9).contains(words));
}

#[test]
fn a_score_that_tells_nothing_within_a_stage_is_said_to() {
    let scores = |lower: f64| {
        let columns = "level:text stage:text n_won:count n_not:count auc:rate";
        let mut m = Maker::new("N2", "score_validation", "auc", columns);
        for (level, area, lower) in [("all", 0.556, 0.508), ("stage", 0.57, lower)] {
            let cells = [
                ("level", level.into()),
                ("auc", area.into()),
                ("lower", lower.into()),
                ("upper", 0.65.into()),
            ];
            m.row(PIPELINE, all(), &cells);
        }
        page(&[made(m)])
    };
    let said = "It tells something; within no single stage is it clearly better than a coin.";
    assert!(scores(0.47).contains(said));
    assert!(scores(0.51).contains("It tells something.</p>"));
}

#[test]
fn limits_of_reps_that_do_not_differ_are_said_to_be_narrow_for_that_reason() {
    let reps = |weight: f64| {
        let columns = "won:count closed:count rate:rate eb_mean:rate shrink_weight:rate";
        let mut m = Maker::new("K2", "rep_win_rate_shrunk", "eb_mean", columns);
        for owner in ["Ann", "Bo"] {
            let cells = [
                ("owner", owner.into()),
                ("closed", 4_i64.into()),
                ("eb_mean", 0.24.into()),
                ("lower", 0.239.into()),
                ("upper", 0.241.into()),
                ("shrink_weight", weight.into()),
            ];
            m.row(PIPELINE, *quarters().last().unwrap(), &cells);
        }
        page(&[made(m)])
    };
    let said = "The intervals are narrow for that reason";
    assert!(reps(1.0).contains(said) && !reps(0.8).contains(said));
}
