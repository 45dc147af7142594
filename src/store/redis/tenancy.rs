//! Forgetting a tenant: every primary's keys are walked through, as there is no index by tenant.
//!
//! Such an index would cost every issue for what is asked for once in a tenant's life. Never blocks a server: it is
//! asked for some hundred keys a time. Never stops at the first record that fails.

use redis::Value;

use super::RedisStore;
use super::fault::Fault;
use super::removal::Meant;
use crate::domain::{TenantId, Timestamp};

impl RedisStore {
    /// Removes every record of a tenant that was there when it began; how many were live and nobody's child.
    pub(super) async fn take_tenant(
        &self,
        tenant: &TenantId,
        now: Timestamp,
    ) -> Result<u64, Fault> {
        let pattern = self.keys.of_tenant(tenant);
        let (mut count, mut outcome) = (0, Ok(()));
        for mut walk in self.wire.walks().await? {
            let mut cursor = "0".to_owned();
            loop {
                let answer = self.wire.step(&mut walk, &cursor, &pattern).await?;
                let (next, names) = page(answer)?;
                let ids: Vec<_> =
                    names.iter().filter_map(|name| self.keys.id_of(tenant, name)).collect();
                match self.take_all(tenant, &ids, Meant::Any, now).await {
                    Ok(taken) => count += taken,
                    Err(fault) => outcome = outcome.and(Err(fault)),
                }
                if next == "0" {
                    break;
                }
                cursor = next;
            }
        }
        outcome.map(|()| count)
    }
}

/// Where to go on, and the names that were found.
fn page(answer: Value) -> Result<(String, Vec<Vec<u8>>), Fault> {
    redis::from_redis_value(answer).map_err(|_| Fault::Damaged("a walk through the keys"))
}
