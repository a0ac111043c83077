//! A page for each check, from the checks themselves.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use koppel::Kind;

use crate::check::Check;

/// What usually helps, by the beginning of an id.
const REMEDIES: &[(&str, &str)] = &[
    (
        "config.",
        "Correct the configuration struct of the connector: a secret is a `koppel::Secret`, a title is `#[schemars(title = \"…\")]`, \
         a description is the doc comment. Required keys are those without `#[serde(default)]`; `config::read` names what is missing.",
    ),
    (
        "manifest.",
        "The manifest is derived from the parts that a target returns (`switching`, `deleting`, `permissions`). An action that works \
         without being declared is carried out somewhere else than in its part.",
    ),
    (
        "connect.",
        "`check` must send a request beyond that for a token, read as little as possible, and change nothing. Which error an answer is \
         decides `classify` of the HTTP kit; a page for people is refused where the answer is read as JSON.",
    ),
    (
        "create.",
        "`create` gives the account as the system answers it, with the reference that every other method takes. `find` must give all \
         accounts with the value, not the first. What the system alters, such as blanks around a number, belongs into the declaration of the field.",
    ),
    (
        "update.",
        "`update` gets the fields that differ, and sends no others; a system that replaces the whole object needs `Account::raw` to keep \
         the rest. Values are compared as `fields` declares them: a boolean that the system writes as text is a `Field::boolean`.",
    ),
    (
        "get.",
        "`get` and `accounts` read the same object: make an `Account` of it in one place. What the system alters on the way, such as blanks or \
         case, belongs into the declaration of the field or into `changes`.",
    ),
    (
        "unique.",
        "`find` is asked with each field that is declared `unique`, and must look for the one it is given. It gives all accounts with the value.",
    ),
    (
        "enable.",
        "`Switching` looks at the account it is given, changes what has to change, and says `Effect::Unchanged` where nothing had to.",
    ),
    (
        "disable.",
        "`Switching` looks at the account it is given, changes what has to change, and says `Effect::Unchanged` where nothing had to.",
    ),
    (
        "delete.",
        "`delete` may not report what it did not do; an account that is gone already is no error. `get` gives `None` for it.",
    ),
    (
        "permission.",
        "`assign` compares with what the account holds now and sends only what differs. An entitlement is known by its id alone, also a \
         year later. `per_contract` and `resolve` refuse what is not on offer.",
    ),
    (
        "import.",
        "`accounts` gives one page and the cursor of the next one; the loop, and the guard against circles, stand in the SDK. References \
         are what `create` gave. Names fall back on the id.",
    ),
    (
        "dry-run.",
        "Send every request through the HTTP kit: it holds back what would change something. A request that changes data must not be a GET.",
    ),
    (
        "value.",
        "Build addresses from path segments and bodies from pairs or JSON, never from texts put together. Declare the longest text that \
         the system takes with `max_length`: the SDK then refuses a longer one by name.",
    ),
    (
        "together.",
        "Keep nothing about one account in the connector between two calls. `scope` must be the same for two instances on one system, for \
         the locks are named after it.",
    ),
    (
        "cancel.",
        "Wait only through the `Ctx` (the HTTP kit does), and keep nothing about what was begun: each action reads the system and sends what is \
         still missing. Locks are those of `Ctx::locks`, which end with their process.",
    ),
    (
        "source.shifts.",
        "Make a moment from a day, a time and the zone of the roster with a library that knows when the clock changes there, and say \
         what becomes of a time that comes twice or not at all: the earlier moment for a start, the later one for an end. An end that \
         is not after the start is on the next day. Where the check is skipped, the scenario or the stand-in lacks something.",
    ),
    (
        "source.",
        "Ids come from the system and not from the order of its answers. Every person and every contract has all fields, null where \
         nothing is known. Dates carry an offset.",
    ),
    (
        "fault.",
        "A request that may not be repeated must not be marked `repeatable`; after an `Ambiguous` error the SDK reads the system. A list \
         that breaks off is an error, never a short list. An error that a system hides in a good answer belongs into `disguised_failures`.",
    ),
    (
        "secret.",
        "Never format a secret: `Secret` has no `Display`. What the HTTP kit sends it knows to scrub; what a connector puts together \
         itself, such as a header, it does not.",
    ),
];

/// The pages by file name, with an index.
pub fn pages(checks: &[Check]) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, String> =
        checks.iter().map(|check| (format!("{}.md", check.id), page(check))).collect();
    let mut index = String::from(
        "# The checks\n\nWhat `koppel conformance` checks. Each has a page that says why, and what helps where it fails.\n\n\
         | check | for | changes data | what must hold |\n| --- | --- | --- | --- |\n",
    );
    for check in checks {
        // Writing to a text cannot fail.
        let _ = writeln!(
            index,
            "| [`{0}`]({0}.md) | {1} | {2} | {3} |",
            check.id,
            kind(check),
            if check.changes { "yes" } else { "no" },
            check.title
        );
    }
    all.insert("README.md".to_owned(), index);
    all
}

fn kind(check: &Check) -> &'static str {
    match check.kind {
        Some(Kind::Source) => "sources",
        Some(Kind::Target) => "targets",
        None => "both",
    }
}

fn page(check: &Check) -> String {
    let needs = if check.needs.is_empty() {
        "nothing in particular".to_owned()
    } else {
        format!("`{}`", check.needs.join("`, `"))
    };
    let changes = if check.changes { "Yes; only objects that it made itself, and it removes them." } else { "No." };
    let remedy = REMEDIES.iter().find(|(start, _)| check.id.starts_with(start)).map_or("", |(_, remedy)| remedy);
    format!(
        "# `{}`\n\n{}.\n\n**Why.** {}.\n\n**For** {}. **Needs** {needs}. **Changes data:** {changes}\n\n## Where it fails\n\n{remedy}\n\n\
         `koppel conformance ID --check {} --report page.html` shows the requests in between.\n",
        check.id,
        capital(check.title),
        capital(check.rationale),
        kind(check),
        check.id,
    )
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
