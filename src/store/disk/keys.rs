//! What the keys are known by that sealed the file's records.
//!
//! Never holds a key. A file that an older binary made has no such table: it is made when it is
//! first needed.

use rusqlite::{OptionalExtension as _, Row, params};

use super::fault::Fault;
use super::rows::Rows;
use crate::domain::KeyId;
use crate::domain::keyring::KeyCheck;
use crate::store::StoreFault;

const TABLE: &str =
    "CREATE TABLE IF NOT EXISTS known_key(id INTEGER PRIMARY KEY, known_by BLOB NOT NULL) STRICT";

impl Rows<'_> {
    /// See [`Store::know_key`](crate::store::Store::know_key).
    pub(super) fn know_key(&self, id: KeyId, check: KeyCheck) -> Result<KeyCheck, Fault> {
        if let Some(known) = self.known_key(id)? {
            return Ok(known);
        }
        self.0.execute(TABLE, [])?;
        let insert = "INSERT INTO known_key(id, known_by) VALUES (?1, ?2)";
        self.0.execute(insert, params![id.byte(), check.bytes()])?;
        Ok(check)
    }

    /// See [`Store::known_key`](crate::store::Store::known_key).
    pub(super) fn known_key(&self, id: KeyId) -> Result<Option<KeyCheck>, Fault> {
        // Asked of the file: what a connection remembers of its tables may be old.
        let table = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'known_key')";
        if !self.0.query_row(table, [], |row| row.get::<_, bool>(0))? {
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
