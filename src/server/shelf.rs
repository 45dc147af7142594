//! The store that the configuration describes, opened.
//!
//! The only place that knows which engine it is; from here on it is a `Store`. What a
//! server says about itself is judged here too: a Redis that is not there yet is
//! asked again and again, one that is not fit is not used.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::fitness::Unfit;
use super::run::crypto;

use crate::config::store::{StoreConfig, Strictness};
use crate::store::Store;
use crate::store::disk::{DiskStore, OpenFault};
use crate::store::memory::MemoryStore;
use crate::store::redis::{Gravity, RedisSettings, RedisStore, SettingFault, StartFault};

/// An open store, and who is to look whether it is fit.
#[derive(Debug)]
pub(super) struct Shelf {
    pub(super) store: Arc<dyn Store>,
    pub(super) examiner: Option<Examiner>,
}

/// Why there is no store.
#[derive(Debug)]
pub enum ShelfFault {
    /// The file cannot be used.
    Disk(OpenFault),
    /// The settings cannot work.
    Redis(SettingFault),
    /// The server must not be used, or knows other keys.
    Unfit(String),
}

impl fmt::Display for ShelfFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disk(fault) => write!(f, "the disk store: {fault}"),
            Self::Redis(fault) => write!(f, "the redis store: {fault}"),
            Self::Unfit(why) => write!(f, "the store: {why}"),
        }
    }
}

/// Opens it. A database file is held from here on; a server is connected to later.
pub(super) fn open(config: &StoreConfig) -> Result<Shelf, ShelfFault> {
    match config {
        StoreConfig::Memory { entries_max } => Ok(Shelf::of(MemoryStore::new(*entries_max))),
        StoreConfig::Disk { path, options } => {
            DiskStore::open(path, *options).map(Shelf::of).map_err(ShelfFault::Disk)
        }
        StoreConfig::Redis { settings, strictness } => {
            crypto();
            let store = Arc::new(RedisStore::new(settings).map_err(ShelfFault::Redis)?);
            let examiner = Examiner {
                store: Arc::clone(&store),
                settings: settings.as_ref().clone(),
                strictness: *strictness,
                missed: AtomicBool::new(false),
            };
            Ok(Shelf { store, examiner: Some(examiner) })
        }
    }
}

/// Whether it could be opened, as far as that shows without opening or connecting.
///
/// # Errors
/// [`ShelfFault`].
pub fn rehearse(config: &StoreConfig) -> Result<(), ShelfFault> {
    match config {
        StoreConfig::Memory { entries_max: _ } => Ok(()),
        StoreConfig::Disk { path, options: _ } => DiskStore::look(path).map_err(ShelfFault::Disk),
        StoreConfig::Redis { settings, strictness: _ } => {
            crypto();
            RedisStore::new(settings).map(drop).map_err(ShelfFault::Redis)
        }
    }
}

impl Shelf {
    fn of(store: impl Store) -> Self {
        Self { store: Arc::new(store), examiner: None }
    }
}

/// What came of an examination.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It may be used.
    Fit,
    /// It must not be used, and why.
    Unfit(Unfit),
    /// It could not be asked; it may come.
    Absent,
}

/// Asks a Redis what it is.
#[derive(Debug)]
pub(super) struct Examiner {
    store: Arc<RedisStore>,
    settings: RedisSettings,
    strictness: Strictness,
    /// Its absence was logged: once is enough.
    missed: AtomicBool,
}

impl Examiner {
    /// How long an operation of this store may take.
    pub(super) fn patience(&self) -> Duration {
        self.settings.response_timeout
    }

    /// One examination; what it finds is logged.
    pub(super) async fn examine(&self) -> Verdict {
        match self.store.check(&self.settings).await {
            Err(fault @ StartFault::Unreachable(_)) => {
                if !self.missed.swap(true, Ordering::Relaxed) {
                    tracing::warn!(%fault, "store not there yet: calls answer 503 until it is");
                }
                Verdict::Absent
            }
            Err(fault) => {
                tracing::error!(%fault, "store refused");
                Verdict::Unfit(fault.to_string().into())
            }
            Ok(findings) => {
                if self.missed.swap(false, Ordering::Relaxed) {
                    tracing::info!("store is there");
                }
                self.judge(findings.iter().map(|one| (one.gravity(), one.to_string())))
            }
        }
    }

    fn judge(&self, findings: impl Iterator<Item = (Gravity, String)>) -> Verdict {
        let mut verdict = Verdict::Fit;
        for (gravity, finding) in findings {
            match (gravity, self.strictness) {
                (Gravity::Note, _) => tracing::info!(finding, "store"),
                (Gravity::Warning, Strictness::Warn) => tracing::warn!(finding, "store"),
                (Gravity::Warning, Strictness::Refuse) => {
                    tracing::error!(finding, "store refused under strict = \"refuse\"");
                    let why = format!("{finding}; refused by strict = \"refuse\"");
                    verdict = Verdict::Unfit(why.into());
                }
            }
        }
        verdict
    }
}
