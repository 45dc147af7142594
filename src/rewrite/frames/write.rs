//! Frames that are made here: one rewritten text, one close.
//!
//! It never fragments, never draws a mask key, and never says more than a code: a reason in words
//! would tell the peer what the logs are for.

use super::close::CloseCode;
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

/// A whole text message in one frame, its length in the shortest form.
///
/// Towards a server `mask` is a key, fresh and unpredictable for each frame (RFC 6455, 10.3); towards a
/// client it is `None`.
pub fn text_frame(text: &str, mask: Option<[u8; 4]>) -> Vec<u8> {
    frame(OpCode::Data(Data::Text), text.as_bytes(), mask)
}

/// A close frame that says this code and no more; `mask` as for [`text_frame`].
pub fn close_frame(code: CloseCode, mask: Option<[u8; 4]>) -> Vec<u8> {
    frame(OpCode::Control(Control::Close), &code.number().to_be_bytes(), mask)
}

/// Masks bytes, or unmasks them: it is the same.
pub(super) fn apply_mask(bytes: &mut [u8], mask: [u8; 4]) {
    let (whole, rest) = bytes.as_chunks_mut::<4>();
    for four in whole {
        *four = (u32::from_ne_bytes(*four) ^ u32::from_ne_bytes(mask)).to_ne_bytes();
    }
    rest.iter_mut().zip(mask).for_each(|(byte, key)| *byte ^= key);
}

fn frame(opcode: OpCode, payload: &[u8], mask: Option<[u8; 4]>) -> Vec<u8> {
    let header = FrameHeader { opcode, mask, ..FrameHeader::default() };
    let len = payload.len() as u64;
    let mut frame = Vec::with_capacity(header.len(len) + payload.len());
    drop(header.format(len, &mut frame)); // writing to a Vec does not fail
    let head = frame.len();
    frame.extend_from_slice(payload);
    if let (Some(mask), Some(payload)) = (mask, frame.get_mut(head..)) {
        apply_mask(payload, mask);
    }
    frame
}
