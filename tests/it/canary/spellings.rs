//! How a vendor may spell what it got.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// One value in one spelling.
pub(super) struct Spelling {
    pub(super) kind: &'static str,
    /// As it is echoed.
    pub(super) text: String,
    /// What of it must not come back.
    pub(super) cores: Vec<String>,
}

fn each(value: &str, change: impl Fn(char) -> String) -> String {
    value.chars().map(change).collect()
}

fn json(value: &str, hex: fn(u16) -> String) -> String {
    each(value, |c| match c {
        '"' => "\\\"".to_owned(),
        '/' => "\\/".to_owned(),
        c if c.is_ascii() => c.to_string(),
        c => c.encode_utf16(&mut [0; 2]).iter().map(|unit| hex(*unit)).collect(),
    })
}

fn percent(value: &str, space: &str, hex: fn(u8) -> String) -> String {
    let of = |byte: u8| match byte {
        b' ' => space.to_owned(),
        byte if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
            (byte as char).to_string()
        }
        byte => hex(byte),
    };
    value.bytes().map(of).collect()
}

fn named(c: char) -> String {
    let name = match c {
        '"' => "quot",
        '&' => "amp",
        '<' => "lt",
        '>' => "gt",
        'ë' => "euml",
        'Ü' => "Uuml",
        'ö' => "ouml",
        'ß' => "szlig",
        c => return c.to_string(),
    };
    format!("&{name};")
}

fn entity(c: char, number: fn(u32) -> String) -> String {
    if c.is_ascii_alphanumeric() { c.to_string() } else { number(c.into()) }
}

/// All of them for one value.
pub(super) fn spellings(value: &str) -> Vec<Spelling> {
    let upper = |byte: u8| format!("%{byte:02X}");
    let lower = |byte: u8| format!("%{byte:02x}");
    let mut all = vec![
        ("raw", value.to_owned()),
        ("json", json(value, |unit| format!("\\u{unit:04x}"))),
        ("json upper", json(value, |unit| format!("\\u{unit:04X}"))),
        ("percent", percent(value, "%20", upper)),
        ("percent lower", percent(value, "%20", lower)),
        ("form", percent(value, "+", upper)),
        ("html decimal", each(value, |c| entity(c, |n| format!("&#{n};")))),
        ("html hexadecimal", each(value, |c| entity(c, |n| format!("&#x{n:X};")))),
        ("html named", each(value, named)),
    ];
    if value.contains('@') {
        all.push(("upper case", value.to_ascii_uppercase()));
    }
    let mut spellings: Vec<Spelling> = all
        .into_iter()
        .map(|(kind, text)| Spelling { kind, cores: vec![text.clone()], text })
        .collect();
    for before in 0..3 {
        for (kind, engine) in [("base64", &STANDARD), ("base64url", &URL_SAFE_NO_PAD)] {
            let plain = format!("{}{value}yyy", &"xxx"[..before]);
            let text = engine.encode(&plain);
            let from = (before * 8).div_ceil(6);
            let to = (before + value.len()) * 8 / 6;
            spellings.push(Spelling { kind, cores: vec![text[from..to].to_owned()], text });
        }
    }
    spellings
}
