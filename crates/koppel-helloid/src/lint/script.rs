//! Checks of the scripts in both kinds of mapping.

use std::collections::HashSet;

use super::Notes;
use super::chains::{Chain, Step, behind, chains};
use super::person::{Odd, odd};
use super::roots::misspelt;
use super::syntax::Reader;
use super::target::oddity;
use crate::mapping::json::shown;
use crate::script::tokens::{Kind, Token, tokens};

/// The engine takes no longer script.
const LONGEST: usize = 256 * 1024;

/// What a script can see, and when it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Globals {
    /// `Person` and `Manager`.
    Target {
        /// Is it run for each update?
        at_update: bool,
    },
    /// `source`, and for a contract `sourceContract`.
    Source {
        /// Is it for a field of a contract?
        of_contract: bool,
    },
}

pub(super) fn check(notes: &mut Notes, reader: &mut Reader, line: usize, name: &str, script: &str, globals: Globals) {
    if script.trim().is_empty() || notes.is_full() {
        return;
    }
    if script.len() > LONGEST {
        let message = format!("has a script of more than {} KiB, which is not looked into", LONGEST / 1024);
        return notes.error("script-size", line, name, message);
    }
    if let Err(why) = reader.read(script) {
        let message = format!("has a script that is no JavaScript: {why}");
        return notes.error("script-syntax", line, name, message);
    }
    let Some(tokens) = tokens(script) else { return };
    if only_declares(&tokens) {
        let message = "has a script that ends without a value: its last statement declares something; call the function in a last line";
        notes.warning("script-value", line, name, message);
    }
    let objects: &[&str] = match globals {
        Globals::Target { .. } => &["Person", "Manager", "Iteration"],
        Globals::Source { of_contract: true } => &["source", "sourceContract"],
        Globals::Source { of_contract: false } => &["source"],
    };
    for found in misspelt(script, &tokens, objects) {
        let place = format!(", in line {} of the script", found.line);
        oddity(notes, line, name, found.name, Odd::Case(found.right.to_owned()), &place);
    }
    match globals {
        Globals::Target { at_update } => {
            let random = chains(script, &tokens, &["Math"]);
            if at_update && let Some(chain) = random.iter().find(|chain| is(chain.steps.first(), "random")) {
                let message = format!(
                    "is mapped for Update and uses Math.random in line {} of its script: each update gives it another value. Map it for Create alone",
                    chain.line
                );
                notes.warning("random-update", line, name, message);
            }
            paths(notes, line, name, &chains(script, &tokens, &["Person", "Manager"]));
            accounts(notes, line, name, &tokens, &chains(script, &tokens, &["Person"]));
        }
        Globals::Source { of_contract } => {
            let absent: &[&str] = if of_contract { &["Person"] } else { &["Person", "sourceContract"] };
            let found = chains(script, &tokens, absent);
            if let Some(chain) = found.iter().find(|chain| !chain.steps.is_empty() && !declares(&tokens, chain.root)) {
                let message = format!(
                    "reads {} in line {} of its script, which is not there: a person is mapped from source, a contract from sourceContract and source",
                    chain.root, chain.line
                );
                notes.warning("unknown-path", line, name, message);
            }
        }
    }
}

fn is(step: Option<&Step<'_>>, name: &str) -> bool {
    step.is_some_and(|step| step.name == Some(name))
}

/// Is there a variable of this name?
fn declares(tokens: &[Token<'_>], name: &str) -> bool {
    tokens.windows(2).any(|pair| matches!(pair[0].text, "let" | "const" | "var") && pair[1].is(name))
}

/// A chain as it stands in the script.
fn written(chain: &Chain<'_>) -> String {
    let mut text = chain.root.to_owned();
    for step in &chain.steps {
        let Some(name) = step.name else {
            text.push_str(if step.optional { "?.[…]" } else { "[…]" });
            continue;
        };
        text.push_str(if step.optional { "?." } else { "." });
        text.push_str(name);
    }
    text
}

fn paths(notes: &mut Notes, line: usize, name: &str, chains: &[Chain<'_>]) {
    let mut seen = HashSet::new();
    for chain in chains.iter().filter(|chain| seen.insert(written(chain))) {
        if let Some(odd) = odd(chain.root, &chain.steps, true) {
            let place = format!(", in line {} of the script", chain.line);
            oddity(notes, line, name, &written(chain), odd, &place);
        }
    }
}

/// Reads of `Person.Accounts.X.y` before anything asked whether there is an X.
fn accounts(notes: &mut Notes, line: usize, name: &str, tokens: &[Token<'_>], chains: &[Chain<'_>]) {
    if tokens.iter().any(|token| token.is("try")) {
        return;
    }
    let mut asked = HashSet::new();
    for chain in chains {
        let [accounts, Step { name: Some(system), called: false, .. }, rest @ ..] = &chain.steps[..] else { continue };
        if accounts.name != Some("Accounts") || !asked.insert(*system) {
            // Once is enough, whether it was asked or said.
            continue;
        }
        let optional = rest.first().is_none_or(|step| step.optional);
        if optional || chain.in_typeof {
            continue;
        }
        let system = shown(system);
        let message = format!(
            "reads [{}] in line {} of its script without a look at [Person.Accounts.{system}] before: for a person without an account there HelloID may throw. Begin with if (Person.Accounts.{system} && …)",
            shown(&written(chain)),
            chain.line
        );
        notes.warning("account-missing", line, name, message);
    }
}

/// Is nothing in the script but declarations, of which one is a function? Its value is undefined then.
fn only_declares(tokens: &[Token<'_>]) -> bool {
    let mut rest = tokens;
    let mut functions = 0;
    loop {
        rest = match rest {
            [] => return functions > 0,
            [mark, after @ ..] if mark.is(";") => after,
            [word, after @ ..] if word.is("function") => {
                functions += 1;
                let parameters = after.iter().position(|token| token.is("(")).and_then(|at| after.get(at..));
                parameters.map(behind).map(behind).unwrap_or_default()
            }
            [word, after @ ..] if matches!(word.text, "let" | "const" | "var") && word.kind == Kind::Name => {
                statement_end(after)
            }
            _ => return false,
        };
    }
}

/// What follows the statement: behind its semicolon, or on a new line that does not go on with it.
fn statement_end<'t, 'a>(tokens: &'t [Token<'a>]) -> &'t [Token<'a>] {
    let depth = tokens.first().map_or(0, |token| token.depth);
    for (at, pair) in tokens.windows(2).enumerate() {
        let [last, next] = pair else { break };
        if next.depth > depth {
            continue;
        }
        let open = last.kind == Kind::Mark && !matches!(last.text, ")" | "]" | "}");
        let begins = matches!(next.kind, Kind::Name | Kind::Number | Kind::Text);
        if next.is(";") || (next.new_line && begins && !open) {
            return tokens.get(at + 1..).unwrap_or_default();
        }
    }
    &[]
}
