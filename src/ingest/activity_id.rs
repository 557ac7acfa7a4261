//! Ids of activities in eight bytes: enough to tell them apart, and short ones in their order.

use super::words::fixed_hash;

/// Longest ids whose order is kept: of digits alone, and of letters, digits and hyphens.
const DIGITS: usize = 15;
const CHARACTERS: usize = 10;
const IS_MIXED: u64 = 1 << 62;
const IS_HASH: u64 = 1 << 63;

/// The id as a number, never 0: a short one packed so that numbers compare as the ids do (digits before
/// others), any other one by its hash.
pub(super) fn pack(id: &str) -> u64 {
    let bytes = id.as_bytes();
    let digit = |byte: &u8| byte.is_ascii_digit().then(|| u64::from(byte - b'0' + 1));
    if let Some(packed) = fixed(bytes, DIGITS, 4, digit) {
        return packed;
    }
    fixed(bytes, CHARACTERS, 6, character)
        .map_or_else(|| fixed_hash(id) | IS_HASH, |packed| packed | IS_MIXED)
}

/// What activities of one time are put in order by: ids that are hashes say nothing of it.
pub(super) fn order(id: u64) -> u64 {
    id.min(IS_HASH)
}

fn character(byte: &u8) -> Option<u64> {
    let place = match byte {
        b'-' => 1,
        b'0'..=b'9' => byte - b'0' + 2,
        b'A'..=b'Z' => byte - b'A' + 12,
        b'a'..=b'z' => byte - b'a' + 38,
        _ => return None,
    };
    Some(place.into())
}

/// Up to `most` bytes of `bits` each, from the left; what is not there is 0.
fn fixed(id: &[u8], most: usize, bits: u32, code: impl Fn(&u8) -> Option<u64>) -> Option<u64> {
    if id.is_empty() || id.len() > most {
        return None;
    }
    let packed = id.iter().try_fold(0, |packed, byte| Some(packed << bits | code(byte)?))?;
    Some(packed << (bits * (most - id.len()) as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_ids_compare_as_text_does() {
        let digits = ["0", "00", "1", "10", "100000000000000", "2", "999999999999999"];
        let others =
            ["-1", "1-", "A000000001", "A000000002", "A1", "Z", "a", "a1", "aZ", "zzzzzzzzzz"];
        for ids in [&digits[..], &others[..]] {
            assert!(ids.is_sorted(), "{ids:?}");
            let packed: Vec<u64> = ids.iter().map(|id| pack(id)).collect();
            assert!(packed.windows(2).all(|pair| 0 < pair[0] && pair[0] < pair[1]), "{packed:?}");
        }
    }

    #[test]
    fn long_ids_are_told_apart_and_have_no_order() {
        let ids = ["00Tg00000000000001", "00Tg00000000000002", "1234567890123456", "a_b", ""];
        for (at, id) in ids.iter().enumerate() {
            assert!(ids[..at].iter().all(|other| pack(other) != pack(id)));
            assert_eq!(order(pack(id)), IS_HASH);
        }
    }
}
