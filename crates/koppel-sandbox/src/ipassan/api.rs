//! IPassan's REST API.

use axum::http::{Method, StatusCode};
use serde::Serialize;

use super::Inner;
use super::model::{AccessType, Person};
use super::state::State;
use crate::dispatch::{CursorFault, Incoming};
use crate::form::{Form, has_type};
use crate::options::MissingPerson;
use crate::reply::Reply;
use crate::route::Route;
use crate::tokens::Standing;

/// The largest page, and the page without `limit`.
const PAGE: usize = 50;
/// The longest `other`.
const OTHER_MAX: usize = 255;

pub(super) fn answer(inner: &Inner, request: &Incoming) -> Reply {
    if request.route == Route::IPassanToken {
        return match request.method {
            Method::POST => token(inner, request),
            _ => method_not_allowed(),
        };
    }
    if inner.tokens.standing(&request.headers) != Standing::Live {
        return Reply::api_error(StatusCode::UNAUTHORIZED, "Unauthorized");
    }
    let of_site = matches!(request.route, Route::Persons | Route::Person);
    if of_site && request.params[0] != inner.site_id {
        return access_denied();
    }
    let result = match (request.route, request.method.as_str()) {
        (Route::Bases, "GET") => bases(inner, request),
        (Route::Sites, "GET") => sites(inner, request),
        (Route::Persons, "GET") => persons(inner, request),
        (Route::Persons, "POST") => create(inner, request),
        (Route::Person, "GET") => Ok(person(inner, request)),
        (Route::Person, "PUT") => update(inner, request),
        (Route::Person, "DELETE") => Ok(delete(inner, request)),
        _ => Ok(method_not_allowed()),
    };
    result.unwrap_or_else(|problem| Reply::api_error(StatusCode::BAD_REQUEST, &problem))
}

fn token(inner: &Inner, request: &Incoming) -> Reply {
    let bad = |error: &str, problem: &str| Reply::oauth_error(StatusCode::BAD_REQUEST, error, problem);
    let form = match form(request) {
        Ok(form) => form,
        Err(problem) => return bad("invalid_request", &problem),
    };
    if form.get("grant_type") != Some("client_credentials") {
        return bad("unsupported_grant_type", "grant_type must be client_credentials");
    }
    if form.get("scope") != Some("all") {
        return bad("invalid_scope", "scope must be all");
    }
    match inner.tokens.issue(&request.headers, &form) {
        Some((token, seconds)) => Reply::ok(&serde_json::json!({
            "token_type": "Bearer",
            "expires_in": seconds,
            "access_token": token,
        })),
        None => Reply::oauth_error(StatusCode::UNAUTHORIZED, "invalid_client", "Client authentication failed"),
    }
}

#[derive(Serialize)]
struct Page<'a, T> {
    data: Vec<&'a T>,
    next_cursor: Option<usize>,
}

fn bases(inner: &Inner, request: &Incoming) -> Result<Reply, String> {
    let window = Window::of(request)?;
    let all = inner.bases.iter().map(|b| &b.view);
    Ok(page(&window.cut(all), &window, inner.bases.len(), request))
}

fn sites(inner: &Inner, request: &Incoming) -> Result<Reply, String> {
    let window = Window::of(request)?;
    match inner.bases.iter().find(|b| b.view.uuid == request.params[0]) {
        Some(base) => Ok(page(&window.cut(base.sites.iter()), &window, base.sites.len(), request)),
        None => Ok(access_denied()),
    }
}

fn persons(inner: &Inner, request: &Incoming) -> Result<Reply, String> {
    let window = Window::of(request)?;
    let state = inner.read();
    let (found, total) = (state.page(window.offset, window.limit), state.len());
    drop(state);
    let found: Vec<&Person> = found.iter().map(|p| &**p).collect();
    Ok(page(&found, &window, total, request))
}

/// Which part of a list is asked for.
struct Window {
    offset: usize,
    limit: usize,
}

impl Window {
    fn of(request: &Incoming) -> Result<Self, String> {
        let number = |name: &str, default: usize| match request.query.get(name) {
            None => Ok(default),
            Some(text) => text.parse().map_err(|_| format!("{name} must be a number")),
        };
        Ok(Self { offset: number("offset", 0)?, limit: number("limit", PAGE)?.clamp(1, PAGE) })
    }

    fn cut<'a, T>(&self, all: impl Iterator<Item = &'a T>) -> Vec<&'a T> {
        all.skip(self.offset).take(self.limit).collect()
    }
}

fn page<T: Serialize>(data: &[&T], window: &Window, total: usize, request: &Incoming) -> Reply {
    let next = window.offset.saturating_add(data.len());
    let next_cursor = match request.cursor {
        Some(CursorFault::Repeat) => Some(window.offset),
        Some(CursorFault::Cycle) => Some(0),
        None => (next < total && !data.is_empty()).then_some(next),
    };
    Reply::ok(&Page { data: data.to_vec(), next_cursor })
}

fn create(inner: &Inner, request: &Incoming) -> Result<Reply, String> {
    let form = form(request)?;
    let mut person = Person { kind: 1, ..Person::default() };
    let mut state = inner.write();
    apply(&mut person, &form, &state)?;
    if person.lastname.is_empty() {
        return Err("lastname is required".into());
    }
    let person = state.insert(person);
    drop(state);
    Ok(Reply::ok(&*person))
}

fn person(inner: &Inner, request: &Incoming) -> Reply {
    let person = inner.read().get(&request.params[1]);
    match person {
        Some(person) => Reply::ok(&*person),
        None => missing(inner),
    }
}

fn update(inner: &Inner, request: &Incoming) -> Result<Reply, String> {
    let form = form(request)?;
    let mut state = inner.write();
    let Some(current) = state.get(&request.params[1]) else {
        return Ok(missing(inner));
    };
    let mut person = Person::clone(&current);
    apply(&mut person, &form, &state)?;
    let person = state.insert(person);
    drop(state);
    Ok(Reply::ok(&*person))
}

fn delete(inner: &Inner, request: &Incoming) -> Reply {
    if inner.write().remove(&request.params[1]) { Reply::no_content() } else { missing(inner) }
}

/// Takes over what the form names; everything else stays.
fn apply(person: &mut Person, form: &Form, state: &State) -> Result<(), String> {
    if let Some(name) = form.get("lastname") {
        if name.is_empty() {
            return Err("lastname is required".into());
        }
        name.clone_into(&mut person.lastname);
    }
    let texts = [
        ("firstname", &mut person.firstname),
        ("phone", &mut person.phone),
        ("mail", &mut person.mail),
        ("number", &mut person.number),
        ("other", &mut person.other),
    ];
    for (name, field) in texts {
        if let Some(value) = form.get(name) {
            if name == "other" && value.chars().count() > OTHER_MAX {
                return Err(format!("other may have at most {OTHER_MAX} characters"));
            }
            *field = (value != "null").then(|| value.to_owned());
        }
    }
    if let Some(kind) = form.get("type") {
        person.kind = match kind {
            "1" => 1,
            "2" => 2,
            "3" => 3,
            _ => return Err("type must be 1, 2 or 3".into()),
        };
    }
    for name in ["doorPermanent", "doorTemporary", "floorPermanent", "floorTemporary"] {
        let Some(value) = form.get(&format!("accessType[{name}]")) else {
            continue;
        };
        // A profile that does not exist is ignored without a word.
        if value != "null" && !state.is_profile(value) {
            continue;
        }
        let slots = person.access_type.get_or_insert_with(AccessType::default);
        if let Some(slot) = slots.slot(name) {
            *slot = (value != "null").then(|| value.to_owned());
        }
    }
    Ok(())
}

fn form(request: &Incoming) -> Result<Form, String> {
    if !has_type(&request.headers, "application/x-www-form-urlencoded") {
        return Err("the body must be a form".into());
    }
    Ok(Form::parse(&request.body))
}

fn missing(inner: &Inner) -> Reply {
    match inner.missing_person {
        MissingPerson::EmptyBody => Reply::raw(StatusCode::OK, "{}"),
        MissingPerson::NotFound => Reply::api_error(StatusCode::NOT_FOUND, "Not Found"),
    }
}

fn access_denied() -> Reply {
    Reply::api_error(StatusCode::FORBIDDEN, "Access Denied")
}

fn method_not_allowed() -> Reply {
    Reply::api_error(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
}
