//! `[[tenant]]`: owners, their contact centers, their pages and their callers.
//!
//! A contact center belongs to one tenant. A caller's secret is never here, only
//! its digest.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::at::At;
use super::jwt::{JwtSettings, jwt};
use super::limits::TTL_MAX;
use super::measure::{DAY, Range, SECOND, duration};
use super::notes::Notes;
use super::origin::origin;
use super::outside::Outside;
use super::raw::tenant::{Caller as RawCaller, Permission as RawPermission, Tenant as Raw};
use crate::domain::{ContactCenterId, TenantId};
use crate::vault::tenancy::{Caller, Permission, SecretDigest, Tenant};

/// The tenants of a file.
#[derive(Default)]
pub(crate) struct Tenants {
    /// Every name that the file gives, also where the tenant has mistakes.
    pub(crate) declared: BTreeSet<String>,
    /// Tenants without a name: one that is not declared may be one of them.
    pub(crate) nameless: usize,
    pub(crate) resolved: BTreeMap<String, Arc<Tenant>>,
    pub(crate) jwt: BTreeMap<TenantId, JwtSettings>,
    centers: BTreeMap<ContactCenterId, String>,
}

const DIGEST_HINT: &str = "run: printf %s SECRET | sha256sum";

/// All tenants.
pub(crate) fn tenants(raw: &[At<Raw>], outside: &Outside<'_>, notes: &mut Notes<'_>) -> Tenants {
    let mut tenants = Tenants::default();
    for one in raw {
        if let Some((tenant, jwt)) = tenants.tenant(one, outside, notes) {
            tenants.jwt.extend(jwt.map(|jwt| (tenant.id.clone(), jwt)));
            tenants.resolved.insert(tenant.id.to_string(), Arc::new(tenant));
        }
    }
    tenants
}

impl Tenants {
    fn tenant(
        &mut self,
        raw: &At<Raw>,
        outside: &Outside<'_>,
        notes: &mut Notes<'_>,
    ) -> Option<(Tenant, Option<JwtSettings>)> {
        let Raw { id, contact_center_ids, origins, ttl_max, caller, jwt: token, field_mapping } =
            &**raw;
        let id = notes.need(id, &raw.span(), "id", "give the tenant a name");
        if id.is_none() {
            self.nameless = self.nameless.saturating_add(1);
        }
        let id = id.and_then(|id| self.id(id, notes));
        let owner = id.as_ref().map_or("", TenantId::as_str);
        let centers: Vec<_> =
            contact_center_ids.iter().map(|text| self.center(text, owner, notes)).collect();
        let origins: Vec<_> = origins.iter().map(|text| origin(text, notes)).collect();
        let ttl_max = duration(ttl_max, &Range::new(DAY, SECOND, TTL_MAX), notes);
        let callers = callers(caller, notes);
        let jwt = jwt(token.as_ref(), field_mapping, outside, notes);
        let tenant = Tenant {
            id: id?,
            contact_centers: centers.into_iter().collect::<Option<_>>()?,
            origins: origins.into_iter().collect::<Option<_>>()?,
            ttl_max: ttl_max?,
            callers: callers?,
            tokens: jwt.as_ref().and_then(|jwt| jwt.tokens()),
            names: jwt.as_ref().map(|jwt| jwt.field_mapping.clone()).unwrap_or_default(),
        };
        Some((tenant, jwt))
    }

    fn id(&mut self, text: &At<String>, notes: &mut Notes<'_>) -> Option<TenantId> {
        if !self.declared.insert(text.to_string()) {
            notes.wrong(&text.span(), "another tenant has this id");
            return None;
        }
        let id = TenantId::parse(text);
        if let Err(fault) = &id {
            let hint = "1 to 64 of: a-z 0-9 . _ -";
            notes.fix(&text.span(), fault.to_string(), hint);
        }
        id.ok()
    }

    fn center(
        &mut self,
        text: &At<String>,
        owner: &str,
        notes: &mut Notes<'_>,
    ) -> Option<ContactCenterId> {
        let center = match ContactCenterId::parse(text) {
            Ok(center) => center,
            Err(fault) => {
                notes.wrong(&text.span(), fault.to_string());
                return None;
            }
        };
        if let Some(other) = self.centers.insert(center.clone(), owner.to_owned()) {
            let whose = if other == owner {
                "this tenant lists it twice".to_owned()
            } else {
                format!("tenant {other:?} has it too")
            };
            notes.wrong(&text.span(), format!("a contact center belongs to one tenant; {whose}"));
            return None;
        }
        Some(center)
    }
}

fn callers(raw: &[At<RawCaller>], notes: &mut Notes<'_>) -> Option<Vec<Caller>> {
    let mut callers: Vec<Caller> = Vec::with_capacity(raw.len());
    for one in raw {
        let Some(caller) = caller(one, notes) else { continue };
        if callers.iter().any(|other| other.name == caller.name) {
            notes.wrong(&one.span(), format!("another caller is named {:?}", caller.name));
        }
        if callers.iter().any(|other| other.secret_sha256 == caller.secret_sha256) {
            notes.wrong(&one.span(), "another caller of this tenant has the same secret");
        }
        callers.push(caller);
    }
    (callers.len() == raw.len()).then_some(callers)
}

fn caller(raw: &At<RawCaller>, notes: &mut Notes<'_>) -> Option<Caller> {
    let RawCaller { name, secret_sha256, may } = &**raw;
    let span = raw.span();
    let name = notes.need(name, &span, "name", "it is the user name of Basic authentication");
    let name = name.and_then(|name| caller_name(name, notes));
    let digest = notes.need(secret_sha256, &span, "secret_sha256", DIGEST_HINT);
    let digest = digest.and_then(|text| secret_digest(text, notes));
    let may = notes.need(may, &span, "may", "write may = [\"issue\", \"inspect\", \"revoke\"]");
    let may: BTreeSet<Permission> = may?.iter().map(|one| permission(**one)).collect();
    Some(Caller { name: name?, secret_sha256: digest?, may })
}

fn caller_name(name: &At<String>, notes: &mut Notes<'_>) -> Option<String> {
    // A colon would end the user name of Basic authentication early.
    let fits = |byte: u8| byte.is_ascii_graphic() && byte != b':';
    if (1..=64).contains(&name.len()) && name.bytes().all(fits) {
        return Some(name.to_string());
    }
    notes.wrong(&name.span(), "must be 1 to 64 visible ASCII characters, none of them a colon");
    None
}

fn secret_digest(text: &At<String>, notes: &mut Notes<'_>) -> Option<SecretDigest> {
    let Some(bytes) = hex(text) else {
        let message = "must be 64 hex digits (SHA-256 of the secret)";
        notes.fix(&text.span(), message, DIGEST_HINT);
        return None;
    };
    let digest = SecretDigest::from_bytes(bytes);
    if digest == SecretDigest::of(b"") {
        notes.fix(&text.span(), "this is the digest of an empty secret", DIGEST_HINT);
        return None;
    }
    Some(digest)
}

fn hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        let digits = text.get(at.checked_mul(2)?..)?.get(..2)?;
        *byte = u8::from_str_radix(digits, 16).ok()?;
    }
    Some(bytes)
}

fn permission(raw: RawPermission) -> Permission {
    match raw {
        RawPermission::Issue => Permission::Issue,
        RawPermission::Inspect => Permission::Inspect,
        RawPermission::Revoke => Permission::Revoke,
    }
}
