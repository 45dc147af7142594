//! Close codes: those that are sent from here, and those that a peer may send.
//!
//! It never keeps a peer's reason: it may be anything, also personal.

use super::fault::FrameFault;

/// Why a connection is closed from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CloseCode {
    /// 1001: the proxy goes away.
    GoingAway,
    /// 1002: a peer broke the protocol.
    Protocol,
    /// 1003: a kind of message that is not passed, as binary ones where they are refused.
    Unsupported,
    /// 1007: text that is not UTF-8.
    NotUtf8,
    /// 1008: a message that is not allowed, as one with a handle that cannot be redeemed.
    Policy,
    /// 1009: a frame or a message past a bound.
    TooBig,
    /// 1011: a fault of the proxy's own.
    Internal,
}

impl CloseCode {
    /// As it stands in the frame.
    pub fn number(self) -> u16 {
        match self {
            Self::GoingAway => 1001,
            Self::Protocol => 1002,
            Self::Unsupported => 1003,
            Self::NotUtf8 => 1007,
            Self::Policy => 1008,
            Self::TooBig => 1009,
            Self::Internal => 1011,
        }
    }
}

/// Refuses the payload of a close frame that RFC 6455 (5.5.1, 7.4) does not allow: half a code, a code
/// that must not be sent or is not registered, a reason that is not UTF-8.
pub(super) fn check(payload: &[u8]) -> Result<(), FrameFault> {
    let Some((code, reason)) = payload.split_first_chunk::<2>() else {
        return if payload.is_empty() { Ok(()) } else { Err(FrameFault::BadClose) };
    };
    match u16::from_be_bytes(*code) {
        1000..=1003 | 1007..=1014 | 3000..=4999 => {}
        // 1004 has no meaning; 1005, 1006 and 1015 are never on the wire; the rest is nobody's.
        0..=999 | 1004..=1006 | 1015..=2999 | 5000.. => return Err(FrameFault::BadClose),
    }
    str::from_utf8(reason).map(drop).map_err(|_| FrameFault::NotUtf8)
}
