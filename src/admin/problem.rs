//! Refusals of the control plane, as RFC 9457 problem documents.
//!
//! A detail names the member that is wrong and its bound. It never repeats a
//! value: whatever stands in these bodies is personal data.

use axum::http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::dialect::issue::DepositFault;
use crate::domain::payload::PayloadFault;
use crate::reject::ControlCause;
use crate::store::StoreFault;
use crate::vault::issue::IssueFault;
use crate::vault::revoke::EndFault;

/// A refusal on its way out.
#[derive(Debug)]
pub struct Problem {
    cause: ControlCause,
    detail: Option<Detail>,
    /// Which element of a batch.
    element: Option<usize>,
}

/// What exactly is wrong. A closed list, so that no value can slip in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Detail {
    /// Not JSON, or a member of another type or name than the call takes.
    #[error("the body is not the JSON that this call takes; see line {line}, column {column}")]
    Shape {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// A batch without elements or with too many.
    #[error("a batch has 1 to {max} elements")]
    Batch {
        /// The bound.
        max: usize,
    },
    /// A payload that cannot be kept.
    #[error("payload: {0}")]
    Payload(PayloadFault),
    /// JSON that no slot can be filled from.
    #[error("payload: it nests too deep or has a broken escape")]
    PayloadUnreadable,
    /// A life that is out of bounds.
    #[error("ttl_secs: must be 1 to {max}")]
    Ttl {
        /// The tenant's bound.
        max: u64,
    },
    /// Too long to be a name of somebody.
    #[error("subject: must be 1 to {max} bytes")]
    Subject {
        /// The bound.
        max: usize,
    },
    /// The caller serves several tenants and named none.
    #[error("tenant: this caller serves several tenants; name one")]
    TenantNeeded,
    /// A tenant that the caller does not serve.
    #[error("tenant: this caller does not serve it")]
    TenantForeign,
    /// A vendor's own body without what it must have.
    #[error("{0}")]
    Deposit(DepositFault),
    /// Neither a subject nor a tenant is named whose handles are to end.
    #[error("subject or tenant: name one, as in ?subject=…")]
    OwnerMissing,
    /// The subject to revoke is missing.
    #[error("subject: name one, as in ?subject=…")]
    SubjectMissing,
}

/// The document, as sent.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemDocument {
    /// Always `about:blank`: the status and the title say it all.
    #[serde(rename = "type")]
    #[schema(example = "about:blank")]
    kind: &'static str,
    title: &'static str,
    #[schema(example = 400)]
    status: u16,
    /// What to change, when it is the caller's to change.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "ttl_secs: must be 1 to 86400")]
    detail: Option<String>,
    /// Which element of a batch, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    element: Option<usize>,
}

impl Problem {
    /// A refusal that needs no detail.
    #[must_use]
    pub fn new(cause: ControlCause) -> Self {
        Self { cause, detail: None, element: None }
    }

    /// The same refusal, of this element of a batch.
    #[must_use]
    pub fn of_element(self, element: usize) -> Self {
        Self { element: Some(element), ..self }
    }
}

impl From<Detail> for Problem {
    fn from(detail: Detail) -> Self {
        let too_large = matches!(detail, Detail::Payload(PayloadFault::TooLarge { .. }));
        let cause = if too_large { ControlCause::TooLarge } else { ControlCause::Invalid };
        Self { cause, detail: Some(detail), element: None }
    }
}

impl From<serde_json::Error> for Problem {
    fn from(fault: serde_json::Error) -> Self {
        Detail::Shape { line: fault.line(), column: fault.column() }.into()
    }
}

impl From<StoreFault> for Problem {
    fn from(fault: StoreFault) -> Self {
        Self::new(match fault {
            StoreFault::Full { .. } => ControlCause::Full,
            StoreFault::NoSpace => ControlCause::NoSpace,
            StoreFault::Unreachable(_) | StoreFault::Damaged(_) => ControlCause::Unavailable,
        })
    }
}

impl From<IssueFault> for Problem {
    fn from(fault: IssueFault) -> Self {
        match fault {
            IssueFault::Store(fault) => fault.into(),
            IssueFault::Entropy(_) => Self::new(ControlCause::Unavailable),
            IssueFault::Unaudited(_) => Self::new(ControlCause::Unaudited),
            IssueFault::Seal => Self::new(ControlCause::Internal),
        }
    }
}

impl From<EndFault> for Problem {
    fn from(fault: EndFault) -> Self {
        match fault {
            EndFault::Store(fault) => fault.into(),
            EndFault::Unaudited(_) => Self::new(ControlCause::Unaudited),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.cause.status();
        let document = ProblemDocument {
            kind: "about:blank",
            title: self.cause.title(),
            status: status.as_u16(),
            detail: self.detail.map(|detail| detail.to_string()),
            element: self.element,
        };
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let head = [(CONTENT_TYPE, "application/problem+json")];
        if self.cause == ControlCause::Unauthenticated {
            let ask = [(WWW_AUTHENTICATE, "Bearer, Basic realm=\"cloakroom\"")];
            return (status, head, ask, body).into_response();
        }
        (status, head, body).into_response()
    }
}

/// A path that exists, with a method that it does not have.
pub(super) async fn no_such_call() -> Problem {
    Problem::new(ControlCause::NoSuchCall)
}
