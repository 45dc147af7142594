//! How many records there are, and room for more: taken before a record is entered, exact over threads.
//!
//! Never lets more be taken than there is, and never knows which record is which.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use super::entry::Entry;
use crate::store::place::learnt_max;
use crate::store::{Census, LEARNT};

/// Counts of all shards together.
pub(super) struct Counts {
    entries_max: u64,
    /// Held, and those that are about to be.
    entries: AtomicU64,
    /// The same, of what was learnt.
    learnt: AtomicU64,
    /// Held, by label; a label that was never held has no count, and one that is held no more has 0.
    by_label: Vec<OnceLock<AtomicU64>>,
}

/// Room that was taken; given back unless it is used.
pub(super) struct Room<'a> {
    counts: &'a Counts,
    entries: u64,
    learnt: u64,
}

impl Counts {
    pub(super) fn new(entries_max: u64) -> Self {
        let by_label = (0..2 * LEARNT).map(|_| OnceLock::new()).collect();
        let (entries, learnt) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { entries_max, entries, learnt, by_label }
    }

    pub(super) fn entries_max(&self) -> u64 {
        self.entries_max
    }

    /// Room for `count` records of which `learnt` are put beside their parent by who need not ask for the share.
    pub(super) fn take(&self, count: u64, learnt: u64) -> Option<Room<'_>> {
        take(&self.entries, count, self.entries_max).then(|| {
            self.learnt.fetch_add(learnt, Ordering::SeqCst);
            Room { counts: self, entries: count, learnt }
        })
    }

    /// A place in the share of what is learnt; [`Room::widen`] it for the record itself.
    pub(super) fn take_share(&self, learnt: u64) -> Option<Room<'_>> {
        let taken = take(&self.learnt, learnt, learnt_max(self.entries_max));
        taken.then(|| Room { counts: self, entries: 0, learnt })
    }

    /// Whether what is learnt has its whole share.
    pub(super) fn share_is_full(&self) -> bool {
        self.learnt.load(Ordering::SeqCst) >= learnt_max(self.entries_max)
    }

    /// A record came, for which room was taken.
    pub(super) fn enter(&self, entry: &Entry) {
        self.label(entry, |count| count.fetch_add(1, Ordering::SeqCst));
    }

    /// A record left, and its room with it.
    pub(super) fn leave(&self, entry: &Entry) {
        self.label(entry, |count| count.fetch_sub(1, Ordering::SeqCst));
        self.learnt.fetch_sub(learnt(entry), Ordering::SeqCst);
        self.entries.fetch_sub(1, Ordering::SeqCst);
    }

    /// A record came into the room of another.
    pub(super) fn trade(&self, old: &Entry, new: &Entry) {
        self.enter(new);
        self.learnt.fetch_add(learnt(new), Ordering::SeqCst);
        self.learnt.fetch_sub(learnt(old), Ordering::SeqCst);
        self.label(old, |count| count.fetch_sub(1, Ordering::SeqCst));
    }

    pub(super) fn census(&self) -> Census {
        let counts = (0..).zip(&self.by_label);
        let held = counts.filter_map(|(label, count)| Some((label, count.get()?)));
        let counts = held.map(|(label, count)| (label, count.load(Ordering::SeqCst)));
        let census = Census::of(counts).unwrap_or_default();
        Census { entries: self.entries.load(Ordering::SeqCst), ..census }
    }

    fn label(&self, entry: &Entry, change: impl FnOnce(&AtomicU64) -> u64) {
        let count = self.by_label.get(usize::from(entry.label()));
        count.map(|count| change(count.get_or_init(AtomicU64::default)));
    }
}

impl Room<'_> {
    /// Takes the place of one record besides; whether there was one.
    pub(super) fn widen(&mut self) -> bool {
        let taken = take(&self.counts.entries, 1, self.counts.entries_max);
        self.entries += u64::from(taken);
        taken
    }

    /// Records stand in it: it is theirs, and goes when they do.
    pub(super) fn used(mut self) {
        (self.entries, self.learnt) = (0, 0);
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        self.counts.learnt.fetch_sub(self.learnt, Ordering::SeqCst);
        self.counts.entries.fetch_sub(self.entries, Ordering::SeqCst);
    }
}

fn learnt(entry: &Entry) -> u64 {
    u64::from(entry.parent.is_some())
}

fn take(held: &AtomicU64, count: u64, max: u64) -> bool {
    let room = |held: u64| held.checked_add(count).filter(|sum| *sum <= max);
    held.fetch_update(Ordering::SeqCst, Ordering::SeqCst, room).is_ok()
}
