//! Settle a request's leases by what the vendor answered.
//!
//! Awaited, so that whoever asks again finds them settled; a lease that is only
//! dropped is given back a moment later.

use super::passage::Passage;

/// What becomes of a request's leases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Settlement {
    /// The vendor accepted it, or has it whole and nobody is left to hear what it says.
    Commit,
    /// It did not, or was never asked.
    Release,
}

/// Settles every lease of the request.
pub(super) async fn settle(passage: &mut Passage, settlement: Settlement) {
    for lease in passage.leases.drain(..) {
        let handle = lease.handle();
        let (settled, then) = match settlement {
            Settlement::Commit => {
                (lease.commit_surely().await, "it is tried again until the lease's bound")
            }
            Settlement::Release => (lease.release().await, "the lease's bound frees it"),
        };
        if let Err(fault) = settled {
            tracing::error!(%handle, %fault, then, "a lease could not be settled");
        }
    }
}
