//! Who may do what: tenants, their contact centers and their callers.
//!
//! Plain resolved settings. Nothing here reads a file or checks a password by
//! any means but its digest.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::dialect::request::TokenSetting;
use crate::domain::tenant::{ContactCenterId, TenantId};

/// An owner of payloads, callers and routes.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// Its name in the configuration, in every handle's MAC and in metrics.
    pub id: TenantId,
    /// The contact centers whose calls are its own.
    pub contact_centers: BTreeSet<ContactCenterId>,
    /// Page origins that may read answers (`https://shop.example`).
    pub origins: BTreeSet<String>,
    /// The longest life of a handle; longer asks are refused, not shortened.
    pub ttl_max: Duration,
    /// The trusted back ends.
    pub callers: Vec<Caller>,
    /// How its pages' tokens are verified and revealed ones signed.
    pub tokens: Option<TokenSetting>,
    /// The vendor's names for a payload's members; others keep their own.
    pub names: BTreeMap<String, String>,
}

/// A trusted back end of a tenant.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Its user name in Basic authentication, and its name in the audit.
    pub name: String,
    /// SHA-256 of its secret; the secret itself is nowhere in the proxy.
    pub secret_sha256: SecretDigest,
    /// What it may do.
    pub may: BTreeSet<Permission>,
}

/// One thing that a caller may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// Deposit payloads.
    Issue,
    /// See a handle's state.
    Inspect,
    /// End handles early.
    Revoke,
}

/// SHA-256 of a caller's secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecretDigest([u8; 32]);

impl SecretDigest {
    /// The digest of a secret as it arrived.
    #[must_use]
    pub fn of(secret: &[u8]) -> Self {
        Self(Sha256::digest(secret).into())
    }

    /// From configuration: 32 bytes that somebody hashed before.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl std::fmt::Debug for SecretDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretDigest(32 bytes)")
    }
}

/// Every tenant, by name and by caller.
#[derive(Debug, Default)]
pub struct Tenancy {
    tenants: BTreeMap<TenantId, Arc<Tenant>>,
    by_secret: HashMap<SecretDigest, Vec<(Arc<Tenant>, usize)>>,
}

impl Tenancy {
    /// Indexes the tenants.
    #[must_use]
    pub fn new(tenants: impl IntoIterator<Item = Arc<Tenant>>) -> Self {
        let mut all = Self::default();
        for tenant in tenants {
            for (at, caller) in tenant.callers.iter().enumerate() {
                let seats = all.by_secret.entry(caller.secret_sha256).or_default();
                seats.push((Arc::clone(&tenant), at));
            }
            all.tenants.insert(tenant.id.clone(), tenant);
        }
        all
    }

    /// The tenant of that name.
    #[must_use]
    pub fn tenant(&self, id: &TenantId) -> Option<&Arc<Tenant>> {
        self.tenants.get(id)
    }

    /// Every tenant, in order of name.
    pub fn tenants(&self) -> impl Iterator<Item = &Arc<Tenant>> {
        self.tenants.values()
    }

    /// Who a secret belongs to; empty when to nobody. The map is entered by the
    /// secret's digest, which an attacker cannot steer byte by byte, and the
    /// match itself is constant-time.
    #[must_use]
    pub fn authenticate(&self, name: Option<&str>, secret: &[u8]) -> Vec<Seat> {
        let digest = SecretDigest::of(secret);
        let seats = self.by_secret.get(&digest).map_or(&[][..], Vec::as_slice);
        let seats = seats.iter().filter_map(|(tenant, at)| {
            let caller = tenant.callers.get(*at)?;
            let named = name.is_none_or(|name| name == caller.name);
            (named && caller.secret_sha256.matches(&digest)).then(|| Seat {
                tenant: Arc::clone(tenant),
                caller: caller.name.clone(),
                may: caller.may.clone(),
            })
        });
        seats.collect()
    }
}

/// A caller in the service of one tenant: proof that a secret was checked.
#[derive(Debug, Clone)]
pub struct Seat {
    /// Whom it serves.
    pub tenant: Arc<Tenant>,
    /// Its name.
    pub caller: String,
    may: BTreeSet<Permission>,
}

impl Seat {
    /// Whether this caller may do that here.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        self.may.contains(&permission)
    }
}
