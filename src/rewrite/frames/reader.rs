//! The bytes of one direction, however the network cut them, as events.
//!
//! It never holds more than one unfinished frame and one unfinished text message, never allocates what
//! a head announces before it has come, and never reads on after a close frame or a fault.

use super::assembly::{Assembly, Kind, Unfinished};
use super::close;
use super::event::{BinaryFrame, Control, ControlKind, Event};
use super::fault::FrameFault;
use super::head::{self, Head, Opcode, Place};
use super::write::apply_mask;
use std::{fmt, mem};

/// Whose frames these are: a client's are masked, a server's are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// From the browser.
    FromClient,
    /// From the vendor.
    FromServer,
}

/// What a stream may cost. A reader holds at most one frame and twice one text message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The longest payload of one data frame, in bytes; 1 MiB by default, a thousand times a chat
    /// message.
    pub frame_max: usize,
    /// The longest message, all fragments together, in bytes; 1 MiB by default.
    pub message_max: usize,
    /// The most fragments of a message; 1024 by default: empty ones cost their heads.
    pub fragments_max: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { frame_max: 1 << 20, message_max: 1 << 20, fragments_max: 1024 }
    }
}

/// What is kept of the buffer when a frame is done: more than most frames need.
const KEPT: usize = 16 * 1024;

/// Reads one direction of a connection. `Debug` prints sizes.
pub struct Reader {
    role: Role,
    bounds: Bounds,
    state: State,
    /// The beginning of a frame whose end has not come.
    pending: Vec<u8>,
    message: Option<Unfinished>,
}

#[derive(Clone, Copy)]
enum State {
    Open,
    /// A close frame was read.
    Closed,
    Refused(FrameFault),
}

impl Reader {
    /// A reader before its first byte: the first one behind the handshake.
    pub fn new(role: Role, bounds: Bounds) -> Self {
        Self { role, bounds, state: State::Open, pending: Vec::new(), message: None }
    }

    /// Takes the bytes that came, and appends what they complete to `events`, in order.
    ///
    /// How the stream is cut into calls changes nothing: neither the events nor the fault. After a
    /// close frame everything is dropped unread.
    ///
    /// # Errors
    /// [`FrameFault`], the same again on every later call. What was appended to `events` came before
    /// it and may go on.
    pub fn feed(&mut self, bytes: &[u8], events: &mut Vec<Event>) -> Result<(), FrameFault> {
        match self.state {
            State::Open => {}
            State::Closed => return Ok(()),
            State::Refused(fault) => return Err(fault),
        }
        let mut pending = mem::take(&mut self.pending);
        pending.extend_from_slice(bytes);
        let read = self.read(&pending, events).inspect_err(|fault| {
            self.state = State::Refused(*fault);
        });
        match self.state {
            State::Open => self.keep(pending, read?),
            State::Closed | State::Refused(_) => self.message = None,
        }
        read.map(drop)
    }

    /// Whether a close frame was read: nothing more comes from this side.
    pub fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    /// Reads every whole frame, and tells how many bytes they were.
    fn read(&mut self, bytes: &[u8], events: &mut Vec<Event>) -> Result<usize, FrameFault> {
        let mut rest = bytes;
        while let State::Open = self.state
            && let Some(head) = head::read(rest, self.role, self.bounds.frame_max)?
        {
            self.admit(&head)?; // before the payload has come: it is not waited for in vain
            let Some((frame, behind)) = rest.split_at_checked(head.frame_len()) else {
                break;
            };
            events.extend(self.take(&head, frame)?);
            rest = behind;
        }
        Ok(bytes.len() - rest.len())
    }

    fn keep(&mut self, mut pending: Vec<u8>, read: usize) {
        if read > 0 {
            pending.drain(..read);
            pending.shrink_to(KEPT); // an idle socket does not keep a big frame's buffer
        }
        self.pending = pending;
    }

    /// Refuses a head that does not fit what came before it.
    fn admit(&self, head: &Head) -> Result<(), FrameFault> {
        let (len, fragments) = match (head.opcode, &self.message) {
            (Opcode::Control(_), _) => return Ok(()),
            (Opcode::Continue, None) => return Err(FrameFault::NothingToContinue),
            (Opcode::Text | Opcode::Binary, Some(_)) => {
                return Err(FrameFault::MessageInsideMessage);
            }
            (Opcode::Text | Opcode::Binary, None) => (0, 0),
            (Opcode::Continue, Some(message)) => (message.len, message.fragments),
        };
        if len.saturating_add(head.payload_len) > self.bounds.message_max {
            return Err(FrameFault::MessageTooBig);
        }
        if fragments >= self.bounds.fragments_max {
            return Err(FrameFault::TooManyFragments);
        }
        Ok(())
    }

    /// One whole frame; an event if it completes one.
    fn take(&mut self, head: &Head, frame: &[u8]) -> Result<Option<Event>, FrameFault> {
        let message = match (head.opcode, self.message.take()) {
            (Opcode::Control(kind), message) => {
                self.message = message;
                return self.control(kind, head, frame).map(Some);
            }
            (Opcode::Text, _) => Unfinished::new(Kind::Text(Assembly::default())),
            (Opcode::Binary, _) => Unfinished::new(Kind::Binary),
            (Opcode::Continue, Some(message)) => message,
            (Opcode::Continue, None) => return Err(FrameFault::NothingToContinue),
        };
        self.data(message, head, frame)
    }

    fn data(
        &mut self,
        mut message: Unfinished,
        head: &Head,
        frame: &[u8],
    ) -> Result<Option<Event>, FrameFault> {
        message.len += head.payload_len;
        message.fragments += 1;
        if let Kind::Text(assembly) = &mut message.kind {
            assembly.push(frame, payload(head, frame))?;
        }
        match (message.kind, head.place) {
            (Kind::Text(assembly), Place::Last) => assembly.finish().map(Event::Text).map(Some),
            (Kind::Text(assembly), Place::Inner) => {
                self.message = Some(Unfinished { kind: Kind::Text(assembly), ..message });
                Ok(None)
            }
            (Kind::Binary, place) => {
                if let Place::Inner = place {
                    self.message = Some(Unfinished { kind: Kind::Binary, ..message });
                }
                Ok(Some(Event::Binary(BinaryFrame { sent: frame.to_vec() })))
            }
        }
    }

    fn control(
        &mut self,
        kind: ControlKind,
        head: &Head,
        frame: &[u8],
    ) -> Result<Event, FrameFault> {
        match kind {
            ControlKind::Ping | ControlKind::Pong => {}
            ControlKind::Close => {
                close::check(&payload(head, frame))?;
                self.state = State::Closed;
            }
        }
        Ok(Event::Control(Control { kind, sent: frame.to_vec() }))
    }

    /// How much memory it holds, in bytes.
    pub(super) fn held(&self) -> usize {
        let message = self.message.as_ref().map_or(0, Unfinished::held);
        self.pending.capacity() + message
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reader({:?}, {} bytes held)", self.role, self.held())
    }
}

/// A frame's payload, unmasked.
fn payload(head: &Head, frame: &[u8]) -> Vec<u8> {
    let mut payload = frame.get(head.len..).unwrap_or_default().to_vec();
    if let Some(mask) = head.mask {
        apply_mask(&mut payload, mask);
    }
    payload
}
