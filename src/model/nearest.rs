//! The name that was probably meant.

/// The candidate nearest to `name`: the same letters in another case first, then the fewest edits,
/// at most a third of its letters (at least two); ties go to the first in order.
pub fn nearest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let limit = (name.chars().count() / 3).max(2);
    let wanted = name.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (edits(&wanted, &candidate.to_lowercase()), candidate))
        .filter(|(edits, _)| *edits <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// A question about the name that was probably meant, a blank before it; empty if none is near.
pub fn did_you_mean<'c>(name: &str, known: impl IntoIterator<Item = &'c str>) -> String {
    nearest(name, known).map_or(String::new(), |meant| format!(" Did you mean `{meant}`?"))
}

/// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`
/// (optimal string alignment).
fn edits(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let mut least = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    least = least.min(rows[i - 2][j - 2] + 1);
                }
                least
            };
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_found_and_a_stranger_is_not() {
        let names = ["deals", "stage_visits", "stages", "owner", "owner_id"];
        for (name, expected) in [
            ("deal", Some("deals")),
            ("Deals", Some("deals")),
            ("dealss", Some("deals")),
            ("stage_visit", Some("stage_visits")),
            ("onwer", Some("owner")),
            ("ownerid", Some("owner_id")),
            ("revenue", None),
        ] {
            assert_eq!(nearest(name, names), expected, "{name}");
        }
    }
}
