//! The audit: what happened to which handle, said in ids and fixed words.
//!
//! An entry has no field for a payload, a subject, a handle or a piece of a request, so
//! none can be said. How entries become lines stands in [`chain`], how lines are checked
//! in [`verify`]; who writes them is not known here.

pub mod chain;
pub mod verify;

use std::fmt;

use async_trait::async_trait;

use crate::domain::{AuditKey, HandleId, KeyCheck, KeyId, TenantId, Timestamp};

/// What an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// A process began to write.
    Start,
    /// A process ended in order; one that crashed does not say so.
    Stop,
    /// The first line of a file; its `prev` names the last line of the file before.
    Open,
    /// The end of a file was cut off where a crash had left half a line.
    Recover,
    /// Entries that could not be written, by number.
    Lost,
    /// Another configuration was taken.
    Reload,
    /// The keyring has other keys.
    Keys,
    /// A handle was issued.
    Issue,
    /// A payload is about to be revealed.
    Redeem,
    /// A handle was refused, for the reason that stands as the outcome.
    Refuse,
    /// A reveal that the vendor accepted, and that could not be counted.
    Commit,
    /// A reveal that the vendor did not accept: the handle was given back.
    Release,
    /// Somebody tried a handle that nobody should have.
    Alarm,
    /// A handle was ended early.
    Revoke,
    /// All handles of a person were ended.
    Erase,
    /// All handles of a tenant were ended.
    EraseTenant,
    /// What is kept about a person's handles was told to a caller.
    Export,
}

impl Event {
    /// The word in a line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Open => "open",
            Self::Recover => "recover",
            Self::Lost => "lost",
            Self::Reload => "reload",
            Self::Keys => "keys",
            Self::Issue => "issue",
            Self::Redeem => "redeem",
            Self::Refuse => "refuse",
            Self::Commit => "commit",
            Self::Release => "release",
            Self::Alarm => "alarm",
            Self::Revoke => "revoke",
            Self::Erase => "erase",
            Self::EraseTenant => "erase-tenant",
            Self::Export => "export",
        }
    }
}

/// One thing that happened. Every text in it comes from the configuration or is a fixed
/// word.
#[derive(Debug, Clone)]
pub struct Entry {
    /// When.
    pub time: Timestamp,
    /// What.
    pub event: Event,
    /// How it went.
    pub outcome: &'static str,
    /// Whose handle.
    pub tenant: Option<TenantId>,
    /// Which one, by its public id.
    pub handle: Option<HandleId>,
    /// Where it was met.
    pub scene: Option<(String, String)>,
    /// Which trusted back end asked.
    pub caller: Option<String>,
    /// How many, for what counts; the generation, for a reload.
    pub count: Option<u64>,
    /// The keyring's ids, current first, for what concerns it.
    pub keys: Vec<u8>,
    /// What each of these keys is known by.
    pub checks: Vec<String>,
}

impl Entry {
    /// An entry with nothing but when, what and how.
    #[must_use]
    pub fn new(time: Timestamp, event: Event, outcome: &'static str) -> Self {
        let (tenant, handle, scene, caller, count) = (None, None, None, None, None);
        Self {
            time,
            event,
            outcome,
            tenant,
            handle,
            scene,
            caller,
            count,
            keys: Vec::new(),
            checks: Vec::new(),
        }
    }

    /// Of this tenant's handle.
    #[must_use]
    pub fn of(self, tenant: &TenantId, handle: Option<HandleId>) -> Self {
        Self { tenant: Some(tenant.clone()), handle, ..self }
    }

    /// Asked for by this caller, if one is known.
    #[must_use]
    pub fn by(self, caller: Option<&str>) -> Self {
        Self { caller: caller.map(str::to_owned), ..self }
    }

    /// Met here, if that is known.
    #[must_use]
    pub fn at(self, scene: Option<Scene<'_>>) -> Self {
        let scene = scene.map(|at| (at.route.to_owned(), at.exchange.to_owned()));
        Self { scene, ..self }
    }

    /// Of these keys.
    #[must_use]
    pub fn naming(self, known: impl IntoIterator<Item = (KeyId, KeyCheck)>) -> Self {
        let named = known.into_iter().map(|(id, check)| (id.byte(), check.to_string()));
        let (keys, checks) = named.unzip();
        Self { keys, checks, ..self }
    }

    /// This many.
    #[must_use]
    pub fn counting(self, count: u64) -> Self {
        Self { count: Some(count), ..self }
    }
}

/// Where a handle was met: names of the configuration, never of the request.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'s> {
    /// The route.
    pub route: &'s str,
    /// The dialect's exchange.
    pub exchange: &'s str,
}

/// The audit cannot take an entry now, so what it would have said must not be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuditFault {
    /// Lines cannot be written: a full disk, a path that is gone.
    #[error("the audit cannot be written")]
    Failing,
    /// Entries come faster than they are written.
    #[error("the audit does not keep up")]
    Behind,
}

/// Whoever keeps the entries. When in doubt it errs towards refusing: what nobody can
/// look up later is not done now.
#[async_trait]
pub trait Audit: fmt::Debug + Send + Sync + 'static {
    /// Takes entries of what is about to be done: all of them, or none.
    async fn say(&self, entries: Vec<Entry>) -> Result<(), AuditFault>;

    /// Takes an entry of what has happened already. One that cannot be kept is counted,
    /// and the count is said as soon as anything can be.
    fn note(&self, entry: Entry);

    /// Marks lines with this key from now on.
    fn rekey(&self, key: AuditKey);

    /// Whether [`Audit::say`] would take an entry now, for readiness.
    fn ready(&self) -> Result<(), AuditFault>;

    /// Keeps what it has taken, and takes nothing more: the process ends.
    fn close(&self);
}
