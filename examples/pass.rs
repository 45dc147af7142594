//! Pingora with nothing in it: the floor under every proxy on this engine.
//!
//! Same engine, allocator and build profile as the `cloakroom` binary, so that a
//! comparison of the two shows what Cloakroom itself costs. It looks at nothing,
//! changes nothing and logs nothing.
//!
//! ```sh
//! cargo run --release --example pass -- 127.0.0.1:8080 127.0.0.1:9000
//! ```
//!
//! With a third word, `alone`, its one thread has no scheduler that could share its
//! work: what Cloakroom does by itself where it has one thread and a store in memory.

use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use async_trait::async_trait;
use pingora::modules::http::HttpModules;
use pingora::proxy::{ProxyHttp, Session, http_proxy_service};
use pingora::server::Server;
use pingora::server::configuration::{Opt, ServerConf};
use pingora::upstreams::peer::HttpPeer;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

struct Pass {
    upstream: SocketAddr,
}

#[async_trait]
impl ProxyHttp for Pass {
    type CTX = ();

    fn new_ctx(&self) {}

    /// None, as Cloakroom: Pingora's default would add one that compresses.
    fn init_downstream_modules(&self, _modules: &mut HttpModules) {}

    async fn upstream_peer(
        &self,
        _session: &mut Session,
        (): &mut (),
    ) -> pingora::Result<Box<HttpPeer>> {
        let mut peer = HttpPeer::new(self.upstream, false, String::new());
        peer.options.idle_timeout = Some(Duration::from_secs(30));
        Ok(Box::new(peer))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut named = std::env::args().skip(1);
    let listen = named.next().ok_or("name an address to listen on")?;
    let upstream = named.next().ok_or("name the upstream's address")?.parse()?;
    let work_stealing = named.next().is_none_or(|word| word != "alone");
    let mut conf = ServerConf { threads: 1, work_stealing, ..ServerConf::default() };
    // As many as Cloakroom keeps.
    conf.upstream_keepalive_pool_size = 4096;
    let mut server = Server::new_with_opt_and_conf(Some(Opt::default()), conf);
    server.bootstrap();
    let mut pass = http_proxy_service(&server.configuration, Pass { upstream });
    pass.threads = Some(1);
    pass.add_tcp(&listen);
    server.add_service(pass);
    server.run_forever();
}
