//! `sluice check` and `sluice init`: look at exports, write nothing.

use super::args::{CheckArgs, InitArgs};
use super::ledger::rejects_table;
use super::talk::Talk;
use super::{Ending, ingest, print_bytes, print_table, read_config};
use crate::error::Result;
use crate::ingest::suggest_config;
use crate::model::Config;

/// Prints what would be refused; findings when anything would be.
pub fn run(args: &CheckArgs, talk: &Talk) -> Result<Ending> {
    let config = read_config(&args.config)?;
    let (ingested, ending) = ingest::read(&args.exports, &config, talk)?;
    for count in &ingested.dataset.quality {
        tracing::info!(
            target: "sluice",
            "{} {}: {} deals, {} rows, for example {}",
            count.code.code(),
            count.code.meaning(),
            count.deals,
            count.rows,
            count.sample_ids.join(", ")
        );
    }
    let rejects = &ingested.dataset.rejects;
    tracing::info!(
        target: "sluice",
        "{} deals would be stored; {} rows and {} cells would be refused",
        ingested.dataset.deal_count(),
        rejects.iter().filter(|r| r.is_row).count(),
        rejects.iter().filter(|r| !r.is_row).count()
    );
    print_table(&rejects_table(rejects), args.format.format.into())?;
    Ok(if rejects.is_empty() { ending } else { Ending::Findings })
}

/// Prints a configuration made from what the exports hold.
pub fn init(args: &InitArgs, talk: &Talk) -> Result<Ending> {
    let config = Config::default();
    let (ingested, _) = ingest::read(&args.exports, &config, talk)?;
    print_bytes(suggest_config(&ingested, &config).as_bytes())
}
