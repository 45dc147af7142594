//! Mirror of `[[tenant]]`. Keys only; see `raw`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::at::At;

/// An owner of payloads, callers and routes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct Tenant {
    /// 1 to 64 of a-z 0-9 . _ - and never changed: it is signed into every handle. Required.
    pub(crate) id: Option<At<String>>,
    /// Values of the ContactCenterId header that are its own. Default: none.
    #[serde(default)]
    pub(crate) contact_center_ids: Vec<At<String>>,
    /// Page origins that may read answers, "https://shop.example". Default: the upstream decides.
    #[serde(default)]
    pub(crate) origins: Vec<At<String>>,
    /// The longest life of a handle. Default: "24h". "1s" to "30d".
    pub(crate) ttl_max: Option<At<String>>,
    /// Trusted back ends. Default: none, so that nobody can issue.
    #[serde(default)]
    pub(crate) caller: Vec<At<Caller>>,
    /// Keys for dialects that carry a JWT: verify the page's, sign the revealed one.
    pub(crate) jwt: Option<At<Jwt>>,
    /// Payload member = claim name, for dialects that carry a JWT. Default: the same name.
    #[serde(default)]
    pub(crate) field_mapping: BTreeMap<At<String>, At<String>>,
}

/// A trusted back end.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct Caller {
    /// Its user name, and its name in the audit. Required.
    pub(crate) name: Option<At<String>>,
    /// SHA-256 of its secret in hex: printf %s SECRET | sha256sum. Required.
    pub(crate) secret_sha256: Option<At<String>>,
    /// What it may do. Required.
    pub(crate) may: Option<At<Vec<At<Permission>>>>,
}

/// One thing that a caller may do.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Permission {
    /// Deposit payloads.
    Issue,
    /// See a handle's state.
    Inspect,
    /// End handles early.
    Revoke,
}

/// Keys for dialects that carry a JWT.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(crate) struct Jwt {
    /// How tokens are signed. Required.
    pub(crate) algorithm: Option<At<Algorithm>>,
    /// For HS256: the shared secret.
    pub(crate) secret: Option<At<Secret>>,
    /// For RS256 and ES256: PEM of the public key that verifies the page's tokens.
    pub(crate) verify_key: Option<At<Secret>>,
    /// For RS256 and ES256: PEM of the private key that signs revealed ones.
    pub(crate) sign_key: Option<At<Secret>>,
    /// What a page's token must name in "aud". Default: not looked at.
    pub(crate) audience: Option<At<String>>,
    /// What a page's token must name in "iss". Default: not looked at.
    pub(crate) issuer: Option<At<String>>,
}

/// How a JWT is signed.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
pub(crate) enum Algorithm {
    /// HMAC with SHA-256.
    #[serde(rename = "HS256")]
    Hs256,
    /// RSA PKCS#1 with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
}

/// Where a secret is kept: one of both.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table with \"file\" or \"env\"")]
pub(crate) struct Secret {
    /// The file that holds it, readable by its owner only.
    pub(crate) file: Option<At<String>>,
    /// The environment variable that holds it.
    pub(crate) env: Option<At<String>>,
}
