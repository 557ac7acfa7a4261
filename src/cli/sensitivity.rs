//! `sluice sensitivity`.

use super::args::ReadArgs;
use super::talk::Talk;
use super::{Ending, print_table, query};
use crate::error::Result;
use crate::metrics;
use crate::model::Progress;

/// Prints the headline numbers under every policy.
pub fn run(args: &ReadArgs, talk: &Talk) -> Result<Ending> {
    let (dataset, run) = query::read(args)?;
    talk.begin("computing under every policy", None);
    let table = metrics::sensitivity(&dataset, &run)?;
    talk.clear();
    print_table(&table, args.format.format)
}
