//! What the keys are known by that sealed the file's records.
//!
//! Never holds a key. A file that an older binary made has no such table: it is made when it is
//! first needed.

use rusqlite::{OptionalExtension as _, Row, params};

use super::fault::Fault;
use super::rows::Rows;
use crate::domain::KeyId;
use crate::domain::keyring::KeyCheck;
use crate::store::{Knowing, StoreFault};

const TABLE: &str =
    "CREATE TABLE IF NOT EXISTS known_key(id INTEGER PRIMARY KEY, known_by BLOB NOT NULL) STRICT";

impl Rows<'_> {
    /// See [`Store::know_key`](crate::store::Store::know_key).
    pub(super) fn know_key(
        &self,
        id: KeyId,
        check: KeyCheck,
        knowing: Knowing,
    ) -> Result<KeyCheck, Fault> {
        // Looked for first: a full disk keeps nobody from starting who is known.
        if let (Knowing::Once, Some(known)) = (knowing, self.known_key(id)?) {
            return Ok(known);
        }
        self.0.execute(TABLE, [])?;
        let insert = "INSERT OR REPLACE INTO known_key(id, known_by) VALUES (?1, ?2)";
        self.0.execute(insert, params![id.byte(), check.bytes()])?;
        Ok(check)
    }

    fn known_key(&self, id: KeyId) -> Result<Option<KeyCheck>, Fault> {
        if !self.0.table_exists(None, "known_key")? {
            return Ok(None);
        }
        let select = "SELECT known_by FROM known_key WHERE id = ?1";
        let read = |row: &Row<'_>| row.get::<_, Vec<u8>>(0);
        let Some(bytes) = self.0.query_row(select, [id.byte()], read).optional()? else {
            return Ok(None);
        };
        let bytes = bytes.try_into().map_err(|_| StoreFault::Damaged("what a key is known by"))?;
        Ok(Some(KeyCheck::from_bytes(bytes)))
    }
}
