//! `sluice sensitivity`.

use super::args::SensitivityArgs;
use super::talk::Talk;
use super::{Ending, print_table, query};
use crate::error::Result;
use crate::metrics;
use crate::model::Progress;

/// Prints the headline numbers under every policy.
pub fn run(args: &SensitivityArgs, talk: &Talk) -> Result<Ending> {
    let (dataset, run) = query::read(&args.read)?;
    talk.begin("computing under every policy", None);
    let table = metrics::sensitivity(&dataset, &run)?;
    talk.clear();
    print_table(&table, args.read.format.format.into())
}
