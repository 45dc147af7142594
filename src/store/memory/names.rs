//! Short names of records: 20 bytes, where a key that spells its tenant has 32 and a pointer to count.
//!
//! Never gives two tenants one number, so that the ids of one are no ids of another.

use std::collections::HashMap;

use arc_swap::ArcSwap;

use crate::domain::HandleId;
use crate::domain::tenant::TenantId;

/// What a record is found by in here: its tenant's number and its id.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(super) struct Name {
    pub(super) tenant: u32,
    pub(super) id: HandleId,
}

impl Name {
    /// Another record of the same tenant.
    pub(super) fn beside(self, id: HandleId) -> Self {
        Self { id, ..self }
    }

    /// The least and the greatest name that a tenant's record can have.
    pub(super) fn bounds(tenant: u32) -> (Self, Self) {
        let at = |byte| Self { tenant, id: HandleId::from_random([byte; 16]) };
        (at(0), at(u8::MAX))
    }
}

/// The tenants' numbers. A number is never taken back, so this is as long as the list of the tenants that were ever
/// configured while this process ran.
#[derive(Default)]
pub(super) struct Tenants(ArcSwap<HashMap<TenantId, u32>>);

impl Tenants {
    /// The number of a tenant that had a record once. Takes no lock.
    pub(super) fn find(&self, tenant: &TenantId) -> Option<u32> {
        self.0.load().get(tenant).copied()
    }

    /// The number of any tenant.
    pub(super) fn number(&self, tenant: &TenantId) -> u32 {
        if let Some(number) = self.find(tenant) {
            return number;
        }
        let mut number = 0;
        self.0.rcu(|known| {
            let mut known = HashMap::clone(known);
            let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
            number = *known.entry(tenant.clone()).or_insert(next);
            known
        });
        number
    }
}
