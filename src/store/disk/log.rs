//! Moves what the write-ahead log holds into the database file, beside the writer and not in its way.
//!
//! Never holds up a commit while the log is of ordinary length. Never needed for durability: the log is that.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::{io, mem};

use rusqlite::Connection;
use rusqlite::wal::CheckpointMode;

/// Pages (4 KiB) that the log grows by before they are moved: fewer, and pages that change often are moved often.
const MOVE_PAGES: i32 = 4000;
/// Pages in the log at which the writer itself moves the rest, so that the log starts anew: 64 MiB. Most of them
/// have been moved by then.
const RESTART_PAGES: i32 = 16_000;

/// The log of one connection that writes.
#[derive(Debug)]
pub(super) struct Log {
    /// As of the last commit.
    pages: Arc<AtomicI32>,
    moved_at: i32,
    /// Gone only while dropping: its end is what ends the thread.
    ask: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Log {
    /// Watches `writer`'s log and starts the thread that moves it, on a connection of its own.
    pub(super) fn watch(writer: &mut Connection, mover: Connection) -> io::Result<Log> {
        let pages = Arc::new(AtomicI32::new(0));
        let told = Arc::clone(&pages);
        let hook = move |_: &mut _, now| {
            told.store(now, Ordering::Relaxed);
            Ok(())
        };
        // This takes the place of SQLite's own hook, which moves the whole log within a commit.
        writer.wal_hook(Some(hook)).map_err(io::Error::other)?;
        let (ask, asked) = sync_channel(1);
        let run = move || move_when(&asked, &mover);
        let thread = thread::Builder::new().name("disk-log".to_owned()).spawn(run)?;
        Ok(Log { pages, moved_at: 0, ask: Some(ask), thread: Some(thread) })
    }

    /// To be called after each commit.
    pub(super) fn committed(&mut self, writer: &Connection) {
        let pages = self.pages.load(Ordering::Relaxed);
        if pages < self.moved_at {
            self.moved_at = 0;
        }
        if pages >= RESTART_PAGES {
            move_now(writer);
        } else if pages - self.moved_at >= MOVE_PAGES {
            self.moved_at = pages;
            // One that is under way will do.
            let _ = self.ask.as_ref().map(|ask| ask.try_send(()));
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        drop(mem::take(&mut self.ask));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn move_when(asked: &Receiver<()>, mover: &Connection) {
    while asked.recv().is_ok() {
        move_now(mover);
    }
}

/// Without waiting for anybody. What cannot be moved now stays in the log, from which it is read as well.
pub(super) fn move_now(connection: &Connection) {
    if let Err(error) = connection.wal_checkpoint_v2(Some("main"), CheckpointMode::PASSIVE) {
        // Busy: the other thread, or another process, is at it.
        if error.sqlite_error_code() != Some(rusqlite::ErrorCode::DatabaseBusy) {
            tracing::warn!(%error, "the disk store's log could not be moved into its file");
        }
    }
}
