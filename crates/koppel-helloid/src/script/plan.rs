//! How a script is run, found from its words alone.
//!
//! Everything here may err on one side only: what is doubtful runs in a context of its own and is given everything.

use std::collections::HashSet;

use super::tokens::{HEADS, Kind, Token, tokens};

/// What a script is given of one of its objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Need {
    /// The whole of it.
    Whole,
    /// These keys; it asks for nothing else.
    Keys(Vec<String>),
}

/// The objects that a script can be given, by the names it knows them by.
pub(super) const OBJECTS: [&str; 4] = ["Person", "Manager", "source", "sourceContract"];

/// How a script is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Course {
    /// As a function that gives the value of this part, its last statement.
    Function {
        /// The byte where the last statement begins.
        at: usize,
        /// The byte after it.
        end: usize,
    },
    /// By `eval` within a function, as its last statement is no expression.
    Eval,
    /// In a context of its own.
    Alone,
}

/// How a script is run, and what it needs.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) course: Course,
    /// In the order of [`OBJECTS`].
    pub(super) needs: [Need; 4],
}

/// Words by which a script could reach or tell apart what surrounds it.
const REACHING: [&str; 30] = [
    "eval",
    "Function",
    "constructor",
    "prototype",
    "__proto__",
    "globalThis",
    "this",
    "arguments",
    "Reflect",
    "Symbol",
    "defineProperty",
    "defineProperties",
    "__defineGetter__",
    "__defineSetter__",
    "setPrototypeOf",
    "super",
    "with",
    "import",
    "export",
    "async",
    "await",
    "yield",
    "target",
    "debugger",
    "WeakMap",
    "WeakSet",
    "WeakRef",
    "FinalizationRegistry",
    "stackTraceLimit",
    "Promise",
];

/// What every object inherits: more can be seen through it than the key.
const INHERITED: [&str; 8] = [
    "hasOwnProperty",
    "propertyIsEnumerable",
    "valueOf",
    "toString",
    "toLocaleString",
    "isPrototypeOf",
    "__lookupGetter__",
    "__lookupSetter__",
];

/// Words that a statement begins with which is no expression.
const STATEMENTS: [&str; 24] = [
    "function", "class", "let", "const", "var", "if", "else", "for", "while", "do", "switch", "case", "default", "try",
    "catch", "finally", "return", "throw", "break", "continue", "with", "import", "export", "async",
];

/// Words that cannot end an expression, or do not stand for one.
const UNFINISHED: [&str; 13] =
    ["new", "typeof", "void", "delete", "in", "instanceof", "of", "get", "set", "static", "as", "from", "extends"];

impl Plan {
    /// For a script of which nothing is certain.
    pub(super) fn alone() -> Self {
        Self { course: Course::Alone, needs: [const { Need::Whole }; 4] }
    }

    /// How this script is run, where these names are global.
    pub(super) fn of(script: &str, globals: &HashSet<String>) -> Self {
        let Some(tokens) = tokens(script) else { return Self::alone() };
        if tokens.iter().any(|token| reaches(token)) || changes_globals(&tokens, globals) || has_directive(&tokens) {
            return Self::alone();
        }
        let course = last_expression(&tokens).map_or(Course::Eval, |(at, end)| Course::Function { at, end });
        Self { course, needs: OBJECTS.map(|name| need(&tokens, name)) }
    }
}

fn reaches(token: &Token<'_>) -> bool {
    match token.kind {
        Kind::Name => REACHING.contains(&token.text),
        Kind::Text => REACHING.contains(&token.text.trim_matches(['\'', '"'])),
        _ => false,
    }
}

/// Whether a script may assign to something that all scripts share, or take a name of it for its own.
fn changes_globals(tokens: &[Token<'_>], globals: &HashSet<String>) -> bool {
    (0..tokens.len()).filter(|at| is_reference(tokens, *at) && globals.contains(tokens[*at].text)).any(|at| {
        let mut next = at + 1;
        while tokens.get(next).is_some_and(|dot| dot.is("."))
            && tokens.get(next + 1).is_some_and(|name| name.kind == Kind::Name)
        {
            next += 2;
        }
        let assigned = tokens.get(next).is_some_and(|token| {
            token.kind == Kind::Mark
                && (matches!(token.text, "++" | "--")
                    || (token.text.ends_with('=') && !matches!(token.text, "==" | "===" | "!=" | "!==" | "<=" | ">=")))
        });
        let claimed = before(tokens, at)
            .is_some_and(|token| matches!(token.text, "++" | "--" | "delete" | "function" | "class" | "var"));
        assigned || claimed
    })
}

/// Whether a script begins with a text that stands on its own, such as "use strict".
fn has_directive(tokens: &[Token<'_>]) -> bool {
    matches!(tokens, [first, second, ..] if first.kind == Kind::Text && (second.is(";") || second.new_line))
}

fn before<'t, 'a>(tokens: &'t [Token<'a>], at: usize) -> Option<&'t Token<'a>> {
    at.checked_sub(1).map(|at| &tokens[at])
}

/// Whether a name stands for a variable here, and is not the key of something.
fn is_reference(tokens: &[Token<'_>], at: usize) -> bool {
    tokens[at].kind == Kind::Name && !before(tokens, at).is_some_and(|dot| dot.is(".") || dot.is("?."))
}

/// What of an object a script needs.
fn need(tokens: &[Token<'_>], name: &str) -> Need {
    let mut keys = Vec::new();
    for at in (0..tokens.len()).filter(|at| tokens[*at].text == name && is_reference(tokens, *at)) {
        let next = tokens.get(at + 1);
        let key = next.filter(|dot| dot.is(".")).and_then(|_| tokens.get(at + 2)).filter(|key| key.kind == Kind::Name);
        match key {
            Some(key) if INHERITED.contains(&key.text) => return Need::Whole,
            Some(key) => keys.push(key.text.to_owned()),
            // `!Person`, `typeof Person` and `Person && …` ask only whether it is there.
            None => {
                let continued = next.is_some_and(|mark| matches!(mark.text, "[" | "(" | "?." | "."));
                let asked = before(tokens, at).is_some_and(|word| matches!(word.text, "!" | "typeof"))
                    || next.is_some_and(|mark| mark.is("&&"));
                if continued || !asked {
                    return Need::Whole;
                }
            }
        }
    }
    keys.sort_unstable();
    keys.dedup();
    Need::Keys(keys)
}

/// The last statement, if it certainly is an expression and certainly is found: where it begins and ends.
///
/// The engine checks the rest: the script as a whole must be one, the part before must be one, and this part must be
/// an expression. Under these conditions a statement ends where this says so.
fn last_expression(tokens: &[Token<'_>]) -> Option<(usize, usize)> {
    let length = tokens.len() - tokens.iter().rev().take_while(|token| token.is(";")).count();
    let tokens = &tokens[..length];
    let begin = (0..length).rev().find(|at| begins_statement(tokens, *at))?;
    let (first, last) = (tokens[begin], tokens[length - 1]);
    let label = tokens.get(begin + 1).is_some_and(|token| token.is(":"));
    let block = first.is("{") || (first.kind == Kind::Name && STATEMENTS.contains(&first.text));
    (!label && !block).then(|| (first.at, last.end()))
}

fn begins_statement(tokens: &[Token<'_>], at: usize) -> bool {
    let token = &tokens[at];
    let Some(last) = before(tokens, at) else { return true };
    if token.depth > 0 || last.depth > 0 {
        return false;
    }
    if last.is(";") {
        return true;
    }
    let begins_value = match token.kind {
        Kind::Name => !matches!(token.text, "in" | "instanceof" | "of" | "as" | "from"),
        Kind::Number | Kind::Text => true,
        _ => false,
    };
    if !begins_value {
        return false;
    }
    // Two values without an operator between them are two statements.
    match last.kind {
        Kind::Mark if last.text == "}" => true,
        Kind::Mark if last.text == ")" => {
            let head = last.opened.and_then(|opened| before(tokens, opened));
            token.new_line && !head.is_some_and(|word| HEADS.contains(&word.text))
        }
        Kind::Mark => token.new_line && last.text == "]",
        Kind::Name => token.new_line && !STATEMENTS.contains(&last.text) && !UNFINISHED.contains(&last.text),
        Kind::Number | Kind::Text | Kind::Template | Kind::Regex => token.new_line,
        Kind::TemplateHead => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Course, Need, Plan};

    fn plan(script: &str) -> Plan {
        Plan::of(script, &["Math".to_owned(), "JSON".to_owned()].into())
    }

    fn last(script: &str) -> Option<&str> {
        match plan(script).course {
            Course::Function { at, end } => Some(&script[at..end]),
            Course::Eval | Course::Alone => None,
        }
    }

    #[test]
    fn the_last_statement_is_found_where_it_is_certain() {
        for (script, expected) in [
            ("1 + 1", "1 + 1"),
            ("function f() { return 1 }\nf();", "f()"),
            ("function f() { return 1 } f() // the end", "f()"),
            ("let a = 1; a", "a"),
            ("let a = f(1)\na.b", "a.b"),
            ("var f = function () {}\nf()", "f()"),
            ("if (a) { b } else { c }\nd", "d"),
            ("`a${`b${c}`}d`;\n\"x\".length", "\"x\".length"),
            ("let a = b / c / d; a", "a"),
            ("let a = /[/;]}/g; a", "a"),
            ("x = 1;\n(x)", "(x)"),
        ] {
            assert_eq!(last(script), Some(expected), "{script}");
        }
    }

    #[test]
    fn where_it_is_doubtful_it_is_not_found() {
        for script in [
            "",
            "var a = 1",
            "if (a) b",
            "if (a)\nb",
            "while (a)\nb",
            "for (;;)\nb",
            "{ a }",
            "a: b",
            "else\nb",
            "do a\nwhile (b)",
            "function f() {}\n(f)()",
            "function f() {} [1]",
            "function f() {} `a`",
            "class A {}\n+a",
            "let\na",
            "return\na",
        ] {
            assert_eq!(plan(script).course, Course::Eval, "{script}");
        }
    }

    #[test]
    fn what_could_reach_its_surroundings_runs_alone() {
        for script in [
            "this",
            "eval('1')",
            "a['constructor']",
            "Array.prototype.x = 1",
            "Math.x = 1",
            "Math = 1",
            "++Math.x",
            "function JSON() {}",
            "\"use strict\"; 1",
            "\\u0061",
            "a) ; (b",
            "`${",
            "'a",
            "/a",
            "a <!-- b",
            "} /a/ 1",
            "x++ /a/ 1",
            "async () => 1",
        ] {
            assert_eq!(plan(script).course, Course::Alone, "{script}");
        }
    }

    #[test]
    fn a_script_is_given_the_keys_that_it_names() {
        let keys = |keys: &[&str]| Need::Keys(keys.iter().map(|key| (*key).to_owned()).collect());
        for (script, expected) in [
            ("1", keys(&[])),
            ("Person.Name.NickName + Person.ExternalId + Person.Name", keys(&["ExternalId", "Name"])),
            ("`${Person.Name}`", keys(&["Name"])),
            ("a.Person.Name + 'Person'", keys(&[])),
            ("!Person || !Person.Name", keys(&["Name"])),
            ("Person && Person.Name", keys(&["Name"])),
            ("typeof Person", keys(&[])),
            ("Person", Need::Whole),
            ("f(Person)", Need::Whole),
            ("Person[a]", Need::Whole),
            ("!Person[a]", Need::Whole),
            ("Person?.Name", Need::Whole),
            ("Person.hasOwnProperty('a')", Need::Whole),
            ("let { Name } = Person", Need::Whole),
            ("'a' in Person", Need::Whole),
            ("{Person: 1}", Need::Whole),
        ] {
            assert_eq!(plan(script).needs[0], expected, "{script}");
        }
    }
}
