//! Lines on their way to standard error: taken on any thread, written by one of its own.
//!
//! The writer waits [`LINGER`] from the first line that it is woken for, so that a busy
//! proxy wakes it a hundred times a second and not once for each request; a warning or an
//! error goes out at once. A line is never written in part, and a thread that serves never
//! waits for standard error: what comes faster than it is taken is lost, counted, and told.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// How long a line may wait for others.
const LINGER: Duration = Duration::from_millis(10);

/// Lines that wait, in bytes: some 25,000 requests. What comes on top is lost.
const WAITING_MAX: usize = 8 << 20;

/// So many bytes are not waited with.
const ENOUGH: usize = 64 << 10;

/// Takes lines.
#[derive(Debug, Clone)]
pub(super) struct Queue(Arc<Shared>);

/// Writes what is left when it is dropped.
#[derive(Debug)]
pub struct Writing {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    called: Condvar,
}

#[derive(Default)]
struct Waiting {
    lines: Vec<u8>,
    lost: u64,
    call: Call,
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
    let thread = std::thread::Builder::new().name(name).spawn(move || theirs.write(out, told))?;
    Ok((Queue(Arc::clone(&shared)), Writing { shared, thread: Some(thread) }))
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
                return;
            }
            // Where standard error is closed there is nobody to be told.
            let _ = out.write_all(&lines).and_then(|()| out.flush());
            lines.clear();
            lines.shrink_to(ENOUGH);
            if lost > 0 {
                told(lost);
            }
        }
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
        self.shared.call(&mut self.shared.waiting(), Call::End);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Waiting({} bytes)", self.lines.len())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::mpsc;

    use super::*;

    /// Says each write and waits until it may go on.
    struct Gate {
        said: mpsc::Sender<Vec<u8>>,
        go_on: mpsc::Receiver<()>,
    }

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.said.send(bytes.to_vec()).unwrap();
            // Closed: nobody holds it up any more.
            let _ = self.go_on.recv();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn gate() -> (Gate, mpsc::Receiver<Vec<u8>>, mpsc::Sender<()>) {
        let ((said, heard), (pass, go_on)) = (mpsc::channel(), mpsc::channel());
        (Gate { said, go_on }, heard, pass)
    }

    static LOST: AtomicU64 = AtomicU64::new(0);

    fn told(lost: u64) {
        LOST.fetch_add(lost, Ordering::SeqCst);
    }

    #[test]
    fn what_comes_faster_than_it_is_taken_is_lost_whole_and_told() {
        let (out, heard, pass) = gate();
        let (queue, writing) = queue(out, told).unwrap();
        queue.0.take(b"first\n", Level::WARN);
        assert_eq!(heard.recv().unwrap(), b"first\n");
        // Standard error is stuck: nobody waits for it.
        let long = [vec![b'x'; (1 << 20) - 1], b"\n".to_vec()].concat();
        for _ in 0..11 {
            queue.0.take(&long, Level::INFO);
        }
        drop(pass);
        drop(writing);
        let rest: usize = heard.iter().map(|lines| lines.len()).sum();
        assert_eq!(rest, WAITING_MAX);
        assert_eq!(LOST.load(Ordering::SeqCst), 3);
    }

    #[test]
    fn lines_that_come_meanwhile_are_written_together_and_the_last_ones_at_the_end() {
        let (out, heard, pass) = gate();
        let (queue, writing) = queue(out, |_| ()).unwrap();
        queue.0.take(b"0\n", Level::ERROR);
        assert_eq!(heard.recv().unwrap(), b"0\n");
        for line in [b"1\n", b"2\n", b"3\n"] {
            queue.0.take(line, Level::INFO);
        }
        pass.send(()).unwrap();
        assert_eq!(heard.recv().unwrap(), b"1\n2\n3\n");
        queue.0.take(b"4\n", Level::INFO);
        drop(pass);
        drop(writing);
        assert_eq!(heard.iter().collect::<Vec<_>>(), [b"4\n"]);
    }

    #[test]
    fn where_nobody_reads_it_ends_all_the_same() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let (queue, writing) = queue(Closed, |_| ()).unwrap();
        queue.0.take(b"a line\n", Level::INFO);
        drop(writing);
    }
}
