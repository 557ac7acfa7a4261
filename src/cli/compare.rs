//! `sluice compare`: two reps or two quarters side by side.

use super::args::{CompareArgs, CompareKind};
use super::query::read;
use super::talk::Talk;
use super::{Ending, print_table};
use crate::error::{Error, ErrorKind, Result};
use crate::metrics;
use crate::metrics::side_by_side::{Sides, side_by_side};
use crate::model::Progress;

/// Prints the comparison.
pub fn run(args: &CompareArgs, talk: &Talk) -> Result<Ending> {
    let sides = match args.what {
        CompareKind::Rep => Sides::Reps(&args.first, &args.second, args.quarter.as_deref()),
        CompareKind::Quarter if args.quarter.is_some() => {
            let what = "`--quarter` is for two reps";
            return Err(Error::new(ErrorKind::Usage, what)
                .hint("name the two quarters: `sluice compare quarter 2026-Q1 2026-Q2`"));
        }
        CompareKind::Quarter => Sides::Quarters(&args.first, &args.second),
    };
    let (dataset, run) = read(&args.read)?;
    talk.begin("computing", None);
    let tables = metrics::compute(&sides.metrics(), &dataset, &run)?;
    talk.clear();
    print_table(&side_by_side(sides, &tables, &run)?, args.read.format.format)
}
