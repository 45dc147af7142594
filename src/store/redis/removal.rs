//! Forgetting: one record, a handle with what was learnt with it, everything about a person.
//!
//! Never takes an entry out of an index (it ends with its record's time), so that a put and an erasure that overlap
//! leave no record that the next erasure would not find. Never stops at the first record that fails.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::join_all;
use redis::Value;
use tokio::time::Instant;

use super::RedisStore;
use super::codec::{self, Head};
use super::fault::Fault;
use super::script::Call;
use crate::domain::{Fingerprint, HandleId, TenantId, Timestamp};
use crate::store::{Record, RecordKey, Store as _, StoreFault};

/// Ids that are read from an index, and records that are removed, in one go.
const PAGE: usize = 500;

/// Which record is to go, if its key holds another than was indexed.
#[derive(Clone, Copy)]
pub(super) enum Meant<'a> {
    Any,
    ChildOf(HandleId),
    About(&'a [Fingerprint]),
}

/// What was removed, and what was learnt with it.
pub(super) struct Gone {
    pub(super) head: Option<Head>,
    pub(super) children: Vec<HandleId>,
}

impl RedisStore {
    /// Removes one record, if it is the one that is meant.
    async fn take(&self, key: &RecordKey, meant: Meant<'_>, by: Instant) -> Result<Gone, Fault> {
        let call = Call::remove(self.keys.record(key), self.keys.children(key));
        let call = match meant {
            Meant::Any => call.arg("any"),
            Meant::ChildOf(parent) => call.arg("parent").arg(parent.bytes()),
            Meant::About(subjects) => {
                subjects.iter().fold(call.arg("subject"), |call, print| call.arg(print.bytes()))
            }
        };
        let answer = self.wire.write(&call, by).await;
        // After the removal, or a read in between would bring it back; and even if that failed.
        self.near.forget(key);
        gone(answer?)
    }

    /// Removes one record that nobody was told of: waits for no replicas, as there may be none.
    pub(super) async fn take_back(&self, key: &RecordKey, by: Instant) -> Result<Gone, Fault> {
        let call = Call::remove(self.keys.record(key), self.keys.children(key)).arg("any");
        let answer = self.wire.run(&call, by).await;
        self.near.forget(key);
        gone(answer?)
    }

    /// Removes records with what was learnt with them; how many were live and nobody's child.
    pub(super) async fn take_all(
        &self,
        tenant: &TenantId,
        ids: &[HandleId],
        meant: Meant<'_>,
        now: Timestamp,
    ) -> Result<u64, Fault> {
        let (mut count, mut outcome) = (0, Ok(()));
        for page in ids.chunks(PAGE) {
            let (mut gone, mut orphans) = (Vec::new(), Vec::new());
            let pairs: Vec<_> = page.iter().map(|id| (*id, meant)).collect();
            for (id, taken) in page.iter().zip(self.take_page(tenant, &pairs).await) {
                match taken {
                    Ok(taken) => {
                        gone.extend(taken.head.map(|head| (*id, head)));
                        orphans.extend(
                            taken.children.iter().map(|child| (*child, Meant::ChildOf(*id))),
                        );
                    }
                    Err(fault) => outcome = outcome.and(Err(fault)),
                }
            }
            let counts = |(_, head): &&(HandleId, Head)| {
                head.parent.is_none() && !head.expires.passed_at(now)
            };
            count += u64::try_from(gone.iter().filter(counts).count()).unwrap_or(0);
            for orphans in orphans.chunks(PAGE) {
                for ((id, _), taken) in orphans.iter().zip(self.take_page(tenant, orphans).await) {
                    match taken {
                        Ok(taken) => gone.extend(taken.head.map(|head| (*id, head))),
                        Err(fault) => outcome = outcome.and(Err(fault)),
                    }
                }
            }
            let struck = gone.iter().map(|(id, head)| {
                let key = RecordKey { tenant: tenant.clone(), id: *id };
                self.books.entry(&key, head)
            });
            let struck: Vec<_> = struck.collect();
            self.books.strike(&self.wire, &struck).await;
        }
        outcome.map(|()| count)
    }

    /// Removes at most a page of records at once; one that fails does not keep the others.
    async fn take_page(
        &self,
        tenant: &TenantId,
        page: &[(HandleId, Meant<'_>)],
    ) -> Vec<Result<Gone, Fault>> {
        let by = self.wire.deadline();
        let takes = page.iter().map(|(id, meant)| async move {
            self.take(&RecordKey { tenant: tenant.clone(), id: *id }, *meant, by).await
        });
        join_all(takes).await
    }

    /// Removes every record of a subject with what was learnt with it, as [`RedisStore::take_all`].
    pub(super) async fn take_subject(
        &self,
        tenant: &TenantId,
        subject: &[Fingerprint],
        now: Timestamp,
    ) -> Result<u64, Fault> {
        let mut count = 0;
        for print in subject {
            let index = self.keys.subject(tenant, print);
            let mut from = 0;
            loop {
                let page = self.page(&index, from).await?;
                count += self.take_all(tenant, &page, Meant::About(subject), now).await?;
                if page.len() < PAGE {
                    break;
                }
                from += PAGE;
            }
        }
        Ok(count)
    }

    /// The live records of a subject that are nobody's children, up to `max`. Looks through the whole index if it must:
    /// most of what it names may be gone, or learnt.
    pub(super) async fn live_of_subject(
        &self,
        tenant: &TenantId,
        subject: &[Fingerprint],
        now: Timestamp,
        max: usize,
    ) -> Result<Vec<Arc<Record>>, StoreFault> {
        let mut found = BTreeMap::new();
        for print in subject {
            let index = self.keys.subject(tenant, print);
            let mut from = 0;
            while found.len() < max {
                let page = self.page(&index, from).await.map_err(self.told())?;
                let fetches = page.iter().map(|id| async move {
                    self.fetch(&RecordKey { tenant: tenant.clone(), id: *id }, now).await
                });
                // An index may name what has gone, and what another person's record replaced.
                let meant = |record: &Arc<Record>| {
                    let about = record.subject.is_some_and(|who| subject.contains(&who));
                    about && record.parent.is_none()
                };
                for record in join_all(fetches).await {
                    let record = record?.filter(meant);
                    found.extend(record.map(|record| (record.key.id, record)));
                }
                if page.len() < PAGE {
                    break;
                }
                from += PAGE;
            }
        }
        Ok(found.into_values().take(max).collect())
    }

    /// A page of an index. From the far end of its expiries: what is pruned meanwhile moves nothing that is to come.
    async fn page(&self, index: &[u8], from: usize) -> Result<Vec<HandleId>, Fault> {
        let mut cmd = redis::cmd("ZRANGE");
        cmd.arg(index).arg(from).arg(from + PAGE - 1).arg("REV");
        let answer = self.wire.read(index, cmd, self.wire.deadline()).await?;
        Ok(ids(redis::from_redis_value(answer).map_err(|_| Fault::Damaged("an index"))?))
    }
}

fn gone(answer: Value) -> Result<Gone, Fault> {
    let (head, children): (Vec<u8>, Vec<Vec<u8>>) =
        redis::from_redis_value(answer).map_err(|_| Fault::Damaged("an index"))?;
    Ok(Gone { head: codec::decode_head(&head), children: ids(children) })
}

/// Ids as they stand in an index; what is none is nobody's.
fn ids(members: Vec<Vec<u8>>) -> Vec<HandleId> {
    let read = |member: Vec<u8>| HandleId::from_bytes(member.try_into().ok()?).ok();
    members.into_iter().filter_map(read).collect()
}
