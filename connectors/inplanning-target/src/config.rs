//! The configuration.

use std::collections::BTreeMap;

use inplanning_api::BaseUrl;
use koppel::{ConnectorConfig, Fault, Secret};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::template::Template;

/// The configuration of the InPlanning target.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(extend("x-order" = [
    "ClientId", "ClientSecret", "BaseUrl", "isDebug", "permissions", "placeholders", "createDisabled",
    "startDateOnGrant", "concurrency", "allowInsecureHttp",
]))]
#[expect(clippy::struct_excessive_bools, reason = "four independent switches, as they stand in the form")]
pub struct Config {
    /// The client id to connect to the API
    #[serde(rename = "ClientId")]
    #[schemars(title = "ClientId", length(min = 1))]
    pub client_id: String,

    /// The client secret to connect to the API
    #[serde(rename = "ClientSecret")]
    #[schemars(title = "ClientSecret")]
    pub client_secret: Secret,

    /// The URL to the API, such as `https://customer.rooster.nl/InPlanningService/rest`; with or without `/api`
    #[serde(rename = "BaseUrl")]
    #[schemars(title = "BaseUrl", length(min = 1))]
    #[schemars(extend("x-form" = { "default": "https://<name>.rooster.nl/InPlanningService/rest" }))]
    pub base_url: String,

    /// When toggled, debug logging will be displayed
    #[serde(rename = "isDebug", default)]
    #[schemars(title = "Toggle debug logging")]
    pub is_debug: bool,

    /// The roles on offer. Every value may hold `{{Placeholder}}`, which is filled from the contract
    #[serde(default)]
    #[schemars(title = "Permissions")]
    #[schemars(extend("examples" = [[
        { "name": "Planner", "role": "Planner", "resourceGroup": "{{LocationOwn}}" },
    ]]))]
    pub permissions: Vec<PermissionConfig>,

    /// Where the value of each placeholder stands in a contract: its name and a path such as `Department.ExternalId`
    #[serde(default = "default_placeholders")]
    #[schemars(title = "Placeholders")]
    pub placeholders: BTreeMap<String, String>,

    /// Makes new users inactive, whatever the mapping says: they become active with Account Access
    #[serde(rename = "createDisabled", default)]
    #[schemars(title = "Create users inactive")]
    pub create_disabled: bool,

    /// Gives a role that is added the day itself as its start date; without it the role has none
    #[serde(rename = "startDateOnGrant", default)]
    #[schemars(title = "Start date when a role is added")]
    pub start_date_on_grant: bool,

    /// Allows http instead of https, which sends the client secret readable over the network
    #[serde(rename = "allowInsecureHttp", default)]
    #[schemars(title = "Allow http without encryption")]
    pub allow_insecure_http: bool,

    /// How many requests may be under way at once
    #[serde(default = "default_concurrency")]
    #[schemars(title = "Concurrent requests", range(min = 1, max = 64))]
    pub concurrency: usize,
}

/// A permission: a role within a resource group.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PermissionConfig {
    /// The name of the permission; the role where it is left out
    #[serde(default)]
    #[schemars(title = "Name")]
    pub name: Option<String>,

    /// The role in InPlanning
    #[schemars(title = "Role", length(min = 1))]
    pub role: String,

    /// The resource group that the role is held in
    #[serde(default)]
    #[schemars(title = "Resource group")]
    pub resource_group: Option<String>,

    /// The exchange group of the role
    #[serde(default)]
    #[schemars(title = "Exchange group")]
    pub exchange_group: Option<String>,

    /// The shift group of the role
    #[serde(default)]
    #[schemars(title = "Shift group")]
    pub shift_group: Option<String>,

    /// The work location group of the role; `n.v.t.` is in use for none
    #[serde(default)]
    #[schemars(title = "Work location group")]
    pub worklocation_group: Option<String>,

    /// The user group of the role
    #[serde(default)]
    #[schemars(title = "User group")]
    pub user_group: Option<String>,
}

/// The placeholders that the public connector ships with.
fn default_placeholders() -> BTreeMap<String, String> {
    [("LocationOwn", "Division.Name"), ("CostCenterOwn", "Department.ExternalId")]
        .into_iter()
        .map(|(name, path)| (name.to_owned(), path.to_owned()))
        .collect()
}

fn default_concurrency() -> usize {
    4
}

/// The keys of a permission whose values may hold placeholders.
const TEMPLATES: [&str; 6] = ["role", "resourceGroup", "exchangeGroup", "shiftGroup", "worklocationGroup", "userGroup"];

impl ConnectorConfig for Config {
    fn inspect(config: &Map<String, Value>, faults: &mut Vec<Fault>) {
        if let Some(text) = config.get("BaseUrl").and_then(Value::as_str)
            && let Err(why) = BaseUrl::parse(text)
        {
            faults.push(Fault::new("BaseUrl", why));
        }
        let known = placeholder_names(config, faults);
        let permissions = config.get("permissions").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let mut names: Vec<String> = Vec::new();
        for (index, permission) in permissions.iter().enumerate() {
            let place = format!("permissions[{index}]");
            let text = |key: &str| permission.get(key).and_then(Value::as_str);
            if let Some(name) = text("name").or_else(|| text("role")).map(str::trim).filter(|name| !name.is_empty()) {
                if names.contains(&name.to_lowercase()) {
                    let key = if text("name").is_some() { "name" } else { "role" };
                    faults.push(Fault::new(format!("{place}.{key}"), format!("the name [{name}] is taken by a permission before it; the case of letters does not tell names apart")));
                }
                names.push(name.to_lowercase());
            }
            for key in TEMPLATES {
                let Some(value) = text(key) else { continue };
                let place = format!("{place}.{key}");
                match Template::parse(value) {
                    Err(why) => faults.push(Fault::new(place, why)),
                    Ok(template) => {
                        let unknown = template.names().find(|name| !known.contains(&name.to_lowercase()));
                        if let Some(name) = unknown {
                            faults.push(Fault::new(
                                place,
                                format!("the placeholder {{{{{name}}}}} does not stand in [placeholders]"),
                            ));
                        }
                    }
                }
            }
        }
    }
}

/// The names of the placeholders in lower case.
fn placeholder_names(config: &Map<String, Value>, faults: &mut Vec<Fault>) -> Vec<String> {
    let Some(value) = config.get("placeholders") else {
        return default_placeholders().into_keys().map(|name| name.to_lowercase()).collect();
    };
    let mut names = Vec::new();
    for (name, path) in value.as_object().into_iter().flatten() {
        let place = format!("placeholders.{name}");
        if names.contains(&name.trim().to_lowercase()) {
            faults.push(Fault::new(&place, "stands twice; the case of letters does not tell names apart"));
        }
        if path
            .as_str()
            .is_some_and(|path| path.trim().is_empty() || path.split('.').any(|part| part.trim().is_empty()))
        {
            faults.push(Fault::new(&place, "is not a path such as Department.ExternalId"));
        }
        names.push(name.trim().to_lowercase());
    }
    names
}
