//! The fast cutter: where cells and records start in text whose quotes are regular, 64 bytes at a time.
//!
//! Regular is what every program writes: a quote opens at the start of a cell, is doubled inside, and
//! closes before a delimiter or a line end. Then a byte is inside quotes if an odd number of quotes
//! stands before it, and what is outside needs no looking at one by one. Stops where text is not
//! regular, before a record that swallows others, and before the last one: `record::split` goes on from there.

use super::lanes::{CHUNK, equal};
use super::record::{self, Cells, ODD};
use super::scan::Layout;

/// Chunks that are cut before their records are visited: their cells stay in the nearest cache.
const STRETCH: usize = 256;

/// Cuts text into records.
pub(super) struct Cutter<'t> {
    text: &'t str,
    chunks: std::slice::Iter<'t, [u8; CHUNK]>,
    layout: Layout,
    /// Where the chunk begins that comes next.
    at: usize,
    state: State,
    /// Where cells start, from the first record on that was not visited; behind `known` is room.
    starts: Vec<u32>,
    known: usize,
    /// Which of `starts` begin a record.
    firsts: Vec<u32>,
    /// Which of `starts` begin a cell of several lines.
    with_lines: Vec<u32>,
}

/// What a chunk has to know of the byte before it; all are 0 or 1, but `inside`.
struct State {
    /// All ones if that byte is inside quotes.
    inside: u64,
    /// It is a separator, or a closing quote.
    may_open: u64,
    /// It is a closing quote.
    has_closed: u64,
    /// It is a `\r` after a closing quote.
    has_returned: u64,
}

/// What a chunk holds, as bits.
struct Marks {
    /// Delimiters and line ends.
    separators: u64,
    /// Line ends.
    lines: u64,
    /// Second quotes of doubled ones.
    doubled: u64,
    /// Line ends inside quotes.
    quoted_lines: u64,
}

impl State {
    /// The marks of a chunk; none if its quotes are not regular.
    #[inline]
    fn marks(&mut self, chunk: &[u8; CHUNK], delimiter: u8) -> Option<Marks> {
        let quotes = equal(chunk, b'"');
        let line_ends = equal(chunk, b'\n');
        let inside = odd_before_and_at(quotes) ^ self.inside;
        let separators = (equal(chunk, delimiter) | line_ends) & !inside;
        let (opens, closes) = (quotes & inside, quotes & !inside);
        let after_separator_or_close = (separators | closes) << 1 | self.may_open;
        let after_close = closes << 1 | self.has_closed;
        let mut is_wrong = opens & !after_separator_or_close;
        let beyond = after_close & !(separators | opens);
        let mut returned = 0;
        if (beyond | self.has_returned) != 0 {
            returned = beyond & equal(chunk, b'\r');
            is_wrong |= beyond & !returned;
            is_wrong |= (returned << 1 | self.has_returned) & !line_ends;
        }
        const LAST: usize = CHUNK - 1;
        *self = Self {
            inside: 0_u64.wrapping_sub(inside >> LAST),
            may_open: (separators | closes) >> LAST,
            has_closed: closes >> LAST,
            has_returned: returned >> LAST,
        };
        let (lines, quoted_lines) = (line_ends & !inside, line_ends & inside);
        let marks = Marks { separators, lines, doubled: opens & after_close, quoted_lines };
        (is_wrong == 0).then_some(marks)
    }
}

/// Of each bit, whether an odd number of `bits` stands at it and below it.
#[inline]
fn odd_before_and_at(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}

impl<'t> Cutter<'t> {
    /// Begins at the start of `text`, where a record begins.
    pub(super) fn new(text: &'t str, layout: Layout) -> Self {
        Self {
            text,
            chunks: text.as_bytes().as_chunks().0.iter(),
            layout,
            at: 0,
            state: State { inside: 0, may_open: 1, has_closed: 0, has_returned: 0 },
            starts: vec![0],
            known: 1,
            firsts: vec![0],
            with_lines: Vec::new(),
        }
    }

    /// Visits the records of the next stretch; none are left if it returns false.
    pub(super) fn visit(&mut self, mut visit: impl FnMut(Cells<'_>)) -> bool {
        let mut is_regular = self.cut();
        if !self.with_lines.is_empty() {
            is_regular &= !self.stop_at_swallowing();
        }
        for record in self.firsts.windows(2) {
            let [first, next] = [record[0] as usize, record[1] as usize];
            let end = self.starts[next] & !ODD;
            visit(Cells::new(self.text, &self.starts[first..next], end as usize));
        }
        is_regular
    }

    /// Ends before the first record of the stretch that swallows others, and tells whether there is one.
    fn stop_at_swallowing(&mut self) -> bool {
        let Layout { delimiter, width } = self.layout;
        let start = |first: u32| (self.starts[first as usize] & !ODD) as usize;
        let mut records =
            self.with_lines.iter().map(|cell| self.firsts.partition_point(|first| first <= cell));
        let found = records.find(|&next| {
            next < self.firsts.len() && {
                let bytes =
                    &self.text.as_bytes()[start(self.firsts[next - 1])..start(self.firsts[next])];
                record::swallows(bytes, Some(bytes.len()), delimiter, width)
            }
        });
        if let Some(next) = found {
            self.firsts.truncate(next);
            self.chunks = [].iter();
        }
        found.is_some()
    }

    /// Where the first record begins that was not visited.
    pub(super) fn rest(&self) -> usize {
        let first = self.firsts.last().and_then(|&first| self.starts.get(first as usize));
        first.map_or(0, |start| (start & !ODD) as usize)
    }

    /// Cuts a stretch; false at the end of the text or of what is regular.
    fn cut(&mut self) -> bool {
        let visited = self.firsts.last().map_or(0, |&first| first as usize);
        self.starts.copy_within(visited..self.known, 0);
        self.known -= visited;
        self.firsts.truncate(1);
        self.with_lines.retain_mut(|cell| {
            let is_left = *cell as usize >= visited;
            *cell = cell.wrapping_sub(visited as u32);
            is_left
        });
        for _ in 0..STRETCH {
            let Some(chunk) = self.chunks.next() else { return false };
            let Some(marks) = self.state.marks(chunk, self.layout.delimiter) else {
                self.chunks = [].iter();
                return false;
            };
            self.add(&marks);
            self.at += CHUNK;
        }
        true
    }

    #[inline]
    fn add(&mut self, marks: &Marks) {
        let known = self.known;
        if self.starts.len() < known + CHUNK {
            self.starts.resize(2 * known + CHUNK, 0);
        }
        for (bit, start) in Bits(marks.separators).zip(&mut self.starts[known..]) {
            *start = self.at as u32 + bit + 1;
            self.known += 1;
        }
        let rank = |bit: u32| (marks.separators & ((1 << bit) - 1)).count_ones() as usize;
        for bit in Bits(marks.lines) {
            self.firsts.push((known + rank(bit)) as u32);
        }
        for bit in Bits(marks.quoted_lines) {
            let cell = (known + rank(bit) - 1) as u32;
            if self.with_lines.last() != Some(&cell) {
                self.with_lines.push(cell);
            }
        }
        for bit in Bits(marks.doubled) {
            self.starts[known + rank(bit) - 1] |= ODD;
        }
    }
}

/// The places of the bits of a word, lowest first.
struct Bits(u64);

impl Iterator for Bits {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        let bit = self.0.trailing_zeros();
        self.0 &= self.0.wrapping_sub(1);
        (bit < u64::BITS).then_some(bit)
    }
}

#[cfg(test)]
mod tests {
    use super::super::record;
    use super::*;

    fn cells(cells: Cells<'_>) -> Vec<String> {
        cells.texts().map(|text| text.into_owned()).collect()
    }

    /// What the lenient cutter makes of the beginning, up to `end`.
    fn leniently(text: &str, end: usize) -> Vec<Vec<String>> {
        let (mut at, mut starts, mut records) = (0, Vec::new(), Vec::new());
        while at < end {
            let next = record::split(text.as_bytes(), at, b',', &mut starts).unwrap();
            records.push(cells(Cells::new(text, &starts, next)));
            at = next;
        }
        assert_eq!(at, end);
        records
    }

    fn check(text: &str) -> usize {
        let mut cutter = Cutter::new(text, Layout { delimiter: b',', width: 0 });
        let mut records = Vec::new();
        while cutter.visit(|found| records.push(cells(found))) {}
        assert_eq!(records, leniently(text, cutter.rest()), "{text:?}");
        cutter.rest()
    }

    #[test]
    fn what_is_regular_is_cut_as_the_lenient_cutter_does() {
        const WORDS: [&str; 12] = [
            "a,",
            "\n",
            "\"b\",",
            "\"c,\"\"d\n\"\"\",",
            "\"e\"\r\n",
            "\"\",",
            "\"\"\"\"\n",
            "ä,",
            "\r\n",
            ",",
            "\"long enough to cross from one chunk to the next, as many a cell does\"\n",
            "'=x\n",
        ];
        const WRONG: [&str; 5] = ["5\" pipe,", "\"a\"b\n", "\"a\"\r,", "\"", "a\"\n"];
        let mut seed = 1_u64;
        let mut next = |below: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) as usize % below
        };
        for round in 0..400 {
            let length = next(3000);
            let mut text: String = (0..length).map(|_| WORDS[next(WORDS.len())]).collect();
            let rest = check(&text);
            assert!(text.len() - rest < 2000, "most is regular");
            for _ in 0..round % 3 {
                text.push_str(WRONG[next(WRONG.len())]);
                text.extend((0..next(200)).map(|_| WORDS[next(WORDS.len())]));
            }
            check(&text);
        }
    }
}
