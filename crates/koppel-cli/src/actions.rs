//! From a document to an answer: what one action, a batch and the service have in common.

use std::sync::Arc;

use koppel::{Connector, Error, ErrorKind, Instance, PlannedRequest, Result, Scrubber, Target};
use koppel_helloid::{Answer, InputError, refused};
use serde_json::Value;

use crate::log::DRY_RUN;

/// Where a fault of the configuration stands in the input.
pub(crate) const CONFIGURATION: &str = "actionContext.Configuration.";

/// An instance for a configuration, whose secrets are known to the scrubber before anything is said of it.
pub(crate) fn instance(connector: &dyn Connector, configuration: &Value, scrubber: &Scrubber) -> Result<Instance> {
    connector.config_schema().scrub_into(configuration, scrubber);
    connector.build(configuration)
}

/// The target for a configuration.
pub(crate) fn target(connector: &dyn Connector, configuration: &Value, scrubber: &Scrubber) -> Result<Arc<dyn Target>> {
    match instance(connector, configuration, scrubber)? {
        Instance::Target(target) => Ok(Arc::from(target)),
        Instance::Source(_) => Err(Error::bug(format!("{} made a source", connector.id()))),
    }
}

/// The answer to input that is no document.
pub(crate) fn unreadable(error: &InputError, scrubber: &Scrubber) -> Answer {
    refused(Error::new(ErrorKind::Invalid, error.to_string()), scrubber)
}

/// The answer where no target could be made of the configuration.
pub(crate) fn misconfigured(error: Error, scrubber: &Scrubber) -> Answer {
    refused(led_in(error), scrubber)
}

/// The error for the one audit line: the first fault with its whole place, the others by their key, so that all fit.
pub(crate) fn led_in(error: Error) -> Error {
    if error.is(ErrorKind::Config) && !error.faults().is_empty() {
        return Error::new(ErrorKind::Config, format!("{CONFIGURATION}{}", error.message()));
    }
    error
}

/// Says what a dry run would have sent. HelloID's preview shows it as information, as its own scripts do.
pub(crate) fn tell_planned(answer: &Answer) {
    for PlannedRequest { method, url, fields } in &answer.planned {
        let fields = fields.join(", ");
        tracing::info!(target: DRY_RUN, "[DryRun] {method} {url} ({fields}) will be sent during enforcement");
    }
}
