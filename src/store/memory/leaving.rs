//! How records leave: one, with its children, or those that have ended, in the order in which they end.
//!
//! Never holds a lock for more than [`SWEEP_MAX`] records, nor a record's lock while it asks for a list's.

use super::MemoryStore;
use super::entry::Entry;
use super::names::Name;
use crate::domain::HandleId;
use crate::domain::time::Timestamp;
use crate::store::SWEEP_MAX;

impl MemoryStore {
    /// Forgets one record if it is there and `which` says so.
    pub(super) fn forget(
        &self,
        name: Name,
        which: impl FnOnce(&Entry) -> bool,
    ) -> Option<Box<Entry>> {
        let gone = self.shards.of(name.id).take(name, &self.counts, which)?;
        self.settle(name, gone.parent);
        Some(gone)
    }

    /// Forgets a record and its children; whether it was there, live, and had no parent.
    pub(super) fn forget_family(&self, name: Name, now: Timestamp) -> bool {
        // First the record: who lists a child after this looks for it, and finds it gone.
        let gone = self.forget(name, |_| true);
        let children = self.families.open(name).disband();
        for id in children {
            self.forget(name.beside(id), |child| child.parent == Some(name.id));
        }
        gone.is_some_and(|gone| gone.is_live(now) && gone.parent.is_none())
    }

    /// Forgets records and their children; how many there were that were live and had no parent.
    pub(super) fn forget_families(&self, names: Vec<Name>, now: Timestamp) -> u64 {
        names.into_iter().map(|name| u64::from(self.forget_family(name, now))).sum()
    }

    /// Forgets up to `max` records that have ended at `now`, those first that ended first; how many. Where none has,
    /// no lock is taken.
    pub(super) fn forget_ended(&self, now: Timestamp, max: u32) -> u32 {
        let mut count = 0;
        while count < max {
            let Some(shard) = self.shards.iter().min_by_key(|shard| shard.ends()) else { break };
            if !shard.ends().passed_at(now) {
                break;
            }
            let most = usize::try_from((max - count).min(SWEEP_MAX)).unwrap_or(usize::MAX);
            let ended = shard.take_ended(now, most, &self.counts);
            if ended.is_empty() {
                // Somebody else took them.
                break;
            }
            for (name, gone) in ended {
                self.settle(name, gone.parent);
                count += 1;
            }
        }
        count
    }

    /// Forgets some of a parent's children that have ended, where as many as `siblings_max` are listed: the list stays
    /// as short as that.
    pub(super) fn forget_children(&self, parent: Name, siblings_max: u64, now: Timestamp) {
        let ended = {
            let family = self.families.open(parent);
            if family.count() < siblings_max {
                return;
            }
            family.ended(now, usize::try_from(SWEEP_MAX).unwrap_or(usize::MAX))
        };
        for id in ended {
            self.forget(parent.beside(id), |child| !child.is_live(now));
        }
    }

    /// Brings a parent's list in line with what there is of a child: whoever changed the child's record without the
    /// list's lock calls this after, and of several who do so at once the last sees what all have done.
    pub(super) fn settle(&self, child: Name, parent: Option<HandleId>) {
        let Some(parent) = parent.map(|id| child.beside(id)) else { return };
        let mut family = self.families.open(parent);
        let own = |entry: &mut Entry| (entry.parent == Some(parent.id)).then_some(entry.expires);
        match self.shards.of(child.id).with(child, own).flatten() {
            Some(expires) => family.list(child.id, expires),
            None => family.strike(child.id),
        }
    }
}
