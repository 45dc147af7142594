//! A record as bytes: a head of 130 with the ledger at a fixed place, where the script changes it, then the sealed
//! payload.
//!
//! Never reads a tenant or an id (those are the key), never accepts a byte that it would not write.
//!
//! ```text
//! version 1 · uses 1 · key id 1 · flags 1 · expires 4 · issued 8 · subject 16 · parent 16
//! state 1 · marks 1 · redeemed 4 · releases 4 · when 8 · lease 16 · request 16 · pending 16 · bound 16
//! sealed …
//! ```

use super::fault::Fault;
use crate::domain::lease::{LeaseId, Ledger, State};
use crate::domain::seal::Sealed;
use crate::domain::{Expiry, Fingerprint, HandleId, KeyId, Timestamp, Uses};
use crate::store::{Record, RecordKey};

/// Everything before the sealed payload, in bytes.
pub(super) const HEAD_LEN: usize = 130;
const VERSION: u8 = 1;
const NONE: [u8; 16] = [0; 16];

/// The last millisecond that the script's numbers tell from its neighbours, in the year 287396.
const MOMENT_MAX: u64 = (1 << 53) - 1;

/// What can be known of a record from its head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) key_id: KeyId,
    pub(super) uses: Uses,
    pub(super) issued: Timestamp,
    pub(super) expires: Expiry,
    pub(super) subject: Option<Fingerprint>,
    pub(super) parent: Option<HandleId>,
    pub(super) ledger: Ledger,
}

/// A time as the script counts it.
pub(super) fn moment(at: Timestamp) -> u64 {
    at.millis().min(MOMENT_MAX)
}

/// The record as stored.
pub(super) fn encode(record: &Record) -> Vec<u8> {
    let sealed = record.sealed.as_bytes();
    let mut out = Vec::with_capacity(HEAD_LEN + sealed.len());
    let flags = u8::from(record.subject.is_some()) | (u8::from(record.parent.is_some()) << 1);
    out.extend([VERSION, record.uses.to_byte(), record.key_id.byte(), flags]);
    out.extend(record.expires.secs().to_be_bytes());
    out.extend(moment(record.issued).to_be_bytes());
    out.extend(record.subject.as_ref().map_or(&NONE, Fingerprint::bytes));
    out.extend(record.parent.as_ref().map_or(&NONE, HandleId::bytes));
    encode_ledger(&record.ledger, &mut out);
    out.extend_from_slice(sealed);
    out
}

fn encode_ledger(ledger: &Ledger, out: &mut Vec<u8>) {
    let live = (0, 0, &NONE, &NONE, None);
    let (state, when, lease, request, pending) = match &ledger.state {
        State::Live => live,
        State::Leased { lease, until, request, binding } => {
            (1, moment(*until), lease.bytes(), request.bytes(), binding.as_ref())
        }
        State::Spent { at, request } => (2, moment(*at), &NONE, request.bytes(), None),
        State::Exhausted => (3, 0, &NONE, &NONE, None),
    };
    let bound = ledger.binding.as_ref();
    out.extend([state, u8::from(bound.is_some()) | (u8::from(pending.is_some()) << 1)]);
    out.extend(ledger.redeemed.to_be_bytes());
    out.extend(ledger.releases.to_be_bytes());
    out.extend(when.to_be_bytes());
    for part in [lease, request, pending.map_or(&NONE, Fingerprint::bytes)] {
        out.extend(part);
    }
    out.extend(bound.map_or(&NONE, Fingerprint::bytes));
}

/// The record as it was stored under `key`.
///
/// # Errors
/// [`Fault::Damaged`].
pub(super) fn decode(key: &RecordKey, bytes: &[u8]) -> Result<Record, Fault> {
    let head = decode_head(bytes).ok_or(Fault::Damaged("not a record of this version"))?;
    let sealed = Sealed::from_bytes(bytes.get(HEAD_LEN..).unwrap_or_default())
        .map_err(|_| Fault::Damaged("not a sealed payload"))?;
    Ok(Record {
        key: key.clone(),
        sealed,
        key_id: head.key_id,
        uses: head.uses,
        issued: head.issued,
        expires: head.expires,
        subject: head.subject,
        parent: head.parent,
        ledger: head.ledger,
    })
}

/// The head of a stored record; `None` when it is none of ours.
pub(super) fn decode_head(bytes: &[u8]) -> Option<Head> {
    let mut rest = bytes;
    let [version, uses, key_id, flags] = take(&mut rest)?;
    let expires = Expiry::from_secs(u32::from_be_bytes(take(&mut rest)?));
    let issued = Timestamp::from_millis(u64::from_be_bytes(take(&mut rest)?));
    let subject = optional(take(&mut rest)?, flags & 1)?.map(Fingerprint::from_bytes);
    let parent = optional(take(&mut rest)?, (flags >> 1) & 1)?;
    let parent = parent.map(HandleId::from_bytes).transpose().ok()?;
    let ledger = decode_ledger(&mut rest)?;
    if version != VERSION || flags > 3 {
        return None;
    }
    let (key_id, uses) = (KeyId::new(key_id)?, Uses::from_byte(uses)?);
    Some(Head { key_id, uses, issued, expires, subject, parent, ledger })
}

fn decode_ledger(rest: &mut &[u8]) -> Option<Ledger> {
    let [state, marks] = take(rest)?;
    let redeemed = u32::from_be_bytes(take(rest)?);
    let releases = u32::from_be_bytes(take(rest)?);
    let when = u64::from_be_bytes(take(rest)?);
    let (lease, request): ([u8; 16], [u8; 16]) = (take(rest)?, take(rest)?);
    let pending = optional(take(rest)?, (marks >> 1) & 1)?.map(Fingerprint::from_bytes);
    let binding = optional(take(rest)?, marks & 1)?.map(Fingerprint::from_bytes);
    let at = Timestamp::from_millis(when);
    let by = Fingerprint::from_bytes(request);
    let state = match state {
        0 => State::Live,
        1 => {
            let lease = LeaseId::from_random(lease);
            State::Leased { lease, until: at, request: by, binding: pending }
        }
        2 => State::Spent { at, request: by },
        3 => State::Exhausted,
        4.. => return None,
    };
    (marks <= 3).then_some(Ledger { state, binding, redeemed, releases })
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (first, after) = rest.split_first_chunk::<N>()?;
    *rest = after;
    Some(*first)
}

/// Sixteen bytes that are there, or sixteen zeros that are not; anything else is damage.
fn optional(bytes: [u8; 16], there: u8) -> Option<Option<[u8; 16]>> {
    match there {
        0 => (bytes == NONE).then_some(None),
        1.. => Some(Some(bytes)),
    }
}

#[cfg(test)]
mod tests;
