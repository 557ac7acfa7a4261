//! The fast path: a file in blocks, cut between records, parsed in parallel, in file order.
//!
//! A block is cut at the last line end before which the quotes are paired, which costs one count of
//! bytes. Where that guess is wrong (a stray quote), the block's parser ends inside a quote, and the
//! file is read again with cuts found by the parser itself. A file is never held as a whole.
//! The cutting into cells is our own (`record`), on `memchr`: a reader that copies fields, or buffers
//! once more, costs more than the cutting.

use std::io::Read;
use std::sync::{Mutex, MutexGuard, PoisonError};

use memchr::{memchr, memchr_iter, memrchr};
use rayon::prelude::*;

use super::decode::{self, Encoding, Returns, Utf16};
use super::input::{Input, Stream};
use super::record::{self, Cells};
use super::regular::Cutter;
use crate::error::Result;

/// Bytes of a block.
const BLOCK: usize = 512 << 10;

/// Bytes after which a block without a line end outside quotes is cut anyway.
const LARGEST_BLOCK: usize = 64 << 20;

/// Quotes without an end that are forgiven in a block; each costs another look at its rest.
const MAX_OPEN: usize = 64;

/// How the text of a file is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Form {
    /// Its encoding.
    pub(super) encoding: Encoding,
    /// Records end in `\r` alone.
    pub(super) ends_in_returns: bool,
    /// Between cells.
    pub(super) delimiter: u8,
}

/// What tells records apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    /// Between cells.
    pub(super) delimiter: u8,
    /// How many cells the header has.
    pub(super) width: usize,
}

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
    /// Whether nothing follows.
    pub(super) is_final: bool,
    /// Whether it was cut as it is walked over.
    is_exact: bool,
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
    /// A record.
    Record(Cells<'s>),
    /// A line whose quote is never closed, or by one of another record or cell.
    Torn(&'s str),
}

/// What stands at a place where a record may begin.
enum Next {
    /// A record, up to there.
    Record(usize),
    /// A line up to there, whose quote goes on to another record or cell.
    Torn(usize),
    /// A line up to there, whose quote is not closed.
    Open(usize),
}

/// Cuts what begins at `at`; the starts of a record's cells go into `starts`.
fn next(bytes: &[u8], at: usize, layout: Layout, starts: &mut Vec<u32>) -> Next {
    let end = record::split(bytes, at, layout.delimiter, starts);
    let rest = bytes.get(at..).unwrap_or_default();
    let length = end.map(|end| end - at);
    let line_end = || memchr(b'\n', rest).map_or(bytes.len(), |end| at + end + 1);
    let is_merged =
        || starts.len() < layout.width && record::is_merged(bytes, starts, layout.delimiter);
    match end {
        _ if record::swallows(rest, length, layout.delimiter, layout.width) => {
            Next::Torn(line_end())
        }
        Some(_) if is_merged() => Next::Torn(line_end()),
        Some(end) => Next::Record(end),
        None => Next::Open(line_end()),
    }
}

/// Walks over the records of a block. `visit` hears the record's number in the block, from 0, blank
/// lines included (they are not visited). Returns how many there were, and how it ended.
pub(super) fn walk(
    block: &Block<'_>,
    layout: Layout,
    mut visit: impl FnMut(u64, Found<'_>),
) -> (u64, Ended) {
    let bytes = block.text.as_bytes();
    let (mut number, mut open) = (0, 0);
    let mut visit = |number, found: Found<'_>| match found {
        Found::Record(cells) if cells.is_blank() => {}
        found => visit(number, found),
    };
    let mut cutter = Cutter::new(block.text, layout);
    while cutter.visit(|cells| {
        visit(number, Found::Record(cells));
        number += 1;
    }) {}
    let (mut at, mut starts) = (cutter.rest(), Vec::new());
    // Else the block was cut within quotes.
    let is_own_fault = block.is_final || block.is_exact;
    while at < bytes.len() {
        let end = match next(bytes, at, layout, &mut starts) {
            Next::Record(end) => {
                visit(number, Found::Record(Cells::new(block.text, &starts, end)));
                (at, number) = (end, number + 1);
                continue;
            }
            Next::Torn(end) if is_own_fault => end,
            Next::Open(end) if is_own_fault => {
                open += 1;
                if open > MAX_OPEN { bytes.len() } else { end }
            }
            Next::Torn(_) | Next::Open(_) => return (number, Ended::InsideQuote),
        };
        let line = block.text.get(at..end).unwrap_or_default();
        visit(number, Found::Torn(line.trim_end()));
        (at, number) = (end, number + 1);
    }
    (number, Ended::Between)
}

/// Reads `input` to its end; `parse` makes something of each block, in any order and thread.
///
/// Errors: the file cannot be read.
pub(super) fn scan<P: Send>(
    input: &Input,
    form: Form,
    layout: Layout,
    parse: &(dyn Fn(&Block<'_>) -> (P, Ended) + Sync),
) -> Result<Scanned<P>> {
    let (mut encoding, mut exact) = (form.encoding, None);
    loop {
        let mut hasher = blake3::Hasher::new();
        let result = input.open(|stream| {
            let mut ignored = blake3::Hasher::new();
            Ok(match encoding {
                Encoding::Utf16Le | Encoding::Utf16Be => {
                    let mut utf8 = Utf16::new(stream, &mut hasher, encoding);
                    if form.ends_in_returns {
                        let mut lines = Returns::new(&mut utf8, &mut ignored);
                        let mut ignored = blake3::Hasher::new();
                        attempt(&mut lines, &mut ignored, Encoding::Utf8, exact, parse)
                    } else {
                        attempt(&mut utf8, &mut ignored, Encoding::Utf8, exact, parse)
                    }
                }
                _ if form.ends_in_returns => {
                    let mut lines = Returns::new(stream, &mut hasher);
                    attempt(&mut lines, &mut ignored, encoding, exact, parse)
                }
                _ => attempt(stream, &mut hasher, encoding, exact, parse),
            })
        })?;
        match result {
            Ok(parts) => {
                let blake3 = hasher.finalize().to_hex().to_string();
                return Ok(Scanned { parts, blake3, encoding });
            }
            Err(Stop::WrongCut) => exact = Some(layout),
            Err(Stop::WrongEncoding(other)) => encoding = other,
            Err(Stop::Unreadable(e)) => return Err(input.broken(e)),
        }
    }
}

/// Why a file has to be read again, or cannot be.
enum Stop {
    WrongCut,
    /// Text that is not UTF-8, and what it seems to be.
    WrongEncoding(Encoding),
    Unreadable(std::io::Error),
}

/// Each thread reads a block, in turn, and then parses it while the block is in its cache.
fn attempt<P: Send>(
    stream: Stream<'_>,
    hasher: &mut blake3::Hasher,
    encoding: Encoding,
    exact: Option<Layout>,
    parse: &(dyn Fn(&Block<'_>) -> (P, Ended) + Sync),
) -> std::result::Result<Vec<P>, Stop> {
    let spare = Mutex::default();
    let is_exact = exact.is_some();
    let blocks = Blocks::new(stream, hasher, exact, &spare).enumerate().par_bridge();
    let parsed = blocks.map(|(number, raw)| {
        let raw = raw.map_err(Stop::Unreadable)?;
        let part = parse_block(&raw, is_exact, encoding, parse)?;
        lock(&spare).push(raw.bytes);
        Ok((number, part))
    });
    let mut parts: Vec<(usize, P)> = parsed.collect::<std::result::Result<_, Stop>>()?;
    parts.sort_unstable_by_key(|(number, _)| *number);
    Ok(parts.into_iter().map(|(_, part)| part).collect())
}

fn parse_block<P>(
    raw: &RawBlock,
    is_exact: bool,
    encoding: Encoding,
    parse: &(dyn Fn(&Block<'_>) -> (P, Ended) + Sync),
) -> std::result::Result<P, Stop> {
    let bytes = if raw.is_first { decode::skip_mark(&raw.bytes) } else { &raw.bytes };
    let text = decode::text(bytes, encoding)
        .ok_or_else(|| Stop::WrongEncoding(Encoding::sniff(bytes).or_single_bytes()))?;
    let (is_first, is_final) = (raw.is_first, raw.is_final);
    let block = Block { text: &text, is_first, is_final, is_exact };
    match parse(&block) {
        (part, Ended::Between) => Ok(part),
        (_, Ended::InsideQuote) => Err(Stop::WrongCut),
    }
}

/// Buffers that were parsed and can be filled again.
type Spare = Mutex<Vec<Vec<u8>>>;

fn lock(spare: &Spare) -> MutexGuard<'_, Vec<Vec<u8>>> {
    spare.lock().unwrap_or_else(PoisonError::into_inner)
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
    /// Set if cuts are to be found by the parser.
    exact: Option<Layout>,
    is_first: bool,
    is_ended: bool,
    carry: Vec<u8>,
    spare: &'r Spare,
}

impl<'r, 's> Blocks<'r, 's> {
    fn new(
        stream: &'r mut (dyn Read + Send + 's),
        hasher: &'r mut blake3::Hasher,
        exact: Option<Layout>,
        spare: &'r Spare,
    ) -> Self {
        Self { stream, hasher, exact, is_first: true, is_ended: false, carry: Vec::new(), spare }
    }

    fn cut(&mut self) -> std::io::Result<RawBlock> {
        let mut bytes = lock(self.spare).pop().unwrap_or_default();
        let mut known = self.carry.len();
        // A buffer that was in use keeps its bytes, so that only the new ones are zeroed.
        bytes.resize(known.max(bytes.len()), 0);
        bytes[..known].copy_from_slice(&self.carry);
        self.carry.clear();
        let is_first = std::mem::take(&mut self.is_first);
        loop {
            let wanted = BLOCK.max(known) - known;
            let wanted = if wanted < BLOCK / 2 { BLOCK } else { wanted };
            bytes.resize(known + wanted, 0);
            let read = decode::read_full(self.stream, &mut bytes[known..])?;
            bytes.truncate(known + read);
            self.hasher.update(&bytes[known..]);
            known = bytes.len();
            self.is_ended = read < wanted;
            if self.is_ended {
                return Ok(RawBlock { bytes, is_first, is_final: true });
            }
            let cut = match self.exact {
                Some(layout) => exact_cut(&bytes, layout),
                None => paired_cut(&bytes),
            };
            let cut = match cut {
                Some(cut) => cut,
                None if bytes.len() < LARGEST_BLOCK => continue,
                None => memrchr(b'\n', &bytes).map_or(bytes.len(), |n| n + 1),
            };
            self.carry.extend_from_slice(bytes.get(cut..).unwrap_or_default());
            bytes.truncate(cut);
            return Ok(RawBlock { bytes, is_first, is_final: false });
        }
    }
}

impl Iterator for Blocks<'_, '_> {
    type Item = std::io::Result<RawBlock>;

    fn next(&mut self) -> Option<Self::Item> {
        (!self.is_ended).then(|| self.cut().inspect_err(|_| self.is_ended = true))
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
fn exact_cut(bytes: &[u8], layout: Layout) -> Option<usize> {
    let mut starts = Vec::new();
    let mut last = None;
    while last.unwrap_or(0) < bytes.len() {
        match next(bytes, last.unwrap_or(0), layout, &mut starts) {
            Next::Record(end) if end < bytes.len() || bytes.last() == Some(&b'\n') => {
                last = Some(end)
            }
            Next::Torn(end) => last = Some(end),
            Next::Record(_) | Next::Open(_) => break,
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
        let layout = Layout { delimiter: b',', width: 3 };
        assert_eq!(exact_cut(b"a,5\" b\nc,\"d\ne", layout), Some(7));
        assert_eq!(exact_cut(b"1,\"a,b\n2,c,d\n3,e", layout), Some(13));
    }
}
