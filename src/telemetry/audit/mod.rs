//! The audit's writer: a bounded queue before one thread that owns the file.
//!
//! A request waits for room in the queue and, unless the operator asks for more, for no
//! disk. When lines cannot be written the audit says so to everybody who asks, until one
//! can again. It decides nothing about what is worth a line.

mod file;
mod gauges;
mod lock;
mod opened;
mod watch;
mod writer;

use std::fmt;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use tokio::sync::oneshot;
use tokio::time::timeout;

pub use self::gauges::AuditMetrics;
use self::watch::{STALL_MAX, Watch};
use self::writer::{Begun, Message, Writer};
use crate::clock::Clock;
use crate::domain::{AuditKey, Keyring};
use crate::vault::audit::{Audit, AuditFault, Entry};

/// Calls whose entries wait for the writer: some milliseconds of the fastest traffic.
const QUEUE_MAX: usize = 4096;

/// Between two looks whether the writer has ended.
const CLOSE_PAUSE: Duration = Duration::from_millis(1);

/// How long a line may be in the system's memory only.
const SYNC_INTERVAL: Duration = Duration::from_secs(1);

/// Where and how the audit is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditSettings {
    /// The file that is written to; full ones are beside it, with a number after the name.
    pub path: PathBuf,
    /// Bytes of a file before the next is begun.
    pub size_max: u64,
    /// Full files that are kept, the oldest goes first; none: all of them.
    pub files_max: Option<u64>,
    /// When lines are on the disk.
    pub sync: SyncWhen,
    /// What becomes of calls while no line can be written.
    pub on_failure: OnAuditFailure,
}

/// When lines are on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncWhen {
    /// Once a second: a machine that loses power loses that much of the audit.
    Interval,
    /// Before the call goes on: what was revealed is always in the audit.
    Every,
}

/// What becomes of calls while no line can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnAuditFailure {
    /// They are refused: nothing happens that nobody can look up.
    Refuse,
    /// They go on; what is not written is counted, and the count is written.
    Continue,
}

/// An audit in a file.
pub struct AuditLog {
    inbox: SyncSender<Message>,
    shared: Arc<Shared>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

/// What callers and the writer both see.
struct Shared {
    settings: AuditSettings,
    metrics: AuditMetrics,
    clock: Arc<dyn Clock>,
    key: ArcSwap<AuditKey>,
    failing: AtomicBool,
    closing: AtomicBool,
    lost: AtomicU64,
    watch: Watch,
}

impl Shared {
    /// Says once, until a line is written again, that none can be.
    fn fail(&self, why: &io::Error) {
        if !self.failing.swap(true, Ordering::SeqCst) {
            self.metrics.failing(true);
            tracing::error!(%why, "the audit cannot be written");
        }
    }

    /// Whether lines can be written, as far as is known: a writer that is stuck says nothing.
    fn is_failing(&self) -> bool {
        if self.watch.is_stalled() {
            self.fail(&io::Error::new(ErrorKind::TimedOut, "the disk does not answer"));
        }
        self.failing.load(Ordering::SeqCst)
    }
}

/// Why nothing may start: each call would be refused, and an old process that goes on would be
/// ended for it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuditStartFault {
    /// Another process holds the lock on the file and does not let go.
    #[error("the audit: {0} is held by another process; see who has it open (fuser, lslocks)")]
    Held(String),
    /// The first write does not come back.
    #[error("the audit: {0} cannot be written: the disk does not answer")]
    Stalled(String),
}

impl AuditLog {
    /// Opens the file and starts the writer. A file that cannot be opened is tried again
    /// and again; until then the audit is failing. So it is, for good, when the system
    /// gives no thread. Waits some seconds for the first line, and no longer.
    ///
    /// # Errors
    /// [`AuditStartFault`], unless calls are to go on without the audit.
    pub fn start(
        settings: AuditSettings,
        keyring: &Keyring,
        clock: Arc<dyn Clock>,
        metrics: AuditMetrics,
    ) -> Result<Self, AuditStartFault> {
        let (inbox, outbox) = sync_channel(QUEUE_MAX);
        let shared = Arc::new(Shared {
            settings,
            metrics,
            clock,
            key: ArcSwap::from_pointee(keyring.audit_key()),
            failing: AtomicBool::new(false),
            closing: AtomicBool::new(false),
            lost: AtomicU64::new(0),
            watch: Watch::new(),
        });
        let mut writer = Writer::new(Arc::clone(&shared));
        let (began, begun) = sync_channel(1);
        let known = keyring.checks().collect();
        let thread = std::thread::Builder::new().name("audit".to_owned());
        let spawned = thread.spawn(move || {
            // Nobody hears it who has given up.
            let _ = began.send(writer.begin(known));
            writer.run(&outbox);
        });
        if let Err(why) = &spawned {
            shared.fail(why);
        }
        let log = Self { inbox, shared, writer: Mutex::new(spawned.ok()) };
        let path = || log.shared.settings.path.display().to_string();
        let fault = match begun.recv_timeout(STALL_MAX) {
            Ok(Begun::Tried) | Err(RecvTimeoutError::Disconnected) => return Ok(log),
            Ok(Begun::Held) => AuditStartFault::Held(path()),
            Err(RecvTimeoutError::Timeout) => AuditStartFault::Stalled(path()),
        };
        match log.shared.settings.on_failure {
            OnAuditFailure::Refuse => Err(fault),
            OnAuditFailure::Continue => Ok(log),
        }
    }

    /// Writes what is in the queue, says that it stops, and ends the writer; one that is stuck
    /// is left behind.
    pub fn close(&self) {
        self.shared.closing.store(true, Ordering::SeqCst);
        // A full queue wakes it too.
        let _ = self.inbox.try_send(Message::Wake);
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(writer) = writer else { return };
        while !writer.is_finished() {
            if self.shared.watch.is_stalled() {
                tracing::error!("the end of the audit is not written: the disk does not answer");
                return;
            }
            std::thread::park_timeout(CLOSE_PAUSE);
        }
        // A writer that panicked has nothing more to write.
        let _ = writer.join();
    }

    fn lose(&self, count: usize) {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        self.shared.lost.fetch_add(count, Ordering::SeqCst);
        self.shared.metrics.lost(count);
    }

    /// Puts entries into the queue, or says how many had no room.
    fn send(
        &self,
        entries: Vec<Entry>,
        told: Option<oneshot::Sender<Result<(), AuditFault>>>,
    ) -> Result<(), usize> {
        match self.inbox.try_send(Message::Say(entries, told)) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(Message::Say(entries, _)))
            | Err(TrySendError::Disconnected(Message::Say(entries, _))) => Err(entries.len()),
            Err(TrySendError::Full(Message::Wake) | TrySendError::Disconnected(Message::Wake)) => {
                Err(0)
            }
        }
    }
}

#[async_trait]
impl Audit for AuditLog {
    async fn say(&self, entries: Vec<Entry>) -> Result<(), AuditFault> {
        self.ready()?;
        let (told, heard) = oneshot::channel();
        let (told, heard) = match self.shared.settings.sync {
            SyncWhen::Interval => (None, None),
            SyncWhen::Every => (Some(told), Some(heard)),
        };
        match (self.send(entries, told), self.shared.settings.on_failure) {
            (Err(_), OnAuditFailure::Refuse) => return Err(AuditFault::Behind),
            (Err(count), OnAuditFailure::Continue) => {
                self.lose(count);
                return Ok(());
            }
            (Ok(()), OnAuditFailure::Refuse | OnAuditFailure::Continue) => {}
        }
        match heard {
            Some(heard) => match timeout(STALL_MAX, heard).await {
                Ok(told) => told.unwrap_or(Err(AuditFault::Failing)),
                // It may be written yet: a line of something that was not done.
                Err(_) => self.ready().and(match self.shared.settings.on_failure {
                    OnAuditFailure::Refuse => Err(AuditFault::Behind),
                    OnAuditFailure::Continue => Ok(()),
                }),
            },
            None => Ok(()),
        }
    }

    fn note(&self, entry: Entry) {
        if let Err(count) = self.send(vec![entry], None) {
            self.lose(count);
        }
    }

    fn rekey(&self, key: AuditKey) {
        self.shared.key.store(Arc::new(key));
    }

    fn ready(&self) -> Result<(), AuditFault> {
        let refuses = self.shared.settings.on_failure == OnAuditFailure::Refuse;
        let failing = self.shared.is_failing();
        if refuses && failing { Err(AuditFault::Failing) } else { Ok(()) }
    }

    fn close(&self) {
        Self::close(self);
    }
}

impl Drop for AuditLog {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for AuditLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditLog").field("settings", &self.shared.settings).finish_non_exhaustive()
    }
}
