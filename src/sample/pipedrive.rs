//! Deals and activities of Pipedrive: won and lost are a status, the stage stays where it was.

use std::path::{Path, PathBuf};

use super::Export;
use super::deal::{Deal, Touch};
use super::file::{CsvFile, date, datetime, optional};
use super::world::{END, REPS};
use crate::error::Result;

const DEALS: &[&str] = &[
    "Deal - ID",
    "Deal - Title",
    "Deal - Owner",
    "Deal - Value",
    "Deal - Currency of Value",
    "Deal - Probability",
    "Deal - Organization",
    "Deal - Pipeline",
    "Deal - Stage",
    "Deal - Label",
    "Deal - Status",
    "Deal - Deal created",
    "Deal - Update time",
    "Deal - Last stage change",
    "Deal - Won time",
    "Deal - Lost time",
    "Deal - Deal closed on",
    "Deal - Lost reason",
    "Deal - Expected close date",
    "Deal - Source channel",
    "Deal - Done activities",
];
const ACTIVITIES: &[&str] = &[
    "Activity - ID",
    "Activity - Type",
    "Activity - Subject",
    "Activity - Due date",
    "Activity - Due time",
    "Activity - Duration",
    "Activity - Done",
    "Activity - Assigned to user",
    "Activity - Marked as done time",
    "Activity - Add time",
    "Deal - ID",
    "Deal - Title",
];

/// The files.
pub struct Pipedrive {
    deals: CsvFile,
    activities: CsvFile,
    written: u64,
}

impl Pipedrive {
    /// Creates the files.
    pub fn create(dir: &Path) -> Result<Self> {
        Ok(Self {
            deals: CsvFile::create(dir, "deals-7000001-1.csv", DEALS)?,
            activities: CsvFile::create(dir, "activities-7000001-2.csv", ACTIVITIES)?,
            written: 0,
        })
    }

    fn activity(&mut self, deal: &Deal, touch: &Touch) -> Result<()> {
        self.written += 1;
        let due = datetime(touch.at);
        self.activities.row([
            self.written.to_string(),
            touch.kind.to_owned(),
            "Follow up".to_owned(),
            date(touch.at),
            due[11..16].to_owned(),
            "00:30".to_owned(),
            (if touch.is_done { "Done" } else { "To do" }).to_owned(),
            rep(deal),
            if touch.is_done { due.clone() } else { String::new() },
            datetime(deal.created().max(touch.at - 86_400).min(END - 1)),
            (deal.number + 1).to_string(),
            deal.name(),
        ])
    }
}

fn rep(deal: &Deal) -> String {
    let (first, last, _) = REPS[deal.rep];
    format!("{first} {last}")
}

impl Export for Pipedrive {
    fn deal(&mut self, deal: &Deal) -> Result<()> {
        let last = deal.last();
        let in_stage = deal.moves.iter().rev().find(|m| m.stage < deal.pipeline.stages.len());
        let in_stage = in_stage.copied().unwrap_or(last);
        let changed = in_stage.at > deal.created();
        let at_if = |yes: bool| if yes { datetime(last.at) } else { String::new() };
        let status = match (deal.is_won(), deal.is_lost()) {
            (true, _) => "Won",
            (_, true) => "Lost",
            _ => "Open",
        };
        self.deals.row([
            (deal.number + 1).to_string(),
            deal.name(),
            rep(deal),
            optional(last.amount),
            "USD".to_owned(),
            deal.pipeline.probability(in_stage.stage).to_string(),
            deal.account_name.clone(),
            deal.pipeline.name.to_owned(),
            deal.pipeline.stage_name(in_stage.stage).to_owned(),
            deal.pipeline.deal_type.to_owned(),
            status.to_owned(),
            datetime(deal.created()),
            datetime(last.at),
            if changed { datetime(in_stage.at) } else { String::new() },
            at_if(deal.is_won()),
            at_if(deal.is_lost()),
            at_if(deal.is_closed()),
            deal.lost_reason.to_owned(),
            date(last.expected_close),
            deal.source.to_owned(),
            deal.touches.iter().filter(|t| t.is_done).count().to_string(),
        ])?;
        deal.touches.iter().try_for_each(|touch| self.activity(deal, touch))
    }

    fn close(self: Box<Self>) -> Result<Vec<PathBuf>> {
        Ok(vec![self.deals.close()?, self.activities.close()?])
    }
}
