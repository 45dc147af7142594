//! A few connections that only read. A read sees the last commit of any process, and waits for no writer.
//!
//! A read is some microseconds where its pages are in memory and a disk's seek where they are not, so it leaves
//! the async worker. Never writes, never holds a snapshot for longer than one look.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::super::StoreFault;
use super::fault::Fault;
use super::file::{self, OpenFault};
use super::rows::Rows;

/// Reads at once. They are short: more would wait for the same disk.
const READERS: usize = 4;
/// How long a read waits for its turn and its answer, together at most twice this.
const ANSWER_MAX: Duration = Duration::from_secs(5);

const NO_ANSWER: StoreFault = StoreFault::Unreachable("the disk did not answer in time");
const STOPPED: StoreFault = StoreFault::Unreachable("the readers have stopped");

/// The connections that no read uses now.
#[derive(Debug)]
pub(super) struct Readers {
    idle: Arc<Mutex<Vec<Connection>>>,
    /// As many permits as there are connections.
    turns: Arc<Semaphore>,
}

impl Readers {
    /// Opens the connections.
    pub(super) fn open(path: &Path) -> Result<Readers, OpenFault> {
        let connections = (0..READERS).map(|_| file::reader(path));
        let idle = Arc::new(Mutex::new(connections.collect::<Result<_, _>>()?));
        Ok(Readers { idle, turns: Arc::new(Semaphore::new(READERS)) })
    }

    /// What `look` sees.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Rows<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreFault> {
        let turn = timeout(ANSWER_MAX, Arc::clone(&self.turns).acquire_owned()).await;
        let turn = turn.map_err(|_| NO_ANSWER)?.map_err(|_| STOPPED)?;
        let idle = Arc::clone(&self.idle);
        let reading = spawn_blocking(move || {
            let connection = lock(&idle).pop().ok_or(STOPPED)?;
            let seen = look(&Rows(&connection));
            lock(&idle).push(connection);
            // Not before the connection is back: a permit is a connection.
            drop(turn);
            seen.map_err(StoreFault::from)
        });
        timeout(ANSWER_MAX, reading).await.map_err(|_| NO_ANSWER)?.map_err(|_| STOPPED)?
    }
}

/// A poisoned lock means a panic while a connection was put on the pile; the others are sound.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
