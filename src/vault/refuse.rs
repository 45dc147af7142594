//! Refusals that are decided before a redeem, told to the audit.
//!
//! Nothing is refused here, and nothing waits: a refusal reveals nothing, so it needs
//! no line to be given. One that the audit cannot take is counted as lost.

use super::Vault;
use super::audit::{Entry, Event, Scene};
use super::redeem::Unusable;
use crate::domain::{HandleId, TenantId};

impl Vault {
    /// Notes that handles were refused for this reason, `count` of them in one call. `id`
    /// is the handle's own word where nothing vouches for it.
    pub fn note_refused(
        &self,
        scene: Scene<'_>,
        tenant: &TenantId,
        why: Unusable,
        id: Option<HandleId>,
        count: u64,
    ) {
        self.note(|now| {
            let entry = Entry::new(now, Event::Refuse, why.reason()).of(tenant, id).at(Some(scene));
            if count > 1 { entry.counting(count) } else { entry }
        });
    }
}
