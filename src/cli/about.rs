//! What a metric is, without computing it: for people, as data, and as the page of all metrics.

use std::fmt::Write;

use serde_json::{Value as Json, json};

use super::manifest::to_bytes;
use super::{Ending, print_bytes, print_table};
use crate::error::{Error, ErrorKind, Result};
use crate::metrics::METRICS;
use crate::metrics::answers::{CAPABILITIES, answered_by};
use crate::model::{About, Column, Config, Reference, Table, Unit, Value, reference};
use crate::output::Format;

/// Columns of text.
const WIDTH: usize = 96;

/// Settings that decide about every metric.
const OF_ALL: &[&str] = &[
    "report_tz",
    "clock",
    "fiscal_year_start_month",
    "fiscal_label",
    "outcome_mode",
    "close_ts_source",
    "credit_rule",
    "exclude_reasons",
    "zero_amount_is_null",
    "segment",
    "min_n_rate",
];

/// A column, or a work, that shows a metric to be of a kind which reads these settings.
const OF_KINDS: &[(&str, &[&str])] = &[
    ("cif_won", &["horizons"]),
    ("cif_a", &["horizons"]),
    ("cif_tau", &["horizons"]),
    ("n_followed", &["min_followed"]),
    ("Chamandy", &["boot_b", "boot_seed"]),
];

/// All that is said of a metric.
struct Facts {
    about: &'static About,
    answers: Vec<&'static str>,
    interval: String,
    /// Its own settings, then those of all metrics, with their values.
    policy: [Vec<(String, String)>; 2],
    references: Vec<&'static Reference>,
}

impl Facts {
    fn new(about: &'static About, config: &Config) -> Result<Self> {
        let settings = settings(config)?;
        let is_own = |key: &str| !OF_ALL.contains(&key) && is_named(about, key);
        let pick = |wanted: &dyn Fn(&str) -> bool| -> Vec<(String, String)> {
            settings.iter().filter(|(key, _)| wanted(key)).cloned().collect()
        };
        Ok(Self {
            about,
            answers: answered_by(about.name),
            interval: interval(about),
            policy: [pick(&is_own), pick(&|key| OF_ALL.contains(&key))],
            references: reference::cited(about.source),
        })
    }
}

/// The settings that have a plain value, as `sluice.toml` writes them, by name.
fn settings(config: &Config) -> Result<Vec<(String, String)>> {
    let table = toml::Table::try_from(config)
        .map_err(|e| Error::new(ErrorKind::Config, "cannot write the configuration").because(e))?;
    let is_plain = |value: &toml::Value| match value {
        toml::Value::Table(_) => false,
        toml::Value::Array(list) => !list.iter().any(toml::Value::is_table),
        _ => true,
    };
    let plain = table.into_iter().filter(|(key, value)| key != "pipeline" && is_plain(value));
    Ok(plain.map(|(key, value)| (key, value.to_string())).collect())
}

/// Whether what is said of a metric names a setting, or the metric is of a kind that reads it.
fn is_named(about: &About, key: &str) -> bool {
    let quoted = format!("`{key}`");
    let texts = [about.definition, about.caveat, about.question];
    let meanings = about.columns.iter().map(|c| c.meaning);
    let has = |sign: &str| {
        about.source.contains(sign) || about.columns.iter().any(|column| column.name == sign)
    };
    let of_kind = OF_KINDS.iter().any(|(sign, keys)| keys.contains(&key) && has(sign));
    of_kind || texts.into_iter().chain(meanings).any(|text| text.contains(&quoted))
}

/// Metrics whose main number has no limits.
const WITHOUT_LIMITS: [&str; 6] = [
    "activity_volume",
    "daily_moves",
    "deal_volume",
    "forecast_snapshots",
    "pipeline_coverage",
    "source_amounts",
];

/// What the limits are about.
fn interval(about: &About) -> String {
    let ends = about.columns.iter().map(|c| c.name).filter(|name| name.ends_with("_lower"));
    let own: Vec<String> = ends.map(|name| format!("`{name}`")).collect();
    let main = match about.estimate {
        "" if about.definition.contains("`lower` and `upper`") => {
            "95%: the definition says what `lower` and `upper` are about.".to_owned()
        }
        estimate if estimate.is_empty() || WITHOUT_LIMITS.contains(&about.name) => {
            "None: `lower` and `upper` are empty.".to_owned()
        }
        estimate => format!(
            "95%: `lower` and `upper` are about `{estimate}`; `interval_method` says how each was made."
        ),
    };
    match own.as_slice() {
        [] => main,
        [own] => format!("{main} More limits: {own} and its upper end."),
        own => format!("{main} More limits: {} and their upper ends.", own.join(", ")),
    }
}

/// Prints what a metric is.
pub fn metric(about: &'static About, config: &Config, format: Format) -> Result<Ending> {
    let facts = Facts::new(about, config)?;
    match format {
        Format::Text => print_bytes(text(&facts).as_bytes()),
        Format::Json => print_bytes(&to_bytes(&as_json(&facts))?),
        _ => print_table(&table(&facts), format),
    }
}

/// `key = value`, one after another.
fn joined(settings: &[(String, String)]) -> String {
    let pairs: Vec<String> =
        settings.iter().map(|(key, value)| format!("{key} = {value}")).collect();
    pairs.join("; ")
}

/// The parts that are one sentence or a few, with their headings.
fn parts(facts: &Facts) -> Vec<(&'static str, String)> {
    let about = facts.about;
    let works: Vec<String> = facts.references.iter().map(|work| work.line()).collect();
    let all = [
        ("definition", about.definition.to_owned()),
        ("caveat", about.caveat.to_owned()),
        ("interval", facts.interval.clone()),
        ("policy", joined(&facts.policy[0])),
        ("policy of all metrics", joined(&facts.policy[1])),
        ("source", about.source.to_owned()),
        ("references", works.join("\n")),
        ("answers", spelt_out(&facts.answers)),
    ];
    all.into_iter().filter(|(_, text)| !text.is_empty()).collect()
}

/// Codes of questions, and what is asked: they look like ids of metrics, and are none.
fn spelt_out(answers: &[&str]) -> String {
    let asked = CAPABILITIES.iter().filter(|capability| answers.contains(&capability.id));
    let lines = asked.map(|capability| format!("question {}: {}", capability.id, capability.asks));
    lines.collect::<Vec<_>>().join("\n")
}

fn text(facts: &Facts) -> String {
    let about = facts.about;
    let mut text = format!("{} {}: {}\n{}\n", about.id, about.name, about.title, about.question);
    for (part, words) in parts(facts) {
        let _ = writeln!(text, "\n{part}");
        words.lines().for_each(|line| wrap(&mut text, line, "  ", "  "));
    }
    if !about.keys.is_empty() {
        let _ = writeln!(text, "\nkeys\n  {}", about.keys.join(", "));
    }
    text.push_str("\ncolumns\n");
    let widest = |of: fn(&crate::model::ColumnAbout) -> usize| about.columns.iter().map(of).max();
    let name = widest(|c| c.name.len()).unwrap_or(0);
    let unit = widest(|c| c.unit.as_str().len()).unwrap_or(0);
    for column in about.columns {
        let first = format!("  {:name$}  {:unit$}  ", column.name, column.unit.as_str());
        let next = " ".repeat(first.len());
        wrap(&mut text, column.meaning, &first, &next);
    }
    text
}

/// Adds `words` in lines of at most [`WIDTH`] letters.
fn wrap(text: &mut String, words: &str, first: &str, next: &str) {
    let mut line = first.to_owned();
    let mut is_empty = true;
    for word in words.split_whitespace() {
        if !is_empty && line.chars().count() + word.chars().count() >= WIDTH {
            text.push_str(line.trim_end());
            text.push('\n');
            line = next.to_owned();
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    text.push_str(line.trim_end());
    text.push('\n');
}

fn as_json(facts: &Facts) -> Json {
    let about = facts.about;
    let columns = about.columns.iter();
    let columns: Vec<Json> = columns
        .map(|c| json!({"name": c.name, "unit": c.unit.as_str(), "meaning": c.meaning}))
        .collect();
    let works: Vec<Json> = facts
        .references
        .iter()
        .map(|r| json!({"key": r.key, "work": r.work, "doi": (!r.doi.is_empty()).then_some(r.doi)}))
        .collect();
    let policy = |settings: &[(String, String)]| -> Json {
        settings.iter().map(|(key, value)| (key.clone(), Json::from(value.clone()))).collect()
    };
    json!({
        "id": about.id, "name": about.name, "title": about.title, "question": about.question,
        "definition": about.definition, "caveat": about.caveat, "interval": facts.interval,
        "estimate": about.estimate, "keys": about.keys, "source": about.source,
        "references": works, "answers": facts.answers, "columns": columns,
        "policy": policy(&facts.policy[0]), "policy_of_all_metrics": policy(&facts.policy[1]),
    })
}

/// One row a fact: for CSV and Parquet.
fn table(facts: &Facts) -> Table {
    let about = facts.about;
    let mut rows: Vec<Vec<Value>> = Vec::new();
    let mut add = |part: &str, name: &str, unit: &str, text: &str| {
        rows.push(vec![part.into(), name.into(), Value::word(unit), text.into()]);
    };
    for (part, text) in [("title", about.title), ("question", about.question)] {
        add(part, about.name, "", text);
    }
    for (part, text) in parts(facts) {
        add(part, about.name, "", &text);
    }
    for column in about.columns {
        add("column", column.name, column.unit.as_str(), column.meaning);
    }
    let columns = ["part", "name", "unit", "text"];
    Table::new("about", columns.map(|name| Column::new(name, Unit::Text, "")), rows)
}

/// The page of all metrics, in Markdown, with the settings as they are by default.
///
/// Errors: the defaults cannot be written.
pub fn reference_page() -> Result<String> {
    let config = Config::default();
    let mut page = String::from(
        "# Metrics\n\n`sluice list metrics --reference` writes this page; `sluice metric NAME --about` \
         says the same of one metric, with\nyour settings. Shares are 0 to 1, amounts are minor \
         units. Every table also has the columns of the layout:\nwhose deals (`pipeline`, `owner`, \
         `team`, `source`, `segment`, `currency`), when (`period_kind`, `period_start`,\n\
         `period_end`, `as_of`), and how sure (`n`, `lower`, `upper`, `confidence_level`, \
         `interval_method`, `status`,\n`reason`, `quality_count`).\n\n## What answers what\n\n\
         | code | question | metrics |\n| --- | --- | --- |\n",
    );
    for capability in CAPABILITIES {
        let link = |name: &&str| format!("[`{name}`](#{name})");
        let mut answers: Vec<String> = capability.metrics.iter().map(link).collect();
        answers.extend((!capability.besides.is_empty()).then(|| capability.besides.to_owned()));
        let (id, asks) = (capability.id, capability.asks);
        let _ = writeln!(page, "| {id} | {asks} | {} |", answers.join(", "));
    }
    let shared = settings(&config)?;
    let shared: Vec<String> = shared
        .iter()
        .filter(|(key, _)| OF_ALL.contains(&key.as_str()))
        .map(|(key, value)| format!("`{key} = {value}`"))
        .collect();
    let _ = writeln!(page, "\n## Settings of all metrics\n\n{}", shared.join(", "));
    for metric in METRICS {
        section(&mut page, &Facts::new(metric.about(), &config)?);
    }
    Ok(page)
}

/// The section of one metric.
fn section(page: &mut String, facts: &Facts) {
    let about = facts.about;
    let _ = write!(
        page,
        "\n<a id=\"{}\"></a>\n\n## {} {}\n\n`{}`: {}\n\n{}\n",
        about.name, about.id, about.title, about.name, about.question, about.definition
    );
    let settings: Vec<String> =
        facts.policy[0].iter().map(|(key, value)| format!("`{key} = {value}`")).collect();
    let works: Vec<String> = facts
        .references
        .iter()
        .map(|work| match work.doi {
            "" => format!("{}. {}", work.key, work.work),
            doi => format!("{}. {}, `doi:{doi}`", work.key, work.work),
        })
        .collect();
    let keys: Vec<String> = about.keys.iter().map(|key| format!("`{key}`")).collect();
    for (part, text) in [
        ("Caveat", about.caveat.to_owned()),
        ("Interval", facts.interval.clone()),
        ("Policy", settings.join(", ")),
        ("Source", about.source.to_owned()),
        ("References", works.join(". ")),
        ("Answers", facts.answers.join(", ")),
        ("Keys", keys.join(", ")),
    ] {
        if !text.is_empty() {
            let _ = writeln!(page, "\n*{part}.* {text}");
        }
    }
    page.push_str("\n| column | unit | meaning |\n| --- | --- | --- |\n");
    for column in about.columns {
        let meaning = column.meaning.replace('|', "\\|");
        let _ = writeln!(page, "| `{}` | {} | {meaning} |", column.name, column.unit.as_str());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_name_the_settings_that_they_read() {
        let keys: Vec<String> =
            settings(&Config::default()).unwrap().into_iter().map(|(key, _)| key).collect();
        for about in METRICS.iter().map(|metric| metric.about()) {
            let file = format!("src/metrics/{}.rs", about.name);
            let Ok(code) = std::fs::read_to_string(&file) else { continue };
            for key in keys.iter().filter(|key| !OF_ALL.contains(&key.as_str())) {
                let is_whole =
                    |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
                let reads = code.split(&format!("config.{key}")).skip(1).any(is_whole);
                assert!(
                    !reads || is_named(about, key),
                    "{file} reads `{key}`: name it in the definition"
                );
            }
        }
    }

    #[test]
    fn every_year_in_a_source_is_that_of_a_known_work_and_each_is_cited() {
        for about in METRICS.iter().map(|metric| metric.about()) {
            let words = about.source.split(|c: char| !c.is_ascii_digit());
            let years = words.filter(|w| w.len() == 4 && w.starts_with(['1', '2'])).count();
            let found = reference::cited(about.source).len();
            assert!(found >= years, "{}: `{}`: add to REFERENCES", about.name, about.source);
        }
        for work in reference::REFERENCES {
            let is_cited = METRICS.iter().any(|metric| metric.about().source.contains(work.key));
            assert!(is_cited, "no metric cites `{}`: drop it from REFERENCES", work.key);
        }
    }

    #[test]
    fn lines_are_wrapped_between_words() {
        let mut text = String::new();
        wrap(&mut text, &"word ".repeat(40), "  ", "    ");
        assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
        assert_eq!(text.matches("word").count(), 40);
        assert!(text.lines().skip(1).all(|line| line.starts_with("    word")), "{text}");
    }
}
