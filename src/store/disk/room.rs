//! Whether a batch fits: counted in the same transaction that puts it, so that the bound is exact over processes.
//!
//! Never makes room with what is still alive.

use std::collections::BTreeSet;

use super::super::{Record, RecordKey, StoreFault};
use super::fault::Fault;
use super::rows::Rows;
use crate::domain::time::Timestamp;

/// The most that a put to a full store deletes, if it does not itself want more places: a store that fills up
/// because nobody sweeps it would otherwise pay for each put with a step of its own.
const ROOM_MAX: u32 = 256;

/// Takes places for all of `records`, or refuses; expired ones make room first.
pub(super) fn take(
    rows: &Rows<'_>,
    records: &[Record],
    entries_max: u64,
    now: Timestamp,
) -> Result<(), Fault> {
    if fits(rows, records, entries_max)? {
        return Ok(());
    }
    let wanted = u32::try_from(records.len()).unwrap_or(u32::MAX);
    rows.delete_expired(now, wanted.max(ROOM_MAX))?;
    if fits(rows, records, entries_max)? {
        return Ok(());
    }
    Err(StoreFault::Full { entries_max }.into())
}

fn fits(rows: &Rows<'_>, records: &[Record], entries_max: u64) -> Result<bool, Fault> {
    let room = entries_max.saturating_sub(rows.census()?.entries);
    if records.len() as u64 <= room {
        return Ok(true);
    }
    // Only now is it worth a look which of them take another's place.
    let keys: BTreeSet<&RecordKey> = records.iter().map(|record| &record.key).collect();
    let mut fresh: u64 = 0;
    for key in keys {
        fresh += u64::from(!rows.holds(key)?);
    }
    Ok(fresh <= room)
}
