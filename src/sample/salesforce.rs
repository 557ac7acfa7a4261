//! The weekly Data Export: every value quoted, UTC without a mark, midnight on dates, `0` and `1`.

use std::path::{Path, PathBuf};

use super::Export;
use super::deal::{Deal, Move, Touch};
use super::file::{CsvFile, date, datetime, optional};
use super::world::{END, PIPELINES, REPS, START};
use crate::error::Result;

const OPPORTUNITY: &[&str] = &[
    "Id",
    "IsDeleted",
    "AccountId",
    "RecordTypeId",
    "Name",
    "Description",
    "StageName",
    "StageSortOrder",
    "Amount",
    "Probability",
    "CloseDate",
    "Type",
    "LeadSource",
    "IsClosed",
    "IsWon",
    "ForecastCategory",
    "ForecastCategoryName",
    "OwnerId",
    "CreatedDate",
    "CreatedById",
    "LastModifiedDate",
    "SystemModstamp",
    "LastActivityDate",
    "LastStageChangeDate",
    "Loss_Reason__c",
];
const HISTORY: &[&str] = &[
    "Id",
    "OpportunityId",
    "CreatedById",
    "CreatedDate",
    "CreatedDateForInsert",
    "StageName",
    "Amount",
    "ExpectedRevenue",
    "CloseDate",
    "Probability",
    "FromForecastCategory",
    "ForecastCategory",
    "FromOpportunityStageName",
    "ValidThroughDate",
    "SystemModstamp",
    "IsDeleted",
];
const TASK: &[&str] = &[
    "Id",
    "WhoId",
    "WhatId",
    "Subject",
    "ActivityDate",
    "Status",
    "OwnerId",
    "Type",
    "IsDeleted",
    "AccountId",
    "IsClosed",
    "CreatedDate",
    "ActivityOriginType",
    "CallDurationInSeconds",
    "CallType",
    "CompletedDateTime",
];
const EVENT: &[&str] = &[
    "Id",
    "WhatId",
    "Subject",
    "ActivityDateTime",
    "ActivityDate",
    "DurationInMinutes",
    "OwnerId",
    "AccountId",
    "IsChild",
    "CreatedDate",
    "IsDeleted",
];
const USER: &[&str] =
    &["Id", "Username", "FirstName", "LastName", "Email", "IsActive", "UserRoleId", "CreatedDate"];
const RECORD_TYPE: &[&str] = &["Id", "Name", "SobjectType", "IsActive"];

/// The files.
pub struct Salesforce {
    opportunity: CsvFile,
    history: CsvFile,
    task: CsvFile,
    event: CsvFile,
    dir: PathBuf,
    accounts: u64,
    rows: u64,
    activities: u64,
}

impl Salesforce {
    /// Creates the files for about `deals` deals.
    pub fn create(dir: &Path, deals: u64) -> Result<Self> {
        Ok(Self {
            opportunity: CsvFile::create(dir, "Opportunity.csv", OPPORTUNITY)?,
            history: CsvFile::create(dir, "OpportunityHistory.csv", HISTORY)?,
            task: CsvFile::create(dir, "Task.csv", TASK)?,
            event: CsvFile::create(dir, "Event.csv", EVENT)?,
            dir: dir.to_owned(),
            accounts: (deals / 2).max(1),
            rows: 0,
            activities: 0,
        })
    }

    fn history_rows(&mut self, deal: &Deal) -> Result<()> {
        let mut before: Option<Move> = None;
        for (at, now) in deal.moves.iter().enumerate() {
            let until = deal.moves.get(at + 1).map(|m| datetime(m.at)).unwrap_or_default();
            let from = before.map_or("", |b| deal.pipeline.stage_name(b.stage));
            let from_category = before.map_or("", |b| deal.pipeline.category(b.stage));
            let probability = deal.pipeline.probability(now.stage);
            let expected = now.amount.map(|a| a * i64::from(probability) / 100);
            self.history.row([
                id("008", self.rows),
                id("006", deal.number),
                id("005", deal.rep as u64),
                datetime(now.at),
                datetime(now.at),
                deal.pipeline.stage_name(now.stage).to_owned(),
                optional(now.amount),
                optional(expected),
                midnight(now.expected_close),
                probability.to_string(),
                from_category.to_owned(),
                deal.pipeline.category(now.stage).to_owned(),
                from.to_owned(),
                until,
                datetime(now.at),
                "0".to_owned(),
            ])?;
            self.rows += 1;
            before = Some(*now);
        }
        Ok(())
    }

    fn activity(&mut self, deal: &Deal, touch: &Touch) -> Result<()> {
        self.activities += 1;
        let what = id("006", deal.number);
        let owner = id("005", deal.rep as u64);
        let account = id("001", deal.account);
        if touch.kind == "Meeting" {
            return self.event.row([
                id("00U", self.activities),
                what,
                "Demo".to_owned(),
                datetime(touch.at),
                midnight(touch.at),
                "45".to_owned(),
                owner,
                account,
                "0".to_owned(),
                datetime((touch.at - 3 * super::world::DAY).max(deal.created()).min(END - 1)),
                "0".to_owned(),
            ]);
        }
        let is_call = touch.kind == "Call";
        let either = |yes: &str, no: &str| if is_call { yes.to_owned() } else { no.to_owned() };
        self.task.row([
            id("00T", self.activities),
            "000000000000000AAA".to_owned(),
            what,
            format!("{}: follow up", touch.kind),
            midnight(touch.at),
            (if touch.is_done { "Completed" } else { "Not Started" }).to_owned(),
            owner,
            touch.kind.to_owned(),
            "0".to_owned(),
            account,
            u8::from(touch.is_done).to_string(),
            datetime(touch.at.min(END - 1)),
            either("", "2"),
            either("420", ""),
            either("Outbound", ""),
            if touch.is_done { datetime(touch.at) } else { String::new() },
        ])
    }
}

impl Export for Salesforce {
    fn deal(&mut self, deal: &Deal) -> Result<()> {
        let last = deal.last();
        let pipeline = deal.pipeline;
        let type_at = PIPELINES.iter().position(|p| p.name == pipeline.name).unwrap_or(0) as u64;
        let category = pipeline.category(last.stage);
        let api_category = match category {
            "Best Case" => "BestCase",
            "Commit" => "Forecast",
            other => other,
        };
        let changed = if deal.moves.len() > 1 { datetime(last.at) } else { String::new() };
        let touched = deal.touches.iter().filter(|t| t.is_done).map(|t| t.at).max();
        let note = if deal.number.is_multiple_of(5) {
            "He said \"call me back\",\nthen asked for a quote"
        } else {
            ""
        };
        let modified = datetime(touched.unwrap_or(last.at).max(last.at));
        self.opportunity.row([
            id("006", deal.number),
            "0".to_owned(),
            id("001", deal.account),
            id("012", type_at),
            deal.name(),
            note.to_owned(),
            pipeline.stage_name(last.stage).to_owned(),
            (last.stage + 1).to_string(),
            optional(last.amount),
            pipeline.probability(last.stage).to_string(),
            midnight(last.expected_close),
            pipeline.deal_type.to_owned(),
            deal.source.to_owned(),
            u8::from(deal.is_closed()).to_string(),
            u8::from(deal.is_won()).to_string(),
            api_category.to_owned(),
            category.to_owned(),
            id("005", deal.rep as u64),
            datetime(deal.created()),
            id("005", deal.rep as u64),
            modified.clone(),
            modified,
            touched.map(midnight).unwrap_or_default(),
            changed,
            deal.lost_reason.to_owned(),
        ])?;
        self.history_rows(deal)?;
        deal.touches.iter().try_for_each(|touch| self.activity(deal, touch))
    }

    fn close(self: Box<Self>) -> Result<Vec<PathBuf>> {
        let mut user = CsvFile::create(&self.dir, "User.csv", USER)?;
        for (number, (first, last, team)) in REPS.iter().enumerate() {
            let address = format!("{}@example.com", first.to_lowercase());
            let (user_id, since) = (id("005", number as u64), datetime(START - 9_000_000));
            user.row([&user_id, &address, *first, *last, &address, "1", *team, &since])?;
        }
        let header = ["Id", "IsDeleted", "Name", "Industry", "CreatedDate"];
        let mut account = CsvFile::create(&self.dir, "Account.csv", &header)?;
        for number in 0..self.accounts {
            let name = super::deal::account_name(number);
            account.row([&id("001", number), "0", &name, "Services", &datetime(START)])?;
        }
        let mut types = CsvFile::create(&self.dir, "RecordType.csv", RECORD_TYPE)?;
        for (number, pipeline) in PIPELINES.iter().enumerate() {
            types.row([&id("012", number as u64), pipeline.name, "Opportunity", "1"])?;
        }
        [self.opportunity, self.history, self.task, self.event, user, account, types]
            .into_iter()
            .map(CsvFile::close)
            .collect()
    }
}

/// A date-only field carries a midnight.
fn midnight(seconds: i64) -> String {
    format!("{} 00:00:00", date(seconds))
}

/// An 18-character id.
fn id(prefix: &str, number: u64) -> String {
    format!("{prefix}g00000{number:09}").chars().take(18).collect()
}
