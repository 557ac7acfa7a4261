//! Sums of amounts that do not fit the 64 bits of a cell.

use std::collections::BTreeMap;

use super::table::Table;

/// The reason that stands at the end of a row with such a sum, which is null.
pub const CODE: &str = "TL";

/// What is to be said of the sums that did not fit their cells, a sentence for each table and currency.
pub fn findings<'t>(tables: impl IntoIterator<Item = &'t Table>) -> Vec<String> {
    let mut found = Vec::new();
    for table in tables {
        let Some(reason) = table.position("reason") else { continue };
        let mut rows: BTreeMap<&str, usize> = BTreeMap::new();
        for row in table.rows.iter().filter(|row| row[reason].as_str() == Some(CODE)) {
            *rows.entry(table.value(row, "currency").as_str().unwrap_or("")).or_default() += 1;
        }
        found.extend(rows.into_iter().map(|(currency, n)| {
            let of = if currency.is_empty() { "" } else { " in " };
            let rows = if n == 1 { "1 row has a sum".to_owned() } else { format!("{n} rows have sums") };
            format!(
                "`{}`: {rows} of amounts{of}{currency} beyond 64-bit minor units; it is null, with reason {CODE}. \
                 Look for impossible amounts with `sluice query` on `deals`.",
                table.name,
            )
        }));
    }
    found
}
