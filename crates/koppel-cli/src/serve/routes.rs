//! The routes, and who may use them.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use koppel::manifest::manifest;
use koppel::{Error, ErrorKind};
use serde_json::json;

use super::access::{self, Visit};
use super::actions;
use super::refusal::{Refusal, json, not_found};
use super::{Service, login, metrics};
use crate::about;

/// All routes, as they are named in the log and the metrics.
pub(super) const ROUTES: [&str; 6] =
    [HEALTH, METRICS, OPENAPI, "/v1/connectors", "/v1/{connector}", "/v1/{connector}/{action}"];

const HEALTH: &str = "/healthz";
const METRICS: &str = "/metrics";
const OPENAPI: &str = "/openapi.json";

/// The routes that need no token: they hold no personal data and no secrets.
pub(super) const OPEN: [&str; 3] = [HEALTH, METRICS, OPENAPI];

/// The routes of the service.
pub(super) fn router(service: &Arc<Service>) -> Router {
    let [health, metrics, openapi, connectors, connector, action] = ROUTES;
    Router::new()
        .route(health, get(healthz))
        .route(metrics, get(self::metrics))
        .route(openapi, get(self::openapi))
        .route(connectors, get(list))
        .route(connector, get(describe))
        .route(action, post(actions::post))
        .fallback(nowhere)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn_with_state(Arc::clone(service), guard))
        .layer(middleware::from_fn_with_state(Arc::clone(service), access::log))
        .with_state(Arc::clone(service))
}

/// Lets in who holds a token; the body of a request without one is not read.
async fn guard(State(service): State<Arc<Service>>, request: Request, next: Next) -> Response {
    if OPEN.contains(&request.uri().path()) {
        return next.run(request).await;
    }
    let visit = request.extensions().get::<Arc<Visit>>().cloned();
    if let Some(label) = login::label(request.headers(), &service.tokens) {
        if let Some(visit) = visit {
            visit.token(label);
        }
        return next.run(request).await;
    }
    service.metrics.failed_logins.fetch_add(1, Ordering::Relaxed);
    if let Some(visit) = visit {
        let client = visit.client.map(tracing::field::display);
        tracing::warn!(client, route = visit.route, request_id = visit.id, "a failed login");
    }
    drop(request);
    service.logins.refuse(service.host.scrubber()).await
}

async fn healthz(State(service): State<Arc<Service>>) -> Response {
    if service.stop.is_cancelled() {
        return json(StatusCode::SERVICE_UNAVAILABLE, &json!({ "status": "stopping" }));
    }
    json(StatusCode::OK, &json!({ "status": "ok" }))
}

async fn metrics(State(service): State<Arc<Service>>) -> Response {
    ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], service.metrics.text()).into_response()
}

async fn openapi(State(service): State<Arc<Service>>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], service.openapi.clone()).into_response()
}

async fn list(State(service): State<Arc<Service>>) -> Response {
    json(StatusCode::OK, &about::list(&service.host))
}

async fn describe(State(service): State<Arc<Service>>, path: Result<Path<String>, PathRejection>) -> Response {
    let found = match path {
        Ok(Path(id)) => actions::find(&service, &id),
        Err(_) => Err(not_found("there is no such path", "its parts must be UTF-8")),
    };
    match found.map(|connector| manifest(&*connector)) {
        Ok(Ok(manifest)) => json(StatusCode::OK, &manifest),
        Ok(Err(_)) => Refusal::bug().error(service.host.scrubber()),
        Err(refusal) => refusal.error(service.host.scrubber()),
    }
}

async fn nowhere(State(service): State<Arc<Service>>) -> Response {
    not_found("there is no such path", "GET /openapi.json lists the routes").error(service.host.scrubber())
}

async fn wrong_method(State(service): State<Arc<Service>>) -> Response {
    let error = Error::new(ErrorKind::Invalid, "this path does not take this method")
        .with_hint("an action is a POST, all else is a GET; see /openapi.json");
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, error).error(service.host.scrubber())
}
