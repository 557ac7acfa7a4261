//! Ids of activities in sixteen bytes: told apart by the whole id, and in their order as far as they fit.

use super::words::fixed_hash;

/// Longest ids of letters, digits and hyphens that are kept whole.
const WHOLE: usize = 20;

/// Bits of a letter of those, and letters of one of the two numbers.
const BITS: usize = 6;
const HALF: usize = WHOLE / 2;

/// What ids are that do not fit: UUIDs, and any others.
const IS_UUID: u64 = 1 << 62;
const IS_OTHER: u64 = 1 << 63;

/// An id, and nothing for an activity that has none.
///
/// Up to twenty letters, digits and hyphens compare as their texts do, UUIDs among themselves too. Of any
/// other id the first seven bytes compare, then a hash of all. Short ids come first, UUIDs next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ActivityId([u64; 2]);

impl ActivityId {
    /// The id of a text.
    pub(super) fn new(id: &str) -> Self {
        let bytes = id.as_bytes();
        Self(whole(bytes).or_else(|| uuid(bytes)).unwrap_or_else(|| other(id)))
    }

    /// Whether there is none.
    pub(super) fn is_none(self) -> bool {
        self == Self::default()
    }
}

/// Set in the code of what is no letter.
const NONE: u8 = 0x80;

/// Letters as numbers from 1 on, in their order.
const CODES: [u8; 256] = {
    let mut codes = [NONE; 256];
    codes[b'-' as usize] = 1;
    let ranges = [(b'0', 10, 2), (b'A', 26, 12), (b'a', 26, 38)];
    let mut range = 0;
    while range < ranges.len() {
        let (first, count, code) = ranges[range];
        let mut at = 0;
        while at < count {
            codes[(first + at) as usize] = code + at;
            at += 1;
        }
        range += 1;
    }
    codes
};

fn whole(id: &[u8]) -> Option<[u64; 2]> {
    if id.is_empty() || id.len() > WHOLE {
        return None;
    }
    let (mut halves, mut seen) = ([0; 2], 0);
    for (half, letters) in halves.iter_mut().zip(id.chunks(HALF)) {
        let mut packed = 0;
        for letter in letters {
            let code = CODES[usize::from(*letter)];
            seen |= code;
            packed = packed << BITS | u64::from(code);
        }
        *half = packed << (BITS * (HALF - letters.len()));
    }
    (seen & NONE == 0).then_some(halves)
}

/// A UUID of RFC 9562, whose two bits of the variant are the same in all.
fn uuid(id: &[u8]) -> Option<[u64; 2]> {
    const HYPHENS: [usize; 4] = [8, 13, 18, 23];
    const VARIANT: u128 = 0b11 << 62;
    if id.len() != 36 || HYPHENS.iter().any(|&at| id[at] != b'-') {
        return None;
    }
    let digits = id.iter().enumerate().filter(|(at, _)| !HYPHENS.contains(at));
    let value = digits.map(|(_, byte)| char::from(*byte).to_digit(16));
    let value = value.into_iter().try_fold(0, |all, digit| Some(all << 4 | u128::from(digit?)))?;
    if value & VARIANT != 0b10 << 62 {
        return None;
    }
    let packed = value >> 64 << 62 | value & !VARIANT & u128::from(u64::MAX);
    Some([IS_UUID | (packed >> 64) as u64, packed as u64])
}

fn other(id: &str) -> [u64; 2] {
    let mut first = [0; 8];
    first[1..].iter_mut().zip(id.bytes()).for_each(|(into, byte)| *into = byte);
    [IS_OTHER | u64::from_be_bytes(first), fixed_hash(id)]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the ids are told apart and keep their order.
    fn is_kept(ids: &[&str]) -> bool {
        let packed: Vec<ActivityId> = ids.iter().map(|id| ActivityId::new(id)).collect();
        packed.is_sorted_by(|a, b| !a.is_none() && a < b)
    }

    #[test]
    fn ids_compare_as_their_texts_do() {
        for ids in [
            &["-1", "0", "00", "1", "1-", "10", "100000000000000", "2", "999999999999999"][..],
            &["A000000001", "A0000000010", "A000000002", "A1", "Z", "a", "a1", "aZ", "zzzzzzzzzz"],
            &["00Tg00000000001", "00Tg00000000001AAA", "00Tg00000000002AAA", "00Tg0000000000a"],
            &["5725767000000497001", "5725767000000497002", "57257670000004970021"],
            &["zzzzzzzzzzzzzzzzzzzy", "zzzzzzzzzzzzzzzzzzzz"],
            &[
                "0195b5c0-7a3e-7c4d-8a51-00000000000f",
                "0195b5c0-7a3e-7c4d-8a51-000000000010",
                "0195b5c0-7a3e-7c4d-b000-000000000000",
                "0195b5c0-7a3e-7c4e-8000-000000000000",
                "f81d4fae-7dec-4fd0-bfff-ffffffffffff",
            ],
            &["a.b", "acti_1234567890", "acti_a", "email:1", "task 7"],
        ] {
            assert!(ids.is_sorted(), "{ids:?}");
            assert!(is_kept(ids), "{ids:?}");
        }
    }

    #[test]
    fn any_two_ids_are_told_apart() {
        let ids = [
            "",
            "a_b",
            "a_b ",
            "00Tg000000000000000001",
            "00Tg000000000000000002",
            "f81d4fae-7dec-4fd0-0fff-ffffffffffff",
            "f81d4fae-7dec-4fd0-8fff-ffffffffffff",
            "f81d4fae-7dec-4fd0-8fff-fffffffffffg",
            "{f81d4fae-7dec-4fd0-8fff-ffffffffffff}",
            "näme",
        ];
        for (at, id) in ids.iter().enumerate() {
            let id = ActivityId::new(id);
            assert!(!id.is_none() && ids[..at].iter().all(|other| ActivityId::new(other) != id));
        }
    }
}
