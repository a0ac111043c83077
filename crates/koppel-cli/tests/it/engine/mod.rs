//! `koppel plan`, `apply`, `sync` and `audit`: HR's files in, doors out.

mod asked;
mod audit;
mod carried_out;
mod plan;

use std::path::PathBuf;

use serde_json::json;

use crate::support::{DOORS, Koppel, World};

/// In the shift of Sanne, with the margin before that of Noor.
const DAY: &str = "2026-06-02T14:00:00+02:00";
/// After all of them.
const NIGHT: &str = "2026-06-02T23:45:00+02:00";

const PERSONS: &str = "ExternalId;Name.NickName;Name.FamilyNamePrefix;Name.FamilyName\n\
                       1001;Sanne;van der;Berg\n\
                       1002;Daan;de;Vries\n\
                       1003;Noor;;Jansen\n";

const CONTRACTS: &str = "PersonExternalId;ExternalId;StartDate;EndDate;Title.Name\n\
                         1001;dienst-1;02-06-2026 07:00;02-06-2026 15:30;Verpleegkundige\n\
                         1002;1002-1;01-01-2020;;Receptie\n\
                         1003;dienst-3;02-06-2026 15:00;02-06-2026 23:00;Verzorgende\n";

const RULE: &str = r#"
[[rule]]
name = "Zorg op dienst"
when = { "Title.Name" = ["Verpleegkundige", "Verzorgende"] }
window = { before = "60m", after = "30m" }
grant = ["deuren:account", "deuren:access"]
"#;

/// A folder with the engine's file and what it names.
struct Care {
    world: World,
}

impl Care {
    fn new() -> Self {
        Self::with("")
    }

    /// With more keys for the target.
    fn with(target: &str) -> Self {
        let world = World::empty();
        world.file("persons.csv", PERSONS);
        world.file("contracts.csv", CONTRACTS);
        let profiles = &world.sandbox.credentials().access_profiles;
        let profile = |key: &str, name: &str| json!({"HelloIDLookupKey": key, "AccessProfileName": name, "AccessProfileId": profiles[name]});
        let profiles = json!([profile("Verpleegkundige", "Noord"), profile("Verzorgende", "Zuid")]);
        world.file("ipassan.json", world.config_with(DOORS, &json!({"accessProfiles": profiles})).to_string());
        let care = Self { world };
        care.rewrite(target);
        care
    }

    fn rewrite(&self, target: &str) {
        let text = format!(
            r#"
[state]
url = "sqlite:koppel.db"

[[source]]
name = "hr"
connector = "csv-source"
config = {{ persons = "persons.csv", contracts = "contracts.csv", delimiter = ";" }}

[[target]]
name = "deuren"
connector = "ipassan-target"
config = "ipassan.json"
correlate = {{ person = "ExternalId", account = "number" }}
{target}
{RULE}"#
        );
        self.world.file("koppel.toml", text);
    }

    /// What is printed, without the time at which the source was read.
    fn redact(&self, text: &str) -> String {
        let lines = self.world.redact(text);
        let line = |line: &str| match line.split_once("read now") {
            Some((before, _)) => format!("{before}read now   [moment]"),
            None => line.to_owned(),
        };
        lines.lines().map(line).collect::<Vec<_>>().join("\n")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.world.path(name)
    }

    /// A command of the engine with this file and these arguments.
    fn koppel(&self, command: &[&str], more: &[&str]) -> Koppel {
        let file = self.path("koppel.toml");
        self.world.koppel(command).arguments(&["-c", file.to_str().unwrap()]).arguments(more)
    }

    /// `koppel sync --once` as if it were this moment.
    fn sync(&self, at: &str) -> Koppel {
        self.koppel(&["sync"], &["--once", "--at", at])
    }

    /// How many persons are at the doors.
    fn accounts(&self) -> usize {
        self.world.sandbox.ipassan().count()
    }
}
