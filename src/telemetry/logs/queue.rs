//! Lines on their way to standard error: taken on any thread, written by one of its own.
//!
//! The writer waits [`LINGER`] from the first line that it is woken for, so that a busy
//! proxy wakes it a hundred times a second and not once for each request; a warning or an
//! error goes out at once. A line is never written in part, and a thread that serves never
//! waits for a standard error that is stuck: what comes faster than it is taken is lost,
//! counted, and told.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// How long a line may wait for others.
const LINGER: Duration = Duration::from_millis(10);

/// Lines that wait, in bytes: some 25,000 requests. What comes on top is lost.
const WAITING_MAX: usize = 8 << 20;

/// So many bytes are not waited with.
const ENOUGH: usize = 64 << 10;

/// How long who says an error waits until it is written, where nothing is in the way: the
/// process may be about to end without a word.
const ERROR_MAX: Duration = Duration::from_millis(100);

/// How long the end waits for standard error.
const END_MAX: Duration = Duration::from_secs(2);

/// Takes lines.
#[derive(Debug, Clone)]
pub(super) struct Queue(Arc<Shared>);

/// Writes what is left when it is dropped, if standard error takes it within two seconds.
#[derive(Debug)]
pub struct Writing {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    /// There is something to write.
    called: Condvar,
    /// Something is written.
    wrote: Condvar,
}

#[derive(Default)]
struct Waiting {
    lines: Vec<u8>,
    lost: u64,
    call: Call,
    writing: Writes,
}

/// What the writer is at.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Writes {
    #[default]
    Nothing,
    /// Lines that it has taken.
    Lines,
    /// It is gone.
    NoMore,
}

/// What the writer is asked to do.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Call {
    /// Nothing: there are no lines.
    #[default]
    Rest,
    /// Write, soon.
    Soon,
    /// Write, now.
    Now,
    /// Write what is left, and end.
    End,
}

/// A queue into `out`, and the thread that empties it and calls `told` with how many lines
/// were lost, where some were.
///
/// # Errors
/// Where no thread can be had.
pub(super) fn queue(
    out: impl Write + Send + 'static,
    told: fn(u64),
) -> io::Result<(Queue, Writing)> {
    let shared = Arc::new(Shared::default());
    let theirs = Arc::clone(&shared);
    let name = "log".to_owned();
    std::thread::Builder::new().name(name).spawn(move || theirs.write(out, told))?;
    Ok((Queue(Arc::clone(&shared)), Writing { shared }))
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, line: &[u8], level: Level) {
        let mut waiting = self.waiting();
        if waiting.lines.len().saturating_add(line.len()) > WAITING_MAX {
            waiting.lost = waiting.lost.saturating_add(1);
            return;
        }
        waiting.lines.extend_from_slice(line);
        let urgent = level <= Level::WARN || waiting.lines.len() >= ENOUGH;
        self.call(&mut waiting, if urgent { Call::Now } else { Call::Soon });
        if level == Level::ERROR && waiting.writing == Writes::Nothing {
            let there = |waiting: &mut Waiting| {
                !waiting.lines.is_empty() || waiting.writing == Writes::Lines
            };
            let _ = self.wrote.wait_timeout_while(waiting, ERROR_MAX, there);
        }
    }

    /// Wakes the writer where this asks for more than it knows of already.
    fn call(&self, waiting: &mut Waiting, call: Call) {
        if call > waiting.call {
            waiting.call = call;
            self.called.notify_one();
        }
    }

    fn write(&self, mut out: impl Write, told: fn(u64)) {
        let mut lines = Vec::new();
        loop {
            let (lost, call) = self.next(&mut lines);
            if lines.is_empty() && lost == 0 && call == Call::End {
                return self.at(Writes::NoMore);
            }
            // Where standard error is closed there is nobody to be told.
            let _ = out.write_all(&lines).and_then(|()| out.flush());
            lines.clear();
            lines.shrink_to(ENOUGH);
            self.at(Writes::Nothing);
            if lost > 0 {
                told(lost);
            }
        }
    }

    fn at(&self, writing: Writes) {
        self.waiting().writing = writing;
        self.wrote.notify_all();
    }

    /// Takes the lines that wait, once there are some and they waited long enough; how many were
    /// lost.
    fn next(&self, lines: &mut Vec<u8>) -> (u64, Call) {
        let resting = |waiting: &mut Waiting| waiting.call == Call::Rest;
        let waiting = self.called.wait_while(self.waiting(), resting);
        let waiting = waiting.unwrap_or_else(PoisonError::into_inner);
        let soon = |waiting: &mut Waiting| waiting.call == Call::Soon;
        let waited = self.called.wait_timeout_while(waiting, LINGER, soon);
        let (mut waiting, _) = waited.unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut waiting.lines, lines);
        waiting.writing = Writes::Lines;
        let (lost, call) = (std::mem::take(&mut waiting.lost), waiting.call);
        if call != Call::End {
            waiting.call = Call::Rest;
        }
        (lost, call)
    }
}

/// One line's way in.
pub(super) struct Line<'q> {
    shared: &'q Shared,
    level: Level,
}

impl Write for Line<'_> {
    /// A line comes in one piece.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.shared.take(line, self.level);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'q> MakeWriter<'q> for Queue {
    type Writer = Line<'q>;

    fn make_writer(&'q self) -> Line<'q> {
        Line { shared: &self.0, level: Level::INFO }
    }

    fn make_writer_for(&'q self, metadata: &Metadata<'_>) -> Line<'q> {
        Line { shared: &self.0, level: *metadata.level() }
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        let mut waiting = self.shared.waiting();
        self.shared.call(&mut waiting, Call::End);
        let there = |waiting: &mut Waiting| waiting.writing != Writes::NoMore;
        let _ = self.shared.wrote.wait_timeout_while(waiting, END_MAX, there);
    }
}

impl fmt::Debug for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Waiting({} bytes)", self.lines.len())
    }
}

#[cfg(test)]
mod tests;
