//! A currency's code from what stands in a cell.

use std::collections::BTreeMap;

use super::number;
use super::part::Part;
use super::rows::{DealRow, word};
use super::words::Word;
use crate::model::money::exponent;
use crate::model::{Config, counted};

/// The code of a currency's code or symbol; `own` is the configured one, which symbols of several
/// currencies stand for.
pub(super) fn code(text: &str, own: &str) -> Option<String> {
    let code = match text {
        "€" => "EUR",
        "£" => "GBP",
        "$" => own,
        "¥" | "￥" if own == "CNY" => "CNY",
        "¥" | "￥" => "JPY",
        "₹" => "INR",
        "₩" => "KRW",
        "US$" => "USD",
        "R$" => "BRL",
        // Dynamics writes names.
        "Euro" => "EUR",
        "US Dollar" => "USD",
        "Pound Sterling" => "GBP",
        "Swiss Franc" => "CHF",
        "Canadian Dollar" => "CAD",
        "Australian Dollar" => "AUD",
        _ if text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
            return Some(text.to_ascii_uppercase());
        }
        _ => return None,
    };
    Some(code.to_owned())
}

/// How the currency of an amount is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// By its column.
    Told,
    /// By nothing: it is the configured one.
    Unsaid,
    /// By the header of the amounts, or because they show this one only.
    One(String),
    /// The amounts show several: one with a symbol is in its own, one without in that of the header, or else
    /// in the configured one.
    Each(Option<String>),
}

/// The currencies that the amounts of a file show, each with the first amount that does.
#[derive(Clone, Debug, Default)]
pub(super) struct Shown(BTreeMap<String, String>);

impl Shown {
    /// Notes the currency that stands beside an amount.
    pub(super) fn add(&mut self, amount: &str, own: &str) {
        if let Some(code) = shown(amount, own) {
            self.0.entry(code).or_insert_with(|| amount.to_owned());
        }
    }

    /// Adds those of amounts further down in the file.
    pub(super) fn join(&mut self, below: &Self) {
        for (code, amount) in &below.0 {
            self.0.entry(code.clone()).or_insert_with(|| amount.clone());
        }
    }

    /// How the currencies of the amounts are known, where `unit` is that of their header.
    pub(super) fn known(&self, unit: Option<&String>, own: &str) -> Known {
        let unsaid = || unit.cloned().map_or(Known::Unsaid, Known::One);
        let usual = unit.map_or(own, String::as_str);
        match (self.0.first_key_value(), self.0.len()) {
            (None, _) => unsaid(),
            (Some((code, _)), 1) if code == usual => unsaid(),
            (Some((code, _)), 1) if unit.is_none() => Known::One(code.clone()),
            _ => Known::Each(unit.cloned()),
        }
    }

    /// What is to be said of the amounts of a file whose currencies are so known.
    pub(super) fn said(&self, known: &Known, own: &str, file: &str) -> Option<String> {
        let examples = self.0.iter().map(|(code, amount)| format!("{code} by `{amount}`"));
        let examples = examples.collect::<Vec<_>>().join(", ");
        match known {
            Known::One(_) if !self.0.is_empty() => Some(format!(
                "Amounts of `{file}` are in {examples}, those without a symbol too; a column `currency` \
                 changes that."
            )),
            Known::Each(unit) => Some(format!(
                "Amounts of `{file}` are in several currencies ({examples}), those without a symbol in {}; \
                 a column `currency` changes that.",
                unit.as_deref().unwrap_or(own)
            )),
            _ => None,
        }
    }
}

/// Fills the empty cells of a column of currencies: with the only one that it names, if no more amounts are
/// without one and no other one is configured; else with the configured one. Returns what is to be said of it.
pub(super) fn fill(parts: &mut [Part<DealRow>], shown: &str, config: &Config) -> Option<String> {
    let mut named: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut is_any_blank, mut valued) = (false, 0);
    for part in parts.iter() {
        let mut of_part: BTreeMap<Word, usize> = BTreeMap::new();
        for row in &part.rows {
            match row.words[word::CURRENCY] {
                code if code != Word::default() => *of_part.entry(code).or_default() += 1,
                _ => {
                    is_any_blank = true;
                    valued += usize::from(row.amount_minor.get().is_some());
                }
            }
        }
        of_part.into_iter().for_each(|(w, n)| *named.entry(part.words.get(w)).or_default() += n);
    }
    if !is_any_blank {
        return None;
    }
    let is_usual = config.currency == Config::default().currency;
    let only = named.first_key_value().filter(|_| named.len() == 1 && is_usual);
    let only =
        only.filter(|(code, n)| **n >= valued && exponent(code) == exponent(&config.currency));
    let own = only.map_or(&*config.currency, |(code, _)| code).to_owned();
    let why = if only.is_some() { "as all others are" } else { "as `currency` has it" };
    for part in parts {
        let own = part.words.intern(&own);
        for row in part.rows.iter_mut().filter(|r| r.words[word::CURRENCY] == Word::default()) {
            row.words[word::CURRENCY] = own;
        }
    }
    let amounts = counted(valued, "amount");
    (valued > 0)
        .then(|| format!("{amounts} of `{shown}` without a currency: taken to be in {own}, {why}."))
}

/// The code of the currency that stands beside the number of an amount (`€ 1.200,50`, `900 EUR`);
/// none where nothing does, or what could be something else (`1200 NET`, `kr`).
pub(super) fn shown(amount: &str, own: &str) -> Option<String> {
    const CODES: [&str; 22] = [
        "EUR", "USD", "GBP", "CHF", "JPY", "CNY", "CAD", "AUD", "NZD", "SEK", "NOK", "DKK", "PLN",
        "CZK", "HUF", "INR", "BRL", "MXN", "SGD", "HKD", "ZAR", "TRY",
    ];
    let dress = number::dress(amount)?;
    let upper = dress.to_uppercase();
    let code = match upper.as_str() {
        "EURO" | "EUROS" => "EUR",
        "SFR" | "SFR." => "CHF",
        "ZŁ" => "PLN",
        "KČ" => "CZK",
        "元" => "CNY",
        "円" => "JPY",
        "A$" | "AU$" => "AUD",
        "C$" | "CA$" => "CAD",
        "NZ$" => "NZD",
        "HK$" => "HKD",
        "S$" => "SGD",
        "＄" => own,
        "￡" => "GBP",
        other if CODES.contains(&other) => other,
        other if !other.bytes().all(|b| b.is_ascii_alphabetic()) => return code(other, own),
        _ => return None,
    };
    Some(code.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_shows_its_currency() {
        for (amount, expected) in [
            ("€ 1.200,50", Some("EUR")),
            ("1.234,56 €", Some("EUR")),
            ("-£900", Some("GBP")),
            ("USD 1,234.00", Some("USD")),
            ("$3,000", Some("CAD")),
            ("US$3,000", Some("USD")),
            ("A$ 5", Some("AUD")),
            ("12,5 euros", Some("EUR")),
            ("1,2M €", Some("EUR")),
            ("1200", None),
            ("(1,200)", None),
            ("1200 NET", None),
            ("500 kr", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(shown(amount, "CAD").as_deref(), expected, "{amount}");
        }
    }

    #[test]
    fn all_amounts_of_a_file_tell_how_their_currency_is_known() {
        let known = |amounts: &[&str], unit: Option<&str>| {
            let mut all = Shown::default();
            amounts.iter().for_each(|amount| all.add(amount, "USD"));
            all.known(unit.map(str::to_owned).as_ref(), "USD")
        };
        let one = |code: &str| Known::One(code.to_owned());
        assert_eq!(known(&["5", "7"], None), Known::Unsaid);
        assert_eq!(known(&["5", "$7"], None), Known::Unsaid);
        assert_eq!(known(&["5", "€7"], None), one("EUR"));
        assert_eq!(known(&["$5", "€7"], None), Known::Each(None));
        assert_eq!(known(&["5", "€7"], Some("EUR")), one("EUR"));
        assert_eq!(known(&["5", "$7"], Some("EUR")), Known::Each(Some("EUR".to_owned())));
    }

    #[test]
    fn codes_and_symbols() {
        for (text, own, expected) in [
            ("eur", "USD", Some("EUR")),
            ("€", "USD", Some("EUR")),
            ("$", "CAD", Some("CAD")),
            ("£", "USD", Some("GBP")),
            ("¥", "USD", Some("JPY")),
            ("¥", "CNY", Some("CNY")),
            ("euro", "USD", None),
            ("XXXX", "USD", None),
            ("E1R", "USD", None),
            ("", "USD", None),
        ] {
            assert_eq!(code(text, own).as_deref(), expected, "{text}");
        }
    }
}
