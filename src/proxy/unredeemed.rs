//! Handles that a call is refused for, or goes on without, before the vault redeems any:
//! each is counted, and has its line in the audit.
//!
//! Never holds a handle's text, and never more lines than a fixed number: whoever sends
//! a thousand bad handles in a body writes no thousand lines.

use crate::domain::{HandleId, TenantId};
use crate::telemetry::metrics::Metrics;
use crate::vault::Vault;
use crate::vault::audit::Scene;
use crate::vault::redeem::Unusable;

/// Lines of one call that name a handle; the others are said by number, a line for
/// each reason. More handles than a call of any vendor carries.
const NAMED_MAX: usize = 16;

/// What was refused in one call.
#[derive(Debug, Default)]
pub(super) struct Unredeemed(Vec<Same>);

/// Refusals that make one line.
#[derive(Debug)]
struct Same {
    why: Unusable,
    id: Option<HandleId>,
    count: u64,
}

impl Unredeemed {
    /// One was refused. `id` is what its text says, where it is a handle's.
    pub(super) fn add(&mut self, why: Unusable, id: Option<HandleId>) {
        let named = self.0.iter().filter(|one| one.id.is_some()).count();
        let id = id.filter(|id| named < NAMED_MAX || self.0.iter().any(|one| one.id == Some(*id)));
        match self.0.iter_mut().find(|one| one.why == why && one.id == id) {
            // The same handle in several places is decided once.
            Some(_) if id.is_some() => {}
            Some(same) => same.count = same.count.saturating_add(1),
            None => self.0.push(Same { why, id, count: 1 }),
        }
    }

    /// Tells the metrics and the audit.
    pub(super) fn tell(
        &self,
        vault: &Vault,
        metrics: &Metrics,
        tenant: &TenantId,
        scene: Scene<'_>,
    ) {
        for Same { why, id, count } in &self.0 {
            metrics.refused(tenant, *why, *count);
            vault.note_refused(scene, tenant, *why, *id, *count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u8) -> Option<HandleId> {
        Some(HandleId::from_random([n; 16]))
    }

    #[test]
    fn a_thousand_bad_handles_make_a_fixed_number_of_lines_and_none_is_uncounted() {
        let mut refused = Unredeemed::default();
        for n in 0..200 {
            refused.add(Unusable::Malformed, None);
            refused.add(Unusable::BadToken, None);
            refused.add(Unusable::Forged, id(n));
            refused.add(Unusable::Forged, id(n));
        }
        assert_eq!(refused.0.len(), NAMED_MAX + 3);
        let count = |why| {
            let of = refused.0.iter().filter(|one| one.why == why);
            of.map(|one| one.count).sum::<u64>()
        };
        assert_eq!((count(Unusable::Malformed), count(Unusable::BadToken)), (200, 200));
        // Those that have no line of their own are counted each time that they are met.
        assert_eq!(count(Unusable::Forged), 16 + 2 * 184);
    }
}
