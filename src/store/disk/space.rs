//! Whether there is room for new records: said once when it ends, and once when there is some again.
//!
//! Decides nothing: each write finds out for itself. Never takes a removal, or another write that fits into the
//! room that there is, for a sign that a new record would.

use rusqlite::Connection;

use super::rows::Rows;

/// What is known of the room, since the last put that had none.
#[derive(Debug, Default)]
pub(super) struct Space {
    /// While there is none: how many records there were at the last look.
    short_at: Option<u64>,
}

impl Space {
    /// A write found no room.
    pub(super) fn lacked(&mut self, connection: &Connection) {
        if self.short_at.is_none() {
            let bytes = |pragma| {
                let pages = connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
                pages.unwrap_or(0).saturating_mul(4096)
            };
            tracing::error!(
                bytes = bytes("page_count"),
                bytes_max = bytes("max_page_count"),
                "the disk store has no space left: the disk is full, or the file is at bytes_max; new handles are \
                 refused until there is"
            );
        }
        self.short_at = Some(entries(connection).unwrap_or(u64::MAX));
    }

    /// A write was done.
    pub(super) fn wrote(&mut self, connection: &Connection) {
        let Some(before) = self.short_at else { return };
        let Some(now) = entries(connection) else { return };
        self.short_at = (now <= before).then_some(now);
        if self.short_at.is_none() {
            tracing::info!("the disk store has space again");
        }
    }
}

/// More than the last time means that somebody's put was done.
fn entries(connection: &Connection) -> Option<u64> {
    Rows(connection).census().ok().map(|census| census.entries)
}
