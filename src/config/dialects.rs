//! Dialects: a TOML file each, built in or the operator's own.
//!
//! An own file takes the place of a built-in one that says the same name inside.
//! Nothing here knows which dialects there are.

pub(crate) mod answering;
mod bind;
mod example;
mod exchange;
mod issue;
mod pattern;
mod rejection;
mod slot;

use std::collections::BTreeMap;
use std::sync::Arc;

use http::HeaderName;

use super::at::{At, Span};
use super::builtin;
use super::limits::TTL_MAX;
use super::measure::{DAY, MINUTE, Range, duration};
use super::mistake::Mistakes;
use super::notes::Notes;
use super::outside::Outside;
use super::raw::DialectFile;
use super::raw::dialect::{ContactCenter, Dialect as Raw};
use super::read::read;
use crate::dialect::{ContactCenterRule, Dialect, HeaderNameKey};

pub use self::example::{ExampleFault, Outcome, check_examples};

/// The names of the built-in dialects, in order.
#[must_use]
pub fn builtin_names() -> Vec<&'static str> {
    builtin::names()
}

/// The text of a built-in dialect's file.
#[must_use]
pub fn builtin_text(name: &str) -> Option<&'static str> {
    builtin::text(name)
}

/// Reads a dialect's text; `file` is what mistakes call it.
///
/// # Errors
/// Everything that is wrong with it.
pub fn parse_dialect(text: &str, file: &str) -> Result<Dialect, Mistakes> {
    let (mirror, mut notes) = read::<Raw>(file, text);
    let dialect = mirror.and_then(|mirror| resolve(&mirror, &mut notes));
    notes.finish(dialect)
}

/// Every dialect that a configuration can name.
pub(crate) struct Library {
    by_name: BTreeMap<String, Arc<Dialect>>,
    /// Whether every file could be read: if not, a name that is missing here may
    /// stand in one that could not.
    whole: bool,
}

impl Library {
    /// The built-in ones and the operator's own.
    pub(crate) fn load(
        own: &[At<DialectFile>],
        outside: &Outside<'_>,
        notes: &mut Notes<'_>,
    ) -> Self {
        let mut library = Self { by_name: BTreeMap::new(), whole: true };
        for name in builtin::names() {
            let text = builtin::text(name).unwrap_or_default();
            library.adopt(parse_dialect(text, &format!("built-in {name}.toml")), notes);
        }
        let mut named: BTreeMap<String, ()> = BTreeMap::new();
        for one in own {
            let DialectFile { file } = &**one;
            let hint = "name the dialect's file";
            let Some(file) = notes.need(file, &one.span(), "file", hint) else { continue };
            let Some(name) = library.own(file, outside, notes) else { continue };
            if named.insert(name.clone(), ()).is_some() {
                let message = format!("another file has a dialect {name:?} too");
                notes.wrong(&file.span(), message);
            }
        }
        library
    }

    fn own(
        &mut self,
        file: &At<String>,
        outside: &Outside<'_>,
        notes: &mut Notes<'_>,
    ) -> Option<String> {
        let path = outside.path(file).display().to_string();
        let text = outside.bytes(file, notes).map(String::from_utf8);
        match text {
            Some(Ok(text)) => self.adopt(parse_dialect(&text, &path), notes),
            Some(Err(_)) => {
                notes.wrong(&file.span(), "this file is not text");
                self.whole = false;
                None
            }
            None => {
                self.whole = false;
                None
            }
        }
    }

    fn adopt(
        &mut self,
        parsed: Result<Dialect, Mistakes>,
        notes: &mut Notes<'_>,
    ) -> Option<String> {
        match parsed {
            Ok(dialect) => {
                let name = dialect.name.clone();
                self.by_name.insert(name.clone(), Arc::new(dialect));
                Some(name)
            }
            Err(mistakes) => {
                notes.adopt(mistakes);
                self.whole = false;
                None
            }
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<Arc<Dialect>> {
        self.by_name.get(name).cloned()
    }

    pub(crate) fn names(&self) -> Vec<&str> {
        self.by_name.keys().map(String::as_str).collect()
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.whole
    }

    pub(crate) fn into_all(self) -> Vec<Arc<Dialect>> {
        self.by_name.into_values().collect()
    }
}

/// The whole file's place.
const FILE: Span = 0..0;

fn resolve(raw: &Raw, notes: &mut Notes<'_>) -> Option<Dialect> {
    let Raw {
        name: given,
        contact_center,
        refuse_headers,
        strip_headers,
        rejection: shape,
        relay,
        link_ttl,
        redact_as,
        identity,
        exchange: calls,
        issue: issues,
        example: examples,
    } = raw;
    let given = notes.need(given, &FILE, "name", "routes name the dialect by it");
    let name = given.and_then(|given| name(given, 32, notes));
    let refuse: Vec<_> = refuse_headers.iter().map(|text| header(text, notes)).collect();
    let strip: Vec<_> = strip_headers.iter().map(|text| header(text, notes)).collect();
    let rejection = rejection::shape(shape.as_ref(), notes);
    let relay = relay.as_ref().map(|raw| answering::relay(raw, notes));
    let relay = match relay {
        Some(relay) => Some(relay?),
        None => None,
    };
    let link_ttl = duration(link_ttl, &Range::new(DAY, MINUTE, TTL_MAX), notes);
    let key = relay.as_ref().map(|relay| &relay.key);
    let usual = exchange::Usual {
        relay: key,
        redact_as: answering::redact_as(redact_as.as_ref()).unwrap_or_default(),
        identity: answering::identity(identity.as_deref(), notes).unwrap_or_default(),
    };
    let exchanges = exchange::exchanges(calls, &usual, notes);
    let issue_calls: Vec<_> = issues.iter().map(|one| issue::issue(one, notes)).collect();
    let known = exchange::declared(calls);
    let examples: Vec<_> =
        examples.iter().map(|one| example::example(one, &known, notes)).collect();
    Some(Dialect {
        name: name?,
        contact_center: match contact_center.as_ref().map(|rule| **rule) {
            Some(ContactCenter::Required) => ContactCenterRule::Required,
            Some(ContactCenter::CheckedIfPresent) | None => ContactCenterRule::CheckedIfPresent,
        },
        refuse_headers: refuse.into_iter().collect::<Option<_>>()?,
        strip_headers: strip.into_iter().collect::<Option<_>>()?,
        rejection: rejection?,
        exchanges: exchanges?,
        relay,
        link_ttl: link_ttl?,
        issue_calls: issue_calls.into_iter().collect::<Option<_>>()?,
        examples: examples.into_iter().collect::<Option<_>>()?,
    })
}

/// A name that may stand in a metric's label.
fn name(text: &At<String>, len_max: usize, notes: &mut Notes<'_>) -> Option<String> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if (1..=len_max).contains(&text.len()) && text.bytes().all(fits) {
        return Some(text.to_string());
    }
    notes.wrong(&text.span(), format!("must be 1 to {len_max} of: a-z 0-9 -"));
    None
}

fn header(text: &At<String>, notes: &mut Notes<'_>) -> Option<HeaderNameKey> {
    let name = HeaderName::try_from(text.as_str());
    if name.is_err() {
        notes.wrong(&text.span(), "must be a header's name");
    }
    name.ok().map(HeaderNameKey)
}
