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
use crate::domain::{Expiry, KeyId, Timestamp};
use crate::store::Census;

/// What a record is counted under.
pub(super) type Entry = (KeyId, Expiry);

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
        let call = self.call("admit").number(self.entries_max).number(life);
        let answer = wire.write(&entered(call, records), deadline).await?;
        if answer == Value::Int(1) { Ok(()) } else { Err(Fault::Full) }
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
        let totals: BTreeMap<u8, u64> =
            redis::from_redis_value(answer).map_err(|_| Fault::Damaged("the census"))?;
        let by_key: Vec<_> =
            totals.into_iter().filter_map(|(key, count)| Some((KeyId::new(key)?, count))).collect();
        Ok(Census { entries: by_key.iter().map(|(_, count)| count).sum(), by_key })
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
    (head.key_id, head.expires)
}

/// A span in whole milliseconds, at least one: none at all is no expiry that Redis takes.
pub(super) fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX).clamp(1, 1 << 52)
}

fn entered(call: Call, entries: &[Entry]) -> Call {
    let mut counts = BTreeMap::<(u8, u32), u64>::new();
    for (key, expires) in entries {
        *counts.entry((key.byte(), expires.secs())).or_default() += 1;
    }
    counts.into_iter().fold(call, |call, ((key, expires), count)| {
        call.number(key.into()).number(expires.into()).number(count)
    })
}
