//! Names that are spelled in another case than the object they mean: `person`, `math`.

use std::collections::HashSet;

use super::chains::behind;
use crate::script::tokens::{Kind, Token};

/// What every script has.
const COMMON: [&str; 9] =
    ["deleteDiacriticalMarks", "Math", "Date", "String", "Array", "RegExp", "Number", "JSON", "Object"];

/// A name in another case.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Misspelt<'a> {
    pub(super) name: &'a str,
    pub(super) right: &'static str,
    /// The line of the script, from 1.
    pub(super) line: usize,
}

/// The names that are meant to be one of these objects, or of those that every script has; each once.
pub(super) fn misspelt<'a>(script: &str, tokens: &[Token<'a>], objects: &[&'static str]) -> Vec<Misspelt<'a>> {
    let own = declared(tokens);
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| tokens.get(before));
        let member = before.is_some_and(|token| token.is(".") || token.is("?."));
        let asked = before.is_some_and(|token| token.is("typeof"));
        let key = tokens.get(at + 1).is_some_and(|token| token.is(":"));
        if token.kind != Kind::Name || member || asked || key || own.contains(token.text) {
            continue;
        }
        let mut known = objects.iter().copied().chain(COMMON);
        let Some(right) = known.find(|known| known.eq_ignore_ascii_case(token.text)) else { continue };
        if right != token.text && seen.insert(token.text) {
            let line = script.get(..token.at).unwrap_or_default().matches('\n').count() + 1;
            found.push(Misspelt { name: token.text, right, line });
        }
    }
    found
}

/// The names that a script declares. More than it does is no harm: nothing is said of them then.
fn declared<'a>(tokens: &[Token<'a>]) -> HashSet<&'a str> {
    let mut own = HashSet::new();
    for (at, token) in tokens.iter().enumerate() {
        let rest = tokens.get(at + 1..).unwrap_or_default();
        match token.text {
            "let" | "const" | "var" if token.kind == Kind::Name => declarators(rest, &mut own),
            "(" if token.kind == Kind::Mark => {
                let all = tokens.get(at..).unwrap_or_default();
                let after = behind(all).first();
                let head = at.checked_sub(1).and_then(|head| tokens.get(head));
                let statement = head.is_some_and(|head| ["if", "while", "for", "switch", "with"].contains(&head.text));
                if after.is_some_and(|after| after.is("=>") || (after.is("{") && !statement)) {
                    own.extend(head.map(|head| head.text));
                    names(all, &mut own);
                }
            }
            _ => {}
        }
        let class = token.is("class") || token.is("function");
        own.extend(rest.first().filter(|name| class && name.kind == Kind::Name).map(|name| name.text));
        let assigned = rest.first().is_some_and(|next| next.is("=") || next.is("=>"));
        let member = at.checked_sub(1).and_then(|at| tokens.get(at)).is_some_and(|token| token.is("."));
        if token.kind == Kind::Name && assigned && !member {
            own.insert(token.text);
        }
    }
    own
}

/// The names of a declaration: `a, {b, c} = d, e`.
fn declarators<'a>(tokens: &[Token<'a>], own: &mut HashSet<&'a str>) {
    let Some(depth) = tokens.first().map(|token| token.depth) else { return };
    let mut begins = true;
    for (at, token) in tokens.iter().enumerate() {
        if token.depth < depth || (token.depth == depth && (token.is(";") || token.is("of") || token.is("in"))) {
            return;
        }
        if begins && token.kind == Kind::Name {
            own.insert(token.text);
        } else if begins {
            names(tokens.get(at..).unwrap_or_default(), own);
        }
        begins = token.depth == depth && token.is(",");
    }
}

/// The names between the first bracket and its end, but not what stands behind a dot.
fn names<'a>(tokens: &[Token<'a>], own: &mut HashSet<&'a str>) {
    let inner = tokens.len() - behind(tokens).len();
    for pair in tokens.get(..inner).unwrap_or_default().windows(2) {
        if pair[1].kind == Kind::Name && !pair[0].is(".") && !pair[0].is("=") {
            own.insert(pair[1].text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::tokens::tokens;

    fn seen(script: &str) -> Vec<(&str, &str, usize)> {
        let tokens = tokens(script).unwrap();
        let found = misspelt(script, &tokens, &["Person", "Manager", "Iteration"]);
        found.iter().map(|found| (found.name, found.right, found.line)).collect()
    }

    #[test]
    fn a_name_in_another_case_is_found_once() {
        assert_eq!(seen("person.Name;\n person.Name"), [("person", "Person", 1)]);
        assert_eq!(
            seen("\nmath.max(MANAGER, json)"),
            [("math", "Math", 2), ("MANAGER", "Manager", 2), ("json", "JSON", 2)]
        );
        assert_eq!(seen("new date()"), [("date", "Date", 1)]);
        assert_eq!(seen("if (person) { 1 }"), [("person", "Person", 1)]);
        assert_eq!(seen("function f(a) { return DeletediacriticalMarks(a) } f(iteration)").len(), 2);
        assert_eq!(seen("`${person.Name}` + [...Person.Contracts]"), [("person", "Person", 1)]);
        assert_eq!(seen("let a = person, b = 1; a"), [("person", "Person", 1)]);
        assert_eq!(seen("let a = {x: person}; a"), [("person", "Person", 1)]);
    }

    #[test]
    fn what_a_script_declares_is_its_own() {
        for fine in [
            "let date = 1; date",
            "let a = 1, date = 2; date",
            "var a, date; date",
            "const {date, x: string} = Person; date + string",
            "const [number = 1] = []; number",
            "for (const object of []) { object }",
            "[].map(person => person.x)",
            "[].map((person, array) => person)",
            "[].map(({ person }) => person)",
            "function date(string) { return string } date('')",
            "function f(a, number = 2) { return number }",
            "try { f() } catch (object) { object }",
            "class person {} new person()",
            "person = Person; person",
            "let o = { date() { return 1 }, json: 2 }; o.date() + o.json + o.string",
            "typeof person",
            "a?.person; 'person' /* person */",
            "Person.x; Math.max(1); JSON.stringify({})",
        ] {
            assert_eq!(seen(fine), [], "{fine}");
        }
    }
}
