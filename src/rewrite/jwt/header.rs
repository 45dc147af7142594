//! What a header may say.
//!
//! It never follows a header: algorithm and key are the tenant's, and whatever else a header has
//! (`kid`, `typ`, `jku`, `jwk`) goes on as it came, unread.

use super::fault::JwtFault;
use super::keys::Algorithm;
use super::once::{members_once, value};
use crate::rewrite::json::text::{encode, eq_decoded};

/// Refuses a header of another algorithm, compared letter by letter, and one with critical extensions.
pub(super) fn check(header: &[u8], algorithm: Algorithm) -> Result<(), JwtFault> {
    let members = members_once(header, JwtFault::HeaderNotObject)?;
    if !value(&members, "alg").is_some_and(|alg| eq_decoded(alg, algorithm.name())) {
        return Err(JwtFault::WrongAlgorithm);
    }
    if value(&members, "crit").is_some() {
        return Err(JwtFault::CriticalExtension);
    }
    Ok(())
}

/// The header of a token that is made here.
pub(super) fn written(algorithm: Algorithm, kid: Option<&str>) -> String {
    let kid = kid.map(|kid| format!(",\"kid\":{}", encode(kid))).unwrap_or_default();
    format!("{{\"alg\":\"{}\",\"typ\":\"JWT\"{kid}}}", algorithm.name())
}
