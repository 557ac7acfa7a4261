//! `sluice check` and `sluice init`: look at exports, write nothing.

use super::args::{CheckArgs, InitArgs};
use super::ledger::rejects_table;
use super::talk::Talk;
use super::{Ending, ingest, print_bytes, print_table, read_config};
use crate::error::{Error, ErrorKind, Result};
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

/// Writes a configuration made from what the exports hold; never over one that is there.
pub fn init(args: &InitArgs, talk: &Talk) -> Result<Ending> {
    let config = Config::default();
    let to_stdout = args.out.as_os_str() == "-";
    if !to_stdout && args.out.exists() {
        let what = format!("`{}` exists", args.out.display());
        return Err(Error::new(ErrorKind::Usage, what)
            .hint("name another file with `--out FILE`, or print it with `--out -`"));
    }
    let (ingested, _) = ingest::read(&args.exports, &config, talk)?;
    let text = suggest_config(&ingested, &config);
    if to_stdout {
        return print_bytes(text.as_bytes());
    }
    std::fs::write(&args.out, text).map_err(|e| Error::io("write", &args.out, e))?;
    tracing::info!(target: "sluice", "wrote {}", args.out.display());
    Ok(Ending::Done)
}
