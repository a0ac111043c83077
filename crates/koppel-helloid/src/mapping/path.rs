//! Paths into persons and raw objects.

use std::borrow::Cow;

use serde_json::Value;

/// What stands at a path such as `Person.Name.NickName`, spelled exactly.
///
/// # Errors
/// It leads nowhere; with what there is to say about it, if anything.
pub(super) fn walk<'a>(path: &str, person: &'a Value, manager: Option<&'a Value>) -> Result<&'a Value, Option<String>> {
    const NO_MANAGER: &Value = &Value::Null;
    let (root, rest) = path.split_once('.').unwrap_or((path, ""));
    let start = match root {
        "Person" => person,
        "Manager" => manager.unwrap_or(NO_MANAGER),
        _ => return Err(Some(no_root(path, root, rest, person, manager))),
    };
    let found = if rest.is_empty() { Some(start) } else { rest.split('.').try_fold(start, |at, step| at.get(step)) };
    found.ok_or_else(|| nowhere(path, root, rest, start))
}

/// Why a path that begins with neither `Person` nor `Manager` gives nothing.
fn no_root(path: &str, root: &str, rest: &str, person: &Value, manager: Option<&Value>) -> String {
    if let Some(reason) = no_path(path) {
        return reason;
    }
    for (name, value) in [("Person", Some(person)), ("Manager", manager)] {
        if root.eq_ignore_ascii_case(name) {
            let (rest, _) = spelling(value.unwrap_or(&Value::Null), rest);
            return wrong_case(path, name, &rest);
        }
    }
    format!("[{path}] does not begin with Person or Manager; the value is null")
}

/// Why a path leads nowhere; nothing is to be said about a value that the person just does not have.
fn nowhere(path: &str, root: &str, rest: &str, start: &Value) -> Option<String> {
    if let Some(reason) = no_path(path) {
        return Some(reason);
    }
    let (right, list) = spelling(start, rest);
    if list {
        return Some(format!("[{path}] leads through a list, which a path cannot; the value is null. Use a script"));
    }
    (right != rest).then(|| wrong_case(path, root, &right))
}

fn wrong_case(path: &str, root: &str, rest: &str) -> String {
    let dot = if rest.is_empty() { "" } else { "." };
    format!("[{path}] is spelled [{root}{dot}{rest}] in the person; upper and lower case count, and the value is null")
}

/// Why a text is no path.
fn no_path(text: &str) -> Option<String> {
    if text.trim().is_empty() {
        return Some("the path is empty; the value is null".to_owned());
    }
    let odd = |c: char| !(c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '$' | ' '));
    if !text.contains(odd) {
        return None;
    }
    if text.contains('[') && !text.contains(['(', '{', ';', '=', '\n']) {
        let shown = super::json::shown(text);
        return Some(format!(
            "[{shown}] takes an entry out of a list, which a path cannot; the value is null. Use a script"
        ));
    }
    Some("the mode is Field and the value is a script, not a path; it is not run and the value is null. Set the mode to Complex".to_owned())
}

/// The path as the person spells it, as far as it leads, and whether it meets a list.
fn spelling(start: &Value, rest: &str) -> (String, bool) {
    let mut at = Some(start);
    let mut right: Vec<Cow<'_, str>> = Vec::new();
    for step in rest.split('.') {
        match at {
            Some(Value::Array(_)) => return (rest.to_owned(), true),
            Some(Value::Object(map)) => {
                let same = |key: &&String| key.eq_ignore_ascii_case(step.trim());
                let key = map.get_key_value(step).map(|(key, _)| key).or_else(|| map.keys().find(same));
                right.push(Cow::Borrowed(key.map_or(step, String::as_str)));
                at = key.and_then(|key| map.get(key));
            }
            _ => {
                right.push(Cow::Borrowed(step));
                at = None;
            }
        }
    }
    (right.join("."), false)
}

/// What stands at a path of a raw object; and its spelling there, where that is another one.
pub(super) fn walk_raw<'a>(raw: &'a Value, path: &str) -> (Option<&'a Value>, Option<String>) {
    if let Some(found) = path.split('.').try_fold(raw, |at, step| at.as_object()?.get(step)) {
        return (Some(found), None);
    }
    let found = koppel::lookup(raw, path);
    (found, found.map(|_| spelling(raw, path).0))
}
