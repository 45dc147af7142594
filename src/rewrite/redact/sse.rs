//! Server-sent events: bytes in, whole events out, each with the spans of its data.
//!
//! An event is released with its blank line and no later; blank lines that follow are one more, however
//! many are read at once. It never changes a byte: the events put one
//! after another, and then [`Splitter::rest`], are the stream.

use std::collections::VecDeque;
use std::fmt;
use std::ops::Range;

/// The longest event, in bytes.
pub const EVENT_MAX: usize = 256 << 10;

const BOM: &[u8] = b"\xef\xbb\xbf";

/// One event as it came, its blank line included. `Debug` prints sizes.
#[derive(Clone, PartialEq, Eq)]
pub struct Event {
    /// All of its bytes.
    pub bytes: Vec<u8>,
    /// Where the values of its `data` lines stand in them, without the space after the colon.
    pub data: Vec<Range<usize>>,
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Event({} bytes, data at {:?})", self.bytes.len(), self.data)
    }
}

/// An event longer than [`EVENT_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventTooLong;

/// Splits one stream.
#[derive(Default)]
pub struct Splitter {
    ready: VecDeque<Event>,
    event: Vec<u8>,
    data: Vec<Range<usize>>,
    /// Where the line begins that is being read.
    line: usize,
    ended_by: Ended,
    at: Stream,
    last: Released,
}

/// What was released last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Released {
    #[default]
    Event,
    /// Blank lines and nothing else.
    Blank,
}

/// How the last line ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Ended {
    #[default]
    Otherwise,
    /// With a carriage return: a line feed that follows belongs to it.
    Return,
}

/// Whether a byte order mark may stand here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Stream {
    #[default]
    FirstLine,
    Later,
}

impl Splitter {
    /// For a new stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes bytes; then [`Self::event`] gives what they completed.
    ///
    /// # Errors
    /// [`EventTooLong`]; the stream can then not be read on.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), EventTooLong> {
        for byte in bytes {
            if self.event.len() >= EVENT_MAX {
                return Err(EventTooLong);
            }
            self.event.push(*byte);
            match (byte, self.ended_by) {
                (b'\n', Ended::Return) => {
                    self.ended_by = Ended::Otherwise;
                    self.line = self.event.len();
                }
                (b'\n', Ended::Otherwise) => self.end_line(Ended::Otherwise),
                (b'\r', _) => self.end_line(Ended::Return),
                (_, _) => self.ended_by = Ended::Otherwise,
            }
        }
        self.release_line_feed();
        Ok(())
    }

    /// The next whole event.
    pub fn event(&mut self) -> Option<Event> {
        self.ready.pop_front()
    }

    /// What no blank line completed; a browser ignores it.
    pub fn rest(&self) -> &[u8] {
        &self.event
    }

    fn end_line(&mut self, ended_by: Ended) {
        self.ended_by = ended_by;
        let end = self.event.len() - 1;
        let mut start = self.line;
        let line = self.event.get(start..end).unwrap_or_default();
        if self.at == Stream::FirstLine && line.starts_with(BOM) {
            start += BOM.len();
        }
        self.at = Stream::Later;
        self.line = self.event.len();
        if start == end {
            return self.release();
        }
        let line = self.event.get(start..end).unwrap_or_default();
        if line == b"data" {
            self.data.push(end..end);
        } else if let Some(value) = line.strip_prefix(b"data:") {
            let value = value.strip_prefix(b" ").unwrap_or(value);
            self.data.push(end - value.len()..end);
        }
    }

    fn release(&mut self) {
        self.line = 0;
        let is_blank = self.event.iter().all(|byte| matches!(byte, b'\r' | b'\n'));
        let before = std::mem::replace(
            &mut self.last,
            if is_blank { Released::Blank } else { Released::Event },
        );
        if let (Released::Blank, Released::Blank, Some(last)) =
            (before, self.last, self.ready.back_mut())
        {
            // Each as an event of its own would take sixty times its byte.
            last.bytes.append(&mut self.event);
            return;
        }
        let (bytes, data) = (std::mem::take(&mut self.event), std::mem::take(&mut self.data));
        self.ready.push_back(Event { bytes, data });
    }

    /// A line feed alone ends the event that is already out with its carriage return.
    fn release_line_feed(&mut self) {
        if self.event == b"\n" && self.line == 1 {
            self.release();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(stream: &[u8], size: usize) -> (Vec<Vec<String>>, Vec<u8>) {
        let mut splitter = Splitter::new();
        let (mut seen, mut bytes) = (Vec::new(), Vec::new());
        for chunk in stream.chunks(size) {
            splitter.push(chunk).unwrap();
            while let Some(event) = splitter.event() {
                let data = |span: &Range<usize>| {
                    String::from_utf8_lossy(&event.bytes[span.clone()]).into_owned()
                };
                let lines: Vec<_> = event.data.iter().map(data).collect();
                if !lines.is_empty() {
                    seen.push(lines);
                }
                bytes.extend(event.bytes);
            }
        }
        bytes.extend(splitter.rest());
        (seen, bytes)
    }

    #[test]
    fn an_event_longer_than_the_bound_is_refused() {
        let mut splitter = Splitter::new();
        assert_eq!(splitter.push(&vec![b'a'; EVENT_MAX]), Ok(()));
        assert_eq!(splitter.push(b"a"), Err(EventTooLong));
    }

    #[test]
    fn a_run_of_blank_lines_is_one_event_however_long_and_nothing_of_others() {
        for end in ["\n", "\r\n", "\r"] {
            let (blanks, text) = (end.repeat(3000), format!("data: a{end}{end}"));
            let mut splitter = Splitter::new();
            splitter.push([&*blanks, &text, &blanks, &text].concat().as_bytes()).unwrap();
            let events: Vec<_> = std::iter::from_fn(|| splitter.event()).collect();
            assert!(events.len() <= 5, "{end:?}: {}", events.len());
            let with_data = events.iter().filter(|event| !event.data.is_empty());
            assert_eq!(with_data.count(), 2, "{end:?}");
            assert!(events.iter().all(|event| event.data.len() <= 1), "{end:?}");
        }
    }

    #[test]
    fn every_line_end_and_every_cut_gives_the_same_events() {
        let stream = "\u{feff}data: one\n: comment\ndata:two\ndata\nid: 7\n\ndata:  three\n\nevent: x\n\ndatax: no\n\ndata: cut";
        for end in ["\n", "\r\n", "\r"] {
            let stream = stream.replace('\n', end);
            for size in 1..=stream.len() {
                let (seen, bytes) = events(stream.as_bytes(), size);
                assert_eq!(seen, [vec!["one", "two", ""], vec![" three"]], "{end:?} {size}");
                assert_eq!(bytes, stream.as_bytes());
            }
        }
    }

    #[test]
    fn an_event_is_released_with_its_blank_line() {
        let mut splitter = Splitter::new();
        splitter.push(b"data: a\r\n\r").unwrap();
        assert_eq!(splitter.event().unwrap().bytes, b"data: a\r\n\r");
        splitter.push(b"\n").unwrap();
        assert_eq!(splitter.event().unwrap(), Event { bytes: b"\n".into(), data: vec![] });
        assert_eq!(splitter.event(), None);
    }
}
