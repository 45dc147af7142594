//! A request as a dialect sees it, and what it is seen by.
//!
//! Borrowed parts and plain settings: nothing is owned, decoded or decided here.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::HeaderMap;

use crate::domain::time::Timestamp;
use crate::rewrite::jwt::{Expectations, JwtKeys};

/// Where slots may stand.
#[derive(Clone, Copy)]
pub struct Request<'r> {
    /// The path, as sent.
    pub path: &'r str,
    /// The query without its `?`, as sent.
    pub query: Option<&'r str>,
    /// The headers.
    pub headers: &'r HeaderMap,
    /// The body, decoded; empty where there is none.
    pub body: &'r [u8],
}

/// What a tenant says of how its slots are read and filled.
#[derive(Clone, Copy)]
pub struct Setting<'s> {
    /// For a token's times.
    pub now: Timestamp,
    /// The keys that verify the page's tokens and sign revealed ones.
    pub jwt: Option<&'s TokenSetting>,
    /// The vendor's names for a payload's members; others keep their own.
    pub names: &'s BTreeMap<String, String>,
}

/// A tenant's tokens.
#[derive(Debug, Clone)]
pub struct TokenSetting {
    /// Verify and sign.
    pub keys: Arc<JwtKeys>,
    /// What a page's token must say.
    pub expected: Expectations,
    /// The life of a token that is made here, in seconds.
    pub minted_secs: u64,
}

impl<'s> Setting<'s> {
    /// The vendor's name for a payload's member.
    #[must_use]
    pub fn name<'n>(&self, member: &'n str) -> &'n str
    where
        's: 'n,
    {
        self.names.get(member).map_or(member, String::as_str)
    }
}
