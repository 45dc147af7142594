//! Find an exchange's slots in a request.
//!
//! One structural pass over each text that may hold one; nothing is decided here
//! about whether a handle is good, and nothing is looked for outside the listed
//! slots.

use std::borrow::Cow;

use super::exchange::{Base, Exchange};
use super::place::Place;
pub use super::place::Unreadable;
pub use super::plan::{Carries, Found, Plan};
use super::request::{Request, Setting};
use super::search::{Search, Strictness};
use crate::rewrite::json::locate::Bounds;

/// Slots of one request: more than any vendor's form has fields, and few enough
/// that a request cannot buy thousands of look-ups.
pub const SLOTS_MAX: usize = 256;

/// Nested deeper than any chat message, shallow enough for the vendor's parser.
pub const DEPTH_MAX: usize = 128;

pub(super) const BOUNDS: Bounds = Bounds { depth_max: DEPTH_MAX, located_max: SLOTS_MAX };

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
        let links = [&self.link, &self.bind].into_iter().flatten();
        self.slots.iter().any(|slot| slot.at.base.is_in_body())
            || links.into_iter().any(|link| link.at.is_in_body())
    }

    /// Whether a slot stands outside the body, where it must be filled before the
    /// upstream's header leaves.
    #[must_use]
    pub fn reads_head(&self) -> bool {
        self.slots.iter().any(|slot| !slot.at.base.is_in_body())
    }
}
