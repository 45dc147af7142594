//! `[store]`: which engine keeps the sealed payloads, and how many.
//!
//! Opens nothing; `server.rs` makes the store that is described here.

use super::at::At;
use super::measure::{Range, number};
use super::notes::Notes;
use super::raw::planes::{Store as Raw, StoreKind};

/// An engine and its settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreConfig {
    /// This process's memory; gone when it ends.
    Memory {
        /// The most payloads that are kept.
        entries_max: u64,
    },
}

/// A hundred thousand sealed payloads of a few hundred bytes are some tens of
/// megabytes.
const ENTRIES: Range<u64> = Range { default: 100_000, min: 1, max: 100_000_000 };

/// The store that the file describes.
pub(crate) fn store(raw: Option<&At<Raw>>, notes: &mut Notes<'_>) -> Option<StoreConfig> {
    let Some(raw) = raw else {
        return Some(StoreConfig::Memory { entries_max: ENTRIES.default });
    };
    let Raw { kind, entries_max, path, urls, topology } = &**raw;
    let entries_max = number(entries_max, &ENTRIES, notes);
    match kind.as_ref().map(|kind| (**kind, kind.span())) {
        Some((StoreKind::Disk | StoreKind::Redis, span)) => {
            let hint = "use kind = \"memory\"";
            notes.fix(&span, "this build keeps handles in memory only", hint);
            return None;
        }
        Some((StoreKind::Memory, _)) | None => {}
    }
    let others = [path.as_ref().map(At::span), topology.as_ref().map(At::span)];
    for span in others.into_iter().flatten().chain(urls.iter().map(At::span)) {
        notes.wrong(&span, "this key is of another kind of store");
    }
    Some(StoreConfig::Memory { entries_max: entries_max? })
}
