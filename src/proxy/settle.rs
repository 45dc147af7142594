//! Settle a request's leases by what the vendor answered.
//!
//! Awaited, so that whoever asks again finds them settled; a lease that is only
//! dropped is given back a moment later.

use super::passage::Passage;

/// What becomes of a request's leases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Settlement {
    /// The vendor accepted it.
    Commit,
    /// It did not, or was never asked.
    Release,
}

/// Settles every lease of the request.
pub(super) async fn settle(passage: &mut Passage, settlement: Settlement) {
    for lease in passage.leases.drain(..) {
        let settled = match settlement {
            Settlement::Commit => lease.commit().await,
            Settlement::Release => lease.release().await,
        };
        if settled.is_err() {
            tracing::error!("a lease could not be settled: the store does not answer");
        }
    }
}
