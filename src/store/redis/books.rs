//! Admission and the census: how many records there may be, and are, by root key.
//!
//! A record is counted before it is stored and struck off after it is gone or its time is over: what fails between
//! counts until its time is over. Never a reason to drop a record, never wrong for longer than a record lives, and never
//! waits for replicas: a count that a failover loses revives and reveals nothing. (A strike whose answer was lost may be
//! delivered twice: too few then, by as much.)

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use redis::Value;
use tokio::time::Instant;

use super::codec::Head;
use super::fault::Fault;
use super::script::Call;
use super::shares::{Share, Shares};
use super::wire::Wire;
use crate::domain::{Expiry, Timestamp};
use crate::store::place::{Crowd, learnt_max};
use crate::store::{Census, Record, RecordKey, label};

/// What a record is counted under, and in which part.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    share: u16,
    label: u16,
    expires: Expiry,
}

/// The counts of one store, kept in the database.
#[derive(Debug)]
pub(super) struct Books {
    pub(super) entries_max: u64,
    shares: Shares,
    /// The second that was last told, for a census, which is not told one.
    now_secs: AtomicU64,
}

impl Books {
    pub(super) fn new(shares: Shares, entries_max: u64) -> Self {
        Self { entries_max, shares, now_secs: AtomicU64::new(0) }
    }

    /// What a record was counted under.
    pub(super) fn entry(&self, key: &RecordKey, head: &Head) -> Entry {
        let label = label(head.key_id, head.parent);
        Entry { share: self.shares.number_of(key), label, expires: head.expires }
    }

    /// What a record is to be counted under.
    pub(super) fn entry_of(&self, record: &Record) -> Entry {
        let share = self.shares.number_of(&record.key);
        Entry { share, label: record.label(), expires: record.expires }
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
        let parts = self.parts(records);
        let admissions = parts.iter().map(|(share, part)| async move {
            // Issuing asks for nothing that was learnt, and may have all there is.
            let max = share.entries_max;
            let call = self.call(share, "admit").number(max).number(max).number(life);
            let answer = wire.run(&entered(call, part), deadline).await?;
            if answer == Value::Int(1) { Ok(()) } else { Err(Fault::Full) }
        });
        let outcomes = join_all(admissions).await;
        let refused = outcomes.iter().find_map(|outcome| outcome.err());
        let Some(fault) = refused else { return Ok(()) };
        let counted = parts.iter().zip(&outcomes).filter(|(_, outcome)| outcome.is_ok());
        let counted: Vec<_> = counted.flat_map(|((_, part), _)| part.iter().copied()).collect();
        self.strike(wire, &counted).await;
        Err(fault)
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
        let share = self.shares.share(record.share).ok_or(Fault::Refused)?;
        let call = self.call(share, "admit").number(share.entries_max);
        let call = call.number(learnt_max(share.entries_max)).number(life);
        let answer = wire.run(&entered(call, &[record]), deadline).await?;
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
        let share = self.shares.share(record.share).ok_or(Fault::Refused)?;
        let call = self.call(share, "admit").number(u64::MAX).number(u64::MAX).number(life);
        wire.run(&entered(call, &[record]), deadline).await.map(|_| ())
    }

    /// Strikes off what is gone. What fails here counts until its time is over.
    pub(super) async fn strike(&self, wire: &Wire, gone: &[Entry]) {
        let by = wire.deadline();
        let strikes = self.parts(gone).into_iter().map(|(share, part)| async move {
            let _ = wire.run(&entered(self.call(share, "strike"), &part), by).await;
        });
        join_all(strikes).await;
    }

    /// # Errors
    /// Whatever the wire says, of any part.
    pub(super) async fn census(&self, wire: &Wire) -> Result<Census, Fault> {
        let by = wire.deadline();
        let reads = self.shares.all().iter().map(|share| self.read(wire, share, by));
        let mut all = Vec::new();
        for totals in join_all(reads).await {
            all.extend(totals?);
        }
        Census::of(all).ok_or(Fault::Damaged("the census"))
    }

    /// Whether what is learnt has all the room that it may have, as seen in the part that `parent` is counted in: one
    /// part is told from another by chance alone.
    ///
    /// # Errors
    /// Whatever the wire says.
    pub(super) async fn is_crowded(&self, wire: &Wire, parent: &RecordKey) -> Result<bool, Fault> {
        let share = self.shares.share(self.shares.number_of(parent)).ok_or(Fault::Refused)?;
        let totals = self.read(wire, share, wire.deadline()).await?;
        let census = Census::of(totals).ok_or(Fault::Damaged("the census"))?;
        Ok(census.learnt >= learnt_max(share.entries_max))
    }

    /// Keys that are never written, one for each part: whoever runs a script on one asks whoever has its slot.
    pub(super) fn probes(&self) -> impl Iterator<Item = &[u8]> {
        self.shares.all().iter().map(|share| share.probe.as_slice())
    }

    async fn read(
        &self,
        wire: &Wire,
        share: &Share,
        by: Instant,
    ) -> Result<BTreeMap<u16, u64>, Fault> {
        let answer = wire.run(&self.call(share, "read"), by).await?;
        redis::from_redis_value(answer).map_err(|_| Fault::Damaged("the census"))
    }

    /// Entries by the part that counts them.
    fn parts(&self, entries: &[Entry]) -> Vec<(&Share, Vec<Entry>)> {
        let mut parts = BTreeMap::<u16, Vec<Entry>>::new();
        for entry in entries {
            parts.entry(entry.share).or_default().push(*entry);
        }
        let found =
            parts.into_iter().map(|(number, part)| Some((self.shares.share(number)?, part)));
        found.flatten().collect()
    }

    fn call(&self, share: &Share, op: &str) -> Call {
        Call::census(share.keys.clone(), op).number(self.now_secs.load(Ordering::Relaxed))
    }
}

/// A span in whole milliseconds, at least one: none at all is no expiry that Redis takes.
pub(super) fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX).clamp(1, 1 << 52)
}

fn entered(call: Call, entries: &[Entry]) -> Call {
    let mut counts = BTreeMap::<(u16, u32), u64>::new();
    for entry in entries {
        *counts.entry((entry.label, entry.expires.secs())).or_default() += 1;
    }
    counts.into_iter().fold(call, |call, ((label, expires), count)| {
        call.number(label.into()).number(expires.into()).number(count)
    })
}
