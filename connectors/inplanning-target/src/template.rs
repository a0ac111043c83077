//! Values with `{{Placeholder}}` in them.

/// A value in which placeholders are replaced by values of a contract.
///
/// What is put in stays as it is: a value that itself looks like a placeholder or a pattern means nothing special.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Placeholder(String),
}

impl Template {
    /// Reads a value.
    ///
    /// # Errors
    /// What is wrong with it, for the fault of the configuration.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((name, tail)) = after.split_once("}}") else {
                return Err(format!("[{text}] has a {{{{ without }}}}"));
            };
            if name.contains("{{") {
                return Err(format!("[{text}] has a {{{{ without }}}}"));
            }
            let name = name.trim();
            if name.is_empty() {
                return Err(format!("[{text}] has a placeholder without a name"));
            }
            if !before.is_empty() {
                parts.push(Part::Literal(before.to_owned()));
            }
            parts.push(Part::Placeholder(name.to_owned()));
            rest = tail;
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest.to_owned()));
        }
        Ok(Self(parts))
    }

    /// The names of its placeholders, as they are written.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Placeholder(name) => Some(name.as_str()),
            Part::Literal(_) => None,
        })
    }

    /// The text itself, for a value without placeholders.
    pub(crate) fn literal(&self) -> Option<String> {
        self.names().next().is_none().then(|| self.fill(|_| String::new()))
    }

    /// The text with every placeholder replaced.
    pub(crate) fn fill(&self, value: impl Fn(&str) -> String) -> String {
        self.0
            .iter()
            .map(|part| match part {
                Part::Literal(text) => text.clone(),
                Part::Placeholder(name) => value(name),
            })
            .collect()
    }

    /// Can this text have come from it? The number of characters that are fixed, the case of letters set aside; a
    /// placeholder stands for at least one character.
    pub(crate) fn matches(&self, text: &str) -> Option<usize> {
        let text: Vec<char> = text.to_lowercase().chars().collect();
        let mut fixed = 0;
        // Where the parts so far can end.
        let mut ends = vec![false; text.len() + 1];
        *ends.first_mut()? = true;
        for part in &self.0 {
            let mut next = vec![false; ends.len()];
            match part {
                Part::Literal(literal) => {
                    let literal: Vec<char> = literal.to_lowercase().chars().collect();
                    fixed += literal.len();
                    for start in ends.iter().enumerate().filter_map(|(at, end)| end.then_some(at)) {
                        if text.get(start..).is_some_and(|rest| rest.starts_with(&literal))
                            && let Some(end) = next.get_mut(start + literal.len())
                        {
                            *end = true;
                        }
                    }
                }
                Part::Placeholder(_) => {
                    let first = ends.iter().position(|end| *end)?;
                    next.iter_mut().skip(first + 1).for_each(|end| *end = true);
                }
            }
            ends = next;
        }
        ends.last().copied().unwrap_or_default().then_some(fixed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> Template {
        Template::parse(text).unwrap()
    }

    #[test]
    fn placeholders_stand_anywhere_and_more_than_once() {
        let parsed = template("Planner {{LocationOwn}} / {{ CostCenterOwn }}");
        assert_eq!(parsed.names().collect::<Vec<_>>(), ["LocationOwn", "CostCenterOwn"]);
        assert_eq!(parsed.fill(str::to_uppercase), "Planner LOCATIONOWN / COSTCENTEROWN");
    }

    #[test]
    fn values_are_put_in_as_they_are() {
        for odd in ["$&", "$$", "$1", "{{LocationOwn}}", "\\1", "%"] {
            assert_eq!(template("a{{X}}b").fill(|_| odd.to_owned()), format!("a{odd}b"));
        }
    }

    #[test]
    fn a_value_without_placeholders_is_a_text() {
        for text in ["Company", "", "a }} b", "{x}"] {
            assert_eq!(template(text).literal().as_deref(), Some(text));
        }
        assert_eq!(template("{{X}}").literal(), None);
    }

    #[test]
    fn faults_are_named() {
        for (text, why) in [
            ("{{X", "without }}"),
            ("a {{X}} {{", "without }}"),
            ("{{X{{Y}}", "without }}"),
            ("{{ }}", "without a name"),
        ] {
            let error = Template::parse(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn a_text_matches_what_it_can_have_come_from() {
        for (pattern, text, fixed) in [
            ("Company", "COMPANY", Some(7)),
            ("Company", "Company 2", None),
            ("Planner {{X}}", "planner Noord", Some(8)),
            ("Planner {{X}}", "Planner ", None),
            ("{{X}}{{Y}}", "a", None),
            ("{{X}}{{Y}}", "ab", Some(0)),
            ("{{X}}-{{Y}}", "a-b-c", Some(1)),
            ("{{X}} Noord", "Planner Noord", Some(6)),
            ("", "", Some(0)),
            ("", "x", None),
        ] {
            assert_eq!(template(pattern).matches(text), fixed, "{pattern} {text}");
        }
    }
}
