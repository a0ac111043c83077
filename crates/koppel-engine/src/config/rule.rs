//! Rules: on which contracts something is granted.

use std::collections::HashSet;
use std::str::FromStr;

use toml::de::{DeTable, DeValue};

use super::condition::{self, Condition};
use super::fault::{Report, shown};
use super::margin::Margin;
use super::names::Names;
use super::path;
use super::section::{Node, Section, entries, flat, kind, tables, text, title};
use crate::Entitlement;

/// What is granted to whom, and around which contracts.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// The line of the file in which it begins.
    pub line: usize,
    /// The conditions that a contract and its person must all fulfil; without any, every contract of everybody does.
    pub when: Vec<Condition>,
    /// Only contracts of these sources; `None` for all.
    pub sources: Option<Vec<String>>,
    /// So long before the contract begins.
    pub before: Margin,
    /// So long after the contract has ended.
    pub after: Margin,
    /// What is granted; never empty.
    pub grant: Vec<Grant>,
}

/// Something that a rule grants.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Grant {
    /// The name of the target.
    pub target: String,
    /// What is granted there.
    pub entitlement: Entitlement,
}

/// All rules, as far as they are in order.
pub(super) fn rules(report: &mut Report<'_>, root: &Section<'_>, sources: &Names, targets: &Names) -> Vec<Rule> {
    let mut names = Names::default();
    let mut granted: Vec<(usize, Grant)> = Vec::new();
    let mut rules = Vec::new();
    for (index, node) in tables(report, root, "rule").iter().enumerate() {
        let what = title("rule", node, index);
        let known = ["name", "when", "window", "grant"];
        let Some(section) = Section::of(report, what, node, &known) else { continue };
        let name = names.read(report, &section, "rule", &[]);
        let (when, sources) = when(report, &section, sources);
        let (before, after) = window(report, &section);
        let grants = grants(report, &section, targets);
        granted.extend(grants.iter().cloned());
        let grant: Vec<Grant> = grants.into_iter().map(|(_, grant)| grant).collect();
        let line = report.line(section.at);
        if let Some(name) = name {
            rules.push(Rule { name, line, when, sources, before, after, grant });
        }
    }
    no_account(report, &granted);
    if root.get("rule").is_none_or(|node| entries(node).is_empty()) {
        let message = "there is no rule: everything that was ever granted would be taken away";
        report.hinted(root.at, message, "add a [[rule]]; to take everything away, one that matches nobody");
    }
    rules
}

fn when(report: &mut Report<'_>, rule: &Section<'_>, known: &Names) -> (Vec<Condition>, Option<Vec<String>>) {
    let Some(node) = rule.get("when") else { return (Vec::new(), None) };
    let DeValue::Table(table) = node.get_ref() else {
        let message = format!("{}: when is {}; it must be a table", rule.what, kind(node.get_ref()));
        report.hinted(node.span().start, message, "such as { \"Title.Name\" = [\"Verpleegkundige\"] }");
        return (Vec::new(), None);
    };
    let mut sources = None;
    let mut conditions = Vec::new();
    // A table is values below a field, and more of the path elsewhere: `Title.Name = "x"` is `"Title.Name" = "x"`.
    let is_value = |path: &str, table: &DeTable<'_>| path::find(path).is_some() || condition::is_one(table);
    for (key, at, node) in flat(table, &is_value) {
        if key == "source" {
            sources = Some(of_sources(report, rule, node, known));
        } else if let Some(path) = path::read(report, at, &rule.what, &key) {
            conditions.push(condition::read(report, &format!("{}: {key}", rule.what), path, node));
        }
    }
    (conditions, sources)
}

fn of_sources(report: &mut Report<'_>, rule: &Section<'_>, node: &Node<'_>, known: &Names) -> Vec<String> {
    let what = format!("{}: source", rule.what);
    if entries(node).is_empty() {
        report.hinted(node.span().start, format!("{what} is an empty list"), "leave it out for all sources");
    }
    entries(node).iter().filter_map(|entry| known.find(report, &what, entry, "source")).collect()
}

fn window(report: &mut Report<'_>, rule: &Section<'_>) -> (Margin, Margin) {
    let Some(node) = rule.get("window") else { return Default::default() };
    let what = format!("{}: window", rule.what);
    let Some(window) = Section::of(report, what, node, &["before", "after"]) else { return Default::default() };
    let mut margin = |key| window.parsed(report, key, Margin::parse).unwrap_or_default();
    (margin("before"), margin("after"))
}

/// What a rule grants, and where that stands.
fn grants(report: &mut Report<'_>, rule: &Section<'_>, targets: &Names) -> Vec<(usize, Grant)> {
    const HELP: &str = "such as grant = [\"NAME:account\", \"NAME:access\", \"NAME:permission:REFERENCE\"]";
    let Some(node) = rule.get("grant").filter(|node| !entries(node).is_empty()) else {
        report.hinted(rule.place("grant"), format!("{} grants nothing", rule.what), HELP);
        return Vec::new();
    };
    let mut all: Vec<(usize, Grant)> = Vec::new();
    let mut seen: HashSet<Grant> = HashSet::new();
    for entry in entries(node) {
        let at = entry.span().start;
        let Some(written) = text(report, &format!("{}: a grant", rule.what), entry) else { continue };
        let Some((target, entitlement)) = written.split_once(':') else {
            report.hinted(at, format!("{}: the grant [{}] names no entitlement", rule.what, shown(written)), HELP);
            continue;
        };
        let target = targets.get(target.trim()).map(str::to_owned).or_else(|| {
            let message = format!("{}: there is no target [{}]", rule.what, shown(target.trim()));
            report.unknown(at, message, target.trim(), targets.all());
            None
        });
        let entitlement = Entitlement::from_str(entitlement.trim()).map_err(|_| {
            let message = format!("{}: [{}] is no entitlement", rule.what, shown(entitlement.trim()));
            report.hinted(at, message, "there are: account, access, permission:REFERENCE");
        });
        if let (Some(target), Ok(entitlement)) = (target, entitlement) {
            let grant = Grant { target, entitlement };
            if seen.insert(grant.clone()) {
                all.push((at, grant));
            }
        }
    }
    all
}

/// Nobody can use an account, or have a permission, without having the account.
fn no_account(report: &mut Report<'_>, granted: &[(usize, Grant)]) {
    let account = |(_, grant): &&(usize, Grant)| grant.entitlement == Entitlement::Account;
    let mut known: HashSet<&str> = granted.iter().filter(account).map(|(_, grant)| &*grant.target).collect();
    for (at, Grant { target, entitlement }) in granted {
        // Told once for each target.
        if known.insert(target) {
            let what = entitlement.kind();
            let message = format!("{target}:{what} is granted, and no rule grants {target}:account");
            report.hinted(
                *at,
                message,
                format!("without an account there is no {what}; grant \"{target}:account\" too"),
            );
        }
    }
}
