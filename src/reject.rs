//! Refusals: the one place that picks a status code, for both planes.
//!
//! Inside, a [`Cause`] says what went wrong and whose fault it was; outside, one
//! fixed sentence from an exhaustive table. There is no field for free text, so
//! nothing of a request can reach an answer or a log line through here.

mod control;

use http::StatusCode;

pub use self::control::ControlCause;

use crate::dialect::rejection::{Code, RejectionShape};
use crate::vault::beside::LearnFault;
use crate::vault::redeem::Unusable;

/// Why the data plane refused a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The dialect demands a contact center and the call has none.
    ContactCenterMissing,
    /// Not of this route, malformed, or named twice.
    ContactCenterUnknown,
    /// A header that customer calls must not carry.
    AuthorizationPresent,
    /// The dialect does not list the call and the route refuses those.
    NotListed,
    /// No route.
    NoRoute,
    /// A handle that cannot be redeemed.
    HandleUnusable(Unusable),
    /// A body above the bound.
    BodyTooLarge,
    /// A body that is not what the exchange reads, for this reason.
    BodyInvalid(BodyFlaw),
    /// Framing that two parsers could read differently.
    Framing(FramingFlaw),
    /// The store could not decide.
    StoreUnavailable,
    /// What is learnt from calls may take no more of the store.
    StoreCrowded,
    /// The audit could not take it.
    AuditUnavailable,
    /// No server of the upstream took the call.
    UpstreamUnreachable,
    /// The upstream took the call and did not answer in time.
    UpstreamTimeout,
    /// The upstream answered something that is no HTTP, or broke off.
    UpstreamBroken,
    /// The body did not arrive in time, or the client went away.
    ClientGone,
    /// A promise of this program about itself did not hold.
    Internal,
}

/// What is wrong with a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BodyFlaw {
    /// The exchange reads JSON and this is none, or it is nested too deep.
    NotJson,
    /// A content coding that is not read here, or data that does not decode.
    Coding,
    /// It names more than one conversation.
    Ambiguous,
    /// It has no place for what the handle stands for.
    NoPlace,
}

/// What is wrong with a request's framing or head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FramingFlaw {
    /// `Content-Length` beside `Transfer-Encoding`.
    LengthAndCoding,
    /// A transfer coding other than `chunked`.
    TransferCoding,
    /// A `Content-Length` that is a list.
    LengthList,
    /// No `Content-Length` where slots outside the body wait for all of it.
    LengthNeeded,
    /// A line of the head that ends in a bare line feed.
    LineEnd,
    /// No host, or several.
    Host,
    /// A path with dot segments or backslashes.
    Path,
    /// A head above `header_max`.
    HeadTooLarge,
}

/// Whose fault a refusal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The browser's.
    Downstream,
    /// The vendor's.
    Upstream,
    /// Ours, or our store's.
    Internal,
}

impl From<LearnFault> for Cause {
    fn from(fault: LearnFault) -> Self {
        match fault {
            LearnFault::Store(_) => Self::StoreUnavailable,
            LearnFault::Handle | LearnFault::Conversation => {
                Self::HandleUnusable(Unusable::Crowded)
            }
            LearnFault::Expired => Self::HandleUnusable(Unusable::Expired),
            LearnFault::Revoked => Self::HandleUnusable(Unusable::Missing),
            LearnFault::Share => Self::StoreCrowded,
        }
    }
}

impl Cause {
    /// The public code.
    #[must_use]
    pub fn code(self) -> Code {
        match self {
            Self::ContactCenterMissing => Code::ContactCenterMissing,
            Self::ContactCenterUnknown => Code::ContactCenterUnknown,
            Self::AuthorizationPresent => Code::AuthorizationPresent,
            Self::NotListed => Code::NotListed,
            Self::NoRoute => Code::NoRoute,
            Self::HandleUnusable(_) => Code::HandleUnusable,
            Self::BodyTooLarge => Code::BodyTooLarge,
            Self::BodyInvalid(_) | Self::ClientGone => Code::BodyInvalid,
            Self::Framing(_) => Code::Framing,
            Self::StoreUnavailable | Self::StoreCrowded | Self::AuditUnavailable => {
                Code::Unavailable
            }
            Self::UpstreamUnreachable | Self::UpstreamTimeout | Self::UpstreamBroken => {
                Code::Upstream
            }
            Self::Internal => Code::Internal,
        }
    }

    /// The status where the dialect does not map it.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::ContactCenterMissing | Self::BodyInvalid(_) => StatusCode::BAD_REQUEST,
            Self::Framing(FramingFlaw::HeadTooLarge) => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Framing(FramingFlaw::LengthNeeded) => StatusCode::LENGTH_REQUIRED,
            Self::Framing(_) => StatusCode::BAD_REQUEST,
            Self::ContactCenterUnknown | Self::AuthorizationPresent | Self::HandleUnusable(_) => {
                StatusCode::FORBIDDEN
            }
            Self::NotListed | Self::NoRoute => StatusCode::NOT_FOUND,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::ClientGone => StatusCode::REQUEST_TIMEOUT,
            Self::StoreUnavailable | Self::StoreCrowded | Self::AuditUnavailable => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::UpstreamUnreachable | Self::UpstreamBroken => StatusCode::BAD_GATEWAY,
            Self::UpstreamTimeout => StatusCode::GATEWAY_TIMEOUT,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The fixed sentence that the browser sees.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::ContactCenterMissing => "The ContactCenterId header is required.",
            Self::ContactCenterUnknown => "The contact center is not known here.",
            Self::AuthorizationPresent => "A customer call carries no Authorization header.",
            Self::NotListed => "This call is not offered here.",
            Self::NoRoute => "Nothing is served under this host and path.",
            Self::HandleUnusable(_) => "The handle cannot be used.",
            Self::BodyTooLarge => "The request body is too large.",
            Self::BodyInvalid(_) => "The request body cannot be read.",
            Self::Framing(_) => "The request is not framed acceptably.",
            Self::StoreUnavailable | Self::StoreCrowded | Self::AuditUnavailable => {
                "The service is not available at the moment."
            }
            Self::UpstreamUnreachable | Self::UpstreamBroken => {
                "The chat service cannot be reached."
            }
            Self::UpstreamTimeout => "The chat service did not answer in time.",
            Self::ClientGone => "The request did not arrive in time.",
            Self::Internal => "The request could not be served.",
        }
    }

    /// For the operator's log and metrics: finer than the code, and still fixed.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::HandleUnusable(unusable) => unusable.reason(),
            Self::BodyInvalid(BodyFlaw::NotJson) => "not-json",
            Self::BodyInvalid(BodyFlaw::Coding) => "content-coding",
            Self::BodyInvalid(BodyFlaw::Ambiguous) => "two-conversations",
            Self::BodyInvalid(BodyFlaw::NoPlace) => "no-place-for-payload",
            Self::Framing(FramingFlaw::LengthAndCoding) => "length-and-transfer-coding",
            Self::Framing(FramingFlaw::TransferCoding) => "transfer-coding",
            Self::Framing(FramingFlaw::LengthList) => "content-length",
            Self::Framing(FramingFlaw::LengthNeeded) => "length-needed",
            Self::Framing(FramingFlaw::LineEnd) => "line-end",
            Self::Framing(FramingFlaw::Host) => "host",
            Self::Framing(FramingFlaw::Path) => "path",
            Self::Framing(FramingFlaw::HeadTooLarge) => "head-too-large",
            Self::UpstreamUnreachable => "upstream-unreachable",
            Self::UpstreamTimeout => "upstream-timeout",
            Self::UpstreamBroken => "upstream-broken",
            Self::ClientGone => "client-gone",
            Self::AuditUnavailable => "audit-unavailable",
            Self::StoreCrowded => "store-share-full",
            Self::ContactCenterMissing
            | Self::ContactCenterUnknown
            | Self::AuthorizationPresent
            | Self::NotListed
            | Self::NoRoute
            | Self::BodyTooLarge
            | Self::StoreUnavailable
            | Self::Internal => self.code().as_str(),
        }
    }

    /// Whose fault it is.
    #[must_use]
    pub fn fault(self) -> Fault {
        match self {
            Self::UpstreamUnreachable | Self::UpstreamTimeout | Self::UpstreamBroken => {
                Fault::Upstream
            }
            Self::StoreUnavailable
            | Self::StoreCrowded
            | Self::AuditUnavailable
            | Self::Internal => Fault::Internal,
            Self::ContactCenterMissing
            | Self::ContactCenterUnknown
            | Self::AuthorizationPresent
            | Self::NotListed
            | Self::NoRoute
            | Self::HandleUnusable(_)
            | Self::BodyTooLarge
            | Self::BodyInvalid(_)
            | Self::Framing(_)
            | Self::ClientGone => Fault::Downstream,
        }
    }
}

/// A refusal as it goes to the browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Ours, or the dialect's for this code.
    pub status: StatusCode,
    /// For the `Cloakroom-Rejection` header.
    pub code: Code,
    /// The media type of the body.
    pub content_type: String,
    /// The vendor's own error shape.
    pub body: String,
}

/// Words a refusal in a dialect's shape.
#[must_use]
pub fn refusal(cause: Cause, shape: &RejectionShape) -> Refusal {
    let code = cause.code();
    let status = shape.statuses.get(&code).copied().unwrap_or_else(|| cause.status());
    Refusal {
        status,
        code,
        content_type: shape.content_type.clone(),
        body: shape.render(code, status, cause.message()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_for_an_unusable_handle_gives_the_browser_one_answer() {
        let shape = RejectionShape::default();
        let one = refusal(Cause::HandleUnusable(Unusable::Forged), &shape);
        for other in Unusable::ALL {
            assert_eq!(refusal(Cause::HandleUnusable(other), &shape), one);
        }
        assert_eq!(one.status, StatusCode::FORBIDDEN);
    }

    #[test]
    fn a_dialect_may_change_the_status_and_never_the_code() {
        let mut shape = RejectionShape::default();
        shape.statuses.insert(Code::Unavailable, StatusCode::CONFLICT);
        let refused = refusal(Cause::StoreUnavailable, &shape);
        assert_eq!(refused.status, StatusCode::CONFLICT);
        assert_eq!(refused.code, Code::Unavailable);
        assert!(refused.body.contains("409"));
    }
}
