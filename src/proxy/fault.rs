//! What Pingora's errors mean to a browser.
//!
//! Only the kind and the source are read; an error's own words can hold a path.

use pingora::{Error, ErrorSource, ErrorType};

use crate::reject::Cause;

/// The cause that a call is refused with.
pub(super) fn cause_of(error: &Error) -> Cause {
    match (error.esource(), error.etype()) {
        (ErrorSource::Downstream, _) => Cause::ClientGone,
        (_, ErrorType::ReadTimedout | ErrorType::WriteTimedout) => Cause::UpstreamTimeout,
        (
            _,
            ErrorType::ConnectTimedout
            | ErrorType::ConnectRefused
            | ErrorType::ConnectNoRoute
            | ErrorType::ConnectError
            | ErrorType::TLSHandshakeFailure
            | ErrorType::TLSHandshakeTimedout
            | ErrorType::InvalidCert
            | ErrorType::SocketError
            | ErrorType::BindError
            | ErrorType::ConnectProxyFailure,
        ) => Cause::UpstreamUnreachable,
        (ErrorSource::Upstream, _) => Cause::UpstreamBroken,
        (ErrorSource::Internal | ErrorSource::Unset, _) => Cause::Internal,
    }
}
