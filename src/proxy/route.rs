//! Routing: host first, then the longest path prefix.
//!
//! The cost is a hash look-up for the host and one for each segment of the path,
//! however many routes there are. A path is compared as sent, never decoded.

use std::collections::HashMap;
use std::sync::Arc;

use super::settings::Route;

/// All routes, by host and path prefix.
#[derive(Debug, Default)]
pub struct Routes {
    hosts: HashMap<String, Prefixes>,
    any_host: Prefixes,
}

type Prefixes = HashMap<String, Arc<Route>>;

/// Which hosts a route answers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum HostPattern {
    /// One host, lower case, without a port.
    Exact(String),
    /// Any host.
    Any,
}

/// Two routes claim the same host and prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("another route has the same host and path")]
pub struct Taken;

impl Routes {
    /// Adds a route under a prefix that begins with `/`.
    ///
    /// # Errors
    /// [`Taken`].
    pub fn add(&mut self, host: HostPattern, prefix: &str, route: Arc<Route>) -> Result<(), Taken> {
        let prefixes = match host {
            HostPattern::Exact(host) => self.hosts.entry(host).or_default(),
            HostPattern::Any => &mut self.any_host,
        };
        let prefix = prefix.strip_suffix('/').unwrap_or(prefix).to_owned();
        match prefixes.insert(prefix, route) {
            None => Ok(()),
            Some(_) => Err(Taken),
        }
    }

    /// The route of a call. `host` may be in any case and carry a port.
    #[must_use]
    pub fn find(&self, host: &str, path: &str) -> Option<&Arc<Route>> {
        let host = without_port(host).trim_end_matches('.');
        let own = if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
            self.hosts.get(&host.to_ascii_lowercase())
        } else {
            self.hosts.get(host)
        };
        own.and_then(|prefixes| longest(prefixes, path)).or_else(|| longest(&self.any_host, path))
    }

    /// Every route, once for each prefix.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Route>> {
        self.hosts.values().flat_map(HashMap::values).chain(self.any_host.values())
    }
}

/// Tries `/a/b/c`, `/a/b`, `/a` and the root, in that order.
fn longest<'r>(prefixes: &'r Prefixes, path: &str) -> Option<&'r Arc<Route>> {
    if prefixes.is_empty() {
        return None;
    }
    let mut rest = path.strip_suffix('/').unwrap_or(path);
    loop {
        if let Some(route) = prefixes.get(rest) {
            return Some(route);
        }
        rest = rest.rsplit_once('/')?.0;
    }
}

fn without_port(host: &str) -> &str {
    if host.starts_with('[') {
        return host.find(']').and_then(|end| host.get(..=end)).unwrap_or(host);
    }
    host.split(':').next().unwrap_or(host)
}
