//! How records come: into room that was taken for them, and under the conditions of what is learnt.
//!
//! Never makes room while it holds a lock: what leaves may have to be struck off any list.

use super::counts::Room;
use super::entry::Entry;
use super::families::Family;
use super::names::Name;
use super::shard::Entering;
use super::{MemoryStore, ROOM_MAX};
use crate::domain::time::Timestamp;
use crate::store::place::{Crowd, Placed, When};
use crate::store::{Record, RecordKey, StoreFault};

impl MemoryStore {
    /// Room for `records`; what has ended makes some, if it must.
    pub(super) fn take_room(
        &self,
        records: &[Record],
        now: Timestamp,
    ) -> Result<Room<'_>, StoreFault> {
        let learnt = records.iter().filter(|record| record.parent.is_some()).count() as u64;
        let count = records.len() as u64;
        if let Some(room) = self.counts.take(count, learnt) {
            return Ok(room);
        }
        self.forget_ended(now, u32::try_from(count).unwrap_or(u32::MAX).max(ROOM_MAX));
        self.counts.take(count, learnt).ok_or_else(|| self.full())
    }

    /// Enters a record in the room that was taken for it, whatever it replaces.
    pub(super) fn enter(&self, record: &Record) {
        let name = self.new_name(&record.key);
        self.stand(name, record, Entering::Own, self.family_of(name, record));
    }

    /// Enters a learnt record if its condition holds.
    pub(super) fn enter_if(&self, record: &Record, when: When) -> Result<Placed, StoreFault> {
        let (name, now) = (self.new_name(&record.key), record.issued);
        if let (When::Absent { siblings_max }, Some(parent)) = (when, record.parent) {
            self.forget_children(name.beside(parent), siblings_max, now);
        }
        let placed = self.stand_if(name, record, when);
        if !matches!(placed, Ok(Placed::Crowded(Crowd::Share)) | Err(StoreFault::Full { .. })) {
            return placed;
        }
        self.forget_ended(now, ROOM_MAX);
        self.stand_if(name, record, when)
    }

    /// Where there is no room for one more record that is learnt with `parent`.
    pub(super) fn crowd(
        &self,
        parent: &RecordKey,
        now: Timestamp,
        siblings_max: u64,
    ) -> Option<Crowd> {
        if self.counts.share_is_full() {
            self.forget_ended(now, ROOM_MAX);
        }
        if self.counts.share_is_full() {
            return Some(Crowd::Share);
        }
        let family = self.families.open(self.name(parent)?);
        family.is_crowded(now, siblings_max).then_some(Crowd::Parent)
    }

    /// One try, all of it under the lock of the parent's list.
    fn stand_if(&self, name: Name, record: &Record, when: When) -> Result<Placed, StoreFault> {
        let now = record.issued;
        let family = self.family_of(name, record);
        let siblings_max = match when {
            When::Present => return Ok(self.stand(name, record, Entering::Its(now), family)),
            When::Absent { siblings_max } => siblings_max,
        };
        if self.shards.of(name.id).with_live(name, now, |_| ()).is_some() {
            return Ok(Placed::Unmet);
        }
        let Some(mut room) = self.counts.take_share(u64::from(record.parent.is_some())) else {
            return Ok(Placed::Crowded(Crowd::Share));
        };
        if family.as_ref().is_some_and(|family| family.is_crowded(now, siblings_max)) {
            return Ok(Placed::Crowded(Crowd::Parent));
        }
        if !room.widen() {
            return Err(self.full());
        }
        let placed = self.stand(name, record, Entering::OwnUnless(now), family);
        if placed == Placed::Kept {
            room.used();
        }
        Ok(placed)
    }

    /// Enters it, and lists it with its parent if it has one.
    fn stand(
        &self,
        name: Name,
        record: &Record,
        entering: Entering,
        mut family: Option<Family<'_>>,
    ) -> Placed {
        let shard = self.shards.of(name.id);
        let Ok(old) = shard.enter(name, Entry::of(record), entering, &self.counts) else {
            return Placed::Unmet;
        };
        if let Some(family) = &mut family {
            family.list(name.id, record.expires);
        }
        drop(family);
        if let Some(old) = old
            && old.parent != record.parent
        {
            self.settle(name, old.parent);
        }
        Placed::Kept
    }

    fn family_of(&self, name: Name, record: &Record) -> Option<Family<'_>> {
        record.parent.map(|parent| self.families.open(name.beside(parent)))
    }

    fn full(&self) -> StoreFault {
        StoreFault::Full { entries_max: self.counts.entries_max() }
    }
}
