//! A chat back end for load tests: answers 200 and counts what reached it.
//!
//! `GET /counts` tells requests, bytes, and how many bodies still held a handle,
//! which must be none. It keeps nothing else of what it receives.
//!
//! ```sh
//! cargo run --release --example vendor -- 127.0.0.1:9000
//! ```

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Json;
use axum::routing::get;
use axum::{Router, serve};
use cloakroom::domain::handle::PREFIX;
use memchr::memmem;
use serde_json::{Value, json};
use tokio::net::TcpListener;

#[derive(Default)]
struct Counts {
    requests: AtomicU64,
    bytes: AtomicU64,
    with_a_handle: AtomicU64,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9000".to_owned());
    let vendor = Router::new()
        .route("/counts", get(counts))
        .fallback(chat)
        .with_state(Arc::new(Counts::default()));
    serve(TcpListener::bind(address).await?, vendor).await?;
    Ok(())
}

async fn chat(State(counts): State<Arc<Counts>>, body: Bytes) -> &'static str {
    counts.requests.fetch_add(1, Ordering::Relaxed);
    counts.bytes.fetch_add(u64::try_from(body.len()).unwrap_or(u64::MAX), Ordering::Relaxed);
    if memmem::find(&body, PREFIX.as_bytes()).is_some() {
        counts.with_a_handle.fetch_add(1, Ordering::Relaxed);
    }
    "{\"id\":\"conversation-1\",\"statusCode\":0}"
}

async fn counts(State(counts): State<Arc<Counts>>) -> Json<Value> {
    let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
    Json(json!({
        "requests": read(&counts.requests),
        "bytes": read(&counts.bytes),
        "with_a_handle": read(&counts.with_a_handle),
    }))
}
