//! The database file: made for its owner alone, and opened only if it is ours.
//!
//! Never repairs, never overwrites what it does not know, never falls back to reading only. Never opens the file
//! itself beside SQLite: closing it again would drop the locks that SQLite holds for this process.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};
use thiserror::Error;

use super::DiskOptions;
use super::rows::{Rows, SCHEMA};

/// How long a transaction waits for another process's, before the callers hear that the database is busy.
pub(super) const BUSY_MAX: Duration = Duration::from_secs(5);

/// Between two attempts: about one commit of the other's.
const BUSY_STEP: Duration = Duration::from_millis(1);

/// "Clkr": tells our files from every other SQLite database.
const APPLICATION_ID: i32 = 0x436c_6b72;
/// Of tables and rows together. Two binaries that differ in it cannot share a file, nor be upgraded in place.
const VERSION: i32 = 2;
const PAGE_BYTES: u64 = 4096;
/// Below 3.51.3, SQLite can lose a commit when two connections write and checkpoint at once (its "WAL-reset bug").
const SQLITE_MIN: i32 = 3_051_003;

/// Why a disk store was not opened. Says what to do about it; carries no content.
#[derive(Debug, Error)]
pub enum OpenFault {
    /// There is no such folder; it is not made, lest a typing error become an empty store.
    #[error("the folder {0} does not exist")]
    FolderMissing(PathBuf),
    /// The path names a folder, a socket or the like.
    #[error("{0} is not a regular file")]
    NotAFile(PathBuf),
    /// Group or others have rights to it.
    #[error("{path} has mode {mode:o}: only its owner may have rights to it (chmod 600)")]
    Loose {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// This user may not write the file, or make files beside it.
    #[error("{0} cannot be written: it, its folder or its file system allows no writing")]
    NotWritable(PathBuf),
    /// No room for even the empty tables.
    #[error("no space left for {0}")]
    NoSpace(PathBuf),
    /// A file of something else.
    #[error("{0} is not a database of Cloakroom's")]
    Foreign(PathBuf),
    /// A file of another version.
    #[error("{path} is of version {found}, this binary reads version {VERSION}")]
    Version {
        /// The file.
        path: PathBuf,
        /// What it says.
        found: i32,
    },
    /// Cut off or overwritten. Restore it, or move it away and lose the handles in it.
    #[error("{0} is damaged")]
    Damaged(PathBuf),
    /// Another process would not let go of it.
    #[error("{0} is held by another process")]
    Held(PathBuf),
    /// The SQLite in this binary can corrupt a file that two processes share.
    #[error("SQLite {0} is too old: 3.51.3 is the first that two processes may share a file with")]
    SqliteTooOld(&'static str),
    /// Anything else.
    #[error("{path} cannot be opened: {cause}")]
    Other {
        /// The file.
        path: PathBuf,
        /// The system's or SQLite's own words.
        cause: String,
    },
}

/// The connection that writes, on a file that is sound, ours and has its tables.
pub(super) fn writer(path: &Path, options: &DiskOptions) -> Result<Connection, OpenFault> {
    if rusqlite::version_number() < SQLITE_MIN {
        return Err(OpenFault::SqliteTooOld(rusqlite::version()));
    }
    prepare(path)?;
    let explain = |error| of_sqlite(path, error);
    let mut connection = connect(path).map_err(explain)?;
    if connection.is_readonly("main").map_err(explain)? {
        return Err(OpenFault::NotWritable(path.to_owned()));
    }
    set_up(&mut connection, options).map_err(explain)?;
    recognise(path, &mut connection)?;
    // Not in `set_up`: this writes, and may only be done to a file that is ours.
    if keep_log(&connection).map_err(explain)? != "wal" {
        let cause = "its file system has no shared memory for the write-ahead log".to_owned();
        return Err(OpenFault::Other { path: path.to_owned(), cause });
    }
    Rows(&connection).census().map_err(|_| OpenFault::Damaged(path.to_owned()))?;
    Ok(connection)
}

/// A connection that moves the log into a file that [`writer`] has opened.
pub(super) fn mover(path: &Path) -> Result<Connection, OpenFault> {
    let explain = |error| of_sqlite(path, error);
    let connection = connect(path).map_err(explain)?;
    connection.pragma_update(None, "synchronous", "FULL").map_err(explain)?;
    Rows(&connection).census().map_err(|_| OpenFault::Damaged(path.to_owned()))?;
    Ok(connection)
}

/// A connection that reads, on a file that [`writer`] has opened.
pub(super) fn reader(path: &Path) -> Result<Connection, OpenFault> {
    let explain = |error| of_sqlite(path, error);
    let connection = connect(path).map_err(explain)?;
    connection.pragma_update(None, "query_only", true).map_err(explain)?;
    // SQLite opens the log at the first look: now, so that what is missing is missed at start.
    Rows(&connection).census().map_err(|_| OpenFault::Damaged(path.to_owned()))?;
    Ok(connection)
}

/// Refuses what is no file, what others may read, and a folder that is not there.
pub(super) fn look(path: &Path) -> Result<(), OpenFault> {
    match fs::metadata(path) {
        Ok(found) if !found.is_file() => Err(OpenFault::NotAFile(path.to_owned())),
        Ok(found) => match found.permissions().mode() & 0o777 {
            mode if mode & 0o077 == 0 => Ok(()),
            mode => Err(OpenFault::Loose { path: path.to_owned(), mode }),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let folder = folder(path);
            let there = folder.is_dir();
            if there { Ok(()) } else { Err(OpenFault::FolderMissing(folder.to_owned())) }
        }
        Err(error) => Err(of_system(path, &error)),
    }
}

/// Makes the file if there is none; refuses one that others may read.
fn prepare(path: &Path) -> Result<(), OpenFault> {
    look(path)?;
    let folder = folder(path);
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => {}
        // It was there, or another process of ours was first.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        Err(error) => return Err(of_system(path, &error)),
    }
    // The file's name is to survive a power cut as its content does.
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| of_system(path, &error))
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    // Without CREATE: the file is there, with the mode that we gave it.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_handler(Some(wait_again))?;
    connection.set_prepared_statement_cache_capacity(32);
    // A damaged file is to give an error, not an effect.
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    Ok(connection)
}

/// Whether to ask again after a moment, `asked` times having been too early. SQLite's own handler waits longer each
/// time, up to 100 ms, and a process that commits without a pause would always be before it.
fn wait_again(asked: i32) -> bool {
    thread::park_timeout(BUSY_STEP);
    u32::try_from(asked).is_ok_and(|asked| BUSY_STEP.saturating_mul(asked) < BUSY_MAX)
}

fn set_up(connection: &mut Connection, options: &DiskOptions) -> rusqlite::Result<()> {
    // Every commit is on disk before it returns, the log's directory entry included.
    connection.pragma_update(None, "synchronous", "FULL")?;
    // What is erased is overwritten, not only forgotten.
    connection.pragma_update(None, "secure_delete", true)?;
    connection.pragma_update(None, "cache_size", -16_384)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // What a log may keep of a larger time. `log` sees to its length.
    connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    let pages = (options.bytes_max / PAGE_BYTES).clamp(16, u32::MAX.into());
    let pages = i64::try_from(pages).unwrap_or(i64::MAX);
    connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
}

/// Has the file keep a write-ahead log; the mode that it is in then. SQLite does not wait for others here by itself:
/// they may be making the same change, or be waiting for a lock that this one would have to give up.
fn keep_log(connection: &Connection) -> rusqlite::Result<String> {
    let mut asked = 0;
    loop {
        let mode =
            connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0));
        let busy = mode.as_ref().is_err_and(|error: &rusqlite::Error| {
            error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
        });
        if !busy || !wait_again(asked) {
            return mode;
        }
        asked += 1;
    }
}

/// Makes the tables in an empty file; otherwise demands that it is ours.
fn recognise(path: &Path, connection: &mut Connection) -> Result<(), OpenFault> {
    let explain = |error| of_sqlite(path, error);
    // Under the write lock: two processes may both find it empty.
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(explain)?;
    let number = |name: &str| transaction.pragma_query_value(None, name, |row| row.get(0));
    let tables: i32 = number("schema_version").map_err(explain)?;
    let application: i32 = number("application_id").map_err(explain)?;
    let found: i32 = number("user_version").map_err(explain)?;
    if (tables, application, found) == (0, 0, 0) {
        transaction.execute_batch(SCHEMA).map_err(explain)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(explain)?;
        transaction.pragma_update(None, "user_version", VERSION).map_err(explain)?;
        return transaction.commit().map_err(explain);
    }
    if application != APPLICATION_ID {
        return Err(OpenFault::Foreign(path.to_owned()));
    }
    if found != VERSION {
        return Err(OpenFault::Version { path: path.to_owned(), found });
    }
    Ok(())
}

fn of_system(path: &Path, error: &io::Error) -> OpenFault {
    let path = path.to_owned();
    let is = |kinds: &[io::ErrorKind]| kinds.contains(&error.kind());
    if is(&[io::ErrorKind::PermissionDenied, io::ErrorKind::ReadOnlyFilesystem]) {
        OpenFault::NotWritable(path)
    } else if is(&[io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded]) {
        OpenFault::NoSpace(path)
    } else if is(&[io::ErrorKind::NotADirectory]) {
        OpenFault::FolderMissing(path)
    } else {
        OpenFault::Other { path, cause: error.to_string() }
    }
}

fn of_sqlite(path: &Path, error: rusqlite::Error) -> OpenFault {
    let path = path.to_owned();
    let code = error.sqlite_error_code();
    let is = |codes: &[ErrorCode]| code.is_some_and(|code| codes.contains(&code));
    if is(&[ErrorCode::NotADatabase]) {
        OpenFault::Foreign(path)
    } else if is(&[ErrorCode::DatabaseCorrupt]) {
        OpenFault::Damaged(path)
    } else if is(&[ErrorCode::ReadOnly, ErrorCode::PermissionDenied, ErrorCode::CannotOpen]) {
        OpenFault::NotWritable(path)
    } else if is(&[ErrorCode::DiskFull]) {
        OpenFault::NoSpace(path)
    } else if is(&[ErrorCode::DatabaseBusy, ErrorCode::DatabaseLocked]) {
        OpenFault::Held(path)
    } else {
        OpenFault::Other { path, cause: error.to_string() }
    }
}
