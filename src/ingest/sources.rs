//! The built-in sources, and the user's own.

use std::path::Path;

use super::mapping::Mapping;
use crate::error::{Error, Result};

/// A built-in source.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// The name, as the list of inputs shows it.
    pub name: &'static str,
    text: &'static str,
}

/// The built-in sources, in the order in which they are tried.
pub static SOURCES: &[Source] = &[
    Source { name: "salesforce", text: include_str!("sources/salesforce.toml") },
    Source { name: "salesforce_report", text: include_str!("sources/salesforce_report.toml") },
    // Before HubSpot, whose `Record ID` differs from Zoho's by its case only.
    Source { name: "zoho", text: include_str!("sources/zoho.toml") },
    // Before HubSpot, whose `Record ID` and `Deal Name` it has.
    Source { name: "attio", text: include_str!("sources/attio.toml") },
    Source { name: "hubspot", text: include_str!("sources/hubspot.toml") },
    Source { name: "pipedrive", text: include_str!("sources/pipedrive.toml") },
    Source { name: "bitrix24", text: include_str!("sources/bitrix24.toml") },
    Source { name: "dynamics", text: include_str!("sources/dynamics.toml") },
    Source { name: "odoo", text: include_str!("sources/odoo.toml") },
    Source { name: "amocrm", text: include_str!("sources/amocrm.toml") },
    Source { name: "suitecrm", text: include_str!("sources/suitecrm.toml") },
    Source { name: "espocrm", text: include_str!("sources/espocrm.toml") },
    Source { name: "activecampaign", text: include_str!("sources/activecampaign.toml") },
    Source { name: "close", text: include_str!("sources/close.toml") },
    Source { name: "generic", text: include_str!("sources/generic.toml") },
    Source { name: "languages", text: include_str!("sources/languages.toml") },
];

/// All mappings, the user's own first.
///
/// Errors: the user's mapping cannot be read or is wrong.
pub(super) fn load(own: Option<&Path>) -> Result<Vec<Mapping>> {
    let mut all = Vec::new();
    if let Some(path) = own {
        let text = std::fs::read_to_string(path).map_err(|e| {
            let hint = "`--mapping` wants a TOML file such as those in `src/ingest/sources`";
            Error::io("read", path, e).hint(hint)
        })?;
        all.push(Mapping::parse(&text, &path.display().to_string())?);
    }
    for source in SOURCES {
        all.push(Mapping::parse(source.text, source.name)?);
    }
    Ok(all)
}

/// Numbers of rows at which exports of a built-in source are cut off.
pub(super) fn limits(name: &str) -> Vec<u64> {
    let source = SOURCES.iter().find(|source| source.name == name);
    let mapping = source.and_then(|source| Mapping::parse(source.text, name).ok());
    mapping.map(|mapping| mapping.limits).unwrap_or_default()
}

/// What `sluice list sources` shows of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceAbout {
    /// The name.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// What its files hold, in the order of the mapping, without repeats.
    pub entities: Vec<&'static str>,
}

/// The sources that are known, the user's own mapping first.
///
/// Errors: the user's mapping cannot be read or is wrong.
pub fn sources(own: Option<&Path>) -> Result<Vec<SourceAbout>> {
    let about = |mapping: Mapping| {
        let mut entities = Vec::new();
        for file in &mapping.files {
            if !entities.contains(&file.entity.as_str()) {
                entities.push(file.entity.as_str());
            }
        }
        SourceAbout { name: mapping.name, title: mapping.title, entities }
    };
    Ok(load(own)?.into_iter().map(about).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_mappings_are_valid_and_named_as_registered() {
        let names: Vec<String> = load(None).unwrap().into_iter().map(|m| m.name).collect();
        let registered: Vec<&str> = SOURCES.iter().map(|s| s.name).collect();
        assert_eq!(names, registered);
    }
}
