//! Accounts: what comes from new customers and from those already won, and what one is worth.

use super::{Block, add};
use crate::report::book::Book;
use crate::report::format;
use crate::report::grid::grid;
use crate::report::number::interval;
use crate::report::sheet::{Cells, Sheet};

/// Quarters on the page; the CSV file has all.
const MOST_QUARTERS: usize = 8;

const REPEAT: &[&str] = &[
    "period_start",
    "new",
    "renewal",
    "upsell",
    "new_minor",
    "renewal_minor",
    "upsell_minor",
    "n_null_amount",
    "n_without_account",
    "repeat_rate_90d",
    "repeat_rate_365d",
    "renewal_rate",
    "renewal_value_rate",
];
const VALUE: &[&str] = &[
    "customers",
    "churned",
    "customer_years",
    "value_per_year_minor",
    "life_years",
    "tau_days",
    "gross_margin",
    "clv_minor",
    "clv_discounted_minor",
    "n_null_amount",
    "n_without_account",
];

pub(super) fn block(book: &Book<'_>, pipeline: &str, _id: &str) -> Block {
    let mut block = Block::default();
    let values = book.sheet("customer_lifetime_value");
    let rows = values.whole(pipeline);
    let has_none = |row: &Cells<'_>| values.get(row, "customers").as_i64() == Some(0);
    if !rows.is_empty() && rows.iter().all(has_none) {
        return block;
    }
    block.notes.extend(rows.iter().filter_map(|row| worth(values, row)));
    add(&mut block.grids, grid(values, "What a customer is worth", &rows, VALUE));
    let repeat = book.sheet("repeat_business");
    let whole = repeat.whole(pipeline);
    let all = repeat.with(&whole, "period_kind", "all");
    add(
        &mut block.grids,
        grid(repeat, "New business, renewals and upsell, all time", &all, REPEAT),
    );
    let mut quarters = repeat.with(&whole, "period_kind", "quarter");
    quarters.reverse();
    let words = "New business, renewals and upsell by quarter";
    add(&mut block.folded, grid(repeat, words, &quarters, REPEAT).cut(MOST_QUARTERS));
    block
}

/// What the value is made of, in words.
fn worth(sheet: Sheet<'_>, row: Cells<'_>) -> Option<String> {
    let shown = |name: &str| sheet.shown(row, name);
    sheet.number(row, "clv_minor")?;
    let limits = interval(sheet, row, sheet.unit("clv_minor"));
    let limits = limits.map(|limits| format!(" (95% interval {limits})")).unwrap_or_default();
    if sheet.get(row, "churned").as_i64() == Some(0) {
        let customers = match shown("customers").as_str() {
            "1" => "The one customer has not left".to_owned(),
            all => format!("None of the {all} customers has left"),
        };
        return Some(format!(
            "{customers} in the {} days that they have been followed at most, so how long one stays is not \
             known: {} years is what that time allows, a lower bound. A customer brings {} a year, which makes \
             at least {}{limits}.",
            format::count(sheet.number(row, "tau_days")? as usize),
            shown("life_years"),
            shown("value_per_year_minor"),
            shown("clv_minor")
        ));
    }
    Some(format!(
        "A customer brings {} a year and stays {} years, as far as customers have been followed, which \
         makes {}{limits}.",
        shown("value_per_year_minor"),
        shown("life_years"),
        shown("clv_minor")
    ))
}
