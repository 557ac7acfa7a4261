//! Ids of Salesforce: 15 characters that differ by case, or those with three more that tell the case.

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
}
