//! Goals of people without deals, goals in currencies that no deal is in, scores of deals without a history.

use super::credit::{STAGES, ask, stored};
use crate::program::sluice;

const DEALS: (&str, &str) = (
    "deals.csv",
    "deal_id,pipeline,stage,status,amount,currency,owner,created_at,closed_at\n\
     d1,S,Won,won,1500,USD,ann,2026-04-01,2026-04-21\nd2,S,New,open,100,USD,ann,2026-04-02,\n",
);

/// Sue calls for deals of others: she owns none, and no table of users names her.
#[test]
fn activities_of_people_without_deals_count_for_their_goals() {
    let there = stored(&[
        ("sluice.toml", ""),
        STAGES,
        DEALS,
        (
            "activities.csv",
            "activity_id,deal_id,owner,type,done_at\n1,d1,sue,call,2026-04-05\n\
             2,d2,sue,call,2026-04-06\n3,d2,ann,call,2026-04-06\n4,d1,joe,call,2026-04-07\n",
        ),
        (
            "targets.csv",
            "owner,period_start,period_end,measure,value\nsue,2026-04-01,2026-06-30,activities.call,5\n\
             ann,2026-04-01,2026-06-30,activities.call,5\n,2026-04-01,2026-06-30,activities.call,9\n",
        ),
    ]);
    let sql = "SELECT owner, actual FROM goal_attainment ORDER BY owner";
    let found = ask(there.path(), sql, "2026-04-30");
    assert_eq!(found.iter().filter(|row| *row == "sue,2").count(), 1, "{found:?}");
    assert_eq!(found.iter().filter(|row| *row == "ann,1").count(), 1, "{found:?}");
    assert_eq!(found.iter().filter(|row| *row == ",4").count(), 1, "{found:?}");
}

/// Bob only lost a deal, Cid's is open, Dan has none, and each called someone on no deal: that is the effort of
/// Bob and Cid in their pipelines, in both tables.
#[test]
fn activities_on_no_deal_count_in_each_pipeline_of_their_owner() {
    let there = stored(&[
        ("sluice.toml", ""),
        (
            "deals.csv",
            "deal_id,pipeline,stage,status,owner,created_at,closed_at\n1,New,Won,won,ann,2026-04-01,2026-04-21\n\
             2,New,Lost,lost,bob,2026-04-02,2026-04-08\n3,Renewal,Won,won,ann,2026-04-01,2026-04-05\n\
             4,Renewal,Offer,open,cid,2026-04-01,\n",
        ),
        (
            "activities.csv",
            "activity_id,deal_id,owner,type,done_at\n1,,bob,call,2026-04-05\n2,,bob,call,2026-04-06\n\
             3,,cid,call,2026-04-06\n4,,dan,call,2026-04-07\n5,1,ann,call,2026-04-06\n",
        ),
    ]);
    let of = |table: &str| {
        let sql = format!(
            "SELECT pipeline, owner, activities FROM {table} WHERE period_kind = 'quarter' AND activities > 0 \
             AND owner IS NOT NULL ORDER BY pipeline, owner"
        );
        ask(there.path(), &sql, "2026-04-30")
    };
    let wanted = ["New,ann,1", "New,bob,2", "Renewal,cid,1"];
    assert_eq!(of("effort_per_win"), wanted);
    assert_eq!(of("rep_scorecard"), wanted);
}

/// Where activities are only planned, it is known that none was done.
#[test]
fn planned_activities_tell_that_nothing_was_done() {
    let there = stored(&[
        ("sluice.toml", ""),
        STAGES,
        DEALS,
        ("activities.csv", "activity_id,deal_id,owner,type,due_at\n1,,ann,call,2026-05-05\n"),
    ]);
    for (table, column) in [
        ("activities_per_win", "sum"),
        ("effort_per_win", "activities"),
        ("rep_scorecard", "activities"),
    ] {
        let sql = format!("SELECT DISTINCT {column} FROM {table}");
        assert_eq!(ask(there.path(), &sql, "2026-04-30"), ["0"], "{table}");
    }
}

/// Bob has a quota and nothing came of it: he stands in the scorecard all the same.
#[test]
fn a_rep_with_a_goal_and_nothing_else_has_a_row() {
    let there = stored(&[
        ("sluice.toml", ""),
        STAGES,
        DEALS,
        (
            "targets.csv",
            "owner,period_start,period_end,measure,value,currency\n\
             ann,2026-04-01,2026-06-30,bookings,3000,USD\nbob,2026-04-01,2026-06-30,bookings,1000,USD\n\
             bob,2026-07-01,2026-09-30,bookings,1000,USD\n",
        ),
    ]);
    let sql = "SELECT owner, closed, rate, bookings_minor, target_minor, attainment FROM rep_scorecard \
               WHERE period_kind = 'quarter' ORDER BY owner";
    let found = ask(there.path(), sql, "2026-04-30");
    assert_eq!(found, ["ann,1,1.0,150000,300000,0.5", "bob,0,,0,100000,0.0"]);
}

/// All deals are in dollars and there are no rates: nothing can be set against euros.
#[test]
fn a_goal_in_a_currency_of_no_deal_is_not_compared_with_another() {
    let there = stored(&[
        ("sluice.toml", ""),
        STAGES,
        DEALS,
        (
            "targets.csv",
            "owner,period_start,period_end,measure,value,currency\n\
             ann,2026-04-01,2026-06-30,bookings,1000,EUR\n",
        ),
        // The word is known from elsewhere.
        ("payments.csv", "deal_id,paid_at,amount,currency\nd1,2026-04-25,1,EUR\n"),
    ]);
    for table in ["goal_attainment", "goal_gap", "pipeline_coverage"] {
        let sql = format!("SELECT owner, currency, target_minor, reason FROM {table}");
        assert_eq!(ask(there.path(), &sql, "2026-04-30"), ["ann,EUR,100000,MC"], "{table}");
    }
    let sql = "SELECT attainment, actual_minor FROM goal_attainment";
    assert_eq!(ask(there.path(), sql, "2026-04-30"), [","]);
    let sql = "SELECT bookings_minor, target_minor, attainment FROM rep_scorecard \
               WHERE owner = 'ann' AND period_kind = 'quarter'";
    assert_eq!(ask(there.path(), sql, "2026-04-30"), ["150000,,"]);
}

/// Users call the team `East`; nobody is in `North`.
#[test]
fn a_goal_of_a_team_needs_somebody_in_it() {
    let there = stored(&[
        ("sluice.toml", ""),
        STAGES,
        DEALS,
        ("users.csv", "user_id,name,team\nann,Ann,East\n"),
        (
            "targets.csv",
            "team,period_start,period_end,measure,value,currency\n\
             EAST ,2026-04-01,2026-06-30,bookings,3000,USD\nNorth,2026-04-01,2026-06-30,bookings,3000,USD\n\
             EAST ,2026-04-01,2026-06-30,wins,2,\nNorth,2026-04-01,2026-06-30,wins,2,\n",
        ),
    ]);
    let asked = |sql: &str| ask(there.path(), sql, "2026-04-30");
    let sql = "SELECT team, actual, actual_minor, attainment, reason FROM goal_attainment";
    let found = asked(&format!("{sql} WHERE measure = 'bookings' ORDER BY team"));
    assert_eq!(found, ["East,,150000,0.5,", "North,,,,NA"]);
    let found = asked(&format!("{sql} WHERE measure = 'wins' ORDER BY team"));
    assert_eq!(found, ["East,1,,0.5,", "North,,,,NA"]);
    for (table, column) in [
        ("goal_gap", "won_minor"),
        ("goal_chance_bookings", "p_hit"),
        ("goal_chance_wins", "p_hit"),
        ("pipeline_coverage", "coverage"),
        ("goal_calibration", "ratio"),
    ] {
        let sql = format!("SELECT DISTINCT {column}, reason FROM {table} WHERE team = 'North'");
        assert_eq!(asked(&sql), [",NA"], "{table}");
    }
    let args = ["metric", "A1", "--as-of", "2026-04-30", "--config", "sluice.toml"];
    let (_, _, talk) = sluice(there.path(), &args);
    assert!(
        talk.contains("No user is in the team of some goals") && talk.contains("`North`"),
        "{talk}"
    );
}

/// Half a year is no kind of period, and is not the last 181 days.
#[test]
fn a_goal_of_half_a_year_is_called_by_its_days() {
    let there = stored(&[
        ("sluice.toml", ""),
        STAGES,
        DEALS,
        (
            "targets.csv",
            "owner,period_start,period_end,measure,value,currency\n,2026-01-01,2026-06-30,wins,6,\n\
             ,2026-01-01,2026-06-30,bookings,9000,USD\n",
        ),
    ]);
    for table in ["goal_attainment", "goal_gap", "goal_chance_wins", "goal_chance_bookings"] {
        let sql = format!("SELECT DISTINCT period_kind, period_end FROM {table}");
        assert_eq!(ask(there.path(), &sql, "2026-04-30"), ["custom,2026-07-01"], "{table}");
    }
}

/// A list of deals without any history: both wins had a call before the month end, the others none. Won deals
/// count though nobody knows in which stage they stood.
#[test]
fn a_score_is_judged_by_deals_whose_stages_of_then_nobody_knows_too() {
    let there = stored(&[
        ("sluice.toml", "[[score]]\ntype = \"call\"\npoints = 10\n"),
        STAGES,
        (
            "deals.csv",
            "deal_id,pipeline,stage,status,amount,owner,created_at,closed_at\n\
             w1,S,Won,won,1,ann,2025-11-10,2025-12-15\nw2,S,Won,won,1,ann,2025-11-10,2026-01-10\n\
             l1,S,Lost,lost,1,ann,2025-11-10,2025-12-20\no1,S,New,open,1,ann,2025-11-10,\n",
        ),
        (
            "activities.csv",
            "activity_id,deal_id,owner,type,done_at\n1,w1,ann,call,2025-11-12\n2,w2,ann,call,2025-11-12\n\
             3,o1,ann,call,2026-04-20\n",
        ),
    ]);
    let sql = "SELECT level, n_won, n_not, auc FROM score_validation";
    assert_eq!(ask(there.path(), sql, "2026-04-30"), ["all,3,3,1.0"]);
    let sql = "SELECT SUM(won) AS won, SUM(n) AS n FROM score_bands";
    assert_eq!(ask(there.path(), sql, "2026-04-30"), ["3,6"]);
}

/// Wins that the configuration wants of each pipeline are a goal of everyone, if each has one, before a target.
#[test]
fn configured_wins_are_a_goal_of_everyone() {
    let two = "deal_id,pipeline,stage,status,created_at,closed_at\nd1,S,Won,won,2026-03-01,2026-04-21\n\
        d2,S,New,open,2026-04-02,\nd3,T,Won,won,2026-04-01,2026-04-22\n";
    let stages = "pipeline,stage,order,is_closed,is_won\nS,New,1,,\nS,Won,,true,true\nT,New,1,,\nT,Won,,true,true\n";
    let target = "period_start,period_end,measure,value\n2026-04-01,2026-06-30,wins,9\n";
    for (config, targets, reached, chance) in [
        (
            "wins = 3",
            "",
            vec!["configured,2026-01-01,0,6", "configured,2026-04-01,2,6"],
            vec!["6.0,2,4.0"],
        ),
        (
            "wins = 3\npipelines = { T = 5 }",
            target,
            vec!["configured,2026-01-01,0,8", "configured,2026-04-01,2,8", "target,2026-04-01,2,9"],
            vec!["8.0,2,6.0"],
        ),
        ("pipelines = { T = 5 }", "", vec![], vec![]),
        ("pipelines = { T = 5 }", target, vec!["target,2026-04-01,2,9"], vec!["9.0,2,7.0"]),
    ] {
        let config = format!("[goals]\nperiod = \"quarter\"\n{config}\n");
        let mut files =
            vec![("sluice.toml", config.as_str()), ("stages.csv", stages), ("deals.csv", two)];
        files.extend((!targets.is_empty()).then_some(("targets.csv", targets)));
        let there = stored(&files);
        let asked = |sql: &str| ask(there.path(), sql, "2026-04-30");
        let sql = "SELECT goal_source, period_start, actual, target FROM goal_attainment \
                   ORDER BY goal_source, period_start";
        assert_eq!(asked(sql), reached, "{config}");
        let sql = "SELECT DISTINCT target, won, need FROM goal_chance_wins";
        assert_eq!(asked(sql), chance, "{config}");
    }
}

/// Goals of the export are those of the only pipeline that has deals, whatever a table of stages lists beside it.
#[test]
fn a_pipeline_without_deals_takes_no_goal_away() {
    let stages = "pipeline,stage,order,probability,is_closed,is_won\nS,New,1,50,,\nS,Won,,100,true,true\n\
        Old,New,1,50,,\nOld,Won,,100,true,true\n";
    let target = "period_start,period_end,measure,value\n2026-04-01,2026-06-30,wins,4\n";
    let files = [("sluice.toml", ""), ("stages.csv", stages), DEALS, ("targets.csv", target)];
    let there = stored(&files);
    let asked = |sql: &str| ask(there.path(), sql, "2026-04-30");
    let sql =
        "SELECT DISTINCT pipeline, goal, goal_basis FROM reverse_funnel WHERE goal IS NOT NULL";
    assert_eq!(asked(sql), ["S,4,target"]);
    let sql = "SELECT DISTINCT pipeline, target FROM goal_chance_wins";
    assert_eq!(asked(sql), ["S,4.0"]);
    let config = "[goals]\nwins = 3\nperiod = \"quarter\"\n";
    let there = stored(&[("sluice.toml", config), ("stages.csv", stages), DEALS]);
    let sql = "SELECT actual, target FROM goal_attainment WHERE goal_source = 'configured'";
    assert_eq!(ask(there.path(), sql, "2026-04-30"), ["1,3"]);
}
