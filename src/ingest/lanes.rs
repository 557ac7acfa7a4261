//! Sixty-four bytes looked at in one go: which of them are a given byte, as bits of one word.

use wide::u8x64;

/// Bytes of a chunk: one bit each.
pub(super) const CHUNK: usize = 64;

/// Which bytes of `chunk` equal `byte`; the bit of the first byte is the lowest.
#[inline]
pub(super) fn equal(chunk: &[u8; CHUNK], byte: u8) -> u64 {
    u8x64::new(*chunk).simd_eq(u8x64::splat(byte)).to_bitmask()
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
