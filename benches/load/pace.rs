//! Sends requests at a fixed rate and writes how long each answer took.
//!
//! The schedule does not wait for answers: where one is late, the requests behind
//! it on its connection are timed from when they were due. A late wake-up of this
//! program itself is not the proxy's and not counted. It knows nothing of HTTP but
//! the status line and `Content-Length`, and it never retries.
//!
//! ```sh
//! pace 127.0.0.1:8080 requests.txt RATE SECONDS CONNECTIONS
//! ```
//! Each line of the file is one request with its line ends written as `\r\n`; they
//! are sent in turn. One line comes out: `sent bad p50 p90 p99 p99.9 max`, in µs.

use std::error::Error;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

type Fault = Box<dyn Error + Send + Sync>;

/// How long an answer may take before the run is given up.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// What one connection has to do.
struct Lane {
    to: SocketAddr,
    requests: Arc<Vec<String>>,
    first: usize,
    step: usize,
    count: usize,
    interval: Duration,
    start: Instant,
}

#[derive(Default)]
struct Seen {
    micros: Vec<u128>,
    bad: usize,
}

impl Lane {
    fn drive(&self) -> Result<Seen, Fault> {
        let mut stream = TcpStream::connect(self.to)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(ANSWER_MAX))?;
        let (mut seen, mut free_at) = (Seen::default(), self.start);
        for at in 0..self.count {
            let turn = self.first + at * self.step;
            let due = self.start + self.interval * u32::try_from(turn)?;
            if let Some(early) = due.checked_duration_since(Instant::now()) {
                thread::sleep(early);
            }
            // Behind schedule because of the answer before: timed from when it was due.
            let from = if free_at > due { due } else { Instant::now() };
            let request = self.requests.get(turn % self.requests.len()).ok_or("no request")?;
            stream.write_all(request.as_bytes())?;
            seen.bad += usize::from(!answer(&mut stream)?);
            free_at = Instant::now();
            seen.micros.push(free_at.duration_since(from).as_micros());
        }
        Ok(seen)
    }
}

/// Reads one answer to its end; whether it was a 200.
fn answer(stream: &mut TcpStream) -> Result<bool, Fault> {
    let (mut buffer, mut held) = ([0_u8; 16384], 0);
    loop {
        let room = buffer.get_mut(held..).filter(|room| !room.is_empty()).ok_or("long answer")?;
        let read = stream.read(room)?;
        if read == 0 {
            return Err("the proxy closed the connection".into());
        }
        held += read;
        let text = String::from_utf8_lossy(buffer.get(..held).unwrap_or_default());
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let head = head.to_ascii_lowercase();
        let length = head.split("\r\n").find_map(|line| line.strip_prefix("content-length:"));
        let done = match length {
            Some(length) => body.len() >= length.trim().parse()?,
            None => body.ends_with("0\r\n\r\n"),
        };
        if done {
            return Ok(head.starts_with("http/1.1 200"));
        }
    }
}

fn percentile(sorted: &[u128], per_mille: usize) -> u128 {
    let at = sorted.len() * per_mille / 1000;
    sorted.get(at).or(sorted.last()).copied().unwrap_or_default()
}

fn main() -> Result<(), Fault> {
    let named: Vec<String> = std::env::args().skip(1).collect();
    let [to, file, rate, seconds, lanes] = named.as_slice() else {
        return Err("pace ADDRESS FILE RATE SECONDS CONNECTIONS".into());
    };
    let requests: Vec<String> =
        std::fs::read_to_string(file)?.lines().map(|line| line.replace("\\r\\n", "\r\n")).collect();
    let (to, requests) = (to.parse()?, Arc::new(requests));
    let (rate, seconds, step): (u32, usize, usize) =
        (rate.parse()?, seconds.parse()?, lanes.parse()?);
    let interval = Duration::from_secs(1).checked_div(rate).ok_or("a rate of 0")?;
    let count = usize::try_from(rate)? * seconds / step;
    let start = Instant::now() + Duration::from_millis(50);
    let running: Vec<_> = (0..step)
        .map(|first| Lane {
            to,
            requests: Arc::clone(&requests),
            first,
            step,
            count,
            interval,
            start,
        })
        .map(|lane| thread::spawn(move || lane.drive()))
        .collect();
    let mut seen = Seen::default();
    for lane in running {
        let one = lane.join().map_err(|_| "a connection's thread ended early")??;
        seen.micros.extend(one.micros);
        seen.bad += one.bad;
    }
    seen.micros.sort_unstable();
    let [p50, p90, p99, p999, max] =
        [500, 900, 990, 999, 1000].map(|share| percentile(&seen.micros, share));
    let (sent, bad) = (seen.micros.len(), seen.bad);
    writeln!(std::io::stdout(), "{sent} {bad} {p50} {p90} {p99} {p999} {max}")?;
    Ok(())
}
