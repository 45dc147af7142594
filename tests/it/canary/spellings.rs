//! How a vendor may spell what it got. Shared with the test that cuts answers in the
//! process (`src/proxy/answer/tests.rs`).

use std::collections::HashSet;
use std::sync::Mutex;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// What the handles stand for.
pub(super) const PAYLOAD: &str = r#"{
  "user_id": "canary.q7@example.com", "own_user_id": "canary-own-4711", "user_email": "kanarie@example.org",
  "conversation_token": "canary tok+8812/x=", "nickname": "Zoë \"Kanarie\" Ümlaut", "subject": "Vögelweg 17 & Söhne",
  "account": 90817263545, "variable": "Straße <b>1</b>"
}"#;

/// Its values.
const VALUES: [&str; 8] = [
    "canary.q7@example.com",
    "canary-own-4711",
    "kanarie@example.org",
    "canary tok+8812/x=",
    "Zoë \"Kanarie\" Ümlaut",
    "Vögelweg 17 & Söhne",
    "90817263545",
    "Straße <b>1</b>",
];

/// Every spelling of every value.
pub(super) struct Marks {
    spellings: Vec<Spelling>,
    /// Texts that were searched: the same one is not searched twice.
    clean: Mutex<HashSet<Vec<u8>>>,
}

impl Marks {
    pub(super) fn all() -> Self {
        let spellings = VALUES.iter().flat_map(|value| spellings(value)).collect();
        Self { spellings, clean: Mutex::default() }
    }

    /// The kinds of spelling.
    pub(super) fn kinds(&self) -> Vec<&'static str> {
        let mut kinds: Vec<&str> = self.spellings.iter().map(|mark| mark.kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }

    /// A vendor's body that says all values in this spelling.
    pub(super) fn body(&self, kind: &str) -> String {
        let all: Vec<String> = self.texts(kind).map(|text| format!("\"{text}\"")).collect();
        format!("{{\"id\":\"c-1\",\"m\":[{}]}}", all.join(","))
    }

    /// The values in this spelling.
    pub(super) fn texts(&self, kind: &str) -> impl Iterator<Item = &str> {
        self.spellings.iter().filter(move |mark| mark.kind == kind).map(|mark| mark.text.as_str())
    }

    /// The first mark that stands in these bytes.
    pub(super) fn found_in(&self, bytes: &[u8]) -> Option<String> {
        let text = String::from_utf8_lossy(bytes);
        let stands = |core: &&String| text.contains(core.as_str());
        let found = |mark: &Spelling| {
            let core = mark.cores.iter().find(stands)?;
            Some(format!("{} {core}", mark.kind))
        };
        self.spellings.iter().find_map(found)
    }

    /// Asserts that no mark stands in these bytes; how many bytes they were.
    #[track_caller]
    pub(super) fn none_in(&self, bytes: &[u8], place: &str) -> u64 {
        if !self.clean.lock().unwrap().contains(bytes) {
            if let Some(mark) = self.found_in(bytes) {
                panic!("{mark} in {place}: {}", String::from_utf8_lossy(bytes));
            }
            self.clean.lock().unwrap().insert(bytes.to_vec());
        }
        bytes.len() as u64
    }
}

/// One value in one spelling.
struct Spelling {
    kind: &'static str,
    /// As it is echoed.
    text: String,
    /// What of it must not come back.
    cores: Vec<String>,
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

/// As ISO-8859-1 has it.
fn narrow(value: &str) -> String {
    let of = |letter: char| match letter {
        ' ' => "+".to_owned(),
        letter if letter.is_ascii_alphanumeric() || "-._~".contains(letter) => letter.to_string(),
        letter => format!("%{:02X}", u32::from(letter)),
    };
    value.chars().map(of).collect()
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
fn spellings(value: &str) -> Vec<Spelling> {
    let upper = |byte: u8| format!("%{byte:02X}");
    let lower = |byte: u8| format!("%{byte:02x}");
    let mut all = vec![
        ("raw", value.to_owned()),
        ("json", json(value, |unit| format!("\\u{unit:04x}"))),
        ("json upper", json(value, |unit| format!("\\u{unit:04X}"))),
        ("percent", percent(value, "%20", upper)),
        ("percent lower", percent(value, "%20", lower)),
        ("form", percent(value, "+", upper)),
        ("form, a byte a letter", narrow(value)),
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
