//! Money as integer minor units (METRICS 1.1): cents for most currencies, none for yen.

/// Digits after the decimal point of a currency (ISO 4217); 2 for a currency that is not listed.
pub fn exponent(currency: &str) -> u32 {
    match currency.as_bytes() {
        b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG" | b"RWF"
        | b"UGX" | b"UYI" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
        b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
        b"CLF" | b"UYW" => 4,
        _ => 2,
    }
}

/// Minor units of a plain decimal number (`-1234.5`), rounded half to even; `None` if it is not one
/// or does not fit an `i64`.
pub fn parse_minor(text: &str, exponent: u32) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, shift) = scientific(digits)?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let keep = exponent as i32 + shift;
    let mut value: i128 = 0;
    let mut rest: Vec<u8> = Vec::new();
    let point = whole.len() as i32;
    for (at, byte) in whole.bytes().chain(fraction.bytes()).enumerate() {
        if !byte.is_ascii_digit() {
            return None;
        }
        if (at as i32) < point + keep {
            value = value.checked_mul(10)?.checked_add(i128::from(byte - b'0'))?;
        } else {
            rest.push(byte - b'0');
        }
    }
    if point + keep < 0 {
        // Below a tenth of the smallest unit.
        return Some(0);
    }
    let given = (whole.len() + fraction.len()) as i32;
    for _ in given..point + keep {
        value = value.checked_mul(10)?;
    }
    value += i128::from(round_up(value, &rest));
    i64::try_from(if negative { -value } else { value }).ok()
}

/// Splits `1.5e3` into `1.5` and 3.
fn scientific(digits: &str) -> Option<(&str, i32)> {
    match digits.find(['e', 'E']) {
        None => Some((digits, 0)),
        Some(at) => {
            let shift: i32 = digits[at + 1..].parse().ok()?;
            (shift.unsigned_abs() <= 18).then_some((&digits[..at], shift))
        }
    }
}

fn round_up(value: i128, rest: &[u8]) -> bool {
    match rest.split_first() {
        None => false,
        Some((5, tail)) if tail.iter().all(|&d| d == 0) => value % 2 == 1,
        Some((first, _)) => *first >= 5,
    }
}

/// `of / by`, rounded half to even; `by` must be above 0.
pub fn div_half_even(of: i128, by: i128) -> i128 {
    let (whole, rest) = (of.div_euclid(by), of.rem_euclid(by));
    match rest.cmp(&(by - rest)) {
        std::cmp::Ordering::Less => whole,
        std::cmp::Ordering::Equal => whole + whole.rem_euclid(2),
        std::cmp::Ordering::Greater => whole + 1,
    }
}

/// Minor units as a number of major units.
pub fn to_major(minor: i128, exponent: u32) -> f64 {
    minor as f64 / 10f64.powi(exponent as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_become_minor_units_half_to_even() {
        for (text, expected) in [
            ("600.84", Some(60084)),
            ("1054", Some(105_400)),
            ("-0.5", Some(-50)),
            ("0.125", Some(12)),
            ("0.135", Some(14)),
            ("0.1251", Some(13)),
            ("1.5e3", Some(150_000)),
            ("15e-1", Some(150)),
            (".5", Some(50)),
            ("9E-5", Some(0)),
            ("0.00009", Some(0)),
            ("95e-4", Some(1)),
            ("9e-2147483648", None),
            ("12.", Some(1200)),
            ("", None),
            (".", None),
            ("1,000", None),
            ("abc", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(parse_minor(text, 2), expected, "{text}");
        }
        for (of, by, expected) in [
            (5, 2, 2),
            (7, 2, 4),
            (-5, 2, -2),
            (-7, 2, -4),
            (8, 3, 3),
            (-8, 3, -3),
            (7, 3, 2),
            (0, 9, 0),
            (-15, 10, -2),
            (-16, 10, -2),
            (10_360_145_000, 10_000, 1_036_014),
        ] {
            assert_eq!(div_half_even(of, by), expected, "{of} / {by}");
        }
        assert_eq!(parse_minor("1234.5", 0), Some(1234));
        assert_eq!(parse_minor("1.2345", 3), Some(1234));
    }
}
