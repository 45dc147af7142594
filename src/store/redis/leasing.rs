//! The lease script's words: what it is told, and what its answers mean.
//!
//! Never decides anything: the rules are the script's, which mirrors the ledger's. All sums on times are done here,
//! saturated, so that the script only compares.

use futures_util::future::{BoxFuture, select_ok};
use redis::Value;

use super::RedisStore;
use super::codec::moment;
use super::fault::Fault;
use super::script::Call;
use crate::domain::Timestamp;
use crate::domain::lease::{Ask, Granted, LeaseId, Refused, Settled, Terms};
use crate::domain::seal::Sealed;
use crate::store::Reserved;

impl RedisStore {
    /// Whether any primary would take a lease, in the name of nobody's handle: the first that says so will do, since one
    /// that is gone is gone for every proxy alike. Writes nothing.
    pub(super) async fn would_lease(&self) -> Result<(), Fault> {
        let by = self.wire.deadline();
        let asked = self.books.probes().map(|key| -> BoxFuture<'_, Result<Value, Fault>> {
            Box::pin(async move { self.wire.run(&Call::lease(key.to_vec(), "probe"), by).await })
        });
        select_ok(asked).await.map(|_| ())
    }
}

pub(super) fn reserve(record: Vec<u8>, ask: &Ask, terms: &Terms) -> Call {
    let window = u64::try_from(terms.replay_window.as_millis()).unwrap_or(u64::MAX);
    let replay_from = Timestamp::from_millis(ask.now.millis().saturating_sub(window));
    let call = Call::lease(record, "reserve")
        .number(moment(ask.now))
        .number(moment(ask.now.plus(terms.lease_max)))
        .number(moment(replay_from))
        .number(terms.releases_max.into())
        .arg(ask.lease.bytes())
        .arg(ask.request.bytes());
    match &ask.binding {
        Some(binding) => call.arg(binding.bytes()),
        None => call,
    }
}

pub(super) fn commit(record: Vec<u8>, lease: &LeaseId, now: Timestamp) -> Call {
    Call::lease(record, "commit").number(moment(now)).arg(lease.bytes())
}

pub(super) fn release(record: Vec<u8>, lease: &LeaseId, terms: &Terms) -> Call {
    Call::lease(record, "release").arg(lease.bytes()).number(terms.releases_max.into())
}

pub(super) fn reserved(answer: Value, ask: &Ask) -> Result<Reserved, Fault> {
    let (word, payload) = words(answer)?;
    let granted = match word.as_slice() {
        b"missing" => return Ok(Reserved::Missing),
        b"in-flight" => return Ok(Reserved::Refused(Refused::InFlight)),
        b"spent" => return Ok(Reserved::Refused(Refused::Spent)),
        b"other-conversation" => return Ok(Reserved::Refused(Refused::OtherConversation)),
        b"binding-absent" => return Ok(Reserved::Refused(Refused::BindingAbsent)),
        b"leased" => Granted::Leased(ask.lease),
        b"replay" => Granted::Replay,
        b"bound" => Granted::Bound,
        _ => return Err(Fault::Damaged("not a record of this version")),
    };
    let payload = payload.ok_or(Fault::Refused)?;
    let sealed =
        Sealed::from_bytes(&payload).map_err(|_| Fault::Damaged("not a sealed payload"))?;
    Ok(Reserved::Granted(granted, sealed))
}

pub(super) fn settled(answer: Value) -> Result<Settled, Fault> {
    match words(answer)?.0.as_slice() {
        b"done" => Ok(Settled::Done),
        b"stale" | b"missing" => Ok(Settled::Stale),
        _ => Err(Fault::Damaged("not a record of this version")),
    }
}

/// A word, and a payload behind it.
fn words(answer: Value) -> Result<(Vec<u8>, Option<Vec<u8>>), Fault> {
    let words: Vec<Vec<u8>> = redis::from_redis_value(answer).map_err(|_| Fault::Refused)?;
    let mut words = words.into_iter();
    Ok((words.next().ok_or(Fault::Refused)?, words.next()))
}
