//! `koppel map`: evaluates a mapping.

mod raw;

use std::collections::HashSet;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use jiff::tz::TimeZone;
use koppel::{Clock, FixedClock, Scrubber, lookup, scalar_text};
use koppel_helloid::mapping::{FieldMapping, PersonInput, SourceMapping, SourceOptions, Stage, Subject};
use koppel_helloid::script::{QuickJs, Settings};
use koppel_helloid::{FileContent, Finding, Read, Severity};
use koppel_http::SystemClock;
use serde_json::{Value, json};

use crate::args::MapArgs;
use crate::failure::Failure;
use crate::io::{flush, print_json, print_line, read_all};
use crate::log::{Detail, say};

/// Prints what a mapping gives.
pub(crate) fn map(args: &MapArgs, scrubber: &Scrubber, detail: &Detail) -> Result<(), Failure> {
    let zone = TimeZone::get(&args.time_zone).map_err(|_| {
        Failure::usage(format!("there is no time zone [{}]", args.time_zone))
            .with_hint("name it as the IANA does, such as Europe/Amsterdam or UTC")
    })?;
    let clock: Arc<dyn Clock> = match args.at {
        Some(at) => Arc::new(FixedClock::new(at)),
        None => Arc::new(SystemClock::default()),
    };
    let mut map = Map {
        args,
        file: args.mapping.display().to_string(),
        engine: QuickJs::new(Settings::new(zone.clone(), clock.clone())),
        said: HashSet::new(),
        unsaid: 0,
        scrubber,
        detail,
    };
    let mapping = map.read()?;
    match (&args.raw, args.action) {
        (Some(path), _) => {
            let mut options = SourceOptions::new(clock.now(), zone);
            if !args.primary.is_empty() {
                options.determinants.clone_from(&args.primary);
            }
            map.persons(&source_mapping(mapping, &map.file)?, path, &options)?;
        }
        (None, Some(stage)) => map.data(&field_mapping(mapping, &map.file)?, stage)?,
        // The command line asks for an action with a person.
        (None, None) => return Err(Failure::usage("--action is missing")),
    }
    flush()
}

/// So many different warnings are told; a run over many persons would drown the result in them.
const MOST_WARNINGS: usize = 1_000;

struct Map<'a> {
    args: &'a MapArgs,
    /// The mapping, as messages call it.
    file: String,
    engine: QuickJs,
    /// The warnings told: what is so for every person is told once.
    said: HashSet<Finding>,
    unsaid: usize,
    scrubber: &'a Scrubber,
    detail: &'a Detail,
}

impl Map<'_> {
    /// The mapping file, with its warnings told. One with errors is not used.
    fn read(&self) -> Result<FileContent, Failure> {
        let bytes = read_file(&self.args.mapping)?;
        let Read { value, findings } = FileContent::read(&bytes);
        self.tell_all(&findings, "");
        let mut errors = findings.iter().filter(|finding| finding.severity == Severity::Error).peekable();
        match value {
            Some(content) if errors.peek().is_none() => Ok(content),
            // What is wrong with the file as a whole has no field.
            Some(_) if errors.all(|finding| !finding.field.is_empty()) => Err(Failure::code(1)),
            _ => Err(Failure::code(2)),
        }
    }

    /// The data of an action for one person.
    fn data(&mut self, mapping: &FieldMapping, stage: Stage) -> Result<(), Failure> {
        let Some(path) = &self.args.person else { return Err(Failure::usage("--person is missing")) };
        let input = read_as(path, PersonInput::read)?;
        let manager = match &self.args.manager {
            Some(path) => Some(read_as(path, PersonInput::read_manager)?),
            None => input.manager,
        };
        let subject = Subject { person: &input.person, manager: manager.as_ref(), iteration: self.args.iteration };
        let evaluated = match mapping.evaluate(&mut self.engine, stage, &subject) {
            Ok(evaluated) => evaluated,
            Err(findings) => {
                self.tell_all(&findings, "");
                return Err(Failure::code(1));
            }
        };
        self.tell_all(&evaluated.findings, "");
        let data = evaluated.data.to_nested();
        if self.args.explain {
            let fields: Vec<_> = mapping.origins(stage, &evaluated.data).collect();
            return print_pretty(&json!({ "data": data, "fields": fields }));
        }
        print_json(&data)
    }

    /// The persons that a source's mapping makes of the raw ones. One that cannot be mapped does not keep the others.
    fn persons(&mut self, mapping: &SourceMapping, path: &Path, options: &SourceOptions) -> Result<(), Failure> {
        let (mut all, mut failed) = (0_usize, 0_usize);
        raw::each(path, |raw| {
            all += 1;
            let whose = whose(&raw, all);
            match mapping.evaluate(&mut self.engine, &raw, options) {
                Ok(mapped) => {
                    mapped.findings.iter().for_each(|finding| self.tell_once(finding, &whose));
                    if let Some(reason) = &mapped.blocked {
                        self.tell(&Finding::warning(0, "", format!("blocked: {reason}")), &whose);
                    }
                    if self.args.explain {
                        let fields: Vec<_> = mapping.origins(&mapped.person).collect();
                        return print_pretty(&json!({ "person": mapped.person, "fields": fields }));
                    }
                    print_json(&mapped.person)
                }
                Err(findings) => {
                    failed += 1;
                    self.tell_all(&findings, &whose);
                    Ok(())
                }
            }
        })?;
        if self.unsaid > 0 {
            let plural = if self.unsaid == 1 { "" } else { "s" };
            let message = format!("{} more warning{plural} like these, about other persons", self.unsaid);
            say(Severity::Warning, &message, self.scrubber, self.detail);
        }
        if failed == 0 {
            return Ok(());
        }
        flush()?;
        let message = format!("{failed} of {all} persons could not be mapped");
        Err(if all == 1 { Failure::code(1) } else { Failure::failed(message) })
    }

    /// `warning: FILE:LINE: person [1001]: field [x]: …`
    fn tell(&self, finding: &Finding, whose: &str) {
        let line = if finding.line == 0 { String::new() } else { format!(":{}", finding.line) };
        let field = if finding.field.is_empty() { String::new() } else { format!("field [{}]: ", finding.field) };
        let text = format!("{}{line}: {whose}{field}{}", self.file, finding.message);
        say(finding.severity, &text, self.scrubber, self.detail);
    }

    fn tell_all(&self, findings: &[Finding], whose: &str) {
        for finding in findings {
            self.tell(finding, whose);
        }
    }

    /// Tells a warning of one person, unless it was told about another one.
    fn tell_once(&mut self, finding: &Finding, whose: &str) {
        if self.said.len() < MOST_WARNINGS && self.said.insert(finding.clone()) {
            self.tell(finding, whose);
        } else {
            self.unsaid += 1;
        }
    }
}

fn field_mapping(content: FileContent, file: &str) -> Result<FieldMapping, Failure> {
    match content {
        FileContent::FieldMapping(mapping) => Ok(mapping),
        FileContent::Empty => Ok(FieldMapping::default()),
        FileContent::SourceMapping(_) => Err(unfit(&content, file, "give it raw persons with --raw FILE")),
        FileContent::Form(_) => Err(unfit(&content, file, "name a fieldMapping.json")),
    }
}

fn source_mapping(content: FileContent, file: &str) -> Result<SourceMapping, Failure> {
    match content {
        FileContent::SourceMapping(mapping) => Ok(mapping),
        FileContent::Empty => Ok(SourceMapping::default()),
        FileContent::FieldMapping(_) => {
            Err(unfit(&content, file, "give it a person with --person FILE and an action with --action Create"))
        }
        FileContent::Form(_) => Err(unfit(&content, file, "name a mapping.json of a source")),
    }
}

fn unfit(content: &FileContent, file: &str, hint: &str) -> Failure {
    Failure::usage(format!("{file} is {}", content.kind())).with_hint(hint)
}

fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    let name = path.display();
    if path.is_dir() {
        return Err(Failure::usage(format!("{name} is a folder")));
    }
    let file = File::open(path).map_err(|e| Failure::usage(format!("cannot read {name}: {e}")))?;
    read_all(file, &name.to_string())
}

fn read_as<T>(path: &Path, read: fn(&[u8]) -> Result<T, String>) -> Result<T, Failure> {
    read(&read_file(path)?).map_err(|e| Failure::usage(format!("{} {e}", path.display())))
}

/// How a raw person is called in a message.
fn whose(raw: &Value, number: usize) -> String {
    let id = lookup(raw, "ExternalId").and_then(scalar_text).filter(|id| !id.trim().is_empty());
    id.map_or_else(|| format!("person {number}: "), |id| format!("person [{id}]: "))
}

fn print_pretty(value: &Value) -> Result<(), Failure> {
    let text =
        serde_json::to_string_pretty(value).map_err(|e| Failure::failed(format!("cannot write the result: {e}")))?;
    print_line(&text)
}
