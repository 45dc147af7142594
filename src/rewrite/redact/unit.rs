//! One character as an encoder may have spelt it: the escapes of JSON, URLs and HTML.
//!
//! An escape may itself have been escaped once more (`\\u00e9`, `%5C%22`, `&amp;eacute;`). It never
//! looks further than [`UNIT_MAX`] bytes, never allocates, and reads nothing that is not at hand.

#[cfg(test)]
mod tests;

use super::entity;

/// Whether the byte begins an escape.
#[inline]
pub(super) fn introduces(byte: u8) -> bool {
    matches!(byte, b'\\' | b'%' | b'&')
}

/// Where the first byte stands that begins an escape.
pub(super) fn first_introducer(bytes: &[u8]) -> Option<usize> {
    memchr::memchr3(b'\\', b'%', b'&', bytes)
}

/// The longest spelling of one character, in bytes. The longest that is understood is half of a
/// surrogate pair twice, its backslashes being numeric entities (`&#x0000005c;ud83d…`): 36.
pub(super) const UNIT_MAX: usize = 40;

/// Leading zeros make a numeric entity longer without an end; more digits than this are not one.
const DIGITS_MAX: usize = 7;

/// How many layers of encoding are undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layers {
    /// The escape stands as its encoder wrote it.
    Once,
    /// Its punctuation was escaped again; letters and digits never are.
    Twice,
}

/// What stands at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// A whole escape.
    Whole(Unit),
    /// No escape of this kind, whatever follows.
    Nothing,
    /// The bytes end within what may become one.
    Cut,
}

/// One escape, undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unit {
    plain: [u8; 4],
    plain_len: u8,
    /// Where it ends in the source.
    pub(super) end: usize,
}

impl Unit {
    /// The bytes it stands for: one to four of UTF-8, or the one byte of a `%XX`.
    pub(super) fn plain(&self) -> &[u8] {
        self.plain.get(..usize::from(self.plain_len)).unwrap_or_default()
    }

    /// The ASCII character it stands for, if it is one.
    pub(super) fn ascii(&self) -> Option<u8> {
        match self.plain() {
            [byte] if byte.is_ascii() => Some(*byte),
            _ => None,
        }
    }

    fn byte(byte: u8, end: usize) -> Self {
        Self { plain: [byte, 0, 0, 0], plain_len: 1, end }
    }

    fn letter(letter: char, end: usize) -> Self {
        let mut plain = [0; 4];
        let plain_len = u8::try_from(letter.encode_utf8(&mut plain).len()).unwrap_or(0);
        Self { plain, plain_len, end }
    }
}

/// Undoes the escape at `at`, if one stands there.
pub(super) fn take(source: &[u8], at: usize, layers: Layers) -> Taken {
    match read(source, at, layers) {
        Ok(unit) => Taken::Whole(unit),
        Err(Stop::Nothing) => Taken::Nothing,
        Err(Stop::Cut) => Taken::Cut,
    }
}

/// The commonest escapes at `at`, those that mean the same in any number of layers; `None` says nothing.
#[inline]
pub(super) fn take_plain(source: &[u8], at: usize) -> Option<Unit> {
    let (byte, len) = match source.get(at..)? {
        [b'\\', kind @ (b'"' | b'/' | b'\''), ..] => (*kind, 2),
        [b'\\', b'n', ..] => (b'\n', 2),
        [b'\\', b'u', b'0', b'0', high, low, ..] => {
            let code = u8::try_from(digit(*high)? << 4 | digit(*low)?).ok()?;
            if !code.is_ascii() {
                return Some(Unit::letter(char::from(code), at + 6));
            }
            (code, 6)
        }
        [b'%', high, low, ..] => (u8::try_from(digit(*high)? << 4 | digit(*low)?).ok()?, 3),
        _ => return None,
    };
    (!introduces(byte)).then_some(Unit::byte(byte, at + len))
}

#[inline]
fn digit(byte: u8) -> Option<u32> {
    char::from(byte).to_digit(16)
}

/// Why there is no unit; an error so that `?` can carry it.
enum Stop {
    Nothing,
    Cut,
}

fn read(source: &[u8], at: usize, layers: Layers) -> Result<Unit, Stop> {
    let (introducer, at) = match layers {
        Layers::Once => raw(source, at)?,
        Layers::Twice => mark(source, at, layers)?,
    };
    match introducer {
        b'\\' => backslash(source, at, layers),
        b'%' => percent(source, at),
        b'&' => entity_at(source, at, layers),
        _ => Err(Stop::Nothing),
    }
}

fn raw(source: &[u8], at: usize) -> Result<(u8, usize), Stop> {
    source.get(at).map(|byte| (*byte, at + 1)).ok_or(Stop::Cut)
}

/// A character of an escape that may itself be escaped.
fn mark(source: &[u8], at: usize, layers: Layers) -> Result<(u8, usize), Stop> {
    let (byte, after) = raw(source, at)?;
    if layers == Layers::Once || !introduces(byte) {
        return Ok((byte, after));
    }
    match read(source, at, Layers::Once) {
        Ok(unit) => Ok(unit.ascii().map_or((byte, after), |ascii| (ascii, unit.end))),
        Err(Stop::Nothing) => Ok((byte, after)),
        Err(Stop::Cut) => Err(Stop::Cut),
    }
}

/// JSON's escapes, and the two that JavaScript adds: `\'` and `\xHH`.
fn backslash(source: &[u8], at: usize, layers: Layers) -> Result<Unit, Stop> {
    let (kind, at) = mark(source, at, layers)?;
    let plain = match kind {
        b'"' | b'\\' | b'/' | b'\'' => kind,
        b'b' => 0x8,
        b'f' => 0xc,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'x' => {
            let (code, at) = hex(source, at, 2)?;
            return char::from_u32(code).map(|l| Unit::letter(l, at)).ok_or(Stop::Nothing);
        }
        b'u' => return utf16(source, at, layers),
        _ => return Err(Stop::Nothing),
    };
    Ok(Unit::byte(plain, at))
}

/// What follows `\u`: four digits, and the other half where they are the first of a pair.
fn utf16(source: &[u8], at: usize, layers: Layers) -> Result<Unit, Stop> {
    let (high, at) = hex(source, at, 4)?;
    if !(0xd800..0xdc00).contains(&high) {
        return char::from_u32(high).map(|l| Unit::letter(l, at)).ok_or(Stop::Nothing);
    }
    let (b'\\', at) = mark(source, at, layers)? else { return Err(Stop::Nothing) };
    let (b'u', at) = raw(source, at)? else { return Err(Stop::Nothing) };
    let (low, at) = hex(source, at, 4)?;
    if !(0xdc00..0xe000).contains(&low) {
        return Err(Stop::Nothing);
    }
    let code = 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    char::from_u32(code).map(|l| Unit::letter(l, at)).ok_or(Stop::Nothing)
}

fn percent(source: &[u8], at: usize) -> Result<Unit, Stop> {
    let (code, at) = hex(source, at, 2)?;
    u8::try_from(code).map(|byte| Unit::byte(byte, at)).map_err(|_| Stop::Nothing)
}

fn hex(source: &[u8], at: usize, digits: usize) -> Result<(u32, usize), Stop> {
    let mut code = 0;
    for at in at..at + digits {
        let (byte, _) = raw(source, at)?;
        code = code << 4 | digit(byte).ok_or(Stop::Nothing)?;
    }
    Ok((code, at + digits))
}

/// What follows `&`: `#233;`, `#xe9;` or a name and `;`.
fn entity_at(source: &[u8], at: usize, layers: Layers) -> Result<Unit, Stop> {
    let (first, after) = mark(source, at, layers)?;
    let (letter, at) = match first {
        b'#' => match raw(source, after)? {
            (b'x' | b'X', digits) => number(source, digits, 16)?,
            (_, _) => number(source, after, 10)?,
        },
        _ => named(source, at)?,
    };
    let (b';', at) = mark(source, at, layers)? else { return Err(Stop::Nothing) };
    Ok(Unit::letter(letter, at))
}

fn number(source: &[u8], at: usize, radix: u32) -> Result<(char, usize), Stop> {
    let rest = source.get(at..).unwrap_or_default();
    let mut code = 0u32;
    for (seen, byte) in rest.iter().take(DIGITS_MAX + 1).enumerate() {
        let digit = char::from(*byte).to_digit(radix);
        match digit {
            Some(digit) => code = code.saturating_mul(radix).saturating_add(digit),
            None if seen == 0 => return Err(Stop::Nothing),
            None => return char::from_u32(code).map(|l| (l, at + seen)).ok_or(Stop::Nothing),
        }
    }
    Err(if rest.len() > DIGITS_MAX { Stop::Nothing } else { Stop::Cut })
}

fn named(source: &[u8], at: usize) -> Result<(char, usize), Stop> {
    let rest = source.get(at..).unwrap_or_default();
    let near = rest.get(..=entity::NAME_MAX).unwrap_or(rest);
    match near.iter().position(|byte| !byte.is_ascii_alphanumeric()) {
        Some(len) => {
            let name = near.get(..len).unwrap_or_default();
            entity::named(name).map(|letter| (letter, at + len)).ok_or(Stop::Nothing)
        }
        None if rest.len() > entity::NAME_MAX => Err(Stop::Nothing),
        None => Err(Stop::Cut),
    }
}
