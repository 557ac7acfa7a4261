//! The fast path: a file in blocks, cut between records, parsed in parallel, in file order.
//!
//! A block is cut at the last line end before which the quotes are paired, which costs one count of
//! bytes. Where that guess is wrong (a stray quote), the block's parser ends inside a quote, and the
//! file is read again with cuts found by the parser itself. A file is never held as a whole.
//! The cutting into cells is our own (`record`), on `memchr`: a reader that copies fields, or buffers
//! once more, costs more than the cutting.

use std::io::Read;

use memchr::{memchr_iter, memrchr};
use rayon::prelude::*;

use super::decode::{self, Encoding, Utf16};
use super::read::{Input, Stream};
use super::record::{self, Span};
use crate::error::Result;

/// Bytes of a block.
const BLOCK: usize = 2 << 20;

/// Bytes after which a block without a line end outside quotes is cut anyway.
const LARGEST_BLOCK: usize = 64 << 20;

/// Unclosed quotes that are forgiven in a block; each costs another look at its rest.
const MAX_TORN: usize = 64;

/// What was read of a file.
#[derive(Debug)]
pub(super) struct Scanned<P> {
    /// What the parser made of each block, in file order.
    pub(super) parts: Vec<P>,
    /// BLAKE3 of the file's bytes.
    pub(super) blake3: String,
    /// Its encoding.
    pub(super) encoding: Encoding,
}

/// What the parser of blocks is given.
pub(super) struct Block<'b> {
    /// The text, beginning with a record.
    pub(super) text: &'b str,
    /// Whether its first record is the file's header.
    pub(super) is_first: bool,
    /// Whether nothing follows, so that an open quote is the file's own fault.
    pub(super) is_final: bool,
}

/// How a walk over the records of a block ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// At the end of a record.
    Between,
    /// Inside a quote: the block was cut in a wrong place.
    InsideQuote,
}

/// What is found while walking over a block.
pub(super) enum Found<'s> {
    /// A record, by its cells.
    Record(&'s [Span]),
    /// A line whose quote is never closed.
    Torn(&'s str),
}

/// Walks over the records of a block. `visit` hears the record's number in the block, from 0, blank
/// lines included (they are not visited). Returns how many there were, and how it ended.
pub(super) fn walk(
    block: &Block<'_>,
    delimiter: u8,
    mut visit: impl FnMut(u64, Found<'_>),
) -> (u64, Ended) {
    let bytes = block.text.as_bytes();
    let mut spans = Vec::with_capacity(64);
    let (mut at, mut number, mut torn) = (0, 0, 0);
    while at < bytes.len() {
        match record::split(bytes, at, delimiter, &mut spans) {
            Some(next) => {
                if spans.len() > 1 || !spans.first().is_none_or(Span::is_empty) {
                    visit(number, Found::Record(&spans));
                }
                at = next;
            }
            None if !block.is_final => return (number, Ended::InsideQuote),
            None => {
                torn += 1;
                let rest = block.text.get(at..).unwrap_or_default();
                let length = memchr::memchr(b'\n', rest.as_bytes()).map_or(rest.len(), |n| n + 1);
                let length = if torn > MAX_TORN { rest.len() } else { length };
                visit(number, Found::Torn(rest.get(..length).unwrap_or_default().trim_end()));
                at += length;
            }
        }
        number += 1;
    }
    (number, Ended::Between)
}

/// Reads `input` to its end; `parse` makes something of each block, in any order and thread.
///
/// Errors: the file cannot be read.
pub(super) fn scan<P: Send>(
    input: &Input,
    encoding: Encoding,
    delimiter: u8,
    parse: &(dyn Fn(&Block<'_>) -> (P, Ended) + Sync),
) -> Result<Scanned<P>> {
    let (mut encoding, mut exact) = (encoding, None);
    loop {
        let mut hasher = blake3::Hasher::new();
        let result = input.open(|stream| {
            let outcome = match encoding {
                Encoding::Utf16Le | Encoding::Utf16Be => {
                    let mut utf8 = Utf16::new(stream, &mut hasher, encoding);
                    let mut ignored = blake3::Hasher::new();
                    attempt(&mut utf8, &mut ignored, Encoding::Utf8, exact, parse)
                }
                _ => attempt(stream, &mut hasher, encoding, exact, parse),
            };
            outcome.map_err(|e| input.broken(e))
        })?;
        match result {
            Attempt::Done(parts) => {
                let blake3 = hasher.finalize().to_hex().to_string();
                return Ok(Scanned { parts, blake3, encoding });
            }
            Attempt::WrongCut => exact = Some(delimiter),
            Attempt::WrongEncoding => encoding = Encoding::Windows1252,
        }
    }
}

enum Attempt<P> {
    Done(Vec<P>),
    WrongCut,
    WrongEncoding,
}

enum Parsed<P> {
    Part(P),
    WrongCut,
    WrongEncoding,
}

fn attempt<P: Send>(
    stream: Stream<'_>,
    hasher: &mut blake3::Hasher,
    encoding: Encoding,
    exact: Option<u8>,
    parse: &(dyn Fn(&Block<'_>) -> (P, Ended) + Sync),
) -> std::io::Result<Attempt<P>> {
    let batch = 2 * rayon::current_num_threads();
    let mut blocks = Blocks::new(stream, hasher, exact);
    let mut parts = Vec::new();
    let mut ready = blocks.take(batch)?;
    while !ready.is_empty() {
        // The next blocks are read while these are parsed.
        let (next, parsed) = rayon::join(
            || blocks.take(batch),
            || -> Vec<Parsed<P>> {
                ready.par_iter().map(|raw| parse_block(raw, encoding, parse)).collect()
            },
        );
        for part in parsed {
            match part {
                Parsed::Part(part) => parts.push(part),
                Parsed::WrongCut => return Ok(Attempt::WrongCut),
                Parsed::WrongEncoding => return Ok(Attempt::WrongEncoding),
            }
        }
        blocks.spare.extend(ready.into_iter().map(|raw| raw.bytes));
        ready = next?;
    }
    Ok(Attempt::Done(parts))
}

fn parse_block<P>(
    raw: &RawBlock,
    encoding: Encoding,
    parse: &(dyn Fn(&Block<'_>) -> (P, Ended) + Sync),
) -> Parsed<P> {
    let bytes = if raw.is_first { decode::skip_mark(&raw.bytes) } else { &raw.bytes };
    let Some(text) = decode::text(bytes, encoding) else { return Parsed::WrongEncoding };
    let block = Block { text: &text, is_first: raw.is_first, is_final: raw.is_final };
    match parse(&block) {
        (part, Ended::Between) => Parsed::Part(part),
        (_, Ended::InsideQuote) => Parsed::WrongCut,
    }
}

struct RawBlock {
    bytes: Vec<u8>,
    is_first: bool,
    is_final: bool,
}

/// Cuts a stream into blocks.
struct Blocks<'r, 's> {
    stream: &'r mut (dyn Read + Send + 's),
    hasher: &'r mut blake3::Hasher,
    /// The delimiter, if cuts are to be found by the parser.
    exact: Option<u8>,
    is_first: bool,
    is_ended: bool,
    carry: Vec<u8>,
    spare: Vec<Vec<u8>>,
}

impl<'r, 's> Blocks<'r, 's> {
    fn new(
        stream: &'r mut (dyn Read + Send + 's),
        hasher: &'r mut blake3::Hasher,
        exact: Option<u8>,
    ) -> Self {
        Self {
            stream,
            hasher,
            exact,
            is_first: true,
            is_ended: false,
            carry: Vec::new(),
            spare: Vec::new(),
        }
    }

    fn take(&mut self, count: usize) -> std::io::Result<Vec<RawBlock>> {
        let mut blocks = Vec::with_capacity(count);
        while blocks.len() < count && !self.is_ended {
            blocks.push(self.next()?);
        }
        Ok(blocks)
    }

    fn next(&mut self) -> std::io::Result<RawBlock> {
        let mut bytes = self.spare.pop().unwrap_or_default();
        bytes.clear();
        bytes.reserve(BLOCK + self.carry.len() + 64);
        bytes.append(&mut self.carry);
        let is_first = std::mem::take(&mut self.is_first);
        loop {
            let known = bytes.len();
            let wanted = BLOCK.max(known) - known;
            let wanted = if wanted < BLOCK / 2 { BLOCK } else { wanted };
            let read = decode::read_up_to(&mut self.stream, wanted, &mut bytes)?;
            self.hasher.update(bytes.get(known..).unwrap_or_default());
            self.is_ended = read < wanted;
            if self.is_ended {
                return Ok(RawBlock { bytes, is_first, is_final: true });
            }
            let cut = match self.exact {
                Some(delimiter) => exact_cut(&bytes, delimiter),
                None => paired_cut(&bytes),
            };
            let (cut, is_final) = match cut {
                Some(cut) => (cut, false),
                None if bytes.len() >= LARGEST_BLOCK => {
                    (memrchr(b'\n', &bytes).map_or(bytes.len(), |n| n + 1), self.exact.is_some())
                }
                None => continue,
            };
            self.carry.extend_from_slice(bytes.get(cut..).unwrap_or_default());
            bytes.truncate(cut);
            return Ok(RawBlock { bytes, is_first, is_final });
        }
    }
}

/// The byte after the last line end before which quotes are paired.
fn paired_cut(bytes: &[u8]) -> Option<usize> {
    let mut end = bytes.len();
    let mut quotes = memchr_iter(b'"', bytes).count();
    loop {
        let line = memrchr(b'\n', bytes.get(..end)?)?;
        quotes -= memchr_iter(b'"', bytes.get(line..end)?).count();
        if quotes.is_multiple_of(2) {
            return Some(line + 1);
        }
        end = line;
    }
}

/// The byte after the last record that is complete.
fn exact_cut(bytes: &[u8], delimiter: u8) -> Option<usize> {
    let mut spans = Vec::new();
    let mut at = 0;
    let mut last = None;
    while at < bytes.len() {
        match record::split(bytes, at, delimiter, &mut spans) {
            Some(next) if next < bytes.len() || bytes.last() == Some(&b'\n') => {
                last = Some(next);
                at = next;
            }
            _ => break,
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_cut_where_quotes_are_paired() {
        assert_eq!(paired_cut(b"a,\"b\nc\"\nd,\"e\nf"), Some(8));
        assert_eq!(paired_cut(b"a,b\nc"), Some(4));
        assert_eq!(paired_cut(b"\"a\nb\nc"), None);
        assert_eq!(exact_cut(b"a,5\" b\nc,\"d\ne", b','), Some(7));
    }
}
