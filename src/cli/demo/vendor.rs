//! The sample vendor: takes any call, remembers the last ones, says what it got.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Method, Uri};
use axum::response::Json;
use serde_json::{Value, json};

/// Calls that are remembered.
const REMEMBERED: usize = 20;

/// What arrived at the vendor, the newest last. The demo's people are invented.
#[derive(Clone, Default)]
pub(super) struct Log(Arc<Mutex<VecDeque<Value>>>);

impl Log {
    pub(super) fn all(&self) -> Vec<Value> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn push(&self, call: Value) {
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if calls.len() == REMEMBERED {
            calls.pop_front();
        }
        calls.push_back(call);
    }
}

pub(super) fn router(log: Log) -> Router {
    Router::new().route("/received", axum::routing::get(received)).fallback(chat).with_state(log)
}

async fn received(State(log): State<Log>) -> Json<Value> {
    Json(log.all().into())
}

async fn chat(State(log): State<Log>, method: Method, uri: Uri, body: Bytes) -> Json<Value> {
    let body = serde_json::from_slice::<Value>(&body)
        .unwrap_or_else(|_| String::from_utf8_lossy(&body).into_owned().into());
    log.push(json!({ "call": format!("{method} {}", uri.path()), "body": body }));
    Json(json!({ "id": "conversation-1", "statusCode": 0 }))
}
