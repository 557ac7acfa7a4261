//! Forms of one id. Ids of Salesforce: 15 characters that differ by case, or those with three more that tell the case.

use std::borrow::Cow;

/// The other form of an id; none if it is no such id, or its last three characters are not the check of
/// the others.
pub(super) fn other_form(id: &str) -> Option<String> {
    let head = id.get(..15)?;
    if !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let check = check(head);
    match id.get(15..)? {
        "" => Some(format!("{head}{check}")),
        tail if tail.eq_ignore_ascii_case(&check) => Some(head.to_owned()),
        _ => None,
    }
}

/// One character for each five: which of them are upper case, as a number.
fn check(head: &str) -> String {
    const DIGITS: [u8; 32] = *b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
    let digit = |five: &[u8]| {
        let bits = five.iter().enumerate().filter(|(_, byte)| byte.is_ascii_uppercase());
        char::from(DIGITS[bits.map(|(at, _)| 1 << at).sum::<usize>()])
    };
    head.as_bytes().chunks(5).map(digit).collect()
}

/// The ids that another file may have for this one.
pub(super) fn others(id: &str, has_checked_ids: bool) -> impl Iterator<Item = String> {
    let other = has_checked_ids.then(|| other_form(id)).flatten();
    other.into_iter().chain(whole(id).map(str::to_owned)).chain(with_zeros(id))
}

/// A number with fewer or more zeros before it: a spreadsheet takes those away.
fn with_zeros(id: &str) -> impl Iterator<Item = String> {
    const WIDEST: usize = 12;
    let number = id.trim_start_matches('0');
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let widths = (number.len()..=WIDEST).filter(move |_| is_number);
    widths.map(move |width| format!("{number:0>width$}"))
}

/// The digits of an id that was written as a number: `1001.0`.
fn whole(id: &str) -> Option<&str> {
    let digits = id.strip_suffix(".0")?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then_some(digits)
}

/// Why such an id is refused.
pub(super) const SHORTENED: &str = "a spreadsheet shortened this id, and its last digits are lost: take the file as it was exported, or \
     make the column text before it is opened";

/// Whether an id was shortened by a spreadsheet, and is lost: `4.15087E+18`.
#[inline]
pub(super) fn is_shortened(id: &str) -> bool {
    matches!(id.as_bytes(), [b'0'..=b'9', b'.' | b',' | b'E' | b'e', ..]) && is_scientific(id)
}

#[cold]
fn is_scientific(id: &str) -> bool {
    let Some((number, power)) = id.split_once(['E', 'e']) else { return false };
    let are_digits = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b','))
    };
    are_digits(number) && power.strip_prefix('+').is_some_and(are_digits)
}

/// An id as it was before a program that has numbers only, and no empty whole ones, wrote `17.0` for `17`.
#[inline]
pub(super) fn without_point(text: Cow<'_, str>) -> Cow<'_, str> {
    let is_whole = |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    if !text.strip_suffix(".0").is_some_and(is_whole) {
        return text;
    }
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.strip_suffix(".0").unwrap_or(text)),
        Cow::Owned(text) => Cow::Owned(text.strip_suffix(".0").unwrap_or(&text).to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_lead_to_each_other() {
        for (short, long) in [
            ("001A0000006Vm9r", "001A0000006Vm9rIAC"),
            ("006A0000a000000", "006A0000a000000IAA"),
            ("00530000003xqAb", "00530000003xqAbAAI"),
        ] {
            assert_eq!(other_form(short).as_deref(), Some(long));
            assert_eq!(other_form(long).as_deref(), Some(short));
        }
        for none in
            ["", "006A0000a00000", "006A0000a000000AAA", "006A0000a00-000", "é06A0000a000000"]
        {
            assert_eq!(other_form(none), None, "{none}");
        }
    }

    #[test]
    fn numbers_that_were_ids() {
        assert_eq!(whole("1001.0"), Some("1001"));
        assert_eq!((whole("a.0"), whole("1001.5"), whole("1001")), (None, None, None));
        let padded: Vec<String> = others("0123", false).take(3).collect();
        assert_eq!(padded, ["123", "0123", "00123"]);
        assert_eq!(others("D-1", false).count(), 0);
        for lost in ["4.15087E+18", "4,15E+18", "1E+18", "4.1e+9"] {
            assert!(is_shortened(lost), "{lost}");
        }
        for id in ["4.15", "1E18", "5E+abc", "1001", "E+5", "3.E", ""] {
            assert!(!is_shortened(id), "{id}");
        }
    }
}
