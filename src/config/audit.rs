//! `[audit]`: whether and where it is written down what happened to which handle.
//!
//! Writes nothing and makes no file; the audit's writer does.

use super::at::At;
use super::measure::{KIB, MIB, Range, number, size};
use super::notes::Notes;
use super::outside::Outside;
use super::raw::audit::{Audit as Raw, OnFailure, Sync};
use crate::telemetry::audit::{AuditSettings, OnAuditFailure, SyncWhen};

/// Some hundred thousand lines: enough not to rotate all day, few enough to verify in a
/// second.
const SIZE: Range<usize> = Range { default: 64 * MIB, min: 64 * KIB, max: 4096 * MIB };

const FILES: Range<u64> = Range { default: 1, min: 1, max: 100_000 };

/// The audit's settings; `None` inside when the file asks for none.
pub(crate) fn audit(
    raw: Option<&At<Raw>>,
    outside: &Outside<'_>,
    notes: &mut Notes<'_>,
) -> Option<Option<AuditSettings>> {
    let Some(raw) = raw else { return Some(None) };
    let Raw { path, size_max, files_max, sync, on_audit_failure } = &**raw;
    let hint = "write path = \"audit.jsonl\"";
    let path = notes.need(path, &raw.span(), "path", hint);
    let path = path.and_then(|path| outside.appendable(path, notes));
    let size_max = size(size_max, &SIZE, notes);
    let files_max = match files_max {
        Some(_) => number(files_max, &FILES, notes).map(Some),
        None => Some(None),
    };
    let sync = match sync.as_ref().map(|sync| **sync) {
        Some(Sync::Every) => SyncWhen::Every,
        Some(Sync::Interval) | None => SyncWhen::Interval,
    };
    let on_failure = match on_audit_failure.as_ref().map(|rule| **rule) {
        Some(OnFailure::Continue) => OnAuditFailure::Continue,
        Some(OnFailure::Refuse) | None => OnAuditFailure::Refuse,
    };
    let size_max = u64::try_from(size_max?).ok()?;
    Some(Some(AuditSettings { path: path?, size_max, files_max: files_max?, sync, on_failure }))
}
