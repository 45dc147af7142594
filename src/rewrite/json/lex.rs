//! The smallest pieces of JSON: white space, strings, escapes, numbers, literals.
//!
//! It never knows what stands around a piece, never allocates, never recurses, and leaves UTF-8 to
//! its caller: every stop it makes is at an ASCII byte.

use super::fault::{FaultKind, JsonFault};

/// A place in a text. Every method reads one piece from there and moves behind it.
pub(super) struct Lexer<'s> {
    source: &'s [u8],
    at: usize,
}

impl<'s> Lexer<'s> {
    pub(super) fn new(source: &'s [u8], at: usize) -> Self {
        Self { source, at }
    }

    pub(super) fn offset(&self) -> usize {
        self.at
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.source.get(self.at).copied()
    }

    /// Moves behind the byte that [`peek`](Self::peek) showed.
    pub(super) fn step(&mut self) {
        self.at += 1;
    }

    /// What to say of a byte, or an end, that the grammar does not allow here.
    pub(super) fn unexpected(&self) -> JsonFault {
        let ended = self.at >= self.source.len();
        let kind = if ended { FaultKind::UnexpectedEnd } else { FaultKind::UnexpectedByte };
        kind.at(self.at)
    }

    /// The first byte behind any white space, which is passed over.
    pub(super) fn token(&mut self) -> Option<u8> {
        loop {
            match self.peek() {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                other => return other,
            }
        }
    }

    pub(super) fn expect(&mut self, byte: u8) -> Result<(), JsonFault> {
        if self.peek() != Some(byte) {
            return Err(self.unexpected());
        }
        self.at += 1;
        Ok(())
    }

    pub(super) fn literal(&mut self, word: &[u8]) -> Result<(), JsonFault> {
        word.iter().try_for_each(|byte| self.expect(*byte))
    }

    /// A string with its quotes.
    pub(super) fn string(&mut self) -> Result<(), JsonFault> {
        self.expect(b'"')?;
        loop {
            self.plain();
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.escape().map(drop)?,
                Some(_) => return Err(FaultKind::ControlInString.at(self.at)),
                None => return Err(self.unexpected()),
            }
        }
        self.at += 1;
        Ok(())
    }

    /// The run of a string's bytes that stand for themselves; it may be empty.
    pub(super) fn plain(&mut self) {
        let mut rest = self.source.get(self.at..).unwrap_or_default();
        let mut blocks = 0;
        while let Some((block, after)) = rest.split_first_chunk() {
            let stops = stops(u64::from_le_bytes(*block));
            if stops != 0 {
                self.at = self.source.len() - rest.len() + stops.trailing_zeros() as usize / 8;
                return;
            }
            rest = after;
            blocks += 1;
            if blocks == SHORT {
                rest = without_stops(rest);
            }
        }
        let run = rest.iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | ..0x20)).count();
        self.at = self.source.len() - rest.len() + run;
    }

    /// One escape, from its backslash; both halves where it is a surrogate pair.
    pub(super) fn escape(&mut self) -> Result<char, JsonFault> {
        let start = self.at;
        self.expect(b'\\')?;
        let plain = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(start),
            Some(_) => return Err(FaultKind::BadEscape.at(start)),
            None => return Err(self.unexpected()),
        };
        self.at += 1;
        Ok(plain)
    }

    /// A number, which is digits to us: its size has no bound but the text's.
    pub(super) fn number(&mut self) -> Result<(), JsonFault> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1; // a digit after it is the next piece, which the grammar refuses
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), JsonFault> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at == start { Err(self.unexpected()) } else { Ok(()) }
    }

    /// The rest of a `\u` escape whose backslash stands at `start`.
    fn unicode(&mut self, start: usize) -> Result<char, JsonFault> {
        let lone = FaultKind::LoneSurrogate.at(start);
        self.expect(b'u')?;
        let high = self.hex4()?;
        let 0xd800..0xdc00 = high else {
            return char::from_u32(high).ok_or(lone);
        };
        for byte in [b'\\', b'u'] {
            match self.peek() {
                Some(next) if next == byte => self.step(),
                Some(_) => return Err(lone),
                None => return Err(self.unexpected()),
            }
        }
        let low = self.hex4()?;
        let 0xdc00..0xe000 = low else {
            return Err(lone);
        };
        char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00)).ok_or(lone)
    }

    /// Four hexadecimal digits.
    fn hex4(&mut self) -> Result<u32, JsonFault> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            unit = unit << 4 | digit.ok_or_else(|| self.unexpected())?;
            self.at += 1;
        }
        Ok(unit)
    }
}

/// So many blocks of eight bytes have most strings; what goes on is a text, and is read by more at once.
const SHORT: usize = 3;

/// What is left of a text behind the blocks of 32 bytes in which nothing ends a run. A loop that has no
/// early exit within its block, so that the compiler makes vectors of it.
fn without_stops(mut rest: &[u8]) -> &[u8] {
    while let Some((block, after)) = rest.split_first_chunk::<32>() {
        let stop =
            |byte: &u8| u8::from(*byte < 0x20) | u8::from(*byte == b'"') | u8::from(*byte == b'\\');
        if block.iter().fold(0, |stops, byte| stops | stop(byte)) != 0 {
            return rest;
        }
        rest = after;
    }
    rest
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = ONES << 7;

/// Eight bytes at once: the lowest bit set lies in the first byte that is a quote, a backslash or a
/// control character. Bits above it may lie (a borrow travels upwards), so only the lowest counts.
fn stops(block: u64) -> u64 {
    let below = |bytes: u64, limit: u64| bytes.wrapping_sub(ONES * limit) & !bytes;
    let is = |byte: u8| below(block ^ (ONES * u64::from(byte)), 1);
    (below(block, 0x20) | is(b'"') | is(b'\\')) & HIGHS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_ends_at_its_first_stop_however_long_it_is() {
        for len in 0..=160 {
            for filler in [b'x', 0x20, 0x7f, 0x80, 0xff] {
                let mut text = vec![filler; len];
                for start in [0, 1, 7] {
                    let mut lexer = Lexer::new(&text, start.min(len));
                    lexer.plain();
                    assert_eq!(lexer.offset(), len, "{filler}");
                }
                for at in 0..len {
                    for stop in [b'"', b'\\', 0, 0x1f] {
                        text[at] = stop;
                        let mut lexer = Lexer::new(&text, 0);
                        lexer.plain();
                        assert_eq!(lexer.offset(), at, "{stop} among {len} of {filler}");
                    }
                    text[at] = filler;
                }
            }
        }
    }
}
