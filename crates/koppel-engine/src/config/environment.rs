//! `${NAME}` in the values of a configuration, which stand for the environment.

/// A text does not become longer than this.
const LONGEST: usize = 1024 * 1024;

/// Gives the variables of the environment.
pub(super) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Something that is wrong with a text, and at which byte of it.
pub(super) type Problem = (usize, String);

/// The text with every `${NAME}` replaced by what the environment has for it; `$${` stands for `${`.
///
/// # Errors
/// All that is wrong. It names variables and never shows their values or the text.
pub(super) fn expand(text: &str, environment: Environment<'_>) -> Result<String, Vec<Problem>> {
    let mut expanded = String::with_capacity(text.len());
    let mut problems = Vec::new();
    let mut done = 0;
    while let Some(found) = text.get(done..).and_then(|rest| rest.find("${")) {
        let at = done + found;
        let before = text.get(done..at).unwrap_or_default();
        expanded.push_str(before);
        if before.ends_with('$') {
            expanded.push('{');
            done = at + 2;
            continue;
        }
        let rest = text.get(at + 2..).unwrap_or_default();
        let name = rest.find('}').and_then(|end| rest.get(..end)).filter(|name| is_name(name));
        let Some(name) = name else {
            problems
                .push((at, "${ is not followed by the name of a variable and }; write $${ for ${ itself".to_owned()));
            done = at + 2;
            continue;
        };
        match environment(name) {
            Some(value) if expanded.len() + value.len() > LONGEST => {
                problems.push((at, format!("with the environment variable [{name}] the text is longer than 1 MiB")));
            }
            Some(value) => expanded.push_str(&value),
            None => problems.push((at, format!("the environment variable [{name}] is not set"))),
        }
        done = at + 2 + name.len() + 1;
    }
    expanded.push_str(text.get(done..).unwrap_or_default());
    if problems.is_empty() { Ok(expanded) } else { Err(problems) }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(name: &str) -> Option<String> {
        match name {
            "USER" => Some("jan".to_owned()),
            "ODD" => Some("${USER}$".to_owned()),
            "BIG" => Some("x".repeat(LONGEST)),
            _ => None,
        }
    }

    #[test]
    fn variables_are_replaced_once_and_two_dollars_are_one() {
        for (text, expected) in [
            ("", ""),
            ("no variable, $5 {x}", "no variable, $5 {x}"),
            ("${USER}", "jan"),
            ("a${USER}b${USER}", "ajanbjan"),
            ("$${USER}", "${USER}"),
            ("€$${USER}${USER}", "€${USER}jan"),
            ("${ODD}${USER}", "${USER}$jan"),
            ("${ODD}{", "${USER}${"),
            ("$", "$"),
            ("$$", "$$"),
        ] {
            assert_eq!(expand(text, &environment), Ok(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_variable_that_is_not_set_and_a_broken_one_are_named_with_their_place() {
        let problems = expand("é${NOBODY} ${USER} ${ ${not a name} ${1}", &environment).unwrap_err();
        let places: Vec<usize> = problems.iter().map(|(at, _)| *at).collect();
        assert_eq!(places, [2, 20, 23, 37]);
        assert!(problems[0].1.contains("[NOBODY] is not set"));
        assert!(problems[1].1.contains("write $${"));
        assert!(expand("${BIG}${BIG}", &environment).unwrap_err()[0].1.contains("longer than"));
    }
}
