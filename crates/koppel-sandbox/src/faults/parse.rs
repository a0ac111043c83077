//! Reading a fault specification.

use std::str::FromStr;
use std::time::Duration;

use super::{Faults, Kind, RoutePattern, Rule};
use crate::route::{METHODS, Route, System, find_below};

/// A fault specification that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("fault rule \"{rule}\": {problem}")]
pub struct FaultSpecError {
    /// The rule with the problem.
    pub rule: String,
    /// What is wrong with it.
    pub problem: String,
}

impl FromStr for Faults {
    type Err = FaultSpecError;

    fn from_str(spec: &str) -> Result<Self, FaultSpecError> {
        if spec.trim().is_empty() {
            return Ok(Self::default());
        }
        let rule = |text: &str| {
            let text = text.trim();
            parse_rule(text).map_err(|problem| FaultSpecError { rule: text.to_owned(), problem })
        };
        spec.split(',').map(rule).collect::<Result<_, _>>().map(Self)
    }
}

fn parse_rule(text: &str) -> Result<Rule, String> {
    let shape = || "expected SYSTEM:[METHOD ]ROUTE:KIND, such as inplanning:GET /users:503*2".to_owned();
    let (system, rest) = text.split_once(':').ok_or_else(shape)?;
    let (what, effect) = rest.rsplit_once(':').ok_or_else(shape)?;
    let system = parse_system(system.trim())?;
    let (method, route) = match what.trim().split_once(char::is_whitespace) {
        Some((method, route)) => (parse_method(method)?, route.trim()),
        None => (None, what.trim()),
    };
    let route = parse_route(system, route)?;
    let effect = effect.trim();
    let end = effect.find(['@', '*', '%']).unwrap_or(effect.len());
    let kind = parse_kind(effect[..end].trim())?;
    if matches!(kind, Kind::CursorRepeat | Kind::CursorCycle) && system == Some(System::InPlanning) {
        return Err("only IPassan's lists have a cursor".into());
    }
    let mut rule = Rule { text: text.to_owned(), system, method, route, kind, from: 1, times: Some(1), chance: None };
    parse_modifiers(&mut rule, &effect[end..])?;
    Ok(rule)
}

fn parse_system(text: &str) -> Result<Option<System>, String> {
    match text {
        "inplanning" => Ok(Some(System::InPlanning)),
        "ipassan" => Ok(Some(System::IPassan)),
        "*" => Ok(None),
        _ => Err(format!("unknown system \"{text}\" (inplanning, ipassan or *)")),
    }
}

fn parse_method(text: &str) -> Result<Option<String>, String> {
    let upper = text.to_ascii_uppercase();
    if upper == "*" {
        return Ok(None);
    }
    if METHODS[..4].contains(&upper.as_str()) {
        return Ok(Some(upper));
    }
    Err(format!("unknown method \"{text}\" (GET, POST, PUT, DELETE or *)"))
}

fn parse_route(system: Option<System>, text: &str) -> Result<RoutePattern, String> {
    if text == "*" {
        return Ok(RoutePattern::Any);
    }
    let in_system = |route: &Route| system.is_none_or(|s| s == route.system());
    if !text.starts_with('/') {
        if Route::ALL.iter().any(|r| in_system(r) && r.short() == text) {
            return Ok(RoutePattern::Name(text.to_owned()));
        }
        let mut names: Vec<&str> = Route::ALL.iter().filter(|r| in_system(r)).map(|r| r.short()).collect();
        names.dedup();
        return Err(format!("unknown route \"{text}\" ({}, a path or *)", names.join(", ")));
    }
    if let Some(start) = text.strip_suffix('*') {
        return Ok(RoutePattern::Prefix(start.to_owned()));
    }
    if let Some(route) = Route::ALL.into_iter().find(|r| in_system(r) && r.template() == text) {
        return Ok(RoutePattern::Template(route));
    }
    let systems = [System::InPlanning, System::IPassan];
    if systems.into_iter().any(|s| system.is_none_or(|wanted| wanted == s) && find_below(s, text).is_some()) {
        return Ok(RoutePattern::Exact(text.to_owned()));
    }
    Err(format!("no such path \"{text}\""))
}

fn parse_kind(text: &str) -> Result<Kind, String> {
    let (name, argument) = match text.split_once('(') {
        None => (text, None),
        Some((name, rest)) => {
            let argument = rest.strip_suffix(')').ok_or("a parenthesis is not closed")?;
            (name, Some(argument))
        }
    };
    let kind = match (name, argument) {
        ("cut-before", None) => Kind::CutBefore,
        ("cut-after", None) => Kind::CutAfter,
        ("truncate", None) => Kind::Truncate,
        ("html", None) => Kind::Html,
        ("cursor-repeat", None) => Kind::CursorRepeat,
        ("cursor-cycle", None) => Kind::CursorCycle,
        ("slow", Some(ms)) => Kind::Slow(Duration::from_millis(number(ms, "milliseconds")?)),
        ("slow", None) => return Err("slow needs its milliseconds: slow(500)".into()),
        (name, argument) => parse_status(name, argument)?,
    };
    Ok(kind)
}

fn parse_status(name: &str, argument: Option<&str>) -> Result<Kind, String> {
    let (digits, committed) = match name.strip_suffix("-after") {
        Some(digits) => (digits, true),
        None => (name, false),
    };
    let code = digits
        .parse::<u16>()
        .ok()
        .filter(|code| (400..600).contains(code))
        .ok_or_else(|| {
            format!(
                "unknown kind \"{name}\" (a status from 400 to 599, cut-before, cut-after, slow(MS), truncate, html, cursor-repeat or cursor-cycle)"
            )
        })?;
    let retry_after = match argument {
        None => None,
        Some(argument) => {
            let seconds = argument
                .trim()
                .strip_prefix("retry-after=")
                .ok_or_else(|| format!("unknown argument \"{argument}\" (retry-after=SECONDS)"))?;
            Some(number(seconds, "seconds")?)
        }
    };
    Ok(Kind::Status { code, retry_after, committed })
}

fn parse_modifiers(rule: &mut Rule, mut text: &str) -> Result<(), String> {
    let mut counted = false;
    while let Some(mark) = text.chars().next() {
        let rest = &text[mark.len_utf8()..];
        let end = rest.find(['@', '*', '%']).unwrap_or(rest.len());
        let value = rest[..end].trim();
        match mark {
            '@' => rule.from = number(value, "the number after @").and_then(at_least_one)?,
            '*' => {
                counted = true;
                rule.times = match value {
                    "" => None,
                    value => Some(number(value, "the number after *").and_then(at_least_one)?),
                };
            }
            '%' => {
                let percent = value.parse().ok().filter(|p| (0.0..=100.0).contains(p));
                rule.chance = Some(percent.ok_or_else(|| format!("\"{value}\" after % is no number from 0 to 100"))?);
            }
            _ => return Err(format!("unexpected \"{text}\" after the kind")),
        }
        text = &rest[end..];
    }
    if rule.chance.is_some() && !counted {
        rule.times = None;
    }
    Ok(())
}

fn number<T: FromStr>(text: &str, what: &str) -> Result<T, String> {
    text.trim().parse().map_err(|_| format!("\"{text}\" is no whole number ({what})"))
}

fn at_least_one(n: u64) -> Result<u64, String> {
    if n == 0 { Err("counting starts at 1".into()) } else { Ok(n) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> Rule {
        text.parse::<Faults>().unwrap().0.remove(0)
    }

    fn problem(text: &str) -> String {
        text.parse::<Faults>().unwrap_err().to_string()
    }

    #[test]
    fn a_rule_is_read_in_all_its_parts() {
        let r = rule("inplanning:get /users:429(retry-after=3)@2*4%12.5");
        assert_eq!(r.system, Some(System::InPlanning));
        assert_eq!(r.method.as_deref(), Some("GET"));
        assert_eq!(r.route, RoutePattern::Template(Route::Users));
        assert_eq!(r.kind, Kind::Status { code: 429, retry_after: Some(3), committed: false });
        assert_eq!((r.from, r.times, r.chance), (2, Some(4), Some(12.5)));
    }

    #[test]
    fn a_rule_fires_once_unless_it_says_otherwise() {
        assert_eq!(rule("ipassan:POST person:cut-after").times, Some(1));
        assert_eq!(rule("ipassan:POST person:cut-after*").times, None);
        assert_eq!(rule("*:*:503%5").times, None);
        assert_eq!(rule("*:*:503%5*2").times, Some(2));
    }

    #[test]
    fn routes_are_names_templates_paths_and_prefixes() {
        assert_eq!(rule("ipassan:person:html").route, RoutePattern::Name("person".into()));
        assert_eq!(rule("inplanning:/users/{username}:html").route, RoutePattern::Template(Route::User));
        assert_eq!(rule("inplanning:/users/1001:html").route, RoutePattern::Exact("/users/1001".into()));
        assert_eq!(rule("inplanning:/roster/*:html").route, RoutePattern::Prefix("/roster/".into()));
    }

    #[test]
    fn a_list_keeps_its_order_and_its_text() {
        let text = "inplanning:GET /users:503*2,ipassan:*:slow(20)*";
        let faults: Faults = text.parse().unwrap();
        assert_eq!(faults.0.len(), 2);
        assert_eq!(faults.to_string(), text);
        assert!("".parse::<Faults>().unwrap().is_empty());
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (text, expected) in [
            ("inplanning", "expected SYSTEM"),
            ("sap:*:503", "unknown system \"sap\""),
            ("ipassan:FETCH person:503", "unknown method \"FETCH\""),
            ("ipassan:users:503", "unknown route \"users\" (token, base, site, person"),
            ("inplanning:/user:503", "no such path \"/user\""),
            ("inplanning:users:explode", "unknown kind \"explode\""),
            ("inplanning:users:200", "unknown kind \"200\""),
            ("inplanning:users:slow", "slow(500)"),
            ("inplanning:users:slow(x)", "\"x\" is no whole number"),
            ("inplanning:users:429(retry-after=1", "not closed"),
            ("inplanning:users:429(wait=1)", "unknown argument"),
            ("inplanning:users:503*0", "counting starts at 1"),
            ("inplanning:users:503%101", "from 0 to 100"),
            ("inplanning:users:cursor-cycle", "only IPassan"),
            ("*:*:503,", "fault rule \"\""),
        ] {
            let message = problem(text);
            assert!(message.contains(expected), "{text}: {message}");
        }
    }
}
