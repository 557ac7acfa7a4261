//! Mappings: which header of which CRM is which canonical column, as data.
//!
//! A user's own mapping has the same form as the built-in ones in `sources/`, and is tried first.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::columns::{Col, Entity};
use super::header;
use super::scan::Form;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Config, Zone, did_you_mean};

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
    /// A file whose cells are not parted by commas was saved again by a spreadsheet, in its own decimal mark.
    #[serde(default)]
    pub(super) may_be_saved_again: bool,
    /// Numbers of rows at which exports are cut off.
    #[serde(default)]
    pub(super) limits: Vec<u64>,
    /// What all files of a kind have besides.
    #[serde(default)]
    shared: BTreeMap<Entity, Shared>,
    /// Its files, in the order in which they are tried.
    #[serde(rename = "file")]
    pub(super) files: Vec<FileMapping>,
}

/// What all files of a kind have, after what they say themselves.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shared {
    /// See [`FileMapping::columns`].
    #[serde(default)]
    columns: BTreeMap<String, Vec<String>>,
    /// See [`FileMapping::values`].
    #[serde(default)]
    values: BTreeMap<String, BTreeMap<String, String>>,
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
    /// The id of a deal in such a file may be the one that its row refers to.
    #[serde(default)]
    pub(super) may_refer: bool,
    /// A table that nothing else tells apart may be one by its columns (see `likely`).
    #[serde(default)]
    pub(super) is_told_by_columns: bool,
    /// Forecasts that carry no date are those of the day of the export.
    #[serde(default)]
    pub(super) dated_by_export: bool,
    /// A log has so many changes of a deal at most: one with exactly so many may have lost earlier ones.
    #[serde(default)]
    pub(super) most_changes: Option<usize>,
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
const MARKS: [(&str, &[&str], &[&str], &str); 6] = [
    ("is_deleted", &["true", "1", "t", "yes"], &[], "deleted rows"),
    ("deleted", &["true", "1", "t", "yes"], &[], "deleted rows"),
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
    /// The decimal mark of a file that is laid out so.
    pub(super) fn decimal_of(&self, form: Form) -> DecimalMark {
        match self.may_be_saved_again && form.delimiter != b',' {
            true => DecimalMark::Auto,
            false => self.decimal,
        }
    }

    /// Reads a mapping and checks that it names only columns that exist.
    ///
    /// Errors: no TOML, missing or unknown keys, unknown columns, a file that nothing tells apart.
    pub(super) fn parse(text: &str, name: &str) -> Result<Self> {
        const FORM: &str =
            "`sluice list sources` names the built-in mappings, which have the same form";
        let wrong = || Error::new(ErrorKind::Config, format!("`{name}` is not a valid mapping"));
        let parsed: std::result::Result<Self, _> = toml::from_str(text);
        if !parsed.as_ref().is_ok_and(|mapping| mapping.files.iter().all(FileMapping::is_told)) {
            let lacks = toml::from_str(text).map(|table| missing(&table)).unwrap_or_default();
            if !lacks.is_empty() {
                return Err(wrong().because(format!("it lacks {}", lacks.join(", "))).hint(FORM));
            }
        }
        let mut mapping = parsed.map_err(|e| wrong().because(e).hint(FORM))?;
        for file in &mut mapping.files {
            mapping.shared.get(&file.entity).into_iter().for_each(|shared| file.share(shared));
            file.check(name)?;
            let marks = MARKS.iter().filter(|mark| !file.keeps(mark.0));
            let marks: Vec<Skip> = marks.map(Skip::of_mark).collect();
            marks.into_iter().for_each(|mark| file.pass_over(mark));
        }
        Ok(mapping)
    }
}

/// The keys that a mapping lacks, and what tells its files apart.
fn missing(mapping: &toml::Table) -> Vec<String> {
    const TOLD_BY: [&str; 4] = ["names", "headers", "header_starts", "is_told_by_columns"];
    let lacking = |table: &toml::Table, keys: &[&str]| {
        let lacks = keys.iter().filter(|key| !table.contains_key(**key));
        lacks.map(|key| format!("`{key}`")).collect::<Vec<_>>()
    };
    let mut lacks = lacking(mapping, &["name", "title", "file"]);
    let files = mapping.get("file").and_then(toml::Value::as_array).into_iter().flatten();
    for (at, file) in files.filter_map(toml::Value::as_table).enumerate() {
        let is_told = |key: &&str| match file.get(*key) {
            Some(toml::Value::Array(words)) => !words.is_empty(),
            other => other.is_some(),
        };
        let by = (!TOLD_BY.iter().any(is_told)).then(|| "`names` or `headers`".to_owned());
        let of_file = lacking(file, &["entity", "columns"]).into_iter().chain(by);
        lacks.extend(of_file.map(|key| format!("{key} of `[[file]]` {}", at + 1)));
    }
    lacks
}

impl FileMapping {
    /// Whether a mark of rows is none in a history, whose earlier rows are what it tells.
    fn keeps(&self, mark: &str) -> bool {
        let histories = [Entity::StageHistory, Entity::StageChanges, Entity::FieldChanges];
        mark == "_fivetran_active" && histories.contains(&self.entity)
    }

    /// Whether anything tells such a file apart.
    fn is_told(&self) -> bool {
        let has_none = [self.names.len(), self.headers.len(), self.header_starts.len()] == [0; 3];
        !has_none || self.is_told_by_columns
    }

    fn share(&mut self, shared: &Shared) {
        for (col, headers) in &shared.columns {
            let own = self.columns.entry(col.clone()).or_default();
            own.extend(headers.iter().cloned());
        }
        for (col, words) in &shared.values {
            let own = self.values.entry(col.clone()).or_default();
            words.iter().for_each(|(word, means)| {
                own.entry(word.clone()).or_insert_with(|| means.clone());
            });
        }
    }

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
        let named = named.chain(self.infer.iter().map(|infer| &infer.gives));
        let allowed = self.entity.allowed();
        let is_known = |word: &&str| Col::find(word).is_some_and(|col| allowed.contains(&col));
        let unknown: BTreeSet<&str> =
            named.map(String::as_str).filter(|word| !is_known(word)).collect();
        let entity = self.entity.as_str();
        let names = |cols: &[Col]| cols.iter().map(|col| col.name()).collect::<Vec<_>>();
        let error = |what: String| {
            let error = Error::new(ErrorKind::Config, format!("mapping `{mapping}` {what}"));
            Err(error.hint(format!("columns of `{entity}`: {}", names(allowed).join(", "))))
        };
        if let Some(first) = unknown.first() {
            let meant = did_you_mean(first, names(allowed));
            let unknown = Vec::from_iter(unknown).join("`, `");
            return error(format!("names `{unknown}`, which is no column of `{entity}`.{meant}"));
        }
        // Goals, forecasts and rates may have a column for each period, category or currency.
        let is_wide = matches!(self.entity, Entity::Targets | Entity::Forecasts | Entity::Fx);
        let required = self.entity.required().iter().filter(|_| !is_wide).copied();
        let lacks: Vec<Col> = required.filter(|col| self.aliases(*col).is_empty()).collect();
        if lacks.is_empty() {
            return Ok(());
        }
        let lacks = names(&lacks).join("`, `");
        error(format!("has no `{lacks}`, without which no file is read as `{entity}`"))
    }

    /// The headers of a column.
    pub(super) fn aliases(&self, col: Col) -> &[String] {
        self.columns.get(col.name()).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_keys_and_columns_are_errors() {
        let form = |line: &str, column: &str| {
            format!(
                "name = \"x\"\ntitle = \"X\"\n{line}\n[[file]]\nentity = \"users\"\nnames = [\"a\"]\n[file.columns]\n{column} = [\"A\"]\n"
            )
        };
        assert!(Mapping::parse(&form("", "user_id"), "x").is_ok());
        assert!(Mapping::parse(&form("zones = \"utc\"", "user_id"), "x").is_err());
        let wrong = Mapping::parse(&form("", "user_ids"), "x").unwrap_err().to_string();
        assert!(wrong.ends_with("no column of `users`. Did you mean `user_id`?"), "{wrong}");
        let lacks = Mapping::parse(&form("", "email"), "x").unwrap_err();
        assert!(lacks.to_string().contains("has no `user_id`"), "{lacks}");
    }
}
