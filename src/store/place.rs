//! What is learnt with a handle is kept under conditions: only where nothing is, or only
//! where something still is, and never more of it than its handle and the store may have.
//!
//! The words only; each engine keeps to them in one atomic step.

/// The share of a store that may be learnt records: links, wrapped values, a vendor's own
/// keys. A browser can make the proxy learn, so the other half is for issuing alone.
#[must_use]
pub fn learnt_max(entries_max: u64) -> u64 {
    entries_max.div_ceil(2)
}

/// When a record is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Where no live record has its key, and while there is room for it: beside its
    /// parent for at most `siblings_max`, and in the share of [`learnt_max`].
    Absent {
        /// The most records with the same parent, this one included.
        siblings_max: u64,
    },
    /// Where a live record has its key; it takes that one's place.
    Present,
}

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placed {
    /// It is kept.
    Kept,
    /// Its condition did not hold: nothing was changed.
    Unmet,
    /// There is no room for it: nothing was changed.
    Crowded(Crowd),
}

/// Where there is no room for a learnt record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crowd {
    /// Beside its parent.
    Parent,
    /// In the share of the store that learnt records may take.
    Share,
}
