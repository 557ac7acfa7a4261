//! Made-up exports: the same deals in the form of each CRM. The same seed gives the same bytes.
//!
//! Deals are made one after another and written at once, so any number of them streams.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::model::Progress;

mod deal;
mod file;
mod generic;
mod hubspot;
mod pipedrive;
mod random;
mod salesforce;
mod world;

use deal::Deal;

/// The exports that can be made up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crm {
    /// The weekly Data Export of Salesforce.
    Salesforce,
    /// The record export of HubSpot, with `Date entered` columns.
    Hubspot,
    /// Deals and activities of Pipedrive.
    Pipedrive,
    /// Plain CSV files with a log of stages.
    Generic,
}

/// The files of one export.
trait Export {
    /// Writes one deal.
    fn deal(&mut self, deal: &Deal) -> Result<()>;
    /// Writes what stands beside the deals and closes the files.
    fn close(self: Box<Self>) -> Result<Vec<PathBuf>>;
}

/// Writes an export of `deals` deals into `dir`, which is created if it is absent.
///
/// Errors: the folder or a file cannot be written.
pub fn write(
    crm: Crm,
    deals: u64,
    seed: u64,
    dir: &Path,
    progress: &dyn Progress,
) -> Result<Vec<PathBuf>> {
    std::fs::create_dir_all(dir).map_err(|e| Error::io("create", dir, e))?;
    let mut export: Box<dyn Export> = match crm {
        Crm::Salesforce => Box::new(salesforce::Salesforce::create(dir, deals)?),
        Crm::Hubspot => Box::new(hubspot::Hubspot::create(dir)?),
        Crm::Pipedrive => Box::new(pipedrive::Pipedrive::create(dir)?),
        Crm::Generic => Box::new(generic::Generic::create(dir)?),
    };
    for number in 0..deals {
        export.deal(&Deal::make(number, deals, seed))?;
        progress.advance(1);
    }
    export.close()
}
