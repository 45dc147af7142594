//! WebSocket frames (RFC 6455, no extensions), without a socket: bytes in, events out, bytes out.
//!
//! | module | its one job |
//! | --- | --- |
//! | `reader` | [`Reader`]: the bytes of one direction, however cut, as [`Event`]s |
//! | `head` | one frame's head, and what RFC 6455 does not allow in it |
//! | `assembly` | the text of a message out of its fragments |
//! | `event` | what was read: [`TextMessage`], [`BinaryFrame`], [`Control`] |
//! | `close` | [`CloseCode`], and what a close frame may say |
//! | `write` | [`text_frame`], [`close_frame`] |
//! | `fault` | why a stream was refused, and the close code for it |
//!
//! **Order.** Events come in the order in which their last byte came. A text message is held until it
//! is whole, because a handle may be cut over two fragments; control frames never wait for it, because
//! a ping answered late ends the connection. So a ping between two fragments goes out before the
//! message, not inside it: it is answered at the moment it always was, control frames keep their order,
//! and no message overtakes another. A receiver sees nothing else, since it too takes control frames
//! between fragments before the message (RFC 6455, 5.5). Binary frames are not held: each goes out as
//! it came, fragments included.
//!
//! **Untouched.** Every event carries its bytes [as sent](Event::into_sent): fragments, masks and all.
//! What nobody rewrites goes on in them, without being framed again.
//!
//! It never awaits, never opens a socket, reads no clock, and draws no mask key: keys are arguments. It
//! never allocates what a head merely announces, never answers a ping, and never sends on its own.

mod assembly;
mod close;
mod event;
mod fault;
mod head;
mod reader;
#[cfg(test)]
mod tests;
mod write;

pub use close::CloseCode;
pub use event::{BinaryFrame, Control, ControlKind, Event, TextMessage};
pub use fault::FrameFault;
pub use head::CONTROL_MAX;
pub use reader::{Bounds, Reader, Role};
pub use write::{close_frame, text_frame};
