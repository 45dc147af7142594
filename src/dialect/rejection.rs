//! How a vendor words a refusal: its media type, its body, its own numbers.
//!
//! The codes are ours and the same for every vendor; which status each gets by
//! default is decided in `reject.rs`, not here.

use std::collections::BTreeMap;
use std::fmt;

use http::StatusCode;

/// The public name of a refusal, sent as `Cloakroom-Rejection`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// A call that must name its contact center did not.
    ContactCenterMissing,
    /// It named one that is not of this route, or several.
    ContactCenterUnknown,
    /// A customer call with a header that only an agent's may have.
    AuthorizationPresent,
    /// A call that the dialect does not list.
    NotListed,
    /// No route for this host and path.
    NoRoute,
    /// Any handle that cannot be redeemed, for whatever reason.
    HandleUnusable,
    /// Above `request_body_max`.
    BodyTooLarge,
    /// Not what the exchange expects.
    BodyInvalid,
    /// Too many calls.
    RateLimited,
    /// Length, coding or header lines that two parsers could read differently.
    Framing,
    /// A handle could not be decided: the store does not answer.
    Unavailable,
    /// The vendor did not answer, or not in time.
    Upstream,
    /// Our own fault.
    Internal,
}

impl Code {
    /// Every code, in the documentation's order.
    pub const ALL: [Self; 13] = [
        Self::ContactCenterMissing,
        Self::ContactCenterUnknown,
        Self::AuthorizationPresent,
        Self::NotListed,
        Self::NoRoute,
        Self::HandleUnusable,
        Self::BodyTooLarge,
        Self::BodyInvalid,
        Self::RateLimited,
        Self::Framing,
        Self::Unavailable,
        Self::Upstream,
        Self::Internal,
    ];

    /// The code as it is sent and configured.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ContactCenterMissing => "contact_center_missing",
            Self::ContactCenterUnknown => "contact_center_unknown",
            Self::AuthorizationPresent => "authorization_present",
            Self::NotListed => "not_listed",
            Self::NoRoute => "no_route",
            Self::HandleUnusable => "handle_unusable",
            Self::BodyTooLarge => "body_too_large",
            Self::BodyInvalid => "body_invalid",
            Self::RateLimited => "rate_limited",
            Self::Framing => "framing",
            Self::Unavailable => "unavailable",
            Self::Upstream => "upstream",
            Self::Internal => "internal",
        }
    }

    /// The code of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == name)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A vendor's error shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectionShape {
    /// The media type of `body`.
    pub content_type: String,
    /// The body; `{code}` becomes the vendor's own number, `{message}` our
    /// fixed sentence, `{rejection}` our code, `{status}` the HTTP status.
    pub body: String,
    /// The vendor's numbers by our codes.
    pub numbers: BTreeMap<Code, i64>,
    /// Statuses that this vendor's widget survives, where ours would hurt it.
    pub statuses: BTreeMap<Code, StatusCode>,
}

impl Default for RejectionShape {
    /// RFC 9457.
    fn default() -> Self {
        Self {
            content_type: "application/problem+json".to_owned(),
            body: r#"{"type":"about:blank","title":"{message}","status":{status},"code":"{rejection}"}"#
                .to_owned(),
            numbers: BTreeMap::new(),
            statuses: BTreeMap::new(),
        }
    }
}

impl RejectionShape {
    /// The body for one refusal. Only fixed texts go in, so nothing is escaped.
    #[must_use]
    pub fn render(&self, code: Code, status: StatusCode, message: &'static str) -> String {
        let number = self.numbers.get(&code).copied().unwrap_or(0);
        self.body
            .replace("{code}", &number.to_string())
            .replace("{status}", status.as_str())
            .replace("{rejection}", code.as_str())
            .replace("{message}", message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_name_of_its_own() {
        for code in Code::ALL {
            assert_eq!(Code::named(code.as_str()), Some(code));
        }
        assert_eq!(Code::named("nope"), None);
    }

    #[test]
    fn the_default_shape_is_a_problem_document() {
        let body = RejectionShape::default().render(Code::NotListed, StatusCode::NOT_FOUND, "No.");
        let value: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(value["status"], 404);
        assert_eq!(value["code"], "not_listed");
        assert_eq!(value["title"], "No.");
    }
}
