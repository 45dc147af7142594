//! Relayed payloads: what a vendor's own store answered for one, remembered for as
//! long as the vendor keeps it, so that the next message of the chat says the same.
//!
//! Sealed under the handle itself: the store and the root key read none of it. Never
//! talks to a vendor.

use std::time::Duration;

use zeroize::Zeroizing;

use super::Vault;
use super::beside::{Beside, LEARNT_MAX, LearnFault};
use crate::domain::Handle;
use crate::domain::tenant::TenantId;
use crate::store::StoreFault;

impl Vault {
    /// Remembers a vendor's answer for a handle's payload. `vendor` tells one vendor's
    /// store from another's, as two routes of one tenant may have them.
    ///
    /// # Errors
    /// [`LearnFault`].
    pub async fn remember_relayed(
        &self,
        tenant: &TenantId,
        handle: &Handle,
        vendor: &str,
        answer: &[u8],
        ttl: Duration,
    ) -> Result<(), LearnFault> {
        let (name, salt) = (name(handle, vendor), Zeroizing::new(handle.expose()));
        let at = Beside { tenant, name: &name, salt: salt.as_bytes() };
        // A call beside this one may have kept another answer, which the vendor keeps as well.
        self.keep(at, handle.id(), ttl, answer, LEARNT_MAX).await.map(|_| ())
    }

    /// The vendor's answer, if it is remembered.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn relayed(
        &self,
        tenant: &TenantId,
        handle: &Handle,
        vendor: &str,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, StoreFault> {
        let (name, salt) = (name(handle, vendor), Zeroizing::new(handle.expose()));
        self.kept(Beside { tenant, name: &name, salt: salt.as_bytes() }).await
    }
}

fn name(handle: &Handle, vendor: &str) -> Vec<u8> {
    [b"relay\0", vendor.as_bytes(), b"\0", handle.id().bytes()].concat()
}
