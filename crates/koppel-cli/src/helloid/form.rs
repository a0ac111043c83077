//! `koppel helloid form`: the configuration.json of a connector.

use koppel_helloid::Form;

use crate::about::pretty;
use crate::failure::Failure;
use crate::host::Host;

/// Prints the form with which HelloID asks for the configuration of a connector.
pub(crate) fn form(host: &Host, id: &str) -> Result<(), Failure> {
    pretty(&Form::of_schema(host.connector(id)?.config_schema().as_value()))
}
