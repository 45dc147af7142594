//! One frame's head: what it says, and what RFC 6455 (5.2 to 5.5) does not allow in it.
//!
//! It never looks at a payload, and never past the head. tungstenite's codec takes the bits apart;
//! what they may say is decided here.

use super::event::ControlKind;
use super::fault::FrameFault;
use super::reader::Role;
use std::io::Cursor;
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

/// The longest payload of a control frame, in bytes; RFC 6455 (5.5) says so.
pub const CONTROL_MAX: u64 = 125;

/// A head that was found good.
#[derive(Clone, Copy)]
pub(super) struct Head {
    pub(super) opcode: Opcode,
    pub(super) place: Place,
    pub(super) mask: Option<[u8; 4]>,
    /// The head's own size.
    pub(super) len: usize,
    /// What it announces.
    pub(super) payload_len: usize,
}

impl Head {
    /// The size of the whole frame.
    pub(super) fn frame_len(&self) -> usize {
        self.len.saturating_add(self.payload_len)
    }
}

#[derive(Clone, Copy)]
pub(super) enum Opcode {
    Text,
    Binary,
    Continue,
    Control(ControlKind),
}

/// Where a frame stands in its message.
#[derive(Clone, Copy)]
pub(super) enum Place {
    /// More fragments follow.
    Inner,
    Last,
}

/// Reads the head that `bytes` begin with; `None` until all of it is there.
pub(super) fn read(bytes: &[u8], role: Role, frame_max: usize) -> Result<Option<Head>, FrameFault> {
    let mut cursor = Cursor::new(bytes);
    // Of a slice in memory, an opcode is all that the codec refuses.
    let header = FrameHeader::parse(&mut cursor).map_err(|_| FrameFault::BadOpcode)?;
    let Some((header, length)) = header else {
        return Ok(None);
    };
    let len = header.len(length);
    if header.rsv1 || header.rsv2 || header.rsv3 {
        return Err(FrameFault::ReservedBits);
    }
    match (role, header.mask) {
        (Role::FromClient, None) => return Err(FrameFault::Unmasked),
        (Role::FromServer, Some(_)) => return Err(FrameFault::Masked),
        (Role::FromClient, Some(_)) | (Role::FromServer, None) => {}
    }
    if cursor.position() != len as u64 || length >> 63 != 0 {
        return Err(FrameFault::BadLength);
    }
    let opcode = opcode(header.opcode)?;
    let place = if header.is_final { Place::Last } else { Place::Inner };
    match (opcode, place) {
        (Opcode::Control(_), Place::Inner) => return Err(FrameFault::FragmentedControl),
        (Opcode::Control(_), Place::Last) if length > CONTROL_MAX => {
            return Err(FrameFault::ControlTooBig);
        }
        (Opcode::Control(_) | Opcode::Text | Opcode::Binary | Opcode::Continue, _) => {}
    }
    let payload_len = usize::try_from(length).map_err(|_| FrameFault::FrameTooBig)?;
    if payload_len > frame_max && !matches!(opcode, Opcode::Control(_)) {
        return Err(FrameFault::FrameTooBig);
    }
    Ok(Some(Head { opcode, place, mask: header.mask, len, payload_len }))
}

fn opcode(opcode: OpCode) -> Result<Opcode, FrameFault> {
    Ok(match opcode {
        OpCode::Data(Data::Continue) => Opcode::Continue,
        OpCode::Data(Data::Text) => Opcode::Text,
        OpCode::Data(Data::Binary) => Opcode::Binary,
        OpCode::Control(Control::Ping) => Opcode::Control(ControlKind::Ping),
        OpCode::Control(Control::Pong) => Opcode::Control(ControlKind::Pong),
        OpCode::Control(Control::Close) => Opcode::Control(ControlKind::Close),
        OpCode::Data(Data::Reserved(_)) | OpCode::Control(Control::Reserved(_)) => {
            return Err(FrameFault::BadOpcode);
        }
    })
}
