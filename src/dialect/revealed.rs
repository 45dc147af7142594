//! What may go upstream on an exchange: types that only reveal makes.
//!
//! They hold personal data and print sizes.

use std::fmt;

use bytes::Bytes;
use http::HeaderName;

/// A request that may go upstream on an exchange: what of it changes.
#[derive(Default)]
pub struct Revealed {
    body: Option<Vec<u8>>,
    target: Option<String>,
    headers: Vec<(HeaderName, usize, Option<String>)>,
    tokens: Vec<String>,
}

/// A body that has been through here: there is no other way to make one, so nothing
/// else goes upstream on an exchange.
#[derive(Clone)]
pub struct RevealedBody(Bytes);

impl RevealedBody {
    /// Its bytes. They may hold personal data: for the upstream alone.
    #[must_use]
    pub fn expose(&self) -> &Bytes {
        &self.0
    }
}

impl fmt::Debug for RevealedBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RevealedBody({} bytes)", self.0.len())
    }
}

impl Revealed {
    pub(super) fn new(
        body: Option<Vec<u8>>,
        target: Option<String>,
        headers: Vec<(HeaderName, usize, Option<String>)>,
    ) -> Self {
        Self { body, target, headers, tokens: Vec::new() }
    }

    pub(super) fn with_tokens(self, tokens: Vec<String>) -> Self {
        Self { tokens, ..self }
    }

    /// The tokens that were signed for the vendor: their claims are personal data that
    /// anybody can read.
    #[must_use]
    pub fn tokens(&self) -> &[String] {
        &self.tokens
    }

    /// The new body, or nothing when it goes as sent.
    #[must_use]
    pub fn body(&self) -> Option<&[u8]> {
        self.body.as_deref()
    }

    /// The body that goes upstream: the new one, or `sent` where nothing in it changes.
    pub fn body_over(&mut self, sent: Bytes) -> RevealedBody {
        RevealedBody(self.body.take().map_or(sent, Bytes::from))
    }

    /// The new path and query, or nothing when they go as sent.
    #[must_use]
    pub fn target(&self) -> Option<&str> {
        self.target.as_deref()
    }

    /// Header lines that change: of the nth line of a name, the new value, or
    /// nothing when the line goes.
    #[must_use]
    pub fn headers(&self) -> &[(HeaderName, usize, Option<String>)] {
        &self.headers
    }

    /// Whether anything but the body changes.
    #[must_use]
    pub fn changes_head(&self) -> bool {
        self.target.is_some() || !self.headers.is_empty()
    }
}

impl fmt::Debug for Revealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = self.body.as_ref().map(Vec::len);
        write!(f, "Revealed(body {body:?} bytes, {} headers)", self.headers.len())
    }
}
