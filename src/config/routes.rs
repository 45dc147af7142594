//! `[[route]]`: from a host and path to a dialect, a tenant and an upstream.
//!
//! Names of tenants and dialects are looked up here and nowhere later.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use super::adapted::{relaying, with_answers};
use super::at::{At, Span};
use super::dialects::Library;
use super::measure::Time;
use super::notes::Notes;
use super::outside::Outside;
use super::raw::route::{Redact, Route as Raw, TenantFrom, Unlisted as RawUnlisted};
use super::tenants::Tenants;
use super::upstream::upstream;
use super::wording::advice;
use crate::dialect::{ContactCenterRule, Dialect};
use crate::proxy::relay::DEPOSITS_MAX;
use crate::proxy::route::{HostPattern, Routes};
use crate::proxy::settings::{Redaction, Route, TenantChoice, Unlisted};
use crate::proxy::upstream::{TRIES_MAX, Timeouts, Upstream};
use crate::vault::tenancy::Tenant;

/// What routes refer to.
pub(crate) struct Ground<'g> {
    pub(crate) tenants: &'g Tenants,
    pub(crate) library: &'g Library,
    pub(crate) outside: &'g Outside<'g>,
    pub(crate) generation: u64,
    /// How long a handle stays reserved for one request.
    pub(crate) lease_max: Option<Duration>,
}

/// What a route says of whose calls it carries: tenant, tenant_from, tenants.
type Said<'r> =
    (&'r Option<At<String>>, &'r Option<At<TenantFrom>>, &'r Option<At<Vec<At<String>>>>);

/// All routes.
pub(crate) fn routes(raw: &[At<Raw>], ground: &Ground<'_>, notes: &mut Notes<'_>) -> Routes {
    let (mut routes, mut names) = (Routes::default(), BTreeSet::new());
    for one in raw {
        let Some((host, path, route)) = ground.route(one, notes) else { continue };
        let name = route.name.clone();
        if let Err(taken) = routes.add(host, &path, Arc::new(route)) {
            notes.wrong(&one.span(), taken.to_string());
        } else if !names.insert(name.clone()) {
            let hint = format!("give this one a \"name\" other than {name:?}");
            notes.fix(&one.span(), "another route has the same name", hint);
        }
    }
    routes
}

impl Ground<'_> {
    fn route(&self, raw: &At<Raw>, notes: &mut Notes<'_>) -> Option<(HostPattern, String, Route)> {
        let Raw {
            name,
            host,
            path,
            dialect,
            tenant,
            tenant_from,
            tenants,
            unlisted,
            upstream: to,
            relay,
            answer,
            danger_redact,
        } = &**raw;
        let host = host_pattern(host.as_ref(), notes);
        let path = prefix(path.as_ref(), notes);
        let name = match name {
            Some(name) => label(name, notes),
            None => host.as_ref().zip(path.as_ref()).map(|(host, path)| label_of(host, path)),
        };
        let dialect = notes.need(dialect, &raw.span(), "dialect", "name a dialect");
        let dialect = dialect.and_then(|name| self.dialect(name, notes));
        let choice = self.choice((tenant, tenant_from, tenants), raw, dialect.as_deref(), notes);
        let dialect = dialect.and_then(|dialect| with_answers(dialect, answer, notes));
        let adapted = dialect.and_then(|dialect| {
            relaying(dialect, (relay.as_ref(), &raw.span()), self.outside, notes)
        });
        let to = notes.need(to, &raw.span(), "upstream", "write { servers = [\"HOST:PORT\"], … }");
        let pool = format!("{}/{}", self.generation, name.as_deref().unwrap_or_default());
        let settings = to.and_then(|to| upstream(to, pool, self.outside, notes));
        if let (Some(to), Some(settings)) = (to, &settings) {
            let deposits = if relay.is_some() { DEPOSITS_MAX } else { Duration::ZERO };
            self.outlasts(&settings.timeouts, deposits, &to.span(), notes);
        }
        let (dialect, relay) = adapted?;
        let route = Route {
            name: name?,
            dialect,
            relay,
            redaction: match danger_redact.as_ref().map(|redact| **redact) {
                Some(Redact::Off) => Redaction::DangerOff,
                Some(Redact::On) | None => Redaction::On,
            },
            tenant: choice?,
            unlisted: match unlisted.as_ref().map(|unlisted| **unlisted) {
                Some(RawUnlisted::Refuse) | None => Unlisted::Refuse,
                Some(RawUnlisted::Pass) => Unlisted::Pass,
            },
            upstream: Arc::new(Upstream::new(settings?)),
        };
        Some((host?, path?, route))
    }

    /// A lease that ends before the answer comes would let a second request have the
    /// handle: it must outlast the deposits, every connection that may be tried, and one
    /// wait each for writing and for the answer.
    fn outlasts(
        &self,
        timeouts: &Timeouts,
        deposits: Duration,
        upstream: &Span,
        notes: &mut Notes<'_>,
    ) {
        let tries = u32::try_from(TRIES_MAX).unwrap_or(u32::MAX);
        let connects = timeouts.connect_total.saturating_mul(tries);
        let waits = timeouts.write.saturating_add(timeouts.read);
        let exchange = connects.saturating_add(waits).saturating_add(deposits);
        if self.lease_max.is_some_and(|lease| lease <= exchange) {
            let message = "an exchange may take longer than limits.lease_max";
            let relay = if deposits.is_zero() {
                String::new()
            } else {
                format!(", {} for relay", Time(deposits))
            };
            let hint = format!(
                "set [limits] lease_max above {} (connect_total_timeout {TRIES_MAX} times, \
                 write_timeout, read_timeout{relay}), or these lower",
                Time(exchange)
            );
            notes.fix(upstream, message, hint);
        }
    }

    fn choice(
        &self,
        said: Said<'_>,
        route: &At<Raw>,
        dialect: Option<&Dialect>,
        notes: &mut Notes<'_>,
    ) -> Option<TenantChoice> {
        match said {
            (Some(tenant), None, None) => return self.one(tenant, dialect, notes),
            (None, Some(from), Some(tenants)) => match **from {
                TenantFrom::ContactCenterId => return self.several(tenants, notes),
            },
            (None, Some(_), None) => {
                let hint = "list the tenants that the header picks among";
                notes.missing(&route.span(), "tenants", hint);
            }
            (None, None, Some(_)) => {
                notes.missing(&route.span(), "tenant_from", "write \"contact-center-id\"");
            }
            (None, None, None) => {
                notes.missing(&route.span(), "tenant", "or \"tenant_from\" and \"tenants\"");
            }
            (Some(tenant), _, _) => {
                let hint = "either \"tenant\", or \"tenant_from\" and \"tenants\"";
                notes.fix(&tenant.span(), "whose calls these are is said twice", hint);
            }
        }
        None
    }

    fn dialect(&self, name: &At<String>, notes: &mut Notes<'_>) -> Option<Arc<Dialect>> {
        let dialect = self.library.get(name);
        if dialect.is_none() && self.library.is_whole() {
            let hint = advice(name, &self.library.names()).unwrap_or_default();
            notes.fix(&name.span(), format!("there is no dialect {:?}", name.as_str()), hint);
        }
        dialect
    }

    fn tenant(&self, name: &At<String>, notes: &mut Notes<'_>) -> Option<Arc<Tenant>> {
        if self.tenants.nameless == 0 && !self.tenants.declared.contains(name.as_str()) {
            let known: Vec<&str> = self.tenants.declared.iter().map(String::as_str).collect();
            let hint = advice(name, &known).unwrap_or_else(|| "add a [[tenant]]".to_owned());
            notes.fix(&name.span(), format!("there is no tenant {:?}", name.as_str()), hint);
        }
        self.tenants.resolved.get(name.as_str()).cloned()
    }

    fn one(
        &self,
        name: &At<String>,
        dialect: Option<&Dialect>,
        notes: &mut Notes<'_>,
    ) -> Option<TenantChoice> {
        let tenant = self.tenant(name, notes)?;
        let required = dialect.is_some_and(|dialect| match dialect.contact_center {
            ContactCenterRule::Required => true,
            ContactCenterRule::CheckedIfPresent => false,
        });
        if required && tenant.contact_centers.is_empty() {
            no_center(&name.span(), notes);
        }
        Some(TenantChoice::One(tenant))
    }

    fn several(&self, names: &At<Vec<At<String>>>, notes: &mut Notes<'_>) -> Option<TenantChoice> {
        let mut centers = HashMap::new();
        let mut whole = true;
        for name in names.iter() {
            let Some(tenant) = self.tenant(name, notes) else {
                whole = false;
                continue;
            };
            if tenant.contact_centers.is_empty() {
                no_center(&name.span(), notes);
            }
            let own = tenant.contact_centers.iter();
            centers.extend(own.map(|center| (center.clone(), Arc::clone(&tenant))));
        }
        if names.is_empty() {
            notes.wrong(&names.span(), "there must be at least one tenant");
        }
        whole.then_some(TenantChoice::ByContactCenter(centers))
    }
}

fn no_center(span: &Span, notes: &mut Notes<'_>) {
    let hint = "give the tenant \"contact_center_ids\"";
    notes.fix(span, "no call could name a contact center of this tenant", hint);
}

fn host_pattern(raw: Option<&At<String>>, notes: &mut Notes<'_>) -> Option<HostPattern> {
    let Some(text) = raw else { return Some(HostPattern::Any) };
    let host = text.to_ascii_lowercase();
    let named = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let ip = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let fits = match ip {
        Some(ip) => ip.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.bytes().all(named) && !host.ends_with('.'),
    };
    if fits {
        return Some(HostPattern::Exact(host));
    }
    let hint = "write \"chat.shop.example\"; leave the key out for any host";
    notes.fix(&text.span(), "must be one host, without a port, path or wildcard", hint);
    None
}

fn prefix(raw: Option<&At<String>>, notes: &mut Notes<'_>) -> Option<String> {
    let Some(text) = raw else { return Some("/".to_owned()) };
    let inner = text.strip_prefix('/').map(|rest| rest.strip_suffix('/').unwrap_or(rest));
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"?#*{}\\".contains(&byte);
    let fits = inner.is_some_and(|inner| {
        let dotted = |segment: &str| matches!(segment, "" | "." | "..");
        inner.bytes().all(plain) && (inner.is_empty() || !inner.split('/').any(dotted))
    });
    if fits {
        return Some(text.to_string());
    }
    let hint = "write \"/\" or \"/chat\"; everything below it belongs to the route";
    notes.fix(&text.span(), "must be a path prefix as browsers send it", hint);
    None
}

fn label(name: &At<String>, notes: &mut Notes<'_>) -> Option<String> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if (1..=64).contains(&name.len()) && name.bytes().all(fits) {
        return Some(name.to_string());
    }
    notes.wrong(&name.span(), "must be 1 to 64 letters, digits, dots, dashes or underscores");
    None
}

/// A label for metrics, made of what the route is found by.
fn label_of(host: &HostPattern, path: &str) -> String {
    let host = match host {
        HostPattern::Exact(host) => host,
        HostPattern::Any => "any",
    };
    let text = format!("{host}{}", path.trim_end_matches('/'));
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
    text.chars().map(plain).collect()
}
