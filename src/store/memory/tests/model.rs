//! What the memory store is to do, with one map and no index: each question is a look at every record.

use std::collections::BTreeMap;

use super::*;
use crate::store::place::learnt_max;

pub(super) const ENTRIES_MAX: u64 = 12;

/// The same store without any index.
#[derive(Default)]
pub(super) struct Model(pub(super) BTreeMap<RecordKey, Record>);

impl Model {
    pub(super) fn forget_ended(&mut self, now: Timestamp) -> u32 {
        let before = self.0.len();
        self.0.retain(|_, record| is_live(record, now));
        u32::try_from(before - self.0.len()).unwrap()
    }

    pub(super) fn put(&mut self, records: &[Record], now: Timestamp) -> Result<(), StoreFault> {
        if self.0.len() + records.len() > ENTRIES_MAX as usize {
            self.forget_ended(now);
        }
        if self.0.len() + records.len() > ENTRIES_MAX as usize {
            return Err(StoreFault::Full { entries_max: ENTRIES_MAX });
        }
        self.0.extend(records.iter().map(|record| (record.key.clone(), record.clone())));
        Ok(())
    }

    pub(super) fn children(&self, parent: &RecordKey) -> Vec<&Record> {
        self.0.values().filter(|record| record.parent_key().as_ref() == Some(parent)).collect()
    }

    pub(super) fn share_is_full(&self) -> bool {
        self.learnt() >= learnt_max(ENTRIES_MAX)
    }

    pub(super) fn learnt(&self) -> u64 {
        self.0.values().filter(|record| record.parent.is_some()).count() as u64
    }

    pub(super) fn place(&mut self, record: &Record, when: When) -> Result<Placed, StoreFault> {
        let now = record.issued;
        let live = self.0.get(&record.key).is_some_and(|held| is_live(held, now));
        if let (When::Absent { siblings_max }, Some(parent)) = (when, record.parent_key())
            && self.children(&parent).len() as u64 >= siblings_max
        {
            let ended = |child: &&Record| !is_live(child, now);
            let ended: Vec<_> =
                self.children(&parent).into_iter().filter(ended).map(|r| r.key.clone()).collect();
            self.0.retain(|key, _| !ended.contains(key));
        }
        match (when, live) {
            (When::Present, false) | (When::Absent { .. }, true) => return Ok(Placed::Unmet),
            (When::Present, true) => {}
            (When::Absent { siblings_max }, false) => {
                let learnt = u64::from(record.parent.is_some());
                let too_many = |model: &Self| model.learnt() + learnt > learnt_max(ENTRIES_MAX);
                if too_many(self) {
                    self.forget_ended(now);
                }
                if too_many(self) {
                    return Ok(Placed::Crowded(Crowd::Share));
                }
                let siblings = record.parent_key().map_or(0, |parent| {
                    self.children(&parent).iter().filter(|child| is_live(child, now)).count()
                });
                if record.parent.is_some() && siblings as u64 >= siblings_max {
                    return Ok(Placed::Crowded(Crowd::Parent));
                }
                if self.0.len() as u64 >= ENTRIES_MAX {
                    self.forget_ended(now);
                }
                if self.0.len() as u64 >= ENTRIES_MAX {
                    return Err(StoreFault::Full { entries_max: ENTRIES_MAX });
                }
            }
        }
        self.0.insert(record.key.clone(), record.clone());
        Ok(Placed::Kept)
    }

    pub(super) fn remove(&mut self, key: &RecordKey, now: Timestamp) -> bool {
        let gone = self.0.remove(key);
        self.0.retain(|_, record| record.parent_key().as_ref() != Some(key));
        gone.is_some_and(|gone| is_live(&gone, now) && gone.parent.is_none())
    }

    pub(super) fn remove_all(&mut self, now: Timestamp, which: impl Fn(&Record) -> bool) -> u64 {
        let named: Vec<_> = self.0.values().filter(|r| which(r)).map(|r| r.key.clone()).collect();
        named.iter().map(|key| u64::from(self.remove(key, now))).sum()
    }

    pub(super) fn census(&self) -> Census {
        let mut by_key = BTreeMap::new();
        for record in self.0.values() {
            *by_key.entry(record.key_id).or_default() += 1;
        }
        let by_key = by_key.into_iter().collect();
        Census { entries: self.0.len() as u64, learnt: self.learnt(), by_key }
    }
}

pub(super) fn is_live(record: &Record, now: Timestamp) -> bool {
    !record.expires.passed_at(now)
}
