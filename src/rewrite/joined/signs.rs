//! What stands around a slice: which of several texts it is of, and whether that ends here.
//!
//! A dialect names where slices stand and no more. What vendors say beside them is told by its
//! name: `index` and its like count the texts of an answer, or else its pieces; `id` and its like
//! name them. What an unknown vendor says beside them is no sign.

use std::ops::Range;

use super::super::json::Kind;
use super::super::json::locate::Located;
use super::super::json::pointer::Pointer;

/// Objects above a slice that are looked at, from the innermost.
const ABOVE_MAX: usize = 6;

/// Where one of them says why its text ended.
const REASONS: [&str; 4] = ["finish_reason", "finishReason", "stop_reason", "stopReason"];

/// What stands there while it has not: some vendors write a word for nothing.
const NO_REASONS: [&str; 4] = ["", "null", "none", "unspecified"];

/// Where one says that it did.
const FLAGS: [&str; 6] = ["done", "final", "is_final", "isFinal", "finished", "is_finished"];

/// Where one says what it is, and the words at its end that say an end.
const KINDS: [&str; 3] = ["type", "event", "status"];
const ENDS: [&str; 9] =
    ["done", "end", "ended", "stop", "stopped", "complete", "completed", "finish", "finished"];

/// One sign, and the object that it is a member of.
struct Sign {
    object: Range<usize>,
    means: Means,
}

enum Means {
    /// The text, or the piece, by its number.
    Number(Vec<u8>),
    /// The same by its name.
    Name(Vec<u8>),
    End,
}

/// The signs of one JSON text.
pub(super) struct Signs(Vec<Sign>);

/// Every member of the objects above these places, each once.
pub(super) fn members(places: &[Pointer]) -> Vec<Pointer> {
    let mut all: Vec<Pointer> = Vec::new();
    for place in places {
        let above = std::iter::successors(place.parent(), Pointer::parent).take(ABOVE_MAX);
        for object in above {
            let Ok(members) = Pointer::parse(&format!("{object}/*")) else { continue };
            if !all.contains(&members) {
                all.push(members);
            }
        }
    }
    all
}

impl Signs {
    /// Of these members.
    pub(super) fn of<'l>(json: &[u8], members: impl Iterator<Item = &'l Located>) -> Self {
        let sign = |at: &Located| {
            let name = json.get(at.name.clone()?)?;
            let name = std::str::from_utf8(name).ok()?.trim_matches('"');
            let means = means(name, at.kind, json.get(at.value.clone())?)?;
            Some(Sign { object: at.parent.clone()?, means })
        };
        Self(members.filter_map(sign).collect())
    }

    /// What tells the text that has something here from others; empty where nothing does. The
    /// nearest number counts, and where there is none the nearest name.
    pub(super) fn key(&self, here: &Range<usize>) -> Vec<u8> {
        let number = |sign: &Sign| match &sign.means {
            Means::Number(text) => Some(text.clone()),
            Means::Name(_) | Means::End => None,
        };
        let name = |sign: &Sign| match &sign.means {
            Means::Name(text) => Some(text.clone()),
            Means::Number(_) | Means::End => None,
        };
        self.nearest(here, number).or_else(|| self.nearest(here, name)).unwrap_or_default()
    }

    /// Whether the text that has something here ends.
    pub(super) fn ends(&self, here: &Range<usize>) -> bool {
        self.around(here).any(|sign| matches!(sign.means, Means::End))
    }

    fn around(&self, here: &Range<usize>) -> impl Iterator<Item = &Sign> {
        let here = here.clone();
        self.0
            .iter()
            .filter(move |sign| sign.object.start <= here.start && here.end <= sign.object.end)
    }

    /// Those of the innermost object that has any.
    fn nearest(
        &self,
        here: &Range<usize>,
        said: impl Fn(&Sign) -> Option<Vec<u8>>,
    ) -> Option<Vec<u8>> {
        let innermost = self.around(here).filter(|sign| said(sign).is_some());
        let innermost = innermost.map(|sign| sign.object.start).max()?;
        let all = self.around(here).filter(|sign| sign.object.start == innermost);
        Some(all.filter_map(said).flatten().collect())
    }
}

fn means(name: &str, kind: Kind, value: &[u8]) -> Option<Means> {
    let ended = |ends: &[&str]| ends.contains(&name);
    let said = || [name.as_bytes(), b"\0", value, b"\0"].concat();
    match kind {
        Kind::String | Kind::Number if is_like(name, "index", "Index") => {
            Some(Means::Number(said()))
        }
        Kind::String | Kind::Number if is_like(name, "id", "Id") => Some(Means::Name(said())),
        Kind::String if ended(&REASONS) => {
            let none = NO_REASONS.contains(&&*last_word(value)?.to_ascii_lowercase());
            (!none).then_some(Means::End)
        }
        Kind::String if ended(&KINDS) => ENDS.contains(&last_word(value)?).then_some(Means::End),
        Kind::True if ended(&FLAGS) => Some(Means::End),
        Kind::String
        | Kind::Number
        | Kind::True
        | Kind::False
        | Kind::Null
        | Kind::Object
        | Kind::Array => None,
    }
}

/// `completed` of `"response.completed"`.
fn last_word(quoted: &[u8]) -> Option<&str> {
    let said = std::str::from_utf8(quoted).ok()?.trim_matches('"');
    said.rsplit(['.', '_', '-', ':', '/']).next()
}

/// `index`, `choice_index`, `choiceIndex`.
fn is_like(name: &str, word: &str, capital: &str) -> bool {
    name == word
        || name.ends_with(capital)
        || name.strip_suffix(word).is_some_and(|before| before.ends_with('_'))
}
