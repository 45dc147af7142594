//! Routing: host first, then the longest path prefix.
//!
//! The cost is a hash look-up for the host and one for each segment of the path that
//! some route is as long as, however many routes there are. A path is compared as sent, never decoded.

use std::collections::HashMap;
use std::sync::Arc;

use super::settings::Route;

/// All routes, by host and path prefix.
#[derive(Debug, Default)]
pub struct Routes {
    hosts: HashMap<String, Prefixes>,
    any_host: Prefixes,
}

#[derive(Debug, Default)]
struct Prefixes {
    routes: HashMap<String, Arc<Route>>,
    /// Bytes of the longest: a longer path is no prefix.
    longest: usize,
}

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
        prefixes.longest = prefixes.longest.max(prefix.len());
        match prefixes.routes.insert(prefix, route) {
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
        own.and_then(|prefixes| prefixes.find(path)).or_else(|| self.any_host.find(path))
    }

    /// Every route, once for each prefix.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Route>> {
        self.hosts.values().chain([&self.any_host]).flat_map(|prefixes| prefixes.routes.values())
    }
}

impl Prefixes {
    /// Tries `/a/b/c`, `/a/b`, `/a` and the root, in that order.
    fn find(&self, path: &str) -> Option<&Arc<Route>> {
        let mut rest = path.strip_suffix('/').unwrap_or(path);
        if let Some(within) = rest.as_bytes().get(..=self.longest) {
            // Longer than any: from the last of its segments that may end one.
            rest = rest.get(..memchr::memrchr(b'/', within)?)?;
        }
        loop {
            if let Some(route) = self.routes.get(rest) {
                return Some(route);
            }
            rest = rest.rsplit_once('/')?.0;
        }
    }
}

fn without_port(host: &str) -> &str {
    if host.starts_with('[') {
        return host.find(']').and_then(|end| host.get(..=end)).unwrap_or(host);
    }
    host.split(':').next().unwrap_or(host)
}
