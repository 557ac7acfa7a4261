//! The record export of HubSpot: one wide file with `Date entered "Stage (Pipeline)"` columns.

use std::path::{Path, PathBuf};

use super::Export;
use super::deal::Deal;
use super::file::{CsvFile, minute, optional};
use super::world::{END, PIPELINES, REPS};
use crate::error::Result;

const FIXED: &[&str] = &[
    "Record ID",
    "Deal Name",
    "Deal Stage",
    "Pipeline",
    "Amount",
    "Currency",
    "Close Date",
    "Create Date",
    "Deal owner",
    "Deal Type",
    "Original Traffic Source",
    "Closed Lost Reason",
    "Is Closed Won",
    "Is closed lost",
    "Deal probability",
    "Last Activity Date",
    "Last Modified Date",
    "Number of Sales Activities",
];

/// The file.
pub struct Hubspot {
    deals: CsvFile,
}

impl Hubspot {
    /// Creates the file.
    pub fn create(dir: &Path) -> Result<Self> {
        let entered = columns().map(|(pipeline, stage)| {
            let pipeline = &PIPELINES[pipeline];
            format!("Date entered \"{} ({})\"", pipeline.stage_name(stage), pipeline.name)
        });
        let header: Vec<String> = FIXED.iter().map(|h| (*h).to_owned()).chain(entered).collect();
        let header: Vec<&str> = header.iter().map(String::as_str).collect();
        let name = format!("hubspot-crm-exports-all-deals-{}.csv", super::file::date(END));
        Ok(Self { deals: CsvFile::create(dir, &name, &header)? })
    }
}

/// Every stage of every pipeline, the closed ones last.
fn columns() -> impl Iterator<Item = (usize, usize)> {
    PIPELINES.iter().enumerate().flat_map(|(at, p)| (0..p.stages.len() + 2).map(move |s| (at, s)))
}

impl Export for Hubspot {
    fn deal(&mut self, deal: &Deal) -> Result<()> {
        let last = deal.last();
        let touched = deal.touches.iter().filter(|t| t.is_done).map(|t| t.at).max();
        let (first_name, last_name, _) = REPS[deal.rep];
        let closes = if deal.is_closed() { last.at } else { last.expected_close };
        let flag = |yes: bool| (if yes { "true" } else { "false" }).to_owned();
        let fixed = [
            (9_000_000_000 + deal.number * 7).to_string(),
            deal.name(),
            deal.pipeline.stage_name(last.stage).to_owned(),
            deal.pipeline.name.to_owned(),
            optional(last.amount),
            "USD".to_owned(),
            minute(closes),
            minute(deal.created()),
            format!("{first_name} {last_name}"),
            deal.pipeline.deal_type.to_owned(),
            deal.source.to_owned(),
            deal.lost_reason.to_owned(),
            flag(deal.is_won()),
            flag(deal.is_lost()),
            format!("{:.2}", f64::from(deal.pipeline.probability(last.stage)) / 100.0),
            touched.map(minute).unwrap_or_default(),
            minute(touched.unwrap_or(last.at).max(last.at)),
            deal.touches.iter().filter(|t| t.is_done).count().to_string(),
        ];
        // A stage that was entered twice shows its latest entry only.
        let entered = columns().map(|(pipeline, stage)| {
            let is_own = PIPELINES[pipeline].name == deal.pipeline.name;
            let entry = deal.moves.iter().rev().find(|m| is_own && m.stage == stage);
            entry.map(|m| minute(m.at)).unwrap_or_default()
        });
        self.deals.row(fixed.into_iter().chain(entered))
    }

    fn close(self: Box<Self>) -> Result<Vec<PathBuf>> {
        Ok(vec![self.deals.close()?])
    }
}
