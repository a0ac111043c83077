//! What an administrator fills in.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use koppel::{ConnectorConfig, Fault, Secret};
use koppel_http::Http;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::profiles::{self, Profiles};

/// The configuration of the connector. Keys are those of the public connector, plus ours, which are all optional.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-order" = [
    "clientID", "clientSecret", "BaseUrl", "siteId", "accessProfiles", "accessProfilesFile", "onUnmappedProfile", "delete",
    "concurrency", "allowInsecureHttp",
]))]
pub struct Config {
    /// The client id that FDI issued for the API.
    #[serde(rename = "clientID")]
    #[schemars(title = "Client ID", length(min = 1))]
    pub client_id: String,

    /// The secret that belongs to the client id.
    #[schemars(title = "Client Secret")]
    pub client_secret: Secret,

    /// The address of IPassan without the path of the API, such as `https://ipassan.com`.
    #[serde(rename = "BaseUrl")]
    #[schemars(title = "BaseUrl", length(min = 1))]
    pub base_url: String,

    /// The id (a GUID) of the site with the persons; the API lists the sites of a base.
    #[schemars(title = "Site ID", length(min = 1))]
    pub site_id: String,

    /// Which access profile belongs to which lookup key.
    #[serde(default)]
    #[schemars(title = "Access profiles")]
    #[schemars(extend("examples" = [[
        { "HelloIDLookupKey": "Nurse", "AccessProfileName": "Ward", "AccessProfileId": "00000000-0000-0000-0000-000000000001" },
    ]]))]
    pub access_profiles: Vec<ProfileRow>,

    /// A file with such a table: a CSV with `;` and the headers `HelloIDLookupKey;AccessProfileName;AccessProfileId`, or a JSON array.
    /// It adds to `accessProfiles`.
    #[serde(default)]
    #[schemars(title = "File with access profiles", extend("x-file" = true))]
    pub access_profiles_file: Option<PathBuf>,

    /// What an update does for a lookup key that no access profile is mapped to.
    #[serde(default)]
    #[schemars(title = "Lookup key without an access profile")]
    pub on_unmapped_profile: OnUnmappedProfile,

    /// What the delete action does to the person.
    #[serde(default)]
    #[schemars(title = "Delete")]
    pub delete: DeleteMode,

    /// The most requests at once.
    #[serde(default = "default_concurrency")]
    #[schemars(title = "Requests at once", range(min = 1, max = 32))]
    pub concurrency: NonZeroUsize,

    /// Allow http without encryption to a host other than this machine.
    #[serde(default)]
    #[schemars(title = "Allow http without encryption")]
    pub allow_insecure_http: bool,
}

/// One row of the table of access profiles.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ProfileRow {
    /// The value that the mapping of `_extension.accessProfileLookupKey` gives, such as a job title; case does not count.
    #[serde(rename = "HelloIDLookupKey")]
    #[schemars(length(min = 1))]
    pub lookup_key: String,

    /// The name of the profile, for people.
    #[serde(default)]
    pub access_profile_name: String,

    /// The id (a GUID) of the access profile in IPassan.
    #[schemars(length(min = 1))]
    pub access_profile_id: String,
}

/// What an update does for a lookup key that no access profile is mapped to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnUnmappedProfile {
    /// It fails, and nothing of the update is sent.
    #[default]
    Fail,
    /// The person keeps the present access profile; the other fields are updated.
    Keep,
}

/// What the delete action does to the person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DeleteMode {
    /// The person is deleted from the site, with everything IPassan keeps of it.
    #[default]
    Hard,
    /// The access profile is taken away and the person stays.
    Disable,
}

fn default_concurrency() -> NonZeroUsize {
    const FOUR: NonZeroUsize = NonZeroUsize::MIN.saturating_add(3);
    FOUR
}

impl ConnectorConfig for Config {
    fn inspect(config: &Map<String, Value>, faults: &mut Vec<Fault>) {
        let rows = config.get("accessProfiles").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let rows = rows.iter().map(profiles::row).collect::<Vec<_>>();
        let file = config.get("accessProfilesFile").and_then(Value::as_str).map(PathBuf::from);
        if let Some(site) = config.get("siteId").and_then(Value::as_str)
            && matches!(site.trim(), "" | "." | "..")
        {
            faults.push(Fault::new("siteId", "is not the id of a site"));
        }
        faults.extend(Profiles::read(&rows, file.as_deref()).1);
        if !faults.is_empty() {
            // Making the target would tell, but it is not made any more.
            let base = config.get("BaseUrl").and_then(Value::as_str).unwrap_or_default();
            let insecure = config.get("allowInsecureHttp").and_then(Value::as_bool).unwrap_or_default();
            if let Err(error) = Http::builder("IPassan", base).allow_insecure_http(insecure).build() {
                faults.extend_from_slice(error.faults());
            }
        }
    }
}
