//! Refusals of the control plane: their statuses and titles.
//!
//! What is wrong in detail is the control plane's to say; nothing here takes text.

use http::StatusCode;

/// Why the control plane refused a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ControlCause {
    /// No caller's secret.
    Unauthenticated,
    /// A caller, but not for this.
    Forbidden,
    /// No such handle, of this caller's tenants.
    NotFound,
    /// No such path, or not with this method.
    NoSuchCall,
    /// The body is not the JSON that the call takes, or a value is out of bounds.
    Invalid,
    /// A body or payload above its bound.
    TooLarge,
    /// The store is full.
    Full,
    /// The store's disk is full.
    NoSpace,
    /// The store does not answer.
    Unavailable,
    /// The audit cannot be written.
    Unaudited,
    /// Our own fault.
    Internal,
}

impl ControlCause {
    /// Its status.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound | Self::NoSuchCall => StatusCode::NOT_FOUND,
            Self::Invalid => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Full | Self::NoSpace | Self::Unavailable | Self::Unaudited => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Its title in the problem document.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Unauthenticated => "No caller has this secret",
            Self::Forbidden => "This caller may not do that",
            Self::NotFound => "No such handle",
            Self::NoSuchCall => "No such call",
            Self::Invalid => "The request is not valid",
            Self::TooLarge => "The request is too large",
            Self::Full => "The store is full",
            Self::NoSpace => "The store has no space left",
            Self::Unavailable => "The store does not answer",
            Self::Unaudited => "The audit cannot be written",
            Self::Internal => "The request could not be served",
        }
    }
}
