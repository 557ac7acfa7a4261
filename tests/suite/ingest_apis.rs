//! Rows as APIs, loaders of warehouses and event logs have them: what they tell of deals.

use sluice::model::{HistoryGrade, Status};

use super::ingest::{exported, find, says, told, visits};

#[test]
fn each_list_of_an_answer_is_a_table() {
    let got = exported(&[(
        "crm.json",
        r#"{"deals": [{"id": 1, "name": "A", "deal_stage_id": 12, "amount": "10", "created_at": "2026-01-05",
            "closed_date": "2026-02-03", "owner_id": 7},
            {"id": 2, "name": "B", "deal_stage_id": 11, "amount": "20", "created_at": "2026-01-06", "owner_id": 7}],
          "users": [{"id": 7, "display_name": "Ann", "email": "ann@example.com"}],
          "deal_stages": [{"id": 11, "name": "Demo", "position": 1, "forecast_type": "Open"},
            {"id": 12, "name": "Deal done", "position": 2, "forecast_type": "Closed Won"}],
          "meta": {"total": 2}}"#,
    )]);
    assert_eq!(told(&got, "1"), "Deal done|Won|1000|01-05|02-03|7");
    assert_eq!(told(&got, "2"), "Demo|Open|2000|01-06|-|7");
    assert_eq!(got.dataset.users[0].name, "Ann");
    let only = r#"{"deals": [{"id": 1, "status": "won", "created_at": "2026-01-05", "closed_at": "2026-02-03"}]}"#;
    let got = exported(&[("backup.json", only)]);
    assert!(told(&got, "1").ends_with("|Won|-|01-05|02-03|"), "its key says what it holds");
}

#[test]
fn an_answer_that_has_an_id_of_its_own_is_no_deal() {
    let list = r#"[{"id": 1, "stage": "Demo", "status": "open", "created_at": "2026-01-05"},
        {"id": 2, "stage": "Won", "status": "won", "created_at": "2026-01-06", "closed_at": "2026-02-03"}]"#;
    for answer in [
        r#"{"request_id": "f3", "data": LIST}"#,
        r#"{"portalId": 62515, "results": LIST, "paging": {"next": {"after": "2"}}}"#,
        r#"{"orgId": "7", "deals": LIST}"#,
        r#"{"data": {"items": LIST, "paid": 1}}"#,
    ] {
        let got = exported(&[("deals.json", &answer.replace("LIST", list))]);
        assert_eq!(got.dataset.deal_count(), 2, "{answer}");
    }
}

#[test]
fn a_deal_is_not_taken_for_the_lists_that_it_has() {
    let line = |id: u32| {
        format!(
            r#"{{"id": {id}, "title": "D", "stage_id": 3, "status": "won", "add_time": "2026-01-05 10:00:00",
            "won_time": "2026-02-03 10:00:00", "pipeline_id": 1, "value": 7, "currency": "EUR",
            "email": [{{"label": "work"}}, {{"label": "home"}}, {{"label": "more"}}]}}"#
        )
        .replace('\n', " ")
    };
    let lines = format!("{}\n{}\n", line(1), line(2));
    for (name, text) in
        [("deals.jsonl", lines), ("deals.json", format!("[[{}], [{}]]", line(1), line(2)))]
    {
        let got = exported(&[(name, &text)]);
        assert_eq!(got.dataset.deal_count(), 2, "{name}");
        assert_eq!(told(&got, "2"), "3|Won|700|01-05|02-03|", "{name}");
    }
}

#[test]
fn hubspot_tells_entries_pipelines_and_owners_by_its_api() {
    let got = exported(&[
        (
            "deals.json",
            r#"{"results": [{"id": "1", "archived": false, "properties": {"dealname": "A", "dealstage": "902", "pipeline": "55",
            "amount": "9", "createdate": "2026-01-05T10:00:00Z", "closedate": "2026-02-03T10:00:00Z", "hubspot_owner_id": "31",
            "hs_v2_date_entered_901": "2026-01-05T10:00:00Z", "hs_v2_date_entered_902": "2026-02-03T10:00:00Z"}}]}"#,
        ),
        (
            "pipelines.json",
            r#"{"results": [{"id": "55", "label": "Partners", "stages": [
            {"id": "901", "label": "Met", "displayOrder": 0, "metadata": {"isClosed": "false", "probability": "0.2"}},
            {"id": "902", "label": "Signed up", "displayOrder": 1, "metadata": {"isClosed": "true", "probability": "1.0"}}]}]}"#,
        ),
        (
            "owners.json",
            r#"{"results": [{"id": "31", "userId": 77, "firstName": "Ann", "lastName": "Lee", "email": "a@example.com"}]}"#,
        ),
    ]);
    assert_eq!(told(&got, "1"), "Signed up|Won|900|01-05|02-03|31");
    assert_eq!(visits(&got, "1").len(), 2);
    assert_eq!((&*got.dataset.users[0].user_id, &*got.dataset.users[0].name), ("31", "Ann Lee"));
}

#[test]
fn changes_of_pipedrive_and_moves_under_many_names_are_histories() {
    let deals = "deal_id,stage,created_at,amount\n1,Won,2026-01-05,7\n";
    let flow = r#"[{"id": 1, "item_id": 1, "field_key": "stage_id", "old_value": "New", "new_value": "Won", "log_time": "2026-02-03 10:00:00"}]"#;
    for (name, text) in [
        ("flow.json", flow),
        ("a.csv", "deal_id,from_status,to_status,happened_at\n1,New,Won,2026-02-03\n"),
        ("b.csv", "deal_id,stage_from,stage_to,transition_date\n1,New,Won,2026-02-03\n"),
        ("c.csv", "deal_id,stage,timestamp\n1,New,2026-01-05\n1,Won,2026-02-03\n"),
        ("d.csv", "deal_id,status,updated_at\n1,New,2026-01-05\n1,Won,2026-02-03\n"),
        (
            "e.csv",
            "opportunity_id,stage,valid_from,valid_to\n1,New,2026-01-05,2026-02-03\n1,Won,2026-02-03,\n",
        ),
        (
            "g.csv",
            "deal_id,deal_stage_id,pipeline_stage_label,date_stage_entered\n1,1-1,New,2026-01-05\n1,1-2,Won,2026-02-03\n",
        ),
        ("f.csv", "deal_id,deal_stage,stage_change_date\n1,New,2026-01-05\n1,Won,2026-02-03\n"),
    ] {
        let got = exported(&[("deals.csv", deals), (name, text)]);
        assert_eq!(told(&got, "1"), "Won|Won|700|01-05|-|", "{name}");
        assert!(visits(&got, "1")[1].starts_with("Won|02-03 "), "{name}: {:?}", visits(&got, "1"));
        let (partition, row, deal) = find(&got, "1");
        assert_eq!(deal.history_grade, HistoryGrade::Logged, "{name}");
        assert_eq!(partition.visits.get(row).len(), 2, "{name}");
        assert_eq!(got.dataset.deal_count(), 1, "{name}");
    }
}

#[test]
fn snapshots_tell_stages_where_nothing_else_does() {
    let days = "snapshot_date,opportunity_id,sales_stage,amount,close_date\n\
        2026-01-05,1,New,7,2026-06-01\n2026-01-12,1,New,8,2026-06-01\n2026-02-02,1,Closed Won,9,2026-01-30\n";
    let got = exported(&[("weekly.csv", days)]);
    assert_eq!(told(&got, "1"), "Closed Won|Won|900|01-05|-|");
    assert_eq!(visits(&got, "1")[1], "Closed Won|02-02 00:00|-");
    let deals = "opportunity_id,stage,created_date,closed_date,amount\n1,Closed Won,2026-01-04,2026-01-30,9\n";
    let got = exported(&[("weekly.csv", days), ("deals.csv", deals)]);
    assert_eq!(told(&got, "1"), "Closed Won|Won|900|01-04|01-30|");
    assert!(says(&got, "what deals were like on some days"), "{:?}", got.dataset.assumptions);
}

#[test]
fn snapshots_of_months_are_of_their_last_days() {
    for [header, january, february, march] in [
        ["snapshot_month", "Jan-26", "Feb-26", "Mar-26"],
        ["snapshot_date", "2026-01", "2026-02", "2026-03"],
        ["Report Month", "January 2026", "02/2026", "2026-03-31"],
    ] {
        let months = format!(
            "{header},opportunity_id,stage,created_date\n{january},1,New,2026-01-04\n\
             {february},1,Demo,2026-01-04\n{march},1,Closed Won,2026-01-04\n"
        );
        let got = exported(&[("monthly.csv", &months)]);
        assert_eq!(
            visits(&got, "1")[2..],
            ["Demo|02-28 00:00|03-31 00:00", "Closed Won|03-31 00:00|-"]
        );
        let said = format!("such as `{january}` are read as their last days");
        assert!(says(&got, &said), "{:?}", got.dataset.assumptions);
    }
}

#[test]
fn a_case_begins_where_its_first_event_does() {
    let got = exported(&[(
        "log.csv",
        "case_id,activity,start_timestamp,end_timestamp\n\
         1,Lead,2026-01-05 10:00:00,2026-01-09 10:00:00\n1,Won,2026-01-09 10:00:00,2026-01-09 11:00:00\n2,Lead,2026-01-06 10:00:00,\n",
    )]);
    assert_eq!(told(&got, "1"), "Won|Won|-|01-05|-|");
    assert_eq!(visits(&got, "1")[1], "Won|01-09 10:00|-");
    assert_eq!(told(&got, "2"), "Lead|Open|-|01-06|-|");
}

#[test]
fn rows_that_a_loader_marks_are_passed_over() {
    for (mark, old, new) in [
        ("_fivetran_active", "false", "true"),
        ("_fivetran_deleted", "true", "false"),
        ("is_deleted", "t", "f"),
        ("dbt_valid_to", "2026-02-03", ""),
    ] {
        let text = format!(
            "deal_id,stage,created_at,amount,{mark}\n1,Zeta,2026-01-05,7,{old}\n1,Alpha,2026-01-05,5,{new}\n2,Zeta,2026-01-05,7,{old}\n"
        );
        let got = exported(&[("deals.csv", &text)]);
        assert_eq!(told(&got, "1"), "Alpha|Open|500|01-05|-|", "{mark}");
        assert_eq!(got.dataset.deal_count(), 1, "{mark}");
    }
}

#[test]
fn dynamics_books_what_a_won_deal_brought() {
    let got = exported(&[(
        "opportunities.csv",
        "Topic,Status,Est. Revenue,Actual Revenue,Created On,Actual Close Date\n\
         A,Won,1300,1000,2026-01-05,2026-02-03\nB,Lost,500,0,2026-01-06,2026-02-04\nC,Open,700,,2026-01-07,\n",
    )]);
    assert_eq!(
        ["A", "B", "C"].map(|id| find(&got, id).2.amount_minor.get()),
        [100_000, 50_000, 70_000].map(Some)
    );
}

#[test]
fn closing_dates_of_zoho_are_expected_ones_by_any_name() {
    let got = exported(&[(
        "deals.json",
        r#"{"data": [{"id": "9001", "Deal_Name": "A", "Stage": "Closed Won", "Closing_Date": "2026-04-30", "Amount": 9,
        "Created_Time": "2026-01-05T10:00:00+00:00", "Stage_Modified_Time": "2026-02-03T10:00:00+00:00", "Owner": {"id": "5", "name": "Ann"}}]}"#,
    )]);
    assert_eq!(told(&got, "9001"), "Closed Won|Won|900|01-05|02-03|Ann");
}

#[test]
fn the_date_of_the_close_holds_over_the_one_that_was_planned() {
    for header in ["actual_close_date", "closed_date"] {
        let text = format!(
            "deal_id,stage,amount,created_at,close_date,{header}\n1,Closed Won,9,2026-01-05,2026-06-30,2026-02-03\n"
        );
        let got = exported(&[("deals.csv", &text)]);
        assert_eq!(told(&got, "1"), "Closed Won|Won|900|01-05|02-03|", "{header}");
    }
}

#[test]
fn active_campaign_and_amocrm_have_codes_for_outcomes() {
    let got = exported(&[(
        "deals.json",
        r#"{"deals": [{"id": "1", "title": "A", "value": "100000", "currency": "usd", "status": "0", "stage": "3", "group": "1",
        "owner": "7", "cdate": "2026-01-05T10:00:00-00:00", "mdate": "2026-02-03T10:00:00-00:00"}]}"#,
    )]);
    assert_eq!(told(&got, "1"), "3|Open|100000|01-05|-|7");
    let lead = |id: u32, status: u32, closed: &str| {
        format!(
            r#"{{"id": {id}, "name": "L", "price": 500, "status_id": {status}, "pipeline_id": 9, "responsible_user_id": 7,
            "created_at": 1767607200, "closed_at": {closed}}}"#
        )
    };
    let leads =
        [lead(1, 142, "1770112800"), lead(2, 143, "1770112800"), lead(3, 55, "null")].join(",");
    let got = exported(&[(
        "leads.json",
        &format!(r#"{{"_page": 1, "_embedded": {{"leads": [{leads}]}}}}"#),
    )]);
    let statuses = ["1", "2", "3"].map(|id| find(&got, id).2.status);
    assert_eq!(statuses, [Status::Won, Status::Lost, Status::Open]);
}

#[test]
fn pairs_are_their_names_and_false_is_nothing_among_words() {
    let got = exported(&[(
        "leads.json",
        r#"{"jsonrpc": "2.0", "id": 4, "result": [
        {"id": 1, "name": "A", "stage_id": [4, "Won"], "expected_revenue": 9.5, "create_date": "2026-01-05 10:00:00",
         "date_closed": "2026-02-03 10:00:00", "user_id": [7, "Ann"], "active": true},
        {"id": 2, "name": "B", "stage_id": [3, "Talks"], "expected_revenue": 5, "create_date": "2026-01-06 10:00:00",
         "date_closed": false, "user_id": false, "active": true}]}"#,
    )]);
    assert_eq!(told(&got, "1"), "Won|Won|950|01-05|02-03|Ann");
    assert_eq!(told(&got, "2"), "Talks|Open|500|01-06|-|");
    assert!(got.dataset.rejects.is_empty(), "{:?}", got.dataset.rejects);
}

/// Each column of a period is a target, as people keep quotas in sheets.
#[test]
fn targets_may_have_a_column_for_each_period() {
    let deals = "deal_id,stage,created_at,amount\n1,Won,2026-01-05,7\n";
    let told = |targets: &str| {
        let got = exported(&[("deals.csv", deals), ("quotas.csv", targets)]);
        let day = |day| sluice::model::calendar::date(day).to_string();
        let targets = got.dataset.targets.iter().map(|target| {
            let days = [target.period_start, target.period_end].map(day);
            format!("{} {} {} {}", target.owner, days.join(" "), target.measure, target.value)
        });
        (targets.collect::<Vec<_>>(), got)
    };
    let (targets, _) = told("rep,Q1 2026,Q2 2026,Note\nAnn,\"1,000\",2000,x\nBob,,500,\n");
    assert_eq!(
        targets,
        [
            "Ann 2026-01-01 2026-04-01 bookings 100000",
            "Ann 2026-04-01 2026-07-01 bookings 200000",
            "Bob 2026-04-01 2026-07-01 bookings 50000"
        ]
    );
    let (targets, _) = told("rep,year,measure,Jan,Feb\nAnn,2026,wins,3,4\n");
    assert_eq!(targets, ["Ann 2026-01-01 2026-02-01 wins 3", "Ann 2026-02-01 2026-03-01 wins 4"]);
    let (targets, got) = told("rep,2026-01,2026-02\nAnn,5,soon\n");
    assert_eq!(targets, ["Ann 2026-01-01 2026-02-01 bookings 500"]);
    let [reject] = &got.dataset.rejects[..] else { panic!("{:?}", got.dataset.rejects) };
    assert_eq!((reject.row, &*reject.column, &*reject.value), (2, "2026-02", "soon"));
}

#[test]
fn opportunities_of_leads_are_deals() {
    let got = exported(&[(
        "leads.json",
        r#"[{"id": "lead_1", "display_name": "Ace", "contacts": [{"id": "c1"}], "opportunities": [
        {"id": "oppo_1", "status_label": "Won", "status_type": "won", "value": 5000, "value_period": "one_time", "user_name": "Ann",
         "date_created": "2026-01-05T10:00:00+00:00", "date_won": "2026-02-03"}]}]"#,
    )]);
    assert_eq!(told(&got, "oppo_1"), "Won|Won|5000|01-05|02-03|Ann");
    assert_eq!(got.dataset.deal_count(), 1);
}

#[test]
fn rows_above_groups_of_a_sheet_are_no_deals() {
    let cells =
        |row: &str| row.split(',').map(|cell| format!("<td>{cell}</td>")).collect::<String>();
    let rows = [
        "Deal Name,Stage,Amount,Created Date",
        "Won (1),,9,",
        "A,Won,9,2026-01-05",
        "New (1),,5,",
        "B,New,5,2026-01-06",
    ];
    let page =
        format!("<table>{}</table>", rows.map(|row| format!("<tr>{}</tr>", cells(row))).join(""));
    let got = exported(&[("deals.xls", &page)]);
    assert_eq!((got.dataset.deal_count(), got.dataset.rejects.len()), (2, 0));
    assert!(says(&got, "2 rows of"), "{:?}", got.dataset.assumptions);
}

#[test]
fn a_status_of_something_else_is_no_stage() {
    let deals = "deal_id,stage,created_at,amount\n1,Won,2026-01-05,7\n";
    for (name, text, entity) in [
        (
            "log.csv",
            "deal_id,activity_type,status,date\n1,call,planned,2026-01-06\n1,call,done,2026-01-07\n",
            "activities",
        ),
        (
            "tasks.csv",
            "deal_id,status,date\n1,planned,2026-01-06\n1,done,2026-01-07\n",
            "activities",
        ),
        (
            "payments.csv",
            "deal_id,date,amount,status\n1,2026-01-06,3,due\n1,2026-01-07,4,paid\n",
            "payments",
        ),
        (
            "deals_2.csv",
            "deal_id,stage,created_at,amount\n1,Won,2026-01-05,7\n1,Offer,2026-01-05,7\n",
            "deals",
        ),
    ] {
        let got = exported(&[("deals.csv", deals), (name, text)]);
        let kinds: Vec<&str> = got.inputs.iter().map(|input| input.entity.as_str()).collect();
        assert!(kinds.contains(&entity), "{name}: {kinds:?}");
        assert!(!kinds.contains(&"stage_history"), "{name}: {kinds:?}");
    }
}

#[test]
fn a_stage_in_which_deals_are_open_is_not_won_by_its_name() {
    let head = "deal_id,stage,status,created_at,closed_at,amount\n";
    let rows = "1,Contract signed,open,2026-01-05,,7\n2,Contract signed,won,2026-01-06,2026-02-03,7\n3,New,lost,2026-01-07,2026-02-04,7\n";
    let got = exported(&[("deals.csv", &format!("{head}{rows}"))]);
    assert_eq!(
        ["1", "2", "3"].map(|id| find(&got, id).2.status),
        [Status::Open, Status::Won, Status::Lost]
    );
    let closed = rows.lines().filter(|row| !row.contains("open")).collect::<Vec<_>>().join("\n");
    let got = exported(&[("deals.csv", &format!("{head}{closed}\n"))]);
    assert_eq!(["2", "3"].map(|id| find(&got, id).2.status), [Status::Won, Status::Lost]);
}

#[test]
fn rates_of_a_table_with_a_base_are_what_the_base_is_worth() {
    let deals = "deal_id,stage,created_at,amount,currency\n1,Won,2026-01-05,110,USD\n";
    let fx = "date,base_currency,currency,rate\n2026-01-01,EUR,EUR,1\n2026-01-01,EUR,USD,1.1\n";
    let got = exported(&[("deals.csv", deals), ("fx.csv", fx)]);
    let rate = got.dataset.fx.iter().find(|rate| rate.currency == "USD").unwrap();
    assert_eq!(rate.num * 11, rate.den * 10, "{rate:?}");
}

#[test]
fn what_did_not_happen_or_come_does_not_count() {
    let got = exported(&[
        ("deals.csv", "deal_id,stage,created_at,amount\n1,Won,2026-01-05,7\n"),
        (
            "activities.csv",
            "activity_id,deal_id,type,date,status,duration\na1,1,call,2026-01-06,no show,0:12:30\na2,1,call,2026-01-07,completed,5\n\
             a3,1,meeting,2026-01-08,Canceled,\n",
        ),
        (
            "payments.csv",
            "deal_id,paid_at,amount,status\n1,2026-01-06,3,paid\n1,2026-01-07,4,failed\n",
        ),
    ]);
    let (partition, row, _) = find(&got, "1");
    let told: Vec<_> = partition.activities.get(row).iter().collect();
    let outcomes: Vec<&str> =
        told.iter().map(|activity| got.dataset.names.get(activity.outcome)).collect();
    assert_eq!(outcomes, ["no_show", "", "cancelled"]);
    assert_eq!(told[0].duration_seconds.get(), Some(750));
    assert_eq!(got.dataset.payments.len(), 1);
}

#[test]
fn what_salesforce_says_of_a_record_is_not_its_type() {
    let got = exported(&[
        (
            "Opportunity.json",
            r#"{"records": [{"attributes": {"type": "Opportunity", "url": "/x"}, "Id": "006A00000000001", "Name": "A", "StageName": "New",
            "CloseDate": "2026-06-30", "CreatedDate": "2026-01-05T10:00:00.000+0000", "IsWon": false, "IsClosed": false}]}"#,
        ),
        (
            "Task.json",
            r#"{"records": [{"attributes": {"type": "Task", "url": "/y"}, "Id": "00TA00000000001", "WhatId": "006A00000000001",
            "ActivityDate": "2026-01-06", "Status": "Completed", "TaskSubtype": "Call", "CreatedDate": "2026-01-06T10:00:00.000+0000"}]}"#,
        ),
    ]);
    let (partition, row, deal) = find(&got, "006A00000000001");
    let kinds: Vec<&str> =
        partition.activities.get(row).iter().map(|a| got.dataset.names.get(a.kind)).collect();
    assert_eq!(kinds, ["call"]);
    assert_eq!(got.dataset.names.get(deal.deal_type), "");
}

#[test]
fn lists_of_calls_meetings_and_tasks_are_activities() {
    let deals = "deal_id,deal_name,stage,created_at,amount\n1,Ace,Won,2026-01-05,7\n";
    for (name, text, kind) in [
        (
            "a.csv",
            "call_id,deal_id,started_at,user,duration (sec),status\nc1,1,2026-01-06 10:00:00,Ann,60,answered\n",
            "call",
        ),
        (
            "b.csv",
            "meeting_id,deal_id,start_time,organizer,status\nm1,1,2026-01-06 10:00:00,Ann,held\n",
            "meeting",
        ),
        (
            "c.csv",
            "Assigned,Opportunity Name,Subject,Date,Status,Type\nAnn,Ace,Hello,2026-01-06,Completed,Call\n",
            "call",
        ),
        (
            "d.csv",
            "Activity ID,Opportunity ID,Assigned,Date,Status,Task Subtype\nx,1,Ann,2026-01-06,Completed,Email\n",
            "email",
        ),
        (
            "e.csv",
            "Date,Rep,Deal ID,Type,Status,Duration (min)\n2026-01-06,Ann,1,Call,Completed,5\n",
            "call",
        ),
    ] {
        let got = exported(&[("deals.csv", deals), (name, text)]);
        assert_eq!(got.dataset.deal_count(), 1, "{name}");
        let (partition, row, _) = find(&got, "1");
        let told: Vec<_> = partition.activities.get(row).iter().collect();
        assert_eq!(told.len(), 1, "{name}: {:?}", got.dataset.assumptions);
        assert_eq!(got.dataset.names.get(told[0].kind), kind, "{name}");
        assert!(told[0].done_at.get().is_some() || told[0].due_at.get().is_some(), "{name}");
    }
}

#[test]
fn stages_of_a_pipeline_that_are_called_alike_stay_apart() {
    let got = exported(&[
        (
            "deals.csv",
            "deal_id,pipeline_id,stage_id,status,created_at\n1,p,11,open,2026-01-05\n2,p,12,open,2026-01-05\n",
        ),
        (
            "stage_changes.csv",
            "deal_id,from_stage,to_stage,changed_at\n1,,10,2026-01-05\n1,10,11,2026-02-05\n2,,12,2026-01-05\n",
        ),
        (
            "stages.csv",
            "stage_id,stage_name,stage_order,pipeline\n10,Demo,1,p\n11,Demo,2,p\n12,Offer,3,p\n",
        ),
    ]);
    assert_eq!(visits(&got, "1"), ["Demo (10)|01-05 00:00|02-05 00:00", "Demo (11)|02-05 00:00|-"]);
    assert_eq!(visits(&got, "2"), ["Offer|01-05 00:00|-"]);
}

/// Pipedrive's `flow` tells by the status that a deal was lost, and that it was opened again.
#[test]
fn a_deal_that_was_lost_and_opened_again_was_lost_in_between() {
    let change = |id: u32, deal: u32, field: &str, old: &str, new: &str, at: &str| {
        format!(
            r#"{{"object": "dealChange", "timestamp": "{at}", "data": {{"id": {id}, "item_id": {deal}, "user_id": 5,
            "field_key": "{field}", "old_value": "{old}", "new_value": "{new}", "log_time": "{at}"}}}}"#
        )
    };
    let flow = [
        change(5, 1, "status", "open", "won", "2026-03-20 10:00:00"),
        change(4, 1, "stage_id", "1", "2", "2026-03-15 10:00:00"),
        change(3, 1, "status", "lost", "open", "2026-03-10 10:00:00"),
        change(2, 1, "status", "open", "lost", "2026-02-01 10:00:00"),
        change(7, 2, "status", "open", "lost", "2026-02-02 10:00:00"),
        change(6, 2, "status", "open", "deleted", "2026-02-01 10:00:00"),
    ];
    let flow = format!(r#"{{"success": true, "data": [{}]}}"#, flow.join(","));
    let got = exported(&[
        (
            "deals.json",
            r#"{"success": true, "data": [
            {"id": 1, "title": "A", "value": 10, "currency": "EUR", "stage_id": 2, "pipeline_id": 1, "status": "won",
             "add_time": "2026-01-05T10:00:00Z", "won_time": "2026-03-20T10:00:00Z", "lost_time": "2026-02-01T10:00:00Z"},
            {"id": 2, "title": "B", "value": 10, "currency": "EUR", "stage_id": 1, "pipeline_id": 1, "status": "lost",
             "add_time": "2026-01-06T10:00:00Z", "lost_time": "2026-02-02T10:00:00Z"}]}"#,
        ),
        ("flow.json", &flow),
    ]);
    assert_eq!(got.dataset.rejects.len(), 0, "{:?}", got.dataset.rejects);
    assert_eq!(
        visits(&got, "1"),
        [
            "1|01-05 10:00|02-01 10:00",
            "Lost|02-01 10:00|03-10 10:00",
            "1|03-10 10:00|03-15 10:00",
            "2|03-15 10:00|03-20 10:00",
            "Won|03-20 10:00|-"
        ]
    );
    assert_eq!(visits(&got, "2"), ["1|01-06 10:00|02-02 10:00", "Lost|02-02 10:00|-"]);
}
