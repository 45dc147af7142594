//! Admission and the census: how many records there may be, and are, by root key.
//!
//! A record is counted before it is stored and struck off after it is gone or its time is over: what fails between
//! counts until its time is over. Never a reason to drop a record, never wrong for longer than a record lives. (A
//! failover may lose counts, and a strike whose answer was lost may be delivered twice: too few then, by as much.)

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis::Value;
use tokio::time::Instant;

use super::codec::Head;
use super::fault::Fault;
use super::keys::Keys;
use super::script::Call;
use super::wire::Wire;
use crate::domain::{Expiry, Timestamp};
use crate::store::place::{Crowd, learnt_max};
use crate::store::{Census, Record, label};

/// What a record is counted under.
pub(super) type Entry = (u16, Expiry);

/// The counts of one store, kept in the database.
#[derive(Debug)]
pub(super) struct Books {
    pub(super) entries_max: u64,
    keys: [Vec<u8>; 4],
    /// The second that was last told, for a census, which is not told one.
    now_secs: AtomicU64,
}

impl Books {
    pub(super) fn new(keys: &Keys, entries_max: u64) -> Self {
        Self { entries_max, keys: keys.census(), now_secs: AtomicU64::new(0) }
    }

    /// Somebody told the time.
    pub(super) fn tell(&self, now: Timestamp) {
        self.now_secs.store(now.secs(), Ordering::Relaxed);
    }

    /// Counts all of `records`, which live no longer than `life` milliseconds, or refuses.
    ///
    /// # Errors
    /// [`Fault::Full`], and whatever the wire says.
    pub(super) async fn admit(
        &self,
        wire: &Wire,
        records: &[Entry],
        life: u64,
        deadline: Instant,
    ) -> Result<(), Fault> {
        // Issuing asks for nothing that was learnt, and may have all there is.
        let call = self.call("admit").number(self.entries_max).number(self.entries_max);
        let answer = wire.write(&entered(call.number(life), records), deadline).await?;
        if answer == Value::Int(1) { Ok(()) } else { Err(Fault::Full) }
    }

    /// As [`Books::admit`], for one record that was learnt.
    ///
    /// # Errors
    /// As [`Books::admit`].
    pub(super) async fn admit_learnt(
        &self,
        wire: &Wire,
        record: Entry,
        life: u64,
        deadline: Instant,
    ) -> Result<Option<Crowd>, Fault> {
        let call = self.call("admit").number(self.entries_max);
        let call = call.number(learnt_max(self.entries_max)).number(life);
        let answer = wire.write(&entered(call, &[record]), deadline).await?;
        let answers = [(Value::Int(1), Ok(None)), (Value::Int(-1), Ok(Some(Crowd::Share)))];
        let known = answers.into_iter().find(|(known, _)| *known == answer);
        known.map_or(Err(Fault::Full), |(_, meant)| meant)
    }

    /// Counts a record that takes another's place, which is struck off then.
    ///
    /// # Errors
    /// Whatever the wire says.
    pub(super) async fn admit_again(
        &self,
        wire: &Wire,
        record: Entry,
        life: u64,
        deadline: Instant,
    ) -> Result<(), Fault> {
        let call = self.call("admit").number(u64::MAX).number(u64::MAX).number(life);
        wire.write(&entered(call, &[record]), deadline).await.map(|_| ())
    }

    /// Strikes off what is gone. What fails here counts until its time is over.
    pub(super) async fn strike(&self, wire: &Wire, gone: &[Entry]) {
        if !gone.is_empty() {
            let _ = wire.write(&entered(self.call("strike"), gone), wire.deadline()).await;
        }
    }

    /// # Errors
    /// Whatever the wire says.
    pub(super) async fn census(&self, wire: &Wire) -> Result<Census, Fault> {
        let answer = wire.write(&self.call("read"), wire.deadline()).await?;
        let totals: BTreeMap<u16, u64> =
            redis::from_redis_value(answer).map_err(|_| Fault::Damaged("the census"))?;
        Census::of(totals).ok_or(Fault::Damaged("the census"))
    }

    /// Whether another record would be admitted and a write is accepted.
    ///
    /// # Errors
    /// As [`Books::admit`].
    pub(super) async fn probe(&self, wire: &Wire) -> Result<(), Fault> {
        let call = self.call("probe").number(self.entries_max);
        let answer = wire.write(&call, wire.deadline()).await?;
        if answer == Value::Int(1) { Ok(()) } else { Err(Fault::Full) }
    }

    fn call(&self, op: &str) -> Call {
        Call::census(self.keys.clone(), op).number(self.now_secs.load(Ordering::Relaxed))
    }
}

/// What a record was counted under.
pub(super) fn entry(head: &Head) -> Entry {
    (label(head.key_id, head.parent), head.expires)
}

/// What a record is to be counted under.
pub(super) fn entry_of(record: &Record) -> Entry {
    (record.label(), record.expires)
}

/// A span in whole milliseconds, at least one: none at all is no expiry that Redis takes.
pub(super) fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX).clamp(1, 1 << 52)
}

fn entered(call: Call, entries: &[Entry]) -> Call {
    let mut counts = BTreeMap::<(u16, u32), u64>::new();
    for (label, expires) in entries {
        *counts.entry((*label, expires.secs())).or_default() += 1;
    }
    counts.into_iter().fold(call, |call, ((label, expires), count)| {
        call.number(label.into()).number(expires.into()).number(count)
    })
}
