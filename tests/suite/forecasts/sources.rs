//! Forecasts of CRMs and of anyone's files, as they are read.

use sluice::model::Config;

use super::build::{holds, row, table};
use crate::ingest::read;
use crate::rows::day;

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

const OPPORTUNITY: &str = "Id,Name,StageName,Amount,CloseDate,IsClosed,IsWon,OwnerId,CreatedDate,SystemModstamp\n\
    006A00000000001AAA,A,Sign,100,2026-06-20,0,0,005A00000000001AAA,2026-03-10 08:00:00,2026-05-30 08:00:00\n\
    006A00000000002AAA,B,Closed Won,70,2026-04-20,1,1,005A00000000001AAA,2026-02-10 08:00:00,2026-04-20 08:00:00\n";

const PERIOD: &str = "Id,FiscalYearSettingsId,Type,StartDate,EndDate\n\
    026A00000000001AAA,022A00000000001AAA,Quarter,2026-04-01,2026-06-30\n";

#[test]
fn salesforce_forecasts_are_of_the_day_of_the_export() {
    let items = "Id,OwnerId,PeriodId,ForecastingItemCategory,ForecastAmount,OwnerOnlyAmount,IsAmount\n\
        1,005A00000000001AAA,026A00000000001AAA,CommitForecast,900,170,true\n\
        2,005A00000000001AAA,026A00000000001AAA,BestCaseForecast,900,200,true\n\
        3,005A00000000001AAA,026A00000000001AAA,OpenPipeline,900,150,true\n\
        4,005A00000000001AAA,026A00000000001AAA,ClosedOnly,900,70,true\n\
        5,005A00000000001AAA,026A00000000001AAA,CommitForecast,9,9,false\n";
    let there = folder(&[
        ("Opportunity.csv", OPPORTUNITY),
        ("Period.csv", PERIOD),
        ("ForecastingItem.csv", items),
    ]);
    let got = read(there.path());
    assert_eq!(got.rows_rejected, 0);
    let forecasts = &got.dataset.forecasts;
    assert_eq!(forecasts.len(), 4, "a forecast of quantities is none of money");
    for forecast in forecasts {
        assert_eq!(forecast.snapshot_on, day("2026-05-30"));
        assert_eq!(
            (forecast.period_start, forecast.period_end),
            (day("2026-04-01"), day("2026-07-01"))
        );
    }
    // Cumulative: commit holds 70 closed, best case holds commit, the open pipeline holds both but not
    // what is closed: 170 - 70 = 100, 200 - 170 = 30, 150 - 100 - 30 = 20.
    let config = Config { forecast_leads: vec![30], ..Config::default() };
    let found = table("forecast_snapshots", &got.dataset, &config, "2026-06-02");
    for (category, minor) in [("commit", 10_000.0), ("best_case", 3_000.0), ("pipeline", 2_000.0)] {
        let wanted = [("basis", "stored"), ("category", category)];
        let row = row(&found, &wanted);
        holds(&found, row, "amount_minor", minor);
        assert_eq!(found.value(row, "grade").as_str(), Some("observed"));
    }
}

#[test]
fn categories_that_say_that_they_stand_alone_do() {
    let items = "OwnerId,PeriodId,ForecastingItemCategory,OwnerOnlyAmount\n\
        005A00000000001AAA,026A00000000001AAA,CommitOnly,100\n\
        005A00000000001AAA,026A00000000001AAA,BestCaseOnly,30\n";
    let there = folder(&[
        ("Opportunity.csv", OPPORTUNITY),
        ("Period.csv", PERIOD),
        ("ForecastingItem.csv", items),
    ]);
    let got = read(there.path());
    let config = Config { forecast_leads: vec![30], ..Config::default() };
    let found = table("forecast_snapshots", &got.dataset, &config, "2026-06-02");
    for (category, minor) in [("commit", 10_000.0), ("best_case", 3_000.0)] {
        let row = row(&found, &[("basis", "stored"), ("category", category)]);
        holds(&found, row, "amount_minor", minor);
    }
}

#[test]
fn quotas_of_the_api_are_targets() {
    let quotas = "Id,QuotaOwnerId,PeriodId,QuotaAmount,IsAmount\n\
        1,005A00000000001AAA,026A00000000001AAA,5000,true\n\
        2,005A00000000001AAA,unheard of,5000,true\n";
    let there = folder(&[
        ("Opportunity.csv", OPPORTUNITY),
        ("Period.csv", PERIOD),
        ("ForecastingQuota.csv", quotas),
    ]);
    let got = read(there.path());
    assert_eq!(got.rows_rejected, 1, "a period that no file knows is refused");
    let target = &got.dataset.targets[0];
    assert_eq!((target.value, target.owner.as_str()), (500_000, "005A00000000001AAA"));
    assert_eq!((target.period_start, target.period_end), (day("2026-04-01"), day("2026-07-01")));
}

#[test]
fn a_forecast_by_deal_is_of_the_quarter_of_its_close() {
    let deals = "deal_id,stage,status,owner,amount,created_at\nD1,Sign,open,ann,100,2026-03-10\n";
    let forecasts = "snapshot_date,deal_id,amount,expected_close_date,stage,owner,category\n\
        2026-03-10,D1,80,2026-06-20,Sign,ann,commit\n";
    let there = folder(&[("deals.csv", deals), ("forecasts.csv", forecasts)]);
    let got = read(there.path());
    let forecast = &got.dataset.forecasts[0];
    assert_eq!(
        (forecast.period_start, forecast.period_end),
        (day("2026-04-01"), day("2026-07-01"))
    );
    assert_eq!((forecast.amount_minor, forecast.deal_id.as_str()), (8_000, "D1"));
}
