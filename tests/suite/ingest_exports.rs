//! Exports laid out as their CRMs, or a spreadsheet after them, write them: histories across, groups, times of day
//! apart, as many rows as fit.

use sluice::ingest::{self, Options};
use sluice::model::{Config, HistoryGrade, Silent};

use super::ingest::{exported, find, folder, read, says, told, try_read, visits};

/// Deals of HubSpot, of which the first is won.
const HUBSPOT: &str = "Record ID,Deal Name,Deal Stage,Create Date,Close Date,Last Modified Date\n\
    91,Acme,Closed Won,2026-01-05 09:00,2026-03-01 10:00,2026-06-01 10:00\n\
    92,Beta,Proposal,2026-01-06 09:00,2026-07-01 10:00,2026-05-01 10:00\n";

#[test]
fn the_history_of_a_property_stands_across() {
    let with_sources = "Record ID,Name,Value,Change date (US/Eastern),Change source,Changed by,Value,\
        Change date (US/Eastern),Change source,Changed by\n\
        91,Acme,Closed Won,2026-03-01 05:00,CRM_UI,ann,Proposal,2026-01-15 05:00,CRM_UI,ann\n\
        92,Beta,Proposal,2026-02-11 05:00,CRM_UI,bob\n";
    let plain = "id,name,value1,date1,value2,date2\n\
        91,Acme,Closed Won,2026-03-01 10:00,Proposal,2026-01-15 10:00\n92,Beta,Proposal,2026-02-11 10:00\n";
    let headless = plain.split_once('\n').unwrap().1;
    for history in [with_sources, plain, headless] {
        let got = exported(&[("deals.csv", HUBSPOT), ("deal stage.csv", history)]);
        assert_eq!(got.dataset.rejects.len(), 0, "{history}");
        assert!(says(&got, "has the changes of a deal beside each other"), "{history}");
        assert_eq!(
            visits(&got, "91")[1..],
            ["Proposal|01-15 10:00|03-01 10:00", "Closed Won|03-01 10:00|-"]
        );
        assert_eq!(visits(&got, "92")[1..], ["Proposal|02-11 10:00|-"], "{history}");
    }
    let got = exported(&[("deals.csv", HUBSPOT), ("deal stage.csv", with_sources)]);
    assert!(says(&got, "in US/Eastern, as its header says"), "{:?}", got.dataset.assumptions);
    let amounts = with_sources.replace("Closed Won", "5000").replace("Proposal", "4000");
    let got = exported(&[("deals.csv", HUBSPOT), ("amount.csv", &amounts)]);
    assert_eq!(got.inputs.iter().filter(|input| input.entity.is_empty()).count(), 1, "of no stage");
}

/// HubSpot keeps the last 20 changes of a property.
#[test]
fn a_log_as_long_as_hubspot_keeps_it_may_lack_its_beginning() {
    let change = |day: usize| {
        let stage = if day % 2 == 1 { "Proposal" } else { "Demo" };
        format!("{stage},2026-02-{day:02} 10:00")
    };
    let row = |id: u32, count: usize| {
        let changes: Vec<String> = (1..=count).rev().map(change).collect();
        format!("{id},x,{}", changes.join(","))
    };
    let history = format!("id,name,value,date\n{}\n{}\n", row(91, 20), row(92, 19));
    let got = exported(&[("deals.csv", HUBSPOT), ("history.csv", &history)]);
    let grade = |id: &str| find(&got, id).2.history_grade;
    assert_eq!([grade("91"), grade("92")], [HistoryGrade::LoggedTruncated, HistoryGrade::Logged]);
    assert!(says(&got, "1 deal of"), "{:?}", got.dataset.assumptions);
}

/// Reports of Salesforce with groups, as a workbook has them; sums may be off.
#[test]
fn rows_of_a_group_are_given_what_its_first_row_says() {
    let table = |rows: &[&str]| {
        let row = |row: &&str| format!("<tr><td>{}</td></tr>", row.replace('|', "</td><td>"));
        format!("<html><table>{}</table>", rows.iter().map(row).collect::<String>())
    };
    let head = [
        "Opportunities by Stage",
        "|Stage  ↑|Opportunity Owner  ↑|Opportunity Name|Amount|Close Date|Created Date",
    ];
    let with_sums = [
        "|Demo|Ann|Acme|1000|2026-07-01|2026-01-05",
        "|||Beta|2000|2026-07-02|2026-01-06",
        "||Subtotal|Sum|3000||",
        "|||Count|2||",
        "||Bob|Cog|300|2026-07-03|2026-01-07",
        "||Subtotal|Sum|300||",
        "|Subtotal||Sum|3300||",
        "|||Count|3||",
        "|Closed Won|Bob|Dyn|400|2026-03-01|2026-01-08",
        "||Subtotal|Sum|400||",
        "|Subtotal||Sum|400||",
        "|Total||Sum|3700||",
        "|||Count|4||",
        "Confidential Information - Do Not Distribute",
    ];
    let plain: Vec<&str> = with_sums.into_iter().filter(|row| row.contains("2026-")).collect();
    for rows in [&with_sums[..], &plain] {
        let page = table(&[&head, rows].concat());
        let got = read(folder(&[("report.xls", page.as_bytes())]).path());
        assert_eq!((got.dataset.deal_count(), got.dataset.rejects.len()), (4, 0), "{rows:?}");
        assert!(
            says(&got, "given its `Stage`, `Opportunity Owner`"),
            "{:?}",
            got.dataset.assumptions
        );
        assert_eq!(told(&got, "Beta"), "Demo|Open|200000|01-06|-|Ann");
        assert_eq!(told(&got, "Cog"), "Demo|Open|30000|01-07|-|Bob");
        assert_eq!(told(&got, "Dyn"), "Closed Won|Won|40000|01-08|03-01|Bob");
    }
    let got = exported(&[(
        "report1780300000000.csv",
        "Stage,Opportunity Name,Amount,Created Date\nDemo,Acme,10,2026-01-05\n,Beta,,2026-01-06\nSubtotal,,10,\n\
         Talk,Cog,,2026-01-07\nSubtotal,,,\nGrand Totals (3 records),,10,\n\nOpportunities by Stage,,,\n",
    )]);
    assert_eq!((got.dataset.deal_count(), got.dataset.rejects.len()), (3, 0));
    assert_eq!(told(&got, "Beta"), "Demo|Open|-|01-06|-|");
}

/// A column that rows are sorted by has no groups where it is full, nor one behind others.
#[test]
fn empty_cells_of_sorted_columns_stay_empty() {
    let got = exported(&[(
        "report.csv",
        "Opportunity Name ↑,Amount ↓,Stage,Created Date\nAcme,10,Demo,2026-01-05\nBeta,5,,2026-01-06\n",
    )]);
    assert_eq!(told(&got, "Beta").split('|').next(), Some("__UNKNOWN__"));
}

#[test]
fn a_deal_of_a_report_was_closed_when_its_stage_changed_last() {
    let got = exported(&[(
        "report1780300000000.csv",
        "Opportunity ID,Opportunity Name,Opportunity Owner,Stage,Amount,Close Date,Created Date,Last Stage Change Date\n\
         006A00000000001,Acme,Ann,Closed Won,100,3/15/2026,1/5/2026,2/20/2026\n\
         006A00000000002,Beta,Bob,Closed Lost,50,1/31/2026,1/6/2026,2/25/2026\n\
         006A00000000003,Cog,Bob,Demo,70,7/31/2026,1/7/2026,2/26/2026\n",
    )]);
    assert_eq!(told(&got, "006A00000000001"), "Closed Won|Won|10000|01-05|02-20|Ann");
    assert_eq!(told(&got, "006A00000000002"), "Closed Lost|Lost|5000|01-06|02-25|Bob");
    assert_eq!(told(&got, "006A00000000003"), "Demo|Open|7000|01-07|-|Bob");
}

/// Of two deals of one name each begins with a row that tells no stage before.
#[test]
fn deals_of_one_name_in_a_report_on_history_stay_apart() {
    let head = "Opportunity Name,From Stage,To Stage,Last Modified,Stage,Created Date\n";
    let first = "Acme,,Talk,1/5/2026,Closed Won,1/5/2026\nAcme,Talk,Closed Won,2/12/2026,Closed Won,1/5/2026\n";
    let again = "Acme,,Talk,3/25/2026,Talk,3/25/2026\n";
    let got = exported(&[("report1780300000000.csv", &format!("{head}{first}{again}"))]);
    assert_eq!(visits(&got, "Acme, 2026-01-05")[1..], ["Closed Won|02-12 00:00|-"]);
    assert_eq!(visits(&got, "Acme, 2026-03-25"), ["Talk|03-25 00:00|-"]);
    assert!(says(&got, "`Acme`, begin several times"), "{:?}", got.dataset.assumptions);
    let got = exported(&[("report1780300000000.csv", &format!("{head}{first}"))]);
    assert_eq!(visits(&got, "Acme").len(), 2);
}

/// Days of activities whose times of day stand in a column of their own, and those of Pipedrive.
#[test]
fn days_and_times_of_day_may_stand_in_two_columns() {
    let deals = "deal_id,name,stage,created_at,updated_at\n1,Acme,Demo,2026-01-05,2026-06-01\n";
    for (name, text, expected) in [
        (
            "activities.csv",
            "activity_id,deal_id,type,date,time\na,1,Call,2026-01-10,14:30\n",
            "01-10 14:30",
        ),
        (
            "activities.csv",
            "activity_id,deal_id,type,date,time\na,1,Call,2026-01-11,9:05 AM\n",
            "01-11 09:05",
        ),
        (
            "activities.csv",
            "activity_id,deal_id,type,date,time\na,1,Call,2026-01-11,morning\n",
            "01-11 00:00",
        ),
        (
            "activities.csv",
            "activity_id,deal_id,type,date,time\na,1,Call,2026-01-11 00:00:00,10:00\n",
            "01-11 10:00",
        ),
        (
            "calls.csv",
            "call_id,deal_id,call_date,call_time\na,1,2026-01-12,2026-01-12 08:00\n",
            "01-12 08:00",
        ),
        (
            "meetings.csv",
            "meeting_id,deal_id,start_date,start_time\na,1,2026-01-12,08:00\n",
            "01-12 08:00",
        ),
        (
            "activities-1.csv",
            "Activity - ID,Activity - Type,Activity - Due date,Activity - Due time,Activity - Done,Deal - ID\n\
             a,call,2026-01-13,16:45,Done,1\n",
            "01-13 16:45",
        ),
    ] {
        let got = exported(&[("deals.csv", deals), (name, text)]);
        let (partition, row, _) = find(&got, "1");
        let activity = partition.activities.get(row).first().unwrap();
        let at = activity.done_at.get().or(activity.due_at.get()).unwrap();
        let at = chrono::DateTime::from_timestamp_micros(at).unwrap().format("%m-%d %H:%M");
        assert_eq!((at.to_string().as_str(), got.dataset.rejects.len()), (expected, 0), "{text}");
    }
    let history = "deal_id,stage,date,time\n1,Talk,2026-01-05,08:00\n1,Demo,2026-01-07,17:30\n";
    let got = exported(&[("deals.csv", deals), ("stage_history.csv", history)]);
    assert_eq!(visits(&got, "1").last().unwrap(), "Demo|01-07 17:30|-");
}

#[test]
fn payments_of_stripe_are_what_was_not_given_back() {
    let deals =
        "deal_id,stage,created_at,closed_at,amount\n1,Closed Won,2026-01-05,2026-02-01,200\n";
    let payments = "id,Created date (UTC),Amount,Amount Refunded,Currency,Status,Customer ID,deal_id (metadata)\n\
        ch_1,2026-02-05 10:00:00,100.00,0.00,usd,Paid,cus_1,1\n\
        ch_2,2026-02-06 10:00:00,40.00,0.00,usd,Failed,cus_1,1\n\
        ch_3,2026-02-08 10:00:00,60.00,20.00,usd,Partial Refund,cus_1,1\n";
    let got = exported(&[("deals.csv", deals), ("export.csv", payments)]);
    let paid: Vec<i64> = got.dataset.payments.iter().map(|payment| payment.amount_minor).collect();
    assert_eq!((paid, got.dataset.rejects.len()), (vec![10_000, 4_000], 0));
}

/// Tables of changes beside those of deals: of SuiteCRM, of Odoo, of Frappe, of Close within its leads.
#[test]
fn changes_of_stages_that_crms_keep_beside() {
    let suite = "Opportunity Name,ID,Opportunity Amount,Sales Stage,Date Created,Date Modified,Assigned User ID\n\
        Acme,1,100,Closed Won,2026-01-05 09:00,2026-06-01 09:00,u1\n";
    let audit = "id,parent_id,date_created,created_by,field_name,data_type,before_value_string,after_value_string\n\
        a,1,2026-01-15 10:00:00,u1,sales_stage,enum,Talk,Demo\n\
        b,1,2026-02-10 10:00:00,u1,sales_stage,enum,Demo,Closed Won\n\
        c,1,2026-02-11 10:00:00,u1,next_step,varchar,x,y\n";
    let odoo = "id,name,stage_id,user_id,expected_revenue,create_date,write_date\n\
        1,Acme,Closed Won,Ann,100,2026-01-05 09:00:00,2026-06-01 09:00:00\n";
    let tracked = "id,res_id,field,field_desc,old_value_char,new_value_char,date\n\
        1,1,stage_id,Stage,Talk,Demo,2026-01-15 10:00:00\n2,1,stage_id,Stage,Demo,Closed Won,2026-02-10 10:00:00\n";
    let frappe = "name,status,deal_value,deal_owner,creation,modified\n\
        1,Closed Won,100,ann,2026-01-05 09:00:00,2026-06-01 09:00:00\n";
    let log = "ID,Deal,From,From Date,To,To Date,Log Owner\nl,1,Talk,2026-01-05 09:00:00,Demo,2026-01-15 10:00:00,ann\n\
        m,1,Demo,2026-01-15 10:00:00,Closed Won,2026-02-10 10:00:00,ann\nn,1,Closed Won,2026-02-10 10:00:00,,,ann\n";
    let close = r#"[{"id":"lead_1","opportunities":[{"id":"1","lead_id":"lead_1","lead_name":"Acme","status_label":"Closed Won",
        "status_type":"won","value":10000,"value_currency":"USD","value_period":"one_time","date_created":"2026-01-05T09:00:00Z",
        "date_updated":"2026-06-01T09:00:00Z","date_won":"2026-02-10"}],"activities":[
        {"_type":"OpportunityStatusChange","id":"a","opportunity_id":"1","old_status_label":"Talk","new_status_label":"Demo",
        "date_created":"2026-01-15T10:00:00Z"},{"_type":"Note","id":"n","date_created":"2026-01-16T10:00:00Z"},
        {"_type":"OpportunityStatusChange","id":"b","opportunity_id":"1","old_status_label":"Demo",
        "new_status_label":"Closed Won","date_created":"2026-02-10T10:00:00Z"}]}]"#;
    for files in [
        &[("Opportunities.csv", suite), ("opportunities_audit.csv", audit)][..],
        &[("crm.lead.csv", odoo), ("mail_tracking_value.csv", tracked)],
        &[("deals.csv", frappe), ("status.csv", log)],
        &[("leads.json", close)],
    ] {
        let got = exported(files);
        assert_eq!(got.dataset.rejects.len(), 0, "{files:?}");
        assert_eq!(
            visits(&got, "1")[1..],
            ["Demo|01-15 10:00|02-10 10:00", "Closed Won|02-10 10:00|-"],
            "{files:?}"
        );
    }
}

/// In the backup of Zoho activities have ids of people, and deals their names.
#[test]
fn people_of_zoho_have_the_ids_that_activities_tell() {
    let got = exported(&[
        (
            "Deals_001.csv",
            "Record Id,Deal Owner,Deal Name,Closing Date,Stage,Created Time\n\
             zcrm_9,Ann Lee,Acme,2026-07-15,Talk,2026-01-05 09:00:00\n",
        ),
        ("Users.csv", "Record Id,Email,First Name,Last Name,Role\nzcrm_1,ann@x.com,Ann,Lee,West\n"),
        (
            "Calls_001.csv",
            "Record Id,Subject,Call Owner.id,Call Start Time,Call Status,Related To.id\n\
             zcrm_7,Intro,zcrm_1,2026-01-06 10:00:00,Completed,zcrm_9\n",
        ),
    ]);
    let users: Vec<(&str, &str)> =
        got.dataset.users.iter().map(|user| (&*user.user_id, &*user.team)).collect();
    assert_eq!(users, [("zcrm_1", "West")]);
    let (partition, row, _) = find(&got, "zcrm_9");
    let owner = partition.activities.get(row).first().unwrap().owner;
    assert_eq!(got.dataset.names.get(owner), "zcrm_1");
}

/// What a spreadsheet makes of exports that it saves again: decimal commas, ids without the zeros before them.
#[test]
fn exports_that_a_spreadsheet_saved_again() {
    let got = exported(&[(
        "Opportunity.csv",
        "Id;Name;StageName;Amount;CloseDate;IsClosed;IsWon;CreatedDate\r\n\
         006A00000000001AAA;Acme;Closed Won;1500,5;10/02/2026;TRUE;TRUE;25/01/2026 14:00\r\n",
    )]);
    assert_eq!(find(&got, "006A00000000001AAA").2.amount_minor, Some(150_050));
    for (of_deals, of_changes) in [("0012", "12"), ("12", "0012"), ("12", "12")] {
        let deals = format!("deal_id,stage,created_at\n{of_deals},Demo,2026-01-05\n");
        let changes = format!(
            "deal_id,stage,entered_at\n{of_changes},Talk,2026-01-05\n{of_changes},Demo,2026-01-09\n"
        );
        let got = exported(&[("deals.csv", &deals), ("stage_history.csv", &changes)]);
        assert_eq!((visits(&got, of_deals).len(), got.dataset.rejects.len()), (2, 0), "{of_deals}");
    }
}

/// Boards of monday.com as a workbook: a table for each group, and the sums of its columns below it.
#[test]
fn sums_below_the_columns_of_a_sheet_are_no_deals() {
    let head = "<tr><td>Name</td><td>Stage</td><td>Deal Value</td><td>Deal creation date</td></tr>";
    let row = |name: &str, stage: &str| {
        format!("<tr><td>{name}</td><td>{stage}</td><td>500</td><td>2026-01-05</td></tr>")
    };
    let sum = "<tr><td></td><td></td><td>500</td><td></td></tr>";
    let (open, won) = (row("Cog", "Demo"), row("Acme", "Won"));
    let page = format!("<table>{head}{open}{sum}{head}{won}{sum}</table>");
    let got = read(folder(&[("deals.xls", page.as_bytes())]).path());
    assert_eq!((got.dataset.deal_count(), got.dataset.rejects.len()), (2, 0));
    let unnamed = page.replace("<td>Cog</td>", "<td></td>");
    let got = read(folder(&[("deals.xls", unnamed.as_bytes())]).path());
    assert_eq!(got.dataset.rejects.len(), 1, "a deal without an id is refused");
}

#[test]
fn a_file_with_as_many_rows_as_exports_have_at_most_is_told_of() {
    let rows: String = (0..2000).map(|id| format!("{id},Demo,2026-01-05\n")).collect();
    let got = exported(&[("deals.csv", &format!("deal_id,stage,created_at\n{rows}"))]);
    assert!(says(&got, "has exactly 2000 rows"), "{:?}", got.dataset.assumptions);
}

#[test]
fn a_mapping_that_nothing_can_be_told_by_is_an_error() {
    let there = folder(&[
        ("x.csv", b"Nr,Stand\n1,Offen\n"),
        ("own.toml", b"name = \"own\"\n[[file]]\nentity = \"deals\"\n"),
    ]);
    let (config, mapping) = (Config::default(), there.path().join("own.toml"));
    let options = Options { config: &config, mapping: Some(&mapping), now: 0, progress: &Silent };
    let error = ingest::read(&[there.path().join("x.csv")], &options).unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    for what in ["`title`", "`columns`", "`names` or `headers`"] {
        assert!(cause.contains(what), "{cause}");
    }
    assert!(try_read(&there.path().join("own.toml"), &config).is_err(), "it is no export");
}
