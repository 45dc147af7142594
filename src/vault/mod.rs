//! The vault: issue, redeem, revoke. Handles in, payloads out, and the only
//! place where a handle, a key and a sealed record meet.
//!
//! It never sees HTTP, never decides what a rejection looks like, and never
//! tells two refused handles apart to anybody but the operator's log.

mod beside;
pub mod issue;
pub mod lease;
pub mod link;
pub mod redeem;
pub mod relay;
pub mod revoke;
pub mod tenancy;

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::clock::{Clock, Entropy};
use crate::domain::keyring::Keyring;
use crate::domain::lease::Terms;
use crate::store::{Census, Store, StoreFault};

/// Issues and redeems handles over one store, under one keyring.
pub struct Vault {
    store: Arc<dyn Store>,
    rules: ArcSwap<Rules>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

/// What a reload may change, swapped as one.
#[derive(Debug)]
struct Rules {
    keyring: Keyring,
    terms: Terms,
}

impl Vault {
    /// A vault over `store`. Cloning the `Arc`s is all the sharing there is.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        keyring: Keyring,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        terms: Terms,
    ) -> Self {
        Self { store, rules: ArcSwap::from_pointee(Rules { keyring, terms }), clock, entropy }
    }

    /// Takes another keyring and other terms, for every call that begins from now
    /// on. A handle whose key is not in the new keyring is refused from then on.
    pub fn rekey(&self, keyring: Keyring, terms: Terms) {
        self.rules.store(Arc::new(Rules { keyring, terms }));
    }

    /// The clock that decides expiry, shared with whoever logs or measures.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Where randomness comes from, shared with whoever draws a mask key.
    #[must_use]
    pub fn entropy(&self) -> &Arc<dyn Entropy> {
        &self.entropy
    }

    /// How full the store is.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn census(&self) -> Result<Census, StoreFault> {
        self.store.census().await
    }

    /// Has the store forget some of what has expired by now; how many records.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn sweep(&self) -> Result<u32, StoreFault> {
        self.store.sweep(self.clock.now()).await
    }

    /// Whether a handle could be issued and redeemed now.
    ///
    /// # Errors
    /// What stands in the way.
    pub async fn probe(&self) -> Result<(), StoreFault> {
        self.store.probe().await
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault")
            .field("store", &self.store)
            .field("rules", &self.rules.load())
            .finish()
    }
}
