//! `sluice sample`.

use super::Ending;
use super::args::{SampleArgs, SampleCrm};
use super::talk::Talk;
use crate::error::Result;
use crate::model::Progress;
use crate::sample::{self, Crm};

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
