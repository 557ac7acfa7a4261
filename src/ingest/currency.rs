//! A currency's code from what stands in a cell.

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
        _ if text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
            return Some(text.to_ascii_uppercase());
        }
        _ => return None,
    };
    Some(code.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

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
