//! Forgetting on disk, a transaction's worth at a time: one record, a person's, a tenant's.
//!
//! Never deletes more than some hundred rows in one step, nor looks at more than some thousand.

use super::fault::Fault;
use super::rows::{Gone, Rows};
use super::writer::Step;
use crate::domain::{Fingerprint, TenantId, Timestamp};
use crate::store::{RecordKey, SWEEP_MAX};

/// Rows that one step of an erasure by tenant looks at: there is no index by tenant, which
/// would cost every issue for what is asked for once in a tenant's life.
const LOOK_MAX: i64 = 2048;

/// How far an erasure by tenant has come.
#[derive(Clone, Copy)]
pub(super) struct Walk {
    /// Live records that nobody's handle had learnt, so far.
    pub(super) live: u64,
    after: i64,
    last: i64,
}

/// Forgets one record and what was learnt with it; whether it counts.
pub(super) fn one(
    rows: &Rows<'_>,
    key: &RecordKey,
    sofar: Option<&bool>,
    now: Timestamp,
) -> Result<Step<bool>, Fault> {
    // First the handle itself: it works no more, however many its children.
    let gone = rows.delete_one(key)?;
    let was = sofar.copied().unwrap_or(false) || gone.is_some_and(|gone| gone.counts_at(now));
    let children = rows.delete_children(&key.tenant, key.id, SWEEP_MAX)?;
    Ok(if full(&children) { Step::More(was) } else { Step::Done(was) })
}

/// Forgets a subject's records and their children; how many count.
pub(super) fn subject(
    rows: &Rows<'_>,
    tenant: &TenantId,
    subject: &[Fingerprint],
    sofar: Option<&u64>,
    now: Timestamp,
) -> Result<Step<u64>, Fault> {
    let mut live = sofar.copied().unwrap_or(0);
    for print in subject {
        // Before the records that they are found by.
        let children = rows.delete_children_of_subject(tenant, *print, SWEEP_MAX)?;
        live = live.saturating_add(counted(&children, now));
        if full(&children) {
            return Ok(Step::More(live));
        }
        let own = rows.delete_of_subject(tenant, *print, SWEEP_MAX)?;
        live = live.saturating_add(counted(&own, now));
        if full(&own) {
            return Ok(Step::More(live));
        }
    }
    Ok(Step::Done(live))
}

/// Forgets what there was of a tenant when it began: what comes meanwhile must not keep it going.
pub(super) fn tenant(
    rows: &Rows<'_>,
    tenant: &TenantId,
    sofar: Option<&Walk>,
    now: Timestamp,
) -> Result<Step<Walk>, Fault> {
    let mut walk = match sofar {
        Some(walk) => *walk,
        None => Walk { live: 0, after: 0, last: rows.last()? },
    };
    let until = walk.after.saturating_add(LOOK_MAX).min(walk.last);
    let gone = rows.delete_of_tenant(tenant, walk.after, until, SWEEP_MAX)?;
    walk.live = walk.live.saturating_add(counted(&gone, now));
    if !full(&gone) {
        walk.after = until;
    }
    Ok(if walk.after < walk.last { Step::More(walk) } else { Step::Done(walk) })
}

/// Whether there may be more where these came from: a larger erasure is several transactions.
fn full(gone: &[Gone]) -> bool {
    gone.len() as u64 >= u64::from(SWEEP_MAX)
}

fn counted(gone: &[Gone], now: Timestamp) -> u64 {
    gone.iter().filter(|gone| gone.counts_at(now)).count() as u64
}
