//! An axum router on a Pingora listener.
//!
//! So the control plane's sockets are handed over in a binary upgrade and get
//! TLS like the data plane's. It speaks HTTP/1.1 only and knows no route.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use pingora::apps::ServerApp;
use pingora::protocols::Stream;
use pingora::server::ShutdownWatch;

/// A caller that does not finish its head by then is cut off.
const HEAD_MAX: Duration = Duration::from_secs(10);

/// Serves a router on connections that Pingora accepted.
#[derive(Debug)]
pub struct HyperApp(Router);

impl HyperApp {
    /// Serves `router`.
    #[must_use]
    pub fn new(router: Router) -> Self {
        Self(router)
    }
}

#[async_trait]
impl ServerApp for HyperApp {
    async fn process_new(
        self: &Arc<Self>,
        stream: Stream,
        shutdown: &ShutdownWatch,
    ) -> Option<Stream> {
        let service = TowerToHyperService::new(self.0.clone());
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_MAX)
            .serve_connection(TokioIo::new(stream), service);
        tokio::pin!(connection);
        let mut stop = shutdown.clone();
        tokio::select! {
            // A caller that breaks off is its own affair.
            _ = connection.as_mut() => return None,
            _ = stop.changed() => connection.as_mut().graceful_shutdown(),
        }
        let _ = connection.await;
        None
    }
}
