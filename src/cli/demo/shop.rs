//! The sample shop: its page holds a handle that its back end has just issued.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Json, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

use super::vendor::Log;
use super::{Places, SECRET};
use crate::server::run::http_client;

#[derive(Clone)]
struct Shop {
    places: Places,
    log: Log,
}

pub(super) fn router(places: Places, log: Log) -> Router {
    Router::new()
        .route("/", get(page))
        .route("/handle", post(issue))
        .route("/received", get(received))
        .with_state(Shop { places, log })
}

async fn page(State(shop): State<Shop>) -> Html<String> {
    Html(super::fill(include_str!("page.html"), shop.places))
}

/// What the shop's back end does when a customer has logged in.
async fn issue(State(shop): State<Shop>) -> Response {
    let customer = json!({
        "integrations": [{ "provider": "crm", "name": "customer", "id": "35621455" }],
        "fieldUpdates": [
            { "field": "schema.conversation.customer.firstName", "value": "Ann" },
            { "field": "schema.conversation.customer.custom.accountNumber", "value": "12345678" },
        ],
    });
    let issued = async {
        let url = format!("http://{}/v1/handles", shop.places.control);
        let body = json!({ "payload": customer }).to_string();
        let answer = http_client()?.post(url).bearer_auth(SECRET).body(body).send().await?;
        answer.error_for_status()?.json::<Value>().await
    };
    match issued.await {
        Ok(issued) => Json(json!({ "payload": customer, "issued": issued })).into_response(),
        Err(fault) => (StatusCode::BAD_GATEWAY, fault.to_string()).into_response(),
    }
}

async fn received(State(shop): State<Shop>) -> Json<Value> {
    Json(shop.log.all().into())
}
