//! Records in SQLite's tables: every statement that the store runs, each inside the caller's transaction.
//!
//! Keeps the tally in step with the rows. Never begins or ends a transaction, never reads a clock, never
//! touches more rows than it was told to.

use rusqlite::{Connection, OptionalExtension as _, Params, Row, params};

use super::super::{Census, Record, RecordKey, StoreFault};
use super::body::Columns;
use super::fault::Fault;
use crate::domain::tenant::TenantId;
use crate::domain::time::Timestamp;
use crate::domain::{Fingerprint, HandleId};

/// The tables. Rows are appended in the order of issue, so those that expire together lie together;
/// only the index by id is written at random.
pub(super) const SCHEMA: &str = "
CREATE TABLE record(
    n INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    tenant TEXT NOT NULL,
    key_id INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    subject BLOB,
    parent BLOB,
    body BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX record_key ON record(id, tenant);
CREATE INDEX record_expires ON record(expires);
CREATE INDEX record_subject ON record(subject) WHERE subject IS NOT NULL;
CREATE INDEX record_parent ON record(parent) WHERE parent IS NOT NULL;
CREATE TABLE tally(key_id INTEGER PRIMARY KEY, entries INTEGER NOT NULL) STRICT;
";

/// Columns of a record that is gone, in the order of [`Gone::read`]. Counted apart: what was learnt.
const GONE: &str = "RETURNING key_id + iif(parent IS NULL, 0, 256), expires, parent IS NULL";

/// The tables, as one transaction sees them.
pub(super) struct Rows<'c>(pub(super) &'c Connection);

/// A record and where it stands.
pub(super) struct Found {
    n: i64,
    pub(super) record: Record,
}

/// What is left to say of a deleted record.
pub(super) struct Gone {
    label: i64,
    expires: i64,
    own: bool,
}

impl Gone {
    fn read(row: &Row<'_>) -> rusqlite::Result<Gone> {
        Ok(Gone { label: row.get(0)?, expires: row.get(1)?, own: row.get(2)? })
    }

    /// Whether someone who asked for it is to be told: it was live, and not learnt with another.
    pub(super) fn counts_at(&self, now: Timestamp) -> bool {
        self.own && self.expires > seconds(now)
    }
}

impl Rows<'_> {
    /// The record of this key, expired or not.
    pub(super) fn find(&self, key: &RecordKey) -> Result<Option<Found>, Fault> {
        let sql = "SELECT n, key_id, expires, subject, parent, body FROM record WHERE id = ?1 AND tenant = ?2";
        let mut statement = self.0.prepare_cached(sql)?;
        let read = |row: &Row<'_>| {
            let columns = Columns {
                key_id: row.get(1)?,
                expires: row.get(2)?,
                subject: row.get(3)?,
                parent: row.get(4)?,
                body: row.get(5)?,
            };
            Ok((row.get(0)?, columns))
        };
        let found = statement.query_row(params![key.id.bytes(), key.tenant.as_str()], read);
        let Some((n, columns)) = found.optional()? else { return Ok(None) };
        let record = columns.record(key).ok_or(StoreFault::Damaged("a record does not decode"))?;
        Ok(Some(Found { n, record }))
    }

    /// Writes a found record's changed ledger.
    pub(super) fn rewrite(&self, found: &Found) -> Result<(), Fault> {
        let mut statement = self.0.prepare_cached("UPDATE record SET body = ?2 WHERE n = ?1")?;
        statement.execute(params![found.n, Columns::of(&found.record).body])?;
        Ok(())
    }

    /// Whether there is a record of this key.
    pub(super) fn holds(&self, key: &RecordKey) -> Result<bool, Fault> {
        let sql = "SELECT 1 FROM record WHERE id = ?1 AND tenant = ?2";
        let mut statement = self.0.prepare_cached(sql)?;
        Ok(statement.exists(params![key.id.bytes(), key.tenant.as_str()])?)
    }

    /// Writes a record, in the place of one with its key.
    pub(super) fn put(&self, record: &Record) -> Result<(), Fault> {
        self.delete_one(&record.key)?;
        let sql = "INSERT INTO record(id, tenant, key_id, expires, subject, parent, body)
                   VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let columns = Columns::of(record);
        self.0.prepare_cached(sql)?.execute(params![
            record.key.id.bytes(),
            record.key.tenant.as_str(),
            columns.key_id,
            columns.expires,
            columns.subject,
            columns.parent,
            columns.body,
        ])?;
        self.count(record.label().into(), 1)
    }

    /// Deletes the record of this key.
    pub(super) fn delete_one(&self, key: &RecordKey) -> Result<Option<Gone>, Fault> {
        let sql = format!("DELETE FROM record WHERE id = ?1 AND tenant = ?2 {GONE}");
        let gone = self.delete(&sql, params![key.id.bytes(), key.tenant.as_str()])?;
        Ok(gone.into_iter().next())
    }

    /// Deletes at most `max` records that were learnt with `parent`.
    pub(super) fn delete_children(
        &self,
        tenant: &TenantId,
        parent: HandleId,
        max: u32,
    ) -> Result<Vec<Gone>, Fault> {
        let sql = format!(
            "DELETE FROM record WHERE n IN
                 (SELECT n FROM record WHERE parent = ?1 AND tenant = ?2 LIMIT ?3) {GONE}"
        );
        self.delete(&sql, params![parent.bytes(), tenant.as_str(), max])
    }

    /// Deletes at most `max` records that were learnt with one of the subject's.
    pub(super) fn delete_children_of_subject(
        &self,
        tenant: &TenantId,
        subject: Fingerprint,
        max: u32,
    ) -> Result<Vec<Gone>, Fault> {
        let sql = format!(
            "DELETE FROM record WHERE n IN (
                 SELECT child.n FROM record AS held
                 JOIN record AS child ON child.parent = held.id AND child.tenant = held.tenant
                 WHERE held.subject = ?1 AND held.tenant = ?2 LIMIT ?3) {GONE}"
        );
        self.delete(&sql, params![subject.bytes(), tenant.as_str(), max])
    }

    /// Deletes at most `max` of the subject's records.
    pub(super) fn delete_of_subject(
        &self,
        tenant: &TenantId,
        subject: Fingerprint,
        max: u32,
    ) -> Result<Vec<Gone>, Fault> {
        let sql = format!(
            "DELETE FROM record WHERE n IN
                 (SELECT n FROM record WHERE subject = ?1 AND tenant = ?2 LIMIT ?3) {GONE}"
        );
        self.delete(&sql, params![subject.bytes(), tenant.as_str(), max])
    }

    /// The number of the newest record; 0 where there is none.
    pub(super) fn last(&self) -> Result<i64, Fault> {
        let mut statement = self.0.prepare_cached("SELECT COALESCE(MAX(n), 0) FROM record")?;
        Ok(statement.query_row([], |row| row.get(0))?)
    }

    /// Deletes at most `max` of the tenant's records with a number above `after`, up to `until`.
    pub(super) fn delete_of_tenant(
        &self,
        tenant: &TenantId,
        after: i64,
        until: i64,
        max: u32,
    ) -> Result<Vec<Gone>, Fault> {
        let sql = format!(
            "DELETE FROM record WHERE n IN
                 (SELECT n FROM record WHERE n > ?2 AND n <= ?3 AND tenant = ?1 LIMIT ?4) {GONE}"
        );
        self.delete(&sql, params![tenant.as_str(), after, until, max])
    }

    /// How many live records were learnt with `parent`; counted up to `max`.
    pub(super) fn live_children(
        &self,
        parent: &RecordKey,
        now: Timestamp,
        max: u64,
    ) -> Result<u64, Fault> {
        let sql = "SELECT COUNT(*) FROM (SELECT 1 FROM record
                   WHERE parent = ?1 AND tenant = ?2 AND expires > ?3 LIMIT ?4)";
        let max = i64::try_from(max).unwrap_or(i64::MAX);
        let sought = params![parent.id.bytes(), parent.tenant.as_str(), seconds(now), max];
        let count: i64 = self.0.prepare_cached(sql)?.query_row(sought, |row| row.get(0))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// At most `max` ids of the subject's records that are nobody's children and live.
    pub(super) fn ids_of_subject(
        &self,
        tenant: &TenantId,
        subject: Fingerprint,
        now: Timestamp,
        max: usize,
    ) -> Result<Vec<HandleId>, Fault> {
        let sql = "SELECT id FROM record
                   WHERE subject = ?1 AND tenant = ?2 AND parent IS NULL AND expires > ?3
                   LIMIT ?4";
        let mut statement = self.0.prepare_cached(sql)?;
        let max = i64::try_from(max).unwrap_or(i64::MAX);
        let wanted = params![subject.bytes(), tenant.as_str(), seconds(now), max];
        let found = statement.query_map(wanted, |row| row.get::<_, [u8; 16]>(0))?;
        let ids: Vec<[u8; 16]> = found.collect::<Result<_, _>>()?;
        Ok(ids.into_iter().filter_map(|id| HandleId::from_bytes(id).ok()).collect())
    }

    /// Deletes at most `max` records that have expired at `now`, the oldest first.
    pub(super) fn delete_expired(&self, now: Timestamp, max: u32) -> Result<u32, Fault> {
        let sql = format!(
            "DELETE FROM record WHERE n IN
                 (SELECT n FROM record WHERE expires <= ?1 ORDER BY expires LIMIT ?2) {GONE}"
        );
        let gone = self.delete(&sql, params![seconds(now), max])?;
        Ok(u32::try_from(gone.len()).unwrap_or(max))
    }

    /// Records by key, all keys that ever had one.
    pub(super) fn census(&self) -> Result<Census, Fault> {
        let sql = "SELECT key_id, entries FROM tally ORDER BY key_id";
        let mut statement = self.0.prepare_cached(sql)?;
        let counts = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let counts: Vec<(i64, i64)> = counts.collect::<Result<_, _>>()?;
        let read = |(label, count): (i64, i64)| {
            Some((u16::try_from(label).ok()?, u64::try_from(count).ok()?))
        };
        let counts: Option<Vec<_>> = counts.into_iter().map(read).collect();
        let census = counts.and_then(Census::of);
        Ok(census.ok_or(StoreFault::Damaged("the tally is not a count of records"))?)
    }

    fn delete(&self, sql: &str, params: impl Params) -> Result<Vec<Gone>, Fault> {
        let mut statement = self.0.prepare_cached(sql)?;
        let gone: Vec<Gone> =
            statement.query_map(params, Gone::read)?.collect::<rusqlite::Result<_>>()?;
        for run in gone.chunk_by(|a, b| a.label == b.label) {
            let count = i64::try_from(run.len()).unwrap_or(i64::MAX);
            let label = run.first().map_or(0, |gone| gone.label);
            self.count(label, -count)?;
        }
        Ok(gone)
    }

    fn count(&self, label: i64, change: i64) -> Result<(), Fault> {
        let sql = "INSERT INTO tally(key_id, entries) VALUES(?1, ?2)
                   ON CONFLICT DO UPDATE SET entries = entries + excluded.entries";
        self.0.prepare_cached(sql)?.execute([label, change])?;
        Ok(())
    }
}

fn seconds(now: Timestamp) -> i64 {
    i64::try_from(now.secs()).unwrap_or(i64::MAX)
}
