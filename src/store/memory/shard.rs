//! One of the parts of the map, under a lock of its own: records, the order in which they end, and whose they are.
//!
//! Never waits for anything while it holds its lock, and never looks at more of its records than it was asked for, but
//! for a tenant's.

use std::collections::{BTreeSet, HashMap};
use std::iter::once;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::counts::Counts;
use super::entry::Entry;
use super::names::Name;
use crate::domain::time::{Expiry, Timestamp};
use crate::domain::{Fingerprint, HandleId};

/// 256 of something, by the first byte of an id, which is random. So many, that a map which has to grow moves some
/// thousand entries when there are a million of them.
pub(super) struct Sharded<T> {
    most: Vec<T>,
    last: T,
}

impl<T: Default> Default for Sharded<T> {
    fn default() -> Self {
        Self { most: (0..u8::MAX).map(|_| T::default()).collect(), last: T::default() }
    }
}

impl<T> Sharded<T> {
    pub(super) fn of(&self, id: HandleId) -> &T {
        let [first, ..] = id.bytes();
        self.most.get(usize::from(*first)).unwrap_or(&self.last)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.most.iter().chain(once(&self.last))
    }
}

/// A part of the map.
pub(super) struct Shard {
    pub(super) inside: Mutex<Inside>,
    /// When the first of its records ends, in seconds: what is looked at before the lock is taken for nothing.
    ends: AtomicU32,
}

/// What the lock is over.
#[derive(Default)]
pub(super) struct Inside {
    records: HashMap<Name, Box<Entry>>,
    by_end: BTreeSet<(Expiry, Name)>,
    by_subject: BTreeSet<(Fingerprint, Name)>,
}

/// In whose room a record is entered.
#[derive(Clone, Copy)]
pub(super) enum Entering {
    /// In its own, whether one with its name is there or not.
    Own,
    /// In its own, unless a live one is there at this time.
    OwnUnless(Timestamp),
    /// In that of the one that it replaces, if one is there that is live at this time.
    Its(Timestamp),
}

impl Default for Shard {
    fn default() -> Self {
        Self { inside: Mutex::default(), ends: AtomicU32::new(u32::MAX) }
    }
}

impl Shard {
    /// When the first of its records ends, or none before 2106.
    pub(super) fn ends(&self) -> Expiry {
        Expiry::from_secs(self.ends.load(Ordering::SeqCst))
    }

    /// Does something with a record, if it is there.
    pub(super) fn with<T>(&self, name: Name, act: impl FnOnce(&mut Entry) -> T) -> Option<T> {
        lock(&self.inside).records.get_mut(&name).map(|entry| act(entry))
    }

    /// The same if it is live.
    pub(super) fn with_live<T>(
        &self,
        name: Name,
        now: Timestamp,
        act: impl FnOnce(&mut Entry) -> T,
    ) -> Option<T> {
        self.with(name, |entry| entry.is_live(now).then(|| act(entry))).flatten()
    }

    /// Enters a record: what it replaced, or that it may not.
    pub(super) fn enter(
        &self,
        name: Name,
        entry: Entry,
        entering: Entering,
        counts: &Counts,
    ) -> Result<Option<Box<Entry>>, NotEntered> {
        self.change(|inside| {
            let live = |now| inside.records.get(&name).is_some_and(|held| held.is_live(now));
            let may = match entering {
                Entering::Own => true,
                Entering::OwnUnless(now) => !live(now),
                Entering::Its(now) => live(now),
            };
            if !may {
                return Err(NotEntered);
            }
            let entry = Box::new(entry);
            match (entering, inside.records.get(&name)) {
                (Entering::Its(_), Some(old)) => counts.trade(old, &entry),
                (Entering::Own | Entering::OwnUnless(_), Some(old)) => {
                    counts.enter(&entry);
                    counts.leave(old);
                }
                (Entering::Own | Entering::OwnUnless(_) | Entering::Its(_), None) => {
                    counts.enter(&entry)
                }
            }
            Ok(inside.list(name, entry))
        })
    }

    /// Takes a record out, if it is there and `which` says so.
    pub(super) fn take(
        &self,
        name: Name,
        counts: &Counts,
        which: impl FnOnce(&Entry) -> bool,
    ) -> Option<Box<Entry>> {
        self.change(|inside| {
            if !which(inside.records.get(&name)?) {
                return None;
            }
            inside.strike(name).inspect(|gone| counts.leave(gone))
        })
    }

    /// Takes out up to `max` of the records that end first, of one second, if they have ended.
    pub(super) fn take_ended(
        &self,
        now: Timestamp,
        max: usize,
        counts: &Counts,
    ) -> Vec<(Name, Box<Entry>)> {
        self.change(|inside| {
            let mut gone = Vec::new();
            let Some(&(end, _)) = inside.by_end.first().filter(|(end, _)| end.passed_at(now))
            else {
                return gone;
            };
            while gone.len() < max
                && let Some(&(_, name)) = inside.by_end.first().filter(|first| first.0 == end)
                && let Some(entry) = inside.strike(name)
            {
                counts.leave(&entry);
                gone.push((name, entry));
            }
            gone
        })
    }

    /// The names of a subject's records.
    pub(super) fn of_subject(&self, tenant: u32, subject: &[Fingerprint]) -> Vec<Name> {
        let inside = lock(&self.inside);
        let (least, greatest) = Name::bounds(tenant);
        let of =
            |print: &Fingerprint| inside.by_subject.range((*print, least)..=(*print, greatest));
        subject.iter().flat_map(of).map(|(_, name)| *name).collect()
    }

    /// The names of a tenant's records: a look at each that is here.
    pub(super) fn of_tenant(&self, tenant: u32) -> Vec<Name> {
        let inside = lock(&self.inside);
        inside.records.keys().filter(|name| name.tenant == tenant).copied().collect()
    }

    fn change<T>(&self, change: impl FnOnce(&mut Inside) -> T) -> T {
        let mut inside = lock(&self.inside);
        let changed = change(&mut inside);
        let ends = inside.by_end.first().map_or(u32::MAX, |(end, _)| end.secs());
        if self.ends.load(Ordering::Relaxed) != ends {
            self.ends.store(ends, Ordering::SeqCst);
        }
        changed
    }
}

/// A record stands there, or none does, against what was asked.
pub(super) struct NotEntered;

impl Inside {
    fn list(&mut self, name: Name, entry: Box<Entry>) -> Option<Box<Entry>> {
        let old = self.strike(name);
        self.by_end.insert((entry.expires, name));
        self.by_subject.extend(entry.subject.map(|print| (print, name)));
        self.records.insert(name, entry);
        old
    }

    fn strike(&mut self, name: Name) -> Option<Box<Entry>> {
        let entry = self.records.remove(&name)?;
        self.by_end.remove(&(entry.expires, name));
        if let Some(print) = entry.subject {
            self.by_subject.remove(&(print, name));
        }
        Some(entry)
    }
}

/// A poisoned lock means a panic between two plain assignments; the data is
/// still the data, and refusing every later redeem would be worse.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
