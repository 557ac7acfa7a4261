//! Won, lost or open, where exports tell it in other ways than by a stage or a plain status. A deal that is
//! closed is never taken as open: where nothing tells how it ended, it is refused.

use sluice::ingest::Ingested;
use sluice::model::config::{OutcomeMode, PipelineConfig};
use sluice::model::{Config, Status};

use super::ingest::{
    data, digest, exported, find, read, read_deals, says, shuffled, try_read, visits,
};

fn outcomes(name: &str) -> Ingested {
    read(&data("outcomes").join(name))
}

fn statuses<const N: usize>(got: &Ingested, ids: [&str; N]) -> [Status; N] {
    ids.map(|id| find(got, id).2.status)
}

/// Row, column and value of what was refused, and whether all of the row was.
fn refused(got: &Ingested) -> Vec<(u64, &str, &str, bool)> {
    let rejects = got.dataset.rejects.iter();
    rejects.map(|r| (r.row, r.column.as_str(), r.value.as_str(), r.is_row)).collect()
}

#[test]
fn a_closed_deal_of_which_nothing_tells_how_is_refused() {
    let got = outcomes("flags");
    assert_eq!(
        statuses(&got, ["1", "2", "3", "5"]),
        [Status::Won, Status::Lost, Status::Open, Status::Won]
    );
    assert_eq!(refused(&got), [(5, "is_closed", "True", true)]);
    assert!(got.dataset.rejects[0].reason.contains("nothing tells whether won or lost"));
    assert_eq!((got.rows_read, got.rows_rejected, got.dataset.deal_count()), (5, 1, 4));
    assert_eq!(got.inputs[0].rejected, 1, "the file knows");
    assert_eq!(digest(&got), digest(&read(shuffled(&data("outcomes/flags")).path())));
}

#[test]
fn columns_of_entries_into_stages_tell_stages_and_outcomes() {
    let got = outcomes("entered");
    assert_eq!(statuses(&got, ["1", "2", "3"]), [Status::Won, Status::Lost, Status::Open]);
    assert_eq!(
        visits(&got, "1"),
        [
            "pitching|01-05 09:00|01-20 09:00",
            "offering|01-20 09:00|02-01 09:00",
            "closed_won|02-01 09:00|-"
        ]
    );
    assert_eq!(visits(&got, "3"), ["pitching|01-07 09:00|-"]);
    assert_eq!(got.dataset.rejects.len(), 0, "the last entry tells how deal 2 ended");
    let stages: Vec<&str> =
        got.dataset.catalogue.stages.iter().map(|s| got.dataset.names.get(s.name)).collect();
    assert!(!stages.contains(&"stage"), "{stages:?}");
}

#[test]
fn words_of_a_status_tell_what_names_of_stages_do() {
    let got = outcomes("words");
    assert_eq!(
        statuses(&got, ["1", "2", "3", "4", "6", "7", "8"]),
        [
            Status::Won,
            Status::Lost,
            Status::Won,
            Status::Won,
            Status::Open,
            Status::Open,
            Status::Won
        ]
    );
    let expected = [(6, "deal_status", "Closed", true), (8, "deal_status", "On hold", false)];
    assert_eq!(refused(&got), expected);
    let said = "are taken as they read: `Contract signed` as won, `Dead` as lost";
    assert!(says(&got, said), "{:?}", got.dataset.assumptions);
    let config = Config {
        won_stages: vec!["closed".to_owned()],
        lost_stages: vec!["On Hold".to_owned(), "Contract signed".to_owned()],
        ..Config::default()
    };
    let got = try_read(&data("outcomes/words"), &config).unwrap();
    assert_eq!(statuses(&got, ["3", "5", "7"]), [Status::Lost, Status::Won, Status::Lost]);
    assert_eq!(refused(&got), []);
    assert!(says(&got, "are taken as they read: `Dead` as lost."));
}

#[test]
fn a_status_that_says_more_stands_for_the_stage() {
    let got = outcomes("column");
    let stage = |got: &Ingested, id: &str| {
        let stage = got.dataset.catalogue.get(find(got, id).2.stage);
        got.dataset.names.get(stage.name).to_owned()
    };
    assert_eq!(
        statuses(&got, ["2", "3", "4", "5", "6"]),
        [Status::Won, Status::Lost, Status::Open, Status::Open, Status::Won]
    );
    assert_eq!(["4", "5"].map(|id| stage(&got, id)), ["In Chat", "New"]);
    assert_eq!(refused(&got), [(2, "status", "Closed", true)]);
    assert!(says(&got, "has no column of stages: `status` stands for it, as `In Chat` is neither"));
    let config = Config { won_stages: vec!["Closed".to_owned()], ..Config::default() };
    let got = try_read(&data("outcomes/column"), &config).unwrap();
    assert_eq!(statuses(&got, ["1"]), [Status::Won]);
    let config = Config { lost_stages: vec!["In Chat".to_owned()], ..Config::default() };
    let got = try_read(&data("outcomes/column"), &config).unwrap();
    assert_eq!(statuses(&got, ["4"]), [Status::Lost]);
}

#[test]
fn ids_of_stages_are_stages_where_no_column_has_their_names() {
    let got = outcomes("stages");
    assert_eq!(statuses(&got, ["1", "2", "3"]), [Status::Won, Status::Lost, Status::Open]);
    let (_, _, deal) = find(&got, "2");
    assert_eq!((got.dataset.names.get(deal.owner), deal.amount_minor.get()), ("U2", Some(20_000)));
}

#[test]
fn an_export_without_stages_and_outcomes_is_told_so() {
    let got = super::ingest::read_deals(
        b"deal_id,deal_name,created_at,amount\n1,A,2026-01-05,5\n2,B,2026-01-06,6\n",
    );
    let said = "No deal is won or lost, and of 2 open deals no stage is known.";
    assert!(says(&got, said), "{:?}", got.dataset.assumptions);
    let open = super::ingest::read_deals(
        b"deal_id,is_closed,is_won,created_at\n1,yes,,2026-01-05\n2,no,,2026-01-06\n",
    );
    assert!(says(&open, "of 1 open deal no stage is known"), "{:?}", open.dataset.assumptions);
}

#[test]
fn an_export_of_which_all_rows_are_refused_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let text = "deal_id,is_closed,created_at\n1,yes,2026-01-05\n2,yes,2026-01-06\n";
    std::fs::write(folder.path().join("deals.csv"), text).unwrap();
    let error = try_read(folder.path(), &Config::default()).unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.starts_with("2 are refused, the first of them row 2 of"), "{cause}");
    assert!(cause.contains("`is_closed` is `yes`: closed, and nothing tells"), "{cause}");
}

#[test]
fn a_flag_of_wins_alone_tells_losses_of_deals_that_have_a_close_or_a_reason() {
    let got = read_deals(
        b"deal_id,is_won,amount,created_date,close_date,loss_reason\n\
          1,True,100,2026-01-05,2026-02-01,\n\
          2,False,100,2026-01-06,2026-02-02,price\n\
          3,False,100,2026-01-07,2026-02-03,\n\
          4,False,100,2026-01-08,,price\n\
          5,False,100,2026-01-09,,\n\
          6,,100,2026-01-10,,\n",
    );
    use Status::{Lost, Open, Won};
    assert_eq!(statuses(&got, ["1", "2", "3", "4", "5", "6"]), [Won, Lost, Lost, Lost, Open, Open]);
    assert!(says(&got, "Nothing but `is_won`"), "{:?}", got.dataset.assumptions);
    let got = read_deals(
        b"deal_id,stage,is_won,created_date,close_date\n\
          1,Closed Won,True,2026-01-05,2026-02-01\n\
          2,Proposal,False,2026-01-06,2026-02-02\n",
    );
    assert_eq!(statuses(&got, ["1", "2"]), [Won, Open], "a stage tells too");
    assert!(!says(&got, "Nothing but"));
}

#[test]
fn a_flag_of_losses_tells_them_of_deals_and_of_stages() {
    use Status::{Lost, Open, Won};
    let got = read_deals(
        b"deal_id,stage,amount,created_at,closed_at,is_won,is_lost\n\
          1,Parked,100,2026-01-01,2026-02-01,0,1\n\
          2,Live,100,2026-01-03,2026-02-01,1,0\n\
          3,Talk,100,2026-01-04,,0,0\n\
          4,Parked,100,2026-01-05,2026-02-02,,1\n\
          5,Talk,100,2026-01-06,2026-02-02,1,1\n",
    );
    assert_eq!(statuses(&got, ["1", "2", "3", "4"]), [Lost, Won, Open, Lost]);
    assert_eq!(refused(&got), [(6, "is_lost", "1", true)], "won and lost at once is neither");
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write(
        "deals.csv",
        "deal_id,stage,created_at\n1,Parked,2026-01-01\n2,Live,2026-01-02\n3,Talk,2026-01-03\n",
    );
    write(
        "stage_history.csv",
        "deal_id,stage,entered_at\n1,Talk,2026-01-01\n1,Parked,2026-02-01\n2,Talk,2026-01-02\n\
         2,Live,2026-02-02\n3,Talk,2026-01-03\n",
    );
    write("stages.csv", "stage,order,is_won,is_lost\nTalk,1,0,0\nLive,2,1,0\nParked,3,0,1\n");
    let got = read(folder.path());
    assert_eq!(statuses(&got, ["1", "2", "3"]), [Lost, Won, Open]);
    write("stages.csv", "stage,order,type\nTalk,1,open\nLive,2,closed_won\nParked,3,Closed-Lost\n");
    let got = read(folder.path());
    assert_eq!(statuses(&got, ["1", "2", "3"]), [Lost, Won, Open]);
}

#[test]
fn a_closed_deal_without_id_is_refused_too_if_nothing_tells_how() {
    let table = b"deal_name,account,status,created_date\n\
        A,x,Closed,2026-01-05\n\
        A,y,Negotiation,2026-01-06\n\
        B,x,Closed,2026-01-07\n\
        C,x,Lost,2026-01-08\n";
    let got = read_deals(table);
    assert_eq!(refused(&got), [(2, "status", "Closed", true), (4, "status", "Closed", true)]);
    assert_eq!(statuses(&got, ["A, y, 2026-01-06", "C"]), [Status::Open, Status::Lost]);
}

#[test]
fn closed_stages_are_not_lost_where_none_is_known_to_be_won() {
    let table = "ID,TITLE,STAGE_ID,OPPORTUNITY,DATE_CREATE,CLOSEDATE,CLOSED\n\
        1,A,Выдано,100,2026-01-05T10:00:00+03:00,2026-02-05T03:00:00+03:00,Y\n\
        2,B,Сделка провалена,200,2026-01-06T10:00:00+03:00,2026-02-06T03:00:00+03:00,Y\n\
        3,C,Отложено,300,2026-01-07T10:00:00+03:00,2026-02-07T03:00:00+03:00,Y\n\
        4,D,Новая,400,2026-01-08T10:00:00+03:00,2026-02-07T03:00:00+03:00,N\n";
    let got = read_deals(table.as_bytes());
    assert_eq!(refused(&got), [(2, "CLOSED", "Y", true), (4, "CLOSED", "Y", true)]);
    assert_eq!(statuses(&got, ["2", "4"]), [Status::Lost, Status::Open]);
    assert!(says(&got, "the export calls `Выдано`, `Отложено` closed, and no stage is known"));
    let config = Config { won_stages: vec!["Выдано".to_owned()], ..Config::default() };
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("deals.csv"), table).unwrap();
    let got = try_read(folder.path(), &config).unwrap();
    assert_eq!(statuses(&got, ["1", "2", "3"]), [Status::Won, Status::Lost, Status::Lost]);
    assert!(says(&got, "the export calls `Отложено` closed and not won: taken as lost"));
}

#[test]
fn a_column_by_any_name_tells_outcomes_if_all_of_its_cells_do() {
    let rows = "1,Proposal,100,2026-01-05,Won,x\n\
        2,Call,100,2026-01-06,Lost,y\n\
        3,Call,100,2026-01-07,,Lost\n\
        4,Call,100,2026-01-08,open,z\n";
    let header = "deal_id,stage,amount,created_date,how it went,competitor";
    let got = read_deals(format!("{header}\n{rows}").as_bytes());
    use Status::{Lost, Open, Won};
    assert_eq!(statuses(&got, ["1", "2", "3", "4"]), [Won, Lost, Open, Open]);
    assert!(says(&got, "`how it went` of"), "{:?}", got.dataset.assumptions);
    let words = format!("{header}\n{}", rows.replace("open", "soon"));
    assert_eq!(statuses(&read_deals(words.as_bytes()), ["1", "2"]), [Open, Open], "one does not");
    let known = format!("{}\n{rows}", header.replace("competitor", "is_won"));
    assert!(!says(&read_deals(known.as_bytes()), "how it went` of"), "another is known to");
}

#[test]
fn times_of_wins_and_losses_tell_where_stages_do_not() {
    let rows = "1,Offer,2026-01-05,2026-02-05,\n\
        2,Offer,2026-01-06,,2026-02-06\n\
        3,Offer,2026-01-07,,\n\
        4,Closed Lost,2026-01-08,2026-02-01,\n";
    let got = read_deals(format!("deal_id,stage,created,won date,lost date\n{rows}").as_bytes());
    use Status::{Lost, Open, Won};
    assert_eq!(statuses(&got, ["1", "2", "3", "4"]), [Won, Lost, Open, Lost]);
    let known = format!("deal_id,stage,created,won date,status\n{rows}")
        .replace(",2026-02-06\n", ",open\n");
    assert_eq!(statuses(&read_deals(known.as_bytes()), ["1"]), [Open], "a status may tell");
}

#[test]
fn a_flag_that_holds_days_is_the_time_of_what_it_says() {
    let got = read_deals(
        b"Deal ID;Value;Created;Closed;Won;Reason\n\
          1;100;05.01.2026;15.02.2026;Yes;\n\
          2;200;06.01.2026;16.02.2026;No;Price\n\
          3;300;07.01.2026;;;\n",
    );
    use Status::{Lost, Open, Won};
    assert_eq!(statuses(&got, ["1", "2", "3"]), [Won, Lost, Open]);
    assert_eq!(refused(&got), []);
    assert!(find(&got, "2").2.closed_at.get().is_some());
}

#[test]
fn columns_of_days_tell_a_funnel_without_a_column_of_stages() {
    let got = outcomes("funnel");
    use Status::{Lost, Open, Won};
    assert_eq!(statuses(&got, ["1", "2", "3", "4"]), [Won, Lost, Open, Open]);
    let stages = |id: &str| -> Vec<String> {
        let name = |visit: &String| visit.split('|').next().unwrap().to_owned();
        visits(&got, id).iter().map(name).collect()
    };
    assert_eq!(stages("1"), ["__UNKNOWN__", "mql", "sql", "Demo", "Won"]);
    assert_eq!(stages("2"), ["__UNKNOWN__", "mql", "Lost"]);
    assert_eq!(stages("3"), ["__UNKNOWN__", "mql", "sql"]);
    assert!(says(&got, "`mql_date`, `sql_date`, `Demo Date`"), "{:?}", got.dataset.assumptions);
    let config = Config {
        pipeline: vec![PipelineConfig {
            stages: vec!["SQL".to_owned(), "Demo".to_owned()],
            ..PipelineConfig::default()
        }],
        ..Config::default()
    };
    let got = try_read(&data("outcomes/funnel"), &config).unwrap();
    assert!(visits(&got, "1")[1].starts_with("SQL|01-12"), "{:?}", visits(&got, "1"));
}

/// The words are stages of no history, and only some are statuses.
#[test]
fn words_of_a_status_that_no_history_has_are_no_stages() {
    let got = read(&data("outcomes/other_words"));
    use Status::{Lost, Open, Won};
    assert_eq!(statuses(&got, ["1", "2", "3", "4", "5"]), [Won, Lost, Lost, Open, Open]);
    let stage = got.dataset.catalogue.get(find(&got, "5").2.stage).name;
    assert_eq!(got.dataset.names.get(stage), "Offer");
    let said = "Of 4 deals with a history the word that stands for a stage (`Accepted`, `Completed`, `Pending`, \
                `Under review`) is none that a history has";
    assert!(says(&got, said), "{:?}", got.dataset.assumptions);
    assert_eq!(digest(&got), digest(&read(shuffled(&data("outcomes/other_words")).path())));
    let config = Config { won_stages: vec!["Completed".to_owned()], ..Config::default() };
    let got = try_read(&data("outcomes/other_words"), &config).unwrap();
    assert_eq!(statuses(&got, ["1", "2"]), [Won, Won], "the row says so");
}

#[test]
fn times_and_flags_tell_outcomes_where_no_word_does() {
    use Status::{Lost, Open, Won};
    for text in [
        "lead_id,created_date,status,converted_date\n\
         1,2026-01-05,Converted,2026-02-03\n2,2026-01-06,Disqualified,\n3,2026-01-07,Working,\n",
        "Opportunity ID,Owner,Amount,Created,Closed,Is Won,Is Closed\n\
         1,Ann,9,2026-01-05,2026-02-03,Yes,Yes\n2,Ann,9,2026-01-06,2026-02-12,No,Yes\n3,Ann,9,2026-01-07,,,No\n",
        "deal_id,value,created,won_date,lost_date\n\
         1,9,2026-01-05,2026-02-03,\n2,9,2026-01-06,,2026-02-12\n3,9,2026-01-07,,\n",
    ] {
        let got = exported(&[("export.csv", text)]);
        assert_eq!(statuses(&got, ["1", "2", "3"]), [Won, Lost, Open], "{text}");
        let closed_at = find(&got, "1").2.closed_at.get();
        assert!(closed_at > find(&got, "1").2.created_at.get(), "{text}");
    }
}

#[test]
fn deals_that_go_on_after_an_end_are_told_and_wins_are_counted_by_the_mode() {
    let pipeline = PipelineConfig {
        name: "default".to_owned(),
        won_stages: vec!["A_ACTIVATED".to_owned()],
        lost_stages: vec!["A_DECLINED".to_owned()],
        ..PipelineConfig::default()
    };
    let config = Config { pipeline: vec![pipeline], ..Config::default() };
    let got = try_read(&data("outcomes/went_on"), &config).unwrap();
    let went_on = "Of 2 deals that came to a won or lost stage, 1 went on after it";
    for words in [
        "No deal is won, and 1 are lost. No deal ends in what `won_stages` in `sluice.toml` names: `A_ACTIVATED`.",
        went_on,
    ] {
        assert!(says(&got, words), "{words}: {:?}", got.dataset.assumptions);
    }
    let config = Config { outcome_mode: OutcomeMode::First, ..config };
    let got = try_read(&data("outcomes/went_on"), &config).unwrap();
    for words in ["No deal is won", went_on] {
        assert!(!says(&got, words), "{words}: {:?}", got.dataset.assumptions);
    }
}

/// That a won deal has a probability of 1 and a lost one of 0 tells of the deal, not of its stage.
#[test]
fn closed_deals_do_not_tell_the_probability_of_the_stage_that_they_are_closed_in() {
    let mut text = "deal_id,stage,status,probability,created_at,closed_at\n".to_owned();
    let mut id = 0;
    for (count, row) in [
        (5, "Qualify,lost,0,2026-01-05,2026-03-01"),
        (2, "Qualify,open,20,2026-01-05,"),
        (3, "Develop,open,40,2026-01-05,"),
        (4, "Signing,won,100,2026-01-05,2026-03-01"),
        (2, "Signing,open,80,2026-01-05,"),
    ] {
        for _ in 0..count {
            id += 1;
            text += &format!("{id},{row}\n");
        }
    }
    let got = read_deals(text.as_bytes());
    let names = &got.dataset.names;
    let stages = got.dataset.catalogue.stages.iter().filter(|stage| stage.order.is_some());
    let shown: Vec<_> =
        stages.map(|s| (names.get(s.name), s.order, s.kind.as_str(), s.probability_bp)).collect();
    assert_eq!(
        shown,
        [
            ("Qualify", Some(1), "open", Some(2_000)),
            ("Develop", Some(2), "open", Some(4_000)),
            ("Signing", Some(3), "open", Some(8_000)),
        ]
    );
    // Those that stand in it are open, and were not won.
    assert_eq!(visits(&got, "15"), ["Signing|01-05 00:00|-"]);
    // Some CRMs leave the probability of the stage with a closed deal.
    let got = read_deals(
        b"deal_id,stage,status,probability,created_at,closed_at\n1,Talk,open,50,2026-01-05,\n\
          2,Pact,won,90,2026-01-05,2026-03-01\n3,Offer,lost,70,2026-01-05,2026-03-01\n",
    );
    let stages = got.dataset.catalogue.stages.iter().filter(|stage| stage.order.is_some());
    let shown: Vec<&str> = stages.map(|s| got.dataset.names.get(s.name)).collect();
    assert_eq!(shown, ["Talk", "Offer", "Pact"]);
}

/// A status may be that of a record that is in use.
#[test]
fn a_stage_that_ends_deals_holds_over_an_open_status() {
    let got = read_deals(
        b"deal_id,stage,status,created_at,close_date\n1,Closed Won,Active,2026-01-05,2026-02-03\n\
          2,Closed Lost,Active,2026-01-06,2026-02-04\n3,Demo,Active,2026-01-07,2026-05-01\n",
    );
    assert_eq!(statuses(&got, ["1", "2", "3"]), [Status::Won, Status::Lost, Status::Open]);
    assert_eq!(
        visits(&got, "1"),
        ["__UNKNOWN__|01-05 00:00|02-03 00:00", "Closed Won|02-03 00:00|-"]
    );
    assert!(
        says(&got, "2 deals without moves in a won or lost stage"),
        "{:?}",
        got.dataset.assumptions
    );
}

#[test]
fn the_day_of_a_creation_may_be_that_of_the_first_stage() {
    let got = outcomes("first_stage");
    use Status::{Lost, Open, Won};
    assert_eq!(statuses(&got, ["1", "2", "3", "4"]), [Won, Lost, Open, Open]);
    assert_eq!(visits(&got, "2")[0], "Lead|01-06 00:00|01-12 00:00");
    assert_eq!(visits(&got, "3"), ["Lead|01-07 00:00|-"]);
    assert!(says(&got, "`Lead Date`, `Demo Date`"), "{:?}", got.dataset.assumptions);
}

#[test]
fn a_first_stage_in_which_no_deal_is_now_has_its_entries_too() {
    let got = outcomes("emptied_stage");
    assert!(says(&got, "`lead_at`, `demo_at`, `proposal_at`"), "{:?}", got.dataset.assumptions);
    assert_eq!(visits(&got, "3"), ["lead|01-07 00:00|01-15 00:00", "Proposal|01-15 00:00|-"]);
}

#[test]
fn the_creation_of_a_lead_may_be_all_that_a_funnel_is_known_by() {
    let text = "lead_id,channel,lead_created_date,mql_date,sql_date,closed_won_date,closed_lost_date\n\
        1,web,2026-01-05,2026-01-07,2026-01-12,2026-02-02,\n2,web,2026-01-06,2026-01-08,,,2026-02-03\n";
    let got = exported(&[("funnel.csv", text)]);
    assert_eq!(statuses(&got, ["1", "2"]), [Status::Won, Status::Lost]);
    assert_eq!(visits(&got, "1").len(), 4);
}

#[test]
fn columns_of_days_tell_a_funnel_of_which_all_deals_are_closed() {
    let got = outcomes("only_closed");
    assert_eq!(
        visits(&got, "1")[..2],
        ["MQL|01-05 00:00|01-12 00:00", "Demo|01-12 00:00|02-02 00:00"]
    );
    assert_eq!(visits(&got, "2")[1], "Closed Lost|02-03 00:00|-");
}

#[test]
fn headers_that_say_entered_name_stages_in_which_no_deal_is_now() {
    let got = outcomes("says_entered");
    let third =
        ["intake|01-07 00:00|01-09 00:00", "review|01-09 00:00|01-30 00:00", "Lost|01-30 00:00|-"];
    assert_eq!(visits(&got, "3"), third);
    assert_eq!(visits(&got, "2")[1], "Offer|01-16 00:00|-");
}

/// The last stage of the log is where won deals wait for their close, which rows alone tell.
#[test]
fn a_stage_in_which_deals_wait_for_their_close_is_not_their_end() {
    let mut deals = "deal_id,status,created_at,closed_at\n".to_owned();
    let mut log = "deal_id,stage,entered_at\n".to_owned();
    for id in 1..=6 {
        deals += &format!("{id},won,2026-01-0{id},2026-02-1{id}\n");
        log += &format!("{id},Lead,2026-01-0{id}\n{id},Contract,2026-01-1{id}\n");
    }
    let files = |deals: &str| exported(&[("deals.csv", deals), ("stage_history.csv", &log)]);
    let got = files(&deals);
    let expected =
        ["Lead|01-01 00:00|01-11 00:00", "Contract|01-11 00:00|02-11 00:00", "Won|02-11 00:00|-"];
    assert_eq!(visits(&got, "1"), expected);
    let at_once = files(&deals.replace(",2026-02-1", ",2026-01-1"));
    assert_eq!(visits(&at_once, "1"), [expected[0], "Contract|01-11 00:00|-"]);
    assert!(says(&at_once, "stage `Contract` is taken as won: 6 of 6"));
}

#[test]
fn a_creation_long_before_all_others_is_said() {
    let rows: String =
        (1..=9).map(|id| format!("{id},won,2026-01-0{id},2026-02-0{id}\n")).collect();
    let read = |first: &str| {
        let header = "deal_id,status,created_at,closed_at";
        exported(&[("deals.csv", &format!("{header}\n0,won,{first},2026-02-01\n{rows}"))])
    };
    let got = read("1970-01-01");
    let said =
        "1 deal was created more than 30 years before half of all others, the first in 1970-01";
    assert!(says(&got, said), "{:?}", got.dataset.assumptions);
    assert!(!says(&read("2001-01-01"), "years before half"));
}
