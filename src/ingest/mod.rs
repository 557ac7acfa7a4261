//! CRM exports in, timelines out: which file is what, typed values, stage visits, refused rows.
//!
//! Does not write anything, and does not compute metrics.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::model::{Config, Dataset, InputFile, Micros, Progress};

mod across;
mod activities;
mod activity_id;
mod assemble;
mod begin;
mod bracket;
pub mod catalogue;
mod cells;
mod checked;
mod child;
mod clock;
mod columns;
mod context;
mod convert;
mod crm_periods;
mod currency;
mod date_order;
mod decode;
mod detect;
mod doing;
mod field_log;
mod fit;
mod fx;
mod goals;
mod groups;
mod header;
mod heads;
pub mod history;
mod input;
mod kind;
mod lanes;
mod likely;
mod limits;
mod load;
mod local;
mod log_notes;
mod logged;
mod mapping;
mod notes;
mod number;
mod overlap;
mod part;
mod period_name;
mod periods;
mod plan;
mod read;
mod recognise;
mod record;
mod regular;
mod rows;
mod said;
mod scan;
mod seen;
mod settle;
mod short_year;
mod side;
mod sources;
mod status;
mod unchanged;
mod unknown;
mod unpack;
mod words;

pub use assemble::{suggest_beside_preset, suggest_config};
pub use cells::CUT_OFF;
pub use sources::{SOURCES, Source, SourceAbout, sources};

/// What ingest needs besides the files.
pub struct Options<'a> {
    /// The configuration: zones, stages, currency.
    pub config: &'a Config,
    /// A mapping file of the user's own, tried before the built-in ones.
    pub mapping: Option<&'a Path>,
    /// The present. Times more than a day after it do not tell when the export was made, so the dataset
    /// depends on it only if there are such times, or no others.
    pub now: Micros,
    /// Hears what is being done.
    pub progress: &'a dyn Progress,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Ingested {
    /// All that was read, sorted and ready to be folded.
    pub dataset: Dataset,
    /// Every file that was looked at, used or not, in path order.
    pub inputs: Vec<InputFile>,
    /// Why files could not be read: all that is here is without them.
    pub unreadable: Vec<Error>,
    /// The columns of deals that some file of theirs or of their history has, by their names in mappings;
    /// `stage_history` if there is a history.
    pub columns: BTreeSet<&'static str>,
    /// Data rows read.
    pub rows_read: u64,
    /// Rows refused.
    pub rows_rejected: u64,
}

/// Reads exports: files, folders and zips.
///
/// Errors: a path does not exist, nothing is recognised, no deals are found, the mapping is wrong. A file that
/// cannot be read is none as long as others tell deals.
pub fn read(paths: &[PathBuf], options: &Options<'_>) -> Result<Ingested> {
    load::load(paths, options)
}

/// Whether exports consist of the files `before`, read as the same things, byte for byte: their hashes
/// are compared, not their dates. False if one of them cannot be read.
///
/// Errors: a path does not exist, the mapping is wrong.
pub fn are_unchanged(
    paths: &[PathBuf],
    options: &Options<'_>,
    before: &[InputFile],
) -> Result<bool> {
    unchanged::are_unchanged(paths, options, before)
}
