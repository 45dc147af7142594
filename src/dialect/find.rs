//! Find an exchange's slots in a request.
//!
//! One structural pass over each text that may hold one; nothing is decided here
//! about whether a handle is good, and nothing is looked for outside the listed
//! slots.

use std::borrow::Cow;

use super::asked::Asked;
use super::exchange::{Accepts, Base, Exchange, Layer, Slot};
use super::place::Place;
pub use super::place::Unreadable;
pub use super::plan::{Carries, Found, Plan};
use super::request::{Request, Setting};
use super::tree::{Content, Node, Spot, Tokened};
use crate::domain::{Handle, handle};
use crate::rewrite::json::anywhere::strings;
use crate::rewrite::json::locate::{Bounds, Located, locate};
use crate::rewrite::json::pointer::Pointer;
use crate::rewrite::json::{Kind, text};
use crate::rewrite::jwt::verify_at;

/// Slots of one request: more than any vendor's form has fields, and few enough
/// that a request cannot buy thousands of look-ups.
pub const SLOTS_MAX: usize = 256;

/// Nested deeper than any chat message, shallow enough for the vendor's parser.
pub const DEPTH_MAX: usize = 128;

const BOUNDS: Bounds = Bounds { depth_max: DEPTH_MAX, located_max: SLOTS_MAX };

impl Exchange {
    /// The slots that stand in a request, in order.
    ///
    /// # Errors
    /// [`Unreadable`] when a part of the request is not what the exchange reads
    /// there, or is nested or peopled beyond the bounds.
    pub fn find<'r>(
        &'r self,
        request: Request<'r>,
        setting: Setting<'r>,
    ) -> Result<Plan<'r>, Unreadable> {
        let mut search = Search { slots: &self.slots, setting, found: Vec::new() };
        let mut roots = Vec::new();
        let mut bases: Vec<&Base> = Vec::new();
        for slot in &self.slots {
            if !bases.contains(&&slot.at.base) {
                bases.push(&slot.at.base);
            }
        }
        for base in bases {
            let here: Vec<usize> = (0..self.slots.len())
                .filter(|at| self.slots.get(*at).is_some_and(|slot| slot.at.base == *base))
                .collect();
            for (place, text) in base.texts(&self.call, &request)? {
                if let Some(node) = search.node(text, &here, 0, base.strictness())? {
                    roots.push((place, node));
                }
            }
        }
        Ok(Plan { request, setting, found: search.found, roots })
    }

    /// The slots that stand in a text message of the browser's, given as the body.
    /// A message that is not JSON holds none: a socket carries heartbeats, too.
    ///
    /// # Errors
    /// As [`Exchange::find`], of a token's claims.
    pub fn find_in_frame<'r>(
        &'r self,
        request: Request<'r>,
        setting: Setting<'r>,
    ) -> Result<Plan<'r>, Unreadable> {
        let mut search = Search { slots: &self.frame_slots, setting, found: Vec::new() };
        let here: Vec<usize> = (0..self.frame_slots.len()).collect();
        let text = Cow::Borrowed(request.body);
        let node = search.node(text, &here, 0, Strictness::Part)?;
        let roots = node.map(|node| (Place::Body, node)).into_iter().collect();
        Ok(Plan { request, setting, found: search.found, roots })
    }

    /// Whether the exchange looks into bodies at all.
    #[must_use]
    pub fn reads_body(&self) -> bool {
        self.slots.iter().any(|slot| slot.at.base.is_in_body())
    }

    /// Whether a slot stands outside the body, where it must be filled before the
    /// upstream's header leaves.
    #[must_use]
    pub fn reads_head(&self) -> bool {
        self.slots.iter().any(|slot| !slot.at.base.is_in_body())
    }
}

/// What becomes of a text that is not what a layer reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strictness {
    /// The request is refused: its body has one shape.
    Whole,
    /// It holds no slot: a field may hold anything.
    Part,
}

struct Search<'r> {
    slots: &'r [Slot],
    setting: Setting<'r>,
    found: Vec<Found<'r>>,
}

impl<'r> Search<'r> {
    /// Looks into a text for the slots of `here`, whose layers outside `depth`
    /// have led to it.
    fn node(
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
