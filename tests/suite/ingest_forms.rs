//! Tables as people really have them: line ends, encodings, titles, footers, dates, headers of other
//! languages, public data sets. Each is read right without a configuration, or the error asks what to do.

use sluice::ingest::Ingested;
use sluice::model::{Config, DayOrder, Status};

use super::ingest::{data, exported, find, read, read_deals, told, try_read, visits};

fn form(name: &str) -> Ingested {
    read(&data("forms").join(name))
}

/// A deal as `stage status amount created closed`, in minor units and days.
fn deal(got: &Ingested, id: &str) -> String {
    let (_, _, deal) = find(got, id);
    let day = |at: Option<i64>| {
        let at = at.and_then(chrono::DateTime::from_timestamp_micros);
        at.map_or_else(|| "-".to_owned(), |at| at.format("%Y-%m-%d %H:%M").to_string())
    };
    let stage = got.dataset.catalogue.get(deal.stage);
    format!(
        "{}|{:?}|{}|{}|{}",
        got.dataset.names.get(stage.name),
        deal.status,
        deal.amount_minor.get().map_or_else(|| "-".to_owned(), |minor| minor.to_string()),
        day(deal.created_at.get()),
        day(deal.closed_at.get())
    )
}

fn says(got: &Ingested, words: &str) -> bool {
    got.dataset.assumptions.iter().any(|said| said.contains(words))
}

/// Created at that time, for tables of deals with nothing else to look at.
fn created(got: &Ingested, id: &str) -> String {
    deal(got, id).split('|').nth(3).unwrap().to_owned()
}

#[test]
fn one_table_in_many_forms() {
    let expected = [
        ("1", "Won|Won|10050|2026-01-13 00:00|2026-02-01 00:00"),
        ("2", "Demo|Open|120000|2026-01-14 00:00|-"),
        ("3", "Lost|Lost|30000|2026-01-15 00:00|2026-02-03 00:00"),
    ];
    for name in [
        "plain",
        "crlf",
        "old_mac",
        "old_mac_utf16",
        "utf16_big",
        "utf16_unmarked",
        "title_and_notes",
        "title_semicolons",
        "told_delimiter",
        "compact_dates",
        "nul_bytes",
        "trailing_delimiters",
        "header_spelling",
        "spaces",
    ] {
        let got = form(name);
        assert_eq!((got.rows_read, got.dataset.rejects.len()), (3, 0), "{name}");
        assert_eq!(got.dataset.deal_count(), 3, "{name}");
        for (id, wanted) in expected {
            assert_eq!(deal(&got, id), wanted, "{name}");
        }
    }
    let got = form("title_and_notes");
    assert!(says(&got, "is its row 4"), "{:?}", got.dataset.assumptions);
    assert!(says(&got, "3 rows of"), "{:?}", got.dataset.assumptions);
}

#[test]
fn dates_in_many_forms() {
    let got = form("months");
    for id in ["1", "2", "3"] {
        assert_eq!(created(&got, id), "2026-01-13 00:00");
    }
    assert_eq!(created(&got, "4"), "2026-01-14 17:05");
    assert!(!says(&got, "source_dates"), "a month with a name leaves nothing open");
    let got = form("seconds");
    assert_eq!([created(&got, "1"), created(&got, "2")], ["2026-01-13 10:15"; 2]);
    let got = form("serial");
    assert_eq!([created(&got, "1"), created(&got, "2")], ["2026-01-13 00:00", "2026-01-13 12:00"]);
    assert!(says(&got, "such as `46035` are read as day numbers"));
    let got = form("short_years");
    assert_eq!(deal(&got, "1"), "Won|Won|-|2026-01-13 00:00|2026-02-01 17:05");
    assert_eq!(created(&got, "2"), "2026-01-02 00:00");
}

#[test]
fn two_digits_that_lead_are_a_year_where_the_file_tells_or_the_configuration() {
    let got = form("years_first");
    assert_eq!(deal(&got, "1"), "Won|Won|-|2024-03-05 00:00|2024-04-17 17:05");
    assert_eq!(deal(&got, "2"), "Lost|Lost|-|2024-03-29 00:00|2024-05-02 00:00");
    assert_eq!(created(&got, "6"), "2025-02-21 00:00");
    assert!(says(&got, "such as `24-03-05` are read year first"), "{:?}", got.dataset.assumptions);
    let iso = (10..3_000).map(|at| format!("{at},open,2025-01-01,\n")).collect::<String>();
    let text = include_str!("../data/ingest/forms/years_first/deals.csv");
    let below = read_deals(text.replacen('\n', &format!("\n{iso}"), 1).as_bytes());
    assert_eq!(created(&below, "6"), "2025-02-21 00:00", "the file is read once more");
    let got = form("years_open");
    assert_eq!(created(&got, "1"), "2005-03-24 00:00");
    assert!(says(&got, "Set `source_dates = \"year_first\"`"), "{:?}", got.dataset.assumptions);
    let config = Config { source_dates: Some(DayOrder::YearFirst), ..Config::default() };
    let got = try_read(&data("forms/years_open"), &config).unwrap();
    assert_eq!(created(&got, "1"), "2024-03-05 00:00");
    let other = try_read(&data("forms/short_years"), &config).unwrap();
    assert_eq!(created(&other, "2"), "2026-01-02 00:00", "the year cannot lead");
}

#[test]
fn amounts_and_percentages_in_many_forms() {
    let got = form("money");
    let amounts = ["1", "2", "3", "4"].map(|id| find(&got, id).2.amount_minor);
    assert_eq!(amounts, [Some(123_450), Some(-123_400), Some(500_000), None]);
    let chances = ["1", "2", "3", "4"].map(|id| find(&got, id).2.probability_bp);
    assert_eq!(chances, [Some(7000), Some(100), Some(3500), Some(50)], "the column has 35");
    let refused = &got.dataset.rejects[0];
    assert_eq!((refused.row, refused.column.as_str(), refused.is_row), (5, "amount", false));
    assert!(refused.reason.contains("such as"), "{}", refused.reason);
    let got = form("repeated_headers");
    assert_eq!(find(&got, "1").2.amount_minor, Some(500), "the first of two columns is read");
    assert!(says(&got, "not used: `amount#2`"));
}

#[test]
fn reports_of_salesforce() {
    let got = form("salesforce_report");
    assert_eq!((got.rows_read, got.rows_rejected), (3, 0));
    assert_eq!(
        deal(&got, "Acme - 200"),
        "Closed Won|Won|1200000|2026-01-05 00:00|2026-02-13 00:00"
    );
    assert_eq!(deal(&got, "Bolt - 10"), "Negotiation|Open|500000|2026-01-20 00:00|-");
    assert_eq!(find(&got, "Core - 1").2.status, Status::Lost);
    assert!(says(&got, "`Opportunity Name` stands for them"));
    let got = form("salesforce_history_report");
    assert_eq!(
        visits(&got, "006A0000a000002"),
        ["Prospecting|01-02 00:00|01-12 00:00", "Demo|01-12 00:00|-"]
    );
    let got = form("salesforce_field_report");
    assert_eq!(visits(&got, "006A0000a000001")[1], "Demo|01-13 00:00|02-01 00:00");
    assert!(says(&got, "1 rows of other fields of"));
}

#[test]
fn field_histories_of_salesforce_tell_the_stages() {
    for name in ["salesforce_fields", "salesforce_entities"] {
        let got = form(name);
        assert_eq!(got.dataset.rejects.len(), 0, "{name}");
        assert_eq!(
            visits(&got, "006A0000a000001IAA"),
            [
                "Prospecting|01-01 00:00|01-10 09:00",
                "Proposal|01-10 09:00|02-01 09:00",
                "Closed Won|02-01 09:00|-"
            ],
            "{name}"
        );
    }
}

#[test]
fn headers_of_other_languages_and_sources() {
    let got = form("hubspot_japanese");
    assert_eq!(got.inputs[0].crm, "hubspot");
    assert_eq!(deal(&got, "1").split('|').nth(1), Some("Won"));
    let got = form("hubspot_german");
    assert_eq!(deal(&got, "1"), "Gewonnen|Won|100050|2026-01-01 09:00|2026-02-01 10:00");
    let got = form("hubspot_portuguese");
    assert_eq!(got.dataset.names.get(find(&got, "1").2.lost_reason), "Preço");
    let got = form("chinese_gb18030");
    assert_eq!(deal(&got, "S2"), "方案报价|Open|5000000|2026-01-06 09:30|-");
    assert!(says(&got, "is in gb18030"));
    let got = form("zoho");
    assert_eq!(got.inputs[0].crm, "zoho");
    let won = "zcrm_4150868000000224005";
    assert_eq!(deal(&got, won), "Closed Won|Won|1200000|2026-01-05 09:00|2026-02-01 00:00");
    assert!(says(&got, "taken to be closed on `Closing Date`"));
    let got = form("vendor");
    assert_eq!(deal(&got, "Small"), "Closed Won|Won|100000|2026-01-14 00:00|2026-02-15 00:00");
    let got = form("maven");
    assert_eq!(deal(&got, "MV1LWRNH"), "Engaging|Open|-|2026-02-25 00:00|-");
}

#[test]
fn exports_of_bitrix_and_dynamics() {
    let got = form("bitrix24");
    assert_eq!(got.inputs[0].crm, "bitrix24");
    assert_eq!(deal(&got, "1"), "NEW|Open|1000000|2026-01-13 06:00|-");
    assert_eq!(
        deal(&got, "2"),
        "WON|Won|2000000|2026-01-13 06:00|2026-02-01 07:00",
        "it moved then"
    );
    assert_eq!(deal(&got, "3"), "LOSE|Lost|3000000|2026-01-14 06:00|2026-02-02 07:00");
    let got = form("bitrix24_log");
    assert_eq!(visits(&got, "2"), ["NEW|01-13 06:00|01-20 06:00", "WON|01-20 06:00|-"]);
    let got = form("bitrix24_russian");
    assert_eq!(got.inputs[0].crm, "bitrix24");
    assert_eq!(deal(&got, "1"), "Новая|Open|1000000|2026-01-13 09:00|-");
    let got = form("dynamics");
    assert_eq!((got.inputs[0].crm.as_str(), got.dataset.rejects.len()), ("dynamics", 0));
    assert_eq!(deal(&got, "a-1"), "1-Qualify|Open|1000000|2026-01-13 09:00|-");
    assert_eq!(deal(&got, "a-2"), "3-Propose|Won|2000000|2026-01-14 09:00|2026-02-01 00:00");
    let (_, _, lost) = find(&got, "a-3");
    assert_eq!((lost.status, got.dataset.names.get(lost.lost_reason)), (Status::Lost, "Out-Sold"));
    assert_eq!(got.dataset.names.get(lost.currency), "EUR");
    let got = form("dynamics_api");
    assert_eq!(deal(&got, "a-2"), "Propose|Won|2000000|2026-01-14 09:00|2026-02-01 00:00");
}

#[test]
fn plain_tables_in_other_languages() {
    for (name, won, lost) in [
        ("spanish", "Cerrado ganado", "Cerrado perdido"),
        ("portuguese", "Ganho", "Perdido"),
        ("french", "Gagné", "Perdu"),
        ("german", "Gewonnen", "Verloren"),
        ("japanese", "受注", "失注"),
    ] {
        let got = form(name);
        assert_eq!(
            (got.inputs[0].crm.as_str(), got.dataset.rejects.len()),
            ("languages", 0),
            "{name}"
        );
        let times = "2026-01-13 00:00|2026-02-01 00:00";
        assert_eq!(deal(&got, "1"), format!("{won}|Won|1200000|{times}"), "{name}");
        assert_eq!(deal(&got, "2"), format!("{lost}|Lost|800000|{times}"), "{name}");
        let (partition, row, deal) = find(&got, "1");
        assert_eq!(got.dataset.names.get(deal.owner), "Ana", "{name}");
        assert_eq!(partition.account_ids.get(row), "Acme", "{name}");
    }
    for text in [
        "ID de oportunidad,Vendedor,Importe,Fecha de creación,Fecha de cierre,Estado\n\
         1,Ana,12,13/01/2026,01/02/2026,Ganada\n",
        "N° d'affaire,Commercial,Montant,Date de création,Date de clôture,Statut\n\
         1,Ana,12,13/01/2026,01/02/2026,Gagnée\n",
        "ID сделки,Ответственный,Бюджет,Дата создания,Дата закрытия,Этап сделки\n\
         1,Ana,12,13.01.2026,01.02.2026,Успешно реализовано\n",
        "商机编号,负责人,金额,创建时间,关闭时间,状态\n1,Ana,12,2026年1月13日,2026年2月1日,赢单\n",
    ] {
        let deal = told(&exported(&[("export.csv", text)]), "1");
        assert!(deal.ends_with("|Won|1200|01-13|02-01|Ana"), "{text} {deal}");
    }
    let spanish = form("spanish");
    assert_eq!(
        spanish.dataset.names.get(find(&spanish, "1").2.currency),
        "EUR",
        "its header says so"
    );
}

#[test]
fn pipelines_of_hubspot_with_stages_of_one_name_stay_apart() {
    let got = form("hubspot_pipelines");
    for (id, pipeline) in [("1001", "Sales"), ("1003", "Renewals")] {
        let (_, _, deal) = find(&got, id);
        assert_eq!(got.dataset.names.get(deal.pipeline), pipeline);
        assert_eq!(visits(&got, id).len(), 2, "{id}");
        assert_eq!(deal.status, Status::Won);
    }
}

#[test]
fn what_is_not_known_is_asked_for() {
    for (name, what, hint) in [
        ("bank", "has the headers `age`, `job`", "rename the headers"),
        ("orders", "has the headers `order_no`", "`--mapping FILE`"),
        ("undated", "has a creation time", "`created_at`"),
        ("activities", "there are no deals, only", "a table of deals has an id"),
        ("dynamics_lost", "by its headers it holds `deals`, but it lacks `stage`", "a status or"),
        ("headless", "seems to have no header row: it has `100`, `Windrose`", "put a row above"),
    ] {
        let error = try_read(&data("forms").join(name), &Config::default()).unwrap_err();
        assert!(error.to_string().contains(what), "{name}: {error}");
        let told = error.hint_text().unwrap_or_default();
        assert!(told.contains(hint), "{name}: {told}");
        assert!(told.len() < 600, "{name}: {told}");
    }
}

#[test]
fn rows_of_nothing_are_no_rows() {
    let text = "deal_id,status,created_at\n1,open,2026-01-01\n,,\n , ,\n\n2,open,2026-01-02\n";
    let got = read_deals(text.as_bytes());
    assert_eq!((got.rows_read, got.rows_rejected, got.dataset.deal_count()), (2, 0, 2));
    let text = "deal_id,status,created_at,amount\nTotal Energies,open,2026-01-01,5\nTotal,,,5\n";
    let got = read_deals(text.as_bytes());
    assert_eq!((got.rows_read, got.dataset.deal_count()), (1, 1));
    assert_eq!(find(&got, "Total Energies").2.amount_minor, Some(500));
}

#[test]
fn symbols_of_amounts_tell_their_currency_where_no_column_does() {
    let read =
        |rows: &str| read_deals(format!("deal_id;status;created_at;amount\n{rows}").as_bytes());
    let amounts = |got: &Ingested| {
        ["1", "2", "3"].map(|id| {
            let (_, _, deal) = find(got, id);
            format!("{} {:?}", got.dataset.names.get(deal.currency), deal.amount_minor.get())
        })
    };
    let one = read("1;open;2026-01-01;€ 1.200,50\n2;open;2026-01-01;0\n3;open;2026-01-01;\n");
    assert_eq!(amounts(&one), ["EUR Some(120050)", "EUR Some(0)", "EUR None"]);
    assert!(says(&one, "are in EUR by `€ 1.200,50`"), "{:?}", one.dataset.assumptions);
    assert!(!says(&one, "as no column says otherwise"), "{:?}", one.dataset.assumptions);
    let several = read("1;open;2026-01-01;£900\n2;open;2026-01-01;¥ 500\n3;open;2026-01-01;7\n");
    assert_eq!(amounts(&several), ["GBP Some(90000)", "JPY Some(500)", "USD Some(700)"]);
    assert!(says(&several, "(GBP by `£900`, JPY by `¥ 500`)"), "{:?}", several.dataset.assumptions);
    let own = read("1;open;2026-01-01;$900\n2;open;2026-01-01;5 NET\n3;open;2026-01-01;7\n");
    assert_eq!(amounts(&own)[0], "USD Some(90000)");
    assert!(says(&own, "Amounts are in USD, as no column says otherwise."));
}

/// Far below what a sample of the file shows.
#[test]
fn a_symbol_tells_the_currency_wherever_it_stands() {
    let table = |head: &str, odd: &[(usize, &str)]| {
        let mut rows: Vec<String> =
            (0..6000).map(|at| format!("{at},open,2026-01-01,{at}.50\n")).collect();
        for (at, amount) in odd {
            rows[*at] = format!("{at},open,2026-01-01,{amount}\n");
        }
        read_deals(format!("{head}\n{}", rows.concat()).as_bytes())
    };
    let money = |got: &Ingested, id: &str| {
        let (_, _, deal) = find(got, id);
        format!("{} {}", got.dataset.names.get(deal.currency), deal.amount_minor.get().unwrap())
    };
    let amounts = |got: &Ingested| ["2", "5000", "5999"].map(|id| money(got, id));
    let head = "deal_id,status,created_at,amount";
    let one = table(head, &[(5000, "€7")]);
    assert_eq!(amounts(&one), ["EUR 250", "EUR 700", "EUR 599950"]);
    assert!(says(&one, "are in EUR by `€7`, those without a symbol too"));
    let several = table(head, &[(5000, "€7"), (5999, "$8")]);
    assert_eq!(amounts(&several), ["USD 250", "EUR 700", "USD 800"]);
    assert!(says(&several, "(EUR by `€7`, USD by `$8`), those without a symbol in USD"));
    let yen = table(head, &[(0, "€5"), (5000, "¥7"), (5999, "¥8")]);
    assert_eq!(amounts(&yen), ["USD 250", "JPY 7", "JPY 8"]);
    let own = table(head, &[(5000, "$7")]);
    assert_eq!(amounts(&own), ["USD 250", "USD 700", "USD 599950"]);
    assert!(says(&own, "as no column says otherwise"));
    let header = table("deal_id,status,created_at,Amount (EUR)", &[(5000, "$7")]);
    assert_eq!(amounts(&header), ["EUR 250", "USD 700", "EUR 599950"]);
    assert!(says(&header, "(USD by `$7`), those without a symbol in EUR"));
    let column = table("deal_id,status,created_at,amount,currency", &[(5000, "€7,CHF")]);
    assert_eq!(amounts(&column), ["USD 250", "CHF 700", "USD 599950"]);
}

#[test]
fn what_parts_the_words_of_a_status_does_not_matter() {
    let got = read_deals(
        b"deal_id,status,created_at,closed_at\n1,Closed - Won,2026-01-01,2026-01-05\n\
          2,closed_lost,2026-01-01,2026-01-05\n3,Closed/Pending,2026-01-01,\n",
    );
    let statuses = ["1", "2", "3"].map(|id| find(&got, id).2.status);
    assert_eq!(statuses, [Status::Won, Status::Lost, Status::Open]);
    assert!(says(&got, "as `Closed/Pending` is neither won, lost nor open"));
}

#[test]
fn a_header_once_more_is_no_deal() {
    let got = read_deals(
        b"deal_name,stage,amount,created_date,created_date\n\
          A,Won,100,2026-01-05,\n\
          deal_name,stage,amount,created_date,created_date\n\
          B,Lost,200,2026-01-06,\n",
    );
    assert_eq!((got.dataset.deal_count(), got.dataset.rejects.len()), (2, 0));
    assert!(says(&got, ": 1 row of totals"), "{:?}", got.dataset.assumptions);
}

#[test]
fn a_list_of_deals_that_tells_since_when_they_are_in_their_stages_is_no_log() {
    let list = "deal_id,stage,stage_entered_at,created_at,closed_at,amount\n\
        1,Won,2026-02-01,2026-01-05,2026-02-01,100\n\
        2,Proposal,2026-01-20,2026-01-06,,200\n";
    let got = read_deals(list.as_bytes());
    assert_eq!(got.inputs[0].entity, "deals");
    assert_eq!(deal(&got, "1"), "Won|Won|10000|2026-01-05 00:00|2026-02-01 00:00");
    assert_eq!(visits(&got, "2").last().unwrap(), "Proposal|01-20 00:00|-");
    let log = format!("{list}2,Lost,2026-02-10,2026-01-06,,200\n");
    assert_eq!(read_deals(log.as_bytes()).inputs[0].entity, "stage_history");
}

#[test]
fn leads_with_a_row_for_each_stage_are_a_log() {
    let got = read_deals(
        b"lead_id,lead_date,stage,stage_date,deal_value\n\
          1,2026-01-01,Lead,2026-01-01,0\n\
          1,2026-01-01,Proposal,2026-01-15,5000\n\
          1,2026-01-01,Closed Won,2026-02-01,5000\n\
          2,2026-01-03,Lead,2026-01-03,0\n",
    );
    assert_eq!(got.inputs[0].entity, "stage_history");
    assert_eq!(deal(&got, "1"), "Closed Won|Won|500000|2026-01-01 00:00|-");
    assert_eq!(visits(&got, "1").last().unwrap(), "Closed Won|02-01 00:00|-");
    assert_eq!(deal(&got, "2").split('|').nth(1), Some("Open"));
}

#[test]
fn leads_that_were_converted_are_won() {
    let got = read_deals(
        b"lead_id,created_at,source,converted,converted_at\n\
          1,2026-01-05,Web,1,2026-02-05\n\
          2,2026-01-06,Web,0,\n",
    );
    assert_eq!(deal(&got, "1"), "Won|Won|-|2026-01-05 00:00|2026-02-05 00:00");
    assert_eq!(deal(&got, "2").split('|').nth(1), Some("Open"));
}

#[test]
fn activities_may_name_their_deals() {
    let got = form("named_activities");
    let done = |id| {
        let (partition, row, _) = find(&got, id);
        let own = partition.activities.get(row);
        own.iter().map(|activity| activity.done_at.get().is_some()).collect::<Vec<_>>()
    };
    assert_eq!((done("1"), done("2")), (vec![false, true], vec![true]));
    assert!(says(&got, "1 activity belongs to no deal"), "{:?}", got.dataset.assumptions);
}

#[test]
fn a_table_in_dutch_under_an_english_name() {
    let got = form("dutch");
    assert_eq!((got.inputs[0].crm.as_str(), got.dataset.rejects.len()), ("languages", 0));
    assert!(deal(&got, "1").ends_with("|Won|125050|2026-01-05 00:00|2026-02-02 00:00"));
    assert_eq!(find(&got, "2").2.status, Status::Lost);
    assert_eq!(got.dataset.names.get(find(&got, "3").2.owner), "Ben");
}

#[test]
fn applications_are_deals_where_nothing_else_is() {
    let got = form("applications");
    assert_eq!(deal(&got, "1"), "Offer|Won|-|2026-01-05 00:00|2026-02-10 00:00");
    assert_eq!(deal(&got, "2"), "Onsite|Open|-|2026-01-06 00:00|-");
    assert_eq!(deal(&got, "3"), "Phone Screen|Lost|-|2026-01-07 00:00|2026-01-30 00:00");
    let (_, _, lost) = find(&got, "3");
    let words = [lost.lost_reason, lost.owner, lost.source].map(|sym| got.dataset.names.get(sym));
    assert_eq!(words, ["Not a fit", "Ann", "Web"]);
}
