//! The configuration of the source.

use std::path::PathBuf;

use jiff::tz::{TimeZone, TimeZoneDatabase};
use koppel::{ConnectorConfig, Fault};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The configuration of the CSV source.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-order" = [
    "persons", "contracts", "departments", "delimiter", "encoding", "dates", "timeZone", "unknownColumns",
]))]
pub struct Config {
    /// The file with the persons: a header line with the paths of a person, such as `ExternalId;Name.NickName;Name.FamilyName`, and a line for each person.
    #[schemars(title = "File with persons", length(min = 1), extend("x-file" = true))]
    pub persons: PathBuf,
    /// The file with the contracts: `PersonExternalId;ExternalId;StartDate;EndDate` and other paths of a contract, such as `Title.Name`.
    #[schemars(title = "File with contracts", length(min = 1), extend("x-file" = true))]
    pub contracts: PathBuf,
    /// The file with the departments: `ExternalId;DisplayName;ManagerExternalId;ParentExternalId`. Without it there are none.
    #[serde(default)]
    #[schemars(title = "File with departments", extend("x-file" = true))]
    pub departments: Option<PathBuf>,
    /// What stands between two fields: one character, or `tab`. Without it the header line of each file tells: `;`, `,`, a tab or `|`.
    #[serde(default)]
    #[schemars(title = "Delimiter")]
    pub delimiter: Option<String>,
    /// How the letters of the files are written.
    #[serde(default)]
    #[schemars(title = "Encoding")]
    pub encoding: Encoding,
    /// How dates are written, beside `2026-05-31`, which is always taken. Each may have a time.
    #[serde(default)]
    #[schemars(title = "Dates")]
    pub dates: Dates,
    /// The IANA time zone of dates and times that name none.
    #[serde(default = "amsterdam")]
    #[schemars(title = "Time zone", length(min = 1))]
    pub time_zone: String,
    /// What becomes of a column whose header is no path of a person or contract and does not begin with `Custom.`.
    #[serde(default)]
    #[schemars(title = "Unknown columns")]
    pub unknown_columns: UnknownColumns,
}

/// How the letters of the files are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// As the beginning of the file says; where it does not, UTF-8 if all of the file is UTF-8, else Windows-1252.
    #[default]
    Auto,
    /// UTF-8, with or without a mark at the beginning.
    #[serde(rename = "utf-8")]
    Utf8,
    /// UTF-16 in either byte order, as its beginning shows.
    #[serde(rename = "utf-16")]
    Utf16,
    /// Windows-1252, which includes ISO 8859-1.
    #[serde(rename = "windows-1252")]
    Windows1252,
}

/// How dates are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Dates {
    /// The day first: `31-05-2026`, `31/5/2026`, `31.5.2026 08:30`.
    #[default]
    DayFirst,
    /// The month first: `5/31/2026`.
    MonthFirst,
    /// The year first and nothing else.
    Iso,
}

/// What becomes of a column that is not known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownColumns {
    /// The file is refused: the header may be a mistake.
    #[default]
    Refuse,
    /// It is given under its own name, for a mapping that takes it from there.
    Keep,
    /// It is not read.
    Ignore,
}

fn amsterdam() -> String {
    "Europe/Amsterdam".to_owned()
}

impl Config {
    /// The time zone.
    pub(crate) fn zone(&self) -> Result<TimeZone, Fault> {
        zone(&self.time_zone).map_err(|message| Fault::new("timeZone", message))
    }

    /// The delimiter; `None` where the files tell.
    pub(crate) fn separator(&self) -> Result<Option<u8>, Fault> {
        let found = self.delimiter.as_deref().map(separator).transpose();
        found.map_err(|message| Fault::new("delimiter", message))
    }
}

/// A zone of the database that the program carries, so that an import gives the same on every machine.
fn zone(name: &str) -> Result<TimeZone, String> {
    let known = TimeZoneDatabase::bundled().get(name.trim()).ok().filter(|zone| !zone.is_unknown());
    known.ok_or_else(|| format!("[{name}] is no time zone of the IANA database, such as Europe/Amsterdam"))
}

fn separator(text: &str) -> Result<u8, String> {
    if text.eq_ignore_ascii_case("tab") || text == "\\t" {
        return Ok(b'\t');
    }
    match text.trim().as_bytes() {
        [one] if one.is_ascii_punctuation() && !matches!(one, b'"' | b'.' | b'-' | b'_') => Ok(*one),
        _ => Err(format!("[{text}] cannot stand between fields; there are ; , | tab and other single signs")),
    }
}

impl ConnectorConfig for Config {
    fn inspect(config: &Map<String, Value>, faults: &mut Vec<Fault>) {
        for key in ["persons", "contracts"] {
            if config.get(key).and_then(Value::as_str).is_some_and(|path| path.trim().is_empty()) {
                faults.push(Fault::new(key, "is empty"));
            }
        }
        let text = |key: &str| config.get(key).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
        if let Some(Err(message)) = text("timeZone").map(zone) {
            faults.push(Fault::new("timeZone", message));
        }
        if let Some(Err(message)) = text("delimiter").map(separator) {
            faults.push(Fault::new("delimiter", message));
        }
    }
}
