//! `[tenant.jwt]` and `[tenant.field_mapping]`: for dialects that carry a JWT.
//!
//! Read and checked here; nothing is signed or verified before a call comes.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{PrivateKeyDer, SubjectPublicKeyInfoDer};
use zeroize::Zeroizing;

use super::at::At;
use super::notes::Notes;
use super::outside::{Outside, Source};
use super::raw::tenant::{Algorithm, Jwt as Raw, Secret};
use crate::dialect::request::TokenSetting;
use crate::rewrite::jwt::{Expectations, ExpiryClaim, JwtKeys as ReadyKeys, KeyFault};

/// How long a token lives that is made for one call: longer than the call.
const MINTED_SECS: u64 = 300;

/// What a tenant says of the JWTs that its pages carry.
#[derive(Debug, Clone)]
pub struct JwtSettings {
    /// How tokens are verified and signed.
    pub keys: Option<JwtKeys>,
    /// What a page's token must say.
    pub expected: Expectations,
    /// The keys, ready for use.
    ready: Option<Arc<ReadyKeys>>,
    /// Claim names by payload member; any other member keeps its name.
    pub field_mapping: BTreeMap<String, String>,
}

/// How a tenant's JWTs are signed. Prints no key.
#[derive(Clone)]
pub enum JwtKeys {
    /// HMAC with SHA-256 under one secret.
    Hs256 {
        /// The secret's bytes.
        secret: Zeroizing<String>,
    },
    /// RSA PKCS#1 with SHA-256.
    Rs256(KeyPair),
    /// ECDSA on P-256 with SHA-256.
    Es256(KeyPair),
}

/// The page's public key and our private one, both PEM.
#[derive(Clone)]
pub struct KeyPair {
    /// Verifies the page's tokens.
    pub verify: Zeroizing<String>,
    /// Signs revealed tokens.
    pub sign: Zeroizing<String>,
}

impl JwtSettings {
    /// What the data plane needs of it; nothing without keys.
    pub(crate) fn tokens(&self) -> Option<TokenSetting> {
        let keys = Arc::clone(self.ready.as_ref()?);
        Some(TokenSetting { keys, expected: self.expected.clone(), minted_secs: MINTED_SECS })
    }
}

impl JwtKeys {
    fn ready(&self) -> Result<ReadyKeys, KeyFault> {
        match self {
            Self::Hs256 { secret } => ReadyKeys::hs256(secret.as_bytes()),
            Self::Rs256(pair) => ReadyKeys::rs256(&pair.verify, &pair.sign),
            Self::Es256(pair) => ReadyKeys::es256(&pair.verify, &pair.sign),
        }
    }
}

impl fmt::Debug for JwtKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hs256 { .. } => "Hs256(..)",
            Self::Rs256(_) => "Rs256(..)",
            Self::Es256(_) => "Es256(..)",
        })
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyPair(..)")
    }
}

/// A tenant's settings; nothing when it has neither table.
pub(crate) fn jwt(
    raw: Option<&At<Raw>>,
    field_mapping: &BTreeMap<At<String>, At<String>>,
    outside: &Outside<'_>,
    notes: &mut Notes<'_>,
) -> Option<JwtSettings> {
    for name in field_mapping.iter().flat_map(|(member, claim)| [member, claim]) {
        if name.is_empty() {
            notes.wrong(&name.span(), "a name is empty");
        }
    }
    if raw.is_none() && field_mapping.is_empty() {
        return None;
    }
    let mapped =
        field_mapping.iter().map(|(member, claim)| (member.to_string(), claim.to_string()));
    let keys = raw.and_then(|raw| keys(raw, outside, notes));
    let ready = keys.as_ref().and_then(|keys| {
        let ready = keys.ready();
        if let (Err(fault), Some(raw)) = (&ready, raw) {
            notes.wrong(&raw.span(), fault.to_string());
        }
        ready.ok().map(Arc::new)
    });
    let text = |text: &Option<At<String>>| text.as_ref().map(|text| text.to_string());
    let expected = Expectations {
        audience: raw.and_then(|raw| text(&raw.audience)),
        issuer: raw.and_then(|raw| text(&raw.issuer)),
        // Vendors do not say whether their pages' tokens expire; one that does, does.
        expiry: ExpiryClaim::Optional,
        ..Expectations::default()
    };
    Some(JwtSettings { keys, expected, ready, field_mapping: mapped.collect() })
}

fn keys(raw: &At<Raw>, outside: &Outside<'_>, notes: &mut Notes<'_>) -> Option<JwtKeys> {
    let Raw { algorithm, secret: shared, verify_key, sign_key, audience: _, issuer: _ } = &**raw;
    let hint = "\"HS256\", \"RS256\" or \"ES256\"";
    let algorithm = **notes.need(algorithm, &raw.span(), "algorithm", hint)?;
    let mut two_keys = || {
        if let Some(key) = shared {
            notes.wrong(&key.span(), "this algorithm has \"verify_key\" and \"sign_key\" instead");
        }
        pair(raw, verify_key, sign_key, outside, notes)
    };
    match algorithm {
        Algorithm::Rs256 => two_keys().map(JwtKeys::Rs256),
        Algorithm::Es256 => two_keys().map(JwtKeys::Es256),
        Algorithm::Hs256 => {
            for key in [verify_key, sign_key].into_iter().flatten() {
                notes.wrong(&key.span(), "this algorithm has one \"secret\" instead");
            }
            let hint = "write secret = { env = \"…\" }";
            let Secret { file, env } = &**notes.need(shared, &raw.span(), "secret", hint)?;
            let source = Source::of(file, env, &raw.span(), notes)?;
            Some(JwtKeys::Hs256 { secret: outside.secret(&source, notes)? })
        }
    }
}

fn pair(
    jwt: &At<Raw>,
    verify: &Option<At<Secret>>,
    sign: &Option<At<Secret>>,
    outside: &Outside<'_>,
    notes: &mut Notes<'_>,
) -> Option<KeyPair> {
    let verify = notes.need(verify, &jwt.span(), "verify_key", "a PEM file with the public key");
    let verify = verify.and_then(|raw| {
        let Secret { file, env } = &**raw;
        let text = outside.text(&Source::of(file, env, &raw.span(), notes)?, notes)?;
        let found = SubjectPublicKeyInfoDer::from_pem_slice(text.as_bytes()).is_ok();
        checked(text, found, "there is no PEM public key here", raw, notes)
    });
    let sign = notes.need(sign, &jwt.span(), "sign_key", "a PEM file with the private key");
    let sign = sign.and_then(|raw| {
        let Secret { file, env } = &**raw;
        let text = outside.secret(&Source::of(file, env, &raw.span(), notes)?, notes)?;
        let found = PrivateKeyDer::from_pem_slice(text.as_bytes()).is_ok();
        checked(text, found, "there is no PEM private key here", raw, notes)
    });
    Some(KeyPair { verify: verify?, sign: sign? })
}

fn checked(
    text: Zeroizing<String>,
    found: bool,
    fault: &str,
    raw: &At<Secret>,
    notes: &mut Notes<'_>,
) -> Option<Zeroizing<String>> {
    if !found {
        notes.wrong(&raw.span(), fault);
    }
    found.then_some(text)
}
