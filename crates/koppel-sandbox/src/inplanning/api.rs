//! InPlanning's REST API.

use axum::http::{Method, StatusCode};
use bytes::Bytes;
use jiff::civil::Date;
use serde::Serialize;
use serde_json::Value;

use super::Inner;
use super::model::User;
use super::roster::{GroupRoster, ResourceRoster};
use crate::dispatch::Incoming;
use crate::form::{Form, has_type};
use crate::reply::Reply;
use crate::route::Route;
use crate::tokens::Standing;

/// The page size without `limit`; the real one is not known.
const PAGE: usize = 100;
/// The longest period a roster is told for.
const LONGEST_DAYS: i32 = 3660;

const UNKNOWN_OBJECT: &str = r#"{"error":"not_found","error_description":"211 - Object does not exist"}"#;
const UNKNOWN_RESOURCE: &str = r#"{"error":"not_found","error_description":"211 - resource: The item you\u0027re trying to edit does not exist."}"#;

pub(super) fn answer(inner: &Inner, request: &Incoming) -> Reply {
    if request.route == Route::InPlanningToken {
        return match request.method {
            Method::POST => token(inner, request),
            _ => method_not_allowed(),
        };
    }
    match inner.tokens.standing(&request.headers) {
        Standing::Live => {}
        Standing::Expired => return unauthorized("token_expired", "The access token has expired"),
        Standing::Unknown => return unauthorized("invalid_token", "The access token is invalid"),
    }
    let result = match (request.route, request.method.as_str()) {
        (Route::Users, "GET") => users(inner, request),
        (Route::Users, "POST") => create_user(inner, request),
        (Route::Users, "PUT") => replace_user(inner, request),
        (Route::User, "GET") => Ok(user(inner, request)),
        (Route::HumanResources, "GET") => human_resources(inner, request),
        (Route::ResourceGroups, "GET") => Ok(Reply::ok(&inner.read().groups.list)),
        (Route::ResourceRoster, "GET") => resource_roster(inner, request),
        (Route::GroupRoster, "GET") => group_roster(inner, request),
        _ => Ok(method_not_allowed()),
    };
    result.unwrap_or_else(|problem| invalid(&problem))
}

fn token(inner: &Inner, request: &Incoming) -> Reply {
    if !has_type(&request.headers, "application/x-www-form-urlencoded") {
        return invalid("the token request must be a form");
    }
    let form = Form::parse(&request.body);
    if form.get("grant_type") != Some("client_credentials") {
        let problem = "grant_type must be client_credentials";
        return Reply::oauth_error(StatusCode::BAD_REQUEST, "unsupported_grant_type", problem);
    }
    match inner.tokens.issue(&request.headers, &form) {
        Some((token, seconds)) => Reply::ok(&serde_json::json!({
            "access_token": token,
            "expires_in": seconds,
            "token_type": "Bearer",
        })),
        None => unauthorized("invalid_client", "Bad client credentials"),
    }
}

fn users(inner: &Inner, request: &Incoming) -> Result<Reply, String> {
    let state = inner.read();
    match limit(request)? {
        Some(limit) => Ok(Reply::ok(&state.users.iter().map(|u| &**u).take(limit).collect::<Vec<_>>())),
        None => Ok(whole(state.users_json.get_or_init(|| list(state.users.iter().map(|u| &**u))))),
    }
}

fn human_resources(inner: &Inner, request: &Incoming) -> Result<Reply, String> {
    let state = inner.read();
    let all = state.entries.iter().map(|e| &e.resource);
    match limit(request)? {
        Some(limit) => Ok(Reply::ok(&all.take(limit).collect::<Vec<_>>())),
        None => Ok(whole(state.resources_json.get_or_init(|| list(all)))),
    }
}

fn list<'a, T: Serialize + 'a>(all: impl Iterator<Item = &'a T>) -> Bytes {
    Reply::ok(&all.collect::<Vec<_>>()).body
}

fn whole(body: &Bytes) -> Reply {
    Reply::raw(StatusCode::OK, body.clone())
}

fn user(inner: &Inner, request: &Incoming) -> Reply {
    let user = inner.read().user(&request.params[0]).cloned();
    match user {
        Some(user) => Reply::ok(&*user),
        None => not_found(inner, UNKNOWN_OBJECT),
    }
}

fn create_user(inner: &Inner, request: &Incoming) -> Result<Reply, String> {
    let user = read_user(inner, request)?;
    let mut state = inner.write();
    if state.user(&user.username).is_some() {
        let problem = format!("username: an object with the name {} exists already", user.username);
        return Ok(Reply::oauth_error(StatusCode::CONFLICT, "conflict", &problem));
    }
    let reply = Reply::ok(&user);
    state.put_user(user);
    Ok(reply)
}

fn replace_user(inner: &Inner, request: &Incoming) -> Result<Reply, String> {
    let user = read_user(inner, request)?;
    let mut state = inner.write();
    if state.user(&user.username).is_none() {
        return Ok(not_found(inner, UNKNOWN_OBJECT));
    }
    let reply = Reply::ok(&user);
    state.put_user(user);
    Ok(reply)
}

fn read_user(inner: &Inner, request: &Incoming) -> Result<User, String> {
    if !has_type(&request.headers, "application/json") {
        return Err("the body must be application/json".into());
    }
    let body: Value = serde_json::from_slice(&request.body).map_err(|e| e.to_string())?;
    let roles = body.get("roles").and_then(Value::as_array);
    // Without this check a list would be read as the values of an object.
    if !body.is_object() || !roles.into_iter().flatten().all(Value::is_object) {
        return Err("expected an object".into());
    }
    let mut user: User = serde_json::from_value(body).map_err(|e| e.to_string())?;
    if user.username.trim().is_empty() {
        return Err("username: a value is required".into());
    }
    if inner.normalise_roles {
        normalise_roles(&mut user);
    }
    Ok(user)
}

/// Drops what means nothing for the role: a `n.v.t.`, and planning groups for anybody but a planner.
fn normalise_roles(user: &mut User) {
    for role in user.roles.iter_mut().flatten() {
        role.worklocation_group.take_if(|group| group == "n.v.t.");
        if role.role != "Planner" {
            role.exchange_group = None;
            role.shift_group = None;
        }
    }
}

fn resource_roster(inner: &Inner, request: &Incoming) -> Result<Reply, String> {
    let name = required(request, "resource")?;
    let period = period(request)?;
    let state = inner.read();
    let Some(entry) = state.entry(name).cloned() else {
        return Ok(not_found(inner, UNKNOWN_RESOURCE));
    };
    let groups = state.groups.clone();
    drop(state);
    Ok(Reply::ok(&ResourceRoster::new(&entry, &groups, period, false)))
}

fn group_roster(inner: &Inner, request: &Incoming) -> Result<Reply, String> {
    let name = required(request, "resourceGroup")?;
    let period = period(request)?;
    let state = inner.read();
    if state.groups.get(name).is_none() {
        return Ok(not_found(inner, UNKNOWN_OBJECT));
    }
    let entries = state.in_group(name, period.0, period.1);
    let groups = state.groups.clone();
    drop(state);
    let rosters = entries.iter().map(|e| ResourceRoster::new(e, &groups, period, true));
    Ok(Reply::ok(&GroupRoster { resource_rosters: rosters.collect() }))
}

/// How many objects are asked for; none for all of them.
fn limit(request: &Incoming) -> Result<Option<usize>, String> {
    match request.query.get("limit") {
        None => Ok(Some(PAGE)),
        Some("0") => Ok(None),
        Some(text) => {
            let limit = text.parse().map_err(|_| format!("limit: \"{text}\" is no number"))?;
            Ok(Some(limit))
        }
    }
}

fn period(request: &Incoming) -> Result<(Date, Date), String> {
    let date = |name: &str| -> Result<Date, String> {
        let text = required(request, name)?;
        Date::strptime("%Y-%m-%d", text).map_err(|_| format!("{name}: \"{text}\" is no date (yyyy-MM-dd)"))
    };
    let (first, last) = (date("startDate")?, date("endDate")?);
    let days = first.until(last).map_err(|e| e.to_string())?.get_days();
    if days < 0 {
        return Err("endDate lies before startDate".into());
    }
    if days > LONGEST_DAYS {
        return Err("the period is too long".into());
    }
    Ok((first, last))
}

fn required<'a>(request: &'a Incoming, name: &str) -> Result<&'a str, String> {
    let value = request.query.get(name).filter(|v| !v.is_empty());
    value.ok_or_else(|| format!("{name}: a value is required"))
}

fn not_found(inner: &Inner, body: &'static str) -> Reply {
    let status = StatusCode::from_u16(inner.not_found_status).unwrap_or(StatusCode::NOT_FOUND);
    Reply::raw(status, body)
}

fn invalid(problem: &str) -> Reply {
    Reply::oauth_error(StatusCode::BAD_REQUEST, "invalid_request", problem)
}

fn unauthorized(error: &str, description: &str) -> Reply {
    Reply::oauth_error(StatusCode::UNAUTHORIZED, error, description)
}

fn method_not_allowed() -> Reply {
    Reply::oauth_error(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "No such operation")
}
