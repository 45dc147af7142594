//! Keeping a batch: counts and indexes first, then the records, and back again if one of them fails.
//!
//! Never stores a record that is not counted and indexed already. Never leaves one behind that it knows to be stored
//! when it refuses the batch.

use std::collections::BTreeMap;

use futures_util::future::{join, join_all};
use redis::Value;
use tokio::time::Instant;

use super::RedisStore;
use super::books::millis;
use super::codec::{self, Head};
use super::fault::Fault;
use super::script::Call;
use super::wire::Copied;
use crate::domain::Timestamp;
use crate::store::Record;

/// A record that its primary has.
struct Stored {
    /// Whose place it took.
    old: Option<Head>,
    copied: Copied,
}

impl Stored {
    /// As a write that counts only with its replicas.
    fn outcome(&self) -> Result<Option<&Head>, Fault> {
        match self.copied {
            Copied::Enough => Ok(self.old.as_ref()),
            Copied::TooFew => Err(Fault::Replicas),
        }
    }
}

impl RedisStore {
    /// Keeps all of `records`, or none that anybody is told of.
    pub(super) async fn put_all(&self, records: &[Record]) -> Result<(), Fault> {
        let Some(now) = records.first().map(|record| record.issued) else {
            return Ok(());
        };
        self.books.tell(now);
        let by = self.wire.deadline();
        let counted: Vec<_> = records.iter().map(|record| self.books.entry_of(record)).collect();
        let life = records.iter().map(life).max().unwrap_or(1);
        let admission = self.books.admit(&self.wire, &counted, life, by);
        let (admitted, indexed) = join(admission, self.index(records, now, by)).await;
        if let Err(fault) = admitted.and(indexed) {
            // Counted for certain, and nothing is stored: a long trouble with indexes must not fill the books with what
            // was refused.
            if admitted.is_ok() {
                self.books.strike(&self.wire, &counted).await;
            }
            return Err(fault);
        }
        let outcomes = join_all(records.iter().map(|record| self.store(record, by))).await;
        let mut replaced = Vec::new();
        for (record, outcome) in records.iter().zip(&outcomes) {
            match outcome.as_ref().map_err(|fault| *fault).and_then(Stored::outcome) {
                Ok(old) => replaced.extend(old.map(|head| self.books.entry(&record.key, head))),
                Err(fault) => {
                    self.undo(records, &outcomes).await;
                    return Err(fault);
                }
            }
        }
        self.books.strike(&self.wire, &replaced).await;
        Ok(())
    }

    /// Enters every record of the batch in the indexes that it is to be found by.
    pub(super) async fn index(
        &self,
        records: &[Record],
        now: Timestamp,
        by: Instant,
    ) -> Result<(), Fault> {
        let mut indexes = BTreeMap::<Vec<u8>, Vec<&Record>>::new();
        for record in records {
            let subject = record.subject.map(|print| self.keys.subject(&record.key.tenant, &print));
            let parent = record.parent_key().map(|parent| self.keys.children(&parent));
            for index in subject.into_iter().chain(parent) {
                indexes.entry(index).or_default().push(record);
            }
        }
        let calls = indexes.into_iter().map(|(index, records)| {
            let life = records.iter().map(|record| life(record)).max().unwrap_or(1);
            let call = Call::index(index).number(now.secs()).number(life).number(0);
            records.iter().fold(call, |call, record| {
                call.number(record.expires.secs().into()).arg(record.key.id.bytes())
            })
        });
        let calls: Vec<_> = calls.collect();
        let entered = join_all(calls.iter().map(|call| self.wire.write(call, by))).await;
        entered.into_iter().try_for_each(|entered| entered.map(|_| ()))
    }

    /// Stores one record.
    async fn store(&self, record: &Record, by: Instant) -> Result<Stored, Fault> {
        let value = codec::encode(record);
        let head = value.get(..codec::HEAD_LEN).unwrap_or_default().to_vec();
        let call = Call::put(self.keys.record(&record.key)).arg(value).number(life(record));
        let call = call.arg("always").number(record.issued.secs());
        let answer = self.wire.write_anyway(&call, by).await;
        self.near.forget(&record.key);
        let (Value::BulkString(old), copied) = answer? else { return Err(Fault::Refused) };
        // Its own head means that the call arrived twice: nothing was replaced.
        let old = if old == head { None } else { codec::decode_head(&old) };
        Ok(Stored { old, copied })
    }

    /// Takes back what a batch has stored before one of its records failed, and the counts of what was not stored. What
    /// too few replicas have is taken back too: a long trouble with replicas must not fill a primary with what was
    /// refused.
    async fn undo(&self, records: &[Record], outcomes: &[Result<Stored, Fault>]) {
        let mut uncounted = Vec::new();
        let mut stored = Vec::new();
        for (record, outcome) in records.iter().zip(outcomes) {
            match outcome {
                Ok(Stored { old: None, .. }) => stored.push(record),
                Ok(Stored { old: Some(head), .. }) => {
                    uncounted.push(self.books.entry(&record.key, head));
                }
                Err(fault) if fault.is_certain() => uncounted.push(self.books.entry_of(record)),
                Err(_) => {}
            }
        }
        let by = self.wire.deadline();
        let removals = stored.iter().map(|record| self.take_back(&record.key, by));
        for (record, taken) in stored.iter().zip(join_all(removals).await) {
            let head = taken.ok().and_then(|gone| gone.head);
            uncounted.extend(head.map(|head| self.books.entry(&record.key, &head)));
        }
        self.books.strike(&self.wire, &uncounted).await;
    }
}

/// How long a record is to be kept, in milliseconds: a span and no date, so that the server's clock may be off.
pub(super) fn life(record: &Record) -> u64 {
    millis(record.expires.at().since(record.issued))
}
