//! What things are called in the database.
//!
//! Everything that one script touches has the same part in braces, so that a cluster keeps it in one slot. Tenants and
//! ids have no braces in their alphabets.

use std::fmt::Display;

use crate::domain::{Fingerprint, HandleId, KeyId, TenantId};
use crate::store::RecordKey;

/// The names under one prefix.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    prefix: String,
}

impl Keys {
    pub(super) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    /// What decides on a record's slot.
    pub(super) fn tag(key: &RecordKey) -> String {
        format!("{}/{}", key.tenant, key.id)
    }

    /// A record.
    pub(super) fn record(&self, key: &RecordKey) -> Vec<u8> {
        self.tagged(Self::tag(key), "record")
    }

    /// A pattern of every record's name of a tenant; neither a prefix nor a tenant has a character that means another.
    pub(super) fn of_tenant(&self, tenant: &TenantId) -> Vec<u8> {
        self.tagged(format_args!("{tenant}/*"), "record")
    }

    /// Whose name this is, if it is one of the tenant's records.
    pub(super) fn id_of(&self, tenant: &TenantId, name: &[u8]) -> Option<HandleId> {
        let name = std::str::from_utf8(name).ok()?.strip_prefix(&self.prefix)?;
        let tag = name.strip_prefix(":{")?.strip_suffix("}:record")?;
        tag.strip_prefix(tenant.as_str())?.strip_prefix('/')?.parse().ok()
    }

    /// The ids of what was learnt with a handle; in the slot of the handle's record.
    pub(super) fn children(&self, parent: &RecordKey) -> Vec<u8> {
        self.tagged(Self::tag(parent), "children")
    }

    /// The ids of the records about a subject.
    pub(super) fn subject(&self, tenant: &TenantId, subject: &Fingerprint) -> Vec<u8> {
        let print = u128::from_be_bytes(*subject.bytes());
        self.tagged(format_args!("{tenant}/{print:032x}"), "subject")
    }

    /// What the key of this number is known by.
    pub(super) fn known_key(&self, id: KeyId) -> Vec<u8> {
        self.tagged(format_args!("key/{id}"), "known-by")
    }

    /// Anything in the slot of `tag`.
    pub(super) fn tagged(&self, tag: impl Display, what: &str) -> Vec<u8> {
        format!("{}:{{{tag}}}:{what}", self.prefix).into_bytes()
    }
}
