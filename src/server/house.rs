//! The house: both planes over one vault, and the swap to another configuration.
//!
//! What a reload changes is swapped whole, one room after the other; what it
//! cannot change (listeners, the store, thread counts) stays.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arc_swap::ArcSwap;
use axum::Router;

use super::fitness::{Fitness, Gate};
use super::key_check::KeyChecker;
use super::parts::Parts;
use super::shelf::{self, ShelfFault};
use super::timed::Timed;
use crate::admin::{self, Control, ControlSettings};
use crate::clock::{Clock, Entropy};
use crate::config::store::StoreConfig;
use crate::domain::Keyring;
use crate::proxy::Cloakroom;
use crate::proxy::settings::DataPlane;
use crate::proxy::upstream::Upstream;
use crate::store::SWEEP_MAX;
use crate::telemetry::audit::{AuditLog, AuditMetrics, AuditSettings, AuditStartFault};
use crate::telemetry::metrics::Metrics;
use crate::vault::audit::{Audit, Entry, Event};
use crate::vault::{KeyReplaced, Vault};

/// Everything that runs, without its listeners.
pub struct House {
    data: Arc<ArcSwap<DataPlane>>,
    control: Arc<ArcSwap<ControlSettings>>,
    vault: Arc<Vault>,
    metrics: Arc<Metrics>,
    audit: Option<Arc<dyn Audit>>,
    draining: Arc<AtomicBool>,
    gate: Arc<Gate>,
    pace: Pace,
}

/// Why there is no house.
#[derive(Debug, thiserror::Error)]
pub enum HouseFault {
    /// The store cannot be opened.
    #[error("{0}")]
    Store(ShelfFault),
    /// The metrics cannot be registered, which is a fault of this program.
    #[error("{0}")]
    Metrics(#[from] prometheus::Error),
    /// The audit cannot be written, and not for a reason that goes away by itself.
    #[error(transparent)]
    Audit(#[from] AuditStartFault),
}

/// Why a configuration was not taken.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// Another key has a number that this process knows.
    #[error(transparent)]
    Process(#[from] KeyReplaced),
    /// Another key has a number that the store knows.
    #[error("{0}")]
    Store(Arc<str>),
}

/// Whether a call may have to wait for a file or another machine to be decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// Everything that decides is in memory.
    AtOnce,
    /// A store or the audit is somewhere else.
    Waits,
}

/// What a sweep has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Swept {
    /// Nothing that has expired, or nothing that can be reached.
    All,
    /// It took as much as one sweep may.
    More,
}

impl House {
    /// Builds the house from its resolved parts, and opens its store. Blocks while a
    /// database file is opened; to be called after any fork.
    ///
    /// # Errors
    /// [`HouseFault`].
    pub fn assemble(
        parts: Parts,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, HouseFault> {
        let metrics = Arc::new(Metrics::new()?);
        let pace = match (&parts.store, &parts.audit) {
            (StoreConfig::Memory { entries_max: _ }, None) => Pace::AtOnce,
            (
                StoreConfig::Memory { .. } | StoreConfig::Disk { .. } | StoreConfig::Redis { .. },
                _,
            ) => Pace::Waits,
        };
        let shelf = shelf::open(&parts.store).map_err(HouseFault::Store)?;
        let checker = KeyChecker::new(Arc::clone(&shelf.store), &parts.keyring);
        let gate = Gate::new(shelf.examiner, checker);
        let store = Arc::new(Timed::new(shelf.store, Arc::clone(&metrics), Arc::clone(&gate)));
        metrics.generation(parts.data.generation);
        tracing::info!(keys = keys(&parts.keyring), "keyring");
        let audit = parts.audit.map(|settings| {
            audited(settings, &parts.keyring, Arc::clone(&clock), metrics.audit.clone())
        });
        let audit = audit.transpose()?;
        let vault = Vault::new(store, parts.keyring, clock, entropy, parts.terms);
        let vault = match &audit {
            Some(audit) => vault.audited(Arc::clone(audit)),
            None => vault,
        };
        Ok(Self {
            data: Arc::new(ArcSwap::from_pointee(parts.data)),
            control: Arc::new(ArcSwap::from_pointee(parts.control)),
            vault: Arc::new(vault),
            metrics,
            audit,
            draining: Arc::new(AtomicBool::new(false)),
            gate,
            pace,
        })
    }

    /// Asks the store's server what it is, if it has one, and logs what it says. To be
    /// called at start, and again while it is [`Fitness::Unknown`]; a call that comes
    /// before that has it asked.
    pub async fn examine_store(&self) -> Fitness {
        self.gate.examine().await
    }

    /// Whether a call may have to wait.
    pub(super) fn pace(&self) -> Pace {
        self.pace
    }

    /// Why the store must not be used, if it was found so.
    #[must_use]
    pub fn unfit(&self) -> Option<&str> {
        self.gate.unfit()
    }

    /// Has the store forget some of what has expired; whether there may be more.
    pub(super) async fn sweep(&self) -> Swept {
        match self.vault.sweep().await {
            Ok(count) if count >= SWEEP_MAX => Swept::More,
            Ok(_) => Swept::All,
            Err(fault) => {
                tracing::warn!(%fault, "expired records could not be swept");
                Swept::All
            }
        }
    }

    /// The data plane, for Pingora's `http_proxy`.
    #[must_use]
    pub fn data_plane(&self) -> Cloakroom {
        Cloakroom::new(
            Arc::clone(&self.data),
            Arc::clone(&self.vault),
            Arc::clone(&self.metrics),
            Arc::clone(&self.draining),
        )
    }

    /// The control plane, for any HTTP server that takes a tower service.
    pub fn control_plane(&self) -> Router {
        let data = Arc::clone(&self.data);
        admin::router(Control {
            settings: Arc::clone(&self.control),
            vault: Arc::clone(&self.vault),
            metrics: Arc::clone(&self.metrics),
            health: Arc::new(move || {
                let data = data.load();
                data.routes.iter().flat_map(|route| route.upstream.health()).collect()
            }),
            draining: Arc::clone(&self.draining),
        })
    }

    /// As [`House::take`], once the store has said that it was used with no other keys of these
    /// numbers. One that does not answer holds nothing up: it is asked again before it is used.
    ///
    /// # Errors
    /// [`NotTaken`]; nothing is taken then, and the audit says so.
    pub async fn renew(&self, parts: Parts) -> Result<(), NotTaken> {
        if let Err(why) = self.gate.admit(&parts.keyring).await {
            self.vault.refuse_keys(&parts.keyring);
            return Err(NotTaken::Store(why));
        }
        self.take(parts)?;
        self.gate.confirm().await;
        Ok(())
    }

    /// Takes another configuration for every request that begins from now on:
    /// keys and leases, then tenants, then routes, each swapped whole. The store
    /// and the listeners stay as they are.
    ///
    /// # Errors
    /// [`KeyReplaced`]; nothing is taken then.
    pub fn take(&self, parts: Parts) -> Result<(), KeyReplaced> {
        let generation = parts.data.generation;
        let known = keys(&parts.keyring);
        let checks = parts.keyring.checks().collect();
        self.vault.rekey(parts.keyring, parts.terms)?;
        self.gate.rekeyed(checks);
        tracing::info!(keys = known, "keyring taken");
        self.metrics.generation(generation);
        self.vault.note(|now| Entry::new(now, Event::Reload, "taken").counting(generation));
        self.control.store(Arc::new(parts.control));
        self.data.store(Arc::new(parts.data));
        Ok(())
    }

    /// Keeps what must be kept; for when nothing runs any more.
    pub fn close(&self) {
        if let Some(audit) = &self.audit {
            audit.close();
        }
    }

    /// Every upstream of the current configuration, each once.
    #[must_use]
    pub fn upstreams(&self) -> Vec<Arc<Upstream>> {
        self.data.load().routes.iter().map(|route| Arc::clone(&route.upstream)).collect()
    }

    /// How often a configuration was taken.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.data.load().generation
    }

    /// Set while the process goes down: connections close after their answer.
    #[must_use]
    pub fn draining(&self) -> &Arc<AtomicBool> {
        &self.draining
    }
}

/// Each key's number and what it is known by, the current one first.
fn keys(keyring: &Keyring) -> String {
    keyring.checks().map(|(id, check)| format!("{id}:{check}")).collect::<Vec<_>>().join(" ")
}

fn audited(
    settings: AuditSettings,
    keyring: &Keyring,
    clock: Arc<dyn Clock>,
    metrics: AuditMetrics,
) -> Result<Arc<dyn Audit>, AuditStartFault> {
    Ok(Arc::new(AuditLog::start(settings, keyring, clock, metrics)?))
}

impl fmt::Debug for House {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("House").field("generation", &self.generation()).finish_non_exhaustive()
    }
}
