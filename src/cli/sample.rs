//! `sluice sample`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Ending;
use super::talk::Talk;
use crate::error::Result;
use crate::model::Progress;
use crate::sample::{self, Crm};

/// Arguments of `sample`.
#[derive(Debug, Args)]
pub struct SampleArgs {
    /// The CRM whose export is made up.
    #[arg(long, default_value = "salesforce")]
    pub crm: SampleCrm,
    /// Deals to make up.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub deals: u64,
    /// The same seed gives the same bytes.
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// The folder to write into.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

/// The exports that can be made up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SampleCrm {
    /// The weekly Data Export.
    Salesforce,
    /// Deals with `Date entered` columns.
    Hubspot,
    /// Deals and activities.
    Pipedrive,
    /// Plain CSV files.
    Generic,
}

/// Writes a made-up export.
pub fn run(args: &SampleArgs, talk: &Talk) -> Result<Ending> {
    let crm = match args.crm {
        SampleCrm::Salesforce => Crm::Salesforce,
        SampleCrm::Hubspot => Crm::Hubspot,
        SampleCrm::Pipedrive => Crm::Pipedrive,
        SampleCrm::Generic => Crm::Generic,
    };
    talk.begin("making up deals", Some(args.deals));
    let files = sample::write(crm, args.deals, args.seed, &args.out, talk)?;
    talk.clear();
    for file in files {
        tracing::info!(target: "sluice", "wrote {}", file.display());
    }
    Ok(Ending::Done)
}
