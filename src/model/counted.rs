//! Counts in words that people read.

/// `1 deal`, `2 deals`: a count with what is counted, by the word for one of it.
pub fn counted(count: impl TryInto<u64>, one: &str) -> String {
    let count = count.try_into().unwrap_or(u64::MAX);
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {one}{ending}")
}

/// `a, b and 3 more`: the first `most` of some words, and how many there are beyond them.
pub fn listed(words: impl IntoIterator<Item = String>, most: usize) -> String {
    let mut words = words.into_iter();
    let first: Vec<String> = words.by_ref().take(most).collect();
    let more = match words.count() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", first.join(", "))
}

#[cfg(test)]
mod tests {
    use super::{counted, listed};

    #[test]
    fn what_is_not_listed_is_counted() {
        let of = |words: &[&str]| listed(words.iter().map(|word| (*word).to_owned()), 2);
        assert_eq!(
            ["", "a", "a, b", "a, b and 1 more"],
            [&[][..], &["a"], &["a", "b"], &["a", "b", "c"]].map(of)
        );
    }

    #[test]
    fn one_stands_without_an_ending() {
        assert_eq!([0, 1, 2].map(|n| counted(n, "deal")), ["0 deals", "1 deal", "2 deals"]);
    }
}
