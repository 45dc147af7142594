//! The other door: a team's own Pingora proxy that calls Cloakroom from its phases.
//!
//! The team answers `/team/ping` itself and tells the vendor whether its app called;
//! everything else is Cloakroom's. Runs on the configuration of the binary, without
//! its TLS listeners, drain and reload:
//!
//! ```sh
//! cargo run --example embed -- cloakroom.toml
//! ```

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use cloakroom::proxy::{Cloakroom, Passage};
use http::HeaderMap;
use pingora::BError;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::modules::http::HttpModules;
use pingora::prelude::*;
use pingora::proxy::FailToProxy;

/// The team's proxy around Cloakroom's.
pub(crate) struct Team(pub(crate) Cloakroom);

/// The team's state of one request, with Cloakroom's in it.
pub(crate) struct Visit {
    passage: Box<Passage>,
    app: bool,
}

/// Writes `impl ProxyHttp for Team`: the team's own phases as they are, and for
/// each other one a call of Cloakroom's, with `[&mut]` standing for the context.
macro_rules! phases {
    (team { $($own:tt)* }
     cloakroom { $(fn $f:ident($($a:ident: $b:ty,)* $([$($by:tt)+])? $(, $y:ident: $z:ty)*) -> $r:ty;)* }
     cloakroom async { $(fn $g:ident($($c:ident: $d:ty),*) -> $t:ty;)* }) => {
        #[async_trait]
        impl ProxyHttp for Team {
            type CTX = Visit;
            $($own)*
            $(fn $f(&self, $($a: $b,)* $(visit: $($by)+ Visit)? $(, $y: $z)*) -> $r {
                self.0.$f($($a,)* $($($by)+ visit.passage)? $(, $y)*)
            })*
            $(async fn $g(&self, $($c: $d,)* visit: &mut Visit) -> $t {
                self.0.$g($($c,)* &mut visit.passage).await
            })*
        }
    };
}

// Every phase that Cloakroom implements is here. Pingora has a default for nearly all
// of them, so one that is left out compiles, and a promise is gone without a word:
// the lines below `cloakroom` say which.
phases! {
    team {
        fn new_ctx(&self) -> Visit {
            Visit { passage: self.0.new_ctx(), app: false }
        }

        // First the team's: what it answers itself is no business of Cloakroom's.
        // Then the swap, and every refusal: `true` means that it has answered.
        async fn request_filter(&self, session: &mut Session, visit: &mut Visit) -> Result<bool> {
            if session.req_header().uri.path() == "/team/ping" {
                let pong = ResponseHeader::build(204, None)?;
                session.write_response_header(Box::new(pong), true).await?;
                return Ok(true);
            }
            visit.app = session.req_header().headers.contains_key("x-team-app");
            self.0.request_filter(session, &mut visit.passage).await
        }

        // First Cloakroom's: the length of the swapped body, and what was revealed
        // outside of it. Then the team's header, in place of one that was sent.
        async fn upstream_request_filter(&self, session: &mut Session, head: &mut RequestHeader,
            visit: &mut Visit) -> Result<()> {
            self.0.upstream_request_filter(session, head, &mut visit.passage).await?;
            head.insert_header("x-team-client", if visit.app { "app" } else { "web" })
        }
    }
    cloakroom {
        // Cloakroom's adds none; Pingora's would add one that compresses.
        fn init_downstream_modules(modules: &mut HttpModules,) -> ();
        // A server that is down fails the call; no other is tried.
        fn fail_to_connect(s: &mut Session, peer: &HttpPeer, [&mut], e: BError) -> BError;
        // A call that its dialect says is never repeated is sent twice.
        fn error_while_proxy(peer: &HttpPeer, s: &mut Session, e: BError, [&mut], reused: bool) -> BError;
        // What was revealed comes back, in a body or on a socket.
        fn response_body_filter(s: &mut Session, body: &mut Option<Bytes>, end: bool, [&mut]) -> Result<Option<Duration>>;
        // Pingora's own log lines go out, and may hold a path.
        fn suppress_error_log(s: &Session, [&], e: &Error) -> bool;
        fn suppress_proxy_warn_log(s: &Session, [&], e: &Error, on: ProxyWarnLogContext) -> bool;
        fn request_summary(s: &Session, [&]) -> String;
    }
    cloakroom async {
        // The one that Pingora has no default for: the route's servers, as configured.
        fn upstream_peer(s: &mut Session) -> Result<Box<HttpPeer>>;
        // The vendor gets the handle and not what it stands for.
        fn request_body_filter(s: &mut Session, body: &mut Option<Bytes>, end: bool) -> Result<()>;
        // Leases are never committed: a handle for one use is never used up. And no
        // answer is redacted.
        fn upstream_response_filter(s: &mut Session, head: &mut ResponseHeader) -> Result<()>;
        // The page of a tenant's origin cannot read the answer.
        fn response_filter(s: &mut Session, head: &mut ResponseHeader) -> Result<()>;
        // An answer of HTTP/2 that ends with trailers loses its last bytes.
        fn response_trailer_filter(s: &mut Session, trailers: &mut HeaderMap) -> Result<Option<Bytes>>;
        // A call that failed is answered in Pingora's words, without a code or CORS.
        fn fail_to_proxy(s: &mut Session, e: &Error) -> FailToProxy;
        // No access line and no metrics.
        fn logging(s: &mut Session, e: Option<&Error>) -> ();
    }
}

/// The house as the binary builds it, on the team's own Pingora server.
pub(crate) fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    use cloakroom::clock::{SystemClock, SystemEntropy};
    use cloakroom::server::{Fitness, House, HyperApp, attend, parts::split, run::crypto};
    use pingora::services::listening::Service;

    crypto();
    let file = std::env::args().nth(1).ok_or("name a configuration file")?;
    let config = cloakroom::config::load(file.as_ref(), 1).map_err(|wrong| wrong.to_string())?;
    let (parts, process) = split(config);
    let house = Arc::new(House::assemble(parts, Arc::new(SystemClock), Arc::new(SystemEntropy))?);
    // Names and health of the vendor's servers, for as long as this runs.
    let watching = tokio::runtime::Runtime::new()?;
    let (_stop, stopped) = tokio::sync::watch::channel(false);
    for upstream in house.upstreams() {
        watching.spawn(upstream.watch(stopped.clone()));
    }
    // The store is examined, and forgets what has expired.
    watching.spawn(attend(Arc::clone(&house), Fitness::Unknown));
    let mut server = Server::new(None)?;
    server.bootstrap();
    let mut team = http_proxy_service(&server.configuration, Team(house.data_plane()));
    process.data.iter().for_each(|at| team.add_tcp(&at.address.to_string()));
    server.add_service(team);
    let mut control = Service::new("control".to_owned(), HyperApp::new(house.control_plane()));
    process.control.iter().for_each(|at| control.add_tcp(&at.address.to_string()));
    server.add_service(control);
    server.run_forever();
}
