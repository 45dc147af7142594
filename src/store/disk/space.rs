//! Whether there is room for new records: said once when it ends, and once when there is some again.
//!
//! Decides nothing: each write finds out for itself. Never takes a removal, or another write that fits into the
//! room that there is, for a sign that a new record would.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rusqlite::{Connection, Error};

use super::fault::{for_want_of_space, refused_by_system};
use super::rows::Rows;

/// What is written to see whether there is room, in bytes: more than what is left where nothing fits any more.
const TRIED: usize = 64 << 10;

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

/// Whether a write failed for want of room. SQLite tells a full disk, and takes an exhausted quota for a broken disk; so
/// where the system refused, a file beside the store's shows it.
pub(super) fn is_short(error: &Error, connection: &Connection) -> bool {
    let beside = || connection.path().map(|path| format!("{path}-room"));
    for_want_of_space(error)
        || refused_by_system(error) && beside().is_some_and(|path| !has_room(Path::new(&path)))
}

fn has_room(path: &Path) -> bool {
    let tried = try_out(path);
    // It may not have been made.
    let _ = fs::remove_file(path);
    let short = [ErrorKind::StorageFull, ErrorKind::QuotaExceeded];
    !tried.is_err_and(|why| short.contains(&why.kind()))
}

fn try_out(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(&[0; TRIED])?;
    file.sync_data()
}

/// More than the last time means that somebody's put was done.
fn entries(connection: &Connection) -> Option<u64> {
    Rows(connection).census().ok().map(|census| census.entries)
}
