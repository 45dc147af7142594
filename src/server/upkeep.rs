//! What goes on beside the traffic: names and health of upstreams, and reload.
//!
//! A configuration with a mistake is reported and not taken: the one that runs
//! goes on. Nothing here is on a request's path.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use pingora::server::ShutdownWatch;
use pingora::services::background::BackgroundService;
use tokio::signal::unix::SignalKind;
use tokio::sync::watch;

use super::House;
use super::parts::split;
use super::run::look;
use super::signals::{next, on};
use crate::config;

pub(super) struct Upkeep {
    pub(super) house: Arc<House>,
    /// Read again on SIGHUP; none where the configuration came from no file.
    pub(super) file: Option<PathBuf>,
}

#[async_trait]
impl BackgroundService for Upkeep {
    async fn start(&self, mut shutdown: ShutdownWatch) {
        let mut hangup = on(SignalKind::hangup());
        let mut watching = self.watch_upstreams();
        loop {
            tokio::select! {
                () = next(&mut hangup) => {
                    if self.reload().await {
                        // The old generation's watchers end when this is replaced.
                        watching = self.watch_upstreams();
                    }
                }
                _ = shutdown.changed() => break,
            }
        }
        drop(watching);
    }
}

impl Upkeep {
    fn watch_upstreams(&self) -> watch::Sender<bool> {
        let (stop, stopped) = watch::channel(false);
        for upstream in self.house.upstreams() {
            tokio::spawn(upstream.watch(stopped.clone()));
        }
        stop
    }

    async fn reload(&self) -> bool {
        let generation = self.house.generation().saturating_add(1);
        let Some(file) = &self.file else { return false };
        match config::load(file, generation) {
            Ok(config) => {
                let (parts, _) = split(config);
                let routes = parts.data.routes.iter();
                look(routes.map(|route| Arc::clone(&route.upstream)).collect()).await;
                self.house.take(parts);
                tracing::info!(
                    generation,
                    "configuration taken; listeners, threads and the store stay as they were"
                );
                true
            }
            Err(mistakes) => {
                for mistake in mistakes.iter() {
                    tracing::error!(%mistake, "configuration not taken");
                }
                false
            }
        }
    }
}
