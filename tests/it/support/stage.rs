//! The vendor played by the test itself, byte by byte, where it matters who
//! speaks first.

use std::net::SocketAddr;

use tokio::net::TcpListener;

use super::client::Browser;

/// A listener whose connections the test answers.
pub(crate) struct Stage {
    pub address: SocketAddr,
    listener: TcpListener,
}

impl Stage {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self { address: listener.local_addr().unwrap(), listener }
    }

    /// The next connection on which something is said: a health check says nothing.
    pub(crate) async fn accept(&self) -> Browser {
        loop {
            let (stream, _) = self.listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            if matches!(stream.peek(&mut [0]).await, Ok(1)) {
                return Browser::over(stream);
            }
        }
    }
}

/// A port that was open while the house looked, and is closed when a call comes.
pub(crate) struct Leaving(std::net::TcpListener);

impl Leaving {
    pub(crate) fn open() -> Self {
        Self(std::net::TcpListener::bind("127.0.0.1:0").unwrap())
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    /// From here on connections are refused.
    pub(crate) fn leave(self) {
        drop(self.0);
    }
}
