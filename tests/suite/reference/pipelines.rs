//! References about whole pipelines: flow, drop-off, time to close, the incidence of all deals.

use sluice::model::Value;

use super::{Case, Found, Row, WHOLE, show, whole};

/// Deals whose last stage before the loss was this one.
pub fn check_drop_off(case: &Case) {
    for answer in case.answers("drop_off_last_stage_before_lost") {
        let table = &case.tables["stage_transitions"];
        let is_loss = |row: &&Vec<Value>| {
            show(table.value(row, "period_kind")) == "all"
                && show(table.value(row, "from_stage")) == answer["stage"]
                && table.value(row, "to_stage").as_str().is_some_and(|to| to.ends_with("Lost"))
        };
        let lost: i64 = table
            .rows
            .iter()
            .filter(is_loss)
            .filter_map(|row| table.value(row, "moves").as_i64())
            .sum();
        assert_eq!(lost.to_string(), answer["lost"], "lost from {}", answer["stage"]);
    }
}

/// Time to any close, open deals censored.
pub fn check_survival(case: &Case) {
    let answers = case.answers("survival_summary");
    let answer = answers.iter().find(|a| a["curve"].starts_with("time_to_close")).unwrap();
    let found =
        case.row("time_to_close", &whole(&[("period_kind", "all"), ("tau_requested_days", "180")]));
    for (column, name) in [("n", "n"), ("q50_days", "median"), ("rmst_days", "rmst_180")] {
        found.is(column, &answer[name]);
    }
    if answer["p75"] != "inf" {
        found.is("q75_days", &answer["p75"]);
    }
}

/// Stages added up: deals as a whole.
pub fn check_pipeline_flow(case: &Case) {
    let table = &case.tables["stage_flow"];
    for answer in case.answers("pipeline_flow") {
        let start = format!("{}-01", answer["month"]);
        let sum = |kind: &str, column: &str| -> i64 {
            let is_counted = |row: &&Vec<Value>| {
                let shows = |name: &str, wanted: &str| show(table.value(row, name)) == wanted;
                shows("period_kind", "month")
                    && shows("period_start", &start)
                    && (kind.is_empty() || shows("stage_kind", kind))
                    && WHOLE.iter().all(|(name, wanted)| shows(name, wanted))
            };
            let rows = table.rows.iter().filter(is_counted);
            rows.filter_map(|row| table.value(row, column).as_i64()).sum()
        };
        for (name, found) in [
            ("opening", sum("open", "opening")),
            ("created", sum("", "in_created")),
            ("won", sum("won", "in_won")),
            ("lost", sum("lost", "in_lost")),
            ("closing", sum("open", "closing")),
        ] {
            assert_eq!(found.to_string(), answer[name], "{name} of {start}");
        }
    }
}

/// The incidence of all deals together; a curve that was thinned out cannot be compared.
pub fn check_curve(case: &Case) {
    let answers = case.answers("cif_curve_all");
    if answers.len() >= 3000 {
        return;
    }
    let table = &case.tables["incidence_curve"];
    let of_all = |row: &&Vec<Value>| {
        show(table.value(row, "cohort")) == "ALL"
            && WHOLE.iter().all(|(name, wanted)| show(table.value(row, name)) == *wanted)
    };
    let mut compared = 0;
    for row in table.rows.iter().filter(of_all) {
        let day = table.value(row, "day").as_f64().unwrap();
        let reached = |answer: &&Row| answer["t"].parse::<f64>().unwrap() <= day;
        let Some(answer) = answers.iter().rev().find(reached) else { continue };
        let label = format!("incidence of all on day {day}");
        let found = Found { table, row, label };
        found.is("cif_won", &answer["cif_win"]);
        found.is("cif_lost", &answer["cif_loss"]);
        compared += 1;
    }
    assert!(compared > 20, "{compared} points");
}
