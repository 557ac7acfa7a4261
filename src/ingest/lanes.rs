//! Sixty-four bytes looked at in one go: which of them are a given byte, as bits of one word.
//!
//! Plain loops over arrays, which compilers turn into vector instructions on any machine.

/// Bytes of a chunk: one bit each.
pub(super) const CHUNK: usize = 64;

/// The bit that each byte gets: the number of its eight in the chunk.
const WEIGHTS: [u8; CHUNK] = {
    let mut weights = [0; CHUNK];
    let mut at = 0;
    while at < CHUNK {
        weights[at] = 1 << (at / 8);
        at += 1;
    }
    weights
};

/// Which bytes of `chunk` equal `byte`; the bit of the first byte is the lowest.
#[inline]
pub(super) fn equal(chunk: &[u8; CHUNK], byte: u8) -> u64 {
    let mut found = [0; CHUNK];
    for ((found, weight), have) in found.iter_mut().zip(WEIGHTS).zip(chunk) {
        *found = if *have == byte { weight } else { 0 };
    }
    let eights = found.as_chunks::<8>().0.iter();
    transposed(eights.fold(0, |all, eight| all | u64::from_le_bytes(*eight)))
}

/// Bit `b` of byte `a` becomes bit `a` of byte `b`.
#[inline]
fn transposed(mut square: u64) -> u64 {
    const STEPS: [(u32, u64); 3] =
        [(7, 0x00AA_00AA_00AA_00AA), (14, 0x0000_CCCC_0000_CCCC), (28, 0x0000_0000_F0F0_F0F0)];
    for (distance, mask) in STEPS {
        let swapped = (square ^ square >> distance) & mask;
        square ^= swapped ^ swapped << distance;
    }
    square
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_found_where_it_stands() {
        let mut chunk = [0; CHUNK];
        for round in 0..1000_usize {
            for (at, byte) in chunk.iter_mut().enumerate() {
                *byte = (at * at + round * 7) as u8 ^ (round >> 3) as u8;
            }
            for byte in [chunk[round % CHUNK], b'"', b'\n', 0, 0x80, 0xFF] {
                let bits = chunk.iter().rev().fold(0, |bits, b| bits << 1 | u64::from(*b == byte));
                assert_eq!(equal(&chunk, byte), bits);
            }
        }
    }
}
