//! The thread that writes: it takes what is in the queue, writes it in one piece, and
//! tries again when it could not.
//!
//! An entry whose call was told that it is not written is not written later, unless the call
//! gave up on a disk that did not answer. Where the disk took lines and did not say that it keeps
//! them, they may stand there though their calls were refused; none stands there twice.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::file::LogFile;
use super::{OnAuditFailure, QUEUE_MAX, SYNC_INTERVAL, Shared, SyncWhen};
use crate::domain::{KeyCheck, KeyId};
use crate::vault::audit::{AuditFault, Entry, Event};

/// Messages that are written in one piece: one `fdatasync` for all of them.
const BATCH_MAX: usize = 256;

/// How long after a failure it is tried again.
const RETRY_INTERVAL: Duration = Duration::from_millis(200);

/// The longest that it is after a disk that takes lines and does not keep them: each try to tell
/// whether it does again leaves a line.
const SYNC_RETRY_MAX: Duration = Duration::from_secs(10);

pub(super) enum Message {
    /// Entries to write, and whom to tell.
    Say(Vec<Entry>, Option<oneshot::Sender<Result<(), AuditFault>>>),
    /// Look whether it is time to go.
    Wake,
}

/// How the writer's first line went.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Begun {
    /// It is written, or what is in the way may go away: it is tried again.
    Tried,
    /// Another process holds the file's lock.
    Held,
}

/// What became of lines that are not on the disk for sure.
enum Unwritten {
    /// They are not in the file.
    Not(io::Error),
    /// They are, but the disk does not say that it keeps them.
    NotKept(io::Error),
}

impl Unwritten {
    fn kind(&self) -> ErrorKind {
        let (Self::Not(why) | Self::NotKept(why)) = self;
        why.kind()
    }
}

pub(super) struct Writer {
    shared: Arc<Shared>,
    file: LogFile,
    pending: Vec<Entry>,
    told: Vec<(usize, oneshot::Sender<Result<(), AuditFault>>)>,
    unsynced: Option<Instant>,
    /// Until when, and how long, nothing is written since what was could not be made to last.
    held_back: Option<(Instant, Duration)>,
    /// Why the last write failed, if it did.
    fault: Option<ErrorKind>,
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let file = LogFile::new(shared.settings.clone());
        let (pending, told) = (Vec::new(), Vec::new());
        Self { shared, file, pending, told, unsynced: None, held_back: None, fault: None }
    }

    /// Says that it starts, before anything else can be said; whether another process has the
    /// file and keeps it.
    pub(super) fn begin(&mut self, known: Vec<(KeyId, KeyCheck)>) -> Begun {
        let start = Entry::new(self.shared.clock.now(), Event::Start, "begun");
        self.pending.push(start.naming(known));
        self.write();
        if self.fault == Some(ErrorKind::WouldBlock) { Begun::Held } else { Begun::Tried }
    }

    pub(super) fn run(mut self, inbox: &Receiver<Message>) {
        loop {
            if self.pending.len() >= QUEUE_MAX {
                // It cannot be written: what comes now has its place in the queue, or none.
                std::thread::park_timeout(RETRY_INTERVAL);
                self.write();
                if !self.shared.closing.load(Ordering::SeqCst) {
                    continue;
                }
            }
            let first = inbox.recv_timeout(self.patience());
            let gone = matches!(first, Err(RecvTimeoutError::Disconnected));
            let rest = std::iter::from_fn(|| inbox.try_recv().ok()).take(BATCH_MAX);
            for message in first.ok().into_iter().chain(rest) {
                self.take(message);
            }
            if gone || self.shared.closing.load(Ordering::SeqCst) {
                std::iter::from_fn(|| inbox.try_recv().ok()).for_each(|one| self.take(one));
                return self.end();
            }
            self.write();
        }
    }

    fn patience(&self) -> Duration {
        let failing = self.shared.failing.load(Ordering::SeqCst);
        match self.unsynced {
            _ if failing => RETRY_INTERVAL,
            Some(since) => SYNC_INTERVAL.saturating_sub(since.elapsed()),
            None => SYNC_INTERVAL,
        }
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Say(entries, told) => {
                let count = entries.len();
                match told {
                    // Those who wait stand first: what is told them is known by position.
                    Some(told) => {
                        let at = self.told.iter().map(|(count, _)| count).sum::<usize>();
                        let tail = self.pending.split_off(at.min(self.pending.len()));
                        self.pending.extend(entries.into_iter().chain(tail));
                        self.told.push((count, told));
                    }
                    None => self.pending.extend(entries),
                }
            }
            Message::Wake => {}
        }
    }

    /// Writes what is pending, and makes it last when that is due.
    fn write(&mut self) {
        let failing = self.shared.failing.load(Ordering::SeqCst);
        let due = self.unsynced.is_some_and(|since| since.elapsed() >= SYNC_INTERVAL);
        if self.pending.is_empty() && !failing && !due {
            return;
        }
        let closing = self.shared.closing.load(Ordering::SeqCst);
        if !closing && self.held_back.is_some_and(|(until, _)| Instant::now() < until) {
            return self.turn_away();
        }
        let lost = self.shared.lost.swap(0, Ordering::SeqCst);
        let now = self.shared.clock.now();
        let mut batch = Vec::with_capacity(self.pending.len() + 2);
        if failing {
            // Also the proof that a line can be written again, where nothing is pending.
            batch.push(Entry::new(now, Event::Recover, "writing-again"));
        }
        if lost > 0 {
            batch.push(Entry::new(now, Event::Lost, "not-kept").counting(lost));
        }
        batch.extend(self.pending.iter().cloned());
        // While it fails, nobody is to wait for each try as long as for the first.
        self.file.be_patient(if failing { RETRY_INTERVAL } else { Duration::MAX });
        self.shared.watch.enter();
        let written = self.append(&batch, due);
        self.shared.watch.leave();
        self.fault = written.as_ref().err().map(Unwritten::kind);
        match written {
            Ok(()) => self.succeeded(),
            Err(Unwritten::Not(why)) => {
                self.shared.lost.fetch_add(lost, Ordering::SeqCst);
                self.failed(&why);
            }
            Err(Unwritten::NotKept(why)) => {
                let before = self.held_back.map_or(RETRY_INTERVAL, |(_, wait)| wait * 2);
                let wait = before.min(SYNC_RETRY_MAX);
                self.held_back = Some((Instant::now() + wait, wait));
                self.failed(&why);
                // They stand there. Who waited was told otherwise, to be safe.
                self.pending.clear();
            }
        }
    }

    fn append(&mut self, batch: &[Entry], due: bool) -> Result<(), Unwritten> {
        if !batch.is_empty() {
            let key = self.shared.key.load_full();
            let lines = self.file.append(batch, &key, self.shared.clock.now());
            self.shared.metrics.wrote(lines.map_err(Unwritten::Not)?, &self.file.end());
            self.unsynced.get_or_insert_with(Instant::now);
        }
        if due || self.shared.settings.sync == SyncWhen::Every {
            self.file.sync().map_err(Unwritten::NotKept)?;
            self.unsynced = None;
        }
        Ok(())
    }

    fn succeeded(&mut self) {
        self.pending.clear();
        self.held_back = None;
        for (_, told) in self.told.drain(..) {
            let _ = told.send(Ok(()));
        }
        if self.shared.failing.swap(false, Ordering::SeqCst) {
            self.shared.metrics.failing(false);
            tracing::info!("the audit is written again");
        }
    }

    fn failed(&mut self, why: &io::Error) {
        self.shared.fail(why);
        self.turn_away();
    }

    /// Tells those who wait that it is not written.
    fn turn_away(&mut self) {
        let refuses = self.shared.settings.on_failure == OnAuditFailure::Refuse;
        for (count, told) in self.told.drain(..) {
            let answer = if refuses { Err(AuditFault::Failing) } else { Ok(()) };
            if refuses {
                self.pending.drain(..count.min(self.pending.len()));
            }
            let _ = told.send(answer);
        }
    }

    fn end(mut self) {
        self.pending.push(Entry::new(self.shared.clock.now(), Event::Stop, "ended"));
        self.write();
        self.shared.watch.enter();
        let synced = self.file.sync();
        self.shared.watch.leave();
        if synced.is_err() {
            tracing::error!("the end of the audit may not be on the disk");
        }
        let end = self.file.end();
        tracing::info!(sequence = end.seq, head = end.hex(), "the audit ends");
    }
}
