//! Rows that are no records: empty ones of a spreadsheet, totals, and what a program prints below a table
//! (EXPORTS 0.2).

use super::record::Cells;

/// What a row is the sum of, by the word for whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sum {
    /// All others: `Total`.
    OfAll,
    /// Some others: `EMEA Total`.
    OfSome,
}

/// Whether a word for people is that of a sum.
pub(super) fn sum(text: &str) -> Option<Sum> {
    const ALL: [&str; 16] = [
        "total",
        "totals",
        "grand total",
        "grand totals",
        "overall",
        "overall total",
        "company",
        "company total",
        "total company",
        "all",
        "sum",
        "gesamt",
        "summe",
        "gesamtsumme",
        "total general",
        "team total",
    ];
    let text = text.trim().trim_end_matches(':').to_lowercase();
    let is_part = ["total ", "subtotal"].iter().any(|begin| text.starts_with(begin))
        || [" total", " totals", " subtotal", " gesamt"].iter().any(|end| text.ends_with(end));
    match () {
        () if ALL.contains(&text.as_str()) => Some(Sum::OfAll),
        () if is_part => Some(Sum::OfSome),
        () => None,
    }
}

/// With fewer columns a table's rows are too short to be told from notes.
const NARROWEST: usize = 3;

/// Beginnings of the first cell of totals and of what is printed below a table; a word ends there.
const BEGINNINGS: [&str; 20] = [
    "total",
    "totals",
    "grand total",
    "grand totals",
    "subtotal",
    "sum",
    "gesamt",
    "gesamtsumme",
    "summe",
    "confidential information",
    "copyright",
    "©",
    "average",
    "avg",
    "median",
    "durchschnitt",
    "moyenne",
    "合计",
    "平均",
    "总计",
];

/// Whether nothing stands in the cells of a row, of a table of `width` columns.
pub(super) fn is_nothing(cells: &Cells<'_>, width: usize) -> bool {
    cells.texts().take(width).all(|text| text.is_empty())
}

/// Whether a row stands above those of a group: `Won (15)`, and nothing but numbers beside it.
pub(super) fn is_group(cells: &Cells<'_>) -> bool {
    let is_number = |text: &str| {
        text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b',' | b'-'))
    };
    let mut filled = cells.texts().filter(|text| !text.is_empty());
    let Some(first) = filled.next().filter(|_| cells.len() >= NARROWEST) else { return false };
    let inner = first.strip_suffix(')').and_then(|text| text.rsplit_once(" ("));
    inner.is_some_and(|(_, count)| !count.is_empty() && count.bytes().all(|b| b.is_ascii_digit()))
        && filled.all(|text| is_number(&text))
}

/// Whether a row tells nothing but numbers, as the sums below the columns of a sheet do.
pub(super) fn is_sum(cells: &Cells<'_>) -> bool {
    let mut filled = cells.texts().filter(|text| !text.is_empty()).peekable();
    cells.len() >= NARROWEST
        && filled.peek().is_some()
        && filled.all(|text| text.parse::<f64>().is_ok())
}

/// Whether a row is the header once more, as where several exports were put into one file.
pub(super) fn is_header(cells: &Cells<'_>, headers: &[String]) -> bool {
    let is_same = |(at, header): (usize, &String)| {
        let cell = cells.text(at).unwrap_or_default();
        header.strip_prefix(&*cell).is_some_and(|rest| rest.is_empty() || rest.starts_with('#'))
    };
    // Nearly every row tells by its first letter that it is none.
    let may_be = headers.first().and_then(|first| first.bytes().next());
    headers.len() > 1
        && may_be.is_none_or(|byte| cells.may_begin(0, byte))
        && headers.iter().enumerate().all(is_same)
}

/// Whether a row, of a table of `width` columns, is a total or a note: it begins as those do, or is one
/// line of words. The caller knows that it lacks what makes a record.
pub(super) fn is_note(cells: &Cells<'_>, width: usize) -> bool {
    if width < NARROWEST {
        return false;
    }
    let mut filled = cells.texts().filter(|text| !text.is_empty());
    let Some(first) = filled.next() else { return false };
    let is_alone = filled.next().is_none();
    let is_line = cells.len() == 1 || first.contains(char::is_whitespace);
    (is_alone && is_line) || begins_as_note(&first)
}

fn begins_as_note(text: &str) -> bool {
    let text = text.to_lowercase();
    BEGINNINGS.iter().any(|beginning| {
        text.strip_prefix(beginning).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
    })
}

#[cfg(test)]
mod tests {
    use super::super::record;
    use super::*;

    fn asked(line: &str, ask: impl FnOnce(&Cells<'_>) -> bool) -> bool {
        let mut starts = Vec::new();
        let next = record::split(line.as_bytes(), 0, b',', &mut starts).unwrap();
        ask(&Cells::new(line, &starts, next))
    }

    #[test]
    fn headers_once_more() {
        let headers = ["id", "note", "note#2", ""].map(str::to_owned);
        assert!(asked("id,note,note,", |cells| is_header(cells, &headers)));
        assert!(asked("id,note,\"note\"", |cells| is_header(cells, &headers)));
        for line in ["id,note,notes,", "id,note,,", "id,note", "1,note,note,"] {
            assert!(!asked(line, |cells| is_header(cells, &headers)), "{line}");
        }
        assert!(!asked("id", |cells| is_header(cells, &headers[..1])));
    }

    #[test]
    fn totals_and_notes() {
        for line in [
            "Grand Totals (5700 records)",
            "Total,,,1234.50",
            "\"Confidential Information - Do Not Distribute\"",
            "Copyright © 2000-2026 salesforce.com, inc.",
            "Filtered by: my team,,,",
            "Opportunities",
            "合计,,12",
        ] {
            assert!(asked(line, |cells| is_note(cells, 4)), "{line}");
        }
        for line in ["Totally new deal,Won,5", "17,,,", "a deal,Won,,", ",,,", "Totals2,Won"] {
            assert!(!asked(line, |cells| is_note(cells, 4)), "{line}");
        }
        assert!(!asked("Total", |cells| is_note(cells, 2)));
        assert!(asked("Won (15),,63822.5,", is_group) && asked("New York (2),,,", is_group));
        assert!(!asked("Deal (2),Won,5", is_group) && !asked("17,,5", is_group));
        assert!(!asked("Deal (a),,5", is_group) && !asked("Won (15),5", is_group));
        assert!(asked(",,63822.5,,7", is_sum) && !asked(",,5,,2026-01-01", is_sum));
        assert!(!asked(",,", is_sum) && !asked("5,7", is_sum));
        let is_empty = |cells: &Cells<'_>| is_nothing(cells, 3);
        assert!(asked(", ,\"\",", is_empty) && !asked(",,x", is_empty) && asked(",,,x", is_empty));
    }
}
