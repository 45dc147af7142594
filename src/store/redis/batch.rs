//! Keeping a batch: counts and indexes first, then the records, and back again if one of them fails.
//!
//! Never stores a record that is not counted and indexed already. Never leaves one behind that it knows to be stored
//! when it refuses the batch.

use std::collections::BTreeMap;

use futures_util::future::{join, join_all};
use redis::Value;
use tokio::time::Instant;

use super::RedisStore;
use super::books::{entry, entry_of, millis};
use super::codec::{self, Head};
use super::fault::Fault;
use super::removal::Meant;
use super::script::Call;
use crate::domain::Timestamp;
use crate::store::Record;

impl RedisStore {
    /// Keeps all of `records`, or none that anybody is told of.
    pub(super) async fn put_all(&self, records: &[Record]) -> Result<(), Fault> {
        let Some(now) = records.first().map(|record| record.issued) else {
            return Ok(());
        };
        self.books.tell(now);
        let by = self.wire.deadline();
        let counted: Vec<_> = records.iter().map(entry_of).collect();
        let life = records.iter().map(life).max().unwrap_or(1);
        let admission = self.books.admit(&self.wire, &counted, life, by);
        let (admitted, indexed) = join(admission, self.index(records, now, by)).await;
        if let Err(fault) = admitted.and(indexed) {
            // Counted for certain, and nothing is stored: a long trouble with indexes or replicas must not fill the
            // books with what was refused.
            if admitted.is_ok() || fault == Fault::Replicas {
                self.books.strike(&self.wire, &counted).await;
            }
            return Err(fault);
        }
        let outcomes = join_all(records.iter().map(|record| self.store(record, by))).await;
        let mut replaced = Vec::new();
        for outcome in &outcomes {
            match outcome {
                Ok(old) => replaced.extend(old.as_ref().map(entry)),
                Err(fault) => {
                    self.undo(records, &outcomes).await;
                    return Err(*fault);
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

    /// Stores one record; the head of the one whose place it took, if another was there.
    async fn store(&self, record: &Record, by: Instant) -> Result<Option<Head>, Fault> {
        let value = codec::encode(record);
        let head = value.get(..codec::HEAD_LEN).unwrap_or_default().to_vec();
        let call = Call::put(self.keys.record(&record.key)).arg(value).number(life(record));
        let call = call.arg("always").number(record.issued.secs());
        let answer = self.wire.write(&call, by).await;
        self.near.forget(&record.key);
        let Value::BulkString(old) = answer? else { return Err(Fault::Refused) };
        // Its own head means that the call arrived twice: nothing was replaced.
        Ok(if old == head { None } else { codec::decode_head(&old) })
    }

    /// Takes back what a batch has stored before one of its records failed, and the counts of what was not stored.
    async fn undo(&self, records: &[Record], outcomes: &[Result<Option<Head>, Fault>]) {
        let mut uncounted = Vec::new();
        let mut stored = Vec::new();
        for (record, outcome) in records.iter().zip(outcomes) {
            match outcome {
                Ok(None) => stored.push(record),
                Ok(Some(replaced)) => uncounted.push(entry(replaced)),
                Err(fault) if fault.is_certain() => {
                    uncounted.push(entry_of(record));
                }
                Err(_) => {}
            }
        }
        let by = self.wire.deadline();
        let removals = stored.iter().map(|record| self.take(&record.key, Meant::Any, by));
        for gone in join_all(removals).await.into_iter().flatten() {
            uncounted.extend(gone.head.as_ref().map(entry));
        }
        self.books.strike(&self.wire, &uncounted).await;
    }
}

/// How long a record is to be kept, in milliseconds: a span and no date, so that the server's clock may be off.
pub(super) fn life(record: &Record) -> u64 {
    millis(record.expires.at().since(record.issued))
}
