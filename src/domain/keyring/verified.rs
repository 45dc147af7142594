//! What is known of a handle once the keyring has vouched for it.
//!
//! Reads only; the keyring alone makes one.

use std::fmt;

use super::Verified;
use crate::domain::claims::{KeyId, Secret};
use crate::domain::handle_id::HandleId;
use crate::domain::tenant::TenantId;
use crate::domain::time::Expiry;
use crate::domain::uses::Uses;

impl Verified {
    /// The handle's public name.
    pub fn id(&self) -> HandleId {
        self.claims.id
    }

    /// The key that signed it.
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// How often it works.
    pub fn uses(&self) -> Uses {
        self.claims.uses
    }

    /// Until when it works.
    pub fn expires(&self) -> Expiry {
        self.claims.expires
    }

    /// The tenant it was signed for.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    pub(in crate::domain) fn secret(&self) -> &Secret {
        &self.claims.secret
    }
}

impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified")
            .field("id", &self.claims.id)
            .field("key_id", &self.key_id)
            .field("tenant", &self.tenant)
            .finish_non_exhaustive()
    }
}
