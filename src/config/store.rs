//! `[store]`: which engine keeps the sealed payloads, and how many.
//!
//! Opens nothing and connects to nothing; `server/shelf.rs` makes the store that is
//! described here.

mod redis;

use std::path::PathBuf;

use super::at::{At, Span};
use super::measure::{MIB, Range, number, size};
use super::notes::Notes;
use super::outside::Outside;
use super::raw::store::{Store as Raw, StoreKind, Strict};
use crate::store::disk::DiskOptions;
use crate::store::redis::RedisSettings;

/// An engine and its settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreConfig {
    /// This process's memory; gone when it ends.
    Memory {
        /// The most payloads that are kept.
        entries_max: u64,
    },
    /// A database file on this machine.
    Disk {
        /// The file.
        path: PathBuf,
        /// Its bounds.
        options: DiskOptions,
    },
    /// Redis or Valkey.
    Redis {
        /// Everything about it.
        settings: Box<RedisSettings>,
        /// What becomes of a server that may lose live handles.
        strictness: Strictness,
    },
}

/// What becomes of a server that may lose live handles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strictness {
    /// It is used, and the log says so.
    Warn,
    /// It is not used.
    Refuse,
}

/// A hundred thousand sealed payloads of a few hundred bytes are some tens of
/// megabytes; a database has more room than a process.
const fn entries(kind: StoreKind) -> Range<u64> {
    let default = match kind {
        StoreKind::Memory => 100_000,
        StoreKind::Disk | StoreKind::Redis => 1_000_000,
    };
    Range { default, min: 1, max: 100_000_000 }
}

/// A million entries of 500 B take a fifth of it.
const DISK_BYTES: Range<usize> = Range { default: 4096 * MIB, min: MIB, max: 1024 * 1024 * MIB };

/// The store that the file describes.
pub(crate) fn store(
    raw: Option<&At<Raw>>,
    outside: &Outside<'_>,
    notes: &mut Notes<'_>,
) -> Option<StoreConfig> {
    let Some(raw) = raw else {
        return Some(StoreConfig::Memory { entries_max: entries(StoreKind::Memory).default });
    };
    let kind = raw.kind.as_ref().map_or(StoreKind::Memory, |kind| **kind);
    strangers(kind, raw, notes);
    let entries_max = number(&raw.entries_max, &entries(kind), notes);
    match kind {
        StoreKind::Memory => Some(StoreConfig::Memory { entries_max: entries_max? }),
        StoreKind::Disk => disk(raw, entries_max, outside, notes),
        StoreKind::Redis => {
            let settings = redis::settings(raw, entries_max, outside, notes)?;
            let strictness = match raw.strict.as_deref() {
                Some(Strict::Refuse) => Strictness::Refuse,
                Some(Strict::Warn) | None => Strictness::Warn,
            };
            Some(StoreConfig::Redis { settings: Box::new(settings), strictness })
        }
    }
}

fn disk(
    raw: &At<Raw>,
    entries_max: Option<u64>,
    outside: &Outside<'_>,
    notes: &mut Notes<'_>,
) -> Option<StoreConfig> {
    let bytes_max = size(&raw.bytes_max, &DISK_BYTES, notes);
    let hint = "the database's file, in a folder that exists: path = \"cloakroom.db\"";
    let path = notes.need(&raw.path, &raw.span(), "path", hint)?;
    if path.is_empty() {
        notes.fix(&path.span(), "must be a file's path", hint);
        return None;
    }
    let bytes_max = u64::try_from(bytes_max?).ok()?;
    let options = DiskOptions { entries_max: entries_max?, bytes_max };
    Some(StoreConfig::Disk { path: outside.path(path), options })
}

/// Keys that say nothing about this kind of store: whoever wrote them meant another.
fn strangers(kind: StoreKind, raw: &Raw, notes: &mut Notes<'_>) {
    let Raw {
        kind: _,
        entries_max: _,
        path,
        bytes_max,
        urls,
        topology,
        sentinel,
        username,
        password,
        danger_plaintext,
        tls_ca,
        tls_client,
        connect_timeout,
        response_timeout,
        connections,
        replicas_min,
        near_age_max,
        near_bytes_max,
        prefix,
        strict,
    } = raw;
    let texts = [username, tls_ca, connect_timeout, response_timeout];
    let texts = texts.into_iter().chain([near_age_max, near_bytes_max, prefix]);
    let numbers = [connections, replicas_min];
    let of_redis = texts.map(spot).chain(numbers.into_iter().map(spot)).chain([
        spot(urls),
        spot(topology),
        spot(sentinel),
        spot(password),
        spot(danger_plaintext),
        spot(tls_client),
        spot(strict),
    ]);
    let of_disk = [spot(path), spot(bytes_max)];
    let strange: Vec<(Span, &str)> = match kind {
        StoreKind::Memory => marked(of_disk, "disk").chain(marked(of_redis, "redis")).collect(),
        StoreKind::Disk => marked(of_redis, "redis").collect(),
        StoreKind::Redis => marked(of_disk, "disk").collect(),
    };
    for (span, owner) in strange {
        let hint = format!("it belongs to kind = \"{owner}\"");
        notes.fix(&span, "this key is of another kind of store", hint);
    }
}

fn spot<T>(value: &Option<At<T>>) -> Option<Span> {
    value.as_ref().map(At::span)
}

fn marked(
    spans: impl IntoIterator<Item = Option<Span>>,
    owner: &'static str,
) -> impl Iterator<Item = (Span, &'static str)> {
    spans.into_iter().flatten().map(move |span| (span, owner))
}
