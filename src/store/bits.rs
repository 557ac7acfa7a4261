//! Whole numbers in few bits, in the two codes of Parquet for them: runs, and differences.
//!
//! Runs (RLE and bit packing in turn) are for small numbers such as the keys of words; differences
//! (`DELTA_BINARY_PACKED`) are for instants, amounts and lengths.

/// Numbers that are packed together; a run of one number is at least as long.
const GROUP: usize = 8;

/// Differences that share a least value.
const BLOCK: usize = 1024;

/// Differences that share a width.
const SHARE: usize = 256;

/// Bits that a number needs.
pub(super) fn width_of(number: u64) -> u32 {
    u64::BITS - number.leading_zeros()
}

fn write_varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn write_signed(number: i64, out: &mut Vec<u8>) {
    write_varint(((number << 1) ^ (number >> 63)) as u64, out);
}

/// Packs `numbers` of `width` bits into `bytes` bytes, the first into the lowest bits.
fn pack(numbers: impl Iterator<Item = u64>, width: u32, bytes: usize, out: &mut Vec<u8>) {
    let end = out.len() + bytes;
    let (mut word, mut filled) = (0u64, 0);
    for number in numbers {
        word |= number << filled;
        filled += width;
        if filled >= u64::BITS {
            out.extend_from_slice(&word.to_le_bytes());
            filled -= u64::BITS;
            word = if filled == 0 { 0 } else { number >> (width - filled) };
        }
    }
    out.extend_from_slice(&word.to_le_bytes());
    out.resize(end, 0);
}

/// Packs `numbers` of `width` bits, to the end of the last byte.
pub(super) fn write_bits(
    numbers: impl ExactSizeIterator<Item = u64>,
    width: u32,
    out: &mut Vec<u8>,
) {
    let bytes = (numbers.len() * width as usize).div_ceil(8);
    pack(numbers, width, bytes, out);
}

/// Writes numbers of at most `width` bits as runs.
pub(super) fn write_runs<T: Copy + Into<u64> + PartialEq>(
    numbers: &[T],
    width: u32,
    out: &mut Vec<u8>,
) {
    let (mut start, mut at) = (0, 0);
    while let Some(&number) = numbers.get(at) {
        let same = |others: &[T]| others.iter().take_while(|&&other| other == number).count();
        if same(&numbers[at..numbers.len().min(at + GROUP)]) < GROUP {
            at = numbers.len().min(at + GROUP);
            continue;
        }
        write_packed(&numbers[start..at], width, out);
        let run = same(&numbers[at..]);
        write_varint((run as u64) << 1, out);
        out.extend_from_slice(&number.into().to_le_bytes()[..width.div_ceil(8) as usize]);
        at += run;
        start = at;
    }
    write_packed(&numbers[start..], width, out);
}

fn write_packed<T: Copy + Into<u64>>(numbers: &[T], width: u32, out: &mut Vec<u8>) {
    if numbers.is_empty() {
        return;
    }
    let groups = numbers.len().div_ceil(GROUP);
    write_varint((groups as u64) << 1 | 1, out);
    pack(numbers.iter().map(|&number| number.into()), width, groups * width as usize, out);
}

/// Writes numbers as differences.
pub(super) fn write_differences(numbers: &[i64], out: &mut Vec<u8>) {
    let mut last = numbers.first().copied().unwrap_or(0);
    for count in [BLOCK, BLOCK / SHARE, numbers.len()] {
        write_varint(count as u64, out);
    }
    write_signed(last, out);
    for block in numbers.get(1..).unwrap_or_default().chunks(BLOCK) {
        let mut differences = [0; BLOCK];
        for (difference, &number) in differences.iter_mut().zip(block) {
            *difference = number.wrapping_sub(last);
            last = number;
        }
        let differences = &differences[..block.len()];
        let least = differences.iter().copied().min().unwrap_or(0);
        write_signed(least, out);
        let widths = out.len();
        out.extend_from_slice(&[0; BLOCK / SHARE]);
        for (at, share) in differences.chunks(SHARE).enumerate() {
            let above = share.iter().map(|difference| difference.wrapping_sub(least) as u64);
            let width = width_of(above.clone().fold(0, |all, number| all | number));
            out[widths + at] = width as u8;
            pack(above, width, SHARE / 8 * width as usize, out);
        }
    }
}

/// Takes `count` bytes off the front; `None` if there are fewer.
pub(super) fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (front, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    Some(front)
}

fn read_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let byte = take(bytes, 1)?[0];
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

fn read_signed(bytes: &mut &[u8]) -> Option<i64> {
    let number = read_varint(bytes)?;
    Some((number >> 1) as i64 ^ -((number & 1) as i64))
}

/// The number of at most eight bytes.
fn word(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte))
}

/// The first `count` numbers of `width` bits that are packed in `bytes`.
fn unpack(bytes: &[u8], width: u32, count: usize) -> impl Iterator<Item = u64> {
    let mask = if width == 0 { 0 } else { u64::MAX >> (u64::BITS - width) };
    let (words, rest) = bytes.as_chunks();
    let words = words.iter().map(|&bytes| u64::from_le_bytes(bytes));
    let mut words = words.chain(std::iter::once(word(rest)));
    let (mut word, mut used) = (words.next().unwrap_or(0), 0);
    (0..count).map(move |_| {
        let mut number = word >> used;
        used += width;
        if used >= u64::BITS {
            word = words.next().unwrap_or(0);
            used -= u64::BITS;
            if used > 0 {
                number |= word << (width - used);
            }
        }
        number & mask
    })
}

/// Reads what [`write_bits`] wrote; `None` if it is not there.
pub(super) fn read_bits(
    bytes: &[u8],
    width: u32,
    count: usize,
) -> Option<impl Iterator<Item = u64>> {
    let bits = count.checked_mul(width as usize)?;
    (width <= u64::BITS && bits.div_ceil(8) <= bytes.len()).then(|| unpack(bytes, width, count))
}

/// Reads `count` numbers of `width` bits that [`write_runs`] wrote; `None` if they are not there.
pub(super) fn read_runs<T: Copy>(
    mut bytes: &[u8],
    width: u32,
    count: usize,
    number: impl Fn(u64) -> T,
) -> Option<Vec<T>> {
    let mut numbers = Vec::new();
    if width > u32::BITS {
        return None;
    }
    while numbers.len() < count {
        let missing = count - numbers.len();
        let head = read_varint(&mut bytes)?;
        let run = usize::try_from(head >> 1).ok()?;
        if head & 1 == 0 {
            let value = word(take(&mut bytes, width.div_ceil(8) as usize)?);
            numbers.resize(numbers.len() + run.min(missing), number(value));
        } else {
            let packed = take(&mut bytes, run.checked_mul(width as usize)?)?;
            let run = missing.min(run.checked_mul(GROUP)?);
            numbers.extend(unpack(packed, width, run).map(&number));
        }
    }
    Some(numbers)
}

/// Reads what [`write_differences`] wrote, and moves on to what follows it.
pub(super) fn read_differences(bytes: &mut &[u8]) -> Option<Vec<i64>> {
    let mut count = || read_varint(bytes).and_then(|number| usize::try_from(number).ok());
    let (block, shares, mut left) = (count()?, count()?, count()?);
    let share = block.checked_div(shares)?;
    let mut last = read_signed(bytes)?;
    let mut numbers = Vec::new();
    if left == 0 {
        return Some(numbers);
    }
    numbers.push(last);
    left -= 1;
    while left > 0 {
        let least = read_signed(bytes)?;
        for &width in take(bytes, shares)? {
            // Shares that no number is left for have a width but no bytes.
            if left == 0 {
                break;
            }
            if u32::from(width) > u64::BITS {
                return None;
            }
            let packed = take(bytes, share.checked_mul(width.into())?.div_ceil(8))?;
            let here = left.min(share);
            numbers.extend(unpack(packed, width.into(), here).map(|above| {
                last = last.wrapping_add(least).wrapping_add(above as i64);
                last
            }));
            left -= here;
        }
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_come_back() {
        let mixed = (0..1000u32).map(|at| if at % 100 < 40 { 7 } else { at * 37 % 13 });
        for numbers in [vec![], vec![5], vec![3; 8], vec![3; 1000], mixed.collect()] {
            let mut bytes = Vec::new();
            write_runs(&numbers, 4, &mut bytes);
            let read = read_runs(&bytes, 4, numbers.len(), |number| number as u32);
            assert_eq!(read, Some(numbers));
        }
    }

    #[test]
    fn numbers_without_bits_come_back() {
        let mut bytes = Vec::new();
        write_runs(&[0u32; 5], 0, &mut bytes);
        assert_eq!(read_runs(&bytes, 0, 5, |number| number), Some(vec![0; 5]));
    }

    #[test]
    fn differences_come_back() {
        let wide = [i64::MIN, i64::MAX, 0, -1, i64::MIN, 1 << 62, -(1 << 62)];
        let steady = (0..500).map(|at| 1_700_000_000_000_000 + at * 1_000_000);
        for numbers in [vec![], vec![-9], wide.repeat(40), steady.collect()] {
            let mut bytes = Vec::new();
            write_differences(&numbers, &mut bytes);
            bytes.push(0xEE);
            let mut rest = bytes.as_slice();
            assert_eq!(read_differences(&mut rest), Some(numbers));
            assert_eq!(rest, [0xEE], "stops where the numbers end");
        }
    }

    #[test]
    fn what_is_cut_off_is_noticed() {
        let numbers: Vec<i64> = (0..300).map(|at| at * at * at).collect();
        let mut bytes = Vec::new();
        write_differences(&numbers, &mut bytes);
        for end in 0..bytes.len() {
            assert_eq!(read_differences(&mut &bytes[..end]), None, "{end} bytes");
        }
        let mut bytes = Vec::new();
        write_runs(&[1u32, 2, 3, 3, 3, 1, 2, 9, 9, 9, 9], 4, &mut bytes);
        for end in 0..bytes.len() {
            assert_eq!(read_runs(&bytes[..end], 4, 11, |number| number), None, "{end} bytes");
        }
    }
}
