//! Log lines: JSON or text on standard error, written off the worker threads.
//!
//! Pingora's own messages can hold a path or a piece of a request, so its crates
//! are silent but for the server's life cycle; what they have to say of a
//! request is said by the access line.

mod access_line;

use std::io::{BufWriter, IsTerminal};

use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::JsonFields;

use self::access_line::JsonLines;

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

impl LogFormat {
    /// Text on a terminal, JSON elsewhere.
    #[must_use]
    pub fn of_stderr() -> Self {
        if std::io::stderr().is_terminal() { Self::Text } else { Self::Json }
    }
}

/// What is logged. Fixed in code: a log level is no place to weaken a promise.
const FILTER: &str = "warn,cloakroom=info,pingora_core=off,pingora_core::server=warn,\
                      pingora_proxy=off,pingora_load_balancing=off,h2=off,hyper=off,rustls=off";

/// Lines that wait are written together, up to so many bytes.
const BUFFER: usize = 64 << 10;

/// Starts logging. Lines are lost only if they come faster than standard error
/// takes them; the guard writes out what is left when it is dropped.
pub fn start(format: LogFormat) -> WorkerGuard {
    // Flushed whenever no line is waiting: a write for each would be the larger part.
    let buffered = BufWriter::with_capacity(BUFFER, std::io::stderr());
    let (writer, guard) = tracing_appender::non_blocking(buffered);
    let lines = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(FILTER))
        .with_writer(writer)
        .with_ansi(std::io::stderr().is_terminal());
    // A second start in one process keeps the first: tests share a process.
    let _ = match format {
        LogFormat::Json => {
            lines.fmt_fields(JsonFields::new()).event_format(JsonLines::new()).try_init()
        }
        LogFormat::Text => lines.try_init(),
    };
    guard
}
