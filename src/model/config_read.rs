//! How a configuration is read: from a file, from a preset, from a file over a preset.

use std::path::Path;

use super::config::Config;
use super::nearest::nearest;
use super::preset::preset_text;
use super::{config_ranges, counted};
use crate::error::{Error, ErrorKind, Place, Result};

/// Where to get a configuration from that is right.
const MADE: &str = "`sluice init EXPORTS...` writes a commented one";

impl Config {
    /// Reads `path`.
    ///
    /// Errors: the file cannot be read, is no TOML, has an unknown key, or a value out of range.
    pub fn read(path: &Path) -> Result<Self> {
        let (_, config) = read_own(path)?;
        config.check().map_err(|e| e.at(in_file(&path.display().to_string(), None)))?;
        Ok(config)
    }

    /// A preset as the configuration.
    ///
    /// Errors: there is no preset of that name.
    pub fn preset(name: &str) -> Result<Self> {
        let (_, config) = parse(preset_text(name)?, name)?;
        config.check().map_err(|e| e.at(in_file(name, None)))?;
        Ok(config.with_preset_stages())
    }

    /// The file at `path` over a preset: each key of the file wins as a whole. Returns these keys too.
    ///
    /// Errors: those of [`Config::read`]; there is no preset of that name.
    pub fn read_over(path: &Path, preset: &str) -> Result<(Self, Vec<String>)> {
        let (mut table, _) = parse(preset_text(preset)?, preset)?;
        let (own, _) = read_own(path)?;
        let keys: Vec<String> = own.keys().cloned().collect();
        table.extend(own);
        let name = path.display().to_string();
        let config: Self =
            table.try_into().map_err(|e: toml::de::Error| invalid(&name).because(e))?;
        config.check().map_err(|e| e.at(in_file(&name, None)))?;
        let has_own_stages = keys.iter().any(|key| key == "pipeline");
        Ok((if has_own_stages { config } else { config.with_preset_stages() }, keys))
    }

    /// The configuration, its stages marked as those of a preset.
    fn with_preset_stages(mut self) -> Self {
        self.pipeline.iter_mut().for_each(|pipeline| pipeline.is_preset = true);
        self
    }
}

/// A file's keys, and the configuration that they make on their own.
fn read_own(path: &Path) -> Result<(toml::Table, Config)> {
    let text = std::fs::read_to_string(path).map_err(|e| Error::io("read", path, e).hint(MADE))?;
    parse(&text, &path.display().to_string())
}

fn parse(text: &str, name: &str) -> Result<(toml::Table, Config)> {
    let table: toml::Table = text.parse().map_err(|e: toml::de::Error| invalid(name).because(e))?;
    config_ranges::check(&table).map_err(|e| e.at(in_file(name, None)))?;
    if let Some(date) = table.values().find_map(bare_date) {
        let row = text.lines().position(|line| line.contains(&date));
        let what = format!("the date `{date}` stands without quotes");
        return Err(Error::new(ErrorKind::Config, what)
            .at(in_file(name, row.map(|row| row as u64 + 1)))
            .hint(format!("write `\"{date}\"`")));
    }
    let config = toml::from_str(text).map_err(|e| refused(e, text, name))?;
    Ok((table, config))
}

/// The first date that is not text: no key takes one.
fn bare_date(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::Datetime(date) => Some(date.to_string()),
        toml::Value::Array(list) => list.iter().find_map(bare_date),
        toml::Value::Table(table) => table.values().find_map(bare_date),
        _ => None,
    }
}

fn invalid(name: &str) -> Error {
    Error::new(ErrorKind::Config, format!("`{name}` is not a valid configuration")).hint(MADE)
}

fn in_file(name: &str, row: Option<u64>) -> Place {
    Place { file: name.to_owned(), row, column: None }
}

/// A key that there is not, with the one that was probably meant, or what else cannot be read.
fn refused(error: toml::de::Error, text: &str, name: &str) -> Error {
    // serde tells of an unknown key in words only: itself first, then those that there are.
    let quoted = error.message().strip_prefix("unknown field `");
    let Some((key, rest)) = quoted.and_then(|words| words.split_once('`')) else {
        return invalid(name).because(error);
    };
    let known: Vec<&str> = rest.split('`').skip(1).step_by(2).collect();
    let row = error.span().and_then(|span| {
        text.get(..span.start).map(|before| before.matches('\n').count() as u64 + 1)
    });
    let hint = match nearest(key, known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`? {MADE}"),
        None => {
            let keys = counted(known.len(), "key");
            format!("there are {keys}: {}", known.join(", "))
        }
    };
    Error::new(ErrorKind::Config, format!("there is no key `{key}`"))
        .at(in_file(name, row))
        .hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> (String, String, String) {
        let error = parse(text, "mine.toml").unwrap_err();
        let place = error.place().map(ToString::to_string).unwrap_or_default();
        (error.to_string(), place, error.hint_text().unwrap_or_default().to_owned())
    }

    #[test]
    fn an_unknown_key_is_told_with_its_row_and_the_nearest_one() {
        let (what, place, hint) = told("boot_b = 5\nidle_dys = 3\n");
        assert_eq!(
            (what.as_str(), place.as_str()),
            ("there is no key `idle_dys`", "mine.toml, row 2")
        );
        assert!(hint.starts_with("did you mean `idle_days`?") && !hint.contains("fdr_q"), "{hint}");
        let (_, place, hint) = told("[[pipeline]]\nname = \"A\"\nstage = []\n");
        assert!(place.ends_with("row 3") && hint.contains("`stages`"), "{place} {hint}");
        let (_, _, hint) = told("[[score]]\nluck = 1\n");
        assert_eq!(hint, "there are 3 keys: type, outcome, points");
    }

    #[test]
    fn a_zone_that_there_is_not_is_told_with_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mine.toml");
        for key in ["report_tz", "source_tz"] {
            std::fs::write(&path, format!("{key} = \"Europe/Berln\"\n")).unwrap();
            let error = Config::read(&path).unwrap_err();
            assert_eq!(error.to_string(), format!("`{key}` is no time zone: `Europe/Berln`"));
            assert!(error.place().is_some_and(|place| place.file.ends_with("mine.toml")));
        }
    }

    #[test]
    fn a_date_without_quotes_is_told_with_its_row() {
        let (what, place, hint) = told("boot_b = 5\nholidays = [2026-12-25]\n");
        assert_eq!(what, "the date `2026-12-25` stands without quotes");
        assert_eq!((place.as_str(), hint.as_str()), ("mine.toml, row 2", "write `\"2026-12-25\"`"));
    }

    #[test]
    fn a_number_beyond_its_field_is_out_of_range_as_any_other() {
        let (what, ..) = told("idle_days = -1");
        assert_eq!(what, "`idle_days` must be 0 to 36500, not -1");
        let (what, ..) = told("idle_days = \"a\"");
        assert_eq!(what, "`mine.toml` is not a valid configuration");
    }
}
