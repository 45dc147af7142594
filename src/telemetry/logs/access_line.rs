//! The access line as JSON: the one line that every request pays for.
//!
//! Says what the library's own JSON format says, in the same order, at a sixth of its cost: the
//! fields are few and known to be plain. Every other line is the library's matter.

use std::cell::RefCell;
use std::fmt::{self, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{Format, FormatEvent, FormatFields, Json, Writer};
use tracing_subscriber::fmt::time::{self, FormatTime};
use tracing_subscriber::fmt::{FmtContext, format};
use tracing_subscriber::registry::LookupSpan;

use crate::telemetry::access;

/// Room for a line, in bytes: one of a swap has about 330.
const LINE: usize = 512;

/// Bytes of an RFC 3339 time up to its second.
const TO_THE_SECOND: usize = 19;

/// Writes lines as JSON objects.
pub(super) struct JsonLines {
    others: Format<Json>,
}

impl JsonLines {
    pub(super) fn new() -> Self {
        Self { others: format().json().flatten_event(true).with_current_span(false) }
    }
}

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'l> LookupSpan<'l>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        if event.metadata().target() != access::TARGET {
            return self.others.format_event(context, writer, event);
        }
        let mut line = Line { text: String::with_capacity(LINE), broken: Ok(()) };
        line.text.push_str("{\"timestamp\":\"");
        push_now(&mut line.text);
        line.text.push_str("\",\"level\":\"");
        line.text.push_str(event.metadata().level().as_str());
        line.text.push('"');
        event.record(&mut line);
        line.broken?;
        line.text.push_str(",\"target\":\"");
        line.text.push_str(access::TARGET);
        line.text.push_str("\"}\n");
        writer.write_str(&line.text)
    }
}

/// A line as far as it is written.
struct Line {
    text: String,
    broken: fmt::Result,
}

impl Line {
    fn name(&mut self, field: &Field) {
        self.text.push_str(",\"");
        self.text.push_str(field.name());
        self.text.push_str("\":");
    }

    fn string(&mut self, value: &str) {
        let plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
        if value.bytes().all(plain) {
            self.text.push('"');
            self.text.push_str(value);
            self.text.push('"');
            return;
        }
        match serde_json::to_string(value) {
            Ok(escaped) => self.text.push_str(&escaped),
            Err(_) => self.broken = Err(fmt::Error),
        }
    }
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.name(field);
        self.string(value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.name(field);
        self.broken = self.broken.and(write!(self.text, "{value}"));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.name(field);
        self.broken = self.broken.and(write!(self.text, "{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.name(field);
        self.string(&format!("{value:?}"));
    }
}

thread_local! {
    /// The last second that was spelled, and its spelling.
    static SECOND: RefCell<(u64, String)> = const { RefCell::new((0, String::new())) };
}

/// Adds the time in RFC 3339, UTC, with microseconds, as the library spells it.
fn push_now(text: &mut String) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    SECOND.with_borrow_mut(|(second, spelled)| {
        if *second != now.as_secs() || spelled.is_empty() {
            spelled.clear();
            // Writing to a string cannot fail.
            let _ = time::SystemTime.format_time(&mut Writer::new(spelled));
            spelled.truncate(TO_THE_SECOND);
            *second = now.as_secs();
        }
        text.push_str(spelled);
    });
    let _ = write!(text, ".{:06}Z", now.subsec_micros());
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use serde_json::Value;
    use tracing_subscriber::fmt::MakeWriter;
    use tracing_subscriber::fmt::format::JsonFields;

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'w> MakeWriter<'w> for Kept {
        type Writer = Self;

        fn make_writer(&'w self) -> Self {
            self.clone()
        }
    }

    fn say() {
        tracing::info!(
            target: "cloakroom::access", route = "a \"b\"\\\n", exchange = "é", status = 200,
            took_us = u64::MAX, below = -1, handles = "x".to_owned(),
        );
        tracing::warn!(server = "s:1", "an upstream server is down");
    }

    fn lines(kept: &Kept) -> Vec<Value> {
        let said = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn a_line_says_what_the_librarys_own_format_says() {
        let (ours, theirs) = (Kept::default(), Kept::default());
        let lines_of = |kept: &Kept| {
            let built = tracing_subscriber::fmt().with_writer(kept.clone());
            built.fmt_fields(JsonFields::new()).event_format(JsonLines::new()).finish()
        };
        tracing::subscriber::with_default(lines_of(&ours), say);
        let library = tracing_subscriber::fmt().with_writer(theirs.clone()).json();
        let library = library.flatten_event(true).with_current_span(false).finish();
        tracing::subscriber::with_default(library, say);
        let (mut ours, mut theirs) = (lines(&ours), lines(&theirs));
        assert_eq!(ours.len(), 2);
        for line in ours.iter_mut().chain(&mut theirs) {
            let at = line.as_object_mut().unwrap().remove("timestamp").unwrap();
            let at = at.as_str().unwrap();
            assert!(at.len() == 27 && at.ends_with('Z') && at.as_bytes()[19] == b'.', "{at}");
        }
        assert_eq!(ours, theirs);
    }
}
