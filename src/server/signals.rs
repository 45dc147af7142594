//! What a signal means: TERM and INT stop gracefully, QUIT hands over.
//!
//! Before listeners close on TERM, the drain time passes with `/readyz` failing
//! and connections closing after their answer, so that a balancer in front stops
//! sending first. HUP is the upkeep's: it never ends the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use pingora::server::{ShutdownSignal, ShutdownSignalWatch};
use tokio::signal::unix::{Signal, SignalKind, signal};

pub(super) struct Signals {
    pub(super) draining: Arc<AtomicBool>,
    pub(super) drain: Duration,
}

#[async_trait]
impl ShutdownSignalWatch for Signals {
    async fn recv(&self) -> ShutdownSignal {
        let (mut term, mut int, mut quit) =
            (on(SignalKind::terminate()), on(SignalKind::interrupt()), on(SignalKind::quit()));
        tokio::select! {
            () = next(&mut term) => {}
            () = next(&mut int) => {}
            () = next(&mut quit) => {
                self.draining.store(true, Ordering::Relaxed);
                tracing::info!("handing over to the new process");
                return ShutdownSignal::GracefulUpgrade;
            }
        }
        self.draining.store(true, Ordering::Relaxed);
        tracing::info!(drain_secs = self.drain.as_secs(), "stopping");
        tokio::select! {
            () = tokio::time::sleep(self.drain) => ShutdownSignal::GracefulTerminate,
            // Asked twice: now.
            () = next(&mut term) => ShutdownSignal::FastShutdown,
            () = next(&mut int) => ShutdownSignal::FastShutdown,
        }
    }
}

/// A handler that could not be installed leaves the signal's default action,
/// which ends the process: the safe side.
pub(super) fn on(kind: SignalKind) -> Option<Signal> {
    signal(kind).ok()
}

pub(super) async fn next(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => match signal.recv().await {
            Some(()) => {}
            None => std::future::pending().await,
        },
        None => std::future::pending().await,
    }
}
