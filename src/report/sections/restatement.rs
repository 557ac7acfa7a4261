//! Restatement: numbers that moved since the run before, and the deals that changed.

use crate::model::run::DAILY_DAYS;
use crate::model::{ChangedDeal, MovedNumber, Restated, Unit};
use crate::report::Input;
use crate::report::book::Book;
use crate::report::format::{self, PeriodNames};
use crate::report::grid::{csv_path, grid};
use crate::report::label::label;
use crate::report::view::{Grid, Head, Number, view};

/// Numbers on the page.
const MOST_NUMBERS: usize = 40;
/// Rows of changed deals on the page.
const MOST_CHANGES: usize = 40;

/// What the template shows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Restatement {
    /// What was compared and what came of it.
    pub(crate) words: String,
    /// Numbers of whole pipelines.
    pub(crate) numbers: Grid,
    /// Deals, one row a fact.
    pub(crate) deals: Grid,
    /// What happened on each day since the run before.
    pub(crate) days: Grid,
}

view!(Restatement: words, numbers, deals, days);

const DAYS: &[&str] = &[
    "created",
    "created_minor",
    "moved_on",
    "moved_back",
    "won",
    "won_minor",
    "lost",
    "lost_minor",
    "reopened",
];

/// Days shown when there is no run before.
const FIRST_DAYS: i32 = 7;

/// What moved since the run before.
pub(crate) fn restatement(input: &Input<'_>, book: &Book<'_>) -> Restatement {
    let days = days(input, book);
    let Some(restated) = input.restated else {
        let words = "This is the first run of the store: from the second on, each is compared with the \
                     one before.";
        return Restatement { words: words.to_owned(), days, ..Restatement::default() };
    };
    Restatement {
        words: words(restated),
        numbers: numbers(restated, PeriodNames::of(input.run)),
        deals: deals(&restated.deals),
        days,
    }
}

/// The days after the last one of the run before, the latest first.
fn days(input: &Input<'_>, book: &Book<'_>) -> Grid {
    let sheet = book.sheet("daily_moves");
    let since = input.restated.map_or(book.as_of - FIRST_DAYS, |restated| restated.as_of);
    let mut rows = sheet.rows();
    rows.retain(|row| sheet.span(row).is_some_and(|span| span.start > since));
    rows.sort_by_key(|row| std::cmp::Reverse(sheet.span(row).map(|span| span.start)));
    let caption = match input.restated {
        Some(_) if since < book.as_of - DAILY_DAYS => {
            format!("What happened in the last {DAILY_DAYS} days")
        }
        Some(_) => format!("What happened since {}, by day", format::long_date(since)),
        None => "What happened in the last seven days".to_owned(),
    };
    let columns: Vec<&str> = ["period_start", "pipeline"].iter().chain(DAYS).copied().collect();
    grid(sheet, &caption, &rows, &columns)
}

fn words(restated: &Restated) -> String {
    let compared = format!(
        "Run {} of the store against run {}, both as of {}",
        restated.to,
        restated.from,
        format::long_date(restated.as_of)
    );
    let moved = restated.numbers.iter().filter(|number| number.is_whole()).count();
    let count = |n: usize, what: &str| match n {
        1 => format!("1 {what}"),
        n => format!("{} {what}s", format::count(n)),
    };
    match (restated.numbers.len(), restated.deals.len()) {
        (0, 0) => format!("{compared}: no deal changed, and no headline number moved."),
        (0, changed) => {
            format!("{compared}: {} changed, and no headline number moved.", count(changed, "deal"))
        }
        (all, changed) => format!(
            "{compared}: {} moved, {} of whole pipelines, and {} changed.",
            count(all, "headline number"),
            format::count(moved),
            count(changed, "deal")
        ),
    }
}

fn numbers(restated: &Restated, names: PeriodNames<'_>) -> Grid {
    let moved: Vec<&MovedNumber> =
        restated.numbers.iter().filter(|number| number.is_whole()).collect();
    let shown = |value: Option<f64>, number: &MovedNumber| Number {
        metric: number.metric,
        ..Number::word(match value {
            Some(value) => {
                format::float(value, number.unit, number.place[5].as_str().unwrap_or(""))
            }
            None => format::NONE.to_owned(),
        })
    };
    // Between two shares lie points, not percent of one of them.
    let change = |number: &MovedNumber| {
        let shown = shown(number.change(), number);
        match number.unit {
            Unit::Rate => Number { text: shown.text.replace('%', " points"), ..shown },
            _ => shown,
        }
    };
    let row = |number: &&MovedNumber| {
        let [pipeline, .., kind, start, end] = &number.place;
        let period = match (start, end) {
            (crate::model::Value::Day(start), crate::model::Value::Day(end)) => {
                format::period(kind.as_str().unwrap_or(""), *start, *end, names)
            }
            _ => String::new(),
        };
        vec![
            Number::word(format!("{}: {}", number.metric, label(number.column))),
            Number::word(pipeline.as_str().unwrap_or("")),
            Number::word(period),
            Number::word(number.key.clone()),
            shown(number.before, number),
            shown(number.after, number),
            change(number),
            Number::word(format::count(number.deals as usize)),
        ]
    };
    Grid {
        caption: "Headline numbers that moved".to_owned(),
        csv: csv_path("restated_numbers"),
        heads: vec![
            Head::new("Number", "The metric and its column.", false),
            Head::new("Pipeline", "The pipeline.", false),
            Head::new("Period", "The period that the number is of.", false),
            Head::new("Of", "The stage or other key of the row.", false),
            Head::new("Before", "As the run before had it.", true),
            Head::new("Now", "As this run has it, as of the same day.", true),
            Head::new("Change", "Now - before.", true),
            Head::new("Deals", "Changed deals that can have moved it.", true),
        ],
        rows: moved.iter().take(MOST_NUMBERS).map(row).collect(),
        ..Grid::default()
    }
    .out_of(moved.len())
}

/// An amount as the page has it: `22760 USD` of the table is `USD 22,760`.
fn worth(text: &str) -> String {
    let (number, currency) = text.split_once(' ').unwrap_or((text, ""));
    let digits = number.split_once('.').map_or(0, |(_, digits)| digits.len());
    match number.parse::<f64>() {
        Ok(number) => format!("{currency} {}", format::fixed(number, digits)).trim().to_owned(),
        Err(_) => text.to_owned(),
    }
}

fn deals(changed: &[ChangedDeal]) -> Grid {
    let total = changed.iter().map(|deal| deal.changes.len()).sum();
    let rows = changed.iter().flat_map(|deal| {
        deal.changes.iter().map(move |change| {
            let name = if deal.name.is_empty() { &deal.deal_id } else { &deal.name };
            let [before, after] = [&change.before, &change.after].map(|text| match change.fact {
                "amount" => worth(text),
                _ => text.clone(),
            });
            [name.clone(), change.fact.to_owned(), before, after].map(Number::word).to_vec()
        })
    });
    Grid {
        caption: "Changes of deals".to_owned(),
        csv: csv_path("restated_deals"),
        heads: vec![
            Head::new("Deal", "Name, or id.", false),
            Head::new("Fact", "What changed.", false),
            Head::new("Before", "As the run before had it.", false),
            Head::new("Now", "As this run has it, as of the same day.", false),
        ],
        rows: rows.take(MOST_CHANGES).collect(),
        ..Grid::default()
    }
    .out_of(total)
}

#[cfg(test)]
mod tests {
    use super::worth;

    #[test]
    fn amounts_are_written_as_elsewhere_on_the_page() {
        for (table, page) in [
            ("22760 USD", "USD 22,760"),
            ("-1500.50 EUR", "EUR −1,500.50"),
            ("1200", "1,200"),
            ("", ""),
        ] {
            assert_eq!(worth(table), page);
        }
    }
}
