//! The log's queue before a standard error that is stuck, slow or closed.

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
fn an_end_does_not_wait_for_ever_for_who_reads() {
    let (out, heard, pass) = gate();
    let (queue, writing) = queue(out, |_| ()).unwrap();
    queue.0.take(b"first\n", Level::WARN);
    assert_eq!(heard.recv().unwrap(), b"first\n");
    queue.0.take(b"stuck\n", Level::ERROR);
    drop(writing);
    drop(pass);
    assert_eq!(heard.iter().collect::<Vec<_>>(), [b"stuck\n"]);
}

#[test]
fn an_error_is_written_before_who_says_it_goes_on() {
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);
    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let kept = Kept::default();
    let (queue, _writing) = queue(kept.clone(), |_| ()).unwrap();
    queue.0.take(b"before\n", Level::INFO);
    queue.0.take(b"the last word\n", Level::ERROR);
    assert_eq!(*kept.0.lock().unwrap(), b"before\nthe last word\n");
}

#[test]
fn lines_that_come_meanwhile_are_written_together_and_the_last_ones_at_the_end() {
    let (out, heard, pass) = gate();
    let (queue, writing) = queue(out, |_| ()).unwrap();
    queue.0.take(b"0\n", Level::WARN);
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
