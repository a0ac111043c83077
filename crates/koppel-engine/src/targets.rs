//! The targets of a configuration, ready to plan for and to act on.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use koppel::{Error, ErrorKind, Instance, Origin, Registry, Result, Scrubber, Stage, Target, lookup, scalar_text};
use koppel_helloid::mapping::FieldMapping;
use koppel_helloid::{FileContent, Read, Severity, default_field_mapping};
use serde_json::Value;

use crate::config::{Correlate, Grant, OnRevoke, Rate, Settings, TargetSettings, Thresholds};
use crate::digest::digest;
use crate::model::Entitlement;

/// A target with what the configuration says of it.
#[derive(Debug)]
pub(crate) struct TargetRuntime {
    pub(crate) name: String,
    pub(crate) target: Arc<dyn Target>,
    pub(crate) mapping: FieldMapping,
    /// A digest of the mapping: another one makes all accounts worth a look.
    pub(crate) mapping_digest: String,
    pub(crate) correlate: Correlate,
    pub(crate) concurrency: NonZeroUsize,
    pub(crate) rate: Option<Rate>,
    pub(crate) on_revoke: OnRevoke,
    pub(crate) thresholds: Thresholds,
}

impl TargetRuntime {
    /// The value that a person is recognised by in this target; `None` where the person has none.
    pub(crate) fn correlation(&self, person: &Value) -> Option<(String, String)> {
        let path = self.correlate.person.strip_prefix("Person.").unwrap_or(&self.correlate.person);
        let value = lookup(person, path).and_then(scalar_text).filter(|value| !value.trim().is_empty())?;
        Some((self.correlate.account.clone(), value.trim().to_owned()))
    }
}

/// Makes the targets, and sees that the rules grant nothing that one of them cannot do.
///
/// # Errors
/// `Config`, with every fault of the first target that has one, or of the grants.
pub(crate) fn build(settings: &Settings, registry: &Registry, scrubber: &Scrubber) -> Result<Vec<Arc<TargetRuntime>>> {
    let targets: Vec<Arc<TargetRuntime>> =
        settings.targets.iter().map(|target| one(target, registry, scrubber).map(Arc::new)).collect::<Result<_>>()?;
    let mut wrong = Vec::new();
    for rule in &settings.rules {
        for grant in &rule.grant {
            if let Some(target) = targets.iter().find(|target| target.name == grant.target)
                && let Some(lack) = lack(target, grant)
            {
                wrong.push(format!("{}:{}: rule [{}]: {lack}", settings.file.display(), rule.line, rule.name));
            }
        }
    }
    for target in &targets {
        if target.on_revoke == OnRevoke::Delete && target.target.deleting().is_none() {
            wrong.push(format!(
                "target [{}]: on_revoke is \"delete\", and {} cannot delete accounts",
                target.name,
                target.target.system()
            ));
        }
        if target.on_revoke == OnRevoke::Disable && target.target.switching().is_none() {
            wrong.push(format!(
                "target [{}]: on_revoke is \"disable\", and {} cannot disable accounts",
                target.name,
                target.target.system()
            ));
        }
    }
    if wrong.is_empty() { Ok(targets) } else { Err(Error::new(ErrorKind::Config, wrong.join("; "))) }
}

/// What a grant asks of a target that it does not have.
fn lack(target: &TargetRuntime, grant: &Grant) -> Option<String> {
    let system = target.target.system();
    match &grant.entitlement {
        Entitlement::Account => None,
        Entitlement::Access => target
            .target
            .switching()
            .is_none()
            .then(|| format!("{system} cannot enable accounts; grant the account only")),
        Entitlement::Permission(reference) => {
            let Some(permissions) = target.target.permissions() else {
                return Some(format!("{system} has no permissions"));
            };
            let known =
                koppel::Reference::new(reference.as_str()).map(|reference| permissions.per_contract(&reference));
            match known {
                Some(Err(error)) if error.is(ErrorKind::NotFound) => Some(error.to_string()),
                _ => None,
            }
        }
    }
}

/// Names the place in the faults of a connector's configuration.
pub(crate) fn placed(error: Error, place: &str) -> Error {
    if !error.is(ErrorKind::Config) {
        return error;
    }
    if error.faults().is_empty() {
        return Error::new(ErrorKind::Config, format!("{place}: {error}"));
    }
    Error::config(error.faults().iter().map(|fault| fault.clone().below(&format!("{place}: "))).collect())
}

/// A connector's configuration, and where it stands.
pub(crate) struct Given<'a> {
    /// The connector.
    pub(crate) id: &'a str,
    pub(crate) config: &'a Value,
    /// For messages.
    pub(crate) place: &'a str,
    /// The folder that paths in it count from.
    pub(crate) folder: &'a Path,
}

/// Makes a connector, whose secrets are known to the scrubber before anything is said of it.
pub(crate) fn instance(registry: &Registry, scrubber: &Scrubber, given: &Given<'_>) -> Result<Instance> {
    let Given { id, config, place, folder } = *given;
    let connector = registry.get(id).map_err(|e| Error::new(ErrorKind::Config, format!("{place}: {e}")))?;
    let schema = connector.config_schema();
    schema.scrub_into(config, scrubber);
    let config = schema.with_files_from(folder, config.clone());
    connector.build(&config).map_err(|e| placed(e, place))
}

fn one(settings: &TargetSettings, registry: &Registry, scrubber: &Scrubber) -> Result<TargetRuntime> {
    let place = format!("target [{}], {}", settings.name, settings.config_place);
    let given =
        Given { id: &settings.connector, config: &settings.config, place: &place, folder: &settings.config_folder };
    let made = instance(registry, scrubber, &given)?;
    let target: Arc<dyn Target> = match made {
        Instance::Target(target) => Arc::from(target),
        Instance::Source(_) => {
            return Err(Error::new(
                ErrorKind::Config,
                format!("target [{}]: [{}] is a source", settings.name, settings.connector),
            )
            .with_hint("write it as a [[source]]"));
        }
    };
    let mapping = match &settings.mapping {
        None => default_field_mapping(target.fields()),
        Some((file, bytes)) => {
            let name = file.display().to_string();
            match readable(FileContent::read(bytes), &name)? {
                FileContent::FieldMapping(mapping) => mapping,
                _ => {
                    return Err(Error::new(ErrorKind::Config, format!("{name} is not a fieldMapping.json"))
                        .with_hint("a target's mapping is the fieldMapping.json that HelloID exports"));
                }
            }
        }
    };
    let correlate = match &settings.correlate {
        Some(correlate) => {
            if target.fields().find(&correlate.account).is_none() {
                let known: Vec<&str> = target.fields().fields.iter().map(|field| field.name).collect();
                return Err(Error::new(
                    ErrorKind::Config,
                    format!(
                        "target [{}]: correlate.account: {} has no field [{}]",
                        settings.name,
                        target.system(),
                        correlate.account
                    ),
                )
                .with_hint(format!("there are: {}", known.join(", "))));
            }
            correlate.clone()
        }
        None => usual(&*target).ok_or_else(|| {
            Error::new(ErrorKind::Config, format!("target [{}]: correlate is missing", settings.name)).with_hint(
                "say how an account is recognised, such as correlate = { person = \"ExternalId\", account = \"number\" }",
            )
        })?,
    };
    let mapping_digest = digest(&[mapping.to_json().to_string().as_bytes()]);
    Ok(TargetRuntime {
        name: settings.name.clone(),
        target,
        mapping,
        mapping_digest,
        correlate,
        concurrency: settings.concurrency,
        rate: settings.rate,
        on_revoke: settings.on_revoke,
        thresholds: settings.thresholds.clone(),
    })
}

/// A mapping file without errors; its warnings go to the log.
pub(crate) fn readable(read: Read<FileContent>, name: &str) -> Result<FileContent> {
    let mut errors = Vec::new();
    for finding in &read.findings {
        let text = format!("{name}:{}: {finding}", finding.line);
        if finding.severity == Severity::Error {
            errors.push(text);
        } else {
            tracing::warn!("{text}");
        }
    }
    match read.value {
        Some(content) if errors.is_empty() => Ok(content),
        _ => Err(Error::new(ErrorKind::Config, errors.join("; ")).with_hint("koppel helloid lint FILE says more")),
    }
}

/// The field that is one account per value and that persons' own number goes into.
fn usual(target: &dyn Target) -> Option<Correlate> {
    let field = target.fields().fields.iter().find(|field| {
        let create = field.defaults.iter().find(|default| default.stages.contains(&Stage::Create));
        field.unique && create.is_some_and(|default| default.origin == Origin::Person("ExternalId"))
    })?;
    Some(Correlate { person: "ExternalId".to_owned(), account: field.name.to_owned() })
}
