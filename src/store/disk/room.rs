//! Whether a batch fits: counted in the same transaction that puts it, so that the bound is exact over processes.
//!
//! Never makes room with what is still alive.

use std::collections::BTreeSet;

use super::super::place::{Crowd, Placed, When, learnt_max};
use super::super::{Record, RecordKey, StoreFault};
use super::fault::Fault;
use super::rows::Rows;
use super::writer::Step;
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

/// Keeps a learnt record if its condition holds and there is room for it.
pub(super) fn place(
    rows: &Rows<'_>,
    record: &Record,
    when: When,
    entries_max: u64,
) -> Result<Step<Placed>, Fault> {
    let now = record.issued;
    let found = rows.find(&record.key)?;
    let live = found.is_some_and(|found| !found.record.expires.passed_at(now));
    match (when, live) {
        (When::Present, false) | (When::Absent { .. }, true) => {
            return Ok(Step::Done(Placed::Unmet));
        }
        (When::Present, true) => {}
        (When::Absent { siblings_max }, false) => {
            let parent = record.parent_key();
            let crowded = || crowd(rows, parent.as_ref(), siblings_max, entries_max, now);
            if crowded()? == Some(Crowd::Share) {
                rows.delete_expired(now, ROOM_MAX)?;
            }
            if let Some(crowd) = crowded()? {
                return Ok(Step::Done(Placed::Crowded(crowd)));
            }
        }
    }
    take(rows, std::slice::from_ref(record), entries_max, now)?;
    rows.put(record)?;
    Ok(Step::Done(Placed::Kept))
}

/// Where there is no room for one more learnt record.
pub(super) fn crowd(
    rows: &Rows<'_>,
    parent: Option<&RecordKey>,
    siblings_max: u64,
    entries_max: u64,
    now: Timestamp,
) -> Result<Option<Crowd>, Fault> {
    if rows.census()?.learnt >= learnt_max(entries_max) {
        return Ok(Some(Crowd::Share));
    }
    let Some(parent) = parent else { return Ok(None) };
    let siblings = rows.live_children(parent, now, siblings_max)?;
    Ok((siblings >= siblings_max).then_some(Crowd::Parent))
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
