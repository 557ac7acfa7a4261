//! Mappings: which header of which CRM is which canonical column, as data.
//!
//! A user's own mapping has the same form as the built-in ones in `sources/`, and is tried first.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::columns::{Col, Entity};
use super::header;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Config, Zone};

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
    Source { name: "activecampaign", text: include_str!("sources/activecampaign.toml") },
    Source { name: "close", text: include_str!("sources/close.toml") },
    Source { name: "generic", text: include_str!("sources/generic.toml") },
    Source { name: "languages", text: include_str!("sources/languages.toml") },
];

/// In which zone timestamps without a zone are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ZoneRule {
    /// Coordinated Universal Time.
    Utc,
    /// The zone of the report.
    #[default]
    Report,
}

impl ZoneRule {
    /// The zone of times without one.
    pub(super) fn zone(self, config: &Config) -> Result<Zone> {
        Ok(match (config.source_zone()?, self) {
            (Some(zone), _) => zone,
            (None, Self::Utc) => Zone::UTC,
            (None, Self::Report) => config.zone()?,
        })
    }
}

/// How percentages are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum PercentRule {
    /// 70 is 70 %.
    Hundred,
    /// 0.7 is 70 %.
    Fraction,
    /// Up to 1 it is a fraction, above it is of a hundred; a `%` settles it.
    #[default]
    Auto,
}

/// The mark between whole and fraction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) enum DecimalMark {
    /// `1,234.5`
    #[serde(rename = ".")]
    Point,
    /// `1.234,5`
    #[serde(rename = ",")]
    Comma,
    /// Told by the cell: the last mark, unless it stands before three digits.
    #[default]
    #[serde(rename = "auto")]
    Auto,
    /// Told by the cell; a mark before three digits, which the cell leaves open, is a decimal comma or
    /// a point between thousands. Only a sample says so, no mapping.
    #[serde(skip)]
    OpenComma,
}

/// One CRM.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mapping {
    /// Its name.
    pub(super) name: String,
    /// What people call it.
    pub(super) title: String,
    /// Zone of timestamps that carry none.
    #[serde(default)]
    pub(super) zone: ZoneRule,
    /// Cells that mean nothing, besides the empty one.
    #[serde(default)]
    pub(super) nulls: Vec<String>,
    /// See [`PercentRule`].
    #[serde(default)]
    pub(super) percent: PercentRule,
    /// See [`DecimalMark`].
    #[serde(default)]
    pub(super) decimal: DecimalMark,
    /// Its files, in the order in which they are tried.
    #[serde(rename = "file")]
    pub(super) files: Vec<FileMapping>,
}

/// One kind of file of a CRM.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileMapping {
    /// What it holds.
    pub(super) entity: Entity,
    /// Names of the file, without folder and extension.
    #[serde(default)]
    pub(super) names: Vec<String>,
    /// Sets of headers; any one set, all in the file, tells it apart. `a|b` is either.
    #[serde(default)]
    pub(super) headers: Vec<Vec<String>>,
    /// Beginnings of headers; any one in the file tells it apart.
    #[serde(default)]
    pub(super) header_starts: Vec<String>,
    /// Canonical column = headers that it may have, best first.
    pub(super) columns: BTreeMap<String, Vec<String>>,
    /// Canonical column = (word of the export = canonical word).
    #[serde(default)]
    pub(super) values: BTreeMap<String, BTreeMap<String, String>>,
    /// Canonical column = the word where there is no other.
    #[serde(default)]
    pub(super) defaults: BTreeMap<String, String>,
    /// Words to be told from other columns, where the column itself is empty.
    #[serde(default)]
    pub(super) infer: Vec<Infer>,
    /// Rows that are passed over.
    #[serde(default)]
    pub(super) skip: Vec<Skip>,
    /// Only ids that begin so are ids of deals.
    #[serde(default)]
    pub(super) deal_prefix: Option<String>,
    /// Ids of deals have 15 characters, or three more that check them: both forms are one deal.
    #[serde(default)]
    pub(super) has_checked_ids: bool,
    /// A pipeline column with one value only says nothing: the pipeline is `default`.
    #[serde(default)]
    pub(super) lone_pipeline_is_default: bool,
    /// The flags `is_closed` and `is_won` belong to the stage that the deal is in.
    #[serde(default)]
    pub(super) flags_tell_stages: bool,
    /// A closed deal without a close time and without history was closed at the last stage change,
    /// or else on the expected close date.
    #[serde(default)]
    pub(super) close_from_dates: bool,
    /// Amounts are whole numbers of the smallest unit of their currency: cents.
    #[serde(default)]
    pub(super) amounts_are_minor: bool,
    /// Such a file is read only where no other kind of file tells the same.
    #[serde(default)]
    pub(super) is_substitute: bool,
    /// The calendar of such a file holds only where no other kind of file tells one, as far as it fits.
    #[serde(default)]
    pub(super) is_calendar_of_crm: bool,
    /// Such a file has none of these headers.
    #[serde(default)]
    pub(super) has_none: Vec<String>,
    /// Such a file is recognised only if one of its first ids has several stages, at different times.
    #[serde(default)]
    pub(super) has_moves: bool,
    /// The same for a file with one of these headers.
    #[serde(default)]
    pub(super) lists_have: Vec<String>,
    /// Forecasts that carry no date are those of the day of the export.
    #[serde(default)]
    pub(super) dated_by_export: bool,
    /// Beginnings of the headers of `Date entered "Stage (Pipeline)"` columns.
    #[serde(default)]
    pub(super) entered_starts: Vec<String>,
}

/// A word told from another column.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Infer {
    /// The canonical column that gets the word.
    pub(super) gives: String,
    /// The word.
    pub(super) word: String,
    /// The header that is looked at.
    pub(super) header: String,
    /// The cell is one of these …
    #[serde(default)]
    pub(super) is: Vec<String>,
    /// … or begins with one of these (case does not count); with neither, any cell that is not empty.
    #[serde(default)]
    pub(super) starts: Vec<String>,
}

/// Rows that are passed over.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Skip {
    /// The header that is looked at.
    pub(super) header: String,
    /// The row is passed over if the cell is one of these (case does not count) …
    #[serde(default)]
    pub(super) is: Vec<String>,
    /// … or none of these.
    #[serde(default)]
    pub(super) is_not: Vec<String>,
    /// What such rows are, for the assumptions: `deleted deals`.
    pub(super) what: String,
}

/// Marks of rows that programs which load tables of any CRM into a warehouse keep beside those that hold: the
/// header, what it says of rows that are passed over (or of all others), and what they are.
const MARKS: [(&str, &[&str], &[&str], &str); 5] = [
    ("is_deleted", &["true", "1", "t", "yes"], &[], "deleted rows"),
    ("_fivetran_deleted", &["true", "1", "t", "yes"], &[], "deleted rows"),
    ("_fivetran_active", &["false", "0", "f", "no"], &[], "earlier versions of rows"),
    ("dbt_valid_to", &[], &["", "null", "\\N"], "earlier versions of rows"),
    ("_sdc_deleted_at", &[], &["", "null", "\\N"], "deleted rows"),
];

impl Skip {
    fn of_mark(&(header, is, is_not, what): &(&str, &[&str], &[&str], &str)) -> Self {
        let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        Self {
            header: header.to_owned(),
            is: words(is),
            is_not: words(is_not),
            what: what.to_owned(),
        }
    }
}

impl Mapping {
    /// Reads a mapping and checks that it names only columns that exist.
    ///
    /// Errors: no TOML, unknown keys, unknown columns.
    pub(super) fn parse(text: &str, name: &str) -> Result<Self> {
        let mut mapping: Self = toml::from_str(text).map_err(|e| {
            Error::new(ErrorKind::Config, format!("`{name}` is not a valid mapping"))
                .because(e)
                .hint("`sluice list sources` names the built-in mappings, which have the same form")
        })?;
        for file in &mut mapping.files {
            file.check(name)?;
            MARKS.iter().map(Skip::of_mark).for_each(|mark| file.pass_over(mark));
        }
        Ok(mapping)
    }
}

impl FileMapping {
    /// Adds a rule, or its words to the one that the file has for this header: no cell is looked at twice.
    fn pass_over(&mut self, rule: Skip) {
        let is_same = |own: &&mut Skip| {
            header::fold(&own.header) == header::fold(&rule.header)
                && own.is_not.is_empty()
                && rule.is_not.is_empty()
        };
        match self.skip.iter_mut().find(is_same) {
            Some(own) => own.is.extend(rule.is),
            None => self.skip.push(rule),
        }
    }

    fn check(&self, mapping: &str) -> Result<()> {
        let named = self.columns.keys().chain(self.values.keys()).chain(self.defaults.keys());
        for word in named.chain(self.infer.iter().map(|i| &i.gives)) {
            if !Col::find(word).is_some_and(|col| self.entity.allowed().contains(&col)) {
                let known: Vec<&str> = self.entity.allowed().iter().map(|c| c.name()).collect();
                return Err(Error::new(
                    ErrorKind::Config,
                    format!(
                        "mapping `{mapping}` names `{word}`, which is no column of `{}`",
                        self.entity.as_str()
                    ),
                )
                .hint(format!(
                    "columns of `{}`: {}",
                    self.entity.as_str(),
                    known.join(", ")
                )));
            }
        }
        Ok(())
    }

    /// The headers of a column.
    pub(super) fn aliases(&self, col: Col) -> &[String] {
        self.columns.get(col.name()).map_or(&[], Vec::as_slice)
    }
}

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

    #[test]
    fn unknown_keys_and_columns_are_errors() {
        let form = |line: &str, column: &str| {
            format!(
                "name = \"x\"\ntitle = \"X\"\n{line}\n[[file]]\nentity = \"users\"\n[file.columns]\n{column} = [\"A\"]\n"
            )
        };
        assert!(Mapping::parse(&form("", "user_id"), "x").is_ok());
        assert!(Mapping::parse(&form("zones = \"utc\"", "user_id"), "x").is_err());
        let wrong = Mapping::parse(&form("", "deal_id"), "x").unwrap_err();
        assert!(wrong.to_string().contains("`deal_id`"), "{wrong}");
    }
}
