#![doc = include_str!("../docs.md")]

mod cells;
mod columns;
mod config;
mod dates;
mod departments;
mod faults;
mod fields;
mod import;
mod opened;
mod rows;
mod source;
mod store;
mod table;
mod text;

use koppel::{About, Connector, Definition};
use serde_json::json;

pub use config::{Config, Dates, Encoding, UnknownColumns};

/// Good values for the conformance kit.
pub const SCENARIO: &str = include_str!("../conformance.json");

/// Files of an invented organisation, by the key of the configuration that names one, with the name of the file.
pub const SAMPLE: [(&str, &str, &str); 3] = [
    ("persons", "persons.csv", include_str!("../sample/persons.csv")),
    ("contracts", "contracts.csv", include_str!("../sample/contracts.csv")),
    ("departments", "departments.csv", include_str!("../sample/departments.csv")),
];

/// The connector `csv-source`.
pub fn connector() -> impl Connector {
    let about = About {
        id: "csv-source",
        version: env!("CARGO_PKG_VERSION"),
        title: "CSV files",
        description: "Reads persons, contracts and departments from CSV files that an HR system exports.",
    };
    let example = json!({ "persons": "persons.csv", "contracts": "contracts.csv" });
    Definition::<Config>::source(about, example, source::CsvSource::new)
}
