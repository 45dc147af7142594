//! The one thread that writes: everything that waits becomes one transaction and one fsync (group commit).
//!
//! Nothing is answered before its transaction is on disk. Never waits for more work to come before it commits
//! what is there; never lets one caller's failure undo another's work.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::super::StoreFault;
use super::fault::{Fault, meaning};
use super::log::{Log, move_now};
use super::rows::Rows;
use super::space::{Space, is_short};

/// Jobs that may wait; one more is refused at once. Some 16 groups: more would wait for longer than a caller does.
const QUEUE_MAX: usize = 4096;
/// Jobs in one transaction: bounds what one fsync, one rollback and one reader of the log have to carry.
const GROUP_MAX: usize = 256;
/// How long a caller waits for its answer. Above [`super::file::BUSY_MAX`], so that a busy database says so itself.
const ANSWER_MAX: Duration = Duration::from_secs(10);

const NO_ANSWER: StoreFault = StoreFault::Unreachable("the disk did not answer in time");
const OVERRUN: StoreFault = StoreFault::Unreachable("too many writes are waiting");
const STOPPED: StoreFault = StoreFault::Unreachable("the writer has stopped");

/// How far a piece of work has come within its transaction.
pub(super) enum Step<T> {
    /// To its end; this is the answer.
    Done(T),
    /// As far as one transaction goes; it wants another, and to be told this then.
    More(T),
}

/// What becomes of a job that nobody waits for any more before it was begun.
#[derive(Clone, Copy)]
pub(super) enum Unwanted {
    /// It is dropped: an answer that nobody takes would only hold a lease, or a place.
    Drop,
    /// It is done all the same.
    Finish,
}

/// How many transactions there were, and for how many jobs.
#[derive(Debug, Default)]
pub(super) struct Strokes {
    pub(super) groups: AtomicU64,
    pub(super) jobs: AtomicU64,
}

/// The writer's desk, from outside. Dropping it waits until the thread has closed the database.
#[derive(Debug)]
pub(super) struct Writer {
    /// Gone only while dropping: its end is what ends the thread.
    jobs: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
    pub(super) strokes: Arc<Strokes>,
}

impl Writer {
    /// Starts the threads: one that writes, one that moves the log.
    pub(super) fn start(mut connection: Connection, mover: Connection) -> io::Result<Writer> {
        let (jobs, waiting) = mpsc::channel(QUEUE_MAX);
        let strokes = Arc::new(Strokes::default());
        let log = Log::watch(&mut connection, mover)?;
        let space = Space::default();
        let desk = Desk { log, connection, strokes: Arc::clone(&strokes), waiting, space };
        let thread = thread::Builder::new().name("disk-writer".to_owned()).spawn(|| desk.run())?;
        Ok(Writer { jobs: Some(jobs), thread: Some(thread), strokes })
    }

    /// Has `work` done in a transaction, and returns when that is on disk. `work` is run again from its last
    /// committed step if the transaction that it was in had to be rolled back.
    pub(super) async fn ask<T, W>(&self, unwanted: Unwanted, work: W) -> Result<T, StoreFault>
    where
        T: Send + 'static,
        W: Fn(&Rows<'_>, Option<&T>) -> Result<Step<T>, Fault> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let asked = Asked { work, unwanted, reply, committed: None, pending: None };
        let jobs = self.jobs.as_ref().ok_or(STOPPED)?;
        jobs.try_send(Box::new(asked)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => OVERRUN,
            mpsc::error::TrySendError::Closed(_) => STOPPED,
        })?;
        match timeout(ANSWER_MAX, answer).await {
            Ok(answered) => answered.unwrap_or(Err(STOPPED)),
            Err(_) => Err(NO_ANSWER),
        }
    }

    /// Whether there is a thread to write.
    pub(super) fn stands(&self) -> Result<(), StoreFault> {
        let gone = self.thread.as_ref().is_none_or(JoinHandle::is_finished);
        if gone { Err(STOPPED) } else { Ok(()) }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            // It has answered everyone it could; a panic in it was reported when it happened.
            let _ = thread.join();
        }
    }
}

/// A caller's work without its type.
trait Job: Send {
    fn unwanted(&self) -> bool;
    fn run(&mut self, rows: &Rows<'_>) -> Result<(), rusqlite::Error>;
    /// The transaction is on disk: answers, or returns itself to be run again.
    fn committed(self: Box<Self>) -> Option<Box<dyn Job>>;
    /// The transaction is not.
    fn failed(self: Box<Self>, fault: StoreFault);
}

struct Asked<T, W> {
    work: W,
    unwanted: Unwanted,
    reply: oneshot::Sender<Result<T, StoreFault>>,
    /// How far it has come on disk.
    committed: Option<T>,
    /// How far it will have come once this transaction is.
    pending: Option<Result<Step<T>, StoreFault>>,
}

impl<T, W> Job for Asked<T, W>
where
    T: Send + 'static,
    W: Fn(&Rows<'_>, Option<&T>) -> Result<Step<T>, Fault> + Send + 'static,
{
    fn unwanted(&self) -> bool {
        matches!(self.unwanted, Unwanted::Drop) && self.reply.is_closed()
    }

    fn run(&mut self, rows: &Rows<'_>) -> Result<(), rusqlite::Error> {
        self.pending = Some(match (self.work)(rows, self.committed.as_ref()) {
            Ok(step) => Ok(step),
            Err(Fault::Refused(fault)) => Err(fault),
            Err(Fault::Engine(error)) => return Err(error),
        });
        Ok(())
    }

    fn committed(mut self: Box<Self>) -> Option<Box<dyn Job>> {
        // Whoever no longer waits for the answer does not need it.
        match self.pending.take() {
            Some(Ok(Step::More(sofar))) => {
                self.committed = Some(sofar);
                return Some(self);
            }
            Some(Ok(Step::Done(answer))) => drop(self.reply.send(Ok(answer))),
            Some(Err(fault)) => drop(self.reply.send(Err(fault))),
            None => drop(self.reply.send(Err(STOPPED))),
        }
        None
    }

    fn failed(self: Box<Self>, fault: StoreFault) {
        drop(self.reply.send(Err(fault)));
    }
}

type Group = Vec<Box<dyn Job>>;

/// Where a transaction failed.
enum Failed {
    /// In a job: the others may be sound.
    Job(rusqlite::Error),
    /// At its begin or its end: none of it stands.
    Whole(rusqlite::Error),
}

impl Failed {
    fn is_short(&self, connection: &Connection) -> bool {
        let (Failed::Job(error) | Failed::Whole(error)) = self;
        is_short(error, connection)
    }
}

struct Desk {
    // In this order: the last connection to close moves what is left of the log.
    log: Log,
    connection: Connection,
    waiting: mpsc::Receiver<Box<dyn Job>>,
    strokes: Arc<Strokes>,
    space: Space,
}

impl Desk {
    fn run(mut self) {
        let mut unfinished = VecDeque::new();
        while let Some(group) = self.gather(&mut unfinished) {
            unfinished.extend(self.settle(group));
        }
    }

    /// Everything that waits, up to the bound; waits itself only when there is nothing.
    fn gather(&mut self, unfinished: &mut VecDeque<Box<dyn Job>>) -> Option<Group> {
        let first = match unfinished.pop_front() {
            Some(job) => job,
            None => self.waiting.blocking_recv()?,
        };
        let mut group = vec![first];
        while group.len() < GROUP_MAX
            && let Ok(job) = self.waiting.try_recv()
        {
            group.push(job);
        }
        group.retain(|job| !job.unwanted());
        Some(group)
    }

    /// One transaction for all, or, if one of them fails in it, one for each. Returns whoever needs another.
    fn settle(&mut self, mut group: Group) -> Group {
        let mut outcome = self.transact(&mut group);
        if outcome.as_ref().is_err_and(|failed| failed.is_short(&self.connection)) {
            // The log may be what takes the room: moved, it starts anew in the room that it has.
            move_now(&self.connection);
            outcome = self.transact(&mut group);
        }
        match outcome {
            Ok(()) => {
                self.space.wrote(&self.connection);
                let unfinished = group.into_iter().filter_map(Job::committed).collect();
                // Only now: nobody's answer waits for it.
                self.log.committed(&self.connection);
                unfinished
            }
            Err(Failed::Job(_)) if group.len() > 1 => {
                group.into_iter().flat_map(|job| self.settle(vec![job])).collect()
            }
            Err(Failed::Job(error) | Failed::Whole(error)) => {
                let fault = if is_short(&error, &self.connection) {
                    self.space.lacked(&self.connection);
                    StoreFault::NoSpace
                } else {
                    meaning(&error)
                };
                group.into_iter().for_each(|job| job.failed(fault.clone()));
                Vec::new()
            }
        }
    }

    /// Rolled back on every way out but the last: a transaction does so when it is dropped.
    fn transact(&mut self, group: &mut Group) -> Result<(), Failed> {
        if group.is_empty() {
            return Ok(());
        }
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(Failed::Whole)?;
        let rows = Rows(&transaction);
        for job in group.iter_mut() {
            job.run(&rows).map_err(Failed::Job)?;
        }
        transaction.commit().map_err(Failed::Whole)?;
        self.strokes.groups.fetch_add(1, Ordering::Relaxed);
        self.strokes.jobs.fetch_add(group.len() as u64, Ordering::Relaxed);
        Ok(())
    }
}
