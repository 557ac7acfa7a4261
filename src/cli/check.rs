//! `sluice check` and `sluice init`: look at exports, write nothing.

use super::args::{CheckArgs, ExportArgs, InitArgs};
use super::talk::Talk;
use super::{Ending, ingest, lacking, print_bytes, print_table, read_config};
use crate::error::{Error, ErrorKind, Result};
use crate::ingest::{suggest_beside_preset, suggest_config};
use crate::model::preset::preset_text;
use crate::model::{Config, Reject, counted, pasted};

/// Prints what would be refused; findings when anything would be, or more than `--max-rejects` allows.
pub fn run(args: &CheckArgs, talk: &Talk) -> Result<Ending> {
    let config = read_config(&args.config)?;
    let reasons = "the table on standard output has each of them";
    let (ingested, ending) = ingest::read(&args.exports, &config, talk, reasons)?;
    lacking::say(ingested.unreadable.len());
    for count in &ingested.dataset.quality {
        tracing::info!(
            target: "sluice",
            "{} {}: {}, {}, for example {}",
            count.code.code(),
            count.code.meaning(),
            counted(count.deals, "deal"),
            counted(count.rows, "row"),
            count.sample_ids.join(", ")
        );
    }
    let rejects = &ingested.dataset.rejects;
    tracing::info!(
        target: "sluice",
        "{} would be stored; {} and {} would be refused",
        counted(ingested.dataset.deal_count(), "deal"),
        counted(rejects.iter().filter(|r| r.is_one_row()).count(), "row"),
        counted(rejects.iter().filter(|r| !r.is_row).count(), "cell")
    );
    print_table(&Reject::table(rejects), args.format.format)?;
    let is_strict = args.exports.max_rejects.is_none() && !rejects.is_empty();
    Ok(if is_strict { Ending::Findings } else { ending })
}

/// Writes a configuration made from a preset, or from what the exports hold; never over one that is
/// there.
pub fn init(args: &InitArgs, talk: &Talk) -> Result<Ending> {
    let to_stdout = args.out.as_os_str() == "-";
    if !to_stdout && args.out.exists() {
        let what = format!("`{}` exists", args.out.display());
        return Err(Error::new(ErrorKind::Usage, what)
            .hint("name another file with `--out FILE`, or print it with `--out -`"));
    }
    let exports = (!args.exports.is_empty()).then(|| ExportArgs {
        exports: args.exports.clone(),
        mapping: args.mapping.clone(),
        max_rejects: Some(100.0),
    });
    let paths = args.exports.iter().map(|path| pasted(&path.display().to_string()));
    let reasons = format!("`sluice check {}` tells why", paths.collect::<Vec<_>>().join(" "));
    let text = match (&args.preset, &exports) {
        (Some(preset), None) => preset_text(preset)?.to_owned(),
        (Some(preset), Some(exports)) => {
            let config = Config::preset(preset)?;
            let (ingested, _) = ingest::read(exports, &config, talk, &reasons)?;
            suggest_beside_preset(&ingested, &config, preset_text(preset)?)
        }
        (None, Some(exports)) => {
            let config = Config::default();
            let (ingested, _) = ingest::read(exports, &config, talk, &reasons)?;
            suggest_config(&ingested, &config)
        }
        (None, None) => return Err(Error::new(ErrorKind::Usage, "no exports are named")),
    };
    if to_stdout {
        return print_bytes(text.as_bytes());
    }
    std::fs::write(&args.out, text).map_err(|e| Error::io("write", &args.out, e))?;
    tracing::info!(target: "sluice", "wrote {}", args.out.display());
    Ok(Ending::Done)
}
