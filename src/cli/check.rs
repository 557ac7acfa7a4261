//! `sluice check` and `sluice init`: look at exports, write nothing.

use super::args::{CheckArgs, InitArgs};
use super::talk::Talk;
use super::{Ending, ingest, print_bytes, print_table, read_config};
use crate::error::Result;
use crate::ingest::suggest_config;
use crate::model::{Column, Config, Reject, Table, Unit};

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

fn rejects_table(rejects: &[Reject]) -> Table {
    let columns = [
        ("file", Unit::Text, "The file."),
        ("row", Unit::Count, "Row in the file, the header being row 1."),
        ("column", Unit::Text, "The column; empty if the whole row is refused."),
        ("value", Unit::Text, "The value as it stands."),
        ("reason", Unit::Text, "Why it is refused."),
        ("is_row", Unit::Flag, "Whether the whole row is refused."),
    ];
    let rows = rejects.iter().map(|r| {
        vec![
            r.file.as_str().into(),
            r.row.into(),
            r.column.as_str().into(),
            r.value.as_str().into(),
            r.reason.as_str().into(),
            r.is_row.into(),
        ]
    });
    Table {
        name: "rejects".to_owned(),
        columns: columns.map(|(name, unit, meaning)| Column::new(name, unit, meaning)).to_vec(),
        rows: rows.collect(),
    }
}

/// Prints a configuration made from what the exports hold.
pub fn init(args: &InitArgs, talk: &Talk) -> Result<Ending> {
    let config = Config::default();
    let (ingested, _) = ingest::read(&args.exports, &config, talk)?;
    print_bytes(suggest_config(&ingested, &config).as_bytes())
}
