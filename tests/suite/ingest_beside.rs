//! What stands beside deals: tables that are none of deals, activities in the words of many, goals and
//! forecasts as people keep them.

use sluice::ingest::Ingested;
use sluice::model::calendar::date;
use sluice::model::{Activity, Config, Dataset, Partition};

use crate::ingest::{folder, told, try_read, try_read_all};

const DEALS: &str = "deal_id,name,stage,status,owner,amount,currency,created_at,closed_at\n\
    1,Acme,Won,won,Ann,100,EUR,2026-01-05,2026-02-03\n2,Beta,Demo,open,Bob,200,EUR,2026-01-06,\n";

/// What is made of these files alone.
fn alone(files: &[(&str, &str)]) -> Ingested {
    let files: Vec<(&str, &[u8])> =
        files.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    try_read(folder(&files).path(), &Config::default()).unwrap()
}

/// What is made of these files beside the deals.
fn read(files: &[(&str, &str)]) -> Ingested {
    alone(&[&[("deals.csv", DEALS)], files].concat())
}

#[test]
fn tables_that_refer_to_deals_are_none_of_deals() {
    let by_themselves = read(&[]);
    for (name, text) in [
        (
            "quotes.csv",
            "Quote ID,Deal ID,Status,Amount,Owner,Created Date\n7,2,Rejected,9,Eve,2026-03-01\n8,9,Sent,9,Eve,2026-03-01\n",
        ),
        ("Order.csv", "Id,OpportunityId,Status,TotalAmount,CreatedDate\n7,2,Draft,9,2026-03-01\n"),
        (
            "OpportunityContactRole.csv",
            "Id,OpportunityId,ContactId,Role,CreatedDate\n7,2,3,Buyer,2026-03-01\n",
        ),
        ("support.csv", "Ticket No,Deal ID,Status,Created\n7,2,Closed,2026-03-01\n"),
        ("notes.csv", "deal_id,created_at,text\n2,2026-03-01,hello\n9,2026-03-01,hello\n"),
    ] {
        let found = read(&[(name, text)]);
        assert_eq!(found.dataset.deal_count(), 2, "{name}");
        for id in ["1", "2"] {
            assert_eq!(told(&found, id), told(&by_themselves, id), "{name}");
        }
        let said = &found.dataset.assumptions;
        let is_said =
            said.iter().any(|said| said.contains(name) && said.contains("is not read: it refers"));
        assert!(is_said, "{name}: {said:?}");
    }
    // Where no other table tells deals, it is one of deals.
    let found =
        alone(&[("quotes.csv", "Quote ID,Deal ID,Status,Created Date\n7,2,Open,2026-03-01\n")]);
    assert_eq!(found.dataset.deal_count(), 1);
}

/// `deal kind done|planned outcome` of each activity, sorted.
fn activities(dataset: &Dataset) -> Vec<String> {
    let shown = |deal: &str, activity: &Activity| {
        let word = |sym| dataset.names.get(sym);
        let state = if activity.done_at.get().is_some() { "done" } else { "planned" };
        let text = format!("{deal} {} {state} {}", word(activity.kind), word(activity.outcome));
        text.trim().to_owned()
    };
    let of_deals = dataset.partitions.iter().flat_map(|part| {
        (0..part.len()).flat_map(move |row| {
            part.activities.get(row).iter().map(move |a| (part.deal_ids.get(row), a))
        })
    });
    let loose = dataset.loose_activities.iter().map(|a| ("-", a));
    let mut all: Vec<String> = of_deals.chain(loose).map(|(deal, a)| shown(deal, a)).collect();
    all.sort();
    all
}

#[test]
fn activities_are_done_planned_or_void_in_the_words_of_many() {
    let with = |name: &str, text: &str| activities(&read(&[(name, text)]).dataset);
    let lists = [
        (
            "meetings.csv",
            "meeting_id,deal_id,start_time,status\n1,2,2026-01-10 10:00,Completed\n2,2,2026-01-11 10:00,No show\n3,2,2026-01-12 10:00,Scheduled\n",
            vec!["2 meeting done", "2 meeting done no_show", "2 meeting planned"],
        ),
        (
            "calls_2026 (1).csv",
            "deal_id,date,Owner Name,Status\n2,2026-01-10,Ann,Erledigt\n2,2026-01-11,Ann,Annulé\n",
            vec!["2 call done", "2 call done cancelled"],
        ),
        (
            "activities.csv",
            "deal_id,type,date,status\n2,Phone call,2026-01-10,Concluído\n2,E-Mail,2026-01-11,À faire\n2,demo,2026-01-12,left voicemail\n",
            vec!["2 call done", "2 demo done left_voicemail", "2 email planned"],
        ),
        (
            "activities.csv",
            "Deal ID,Type,Date\n1;2,Call,2026-01-10\n2;9,Call,2026-01-11\n7;9,Call,2026-01-12\n",
            vec!["- call done", "1 call done", "2 call done", "2 call done"],
        ),
        (
            "tasks.csv",
            "deal_id,type,due_date,status\n2,task,,Not started\n2,task,2026-01-09,Completed\n",
            vec!["2 task done"],
        ),
        (
            "all.csv",
            "Record ID,Activity type,Activity date,Meeting outcome,Task status,Completed at,Due date,Associated Deal IDs\n\
            1,Meeting,2026-01-10 10:00,Canceled,,,,2\n2,Meeting,2026-06-10 10:00,Scheduled,,,,2\n\
            3,Task,2026-01-12 10:00,,Completed,2026-01-13 09:00,2026-01-12,2\n4,Logged call,2026-01-14 10:00,,,,,1\n",
            vec!["1 call done", "2 meeting done cancelled", "2 meeting planned", "2 task done"],
        ),
        (
            "hubspot-meetings.csv",
            "Record ID,Meeting name,Meeting outcome,Activity date,Associated Deal IDs\n\
            1,Demo,Completed,2026-01-10 10:00,2\n2,Demo,Rescheduled,2026-01-11 10:00,2\n",
            vec!["2 meeting done", "2 meeting planned"],
        ),
    ];
    for (name, text, wanted) in lists {
        assert_eq!(with(name, text), wanted, "{name}: {text}");
    }
}

#[test]
fn a_planned_meeting_does_not_move_the_end_of_an_export() {
    let end = |text: &str| read(&[("all.csv", text)]).dataset.extracted_at;
    let header = "Record ID,Activity type,Activity date,Meeting outcome,Associated Deal IDs\n";
    let past = format!("{header}1,Call,2026-02-01 10:00,,2\n");
    let future = format!("{past}2,Meeting,2026-06-10 10:00,Scheduled,2\n");
    assert_eq!(end(&future), end(&past));
}

/// `owner team start end measure value currency` of each target.
fn targets(name: &str, text: &str) -> Vec<String> {
    let dataset = read(&[(name, text)]).dataset;
    let day = |day| date(day).format("%y-%m-%d").to_string();
    let shown = dataset.targets.iter().map(|t| {
        let (start, end) = (day(t.period_start), day(t.period_end));
        format!("{}|{}|{start}|{end}|{}|{}{}", t.owner, t.team, t.measure, t.value, t.currency)
    });
    let mut shown: Vec<String> = shown.collect();
    shown.sort();
    shown
}

#[test]
fn goals_are_read_as_people_keep_them() {
    let ann = |from: &str, to: &str| format!("Ann||{from}|{to}|bookings|1000EUR");
    let quarter = vec![ann("26-01-01", "26-04-01")];
    for (name, text) in [
        ("Sales Targets 2026.csv", "Deal owner,Quarter,Target\nAnn,Q1,10\n"),
        ("Quotas FY26 (1).csv", "Full Name,Q1\nAnn,10\n"),
        ("targets.csv", "Salesperson,Year,Quarter,Quota\nAnn,2026,1,10\n"),
        ("targets.csv", "Rep,Quarter,Quota\nAnn,2026-01-01,10\n"),
        ("targets.csv", "Rep,T1 2026,Notes\nAnn,10,x\n"),
        ("targets.csv", "Rep,1Q26 Quota,2Q26 Quota\nAnn,10,\n"),
    ] {
        assert_eq!(targets(name, text), quarter, "{name}: {text}");
    }
    let months = vec![ann("26-01-01", "26-02-01"), ann("26-02-01", "26-03-01")];
    for text in [
        "Rep,janv. 2026,févr. 2026\nAnn,10,10\n",
        "Rep,202601,202602\nAnn,10,10\n",
        "Rep,Quota Start Date,Quota\nAnn,2026-01-01,10\nAnn,2026-02-01,10\n",
        "Rep,Year,Month,Quota\nAnn,2026,1,10\nAnn,2026,2,10\n",
    ] {
        assert_eq!(targets("targets.csv", text), months, "{text}");
    }
    // Two first days of a month are those of it and of the next one; one and the same is a day.
    for (end, to) in
        [("2026-02-01", "26-02-01"), ("2026-01-01", "26-01-02"), ("2026-01-31", "26-02-01")]
    {
        let text = format!("Rep,period_start,period_end,Quota\nAnn,2026-01-01,{end},10\n");
        assert_eq!(targets("targets.csv", &text), [ann("26-01-01", to)], "{end}");
    }
    assert_eq!(
        targets("targets.csv", "Rep,H2 2026,FY26\nAnn,10,10\n"),
        [ann("26-01-01", "27-01-01"), ann("26-07-01", "27-01-01")]
    );
    assert_eq!(
        targets(
            "targets.csv",
            "Rep,Period,Measure,Target\nAnn,2026-Q1,Calls,5\nAnn,2026-Q1,Deals won,6\n"
        ),
        ["Ann||26-01-01|26-04-01|activities.call|5", "Ann||26-01-01|26-04-01|wins|6"]
    );
}

#[test]
fn goals_last_as_long_as_their_file_says() {
    let goals = |from_to: &[(&str, &str)]| -> Vec<String> {
        from_to.iter().map(|(from, to)| format!("Ann||{from}|{to}|bookings|1000EUR")).collect()
    };
    let weeks = goals(&[("26-04-13", "26-04-20"), ("26-04-20", "26-04-27")]);
    for text in [
        "Rep,Period,Quota\nAnn,2026-W16,10\nAnn,W17 2026,10\n",
        "Rep,Year,Week,Quota\nAnn,2026,16,10\nAnn,2026,17,10\n",
        "Rep,Week,Quota\nAnn,2026-04-13,10\nAnn,2026-04-20,10\n",
        "Rep,Week of,Quota\nAnn,2026-04-13,10\nAnn,2026-04-20,10\n",
        "Rep,2026-W16,2026-W17\nAnn,10,10\n",
        "Rep,Start,Period,Quota\nAnn,2026-04-13,weekly,10\nAnn,2026-04-20,weekly,10\n",
        "Rep,Start,Weekly quota\nAnn,2026-04-13,10\nAnn,2026-04-20,10\n",
        "Rep,Start,Quota\nAnn,2026-04-13,10\nAnn,2026-04-20,10\n",
    ] {
        assert_eq!(targets("targets.csv", text), weeks, "{text}");
    }
    let days = goals(&[("26-04-13", "26-04-14"), ("26-04-14", "26-04-15")]);
    for text in [
        "Rep,Date,Quota\nAnn,2026-04-13,10\nAnn,2026-04-14,10\n",
        "Rep,Date,Frequency,Quota\nAnn,2026-04-13,daily,10\nAnn,2026-04-14,Daily,10\n",
        "Rep,Date,Daily target\nAnn,2026-04-13,10\nAnn,2026-04-14,10\n",
    ] {
        assert_eq!(targets("targets.csv", text), days, "{text}");
    }
    let year = goals(&[("26-01-01", "27-01-01")]);
    assert_eq!(targets("targets.csv", "Rep,Start,Annual quota\nAnn,2026-01-01,10\n"), year);
    // A week of a file begins on the day that it is told by, a Sunday for example.
    let sunday = "Rep,Start,Period,Quota\nAnn,2026-04-12,weekly,10\n";
    assert_eq!(targets("targets.csv", sunday), goals(&[("26-04-12", "26-04-19")]));
}

#[test]
fn goals_of_a_group_are_those_of_the_row_above() {
    let grouped = "Rep,Period,Quota\nAnn,2026-Q1,1\n,2026-Q2,2\nBob,2026-Q1,3\n,2026-Q2,4\n";
    let each = "Rep,Period,Quota\nAnn,2026-Q1,1\nAnn,2026-Q2,2\nBob,2026-Q1,3\nBob,2026-Q2,4\n";
    assert_eq!(targets("targets.csv", grouped), targets("targets.csv", each));
    // Goals of all that do not repeat each other are what they say.
    let of_all = "Rep,Period,Quota\nAnn,2026-Q1,1\nBob,2026-Q1,3\n,2026-Q1,4\n,2026-Q2,9\n";
    let found = targets("targets.csv", of_all);
    assert_eq!(found.iter().filter(|row| row.starts_with("||")).count(), 2, "{found:?}");
}

#[test]
fn sums_of_goals_are_no_people() {
    let text = "Region,Rep,Period,Quota\nEMEA,Ann,2026-Q1,10\nEMEA Total,,2026-Q1,10\nUS,Bob,2026-Q1,5\n\
        Grand Total,,2026-Q1,15\n";
    assert_eq!(
        targets("targets.csv", text),
        [
            "Ann|EMEA|26-01-01|26-04-01|bookings|1000EUR",
            "Bob|US|26-01-01|26-04-01|bookings|500EUR",
            "||26-01-01|26-04-01|bookings|1500EUR"
        ]
    );
    let text = "snapshot_date,period,owner,commit,best case\n2026-01-02,2026-Q1,Ann,10,20\n2026-01-02,2026-Q1,Total,10,20\n";
    let dataset = read(&[("forecasts.csv", text)]).dataset;
    let shown = dataset.forecasts.iter();
    let mut shown: Vec<String> = shown
        .map(|f| format!("{} {} {}{}", f.owner, f.category, f.amount_minor, f.currency))
        .collect();
    shown.sort();
    assert_eq!(
        shown,
        [" best_case 2000EUR", " commit 1000EUR", "Ann best_case 2000EUR", "Ann commit 1000EUR"]
    );
}

#[test]
fn forecasts_of_regions_add_up_to_those_of_all() {
    let shown = |rows: &str| {
        let text = format!("snapshot_date,period,region,owner,category,amount\n{rows}");
        let dataset = read(&[("forecasts.csv", &text)]).dataset;
        let shown = dataset.forecasts.iter();
        let shown = shown.map(|f| format!("{} {} {}", f.owner, f.category, f.amount_minor));
        let mut shown: Vec<String> = shown.collect();
        shown.sort();
        shown
    };
    let regions = "2026-01-02,2026-Q1,EMEA,,commit,10\n2026-01-02,2026-Q1,US,,commit,5\n\
        2026-01-02,2026-Q1,US,,best case,7\n2026-01-02,2026-Q1,US,,commit,4\n";
    assert_eq!(shown(regions), [" best_case 700", " commit 1500"]);
    let told = "2026-01-02,2026-Q1,Total,,commit,16\n2026-01-02,2026-Q1,US,Ann,commit,3\n";
    assert_eq!(
        shown(&format!("{regions}{told}")),
        [" best_case 700", " commit 1600", "Ann commit 300"]
    );
}

#[test]
fn payments_that_did_not_come_or_went_back() {
    let text = "deal_id,payment_date,amount,amount paid,type,status\n1,2026-02-04,100,100,payment,Paid\n\
        1,2026-02-05,30,30,Refund,Paid\n1,2026-02-06,50,50,payment,Chargeback\n1,2026-02-07,100,40,payment,paid\n";
    let dataset = read(&[("payments.csv", text)]).dataset;
    let amounts: Vec<i64> = dataset.payments.iter().map(|p| p.amount_minor).collect();
    assert_eq!(amounts, [10_000, -3_000, 4_000]);
}

#[test]
fn rates_are_told_by_month_and_never_guessed() {
    let rates = |text: &str| {
        let found = read(&[("fx.csv", text)]);
        let rates = found.dataset.fx.iter();
        let rates =
            rates.map(|r| format!("{} {} {}/{}", r.currency, date(r.rate_on), r.num, r.den));
        (rates.collect::<Vec<_>>(), found.dataset.assumptions)
    };
    let wanted = ["USD 2026-01-01 9/10", "USD 2026-02-01 4/5"];
    for text in [
        "currency,month,rate\nUSD,2026-01,0.9\nUSD,Feb 2026,0.8\n",
        "currency,year,month,rate\nUSD,2026,1,0.9\nUSD,2026,2,0.8\n",
        "Effective Date,Currency Code,Exchange Rate\n2026-01-01,USD,0.9\n2026-02-01,USD,0.8\n",
    ] {
        assert_eq!(rates(text).0, wanted, "{text}");
    }
    let config = Config { base_currency: Some("EUR".to_owned()), ..Config::default() };
    let pairs = "Date,From Currency,To Currency,Rate\n2026-01-01,USD,EUR,0.9\n2026-01-01,EUR,GBP,0.8\n2026-01-01,USD,GBP,0.7\n";
    let deals = DEALS.as_bytes();
    let there = folder(&[("deals.csv", deals), ("fx.csv", pairs.as_bytes())]);
    let found = try_read(there.path(), &config).unwrap().dataset.fx;
    let shown: Vec<String> =
        found.iter().map(|r| format!("{} {}/{}", r.currency, r.num, r.den)).collect();
    assert_eq!(shown, ["GBP 5/4", "USD 9/10"]);
    let (found, said) = rates("currency,rate,when\nUSD,0.9,a\nUSD,0.8,b\nGBP,1.2,a\n");
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(said.iter().any(|said| said.contains("of USD carry no date")), "{said:?}");
}

#[test]
fn amounts_in_thousands_and_closes_by_outcome() {
    let deals = "Deal ID,Deal Name,Stage,Amount (k€),Created Date,Expected Close Date,Won Date,Lost Date\n\
        1,A,Won,12.5,2026-01-05,2026-02-28,2026-02-12,\n2,B,Lost,3,2026-01-06,2026-02-28,,2026-02-13\n";
    let found = alone(&[("deals.csv", deals)]);
    let deals = &found.dataset.partitions[0].deals;
    let shown: Vec<_> = deals
        .iter()
        .map(|d| (d.amount_minor.get(), found.dataset.names.get(d.currency), d.closed_at.get()))
        .collect();
    let at = |text: &str| Some(crate::fixtures::at(text));
    assert_eq!(
        shown,
        [(Some(1_250_000), "EUR", at("2026-02-12")), (Some(300_000), "EUR", at("2026-02-13"))]
    );
}

#[test]
fn ids_that_calls_and_meetings_count_each_by_themselves() {
    let calls = "id,deal_id,date\n1,2,2026-01-10\n2,2,2026-01-11\n";
    let meetings = "id,deal_id,date\n1,2,2026-01-12\n";
    let files = [("calls.csv", calls), ("meetings.csv", meetings), ("Calls (2).csv", calls)];
    let found = activities(&read(&files).dataset);
    assert_eq!(found, ["2 call done", "2 call done", "2 meeting done"]);
}

#[test]
fn hubspot_links_calls_by_its_api() {
    let call = r#"[{"id":"5","properties":{"hs_timestamp":"2026-01-10T10:00:00Z","hs_call_status":"COMPLETED",
        "hs_call_disposition":"73a0d17f-1163-4015-bdd5-ec830791da20"},"associations":{"deals":{"results":[
        {"id":"1","type":"call_to_deal"},{"id":"1","type":"other"},{"id":"2","type":"other"}]}}}]"#;
    let found = activities(&read(&[("calls.json", call)]).dataset);
    assert_eq!(found, ["1 call done no_answer", "2 call done no_answer"]);
}

#[test]
fn columns_that_are_called_like_stages_tell_when_they_were_entered() {
    for headers in [
        "Lead Date,Demo Date",
        "lead_at,demo_at",
        "Date in Lead,Demo",
        "Lead entered,Entered Demo",
        "Lead Entry Date,Demo Entry Date",
        "stage_lead_date,stage_demo_date",
    ] {
        let text = format!(
            "Deal ID,Deal Name,Stage,Created,{headers}\n1,A,Demo,2026-01-05,2026-01-06,2026-01-20\n\
             2,B,Lead,2026-01-07,2026-01-08,\n"
        );
        let found = alone(&[("deals.csv", &text)]);
        let visits = &found.dataset.partitions[0].visits;
        let shown: Vec<usize> = (0..2).map(|row| visits.get(row).len()).collect();
        let grade = found.dataset.partitions[0].deals[0].history_grade;
        assert_eq!(grade, sluice::model::HistoryGrade::WideEntered, "{headers}");
        assert!(shown[0] >= 2, "{headers}: {shown:?}");
    }
}

#[test]
fn years_of_other_calendars() {
    let text = "Deal ID,Deal Name,Stage,Created\n1,A,Demo,2569-01-05\n2,B,Demo,1447-07-05\n3,C,Demo,0001-01-01\n";
    let found = alone(&[("deals.csv", text)]);
    let created: Vec<Option<i64>> = found
        .dataset
        .partitions
        .iter()
        .flat_map(|p| &p.deals)
        .map(|d| d.created_at.get())
        .collect();
    assert!(created.contains(&Some(crate::fixtures::at("2026-01-05"))), "{created:?}");
    let refused: Vec<&str> = found.dataset.rejects.iter().map(|r| r.value.as_str()).collect();
    assert_eq!(refused, ["1447-07-05"]);
}

#[test]
fn rows_without_ids_that_two_exports_tell_count_once() {
    const CALLS: &str = "deal_id,type,done_at,owner\n1,call,2026-01-10,Ann\n1,call,2026-01-10,Ann\n,call,2026-01-12,Ann\n";
    const GOALS: &str =
        "owner,period_start,period_end,measure,value\nAnn,2026-01-01,2026-03-31,wins,5\n";
    const SAID: &str =
        "snapshot_date,owner,category,amount,period\n2026-01-10,Ann,commit,500,2026-Q1\n";
    let longer = format!("{CALLS}1,call,2026-01-10,Ann\n1,email,2026-02-01,Ann\n");
    let more = format!("{GOALS}Bob,2026-01-01,2026-03-31,wins,7\n");
    let counts = |exports: &[&[(&str, &str)]]| {
        let export = |files: &&[(&str, &str)]| {
            let files = [&[("deals.csv", DEALS)], *files].concat();
            folder(&files.iter().map(|(name, text)| (*name, text.as_bytes())).collect::<Vec<_>>())
        };
        let folders: Vec<_> = exports.iter().map(export).collect();
        let paths: Vec<_> = folders.iter().map(|folder| folder.path().to_owned()).collect();
        let got = try_read_all(&paths, &Config::default()).unwrap().dataset;
        let lists = |part: &Partition| {
            (0..part.len()).map(|row| part.activities.get(row).len()).sum::<usize>()
        };
        let of_deals = got.partitions.iter().map(lists).sum();
        [of_deals, got.loose_activities.len(), got.targets.len(), got.forecasts.len()]
    };
    let before = [("calls.csv", CALLS), ("targets.csv", GOALS), ("forecasts.csv", SAID)];
    assert_eq!(counts(&[&before]), [2, 1, 1, 1]);
    let renamed = [("calls (1).csv", CALLS), ("goals.csv", GOALS), ("forecasts copy.csv", SAID)];
    assert_eq!(counts(&[&before, &renamed]), [2, 1, 1, 1], "the same under other names");
    let later = [("calls.csv", &*longer), ("targets.csv", &more), ("forecasts.csv", SAID)];
    assert_eq!(counts(&[&before, &later]), [4, 1, 2, 1], "an export that has grown");
    let other = [("activities.csv", &*longer), ("quotas.csv", &more)];
    assert_eq!(counts(&[&before, &other]), [6, 2, 3, 1], "files of something else");
}
