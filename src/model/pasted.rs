//! Arguments as they stand in commands that are shown to be pasted.

/// An argument, in quotes if a shell would take it apart.
pub fn pasted(argument: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "_-./:,=+@%".contains(c);
    match !argument.is_empty() && argument.chars().all(is_plain) {
        true => argument.to_owned(),
        false => format!("'{}'", argument.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_take_apart_is_quoted() {
        for (argument, shown) in [
            ("exports/2026", "exports/2026"),
            ("", "''"),
            ("my store", "'my store'"),
            ("it's", r"'it'\''s'"),
            ("$HOME", "'$HOME'"),
        ] {
            assert_eq!(pasted(argument), shown);
        }
    }
}
