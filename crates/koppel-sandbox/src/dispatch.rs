//! The way of every request: counted, spoiled if a fault says so, carried out, answered.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, Method, Response, StatusCode};
use bytes::Bytes;

use crate::faults::{Call, FaultEngine, Kind};
use crate::form::Form;
use crate::inplanning::InPlanning;
use crate::ipassan::IPassan;
use crate::reply::Reply;
use crate::route::{self, METHODS, Place, Route, System};
use crate::stats::Recorder;
use crate::watch::{Pass, Seen, Watchers};
use crate::wire::Cut;

/// No request of a connector comes near it.
const BODY_LIMIT: usize = 1 << 20;

/// Everything a request can touch.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) latency: Duration,
    pub(crate) recorder: Recorder,
    pub(crate) watchers: Watchers,
    pub(crate) faults: FaultEngine,
    pub(crate) inplanning: InPlanning,
    pub(crate) ipassan: IPassan,
}

/// A request with everything a handler needs.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) route: Route,
    pub(crate) params: [String; 2],
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
    pub(crate) query: Form,
    pub(crate) body: Bytes,
    /// What is wrong with the cursor of the answer.
    pub(crate) cursor: Option<CursorFault>,
}

/// A list that does not end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CursorFault {
    Repeat,
    Cycle,
}

/// Answers a request.
pub(crate) async fn serve(
    State(world): State<Arc<World>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: Request,
) -> Response<Body> {
    let _in_flight = world.recorder.enter();
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        return Reply::api_error(StatusCode::PAYLOAD_TOO_LARGE, "body too large or broken off").whole();
    };
    let Some(Place { route, path, params }) = route::find(head.uri.path()) else {
        world.recorder.count_unrouted();
        return Reply::api_error(StatusCode::NOT_FOUND, "no such path").whole();
    };
    let method = route::method_index(&head.method);
    world.recorder.count(route, method);
    let seen = Seen { number: 0, system: route.system(), method: METHODS[method], path, body: &body };
    let watched = world.watchers.arrives(seen);
    if watched.pass == Pass::HoldBefore {
        watched.hold().await;
    }
    let query = Form::parse(head.uri.query().unwrap_or_default().as_bytes());
    let fault = world.faults.next(&Call {
        route,
        method: METHODS[method],
        path,
        offset: query.get("offset").and_then(|o| o.parse().ok()).unwrap_or(0),
    });
    if !world.latency.is_zero() {
        tokio::time::sleep(world.latency).await;
    }

    let fault = fault.filter(|_| watched.pass == Pass::On);

    // What happens instead of the request.
    match fault {
        Some(Kind::CutBefore) => return cut_off(&cut),
        Some(Kind::Html) => return Reply::html().whole(),
        Some(Kind::Status { code, retry_after, committed: false }) => {
            return world.refuse(route, code, retry_after).whole();
        }
        _ => {}
    }

    let reply = world.carry_out(&Incoming {
        route,
        params,
        method: head.method,
        headers: head.headers,
        query,
        body,
        cursor: match fault {
            Some(Kind::CursorRepeat) => Some(CursorFault::Repeat),
            Some(Kind::CursorCycle) => Some(CursorFault::Cycle),
            _ => None,
        },
    });

    if watched.pass == Pass::HoldAfter {
        watched.hold().await;
    }

    // What happens to the answer.
    match fault {
        Some(Kind::CutAfter) => cut_off(&cut),
        Some(Kind::Truncate) => reply.truncated(),
        Some(Kind::Slow(time)) => {
            tokio::time::sleep(time).await;
            reply.whole()
        }
        Some(Kind::Status { code, retry_after, .. }) => world.refuse(route, code, retry_after).whole(),
        _ => reply.whole(),
    }
}

/// Closes the connection; what is returned never goes out.
fn cut_off(cut: &Cut) -> Response<Body> {
    cut.cut();
    Response::new(Body::empty())
}

impl World {
    fn carry_out(&self, request: &Incoming) -> Reply {
        match request.route.system() {
            System::InPlanning => self.inplanning.answer(request),
            System::IPassan => self.ipassan.answer(request),
        }
    }

    /// An error in the system's own shape; 401 also kills the running tokens.
    fn refuse(&self, route: Route, code: u16, retry_after: Option<u32>) -> Reply {
        let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let system = route.system();
        if status == StatusCode::UNAUTHORIZED {
            match system {
                System::InPlanning => self.inplanning.revoke_tokens(),
                System::IPassan => self.ipassan.revoke_tokens(),
            }
        }
        let reason = status.canonical_reason().unwrap_or("Error");
        let mut reply = match (system, status) {
            _ if route.is_token() && status == StatusCode::UNAUTHORIZED => {
                Reply::oauth_error(status, "invalid_client", "The client or its secret is unknown")
            }
            (System::InPlanning, StatusCode::UNAUTHORIZED) => {
                Reply::oauth_error(status, "invalid_token", "The access token is invalid")
            }
            (System::InPlanning, _) => Reply::oauth_error(status, "error", reason),
            (System::IPassan, _) => Reply::api_error(status, reason),
        };
        reply.retry_after = retry_after;
        reply
    }
}
