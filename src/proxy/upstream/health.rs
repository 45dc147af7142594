//! Whether a server takes connections: the health check of an upstream.
//!
//! Plain TCP, so that a vendor sees no call that nobody made. The library's own check
//! keeps a TLS connector for each upstream, and with it the system's CAs: 10 ms of the
//! start for each route.

use std::time::Duration;

use async_trait::async_trait;
use pingora::lb::Backend;
use pingora::lb::health_check::HealthCheck;
use pingora::{Error, ErrorType, Result};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long a server may take to accept.
const CONNECT_MAX: Duration = Duration::from_secs(1);

/// Healthy is who accepts a connection.
pub(super) struct Accepts;

#[async_trait]
impl HealthCheck for Accepts {
    async fn check(&self, server: &Backend) -> Result<()> {
        let refused = || Error::new_up(ErrorType::ConnectError);
        let address = server.addr.as_inet().ok_or_else(refused)?;
        let connected = timeout(CONNECT_MAX, TcpStream::connect(address)).await;
        match connected {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) => Err(refused()),
            Err(_) => Err(Error::new_up(ErrorType::ConnectTimedout)),
        }
    }

    /// One check is enough for either: a call that meets a dead server goes to another.
    fn health_threshold(&self, _success: bool) -> usize {
        1
    }
}
