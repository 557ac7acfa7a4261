//! Bytes to text: which encoding a file has, and how a block of it becomes UTF-8.
//!
//! UTF-8 is assumed until a byte contradicts; the file is then read again as windows-1252, in which
//! every byte means something. UTF-16 is told by its mark and turned into UTF-8 on the way in.

use std::borrow::Cow;
use std::io::{ErrorKind, Read};

use encoding_rs::{Decoder, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::read::Stream;

/// How text is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// UTF-8, with or without a mark.
    Utf8,
    /// UTF-16 with the little end first.
    Utf16Le,
    /// UTF-16 with the big end first.
    Utf16Be,
    /// Windows-1252, what exports older than UTF-8 are in.
    Windows1252,
}

impl Encoding {
    /// The name that people know.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16Le | Self::Utf16Be => "UTF-16",
            Self::Windows1252 => "windows-1252",
        }
    }

    /// The encoding by the mark at the beginning of a file; UTF-8 if there is none.
    pub(super) fn by_mark(bytes: &[u8]) -> Self {
        match bytes {
            [0xFF, 0xFE, ..] => Self::Utf16Le,
            [0xFE, 0xFF, ..] => Self::Utf16Be,
            _ => Self::Utf8,
        }
    }

    /// The encoding of a file by its first bytes, cut off anywhere.
    pub(super) fn sniff(bytes: &[u8]) -> Self {
        match Self::by_mark(bytes) {
            Self::Utf8 => match std::str::from_utf8(bytes) {
                Err(e) if e.error_len().is_some() => Self::Windows1252,
                _ => Self::Utf8,
            },
            marked => marked,
        }
    }
}

/// The text of a block; `None` if it is not in that encoding.
pub(super) fn text(bytes: &[u8], encoding: Encoding) -> Option<Cow<'_, str>> {
    match encoding {
        Encoding::Windows1252 => Some(WINDOWS_1252.decode_without_bom_handling(bytes).0),
        _ => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
    }
}

/// Text of the first bytes of a file, whatever is cut off at their end.
pub(super) fn peek(bytes: &[u8]) -> String {
    match Encoding::sniff(bytes) {
        Encoding::Utf16Le => UTF_16LE.decode(bytes).0.into_owned(),
        Encoding::Utf16Be => UTF_16BE.decode(bytes).0.into_owned(),
        Encoding::Windows1252 => WINDOWS_1252.decode(bytes).0.into_owned(),
        Encoding::Utf8 => String::from_utf8_lossy(skip_mark(bytes)).into_owned(),
    }
}

/// The bytes after a UTF-8 mark.
pub(super) fn skip_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)
}

/// A UTF-16 stream as a UTF-8 one.
pub(super) struct Utf16<'s, 'r> {
    stream: &'r mut (dyn Read + Send + 's),
    hasher: &'r mut blake3::Hasher,
    decoder: Decoder,
    raw: Vec<u8>,
    ready: Vec<u8>,
    at: usize,
    is_ended: bool,
    /// Bytes read from the stream.
    pub(super) bytes: u64,
}

impl<'s, 'r> Utf16<'s, 'r> {
    /// Turns `stream` into UTF-8, hashing what is read of it.
    pub(super) fn new(
        stream: &'r mut (dyn Read + Send + 's),
        hasher: &'r mut blake3::Hasher,
        encoding: Encoding,
    ) -> Self {
        let encoding = if encoding == Encoding::Utf16Be { UTF_16BE } else { UTF_16LE };
        let decoder = encoding.new_decoder_with_bom_removal();
        Self {
            stream,
            hasher,
            decoder,
            raw: vec![0; 1 << 16],
            ready: Vec::new(),
            at: 0,
            is_ended: false,
            bytes: 0,
        }
    }

    fn fill(&mut self) -> std::io::Result<()> {
        self.ready.clear();
        self.at = 0;
        let count = self.stream.read(&mut self.raw)?;
        self.is_ended = count == 0;
        self.bytes += count as u64;
        let raw = self.raw.get(..count).unwrap_or_default();
        self.hasher.update(raw);
        self.ready.resize(3 * count + 16, 0);
        let (_, _, written, _) = self.decoder.decode_to_utf8(raw, &mut self.ready, self.is_ended);
        self.ready.truncate(written);
        Ok(())
    }
}

impl Read for Utf16<'_, '_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        while self.at == self.ready.len() && !self.is_ended {
            self.fill()?;
        }
        let rest = self.ready.get(self.at..).unwrap_or_default();
        let count = rest.len().min(into.len());
        into[..count].copy_from_slice(&rest[..count]);
        self.at += count;
        Ok(count)
    }
}

/// Fills `into`, unless the stream ends before; returns the number of bytes read.
pub(super) fn read_full(stream: Stream<'_>, into: &mut [u8]) -> std::io::Result<usize> {
    let mut known = 0;
    while known < into.len() {
        match stream.read(&mut into[known..]) {
            Ok(0) => break,
            Ok(read) => known += read,
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(known)
}

/// Reads up to `limit` bytes.
pub(super) fn read_up_to(
    stream: Stream<'_>,
    limit: usize,
    into: &mut Vec<u8>,
) -> std::io::Result<usize> {
    stream.take(limit as u64).read_to_end(into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_told_apart() {
        assert_eq!(Encoding::sniff("ä".as_bytes()), Encoding::Utf8);
        assert_eq!(Encoding::sniff(&"ä".as_bytes()[..1]), Encoding::Utf8);
        assert_eq!(Encoding::sniff(b"Stra\xDFe,1"), Encoding::Windows1252);
        assert_eq!(Encoding::sniff(b"\xFF\xFEa\0"), Encoding::Utf16Le);
        assert_eq!(peek(b"\xEF\xBB\xBFId"), "Id");
        assert_eq!(text(b"\x80 Stra\xDFe", Encoding::Windows1252).unwrap(), "€ Straße");
        assert_eq!(text(b"Stra\xDFe", Encoding::Utf8), None);
    }

    #[test]
    fn utf16_becomes_utf8() {
        let mut bytes = vec![0xFE, 0xFF];
        for unit in "Größe 𝄞\n".repeat(20_000).encode_utf16() {
            bytes.extend(unit.to_be_bytes());
        }
        let mut hasher = blake3::Hasher::new();
        let mut source = bytes.as_slice();
        let mut stream = Utf16::new(&mut source, &mut hasher, Encoding::Utf16Be);
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        assert_eq!(stream.bytes, bytes.len() as u64);
        assert_eq!(text, "Größe 𝄞\n".repeat(20_000));
        assert_eq!(hasher.finalize(), blake3::hash(&bytes));
    }
}
