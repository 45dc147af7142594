//! Whether the memory store has room for one more record that is learnt.
//!
//! It keeps nothing and forgets nothing but what has expired.

use super::MemoryStore;
use crate::domain::HandleId;
use crate::domain::time::Timestamp;
use crate::store::RecordKey;
use crate::store::place::{Crowd, learnt_max};

impl MemoryStore {
    /// Where there is no room for one more learnt record.
    pub(super) fn crowd(
        &self,
        parent: Option<&RecordKey>,
        siblings_max: u64,
        now: Timestamp,
    ) -> Option<Crowd> {
        let full = || self.books.learnt() >= learnt_max(self.entries_max);
        if full() {
            self.make_room(now);
            if full() {
                return Some(Crowd::Share);
            }
        }
        let parent = parent?;
        if self.books.count_of_children(parent) < siblings_max {
            return None;
        }
        // What has expired by our clock may still be waiting for moka's.
        let live = |id: &HandleId| {
            self.live(&RecordKey { tenant: parent.tenant.clone(), id: *id }, now).is_some()
        };
        let siblings = self.books.children(parent).iter().filter(|id| live(id)).count();
        (u64::try_from(siblings).unwrap_or(u64::MAX) >= siblings_max).then_some(Crowd::Parent)
    }
}
