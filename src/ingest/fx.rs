//! The rows of a file of exchange rates.

use std::borrow::Cow;

use super::cells::Record;
use super::columns::Col;
use super::context::Context;
use super::mapping::DecimalMark;
use super::part::{Bad, Part};
use super::period_name;
use crate::model::{Day, FxRate};

/// A row of a file of rates: what a unit of the currency is worth in the base currency, or how many
/// units of it the base currency is worth.
pub(super) fn rate(
    record: &Record<'_>,
    part: &mut Part<FxRate>,
    context: &Context<'_>,
) -> Result<(), Bad> {
    if !context.plan.wide.is_empty() {
        return rates(record, part, context);
    }
    let Some(currency) = record.currency()?.map(Cow::into_owned) else {
        return Err(record.bad(Col::Currency, "", "an exchange rate needs a currency", true));
    };
    let (mut rate_on, mut holds_until) = (FxRate::ALWAYS.0, Some(FxRate::ALWAYS.1));
    if context.plan.has(Col::RateOn) {
        let on = match first_day(record, context) {
            Some(day) => day,
            None => day(record)?,
        };
        (rate_on, holds_until) = (on, part.cell(record.date(Col::HoldsUntil)));
    }
    let (num, den) = match (record.rate(Col::Rate)?, record.rate(Col::UnitsPerBase)?) {
        (Some(rate), _) => rate,
        (None, Some((num, den))) => (den, num),
        (None, None) => {
            return Err(record.bad(Col::Rate, "", "an exchange rate needs a number", true));
        }
    };
    let Some((currency, (num, den))) = in_base(record, context, currency, (num, den)) else {
        part.count_other_base();
        return Ok(());
    };
    part.rows.push(FxRate { currency, rate_on, holds_until, num, den });
    Ok(())
}

/// A row with a column for each currency: how many units of it one of the table's own is worth.
fn rates(record: &Record<'_>, part: &mut Part<FxRate>, context: &Context<'_>) -> Result<(), Bad> {
    let rate_on = day(record)?;
    let mut units: Vec<(&str, (i64, i64))> = Vec::new();
    units.extend(context.plan.file.defaults.get(Col::Base.name()).map(|own| (&**own, (1, 1))));
    for (at, code) in &context.plan.wide {
        let header = context.plan.headers.get(*at).unwrap_or(code);
        let rate = record.rate_at(*at).map_err(|bad| bad.of(header.clone()));
        units.extend(part.cell(rate).map(|rate| (&**code, rate)));
    }
    let base = context.config.base_currency.as_deref();
    let of_base = units.iter().find(|(code, _)| base.is_none_or(|base| *code == base)).copied();
    let Some((_, base)) = of_base else {
        part.count_other_base();
        return Ok(());
    };
    for (currency, of_own) in units {
        let rate = quotient(base, of_own)
            .map(Some)
            .ok_or_else(|| record.bad(Col::Rate, currency, "a rate of too many digits", false));
        if let Some((num, den)) = part.cell(rate) {
            let currency = currency.to_owned();
            part.rows.push(FxRate { currency, rate_on, holds_until: None, num, den });
        }
    }
    Ok(())
}

/// One fraction divided by another, in lowest terms; none if it is beyond 64 bits.
fn quotient(a: (i64, i64), b: (i64, i64)) -> Option<(i64, i64)> {
    Some(reduced(a.0.checked_mul(b.1)?, a.1.checked_mul(b.0)?))
}

/// A currency and what it is worth in the base currency; none if the rate is between two others. A rate that says
/// nothing of the other side is taken to be one of the base currency.
fn in_base(
    record: &Record<'_>,
    context: &Context<'_>,
    currency: String,
    (num, den): (i64, i64),
) -> Option<(String, (i64, i64))> {
    let other = record.text(Col::Base).map(|text| text.trim().to_uppercase());
    match (other, context.config.base_currency.as_ref()) {
        (Some(other), Some(base)) if other != *base => {
            (currency == *base).then_some((other, (den, num)))
        }
        _ => Some((currency, (num, den))),
    }
}

/// The day of a rate.
fn day(record: &Record<'_>) -> Result<Day, Bad> {
    let needed = || record.bad(Col::RateOn, "", "an exchange rate needs a date", true);
    record.date(Col::RateOn)?.ok_or_else(needed)
}

/// The first day of the period that a rate is for, if it is called by one: `2026-03`, `Mar 2026`, or `3` beside
/// a year.
fn first_day(record: &Record<'_>, context: &Context<'_>) -> Option<Day> {
    let text = record.text(Col::RateOn)?;
    let calendar = (&context.periods.months, context.fiscal());
    let days = |name: &str| period_name::days(name, calendar, context.times.order);
    let is_day = || context.plan.index(Col::Year).is_none() && record.date(Col::RateOn).is_ok();
    let beside = || days(&format!("{text} {}", record.text(Col::Year)?));
    if is_day() { None } else { days(&text).or_else(beside).map(|(first, _)| first) }
}

/// Digits of a rate at most, and digits after its point at most; what programs write beyond is rounded.
const DIGITS: i32 = 18;

/// A decimal above 0 as a fraction in lowest terms. A mark that may be one of thousands is refused: a
/// rate a thousand times too large is worse than none.
pub(super) fn fraction(text: &str, mark: DecimalMark) -> Option<(i64, i64)> {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let (mantissa, shift) = match text.split_once(['e', 'E']) {
        Some((mantissa, shift)) => (mantissa, shift.parse::<i32>().ok()?),
        None => (text.as_str(), 0),
    };
    let (whole, decimals) = point(mantissa, mark)?;
    let digits = format!("{whole}{decimals}");
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let digits = digits.trim_start_matches('0');
    let scale = i32::try_from(decimals.len()).ok()?.checked_sub(shift)?;
    let kept = digits.trim_end_matches('0');
    let scale = scale.checked_sub(i32::try_from(digits.len() - kept.len()).ok()?)?;
    if !is_number || kept.is_empty() {
        return None;
    }
    let length = i32::try_from(kept.len()).ok()?;
    let surplus = (length - DIGITS).max(scale - DIGITS).max(0);
    let scale = scale - surplus;
    if scale < -DIGITS {
        return None;
    }
    let number = rounded(kept, usize::try_from(length.checked_sub(surplus)?).ok()?)?;
    let power = 10_i64.checked_pow(scale.unsigned_abs())?;
    let (num, den) = if scale < 0 { (number.checked_mul(power)?, 1) } else { (number, power) };
    Some(reduced(num, den))
}

/// The first `count` of some digits, the others rounded half to even; none if nothing is left.
fn rounded(digits: &str, count: usize) -> Option<i64> {
    let (kept, rest) = digits.split_at_checked(count)?;
    let number: i64 = if kept.is_empty() { 0 } else { kept.parse().ok()? };
    let is_half = rest.starts_with('5') && rest[1..].bytes().all(|b| b == b'0');
    let is_up = rest.as_bytes().first() >= Some(&b'5') && !(is_half && number % 2 == 0);
    Some(number + i64::from(is_up)).filter(|&number| number > 0)
}

/// The parts of a decimal before and after its mark, marks of thousands taken away.
fn point(text: &str, mark: DecimalMark) -> Option<(String, String)> {
    let is_comma = matches!(mark, DecimalMark::Comma | DecimalMark::OpenComma);
    let Some(at) = text.rfind(['.', ',']) else {
        return Some((text.to_owned(), String::new()));
    };
    let (whole, decimals) = (&text[..at], &text[at + 1..]);
    let own = text[at..].chars().next()?;
    let other = if own == '.' { ',' } else { '.' };
    let is_expected = own == if is_comma { ',' } else { '.' };
    let is_grouped = whole.contains(other);
    if whole.contains(own) || decimals.len() == 3 && !is_expected && !is_grouped {
        return None;
    }
    let groups: Vec<&str> = whole.split(other).collect();
    let is_even = groups.iter().skip(1).all(|group| group.len() == 3);
    is_even.then(|| (groups.concat(), decimals.to_owned()))
}

/// A fraction of two numbers above 0 in lowest terms.
fn reduced(num: i64, den: i64) -> (i64, i64) {
    let (mut shared, mut rest) = (num, den);
    while rest != 0 {
        (shared, rest) = (rest, shared % rest);
    }
    (num / shared, den / shared)
}

#[cfg(test)]
mod tests {
    use super::*;

    const E18: i64 = 1_000_000_000_000_000_000;

    #[test]
    fn rates_are_exact_fractions() {
        for (text, mark, expected) in [
            ("1.0837", DecimalMark::Point, Some((10_837, 10_000))),
            ("1.250", DecimalMark::Point, Some((5, 4))),
            ("0.000061", DecimalMark::Point, Some((61, 1_000_000))),
            ("6.1E-05", DecimalMark::Point, Some((61, 1_000_000))),
            ("1,0837", DecimalMark::Point, Some((10_837, 10_000))),
            ("1,125", DecimalMark::Comma, Some((9, 8))),
            ("16,234.5", DecimalMark::Point, Some((32_469, 2))),
            ("16.234,5", DecimalMark::Comma, Some((32_469, 2))),
            ("4500", DecimalMark::Point, Some((4_500, 1))),
            (".5", DecimalMark::Point, Some((1, 2))),
            ("16,234", DecimalMark::Point, None),
            ("16.234", DecimalMark::Comma, None),
            ("1.2.3", DecimalMark::Point, None),
            ("0", DecimalMark::Point, None),
            ("0.00", DecimalMark::Point, None),
            ("-1.1", DecimalMark::Point, None),
            ("one", DecimalMark::Point, None),
            ("", DecimalMark::Point, None),
            (".", DecimalMark::Point, None),
            ("1e30", DecimalMark::Point, None),
            ("1e-30", DecimalMark::Point, None),
            // As programs write 1 / 25400 and 1 / 1380.
            ("3.937007874015748e-05", DecimalMark::Point, Some((39_370_078_740_157, E18))),
            ("0.0007246376811594203", DecimalMark::Point, Some((36_231_884_057_971, E18 / 20))),
            ("0.1234567890123456789", DecimalMark::Point, Some((123_456_789_012_345_679, E18))),
            ("0.00000000000000000051", DecimalMark::Point, Some((1, E18))),
            ("0.0000000000000000005", DecimalMark::Point, None),
        ] {
            assert_eq!(fraction(text, mark), expected, "{text}");
        }
    }
}
