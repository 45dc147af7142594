//! What of a vendor's JSON answer changes on its way to the browser, by rule: a URL
//! that would lead past the proxy, a setting that the operator decides.
//!
//! Every byte that no rule names stays as the vendor sent it. It never looks for
//! personal data: that is redaction's, which runs after it.

use crate::rewrite::json::locate::{Bounds, Located, locate};
use crate::rewrite::json::object::{NewMember, ObjectEdit};
use crate::rewrite::json::pointer::{Pointer, Segment};
use crate::rewrite::json::{JsonFault, Kind, text};
use crate::rewrite::splice::{Edit, splice};

/// Places of one rule: more than an answer within its own bound has members.
const PLACES_MAX: usize = 1 << 20;

const BOUNDS: Bounds = Bounds { depth_max: 128, located_max: PLACES_MAX };

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerRule {
    /// Where; `*` is any member or element.
    pub at: Pointer,
    /// What happens there.
    pub change: Change,
}

/// What happens to a value of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It becomes this JSON text. Where the member is absent and its object is
    /// there, it is added.
    Set(String),
    /// It goes.
    Remove,
    /// It goes, and stands there instead.
    MoveTo(Pointer),
    /// A string that is a URL, or a host and a path, leads to this proxy instead of
    /// the vendor's own host.
    ThroughProxy,
}

/// How the browser reached this proxy.
#[derive(Debug, Clone, Copy)]
pub struct OwnAddress<'o> {
    /// Host and port, as in the browser's `Host`.
    pub authority: &'o str,
    /// Whether it came over TLS.
    pub transport: Transport,
}

/// Whether the browser's side is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// `https` and `wss`.
    Tls,
    /// `http` and `ws`.
    Plain,
}

/// Applies the rules one after the other.
///
/// # Errors
/// [`JsonFault`] when the answer is not JSON, or nests too deep.
pub fn apply(
    rules: &[AnswerRule],
    answer: &[u8],
    own: OwnAddress<'_>,
) -> Result<Vec<u8>, JsonFault> {
    let mut answer = answer.to_vec();
    for rule in rules {
        answer = rule.apply(&answer, own)?;
    }
    Ok(answer)
}

impl AnswerRule {
    fn apply(&self, answer: &[u8], own: OwnAddress<'_>) -> Result<Vec<u8>, JsonFault> {
        let located = locate(answer, &[&self.at], &BOUNDS)?;
        let edits = match &self.change {
            Change::Set(value) if located.is_empty() => return add(answer, &self.at, value),
            Change::Set(value) => {
                located.iter().map(|at| whole(at, value.clone().into_bytes())).collect()
            }
            Change::Remove => removals(answer, &located)?,
            Change::MoveTo(to) => return moved(answer, &located, to),
            Change::ThroughProxy => {
                located.iter().filter_map(|at| through_proxy(answer, at, own)).collect()
            }
        };
        Ok(spliced(answer, edits))
    }
}

/// The edits of one rule never overlap in part: values nest or stand apart.
fn spliced(answer: &[u8], edits: Vec<Edit>) -> Vec<u8> {
    splice(answer, edits).unwrap_or_else(|_| answer.to_vec())
}

fn whole(at: &Located, with: Vec<u8>) -> Edit {
    Edit { span: at.value.clone(), with }
}

/// Members go with their names; an array's element, or the whole answer, becomes null,
/// so that what stands beside it keeps its place.
fn removals(answer: &[u8], located: &[Located]) -> Result<Vec<Edit>, JsonFault> {
    let mut edits = Vec::new();
    let mut done: Vec<&std::ops::Range<usize>> = Vec::new();
    for at in located {
        let Some(parent) = &at.parent else {
            edits.push(whole(at, b"null".to_vec()));
            continue;
        };
        if done.contains(&parent) {
            continue;
        }
        done.push(parent);
        let mut object = ObjectEdit::open(answer, parent.clone())?;
        for other in located.iter().filter(|other| other.parent.as_ref() == Some(parent)) {
            if let Some(member) = object.index_of_value(&other.value) {
                object.remove(member);
            }
        }
        edits.extend(object.finish());
    }
    Ok(edits)
}

fn moved(answer: &[u8], located: &[Located], to: &Pointer) -> Result<Vec<u8>, JsonFault> {
    let value = located.last().and_then(|last| answer.get(last.value.clone()));
    let Some(value) = value.and_then(|value| std::str::from_utf8(value).ok()) else {
        return Ok(answer.to_vec());
    };
    let without = spliced(answer, removals(answer, located)?);
    let rule = AnswerRule { at: to.clone(), change: Change::Set(value.to_owned()) };
    let own = OwnAddress { authority: "", transport: Transport::Plain };
    rule.apply(&without, own)
}

/// Adds a member to the object that it belongs to, if that is there.
fn add(answer: &[u8], at: &Pointer, value: &str) -> Result<Vec<u8>, JsonFault> {
    let (Some(parent), Some(Segment::Name(name))) = (at.parent(), at.segments().last()) else {
        return Ok(answer.to_vec());
    };
    let located = locate(answer, &[&parent], &BOUNDS)?;
    let mut edits = Vec::new();
    for object in located.iter().filter(|at| at.kind == Kind::Object) {
        let mut object = ObjectEdit::open(answer, object.value.clone())?;
        object.append(NewMember { name: name.into(), value: value.as_bytes() });
        edits.extend(object.finish());
    }
    Ok(spliced(answer, edits))
}

fn through_proxy(answer: &[u8], at: &Located, own: OwnAddress<'_>) -> Option<Edit> {
    let quoted = answer.get(at.value.clone()).filter(|_| at.kind == Kind::String)?;
    let url = text::decode(quoted).ok()?;
    let new = rebased(&url, own)?;
    Some(whole(at, text::encode(&new).into_bytes()))
}

/// The URL with its host, and the scheme where it has one, being ours. A path alone
/// leads here anyway; what is neither is left alone.
fn rebased(url: &str, own: OwnAddress<'_>) -> Option<String> {
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, url.strip_prefix("//").unwrap_or(url)),
    };
    let host_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at_checked(host_end)?;
    if host.is_empty() || host.contains(char::is_whitespace) {
        return None;
    }
    let prefix = match (scheme.map(str::to_ascii_lowercase).as_deref(), own.transport) {
        (Some("http" | "https"), Transport::Tls) => "https://",
        (Some("http" | "https"), Transport::Plain) => "http://",
        (Some("ws" | "wss"), Transport::Tls) => "wss://",
        (Some("ws" | "wss"), Transport::Plain) => "ws://",
        (Some(_), _) => return None,
        (None, _) if url.starts_with("//") => "//",
        (None, _) => "",
    };
    Some(format!("{prefix}{}{path}", own.authority))
}

#[cfg(test)]
mod tests;
