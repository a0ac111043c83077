//! What a script reads of the objects that it is given: `Person.Name.NickName` and the like.

use crate::script::tokens::{Kind, Token};

/// A name with what is taken out of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chain<'a> {
    pub(super) root: &'a str,
    pub(super) steps: Vec<Step<'a>>,
    /// The line of the script, from 1.
    pub(super) line: usize,
    /// Is it what `typeof` is asked of?
    pub(super) in_typeof: bool,
}

/// One step of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step<'a> {
    /// The name; `None` for what only the running script knows, such as `[i]`.
    pub(super) name: Option<&'a str>,
    /// It is taken with `?.`, so that nothing is thrown where there is nothing.
    pub(super) optional: bool,
    /// It is called.
    pub(super) called: bool,
}

/// The chains that begin with one of the roots, in the order of the script.
pub(super) fn chains<'a>(script: &str, tokens: &[Token<'a>], roots: &[&str]) -> Vec<Chain<'a>> {
    let mut chains = Vec::new();
    let (mut seen, mut line) = (0, 1);
    for (at, token) in tokens.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| tokens.get(before));
        let member = before.is_some_and(|token| token.is(".") || token.is("?."));
        if token.kind == Kind::Name && !member && roots.contains(&token.text) {
            line += script.get(seen..token.at).unwrap_or_default().matches('\n').count();
            seen = token.at;
            chains.push(Chain {
                root: token.text,
                steps: steps(tokens.get(at + 1..).unwrap_or_default()),
                line,
                in_typeof: before.is_some_and(|token| token.is("typeof")),
            });
        }
    }
    chains
}

fn steps<'a>(mut rest: &[Token<'a>]) -> Vec<Step<'a>> {
    let mut steps: Vec<Step<'a>> = Vec::new();
    loop {
        let (optional, after) = match rest {
            [dot, after @ ..] if dot.is(".") => (false, after),
            [dot, after @ ..] if dot.is("?.") => (true, after),
            [open, ..] if open.is("[") => (false, rest),
            [open, ..] if open.is("(") => {
                if let Some(last) = steps.last_mut() {
                    last.called = true;
                }
                return steps;
            }
            _ => return steps,
        };
        let (name, next) = match after {
            [word, next @ ..] if word.kind == Kind::Name => (Some(word.text), next),
            [open, text, close, next @ ..] if open.is("[") && text.kind == Kind::Text && close.is("]") => {
                (Some(text.text.trim_matches(['"', '\''])), next)
            }
            [open, ..] if open.is("[") => (None, behind(after)),
            _ => return steps,
        };
        steps.push(Step { name, optional, called: false });
        rest = next;
    }
}

/// What follows the bracket that closes the first one.
pub(super) fn behind<'t, 'a>(tokens: &'t [Token<'a>]) -> &'t [Token<'a>] {
    let mut open = 0usize;
    for (at, token) in tokens.iter().enumerate().filter(|(_, token)| token.kind == Kind::Mark) {
        match token.text {
            "(" | "[" | "{" => open += 1,
            ")" | "]" | "}" => open = open.saturating_sub(1),
            _ => {}
        }
        if open == 0 {
            return tokens.get(at + 1..).unwrap_or_default();
        }
    }
    &[]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::tokens::tokens;

    fn seen(script: &str) -> Vec<String> {
        let tokens = tokens(script).unwrap();
        chains(script, &tokens, &["Person", "Manager"])
            .iter()
            .map(|chain| {
                let step = |step: &Step<'_>| {
                    let dot = if step.optional { "?." } else { "." };
                    let call = if step.called { "()" } else { "" };
                    format!("{dot}{}{call}", step.name.unwrap_or("*"))
                };
                let asked = if chain.in_typeof { "typeof " } else { "" };
                format!("{asked}{}{}", chain.root, chain.steps.iter().map(step).collect::<String>())
            })
            .collect()
    }

    #[test]
    fn chains_are_found_wherever_they_stand() {
        assert_eq!(seen("let a = Person.Name.NickName.trim(1).x"), ["Person.Name.NickName.trim()"]);
        assert_eq!(seen("typeof Person['Accounts'].X?.mail"), ["typeof Person.Accounts.X?.mail"]);
        assert_eq!(seen("Person.Contracts[i[0]].StartDate"), ["Person.Contracts.*.StartDate"]);
        assert_eq!(seen("`${Person.ExternalId}` + [...Manager.Contracts]"), ["Person.ExternalId", "Manager.Contracts"]);
        assert_eq!(seen("f(Person\n  .Name // x\n  .Initials)"), ["Person.Name.Initials"]);
        assert_eq!(seen("Person"), ["Person"]);
    }

    #[test]
    fn what_only_looks_like_one_is_none() {
        assert_eq!(seen("a.Person.Name; 'Person.Name'; /Person.Name/; // Person.Name"), [""; 0]);
        assert_eq!(seen("Person."), ["Person"]);
        assert_eq!(seen("Person[Person[Person[0]]]"), ["Person.*", "Person.*", "Person.*"]);
    }

    #[test]
    fn the_line_is_that_of_the_name() {
        let script = "// Person\n`a\n`;\nPerson.Name + \n/* \n */ Person\n.Name";
        let tokens = tokens(script).unwrap();
        let lines: Vec<usize> = chains(script, &tokens, &["Person"]).iter().map(|chain| chain.line).collect();
        assert_eq!(lines, [4, 6]);
    }
}
