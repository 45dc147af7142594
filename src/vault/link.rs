//! Links: from a conversation's name, as later calls say it, to what was revealed
//! in it, so that their answers are redacted too, on any node.
//!
//! The name itself is never stored: a link is found by its fingerprint and sealed
//! under it. Links never redeem anything and never extend a handle's life.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Vault;
use super::beside::Beside;
use crate::domain::Handle;
use crate::domain::payload::Payload;
use crate::domain::tenant::TenantId;
use crate::store::StoreFault;

/// Payloads of one conversation: a page puts one into it, and a customer opens a few
/// pages in a link's life. One more is refused, since its values could not be watched.
pub const LINKS_MAX: usize = 8;

/// How many conversations' links may be written at once on a node.
pub(super) const LINK_LOCKS: usize = 64;

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
}

impl Vault {
    /// Remembers what was revealed in a conversation. What it knows already is not
    /// written again; equal payloads count once.
    ///
    /// # Errors
    /// [`StoreFault`], full where the conversation has [`LINKS_MAX`] payloads: later
    /// answers could not be redacted, so this call must not pass.
    pub async fn link(
        &self,
        tenant: &TenantId,
        conversation: &[u8],
        revealed: &[Revelation],
        ttl: Duration,
    ) -> Result<(), StoreFault> {
        // Of this node's writers one at a time takes a conversation's slot; of two nodes'
        // the later one sees the other's.
        let lock = self.link_locks.get(shard(conversation));
        let _turn = match lock {
            Some(lock) => Some(lock.lock().await),
            None => None,
        };
        let mut linked = Ok(());
        for one in revealed {
            linked = self.link_one(tenant, conversation, one, ttl).await;
            if linked.is_err() {
                break;
            }
        }
        self.links_written.fetch_add(1, Ordering::Release);
        linked
    }

    async fn link_one(
        &self,
        tenant: &TenantId,
        conversation: &[u8],
        one: &Revelation,
        ttl: Duration,
    ) -> Result<(), StoreFault> {
        let first = usize::from(one.handle.id().bytes().last().copied().unwrap_or_default());
        let same = |other: &Revelation| other.payload.expose() == one.payload.expose();
        if self.linked(tenant, conversation).await?.iter().any(same) {
            return Ok(());
        }
        let text = write(one).ok_or(StoreFault::Damaged("a payload is not JSON"))?;
        for nth in 0..LINKS_MAX {
            let slot = (first + nth) % LINKS_MAX;
            let name = name(conversation, slot);
            let at = Beside { tenant, name: &name, salt: conversation };
            if self.kept(at).await?.is_some() {
                continue;
            }
            self.keep(at, one.handle.id(), ttl, &text).await?;
            self.mark(tenant, conversation, one, ttl).await?;
            // Another writer may have taken the slot in between: then the next one.
            match self.kept(at).await?.as_deref().map(|text| read(text)) {
                Some(Some(written)) if !same(&written) => {}
                // Gone with its handle, or as written.
                Some(_) | None => return Ok(()),
            }
        }
        Err(StoreFault::Full { entries_max: u64::try_from(LINKS_MAX).unwrap_or(u64::MAX) })
    }

    /// Says that the conversation has links, so that one without any costs one look-up.
    /// It holds nothing, and goes when its time is over.
    async fn mark(
        &self,
        tenant: &TenantId,
        conversation: &[u8],
        one: &Revelation,
        ttl: Duration,
    ) -> Result<(), StoreFault> {
        let name = name(conversation, LINKS_MAX);
        let at = Beside { tenant, name: &name, salt: conversation };
        self.keep_apart(at, one.handle.id(), ttl, b"linked").await
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
        let marker = name(conversation, LINKS_MAX);
        if self.kept(Beside { tenant, name: &marker, salt: conversation }).await?.is_none() {
            return Ok(all);
        }
        for nth in 0..LINKS_MAX {
            let name = name(conversation, nth);
            let kept = self.kept(Beside { tenant, name: &name, salt: conversation }).await?;
            let Some(text) = kept else { continue };
            all.push(read(&text).ok_or(StoreFault::Damaged("a link is not what was sealed"))?);
        }
        Ok(all)
    }
}

/// Which of a vault's locks a conversation's writers share.
fn shard(conversation: &[u8]) -> usize {
    let sum = |sum: usize, byte: &u8| sum.wrapping_mul(31).wrapping_add(usize::from(*byte));
    conversation.iter().fold(0, sum) % LINK_LOCKS
}

/// Apart from every other name of a thing that is kept beside a handle.
fn name(conversation: &[u8], nth: usize) -> Vec<u8> {
    let nth = u8::try_from(nth).unwrap_or(u8::MAX);
    [b"conversation\0", [nth].as_slice(), conversation].concat()
}

fn write(one: &Revelation) -> Option<zeroize::Zeroizing<Vec<u8>>> {
    let payload = serde_json::from_str(one.payload.expose()).ok()?;
    let written = Written { handle: one.handle.expose(), payload };
    serde_json::to_vec(&written).ok().map(zeroize::Zeroizing::new)
}

fn read(text: &[u8]) -> Option<Revelation> {
    let written: Written<'_> = serde_json::from_slice(text).ok()?;
    let handle = Handle::parse(&written.handle).ok()?;
    let payload = Payload::parse(written.payload.get().as_bytes(), LINK_TEXT_MAX).ok()?;
    Some(Revelation { handle, payload: Arc::new(payload) })
}
