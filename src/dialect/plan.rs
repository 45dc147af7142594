//! What was found in a request: the slots, and the texts they stand in.
//!
//! Between `find`, which makes it, and `reveal`, which fills it; it decides nothing.

use super::exchange::Slot;
use super::place::Place;
use super::request::{Request, Setting};
use super::tree::Node;

/// The slots that stand in the request at hand, and where.
pub struct Plan<'r> {
    pub(super) request: Request<'r>,
    pub(super) setting: Setting<'r>,
    pub(super) found: Vec<Found<'r>>,
    pub(super) roots: Vec<(Place, Node<'r>)>,
}

/// One slot that stands in the request.
#[derive(Debug)]
pub struct Found<'r> {
    pub(super) slot: &'r Slot,
    /// What stands there.
    pub carries: Carries,
}

impl Found<'_> {
    /// The slot that it fits.
    #[must_use]
    pub fn slot(&self) -> &Slot {
        self.slot
    }
}

/// What stands in a found slot.
pub enum Carries {
    /// Something spelled like a handle; whether it is one, the vault decides.
    Handle(String),
    /// Something else where only a handle makes sense.
    Unusable,
    /// A token around the slot that does not verify.
    BadToken,
}

impl std::fmt::Debug for Carries {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Handle(_) => "Handle(..)",
            Self::Unusable => "Unusable",
            Self::BadToken => "BadToken",
        })
    }
}

impl Plan<'_> {
    /// The slots, in order; a verdict is due for each.
    #[must_use]
    pub fn found(&self) -> &[Found<'_>] {
        &self.found
    }
}
