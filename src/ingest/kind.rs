//! Whether a file is of a kind that a mapping knows, by its headers or its name, and what it lacks for that.

use super::bracket::Folded;
use super::columns::{Col, Entity};
use super::doing;
use super::header;
use super::input::Input;
use super::mapping::{FileMapping, Mapping};
use super::period_name;

/// What a file is called, and the workbook that it is a sheet of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Called<'a> {
    stem: &'a str,
    workbook: Option<&'a str>,
}

impl<'a> Called<'a> {
    /// The names of a file.
    pub(super) fn of(input: &'a Input) -> Self {
        Self { stem: input.stem(), workbook: input.workbook() }
    }

    /// Whether a kind of file is called so. Goals often have a sheet for each year or team, in a workbook that
    /// says what they are.
    fn fits(self, file: &FileMapping) -> bool {
        let around = self.workbook.filter(|_| file.entity == Entity::Targets);
        let mut names = [Some(self.stem), around].into_iter().flatten();
        names.any(|name| header::is_called(name, &file.names))
    }

    /// The year that the name tells.
    pub(super) fn year(self) -> Option<String> {
        period_name::year(self.stem).or_else(|| self.workbook.and_then(period_name::year))
    }
}

/// Why a file is of this kind; none if it is not. `called` is its name.
pub(super) fn recognises(
    file: &FileMapping,
    folded: &Folded,
    headers: &[String],
    called: Called<'_>,
) -> Option<String> {
    if !lacks(file, folded, headers, called).is_empty() {
        return None;
    }
    if let Some(set) = known_headers(file, folded) {
        return Some(format!("its headers `{}`", set.join("`, `")));
    }
    let begins = |h: &str, wanted: &str| header::without_nest(h).to_lowercase().starts_with(wanted);
    for start in &file.header_starts {
        let wanted = start.to_lowercase();
        if let Some(found) = headers.iter().find(|h| begins(h, &wanted)) {
            return Some(format!("its header `{found}`"));
        }
    }
    called.fits(file).then(|| "its name".to_owned())
}

/// Whether deals that a file is read as for its name alone are better known to another mapping: by headers, and
/// more of its columns. In languages that share words such as `ID` and `Status` the name is not enough.
pub(super) fn is_better_known(file: &FileMapping, mappings: &[Mapping], folded: &Folded) -> bool {
    let known = |file: &FileMapping| {
        Col::ALL.iter().filter(|&&col| find(file, col, folded).is_some()).count()
    };
    let is_told = |other: &&FileMapping| {
        other.entity == Entity::Deals
            && known_headers(other, folded).is_some()
            && find(other, Col::DealId, folded).is_some()
            && !other.has_none.iter().any(|h| folded.has(h))
    };
    let mut others = mappings.iter().flat_map(|mapping| &mapping.files).filter(is_told);
    file.entity == Entity::Deals
        && known_headers(file, folded).is_none()
        && others.any(|other| known(other) > known(file))
}

/// The set of headers that tells the file apart; of those that stand for each other the first that it has.
fn known_headers<'m>(file: &'m FileMapping, folded: &Folded) -> Option<Vec<&'m str>> {
    let known = |wanted: &'m String| wanted.split('|').find(|one| folded.has(one));
    file.headers.iter().find_map(|set| set.iter().map(known).collect())
}

/// Columns that a file lacks to be of this kind: all that it must have, or else those of which it must
/// have one.
fn lacks(file: &FileMapping, folded: &Folded, headers: &[String], called: Called<'_>) -> Vec<Col> {
    let wide = wide(file, folded, headers, called);
    if !wide.is_empty() && matches!(file.entity, Entity::Targets | Entity::Fx) {
        return Vec::new();
    }
    let has = |col: &Col| find(file, *col, folded).is_some();
    let required = file.entity.required().iter().copied().filter(|_| wide.is_empty());
    let missing: Vec<Col> = required.filter(|col| !has(col)).collect();
    let one_of = file.entity.one_of();
    // Where nothing else tells when, a log of activities does so by its rows.
    let are_noted = || matches!(doing::kind_of_file(called.stem), Some("call" | "email"));
    let is_log = file.entity == Entity::Activities
        && has(&Col::CreatedAt)
        && (has(&Col::Kind) || are_noted());
    let is_dated = is_log || file.entity == Entity::Forecasts && file.dated_by_export;
    if missing.is_empty() && !is_dated && !one_of.iter().any(has) {
        return one_of.to_vec();
    }
    missing
}

/// What a file lacks that has the headers of a known kind, or else is called like one: of several kinds
/// that which lacks least.
pub(super) fn lacking(
    mappings: &[Mapping],
    headers: &[String],
    called: Called<'_>,
) -> Option<String> {
    const SHOWN: usize = 4;
    let folded = Folded::new(headers);
    // The headers of those that are told by their moves do not tell them.
    let files = mappings.iter().flat_map(|mapping| &mapping.files).filter(|file| !file.has_moves);
    let near = files.filter_map(|file| {
        let by = match known_headers(file, &folded) {
            Some(_) => "headers",
            None => called.fits(file).then_some("name")?,
        };
        let lacks = lacks(file, &folded, headers, called);
        let columns = if lacks == file.entity.one_of() { 1 } else { lacks.len() };
        Some(((by, columns), file, lacks))
    });
    let ((by, _), file, lacks) = near.min_by_key(|(key, ..)| *key)?;
    let about = |col: &Col| {
        let aliases: Vec<&str> =
            file.aliases(*col).iter().take(SHOWN).map(String::as_str).collect();
        format!("`{}` (`{}`)", col.name(), aliases.join("`, `"))
    };
    let named = lacks.iter().filter(|col| !file.aliases(**col).is_empty());
    let columns: Vec<String> = named.map(about).collect();
    let columns = columns.join(if lacks == file.entity.one_of() { " or " } else { " and " });
    let entity = file.entity.as_str();
    (!columns.is_empty())
        .then(|| format!("by its {by} it holds `{entity}`, but it lacks {columns}"))
}

/// Whether the name of a file tells another kind of what its headers allow as well. That of a table of deals
/// or stages does not: what is called so may be a log of them.
pub(super) fn is_called_otherwise(
    mapping: &Mapping,
    folded: &Folded,
    headers: &[String],
    called: Called<'_>,
) -> bool {
    mapping.files.iter().any(|other| {
        let is_of_deals = matches!(
            other.entity,
            Entity::Deals | Entity::StageHistory | Entity::StageChanges | Entity::Stages
        );
        !is_of_deals && called.fits(other) && lacks(other, folded, headers, called).is_empty()
    })
}

/// The columns that hold a value each where none holds them all, with their names: of targets those that are
/// called like periods, of forecasts those that are called like categories, of rates those that are called like
/// currencies where the mapping says in what the rates are.
pub(super) fn wide(
    file: &FileMapping,
    folded: &Folded,
    headers: &[String],
    called: Called<'_>,
) -> Vec<(usize, String)> {
    let has = |col| find(file, col, folded).is_some();
    match file.entity {
        Entity::Targets if !has(Col::Value) => {
            let has_years = has(Col::Year) || has(Col::Period) || called.year().is_some();
            let fewest = if called.fits(file) { 1 } else { 2 };
            period_name::columns(headers, has_years, fewest)
        }
        Entity::Forecasts if !has(Col::Amount) => {
            let categories = headers.iter().map(|header| category(header)).enumerate();
            let found: Vec<_> =
                categories.filter_map(|(at, category)| Some((at, category?))).collect();
            if found.len() < 2 { Vec::new() } else { found }
        }
        Entity::Fx if !has(Col::Currency) && file.defaults.contains_key(Col::Base.name()) => {
            let is_code =
                |text: &str| text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase());
            let names = headers.iter().map(|header| header.trim()).enumerate();
            let codes = names.filter(|(_, name)| is_code(name));
            codes.map(|(at, code)| (at, code.to_owned())).collect()
        }
        _ => Vec::new(),
    }
}

/// The category of forecasts that a column is called by.
fn category(header: &str) -> Option<String> {
    let plain = header::fold(header).replace("forecast", "").replace("amount", "");
    let category = match plain.as_str() {
        "commit" | "committed" => "commit",
        "bestcase" | "upside" => "best_case",
        "mostlikely" => "most_likely",
        "pipeline" | "openpipeline" => "pipeline",
        "closed" | "closedwon" => "closed",
        _ => return None,
    };
    Some(category.to_owned())
}

/// Where a column stands, by the best of its headers.
pub(super) fn find(file: &FileMapping, col: Col, folded: &Folded) -> Option<usize> {
    folded.find(file.aliases(col), Some(col))
}
