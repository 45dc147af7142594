//! Decoders as a reader of the answer would use them, written apart from the redactor's own. No test.

use ::base64::Engine;
use ::base64::engine::DecodePaddingMode;
use ::base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

type Decoder = fn(&[u8]) -> Vec<u8>;

/// One layer each, and the pairs of layers that are understood.
const LAYERS: [&[Decoder]; 11] = [
    &[],
    &[json],
    &[percent],
    &[form],
    &[html],
    &[json, json],
    &[percent, percent],
    &[percent, json],
    &[percent, html],
    &[json, html],
    &[html, json],
];

/// What a text is, read in each way; base64 in each run of its characters, from each of the first four.
pub(super) fn readings(text: &[u8]) -> Vec<Vec<u8>> {
    let layer = |text: Vec<u8>, decoder: &Decoder| decoder(&text);
    let mut readings: Vec<_> =
        LAYERS.iter().map(|layers| layers.iter().fold(text.to_vec(), layer)).collect();
    for run in text.split(|byte| !byte.is_ascii_alphanumeric() && !b"+/-_".contains(byte)) {
        for from in 0..run.len().min(4) {
            readings.push(base64(&run[from..]));
        }
    }
    readings
}

fn base64(run: &[u8]) -> Vec<u8> {
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let engine = GeneralPurpose::new(&::base64::alphabet::STANDARD, config);
    let standard = |byte: &u8| match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => *other,
    };
    let mut run: Vec<u8> = run.iter().map(standard).collect();
    if run.len() % 4 == 1 {
        run.pop();
    }
    engine.decode(&run).unwrap_or_default()
}

fn json(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let (plain, len): (Vec<u8>, usize) = match rest {
            [b'\\', kind @ (b'"' | b'\\' | b'/'), ..] => (vec![*kind], 2),
            [b'\\', b'n', ..] => (b"\n".to_vec(), 2),
            [b'\\', b't', ..] => (b"\t".to_vec(), 2),
            [b'\\', b'u', ..] => utf16(rest).unwrap_or((vec![b'\\'], 1)),
            [byte, ..] => (vec![*byte], 1),
            [] => break,
        };
        out.extend(plain);
        at += len;
    }
    out
}

fn utf16(rest: &[u8]) -> Option<(Vec<u8>, usize)> {
    let unit = |at: usize| {
        (rest.get(at..at + 2)? == b"\\u").then_some(())?;
        code(rest.get(at + 2..at + 6)?, 16)
    };
    let high = unit(0)?;
    if let Some(letter) = char::from_u32(high) {
        return Some((letter.to_string().into_bytes(), 6));
    }
    let units = [high, unit(6)?].map(|unit| u16::try_from(unit).unwrap());
    Some((String::from_utf16(&units).ok()?.into_bytes(), 12))
}

fn code(digits: &[u8], radix: u32) -> Option<u32> {
    let digits = std::str::from_utf8(digits).ok()?;
    if digits.starts_with('+') {
        return None;
    }
    u32::from_str_radix(digits, radix).ok()
}

fn percent(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let byte = (text[at] == b'%')
            .then(|| text.get(at + 1..at + 3).and_then(|digits| code(digits, 16)))
            .flatten();
        out.push(byte.map_or(text[at], |byte| u8::try_from(byte).unwrap()));
        at += if byte.is_some() { 3 } else { 1 };
    }
    out
}

fn form(text: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> =
        text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent(&spaced)
}

fn html(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let entity = (text[at] == b'&').then(|| entity(&text[at + 1..])).flatten();
        let Some((letter, len)) = entity else {
            out.push(text[at]);
            at += 1;
            continue;
        };
        out.extend(letter.to_string().into_bytes());
        at += 1 + len;
    }
    out
}

/// The character behind an ampersand, and the length up to its semicolon.
fn entity(rest: &[u8]) -> Option<(char, usize)> {
    let end = rest.iter().take(9).position(|byte| *byte == b';')?;
    let letter = match &rest[..end] {
        b"amp" => '&',
        b"lt" => '<',
        b"gt" => '>',
        b"quot" => '"',
        b"euml" => 'ë',
        b"uuml" => 'ü',
        [b'#', b'x' | b'X', digits @ ..] => char::from_u32(code(digits, 16)?)?,
        [b'#', digits @ ..] => char::from_u32(code(digits, 10)?)?,
        _ => return None,
    };
    Some((letter, end + 1))
}
