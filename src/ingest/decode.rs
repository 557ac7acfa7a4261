//! Bytes to text: which encoding a file has, and how a block of it becomes UTF-8.
//!
//! UTF-8 is assumed until a byte contradicts; the file is then read again in the encoding that its letters
//! look like most (Windows code pages, Shift JIS, GB18030, EUC, Big5), or as windows-1252 where they are few.
//! UTF-16 is told by its mark, or by its zeros, and turned into UTF-8 on the way in, as are line ends of old
//! Macs, a `\r` alone, into `\n`.

use std::borrow::Cow;
use std::io::{ErrorKind, Read};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Decoder, GB18030, GBK, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::input::Stream;

/// How text is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// UTF-8, with or without a mark.
    Utf8,
    /// UTF-16 with the little end first.
    Utf16Le,
    /// UTF-16 with the big end first.
    Utf16Be,
    /// What older programs write; none of its letters holds the byte of a line end.
    Older(&'static encoding_rs::Encoding),
}

impl Encoding {
    /// Windows-1252, in which every byte means something.
    pub(super) const WESTERN: Self = Self::Older(WINDOWS_1252);

    /// The name that people know.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16Le | Self::Utf16Be => "UTF-16",
            Self::Older(encoding) => encoding.name(),
        }
    }

    /// The encoding by the mark at the beginning of a file; UTF-8 if there is none.
    fn by_mark(bytes: &[u8]) -> Self {
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
                _ if every_other_is_zero(bytes, 1) => Self::Utf16Le,
                _ if every_other_is_zero(bytes, 0) => Self::Utf16Be,
                Err(e) if e.error_len().is_some() => Self::of_single_bytes(bytes),
                _ => Self::Utf8,
            },
            marked => marked,
        }
    }

    /// The encoding of text that is not UTF-8.
    fn of_single_bytes(bytes: &[u8]) -> Self {
        /// So few letters beyond ASCII tell nothing.
        const FEWEST: usize = 4;
        if bytes.iter().filter(|byte| !byte.is_ascii()).count() < FEWEST {
            return Self::WESTERN;
        }
        let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
        detector.feed(bytes, false);
        match detector.guess(None, Utf8Detection::Deny) {
            found if found == GBK => Self::Older(GB18030),
            found => Self::Older(found),
        }
    }

    /// The same, but for text that was found not to be UTF-8 after all: a letter may be cut off at its end.
    pub(super) fn or_single_bytes(self) -> Self {
        if matches!(self, Self::Older(_)) { self } else { Self::WESTERN }
    }

    /// The decoder of the encoding; none for UTF-8.
    fn decoder(self) -> Option<&'static encoding_rs::Encoding> {
        match self {
            Self::Utf8 => None,
            Self::Utf16Le => Some(UTF_16LE),
            Self::Utf16Be => Some(UTF_16BE),
            Self::Older(encoding) => Some(encoding),
        }
    }
}

/// Whether text is in UTF-32, by its mark, or because each of the first fours of bytes is a letter of it and
/// no pair of one is empty.
pub(super) fn is_utf32(bytes: &[u8]) -> bool {
    const FEWEST: usize = 4;
    let marked = |mark: [u8; 4]| bytes.starts_with(&mark);
    let fours = bytes.get(..bytes.len().min(1024)).unwrap_or_default().as_chunks::<4>().0;
    let are_all =
        |is_letter: fn(&[u8; 4]) -> bool| fours.len() >= FEWEST && fours.iter().all(is_letter);
    marked([0xFF, 0xFE, 0, 0])
        || marked([0, 0, 0xFE, 0xFF])
        || are_all(|&[a, b, c, d]| d == 0 && c <= 0x10 && (a, b) != (0, 0))
        || are_all(|&[a, b, c, d]| a == 0 && b <= 0x10 && (c, d) != (0, 0))
}

/// Whether nearly every other of the first bytes is a zero, and none between: Latin text in UTF-16.
fn every_other_is_zero(bytes: &[u8], from: usize) -> bool {
    let pairs = bytes.get(..bytes.len().min(1024)).unwrap_or_default().chunks_exact(2);
    let (count, zeros) = (pairs.len(), pairs.clone().filter(|pair| pair[from] == 0).count());
    count >= 4 && zeros * 10 >= count * 9 && pairs.clone().all(|pair| pair[1 - from] != 0)
}

/// Whether records end in `\r` alone: there are such outside quotes, and no `\n`.
pub(super) fn ends_in_returns(text: &str) -> bool {
    let mut inside = false;
    let mut has_returns = false;
    for byte in text.bytes() {
        match byte {
            b'"' => inside = !inside,
            b'\n' if !inside => return false,
            b'\r' if !inside => has_returns = true,
            _ => {}
        }
    }
    has_returns
}

/// The text of a block; `None` if it is not in that encoding.
pub(super) fn text(bytes: &[u8], encoding: Encoding) -> Option<Cow<'_, str>> {
    match encoding.decoder() {
        Some(decoder) => Some(decoder.decode_without_bom_handling(bytes).0),
        None => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
    }
}

/// Text of the first bytes of a file, whatever is cut off at their end.
pub(super) fn peek(bytes: &[u8]) -> String {
    match Encoding::sniff(bytes).decoder() {
        Some(decoder) => decoder.decode_with_bom_removal(bytes).0.into_owned(),
        None => String::from_utf8_lossy(skip_mark(bytes)).into_owned(),
    }
}

/// Text of a whole file.
pub(super) fn whole(bytes: &[u8]) -> Cow<'_, str> {
    let encoding = Encoding::sniff(bytes);
    text(skip_mark(bytes), encoding).unwrap_or_else(|| String::from_utf8_lossy(bytes))
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

/// A stream whose `\r` are `\n`; what is read of it is hashed as it was.
pub(super) struct Returns<'s, 'r> {
    stream: &'r mut (dyn Read + Send + 's),
    hasher: &'r mut blake3::Hasher,
}

impl<'s, 'r> Returns<'s, 'r> {
    /// Changes the line ends of `stream`.
    pub(super) fn new(
        stream: &'r mut (dyn Read + Send + 's),
        hasher: &'r mut blake3::Hasher,
    ) -> Self {
        Self { stream, hasher }
    }
}

impl Read for Returns<'_, '_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let count = self.stream.read(into)?;
        let read = into.get_mut(..count).unwrap_or_default();
        self.hasher.update(read);
        read.iter_mut().filter(|byte| **byte == b'\r').for_each(|byte| *byte = b'\n');
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
    use encoding_rs::{BIG5, EUC_JP, EUC_KR, SHIFT_JIS, WINDOWS_1250, WINDOWS_1251, WINDOWS_1254};

    #[test]
    fn encodings_are_told_apart() {
        assert_eq!(Encoding::sniff("ä".as_bytes()), Encoding::Utf8);
        assert_eq!(Encoding::sniff(&"ä".as_bytes()[..1]), Encoding::Utf8);
        assert_eq!(Encoding::sniff(b"Stra\xDFe,1"), Encoding::WESTERN);
        assert_eq!(Encoding::sniff(b"\xFF\xFEa\0"), Encoding::Utf16Le);
        let (chinese, _, _) = GB18030.encode("商机编号,商机名称\n1,甲项目");
        assert_eq!(Encoding::sniff(&chinese), Encoding::Older(GB18030));
        assert_eq!(peek(&chinese), "商机编号,商机名称\n1,甲项目");
        let (japanese, _, _) = SHIFT_JIS.encode("レコードID,取引ステージ\n1,提案する");
        assert_eq!(Encoding::sniff(&japanese), Encoding::Older(SHIFT_JIS));
        let (western, _, _) = WINDOWS_1252.encode("Größe,Straße,Café,€ 5,À ÉTÉ");
        assert_eq!(Encoding::sniff(&western), Encoding::WESTERN);
        assert_eq!(Encoding::sniff(b"a\0;\0b\0\n\0"), Encoding::Utf16Le);
        assert_eq!(Encoding::sniff(b"\0a\0;\0b\0\n"), Encoding::Utf16Be);
        assert_eq!(Encoding::sniff(b"\0\0\0\0\0\0\0\0"), Encoding::Utf8);
        assert!(ends_in_returns("a,b\r\"1\n2\",3\r"));
        assert!(
            !ends_in_returns("a,b\r\n1,2") && !ends_in_returns("a,\"\r\"") && !ends_in_returns("")
        );
        for text in ["\u{FEFF}id", "deal_id,name\n", "商机编号,a\n𝄞"] {
            let little: Vec<u8> = text.chars().flat_map(|c| (c as u32).to_le_bytes()).collect();
            let big: Vec<u8> = text.chars().flat_map(|c| (c as u32).to_be_bytes()).collect();
            assert!(is_utf32(&little) && is_utf32(&big), "{text}");
            let sixteen: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            assert!(!is_utf32(&sixteen) && !is_utf32(text.as_bytes()), "{text}");
        }
        assert!(!is_utf32(b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"));
        assert_eq!(peek(b"\xEF\xBB\xBFId"), "Id");
        assert_eq!(text(b"\x80 Stra\xDFe", Encoding::WESTERN).unwrap(), "€ Straße");
        assert_eq!(text(b"Stra\xDFe", Encoding::Utf8), None);
    }

    #[test]
    fn older_encodings_are_told_by_their_letters() {
        for (encoding, text) in [
            (SHIFT_JIS, "商談名,フェーズ,金額\n東京電力の更新,受注,100\n大阪商事,失注,20\n"),
            (SHIFT_JIS, "案件名,担当者\n新規開拓,山田太郎\n継続契約,佐藤花子\n"),
            (EUC_JP, "案件名,担当者\n新規開拓,山田太郎\n継続契約,佐藤花子\n"),
            (GB18030, "商机名称,销售阶段\n甲项目,谈判\n乙项目,赢单\n"),
            (BIG5, "商機名稱,銷售階段\n甲專案,談判\n乙專案,贏單\n"),
            (EUC_KR, "거래명,단계\n신규 계약,제안\n갱신,계약 완료\n"),
            (WINDOWS_1251, "Сделка,Стадия,Сумма\nПоставка оборудования,Переговоры,100\n"),
            (WINDOWS_1250, "Nazwa,Etap,Wartość\nZażółć gęślą jaźń,Wygrana,100\nŁódź,Przegrana,5\n"),
            (
                WINDOWS_1254,
                "Fırsat adı,Aşama,Tutar\nİstanbul şubesi,Kazanıldı,100\nÇağrı,Görüşme,5\n",
            ),
            (WINDOWS_1252, "Größe,Straße\nMüller,Köln\nÉtienne,À négocier\n"),
        ] {
            let (bytes, _, is_lossy) = encoding.encode(text);
            assert!(!is_lossy, "{text}");
            assert_eq!(Encoding::sniff(&bytes), Encoding::Older(encoding), "{text}");
        }
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
