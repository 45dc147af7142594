//! What the keys are known by that sealed the records: one entry for each number, without an end.
//!
//! Never holds a key.

use redis::Value;

use super::RedisStore;
use super::fault::Fault;
use crate::domain::KeyId;
use crate::domain::keyring::KeyCheck;

const DAMAGED: Fault = Fault::Damaged("what a key is known by");

impl RedisStore {
    /// See [`Store::know_key`](crate::store::Store::know_key). Waits for no replica: what a failover
    /// forgets the next start says again.
    pub(super) async fn remember_key(&self, id: KeyId, check: KeyCheck) -> Result<KeyCheck, Fault> {
        let (name, mut set) = (self.keys.known_key(id), redis::cmd("SET"));
        set.arg(name.as_slice()).arg(check.bytes()).arg("NX");
        self.wire.read(&name, set, self.wire.deadline()).await?;
        // Of two nodes that start at once, one was first.
        Ok(self.look_up_key(id).await?.unwrap_or(check))
    }

    /// See [`Store::known_key`](crate::store::Store::known_key).
    pub(super) async fn look_up_key(&self, id: KeyId) -> Result<Option<KeyCheck>, Fault> {
        let (name, mut get) = (self.keys.known_key(id), redis::cmd("GET"));
        get.arg(name.as_slice());
        let known = self.wire.read(&name, get, self.wire.deadline()).await?;
        if known == Value::Nil {
            return Ok(None);
        }
        let Value::BulkString(bytes) = known else { return Err(DAMAGED) };
        bytes.try_into().map(KeyCheck::from_bytes).map(Some).map_err(|_| DAMAGED)
    }
}
