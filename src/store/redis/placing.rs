//! Keeping one learnt record under a condition: counted, then indexed, then kept by one script on its key.
//!
//! Never keeps what is not counted and indexed already. An id that was entered beside a parent and then not kept counts
//! there until its time would have been over: too many, never too few.

use redis::Value;
use tokio::time::Instant;

use super::RedisStore;
use super::batch::life;
use super::codec;
use super::fault::Fault;
use super::script::Call;
use super::wire::Copied;
use crate::domain::Timestamp;
use crate::store::place::{Crowd, Placed, When};
use crate::store::{Record, RecordKey};

impl RedisStore {
    /// Keeps a learnt record if its condition holds.
    pub(super) async fn place_one(&self, record: &Record, when: When) -> Result<Placed, Fault> {
        self.books.tell(record.issued);
        let by = self.wire.deadline();
        let (counted, life) = (self.books.entry_of(record), life(record));
        match when {
            When::Present => self.books.admit_again(&self.wire, counted, life, by).await?,
            When::Absent { .. } => {
                if let Some(crowd) = self.books.admit_learnt(&self.wire, counted, life, by).await? {
                    return Ok(Placed::Crowded(crowd));
                }
            }
        }
        let placed = self.place_counted(record, when, by).await;
        let nothing_kept = match &placed {
            Ok((placed, _)) => *placed != Placed::Kept,
            Err(fault) => fault.is_certain() || *fault == Fault::Replicas,
        };
        if nothing_kept {
            self.books.strike(&self.wire, &[counted]).await;
        }
        match placed? {
            (placed, Copied::Enough) => Ok(placed),
            // It stays: the vendor may have accepted what it redacts.
            (_, Copied::TooFew) => Err(Fault::Replicas),
        }
    }

    async fn place_counted(
        &self,
        record: &Record,
        when: When,
        by: Instant,
    ) -> Result<(Placed, Copied), Fault> {
        if let When::Absent { siblings_max } = when
            && !self.enter_beside(record, siblings_max, by).await?
        {
            return Ok((Placed::Crowded(Crowd::Parent), Copied::Enough));
        }
        self.index(std::slice::from_ref(record), record.issued, by).await?;
        let value = codec::encode(record);
        let head = value.get(..codec::HEAD_LEN).unwrap_or_default().to_vec();
        let word = match when {
            When::Absent { .. } => "absent",
            When::Present => "present",
        };
        let call = Call::put(self.keys.record(&record.key)).arg(value).number(life(record));
        let call = call.arg(word).number(record.issued.secs());
        let answer = self.wire.write_anyway(&call, by).await;
        self.near.forget(&record.key);
        let (Value::BulkString(old), copied) = answer? else {
            return Ok((Placed::Unmet, Copied::Enough));
        };
        let replaced = codec::decode_head(&old).filter(|_| old != head);
        let replaced = replaced.map(|head| self.books.entry(&record.key, &head));
        self.books.strike(&self.wire, replaced.as_slice()).await;
        Ok((Placed::Kept, copied))
    }

    /// Enters a record beside its parent, unless too many are there.
    async fn enter_beside(&self, record: &Record, max: u64, by: Instant) -> Result<bool, Fault> {
        let Some(parent) = record.parent_key() else { return Ok(true) };
        let call = Call::index(self.keys.children(&parent))
            .number(record.issued.secs())
            .number(life(record))
            .number(max.max(1))
            .number(record.expires.secs().into())
            .arg(record.key.id.bytes());
        Ok(self.wire.write(&call, by).await? == Value::Int(1))
    }

    /// Where there would be no room for one more record beside `parent`.
    pub(super) async fn crowd(
        &self,
        parent: &RecordKey,
        now: Timestamp,
        siblings_max: u64,
    ) -> Result<Option<Crowd>, Fault> {
        self.books.tell(now);
        if self.books.is_crowded(&self.wire, parent).await? {
            return Ok(Some(Crowd::Share));
        }
        let index = self.keys.children(parent);
        let mut cmd = redis::cmd("ZCOUNT");
        cmd.arg(index.as_slice()).arg(format!("({}", now.secs())).arg("+inf");
        let answer = self.wire.read(&index, cmd, self.wire.deadline()).await?;
        let siblings: u64 =
            redis::from_redis_value(answer).map_err(|_| Fault::Damaged("an index"))?;
        Ok((siblings >= siblings_max).then_some(Crowd::Parent))
    }
}
