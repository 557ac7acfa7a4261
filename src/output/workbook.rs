//! Workbooks for spreadsheet programs: a list of tables, and each table on a sheet of its own.
//!
//! Money is in units of its currency, not in cents, and its columns are called so: `bookings` for
//! `bookings_minor`, `new_amount` where there is a `new`. Every other cell is what the other formats say.

use std::collections::BTreeSet;
use std::io::{self, Write};

use chrono::Datelike;
use rayon::prelude::*;
use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, Note, Url, Workbook, Worksheet, XlsxError,
};

use super::cell;
use crate::model::{Column, Day, Table, Unit, Value, calendar, money};

/// Rows of a sheet, and characters of a cell and of a sheet's name, at most.
const ROWS: usize = 1_048_576;
const CHARACTERS: usize = 32_767;
const NAME: usize = 31;

/// Whole numbers up to here are exact.
const EXACT: u64 = 1 << 53;

/// The serial number of the day after the last.
const END_DAY: i32 = 2_958_466;

/// The name of the list of sheets.
const CONTENTS: &str = "Contents";

/// A table of a report, and what it is.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// The question that it answers.
    pub question: &'a str,
    /// How its numbers are defined; empty if there is nothing to say.
    pub definition: &'a str,
    /// Its name.
    pub name: &'a str,
    /// The column that `lower` and `upper` are about; empty if there is none.
    pub estimate: &'a str,
    /// Its rows.
    pub table: &'a Table,
}

impl<'a> Entry<'a> {
    /// A table of which its name says enough.
    pub fn plain(name: &'a str, table: &'a Table) -> Self {
        Self { question: "", definition: "", name, estimate: "", table }
    }
}

/// What stands above the list of sheets.
#[derive(Clone, Debug)]
pub struct Cover<'a> {
    /// The title of the report.
    pub title: &'a str,
    /// The last day that counts.
    pub as_of: Day,
    /// Sentences.
    pub said: Vec<String>,
}

/// Writes the tables of a report, and before them the list, which alone tells of the empty ones. A table too
/// long for a sheet goes on on the next.
pub(super) fn write(
    cover: &Cover<'_>,
    entries: &[Entry<'_>],
    to: &mut dyn Write,
) -> io::Result<()> {
    let bytes = made(cover, entries).map_err(io::Error::other)?;
    to.write_all(&bytes)
}

fn made(cover: &Cover<'_>, entries: &[Entry<'_>]) -> Result<Vec<u8>, XlsxError> {
    let mut names = Names::default();
    let parts: Vec<Vec<String>> = entries.iter().map(|entry| names.parts(entry)).collect();
    let sheets: Result<Vec<Vec<Worksheet>>, XlsxError> =
        entries.par_iter().zip(&parts).map(|(entry, parts)| sheets(entry, parts)).collect();
    let mut book = begin(cover.as_of)?;
    book.push_worksheet(contents(cover, entries, &parts)?);
    sheets?.into_iter().flatten().for_each(|sheet| {
        book.push_worksheet(sheet);
    });
    book.save_to_buffer()
}

/// A workbook that says it was made on a day, so that the same tables are the same bytes.
fn begin(day: Day) -> Result<Workbook, XlsxError> {
    let made = calendar::date(day);
    let year = made.year().clamp(1900, 9999) as u16;
    let made = ExcelDateTime::from_ymd(year, made.month() as u8, made.day() as u8)?;
    let mut book = Workbook::new();
    book.set_properties(&DocProperties::new().set_author("sluice").set_creation_datetime(&made));
    Ok(book)
}

/// Names of sheets that are taken, in lower case: names that differ by case only are one.
struct Names(BTreeSet<String>);

impl Default for Names {
    /// The list's own, and the one that spreadsheet programs keep for themselves.
    fn default() -> Self {
        Self([CONTENTS, "History"].map(str::to_lowercase).into())
    }
}

impl Names {
    /// The names of the sheets that a table takes: none if it is empty.
    fn parts(&mut self, entry: &Entry<'_>) -> Vec<String> {
        let count = entry.table.rows.len().div_ceil(ROWS - 1);
        (0..count).map(|_| self.free(entry.name)).collect()
    }

    fn free(&mut self, name: &str) -> String {
        let plain: String = name
            .chars()
            .map(|c| if "[]:*?/\\'".contains(c) || c.is_control() { '_' } else { c })
            .collect();
        let numbers = (1..).map(|n| if n == 1 { String::new() } else { format!(" {n}") });
        let mut names = numbers.map(|end| {
            let kept: String = plain.chars().take(NAME - end.len()).collect();
            format!("{kept}{end}")
        });
        let free = names.find(|name| !name.is_empty() && self.0.insert(name.to_lowercase()));
        free.unwrap_or_default()
    }
}

/// The list of sheets.
fn contents(
    cover: &Cover<'_>,
    entries: &[Entry<'_>],
    parts: &[Vec<String>],
) -> Result<Worksheet, XlsxError> {
    let mut sheet = Worksheet::new();
    sheet.set_name(CONTENTS)?;
    let bold = Format::new().set_bold();
    sheet.write_string_with_format(0, 0, cut(cover.title), &bold.clone().set_font_size(14))?;
    for (row, said) in (1..).zip(&cover.said) {
        sheet.write_string(row, 0, cut(said))?;
    }
    let top = cover.said.len() as u32 + 2;
    for (column, (header, width)) in
        (0..).zip([("table", 32.0), ("rows", 10.0), ("question", 70.0), ("definition", 120.0)])
    {
        sheet.write_string_with_format(top, column, header, &bold)?;
        sheet.set_column_width(column, width)?;
    }
    for ((row, entry), parts) in (top + 1..).zip(entries).zip(parts) {
        match parts.first() {
            Some(first) => {
                let to = Url::new(format!("internal:'{first}'!A1"));
                sheet.write_url(row, 0, to.set_text(entry.name))?
            }
            None => sheet.write_string(row, 0, cut(entry.name))?,
        };
        sheet.write_number(row, 1, entry.table.rows.len() as f64)?;
        sheet.write_string(row, 2, cut(entry.question))?;
        sheet.write_string(row, 3, cut(entry.definition))?;
    }
    sheet.set_freeze_panes(top + 1, 1)?;
    Ok(sheet)
}

/// The sheets of a table.
fn sheets(entry: &Entry<'_>, names: &[String]) -> Result<Vec<Worksheet>, XlsxError> {
    let Entry { table, estimate, .. } = entry;
    let looks = Looks::new();
    let is_about_money = table.columns.iter().any(|c| *c.name == **estimate && c.unit.is_money());
    let is_limit = |column: &Column| matches!(&*column.name, "lower" | "upper");
    let unit = |column: &Column| match is_about_money && is_limit(column) {
        true => Unit::Minor,
        false => column.unit,
    };
    let units: Vec<Unit> = table.columns.iter().map(unit).collect();
    let currency = table.position("currency");
    let one = |(name, rows): (&String, &[Vec<Value>])| {
        let mut sheet = Worksheet::new();
        sheet.set_name(name)?;
        header(&mut sheet, table, &units, &looks)?;
        for (at, row) in (1..).zip(rows) {
            let currency = currency.and_then(|column| row.get(column)?.as_str());
            for ((column, unit), value) in (0..).zip(&units).zip(row) {
                let place = (at, column);
                put(&mut sheet, place, value, *unit, currency.unwrap_or_default(), &looks)?;
            }
        }
        let last = table.columns.len().saturating_sub(1);
        sheet.autofilter(0, 0, rows.len() as u32, last as u16)?;
        sheet.set_freeze_panes(1, 0)?;
        Ok(sheet)
    };
    names.iter().zip(table.rows.chunks(ROWS - 1)).map(one).collect()
}

/// The names of the columns, with what each says as its note.
fn header(
    sheet: &mut Worksheet,
    table: &Table,
    units: &[Unit],
    looks: &Looks,
) -> Result<(), XlsxError> {
    for ((at, column), unit) in (0..).zip(&table.columns).zip(units) {
        let (name, unit) = match unit.is_money() {
            true => (called(&column.name, table), "in the row's currency"),
            false => (column.name.to_string(), unit.as_str()),
        };
        sheet.write_string_with_format(0, at, cut(&name), &looks.header)?;
        sheet.set_column_width(at, (name.chars().count() as f64 + 3.0).clamp(10.0, 40.0))?;
        if !column.meaning.is_empty() {
            let said = cut(&format!("{} ({unit})", column.meaning));
            sheet.insert_note(0, at, &Note::new(said).add_author_prefix(false))?;
        }
    }
    Ok(())
}

/// What a column of money is called that is no longer one of minor units.
fn called(name: &str, table: &Table) -> String {
    let short = name.replace("_minor", "");
    let is_taken = short != name && table.position(&short).is_some();
    if is_taken { name.replace("_minor", "_amount") } else { short }
}

/// How cells look, which is all that a workbook adds to what they are.
struct Looks {
    header: Format,
    plain: Format,
    date: Format,
    instant: Format,
    rate: Format,
    fraction: Format,
    money: [Format; 5],
}

impl Looks {
    fn new() -> Self {
        let like = |format: &str| Format::new().set_num_format(format);
        Self {
            header: Format::new().set_bold().set_text_wrap(),
            plain: Format::new(),
            date: like("yyyy-mm-dd"),
            instant: like("yyyy-mm-dd hh:mm:ss"),
            rate: like("0.0%"),
            fraction: like("0.00"),
            money: ["#,##0", "#,##0.0", "#,##0.00", "#,##0.000", "#,##0.0000"].map(like),
        }
    }
}

/// Writes a cell; null leaves it empty.
fn put(
    sheet: &mut Worksheet,
    (row, at): (u32, u16),
    value: &Value,
    unit: Unit,
    currency: &str,
    looks: &Looks,
) -> Result<(), XlsxError> {
    if cell::is_null(value) {
        return Ok(());
    }
    if let Some((number, look)) = number(value, unit, currency, looks) {
        sheet.write_number_with_format(row, at, number, look)?;
        return Ok(());
    }
    match value {
        Value::Bool(flag) => sheet.write_boolean(row, at, *flag)?,
        Value::Text(text) => sheet.write_string(row, at, cut(text))?,
        Value::Int(minor) if unit.is_money() => {
            sheet.write_string(row, at, in_units(*minor, money::exponent(currency)))?
        }
        other => {
            let mut text = Vec::new();
            cell::append(other, &mut text)?;
            sheet.write_string(row, at, String::from_utf8_lossy(&text))?
        }
    };
    Ok(())
}

/// The number that a cell holds and how it looks; none if it is no number, or none that a cell can hold.
fn number<'l>(
    value: &Value,
    unit: Unit,
    currency: &str,
    looks: &'l Looks,
) -> Option<(f64, &'l Format)> {
    match value {
        // A cell would round what is beyond, money as any other number.
        Value::Int(number) if number.unsigned_abs() > EXACT => None,
        Value::Int(_) | Value::Float(_) if unit.is_money() => {
            let digits = money::exponent(currency);
            let look = looks.money.get(digits as usize).unwrap_or(&looks.plain);
            Some((value.as_f64()? / 10_f64.powi(digits as i32), look))
        }
        Value::Int(number) => Some((*number as f64, &looks.plain)),
        Value::Float(number) if unit == Unit::Rate => Some((*number, &looks.rate)),
        Value::Float(number) if number.abs() >= 1.0 => Some((*number, &looks.fraction)),
        Value::Float(number) => Some((*number, &looks.plain)),
        Value::Day(day) => Some((serial(*day)?, &looks.date)),
        Value::Instant(at) => {
            let day = serial(at.div_euclid(calendar::DAY_MICROS) as Day)?;
            let rest = at.rem_euclid(calendar::DAY_MICROS) as f64 / calendar::DAY_MICROS as f64;
            Some((day + rest, &looks.instant))
        }
        _ => None,
    }
}

/// An amount in whole units, to the last digit.
fn in_units(minor: i64, digits: u32) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    let (minor, one) = (minor.unsigned_abs(), 10_u64.pow(digits));
    match digits {
        0 => format!("{sign}{minor}"),
        digits => format!("{sign}{}.{:0width$}", minor / one, minor % one, width = digits as usize),
    }
}

/// The day as spreadsheets count; none before 1900 and after 9999.
fn serial(day: Day) -> Option<f64> {
    let serial = day.checked_add(calendar::SERIAL_OF_1970)?;
    (1..END_DAY).contains(&serial).then(|| f64::from(serial))
}

/// As much of a text as a cell can hold.
fn cut(text: &str) -> String {
    if text.len() <= CHARACTERS {
        return text.to_owned();
    }
    // Counted as the file format does, in units of UTF-16.
    let mut units = 0;
    let fits = |c: &char| {
        units += c.len_utf16();
        units < CHARACTERS
    };
    let mut kept: String = text.chars().take_while(fits).collect();
    if kept.len() < text.len() {
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_sheets_are_allowed_and_differ() {
        let mut names = Names::default();
        let long = "a".repeat(40);
        let wanted = ["won/lost", "Won_Lost", "contents", &long, &long, ""];
        let given = wanted.map(|name| names.free(name));
        let cut = ["a".repeat(31), format!("{} 2", "a".repeat(29))];
        assert_eq!(given, ["won_lost", "Won_Lost 2", "contents 2", &cut[0], &cut[1], " 2"]);
    }

    #[test]
    fn texts_are_cut_where_a_cell_ends() {
        assert_eq!(cut("short"), "short");
        let long = cut(&"ä𝄞".repeat(20_000));
        assert!(long.ends_with('…') && long.encode_utf16().count() <= CHARACTERS);
        assert_eq!(cut(&"ä".repeat(20_000)).chars().count(), 20_000, "more bytes, not more units");
    }

    #[test]
    fn money_that_a_cell_would_round_is_text_in_whole_units() {
        let looks = Looks::new();
        let is_number = |amount| number(&Value::Int(amount), Unit::Minor, "EUR", &looks).is_some();
        let exact = EXACT as i64;
        assert!(is_number(exact) && is_number(-exact));
        assert!(!is_number(exact + 1) && !is_number(-exact - 1) && !is_number(i64::MIN));
        assert_eq!(in_units(i64::MAX, 2), "92233720368547758.07");
        assert_eq!(in_units(-9_007_199_254_740_993, 3), "-9007199254740.993");
        assert_eq!(in_units(9_007_199_254_740_993, 0), "9007199254740993");
    }

    #[test]
    fn days_that_spreadsheets_do_not_have_are_text() {
        assert_eq!(serial(0), Some(25_569.0));
        assert_eq!([serial(-30_000), serial(3_000_000), serial(Day::MAX)], [None; 3]);
    }
}
