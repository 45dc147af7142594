//! Whose payloads these are: the tenant's own name, and the name by which its browser calls say so.
//!
//! Never decides whether a tenant exists; that is configuration. Never keeps a name outside its bounds.

use std::fmt;
use std::sync::Arc;

use thiserror::Error;

/// The longest tenant name, in bytes: it stands in metrics labels and store keys.
pub const TENANT_LEN_MAX: usize = 64;

/// The longest contact center name, in bytes: twice the longest seen, and far below a header's limit.
pub const CONTACT_CENTER_LEN_MAX: usize = 128;

/// The owner of payloads, callers and routes. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TenantId(Arc<str>);

/// The value by which a browser's call names its tenant, in lower case: ASCII case makes no difference.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContactCenterId(Arc<str>);

/// Why a text is no [`TenantId`] or [`ContactCenterId`]. Carries nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NameFault {
    /// Nothing was given.
    #[error("the name is empty")]
    Empty,
    /// More bytes than the kind of name allows.
    #[error("the name is longer than {max} bytes")]
    TooLong {
        /// The bound, in bytes.
        max: usize,
    },
    /// A character outside the kind's alphabet.
    #[error("the name has a character that is not allowed")]
    Alphabet,
}

impl TenantId {
    /// 1 to [`TENANT_LEN_MAX`] bytes of `[a-z0-9._-]`.
    ///
    /// # Errors
    /// The [`NameFault`] that holds first: empty, too long, alphabet.
    pub fn parse(text: &str) -> Result<TenantId, NameFault> {
        bounded(
            text,
            TENANT_LEN_MAX,
            |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-'),
        )?;
        Ok(TenantId(text.into()))
    }

    /// The name as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name's length, to stand before the name wherever it is signed: so that no two
    /// tenants can share the bytes of tenant and what follows.
    pub(in crate::domain) fn len_prefix(&self) -> [u8; 8] {
        (self.0.len() as u64).to_be_bytes()
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ContactCenterId {
    /// 1 to [`CONTACT_CENTER_LEN_MAX`] bytes of visible ASCII without the comma, which would let two
    /// joined header lines pass as one value. Kept in lower case.
    ///
    /// # Errors
    /// The [`NameFault`] that holds first: empty, too long, alphabet.
    pub fn parse(text: &str) -> Result<ContactCenterId, NameFault> {
        bounded(text, CONTACT_CENTER_LEN_MAX, |byte| byte.is_ascii_graphic() && byte != b',')?;
        Ok(ContactCenterId(text.to_ascii_lowercase().into()))
    }

    /// The name in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn bounded(text: &str, max: usize, allowed: impl Fn(u8) -> bool) -> Result<(), NameFault> {
    if text.is_empty() {
        return Err(NameFault::Empty);
    }
    if text.len() > max {
        return Err(NameFault::TooLong { max });
    }
    if !text.bytes().all(allowed) {
        return Err(NameFault::Alphabet);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_outside_its_alphabet_or_bounds_is_refused() {
        assert_eq!(TenantId::parse(""), Err(NameFault::Empty));
        let long = "a".repeat(TENANT_LEN_MAX + 1);
        assert_eq!(TenantId::parse(&long), Err(NameFault::TooLong { max: 64 }));
        for text in ["Acme", "a b", "a/b", "a\n", " a", "ä", "a,b", "a\0"] {
            assert_eq!(TenantId::parse(text), Err(NameFault::Alphabet), "{text:?}");
        }
    }

    #[test]
    fn a_contact_center_outside_its_alphabet_or_bounds_is_refused() {
        assert_eq!(ContactCenterId::parse(""), Err(NameFault::Empty));
        let long = "a".repeat(CONTACT_CENTER_LEN_MAX + 1);
        assert_eq!(ContactCenterId::parse(&long), Err(NameFault::TooLong { max: 128 }));
        for text in ["a,b", "a b", "a\tb", "a\r", "é", "\u{7f}"] {
            assert_eq!(ContactCenterId::parse(text), Err(NameFault::Alphabet), "{text:?}");
        }
    }

    #[test]
    fn a_tenant_keeps_its_name_up_to_the_bound() {
        let long = "z".repeat(TENANT_LEN_MAX);
        assert_eq!(TenantId::parse(&long).unwrap().as_str(), long);
        assert_eq!(TenantId::parse("acme-1.eu_west").unwrap().to_string(), "acme-1.eu_west");
    }

    #[test]
    fn ascii_case_makes_no_difference_to_a_contact_center() {
        let given = ContactCenterId::parse("CC-Main:{01}").unwrap();
        assert_eq!(given, ContactCenterId::parse("cc-main:{01}").unwrap());
        assert_eq!(given.as_str(), "cc-main:{01}");
    }
}
