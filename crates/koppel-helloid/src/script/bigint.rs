//! Numbers such as `9n`. HelloID's JavaScript has none, and their arithmetic may take minutes within the engine.

use super::tokens::{Kind, tokens};

/// The first such number of a script, and its line, from 1. Where it is doubtful what is text and what is not, whatever
/// looks like one counts.
pub(crate) fn find(script: &str) -> Option<(&str, u32)> {
    let (at, text) = match tokens(script) {
        Some(tokens) => {
            let found = tokens.iter().find(|token| token.kind == Kind::Number && token.text.ends_with('n'))?;
            (found.at, found.text)
        }
        None => look(script)?,
    };
    let line = script.get(..at).unwrap_or_default().matches('\n').count() + 1;
    Some((text, u32::try_from(line).unwrap_or(u32::MAX)))
}

/// A word that begins with a digit and ends with n.
fn look(script: &str) -> Option<(usize, &str)> {
    let in_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
    let mut words = script.split(|c| !in_word(c));
    let word = words.find(|word| word.starts_with(|c: char| c.is_ascii_digit()) && word.ends_with('n'))?;
    Some((word.as_ptr().addr() - script.as_ptr().addr(), word))
}

/// What is wrong with such a number.
pub(crate) fn refused(number: &str) -> String {
    format!("[{number}] is a BigInt, which HelloID's JavaScript does not have; write a number without the n")
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn they_are_found_where_they_are_numbers() {
        assert_eq!(find("1 +\n 12n * 2"), Some(("12n", 2)));
        assert_eq!(find("0xFFn"), Some(("0xFFn", 1)));
        assert_eq!(find("1_0n"), Some(("1_0n", 1)));
        for none in ["'12n' + `12n` // 12n", "a12n + n12n", "x.n + 1..n", "0x1f", ""] {
            assert_eq!(find(none), None, "{none}");
        }
    }

    #[test]
    fn where_it_is_doubtful_whatever_looks_like_one_counts() {
        assert_eq!(find("{}\n/a/.test(9n)"), Some(("9n", 2)));
        assert_eq!(find("{}\n/a/.test(a9n)"), None);
    }
}
