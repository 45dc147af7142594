//! Links: from a conversation's name, as later calls say it, to what was revealed
//! in it, so that their answers are redacted too, on any node.
//!
//! The name itself is never stored: a link is found by its fingerprint and sealed
//! under it. Links never redeem anything and never extend a handle's life.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Vault;
use super::beside::Beside;
use crate::domain::Handle;
use crate::domain::payload::Payload;
use crate::domain::tenant::TenantId;
use crate::store::StoreFault;

/// Handles of one conversation: a page puts one into it, or two.
pub const LINKS_MAX: usize = 4;

/// The longest sealed text of a link, in bytes: a payload's bound and its handle's.
const LINK_TEXT_MAX: usize = 8 * 1024 * 1024;

/// A payload that was revealed, and the handle that stands for it.
#[derive(Clone)]
pub struct Revelation {
    /// The handle, as the browser knows it.
    pub handle: Handle,
    /// What the vendor got.
    pub payload: Arc<Payload>,
}

impl fmt::Debug for Revelation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Revelation({:?})", self.handle.id())
    }
}

/// A link as it is sealed.
#[derive(Serialize, Deserialize)]
struct Written<'w> {
    handle: String,
    #[serde(borrow)]
    payload: &'w RawValue,
    /// Whether the conversation has another link after this one.
    more: bool,
}

impl Vault {
    /// Remembers what was revealed in a conversation. The first [`LINKS_MAX`] handles
    /// count. What it knows already is not written again.
    ///
    /// # Errors
    /// [`StoreFault`]: later answers could not be redacted, so this one must not pass.
    pub async fn link(
        &self,
        tenant: &TenantId,
        conversation: &[u8],
        revealed: &[Revelation],
        ttl: Duration,
    ) -> Result<(), StoreFault> {
        let known = self.linked(tenant, conversation).await?;
        let mut all: BTreeMap<_, _> = BTreeMap::new();
        for (at, one) in known.iter().chain(revealed).enumerate() {
            all.entry(one.handle.id()).or_insert((at, one));
        }
        if all.len() == known.len() {
            return Ok(());
        }
        let mut all: Vec<_> = all.into_values().collect();
        all.sort_unstable_by_key(|(at, _)| *at);
        all.truncate(LINKS_MAX);
        // Last first: whoever reads meanwhile finds a chain that ends.
        for (nth, (_, one)) in all.iter().enumerate().rev() {
            let more = nth + 1 < all.len();
            let text = write(one, more).ok_or(StoreFault::Damaged("a payload is not JSON"))?;
            let (name, salt) = (name(conversation, nth), conversation);
            let at = Beside { tenant, name: &name, salt };
            self.keep(at, one.handle.id(), ttl, &text).await?;
        }
        Ok(())
    }

    /// What was revealed in a conversation, as far as it is remembered.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn linked(
        &self,
        tenant: &TenantId,
        conversation: &[u8],
    ) -> Result<Vec<Revelation>, StoreFault> {
        let mut all = Vec::new();
        for nth in 0..LINKS_MAX {
            let (name, salt) = (name(conversation, nth), conversation);
            let Some(text) = self.kept(Beside { tenant, name: &name, salt }).await? else { break };
            let Some((one, more)) = read(&text) else {
                return Err(StoreFault::Damaged("a link is not what was sealed"));
            };
            all.push(one);
            if !more {
                break;
            }
        }
        Ok(all)
    }
}

/// Apart from every other name of a thing that is kept beside a handle.
fn name(conversation: &[u8], nth: usize) -> Vec<u8> {
    let nth = u8::try_from(nth).unwrap_or(u8::MAX);
    [b"conversation\0", [nth].as_slice(), conversation].concat()
}

fn write(one: &Revelation, more: bool) -> Option<zeroize::Zeroizing<Vec<u8>>> {
    let payload = serde_json::from_str(one.payload.expose()).ok()?;
    let written = Written { handle: one.handle.expose(), payload, more };
    serde_json::to_vec(&written).ok().map(zeroize::Zeroizing::new)
}

fn read(text: &[u8]) -> Option<(Revelation, bool)> {
    let written: Written<'_> = serde_json::from_slice(text).ok()?;
    let handle = Handle::parse(&written.handle).ok()?;
    let payload = Payload::parse(written.payload.get().as_bytes(), LINK_TEXT_MAX).ok()?;
    Some((Revelation { handle, payload: Arc::new(payload) }, written.more))
}
