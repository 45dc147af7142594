//! What the keys are known by that sealed the records: one entry for each number, without an end.
//!
//! Never holds a key.

use redis::Value;

use super::RedisStore;
use super::fault::Fault;
use crate::domain::KeyId;
use crate::domain::keyring::KeyCheck;
use crate::store::Knowing;

impl RedisStore {
    /// See [`Store::know_key`](crate::store::Store::know_key).
    pub(super) async fn known_key(
        &self,
        id: KeyId,
        check: KeyCheck,
        knowing: Knowing,
    ) -> Result<KeyCheck, Fault> {
        // Looked for first: a full server keeps nobody from starting who is known.
        if let (Knowing::Once, Some(known)) = (knowing, self.look_up_key(id).await?) {
            return Ok(known);
        }
        let (name, mut set) = (self.keys.known_key(id), redis::cmd("SET"));
        set.arg(name.as_slice()).arg(check.bytes());
        if knowing == Knowing::Once {
            set.arg("NX");
        }
        self.wire.read(&name, set, self.wire.deadline()).await?;
        // Of two nodes that start at once, one was first.
        Ok(self.look_up_key(id).await?.unwrap_or(check))
    }

    async fn look_up_key(&self, id: KeyId) -> Result<Option<KeyCheck>, Fault> {
        let (name, mut get) = (self.keys.known_key(id), redis::cmd("GET"));
        get.arg(name.as_slice());
        match self.wire.read(&name, get, self.wire.deadline()).await? {
            Value::Nil => Ok(None),
            Value::BulkString(bytes) => {
                let bytes =
                    bytes.try_into().map_err(|_| Fault::Damaged("what a key is known by"))?;
                Ok(Some(KeyCheck::from_bytes(bytes)))
            }
            _ => Err(Fault::Damaged("what a key is known by")),
        }
    }
}
