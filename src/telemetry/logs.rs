//! Log lines: JSON or text on standard error, written off the worker threads.
//!
//! Pingora's own messages can hold a path or a piece of a request, so its crates
//! are silent but for the server's life cycle; what they have to say of a
//! request is said by the access line.

mod access_line;
mod queue;

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::JsonFields;

use self::access_line::JsonLines;
pub use self::queue::Writing;

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

/// Starts logging. Lines are lost only if they come faster than standard error takes them,
/// and a line tells how many; what is left is written when the guard is dropped.
///
/// # Errors
/// Where the system gives no thread to write them.
pub fn start(format: LogFormat) -> io::Result<Writing> {
    let told = |lost| tracing::warn!(lost, "log lines came faster than they could be written");
    let (queue, writing) = queue::queue(io::stderr(), told)?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(FILTER))
        .with_writer(queue)
        .with_ansi(std::io::stderr().is_terminal());
    // A second start in one process keeps the first: tests share a process.
    let _ = match format {
        LogFormat::Json => {
            lines.fmt_fields(JsonFields::new()).event_format(JsonLines::new()).try_init()
        }
        LogFormat::Text => lines.try_init(),
    };
    Ok(writing)
}
