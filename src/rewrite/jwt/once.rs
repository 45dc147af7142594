//! Objects in which no name comes twice.
//!
//! Of two members with one name, one receiver takes the first and another the last: what was checked
//! here would not be what counts there. It never picks one, it refuses.

use super::fault::JwtFault;
use crate::rewrite::json::members::{Member, members};
use std::collections::HashSet;

/// The members of an object, its names decoded and all different.
///
/// # Errors
/// `otherwise` where the text is not a JSON object, [`JwtFault::DuplicateName`] where a name comes twice.
pub(super) fn members_once(
    object: &[u8],
    otherwise: JwtFault,
) -> Result<Vec<Member<'_>>, JwtFault> {
    let members = members(object).map_err(|_| otherwise)?;
    let mut names = HashSet::with_capacity(members.len());
    if members.iter().all(|(name, _)| names.insert(name.as_ref())) {
        return Ok(members);
    }
    Err(JwtFault::DuplicateName)
}

/// A member's raw value.
pub(super) fn value<'s>(members: &[Member<'s>], named: &str) -> Option<&'s [u8]> {
    members.iter().find(|(name, _)| name == named).map(|(_, value)| *value)
}
