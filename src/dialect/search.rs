//! The search for slots in one text, layer by layer from the outside in.
//!
//! It spells out what stands where and decides nothing about it; a layer that is not
//! what a slot reads holds none, unless it is a body's only shape.

use std::borrow::Cow;

use super::asked::Asked;
use super::exchange::{Accepts, Layer, Slot};
use super::find::{BOUNDS, Unreadable};
use super::plan::{Carries, Found};
use super::request::Setting;
use super::tree::{Content, Node, Spot, Tokened};
use crate::domain::{Handle, handle};
use crate::rewrite::json::anywhere::strings;
use crate::rewrite::json::locate::{Located, locate};
use crate::rewrite::json::pointer::Pointer;
use crate::rewrite::json::{Kind, text};
use crate::rewrite::jwt::verify_at;

/// What becomes of a text that is not what a layer reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strictness {
    /// The request is refused: its body has one shape.
    Whole,
    /// It holds no slot: a field may hold anything.
    Part,
}

pub(super) struct Search<'r> {
    pub(super) slots: &'r [Slot],
    pub(super) setting: Setting<'r>,
    pub(super) found: Vec<Found<'r>>,
}

impl<'r> Search<'r> {
    /// Looks into a text for the slots of `here`, whose layers outside `depth`
    /// have led to it.
    pub(super) fn node(
        &mut self,
        text: Cow<'r, [u8]>,
        here: &[usize],
        depth: usize,
        strictness: Strictness,
    ) -> Result<Option<Node<'r>>, Unreadable> {
        for at in here {
            if self.layer(*at, depth).is_none() {
                let string = std::str::from_utf8(&text).ok();
                if let Some(leaf) = self.leaf(*at, string) {
                    return Ok(Some(Node::Text(leaf)));
                }
            }
        }
        if let Some(node) = self.json(&text, here, depth, strictness)? {
            return Ok(Some(node));
        }
        if let Some(node) = self.anywhere(&text, here, depth)? {
            return Ok(Some(node));
        }
        self.token(&text, here, depth)
    }

    fn json(
        &mut self,
        text: &Cow<'r, [u8]>,
        here: &[usize],
        depth: usize,
        strictness: Strictness,
    ) -> Result<Option<Node<'r>>, Unreadable> {
        let here: Vec<(usize, &'r Pointer)> = here
            .iter()
            .filter_map(|at| match self.layer(*at, depth) {
                Some(Layer::Json(pointer)) => Some((*at, pointer)),
                Some(Layer::Anywhere | Layer::Token) | None => None,
            })
            .collect();
        if here.is_empty() {
            return Ok(None);
        }
        let asked = Asked::new(self.slots, &here, depth);
        let located = match (locate(text, &asked.pointers, &BOUNDS), strictness) {
            (Ok(located), _) => located,
            (Err(_), Strictness::Whole) => return Err(Unreadable),
            (Err(_), Strictness::Part) => return Ok(None),
        };
        let mut spots: Vec<Spot<'r>> = Vec::new();
        for at in located.iter().filter(|at| at.pointer < here.len()) {
            if spots.iter().any(|spot| spot.value == at.value) {
                continue;
            }
            let slots: Vec<usize> = located
                .iter()
                .filter(|other| other.value == at.value)
                .filter_map(|other| here.get(other.pointer).map(|(slot, _)| *slot))
                .collect();
            if let Some(content) = self.content(text, at, &located, &asked, &slots, depth)? {
                spots.push(asked.spot(at, &located, content, self.slots, &self.found));
            }
        }
        Ok((!spots.is_empty()).then(|| Node::Json { text: text.clone(), spots }))
    }

    /// What stands in one located value, for the first slot that has a use for it.
    fn content(
        &mut self,
        source: &[u8],
        at: &Located,
        located: &[Located],
        asked: &Asked<'r>,
        slots: &[usize],
        depth: usize,
    ) -> Result<Option<Content<'r>>, Unreadable> {
        let quoted = source.get(at.value.clone()).unwrap_or_default();
        let string = match at.kind {
            Kind::String => Some(text::decode(quoted).map_err(|_| Unreadable)?),
            Kind::Object | Kind::Array | Kind::Number | Kind::True | Kind::False | Kind::Null => {
                None
            }
        };
        let (mut inner, mut leaf) = (Vec::new(), None);
        let name = at.name.clone().and_then(|name| source.get(name));
        for slot in slots {
            if self.excepts(*slot, name) {
                continue;
            }
            if self.layer(*slot, depth.saturating_add(1)).is_some() {
                inner.push(*slot);
            } else if leaf.is_none() && inner.is_empty() {
                let second = asked.second(*slot, source, at, located);
                leaf = match (self.has_second(*slot), second) {
                    (true, Some(key)) => self.pair(*slot, string.as_deref(), &key),
                    (true, None) => self.push(*slot, Carries::Unusable),
                    (false, _) => self.leaf(*slot, string.as_deref()),
                };
            }
        }
        match (leaf, string) {
            (Some(leaf), _) => Ok(Some(Content::Leaf(leaf))),
            (None, Some(string)) if !inner.is_empty() => {
                let text = Cow::Owned(string.into_owned().into_bytes());
                let node = self.node(text, &inner, depth.saturating_add(1), Strictness::Part)?;
                Ok(node.map(|node| Content::Inside(Box::new(node))))
            }
            (None, Some(_) | None) => Ok(None),
        }
    }

    fn anywhere(
        &mut self,
        text: &Cow<'r, [u8]>,
        here: &[usize],
        depth: usize,
    ) -> Result<Option<Node<'r>>, Unreadable> {
        let Some(slot) = here.iter().find(|at| self.layer(**at, depth) == Some(&Layer::Anywhere))
        else {
            return Ok(None);
        };
        let located = strings(text, handle::PREFIX, handle::TEXT_LEN, &BOUNDS);
        let located = located.map_err(|_| Unreadable)?;
        let mut spots = Vec::new();
        for at in &located {
            let quoted = text.get(at.value.clone()).unwrap_or_default();
            let string = text::decode(quoted).map_err(|_| Unreadable)?;
            if let Some(leaf) = self.leaf(*slot, Some(&string)) {
                spots.push(Spot::of(at, Content::Leaf(leaf)));
            }
        }
        Ok((!spots.is_empty()).then(|| Node::Json { text: text.clone(), spots }))
    }

    /// A token is opened only when it verifies; one that does not is no plain
    /// value either.
    fn token(
        &mut self,
        text: &[u8],
        here: &[usize],
        depth: usize,
    ) -> Result<Option<Node<'r>>, Unreadable> {
        let here: Vec<usize> = here
            .iter()
            .copied()
            .filter(|at| self.layer(*at, depth) == Some(&Layer::Token))
            .collect();
        let (Some(first), Ok(string)) = (here.first(), std::str::from_utf8(text)) else {
            return Ok(None);
        };
        let verified = self.setting.jwt.and_then(|jwt| {
            verify_at(&jwt.keys, string, self.setting.now.secs(), &jwt.expected).ok()
        });
        let Some(token) = verified else {
            return Ok(self.push(*first, Carries::BadToken).map(Node::Text));
        };
        let claims = Cow::Owned(token.claims().to_vec());
        let inside = self.node(claims, &here, depth.saturating_add(1), Strictness::Part)?;
        Ok(inside.map(|claims| {
            Node::Token(Tokened { header: token.header().to_vec(), claims: Box::new(claims) })
        }))
    }

    fn leaf(&mut self, slot: usize, string: Option<&str>) -> Option<usize> {
        let accepts = self.slots.get(slot)?.accepts;
        match (string, accepts) {
            (Some(text), _) if handle::looks_like(text) => {
                self.push(slot, Carries::Handle(text.to_owned()))
            }
            (Some(_) | None, Accepts::Handle) => self.push(slot, Carries::Unusable),
            (Some(_) | None, Accepts::HandleOrPlain) => None,
        }
    }

    /// A handle in two parts: the id here, the rest in its second place.
    fn pair(&mut self, slot: usize, id: Option<&str>, key: &str) -> Option<usize> {
        let whole = id.and_then(|id| Handle::from_parts(id, key).ok());
        match (whole, self.slots.get(slot)?.accepts) {
            (Some(whole), _) => self.push(slot, Carries::Handle(whole.expose())),
            (None, Accepts::Handle) => self.push(slot, Carries::Unusable),
            (None, Accepts::HandleOrPlain) => None,
        }
    }

    fn push(&mut self, slot: usize, carries: Carries) -> Option<usize> {
        self.found.push(Found { slot: self.slots.get(slot)?, carries });
        self.found.len().checked_sub(1)
    }

    fn layer(&self, slot: usize, depth: usize) -> Option<&'r Layer> {
        self.slots.get(slot)?.at.layers.get(depth)
    }

    /// Whether a slot leaves out what stands under this quoted name.
    fn excepts(&self, slot: usize, name: Option<&[u8]>) -> bool {
        let except = self.slots.get(slot).map(|slot| &slot.except);
        let (Some(except), Some(name)) = (except, name) else { return false };
        except.iter().any(|other| text::eq_decoded(name, other))
    }

    fn has_second(&self, slot: usize) -> bool {
        self.slots.get(slot).is_some_and(|slot| slot.second.is_some())
    }
}
