//! Counts in words that people read.

/// `1 deal`, `2 deals`: a count with what is counted, by the word for one of it.
pub fn counted(count: impl TryInto<u64>, one: &str) -> String {
    let count = count.try_into().unwrap_or(u64::MAX);
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {one}{ending}")
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn one_stands_without_an_ending() {
        assert_eq!([0, 1, 2].map(|n| counted(n, "deal")), ["0 deals", "1 deal", "2 deals"]);
    }
}
