//! Which records were learnt with which handle, and until when: the list, locked apart from the records.
//!
//! Who lists a record holds the list's lock and takes the record's within it, never the other way. Never says that a
//! record is there: only the record does.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

use super::names::Name;
use super::shard::{Sharded, lock};
use crate::domain::HandleId;
use crate::domain::time::{Expiry, Timestamp};

/// The lists, by the parent's id.
#[derive(Default)]
pub(super) struct Families(Sharded<Mutex<HashMap<Name, Vec<Child>>>>);

/// One parent's list, locked, and with it some other parents'. Some dozen records, as [`place`](crate::store::place)
/// bounds them, so that a look through all of it is short.
pub(super) struct Family<'a> {
    parent: Name,
    lists: MutexGuard<'a, HashMap<Name, Vec<Child>>>,
}

struct Child {
    id: HandleId,
    expires: Expiry,
}

impl Families {
    pub(super) fn open(&self, parent: Name) -> Family<'_> {
        Family { parent, lists: lock(self.0.of(parent.id)) }
    }
}

impl Family<'_> {
    /// Whether `max` of its children are live.
    pub(super) fn is_crowded(&self, now: Timestamp, max: u64) -> bool {
        let max = usize::try_from(max).unwrap_or(usize::MAX);
        let live = |child: &&Child| !child.expires.passed_at(now);
        self.children().len() >= max && self.children().iter().filter(live).take(max).count() >= max
    }

    /// Up to `count` of its children that have ended.
    pub(super) fn ended(&self, now: Timestamp, count: usize) -> Vec<HandleId> {
        let ended = self.children().iter().filter(|child| child.expires.passed_at(now));
        ended.take(count).map(|child| child.id).collect()
    }

    pub(super) fn count(&self) -> u64 {
        self.children().len() as u64
    }

    pub(super) fn list(&mut self, id: HandleId, expires: Expiry) {
        let children = self.lists.entry(self.parent).or_insert_with(|| Vec::with_capacity(1));
        match children.iter_mut().find(|child| child.id == id) {
            Some(child) => child.expires = expires,
            None => children.push(Child { id, expires }),
        }
    }

    pub(super) fn strike(&mut self, id: HandleId) {
        let Some(children) = self.lists.get_mut(&self.parent) else { return };
        if let Some(place) = children.iter().position(|child| child.id == id) {
            children.swap_remove(place);
        }
        if children.is_empty() {
            self.lists.remove(&self.parent);
        }
    }

    /// Strikes all off; who they were.
    pub(super) fn disband(mut self) -> Vec<HandleId> {
        let children = self.lists.remove(&self.parent).unwrap_or_default();
        children.into_iter().map(|child| child.id).collect()
    }

    fn children(&self) -> &[Child] {
        self.lists.get(&self.parent).map_or(&[], Vec::as_slice)
    }
}
