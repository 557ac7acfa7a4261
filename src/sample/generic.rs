//! Plain CSV files: deals, their log of stages, activities, people, stages, goals, forecasts
//! and payments.

use std::path::{Path, PathBuf};

use super::Export;
use super::deal::Deal;
use super::file::{CsvFile, date, datetime, optional};
use super::world::{DAY, END, PIPELINES, REPS};
use crate::error::Result;

const DEALS: &[&str] = &[
    "deal_id",
    "name",
    "pipeline",
    "stage",
    "status",
    "owner",
    "account",
    "amount",
    "currency",
    "source",
    "deal_type",
    "lost_reason",
    "created_at",
    "closed_at",
    "expected_close_date",
];
const HISTORY: &[&str] = &["deal_id", "from_stage", "to_stage", "changed_at", "changed_by"];
const ACTIVITIES: &[&str] =
    &["activity_id", "deal_id", "type", "owner", "due_at", "done_at", "outcome"];
const PAYMENTS: &[&str] = &["deal_id", "paid_at", "amount", "currency"];

/// The first and the last day of the two quarters before the export, as the goals use them, and the
/// days on which forecasts of them were made.
const QUARTERS: [(&str, &str, [&str; 3]); 2] = [
    ("2026-01-01", "2026-03-31", ["2025-12-30", "2026-01-30", "2026-02-28"]),
    ("2026-04-01", "2026-06-30", ["2026-04-01", "2026-05-01", "2026-05-30"]),
];

/// The files.
pub struct Generic {
    deals: CsvFile,
    history: CsvFile,
    activities: CsvFile,
    payments: CsvFile,
    dir: PathBuf,
    written: u64,
}

impl Generic {
    /// Creates the files.
    pub fn create(dir: &Path) -> Result<Self> {
        Ok(Self {
            deals: CsvFile::create(dir, "deals.csv", DEALS)?,
            history: CsvFile::create(dir, "stage_changes.csv", HISTORY)?,
            activities: CsvFile::create(dir, "activities.csv", ACTIVITIES)?,
            payments: CsvFile::create(dir, "payments.csv", PAYMENTS)?,
            dir: dir.to_owned(),
            written: 0,
        })
    }

    fn people_and_goals(&self) -> Result<Vec<PathBuf>> {
        let header = ["user_id", "name", "team", "email", "start_date"];
        let mut users = CsvFile::create(&self.dir, "users.csv", &header)?;
        let header = ["owner", "period_start", "period_end", "measure", "value", "currency"];
        let mut targets = CsvFile::create(&self.dir, "targets.csv", &header)?;
        let header = [
            "snapshot_date",
            "period_start",
            "period_end",
            "owner",
            "category",
            "amount",
            "currency",
        ];
        let mut forecasts = CsvFile::create(&self.dir, "forecasts.csv", &header)?;
        for (number, (first, last, team)) in REPS.iter().enumerate() {
            let (id, name) = (rep_id(number), format!("{first} {last}"));
            let address = format!("{}@example.com", first.to_lowercase());
            users.row([id.as_str(), &name, team, &address, "2023-09-01"])?;
            for (start, end, days) in QUARTERS {
                targets.row([id.as_str(), start, end, "bookings", "30000", "USD"])?;
                for (made, on) in days.into_iter().enumerate() {
                    // The closer the end, the less is promised; best case holds commit.
                    let commit = 30_000 + 2_000 * (number % 5) - 4_000 * made;
                    let best = (commit + 12_000).to_string();
                    forecasts.row([on, start, end, &id, "commit", &commit.to_string(), "USD"])?;
                    forecasts.row([on, start, end, &id, "best_case", &best, "USD"])?;
                }
            }
        }
        Ok(vec![users.close()?, targets.close()?, forecasts.close()?])
    }

    /// Most customers pay at once within two months, some in two parts; a few pay late, and a few do not.
    fn pay(&mut self, deal: &Deal) -> Result<()> {
        let (last, number) = (deal.last(), deal.number);
        let Some(amount) = last.amount.filter(|_| deal.is_won() && number % 13 != 0) else {
            return Ok(());
        };
        let id = deal_id(number);
        let delay = 3 + (number * 37 % 55) as i64 + if number % 7 == 0 { 60 } else { 0 };
        let first = if number % 5 == 0 { amount / 2 } else { amount };
        let parts = [(delay, first), (delay + 30, amount - first)];
        for (days, part) in parts {
            let at = last.at + days * DAY;
            if part != 0 && at < END {
                self.payments.row([id.as_str(), &date(at), &part.to_string(), "USD"])?;
            }
        }
        Ok(())
    }

    fn stages(&self) -> Result<PathBuf> {
        let header = ["pipeline", "stage", "order", "probability", "is_won", "is_lost"];
        let mut stages = CsvFile::create(&self.dir, "stages.csv", &header)?;
        for pipeline in &PIPELINES {
            for stage in 0..pipeline.stages.len() + 2 {
                let closed = stage.checked_sub(pipeline.stages.len());
                stages.row([
                    pipeline.name.to_owned(),
                    pipeline.stage_name(stage).to_owned(),
                    (stage + 1).to_string(),
                    format!("{:.2}", f64::from(pipeline.probability(stage)) / 100.0),
                    u8::from(closed == Some(0)).to_string(),
                    u8::from(closed == Some(1)).to_string(),
                ])?;
            }
        }
        stages.close()
    }
}

fn rep_id(number: usize) -> String {
    format!("U{:03}", number + 1)
}

fn deal_id(number: u64) -> String {
    format!("D{:07}", number + 1)
}

impl Export for Generic {
    fn deal(&mut self, deal: &Deal) -> Result<()> {
        let last = deal.last();
        let status = match (deal.is_won(), deal.is_lost()) {
            (true, _) => "won",
            (_, true) => "lost",
            _ => "open",
        };
        self.deals.row([
            deal_id(deal.number),
            deal.name(),
            deal.pipeline.name.to_owned(),
            deal.pipeline.stage_name(last.stage).to_owned(),
            status.to_owned(),
            rep_id(deal.rep),
            deal.account_name.clone(),
            optional(last.amount),
            "USD".to_owned(),
            deal.source.to_owned(),
            deal.pipeline.deal_type.to_owned(),
            deal.lost_reason.to_owned(),
            format!("{}Z", datetime(deal.created())),
            if deal.is_closed() { format!("{}Z", datetime(last.at)) } else { String::new() },
            date(last.expected_close),
        ])?;
        let mut from = "";
        for now in &deal.moves {
            let to = deal.pipeline.stage_name(now.stage);
            let at = format!("{}Z", datetime(now.at));
            self.history.row([deal_id(deal.number).as_str(), from, to, &at, &rep_id(deal.rep)])?;
            from = to;
        }
        self.pay(deal)?;
        for touch in &deal.touches {
            self.written += 1;
            let at = format!("{}Z", datetime(touch.at));
            self.activities.row([
                format!("A{:09}", self.written),
                deal_id(deal.number),
                touch.kind.to_lowercase(),
                rep_id(deal.rep),
                at.clone(),
                if touch.is_done { at } else { String::new() },
                if !touch.is_done && touch.at < END { "no_show" } else { "" }.to_owned(),
            ])?;
        }
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<Vec<PathBuf>> {
        let mut beside = self.people_and_goals()?;
        beside.push(self.stages()?);
        let files = [self.deals, self.history, self.activities, self.payments];
        let mut written: Vec<PathBuf> =
            files.into_iter().map(CsvFile::close).collect::<Result<_>>()?;
        written.append(&mut beside);
        Ok(written)
    }
}
