//! Exports of CRMs that tell no history: which source reads them, and what it makes of them.

use sluice::ingest::Ingested;

use super::ingest::{data, exported, find, folder, read, read_deals, says, told, visits};

/// A deal as [`told`] has it, and its account.
fn deal(got: &Ingested, id: &str) -> String {
    let (partition, row, _) = find(got, id);
    format!("{}|{}", told(got, id), partition.account_ids.get(row))
}

fn crm(got: &Ingested) -> (&str, usize) {
    (got.inputs[0].crm.as_str(), got.dataset.rejects.len())
}

#[test]
fn odoo_with_labels_or_names_of_fields() {
    let got = read_deals(
        b"External ID,Opportunity,Customer,Salesperson,Sales Team,Expected Revenue,Stage,Created on,Closed Date,Lost Reason,Active,Type\n\
          c_1,Carpets,Ace,Ann,Direct,100.0,New,2026-01-05 10:00:00,,,True,Opportunity\n\
          c_2,Desks,Bee,Bob,Direct,200.0,Won,2026-01-06 10:00:00,2026-02-06 11:00:00,,True,Opportunity\n\
          c_3,Chairs,Cee,Bob,Direct,300.0,Qualified,2026-01-07 10:00:00,2026-02-05 11:00:00,Price,False,Opportunity\n\
          c_4,Lamps,Dee,Bob,Direct,400.0,New,2026-01-08 10:00:00,,,True,Lead\n",
    );
    assert_eq!(crm(&got), ("odoo", 0));
    assert_eq!(deal(&got, "c_1"), "New|Open|10000|01-05|-|Ann|Ace");
    assert_eq!(deal(&got, "c_2"), "Won|Won|20000|01-06|02-06|Bob|Bee");
    assert_eq!(deal(&got, "c_3"), "Qualified|Lost|30000|01-07|02-05|Bob|Cee", "archived is lost");
    assert!(says(&got, "1 leads, which are no opportunities yet"));
    let got = read_deals(
        b"id,name,stage_id/name,user_id/name,partner_id/name,expected_revenue,create_date,date_closed,active,type\n\
          c_1,Carpets,New,Ann,Ace,100.0,2026-01-05 10:00:00,,True,opportunity\n\
          c_3,Chairs,Qualified,Bob,Cee,300.0,2026-01-07 10:00:00,2026-02-05 11:00:00,False,opportunity\n",
    );
    assert_eq!(crm(&got), ("odoo", 0));
    assert_eq!(deal(&got, "c_3"), "Qualified|Lost|30000|01-07|02-05|Bob|Cee");
}

#[test]
fn amocrm_and_kommo() {
    let got = read_deals(
        "ID;Название сделки;Компания сделки;Ответственный;Этап сделки;Воронка;Бюджет, руб;Дата создания сделки;Дата закрытия\n\
         1;Заявка;Ромашка;Мария;Успешно реализовано;Продажи;1500;05.01.2026 10:12:33;06.02.2026 11:00:00\n\
         2;Звонок;Лютик;Олег;Закрыто и не реализовано;Продажи;200;26.01.2026 10:12:33;16.02.2026 11:00:00\n\
         3;Повтор;Астра;Олег;Переговоры;Продажи;750;07.01.2026 10:12:33;не закрыта\n"
            .as_bytes(),
    );
    assert_eq!(crm(&got), ("amocrm", 0));
    assert_eq!(deal(&got, "1"), "Успешно реализовано|Won|150000|01-05|02-06|Мария|Ромашка");
    assert_eq!(deal(&got, "2"), "Закрыто и не реализовано|Lost|20000|01-26|02-16|Олег|Лютик");
    assert_eq!(deal(&got, "3"), "Переговоры|Open|75000|01-07|-|Олег|Астра");
    let got = read_deals(
        b"ID,Lead title,Company,Lead manager,Lead status,Pipeline,\"Sale, $\",Created at,Closed at\n\
          1,Request,Ace,Ann,Closed - won,Sales,1500,05.01.2026 10:12:33,16.02.2026 11:00:00\n\
          2,Call,Bee,Bob,Negotiation,Sales,200,06.01.2026 10:12:33,not closed\n",
    );
    assert_eq!(crm(&got), ("amocrm", 0));
    assert_eq!(deal(&got, "1"), "Closed - won|Won|150000|01-05|02-16|Ann|Ace");
    assert_eq!(deal(&got, "2"), "Negotiation|Open|20000|01-06|-|Bob|Bee");
}

#[test]
fn suitecrm_whose_currency_is_an_id() {
    let got = read_deals(
        b"Opportunity Name,ID,Opportunity Amount,Currency,Date Created,Date Modified,Deleted,Assigned User ID,Assigned to,Account ID,Expected Close Date,Sales Stage\n\
          A,1,100,-99,01/05/2026 10:00am,02/15/2026 09:30am,0,u1,Ann,a1,02/14/2026,Closed Won\n\
          B,2,200,-99,01/16/2026 10:00am,02/11/2026 09:30am,0,u2,Bob,a2,05/14/2026,Closed Lost\n\
          C,3,300,-99,01/17/2026 10:00am,02/11/2026 09:30am,1,u2,Bob,a2,05/14/2026,Prospecting\n",
    );
    assert_eq!(crm(&got), ("suitecrm", 0));
    assert_eq!(deal(&got, "1"), "Closed Won|Won|10000|01-05|02-14|Ann|a1");
    assert_eq!(deal(&got, "2"), "Closed Lost|Lost|20000|01-16|02-11|Bob|a2");
    assert!(says(&got, "1 deleted deals of"), "{:?}", got.dataset.assumptions);
}

#[test]
fn espocrm_whose_closing_date_is_expected() {
    let got = read_deals(
        b"id,name,amount,amountCurrency,accountId,stage,lastStage,probability,leadSource,closeDate,assignedUserName,createdAt,modifiedAt\n\
          1,A,100,USD,a1,Closed Won,Negotiation,100,Call,2026-02-14,Ann,2026-01-05 10:00:00,2026-02-15 09:30:00\n\
          2,B,200,USD,a2,Closed Lost,Proposal,0,Call,2026-05-14,Bob,2026-01-16 10:00:00,2026-02-11 09:30:00\n\
          3,C,300,USD,a2,Proposal,Proposal,50,Call,2026-05-14,Bob,2026-01-16 10:00:00,2026-02-11 09:30:00\n",
    );
    assert_eq!(crm(&got), ("espocrm", 0));
    assert_eq!(deal(&got, "1"), "Closed Won|Won|10000|01-05|02-14|Ann|a1");
    assert_eq!(deal(&got, "2"), "Closed Lost|Lost|20000|01-16|02-11|Bob|a2", "not in May");
    assert_eq!(deal(&got, "3"), "Proposal|Open|30000|01-16|-|Bob|a2");
}

#[test]
fn attio_is_not_taken_for_hubspot() {
    let got = read_deals(
        "Record ID,Deal name,Deal stage,Deal stage > Set at,Deal owner,Deal value,Associated company,Created at\n\
         a-1,A,Won 🎉,2026-02-03T10:00:00.000Z,Ann,USD 120.00,Ace,2026-01-02T10:00:00.000Z\n\
         a-2,B,In Progress,2026-02-02T10:00:00.000Z,Bob,USD 70.00,Bee,2026-01-15T10:00:00.000Z\n"
            .as_bytes(),
    );
    assert_eq!(crm(&got), ("attio", 0));
    assert_eq!(deal(&got, "a-1"), "Won 🎉|Won|12000|01-02|02-03|Ann|Ace");
    assert_eq!(deal(&got, "a-2"), "In Progress|Open|7000|01-15|-|Bob|Bee");
}

#[test]
fn amounts_of_close_are_cents_and_count_for_a_year() {
    let got = read_deals(
        b"id,lead_id,lead_name,user_name,status_label,status_type,pipeline_name,value,value_currency,value_period,annualized_value,confidence,date_created,date_won,date_lost\n\
          oppo_1,lead_1,Ace,Ann,Won,won,Sales,100050,USD,one_time,100050,100,2026-01-02T10:00:00+00:00,2026-02-03,\n\
          oppo_2,lead_2,Bee,Bob,Active,active,Sales,5000,USD,monthly,60000,50,2026-01-15T10:00:00+00:00,,\n\
          oppo_3,lead_3,Cee,Bob,Lost,lost,Sales,500,JPY,one_time,500,0,2026-01-16T10:00:00+00:00,,2026-02-05T09:00:00+00:00\n",
    );
    assert_eq!(crm(&got), ("close", 0));
    assert_eq!(deal(&got, "oppo_1"), "Won|Won|100050|01-02|02-03|Ann|lead_1");
    assert_eq!(deal(&got, "oppo_2"), "Active|Open|60000|01-15|-|Bob|lead_2");
    assert_eq!(deal(&got, "oppo_3"), "Lost|Lost|500|01-16|02-05|Bob|lead_3");
    assert!(says(&got, "are whole cents"), "{:?}", got.dataset.assumptions);
}

#[test]
fn bigin_has_pipelines_for_deals() {
    let got = read_deals(
        b"Record Id,Pipeline Name,Pipeline Owner,Company Name,Amount,Closing Date,Stage,Created Time,Stage Modified Time,Pipeline\n\
          b_1,A,Ann,Ace,100,2026-03-03,Closed Won,2026-01-02 10:00:00,2026-02-03 10:00:00,Sales\n\
          b_2,B,Bob,Bee,200,2026-03-11,Negotiation,2026-01-15 10:00:00,2026-02-12 10:00:00,Sales\n",
    );
    assert_eq!(crm(&got), ("zoho", 0));
    assert_eq!(deal(&got, "b_1"), "Closed Won|Won|10000|01-02|02-03|Ann|Ace");
    assert_eq!(deal(&got, "b_2"), "Negotiation|Open|20000|01-15|-|Bob|Bee");
}

#[test]
fn pipedrive_as_rows_of_the_api_and_in_spanish() {
    let got = read_deals(
        b"id,title,user_id,org_id,stage_id,value,currency,add_time,stage_change_time,status,pipeline_id,won_time,lost_time,lost_reason\n\
          1,A,7,21,3,120,EUR,2026-01-02 10:00:00,2026-01-20 10:00:00,won,1,2026-02-03 10:00:00,,\n\
          2,B,8,22,2,50,EUR,2026-01-05 10:00:00,2026-01-22 10:00:00,lost,1,,2026-02-12 10:00:00,Price\n\
          3,C,8,23,2,70,EUR,2026-01-15 10:00:00,2026-02-02 10:00:00,open,1,,,\n\
          4,D,8,23,2,70,EUR,2026-01-15 10:00:00,2026-02-02 10:00:00,deleted,1,,,\n",
    );
    assert_eq!(crm(&got), ("pipedrive", 0));
    assert_eq!(deal(&got, "1"), "3|Won|12000|01-02|02-03|7|21");
    assert_eq!(deal(&got, "2"), "2|Lost|5000|01-05|02-12|8|22");
    assert_eq!((deal(&got, "3"), got.dataset.deal_count()), ("2|Open|7000|01-15|-|8|23".into(), 3));
    let got = read_deals(
        "Trato - ID,Trato - Título,Trato - Valor,Trato - Etapa,Trato - Estado,Trato - Propietario,Trato - Trato creado,Trato - Hora de ganado,Trato - Hora de perdido,Trato - Organización\n\
         1,A,120,Demo,Ganado,Ann,2026-01-02 10:00:00,2026-02-03 10:00:00,,Ace\n\
         2,B,50,Contacto,Perdido,Bob,2026-01-05 10:00:00,,2026-02-12 10:00:00,Bee\n\
         3,C,70,Contacto,Abierto,Bob,2026-01-15 10:00:00,,,Cee\n"
            .as_bytes(),
    );
    assert_eq!(crm(&got), ("pipedrive", 0));
    assert_eq!(deal(&got, "2"), "Contacto|Lost|5000|01-05|02-12|Bob|Bee");
    assert_eq!(deal(&got, "3"), "Contacto|Open|7000|01-15|-|Bob|Cee");
}

#[test]
fn crms_whose_headers_say_what_they_are() {
    // Insightly, Close, Capsule, Freshsales.
    for (header, won, lost) in [
        (
            "OpportunityId,OpportunityName,StageName,OpportunityState,OpportunityValue,ResponsibleUser,Organization,DateCreated,ActualCloseDate",
            "1,A,Close,WON,120,Ann,Ace,2026-01-02,2026-02-03",
            "2,B,Close,LOST,50,Bob,Bee,2026-01-05,2026-02-12",
        ),
        (
            "id,org_name,status_label,status_type,value,user_name,date_created,date_won,date_lost",
            "1,Ace,Close,won,120,Ann,2026-01-02T10:00:00+00:00,2026-02-03,",
            "2,Bee,Close,lost,50,Bob,2026-01-05T10:00:00+00:00,,2026-02-12",
        ),
        (
            "ID,Name,Party,Milestone,Status,Value,Owner,Created,Actual Close Date",
            "1,A,Ace,Close,won,120,Ann,2026-01-02,2026-02-03",
            "2,B,Bee,Close,lost,50,Bob,2026-01-05,2026-02-12",
        ),
        (
            "Id,Name,Deal value,Deal stage,Deal status,Sales owner,Account name,Closed date,Created at",
            "1,A,120,Close,Win,Ann,Ace,2026-02-03,2026-01-02T10:00:00Z",
            "2,B,50,Close,Loss,Bob,Bee,2026-02-12,2026-01-05T10:00:00Z",
        ),
    ] {
        let got = read_deals(format!("{header}\n{won}\n{lost}\n").as_bytes());
        assert_eq!(crm(&got), ("generic", 0), "{header}");
        assert_eq!(deal(&got, "1"), "Close|Won|12000|01-02|02-03|Ann|Ace", "{header}");
        assert_eq!(deal(&got, "2"), "Close|Lost|5000|01-05|02-12|Bob|Bee", "{header}");
    }
}

#[test]
fn rows_of_hubspot_that_were_made_flat() {
    let got = read_deals(
        b"id,archived,properties.dealname,properties.dealstage,properties.amount,properties.closedate,properties.createdate,properties.hubspot_owner_id\n\
          1,false,A,closedwon,120,2026-02-03T10:00:00Z,2026-01-02T10:00:00Z,7\n\
          2,false,B,closedlost,50,2026-02-12T10:00:00Z,2026-01-05T10:00:00Z,8\n\
          3,true,C,closedlost,50,2026-02-12T10:00:00Z,2026-01-05T10:00:00Z,8\n",
    );
    assert_eq!(crm(&got), ("hubspot", 0));
    assert_eq!(
        (deal(&got, "1"), got.dataset.deal_count()),
        ("closedwon|Won|12000|01-02|02-03|7|".into(), 2)
    );
    assert_eq!(deal(&got, "2"), "closedlost|Lost|5000|01-05|02-12|8|");
    let got = read(&data("forms/hubspot_warehouse"));
    assert_eq!(deal(&got, "1"), "closedwon|Won|12000|01-02|02-03|7|");
    assert_eq!(visits(&got, "1"), ["qualified|01-02 10:00|02-03 10:00", "closedwon|02-03 10:00|-"]);
}

#[test]
fn plain_tables_are_not_taken_for_those_of_a_crm() {
    for table in [
        "Opportunity,Account,Stage,Salesperson,Amount,Created Date,Close Date\n\
         A,Ace,Won,Ann,100,2026-01-05,2026-02-05\n",
        "Opportunity Name,Account,Sales Stage,Assigned to,Amount,Created Date,Close Date\n\
         A,Ace,Won,Ann,100,2026-01-05,2026-02-05\n",
        "deal_id,account,stage,owner,value,date_entered,close_date\n\
         A,Ace,Won,Ann,100,2026-01-05,2026-02-05\n",
        "deal_id,property,account,stage,owner,value,created_at,closed_at,updated_at\n\
         A,Main St,Ace,Won,Ann,100,2026-01-05,2026-02-05,2026-02-05\n",
    ] {
        let got = read_deals(table.as_bytes());
        assert_eq!(crm(&got), ("generic", 0), "{table}");
        assert_eq!(deal(&got, "A"), "Won|Won|10000|01-05|02-05|Ann|Ace", "{table}");
    }
}

/// Organisations older than `CompletedDateTime` tell the day on which a task was due. A call that was logged on it
/// was made then, and not before the deal was; one that was changed last before it was made by then.
#[test]
fn tasks_of_salesforce_without_a_time_of_completion() {
    let deal = "Id,Name,StageName,CloseDate,IsWon,IsClosed,CreatedDate,LastModifiedDate\n\
                006000000000001AAA,A,Lead,2026-06-30,0,0,2026-01-05 09:30:00,2026-03-10 09:00:00\n";
    let task = "Id,WhatId,Subject,ActivityDate,Status,Priority,CreatedDate,LastModifiedDate";
    let row = |id: u32, due: &str, created: &str, modified: &str| {
        format!(
            "00T00000000000{id}AAA,006000000000001AAA,Call,{due} 00:00:00,Completed,Normal,{created},{modified}"
        )
    };
    let tasks = [
        task.to_owned(),
        row(1, "2026-01-05", "2026-01-05 10:00:00", "2026-01-05 10:00:00"),
        row(2, "2026-01-08", "2026-01-06 10:00:00", "2026-01-09 10:00:00"),
        row(3, "2026-03-01", "2026-01-06 10:00:00", "2026-01-20 11:00:00"),
        row(4, "2026-01-04", "2026-02-01 10:00:00", "2026-02-01 10:00:00"),
    ];
    let tasks = tasks.join("\n");
    let got = read(
        folder(&[("Opportunity.csv", deal.as_bytes()), ("Task.csv", tasks.as_bytes())]).path(),
    );
    let (partition, row, _) = find(&got, "006000000000001AAA");
    let at = |at: i64| {
        chrono::DateTime::from_timestamp_micros(at).unwrap().format("%m-%d %H").to_string()
    };
    let done = partition.activities.get(row).iter().filter_map(|a| a.done_at.get());
    let done: Vec<String> = done.map(at).collect();
    assert_eq!(done, ["01-04 00", "01-05 10", "01-08 00", "01-20 11"]);
}

/// Events of Salesforce that last all day have a day and no time.
#[test]
fn events_of_a_whole_day_were_held() {
    let deal = "Id,Name,StageName,CloseDate,IsWon,IsClosed,CreatedDate,LastModifiedDate\n\
                006000000000001AAA,A,Lead,2026-06-30,0,0,2026-01-05 09:30:00,2026-03-01 09:00:00\n";
    let events = "Id,WhatId,ActivityDateTime,ActivityDate,DurationInMinutes,IsAllDayEvent\n\
                  00U000000000001AAA,006000000000001AAA,,2026-02-03 00:00:00,1440,1\n\
                  00U000000000002AAA,006000000000001AAA,2026-02-04 10:00:00,2026-02-04 00:00:00,30,0\n\
                  00U000000000003AAA,006000000000001AAA,,2026-08-04 00:00:00,1440,1\n";
    let files = [("Opportunity.csv", deal.as_bytes()), ("Event.csv", events.as_bytes())];
    let got = read(folder(&files).path());
    let (partition, row, _) = find(&got, "006000000000001AAA");
    let done = partition.activities.get(row).iter().filter(|a| a.done_at.get().is_some());
    assert_eq!((done.count(), partition.activities.get(row).len()), (2, 3));
}

/// Odoo writes a row for each further tag of a deal, with nothing else in it.
#[test]
fn rows_that_go_on_with_the_one_above_are_no_deals() {
    let got = read_deals(
        b"External ID,Opportunity,Salesperson,Expected Revenue,Stage,Tags,Created on\n\
          c_1,Carpets,Ann,100.0,New,big,2026-01-05 10:00:00\n,,,,,north,\n\
          c_2,Desks,Bob,200.0,New,,2026-01-06 10:00:00\n,,Bob,300.0,,,\n",
    );
    assert_eq!((got.inputs[0].crm.as_str(), got.dataset.deal_count()), ("odoo", 2));
    assert!(says(&got, "1 row of totals"), "{:?}", got.dataset.assumptions);
    let rejects: Vec<u64> = got.dataset.rejects.iter().map(|r| r.row).collect();
    assert_eq!(rejects, [5], "a deal without an id is refused");
}

#[test]
fn plain_tables_in_chinese() {
    let got = read_deals(
        "商机编号,商机名称,客户,商机阶段,预估金额(万元),实际金额,预期成交日期,实际成交日期,销售负责人,创建时间,丢单原因,阶段更新时间\n\
         1,甲,甲公司,赢单,1.5,1.2,2026/2/28,2026年2月20日,张三,2026年1月5日,,2026/2/20\n\
         2,乙,乙公司,输单,2.5,,2026/2/28,2026/2/21,张三,2026/1/6,价格,2026/2/21\n\
         3,丙,丙公司,方案报价,3,,2026/4/28,,李四,2026/1/7,,2026/2/1\n"
            .as_bytes(),
    );
    assert_eq!(crm(&got), ("generic", 0));
    assert_eq!(deal(&got, "1"), "赢单|Won|1200000|01-05|02-20|张三|甲公司");
    assert_eq!(deal(&got, "2"), "输单|Lost|2500000|01-06|02-21|张三|乙公司");
    assert_eq!(deal(&got, "3"), "方案报价|Open|3000000|01-07|-|李四|丙公司");
    assert_eq!(visits(&got, "3")[1..], ["方案报价|02-01 00:00|-"]);
    let (_, _, lost) = find(&got, "2");
    assert_eq!(got.dataset.names.get(lost.lost_reason), "价格");
    let (_, _, open) = find(&got, "3");
    assert!(open.expected_close_on.get().is_some());
    let got = exported(&[
        ("商机.csv", "商机编号,商机名称,商机阶段,创建时间\n1,甲,赢单,2026-01-05\n"),
        (
            "变更记录.csv",
            "商机编号,原阶段,新阶段,操作人,操作时间\n1,,方案,张三,2026-01-05\n1,方案,赢单,张三,2026-02-05\n",
        ),
    ]);
    assert_eq!(visits(&got, "1"), ["方案|01-05 00:00|02-05 00:00", "赢单|02-05 00:00|-"]);
}

#[test]
fn rows_of_the_apis_of_copper_freshsales_and_dynamics() {
    let got = exported(&[(
        "opps.json",
        r#"[{"id": 1, "name": "A", "assignee_id": 7, "close_date": "2/20/2026", "company_id": 9, "pipeline_id": 213,
            "pipeline_stage_id": 987, "status": "Open", "monetary_value": 1000, "monetary_unit": "EUR",
            "date_created": 1767603600, "date_stage_changed": 1768212000, "date_modified": 1768212000}]"#,
    )]);
    assert_eq!(deal(&got, "1"), "987|Open|100000|01-05|-|7|9");
    assert_eq!(got.dataset.names.get(find(&got, "1").2.currency), "EUR");
    assert_eq!(visits(&got, "1")[1..], ["987|01-12 10:00|-"]);
    let got = exported(&[(
        "deals.json",
        r#"{"deals": [{"id": 16000000000001, "name": "A", "amount": "1000.0", "expected_close": "2026-05-20",
            "stage_updated_time": "2026-01-12T10:00:00Z", "created_at": "2026-01-05T10:00:00Z",
            "deal_stage_id": 10, "owner_id": 3, "sales_account_id": 8}], "meta": {"total": 1}}"#,
    )]);
    assert_eq!(deal(&got, "16000000000001"), "10|Open|100000|01-05|-|3|8");
    assert_eq!(visits(&got, "16000000000001")[1..], ["10|01-12 10:00|-"]);
    let got = exported(&[(
        "opportunities.json",
        r#"{"@odata.context": "x", "value": [{"opportunityid": "a-1", "name": "A", "statecode": 0,
            "estimatedvalue": 1000.0, "stepname": "2-Develop", "createdon": "2026-01-05T10:00:00Z",
            "_transactioncurrencyid_value": "c1",
            "_transactioncurrencyid_value@OData.Community.Display.V1.FormattedValue": "Euro"}]}"#,
    )]);
    assert_eq!(got.dataset.names.get(find(&got, "a-1").2.currency), "EUR");
}

#[test]
fn histories_of_zoho_and_frappe() {
    let got = exported(&[
        (
            "Deals_001.csv",
            "Record Id,Deal Owner,Amount,Deal Name,Closing Date,Stage,Created Time,Modified Time\n\
             571,Ann,100,A,2026-03-31,Closed Won,2026-01-05 10:00:00,2026-02-20 10:00:00\n",
        ),
        (
            "DealHistory.csv",
            "Id,Potential_Name,Stage,Moved_To__s,Modified_Time,Modified_By,Stage_Duration_Calendar_Days,Amount\n\
             1,571,Talk,Offer,2026-01-05T10:00:00Z,1,10,100\n\
             2,571,Offer,Closed Won,2026-01-15T10:00:00Z,1,30,100\n\
             3,571,Closed Won,,2026-02-14T10:00:00Z,1,,100\n",
        ),
    ]);
    assert_eq!(
        visits(&got, "571"),
        [
            "Talk|01-05 10:00|01-15 10:00",
            "Offer|01-15 10:00|02-14 10:00",
            "Closed Won|02-14 10:00|-"
        ]
    );
    let got = exported(&[
        (
            "deals.csv",
            "name,status,deal_value,deal_owner,creation\nD-1,Won,100,ann,2026-01-05 10:00:00\n",
        ),
        (
            "status_change_log.csv",
            "parent,from,from_date,to,to_date,duration,from_type,to_type,log_owner\n\
             D-1,Talk,2026-01-05 10:00:00,Won,2026-02-05 10:00:00,100,Open,Won,ann\n\
             D-1,Won,2026-02-05 10:00:00,,,,Won,,ann\n",
        ),
    ]);
    assert_eq!(visits(&got, "D-1"), ["Talk|01-05 10:00|02-05 10:00", "Won|02-05 10:00|-"]);
}

#[test]
fn deals_of_several_crms_are_said() {
    let hubspot = "Record ID,Deal Name,Deal Stage,Create Date\n1,A,Demo,2026-01-05 09:00\n";
    let pipedrive = "Deal - ID,Deal - Title,Deal - Stage,Deal - Status,Deal - Deal created\n\
        1,B,Talk,Open,2026-01-06 09:00:00\n";
    let got = exported(&[("hubspot.csv", hubspot), ("deals-1-2.csv", pipedrive)]);
    assert!(says(&got, "several sources (hubspot, pipedrive)"), "{:?}", got.dataset.assumptions);
    let calls = "deal_id,type,done_at\n1,call,2026-01-07\n";
    let files = [("calls.csv", calls), ("hubspot.csv", hubspot), ("deals-1-2.csv", pipedrive)];
    let users = "user_id,name\nU1,Ann\n";
    let got = exported(&[&files[..], &[("users.csv", users)]].concat());
    let of_sources = |said: &&String| said.contains("several sources");
    assert_eq!(got.dataset.assumptions.iter().filter(of_sources).count(), 1);
    let plain = "deal_id,amount\n1,100\n";
    let got = exported(&[("hubspot.csv", hubspot), ("deals.csv", plain)]);
    assert!(!says(&got, "several sources"), "{:?}", got.dataset.assumptions);
}

#[test]
fn the_stage_history_of_zoho_is_a_log_of_stays() {
    let got = exported(&[
        (
            "Deals_001.csv",
            "Record Id,Deal Owner.id,Deal Owner,Amount,Deal Name,Closing Date,Stage,Created Time,Modified Time\n\
             1000000000000001,9,Ann,1000,Acme,2026-02-12,Closed Won,2026-01-05 10:00:00,2026-02-10 10:00:00\n\
             1000000000000002,8,Bob,500,Beta,2026-05-12,Proposal,2026-01-06 10:00:00,2026-02-15 10:00:00\n",
        ),
        (
            "Stage_History.csv",
            "Id,Potential_Name,Stage,Moved_To__s,Modified_Time,Modified_By,Stage_Duration_Calendar_Days,Amount\n\
             h1,1000000000000001,Qualification,Proposal,2026-01-05 10:00:00,9,10,1000\n\
             h2,1000000000000001,Proposal,Closed Won,2026-01-15 10:00:00,9,26,1000\n\
             h3,1000000000000001,Closed Won,,2026-02-10 10:00:00,9,,1000\n\
             h4,1000000000000002,Qualification,Proposal,2026-01-06 10:00:00,8,40,500\n\
             h5,1000000000000002,Proposal,,2026-02-15 10:00:00,8,,500\n",
        ),
    ]);
    assert_eq!(
        visits(&got, "1000000000000001"),
        [
            "Qualification|01-05 10:00|01-15 10:00",
            "Proposal|01-15 10:00|02-10 10:00",
            "Closed Won|02-10 10:00|-"
        ]
    );
    assert_eq!(visits(&got, "1000000000000002").last().unwrap(), "Proposal|02-15 10:00|-");
}

#[test]
fn headers_of_chinese_lists_tell_amounts_and_expected_closes() {
    let got = exported(&[
        (
            "商机.csv",
            "商机编号,商机名称,客户ID,商机阶段,预估金额,实际金额,预期成交日期,实际成交日期,负责人,优先级,创建时间\n\
             1,甲,c1,赢单,1000,900,2026-02-12,2026-02-10,王伟,高,2026-01-05\n\
             2,乙,c2,输单,500,,2026-02-12,2026-02-15,李娜,高,2026-01-06\n\
             3,丙,c3,方案报价,700,,2026-05-20,,李娜,高,2026-01-17\n",
        ),
        (
            "阶段变更.csv",
            "商机编号,原阶段,新阶段,操作人,操作时间\n\
             3,,需求确认,李娜,2026-01-17\n3,需求确认,方案报价,李娜,2026-01-20\n",
        ),
    ]);
    let amounts = ["1", "2", "3"].map(|id| find(&got, id).2.amount_minor.get());
    assert_eq!(amounts, [Some(90_000), Some(50_000), Some(70_000)]);
    assert!(find(&got, "3").2.expected_close_on.get().is_some());
    assert_eq!(visits(&got, "3").len(), 2);
}
