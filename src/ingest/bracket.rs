//! Headers with a unit, a zone or a class beside the name: `Amount (EUR)`, `Created Date (UTC)`,
//! `Probability (%)`, `Close Date (A)`, and those of objects that were made flat: `owner.name`. Where no
//! header has the name alone such a one is meant.

use super::columns::Col;
use super::settle::TIMES;
use super::{currency, header};

/// What stands beside a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Beside {
    /// A currency, or `converted`, as Salesforce says of amounts in the user's currency.
    Currency,
    /// `%`.
    Percent,
    /// `UTC`.
    Utc,
    /// How a date is written: `dd/mm/yyyy`.
    Form,
    /// `A`, as of a group of a report.
    Class,
    /// `.name`, as of an object that was made flat.
    Key,
}

impl Beside {
    /// Whether it leaves a column what it is.
    fn fits(self, col: Col) -> bool {
        match self {
            Self::Currency => matches!(col, Col::Amount | Col::Value),
            Self::Percent => col == Col::Probability,
            Self::Utc | Self::Form => TIMES.contains(&col),
            Self::Class | Self::Key => true,
        }
    }
}

/// The headers of a file in the forms in which they are compared.
#[derive(Clone, Debug, Default)]
pub(super) struct Folded {
    whole: Vec<String>,
    /// Places of headers by their names without what stands beside them.
    names: Vec<(String, usize, Beside)>,
}

impl Folded {
    /// Those of `headers`.
    pub(super) fn new(headers: &[String]) -> Self {
        let name = |(at, text): (usize, &String)| {
            let (name, beside) = known(text)?;
            Some((header::fold(name), at, beside))
        };
        Self {
            whole: headers.iter().map(|text| header::fold(text)).collect(),
            names: headers.iter().enumerate().filter_map(name).collect(),
        }
    }

    /// The header that has one of these names, best first: alone, or else with something beside it that fits
    /// the column.
    pub(super) fn find<N: AsRef<str>>(&self, names: &[N], col: Option<Col>) -> Option<usize> {
        let alone = |name: &N| {
            let wanted = header::fold(name.as_ref());
            self.whole.iter().position(|have| *have == wanted)
        };
        let beside = |name: &N| {
            let wanted = header::fold(name.as_ref());
            let fits = |beside: Beside| col.is_none_or(|col| beside.fits(col));
            let mut found = self.names.iter().filter(|(.., beside)| fits(*beside));
            found.find(|(have, ..)| *have == wanted).map(|&(_, at, _)| at)
        };
        let found = names.iter().find_map(alone);
        // Most files have none of the others: to look for them would take as long again.
        found.or_else(|| if self.names.is_empty() { None } else { names.iter().find_map(beside) })
    }

    /// Whether a header has this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.find(&[name], None).is_some()
    }
}

/// A header's name and what stands beside it: `Amount (EUR)`, `Amount [EUR]`, `Amount in EUR`, `Amount €`,
/// `Amount, EUR`, `amount_eur`.
fn split(header: &str) -> Option<(&str, &str)> {
    let header = header.trim();
    let (name, beside) = match header.strip_suffix([')', ']']) {
        Some(inner) => inner.rsplit_once(['(', '['])?,
        None => header.rsplit_once([' ', '_'])?,
    };
    let name = name.trim().trim_end_matches(['_', ',']);
    let name = name.strip_suffix(" in").or(name.strip_suffix("_in")).unwrap_or(name);
    Some((name, beside.trim()))
}

/// The name and what stands beside it, if that is known. What makes it something else (`previous`,
/// `weighted`) is not.
fn known(header: &str) -> Option<(&str, Beside)> {
    if let Some(object) = object(header) {
        return Some((object, Beside::Key));
    }
    let (name, beside) = split(header)?;
    let is_in_brackets = header.trim().ends_with([')', ']']);
    let is_class = || {
        let is_letter = matches!(beside.as_bytes(), [b'A'..=b'Z']);
        is_letter && !matches!(beside, "K" | "M" | "B" | "T")
    };
    let found = if beside == "%" {
        Beside::Percent
    } else if is_utc(beside) {
        Beside::Utc
    } else if currency_of(beside, "USD").is_some() || scaled(beside, is_in_brackets).is_some() {
        Beside::Currency
    } else if !is_in_brackets {
        return None;
    } else if beside.eq_ignore_ascii_case("converted") {
        Beside::Currency
    } else if is_form(beside) {
        Beside::Form
    } else if is_class() {
        Beside::Class
    } else {
        return None;
    };
    Some((name, found))
}

/// The keys whose values stand for the object they are in: an owner is called by the name.
const WHOLE: [&str; 2] = ["name", "amount"];

/// Whether the value of a key stands for the object that it is in.
pub(super) fn is_whole(key: &str) -> bool {
    WHOLE.iter().any(|whole| whole.eq_ignore_ascii_case(key))
}

/// The object that a header has the name or the amount of: `owner.name`.
fn object(header: &str) -> Option<&str> {
    let (object, key) = header.trim().rsplit_once('.')?;
    (is_whole(key) && !object.is_empty()).then_some(object)
}

/// Words for thousands and millions, with the zeros they stand for; the longer ones first.
const SCALES: [(&str, u32); 18] = [
    ("thousands", 3),
    ("thousand", 3),
    ("'000", 3),
    ("000s", 3),
    ("000", 3),
    ("tsd.", 3),
    ("tsd", 3),
    ("millions", 6),
    ("million", 6),
    ("mio.", 6),
    ("mio", 6),
    ("mn", 6),
    ("百万", 6),
    ("万", 4),
    ("千", 3),
    ("k", 3),
    ("m", 6),
    ("t", 3),
];

/// The zeros that a scale stands for, with what is left beside it: `k€`, `USD thousands`, `k` in brackets.
fn scaled(beside: &str, is_in_brackets: bool) -> Option<(u32, String)> {
    let text = beside.trim().to_lowercase();
    let text = text.strip_prefix("in ").unwrap_or(&text);
    let is_code = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    if is_code && currency_of(&text.to_uppercase(), "USD").is_some() {
        return None;
    }
    SCALES.into_iter().find_map(|(word, zeros)| {
        let rest = text.strip_prefix(word).or_else(|| text.strip_suffix(word))?.trim();
        let is_alone = rest.is_empty() && is_in_brackets && word != "t";
        let is_currency = !rest.is_empty() && currency_of(&rest.to_uppercase(), "USD").is_some();
        (is_alone || is_currency).then(|| (zeros, rest.to_uppercase()))
    })
}

/// The zeros that amounts lack by their header.
pub(super) fn zeros(header: &str) -> u32 {
    let is_in_brackets = header.trim().ends_with([')', ']']);
    let scaled = split(header).and_then(|(_, beside)| scaled(beside, is_in_brackets));
    scaled.map_or(0, |(zeros, _)| zeros)
}

/// A header's name without what stands beside it, if that leaves the column what it is.
pub(super) fn name(header: &str, col: Col) -> Option<&str> {
    known(header).filter(|(_, beside)| beside.fits(col)).map(|(name, _)| name)
}

/// How a date is written: `dd/mm/yyyy`.
fn is_form(beside: &str) -> bool {
    let text = beside.to_ascii_lowercase();
    let is_part = |c: char| matches!(c, 'y' | 'm' | 'd' | 'h' | 's' | ':' | '/' | '-' | '.' | ' ');
    text.contains("yy") && text.chars().all(is_part)
}

fn is_utc(beside: &str) -> bool {
    ["utc", "gmt"].iter().any(|zone| zone.eq_ignore_ascii_case(beside))
}

fn currency_of(beside: &str, own: &str) -> Option<String> {
    currency::shown(&format!("1 {beside}"), own)
}

/// The code of the currency that stands beside the name of amounts; `own` is the configured one.
pub(super) fn currency(header: &str, own: &str) -> Option<String> {
    let (_, beside) = split(header)?;
    match scaled(beside, false) {
        Some((_, rest)) => currency_of(&rest, own),
        None => currency_of(beside, own),
    }
}

/// Whether times are told to be in Coordinated Universal Time.
pub(super) fn tells_utc(header: &str) -> bool {
    split(header).is_some_and(|(_, beside)| is_utc(beside))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_beside_a_name() {
        for header in ["Amount (EUR)", "Amount [EUR]", " Amount in EUR", "Amount EUR "] {
            assert_eq!(split(header), Some(("Amount", "EUR")), "{header}");
        }
        assert_eq!(split("amount_in_eur"), Some(("amount", "eur")));
        assert_eq!(split("amount_(eur)"), Some(("amount", "eur")));
        assert_eq!((split("Amount"), split("a)")), (None, None));
        assert_eq!(currency("Amount ($)", "CAD"), Some("CAD".to_owned()));
        assert!(tells_utc("Created Date (UTC)") && tells_utc("created_at_utc"));
    }

    #[test]
    fn a_header_with_something_beside_its_name_stands_for_one_without() {
        let at = |header: &str, name: &str| {
            let col = match name {
                "amount" => Col::Amount,
                "probability" => Col::Probability,
                "stage" => Col::Stage,
                "deal" => Col::Name,
                _ => Col::CreatedAt,
            };
            Folded::new(&[String::new(), header.to_owned()]).find(&[name.to_owned()], Some(col))
        };
        for (header, name) in [
            ("Amount (converted)", "amount"),
            ("Amount (USD)", "amount"),
            ("Amount €", "amount"),
            ("Amount, $", "amount"),
            ("Probability, %", "probability"),
            ("Close Date (A)", "close_date"),
            ("Close Date [dd.mm.yyyy]", "close_date"),
            ("Created Date (UTC)", "created_date"),
            ("created_at_utc", "created_at"),
            ("Probability (%)", "probability"),
            ("Probability %", "probability"),
            ("Stage.Name", "stage"),
            ("amount.amount", "amount"),
        ] {
            assert_eq!(at(header, name), Some(1), "{header}");
        }
        for (header, name) in [
            ("Amount K", "amount"),
            ("Amount (weighted)", "amount"),
            ("Stage (previous)", "stage"),
            ("Close Date A", "close_date"),
            ("Close Date (EST)", "close_date"),
            ("Deal (USD)", "deal"),
            ("stage.id", "stage"),
        ] {
            assert_eq!(at(header, name), None, "{header}");
        }
    }

    #[test]
    fn scales_of_amounts() {
        for (header, expected) in [
            ("Amount (k€)", 3),
            ("Value ($k)", 3),
            ("Betrag (TEUR)", 3),
            ("Amount (M$)", 6),
            ("Amount (Mio. €)", 6),
            ("Amount (in thousands)", 3),
            ("金額(万)", 4),
            ("Amount (K)", 3),
            ("Amount (KRW)", 0),
            ("Amount (MXN)", 0),
            ("Amount (EUR)", 0),
            ("Amount K", 0),
            ("Amount", 0),
        ] {
            assert_eq!(zeros(header), expected, "{header}");
        }
        assert_eq!(currency("Amount (k€)", "USD").as_deref(), Some("EUR"));
        assert_eq!(currency("Betrag (TEUR)", "USD").as_deref(), Some("EUR"));
    }

    #[test]
    fn a_name_alone_goes_first() {
        let headers = ["Amount (USD)", "Value", "Amount (EUR)"].map(str::to_owned);
        let folded = Folded::new(&headers);
        let names = ["amount".to_owned(), "value".to_owned()];
        assert_eq!(folded.find(&names, Some(Col::Amount)), Some(1));
        assert_eq!(folded.find(&names[..1], Some(Col::Amount)), Some(0), "the first of several");
    }
}
