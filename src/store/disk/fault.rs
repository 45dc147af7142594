//! What SQLite's errors mean to the store.
//!
//! Carries no content: SQLite's own message goes to the log, a fixed text to the caller.

use rusqlite::ffi::{SQLITE_IOERR_FSYNC, SQLITE_IOERR_SHMSIZE, SQLITE_IOERR_WRITE};
use rusqlite::{Error, ErrorCode};

use super::super::StoreFault;

/// Why a piece of work in a transaction came to nothing.
#[derive(Debug)]
pub(super) enum Fault {
    /// The work itself refuses; the transaction is sound and goes on without it.
    Refused(StoreFault),
    /// SQLite failed; the whole transaction is to be rolled back.
    Engine(Error),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Fault {
        Fault::Engine(error)
    }
}

impl From<StoreFault> for Fault {
    fn from(fault: StoreFault) -> Fault {
        Fault::Refused(fault)
    }
}

impl From<Fault> for StoreFault {
    fn from(fault: Fault) -> StoreFault {
        match fault {
            Fault::Refused(fault) => fault,
            Fault::Engine(error) => meaning(&error),
        }
    }
}

/// Errors by what an operator would do about them.
const MEANINGS: &[(ErrorCode, StoreFault)] = &[
    (ErrorCode::DiskFull, StoreFault::NoSpace),
    (ErrorCode::DatabaseBusy, StoreFault::Unreachable("another process holds the database")),
    (ErrorCode::DatabaseLocked, StoreFault::Unreachable("another process holds the database")),
    (ErrorCode::SystemIoFailure, StoreFault::Unreachable("the disk failed to read or write")),
    (ErrorCode::ReadOnly, StoreFault::Unreachable("the database file cannot be written")),
    (ErrorCode::PermissionDenied, StoreFault::Unreachable("the database file cannot be opened")),
    (ErrorCode::CannotOpen, StoreFault::Unreachable("the database file cannot be opened")),
    (ErrorCode::OutOfMemory, StoreFault::Unreachable("there is no memory left")),
    (ErrorCode::DatabaseCorrupt, StoreFault::Damaged("the database file is corrupt")),
    (ErrorCode::NotADatabase, StoreFault::Damaged("the file is no database")),
];

/// Whether room is what was missing: in the file or its log, or for the log's index, which SQLite reports apart.
pub(super) fn for_want_of_space(error: &Error) -> bool {
    let index = |error: &rusqlite::ffi::Error| error.extended_code == SQLITE_IOERR_SHMSIZE;
    error.sqlite_error_code() == Some(ErrorCode::DiskFull)
        || error.sqlite_error().is_some_and(index)
}

/// Whether the system refused a write, for whatever reason but a full disk, which SQLite knows.
pub(super) fn refused_by_system(error: &Error) -> bool {
    let refused = [SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC];
    error.sqlite_error().is_some_and(|error| refused.contains(&error.extended_code))
}

/// What to tell a caller. Anything that is not listed is damage: our statements do not fail on sound tables.
pub(super) fn meaning(error: &Error) -> StoreFault {
    if for_want_of_space(error) {
        // Said by `space`, once and not for each write.
        return StoreFault::NoSpace;
    }
    tracing::warn!(%error, "the disk store failed");
    let code = error.sqlite_error_code();
    let known = MEANINGS.iter().find(|(listed, _)| Some(*listed) == code);
    known.map_or(StoreFault::Damaged("the tables are not as written"), |(_, fault)| fault.clone())
}
