//! Reports: JSON, `JUnit` XML, and a page.

use minijinja::{Environment, context};
use serde::Serialize;

use crate::check::{Ruling, Verdict};

/// What a run came to.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The connector.
    pub connector: String,
    /// Its version.
    pub version: String,
    /// `in process` or `through the binary`, and against what.
    pub mode: String,
    /// When it began, RFC 3339.
    pub began: String,
    /// The verdicts, in the order of the run.
    pub verdicts: Vec<Verdict>,
}

/// How many of each verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Held.
    pub passed: usize,
    /// Did not hold.
    pub failed: usize,
    /// Did not hold, and somebody said why that is accepted.
    pub waived: usize,
    /// Could not be found out.
    pub skipped: usize,
    /// Did not apply.
    pub not_applicable: usize,
}

impl Report {
    /// How many of each.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for verdict in &self.verdicts {
            match verdict.result {
                Ruling::Pass => counts.passed += 1,
                Ruling::Fail { .. } => counts.failed += 1,
                Ruling::Waived { .. } => counts.waived += 1,
                Ruling::Skip { .. } => counts.skipped += 1,
                Ruling::NotApplicable { .. } => counts.not_applicable += 1,
            }
        }
        counts
    }

    /// What is left in the system.
    pub fn left_behind(&self) -> impl Iterator<Item = &String> {
        self.verdicts.iter().flat_map(|verdict| &verdict.left_behind)
    }

    /// As JSON.
    ///
    /// # Errors
    /// Where a value cannot be written.
    pub fn json(&self) -> Result<String, String> {
        let mut whole = serde_json::to_value(self).map_err(|e| e.to_string())?;
        whole["counts"] = serde_json::to_value(self.counts()).map_err(|e| e.to_string())?;
        serde_json::to_string_pretty(&whole).map_err(|e| e.to_string())
    }

    /// As `JUnit` XML: one test case per check, as CI servers read it.
    ///
    /// # Errors
    /// Where the template cannot be filled.
    pub fn junit(&self) -> Result<String, String> {
        self.rendered("junit.xml", include_str!("report/junit.xml"))
    }

    /// As one page that needs nothing beside it, with the exchanges behind every failure.
    ///
    /// # Errors
    /// Where the template cannot be filled.
    pub fn html(&self) -> Result<String, String> {
        self.rendered("page.html", include_str!("report/page.html"))
    }

    fn rendered(&self, name: &str, template: &str) -> Result<String, String> {
        let mut environment = Environment::new();
        environment.add_template(name, template).map_err(|e| e.to_string())?;
        environment.add_filter("printable", printable);
        let rows: Vec<serde_json::Value> = self
            .verdicts
            .iter()
            .map(|verdict| {
                let mut row = serde_json::to_value(verdict).unwrap_or_default();
                row["word"] = verdict.result.word().into();
                row
            })
            .collect();
        let seconds: u64 = self.verdicts.iter().map(|verdict| verdict.millis).sum();
        let template = environment.get_template(name).map_err(|e| e.to_string())?;
        template
            .render(context! { report => self, counts => self.counts(), rows, millis => seconds })
            .map_err(|e| format!("{e:#}"))
    }
}

/// XML has no place for control characters.
#[expect(clippy::needless_pass_by_value, reason = "the shape of a filter")]
fn printable(text: String) -> String {
    let shown = |c: char| if c.is_control() && c != '\n' { c.escape_default().to_string() } else { c.to_string() };
    text.chars().filter(|c| !matches!(c, '\u{fffe}' | '\u{ffff}')).map(shown).collect()
}
