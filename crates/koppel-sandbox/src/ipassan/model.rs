//! What IPassan knows, as its API tells it.

use serde::{Deserialize, Serialize};

use crate::seed;

/// A person of the site. What is `None` is told as `null`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Person {
    /// The key, given by the system.
    #[serde(default)]
    pub uuid: String,
    /// Last name.
    pub lastname: String,
    /// First name.
    pub firstname: Option<String>,
    /// Phone number.
    pub phone: Option<String>,
    /// Mail address.
    pub mail: Option<String>,
    /// The number in the HR system; nothing keeps it unique.
    pub number: Option<String>,
    /// 1 resident, 2 employee, 3 visitor.
    #[serde(rename = "type")]
    pub kind: u8,
    /// Free text of at most 255 characters.
    pub other: Option<String>,
    /// The access profiles; `None` for someone who never had any.
    #[serde(rename = "accessType")]
    pub access_type: Option<AccessType>,
    /// The buildings of the site.
    #[serde(default)]
    pub architecture: Vec<Building>,
}

/// The GUIDs of a person's access profiles, one to a slot.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessType {
    /// Doors, for good.
    pub door_permanent: Option<String>,
    /// Doors, for a time.
    pub door_temporary: Option<String>,
    /// Floors, for good.
    pub floor_permanent: Option<String>,
    /// Floors, for a time.
    pub floor_temporary: Option<String>,
}

impl AccessType {
    /// The slot with this name in the API.
    pub(super) fn slot(&mut self, name: &str) -> Option<&mut Option<String>> {
        match name {
            "doorPermanent" => Some(&mut self.door_permanent),
            "doorTemporary" => Some(&mut self.door_temporary),
            "floorPermanent" => Some(&mut self.floor_permanent),
            "floorTemporary" => Some(&mut self.floor_temporary),
            _ => None,
        }
    }
}

/// A building, as persons list it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Building {
    /// The key.
    pub uuid: String,
    /// The name.
    pub name: String,
}

/// An access profile. The API has no list of them; a configuration names their GUIDs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessProfile {
    /// The key.
    pub guid: String,
    /// The name.
    pub name: String,
}

/// A base with its sites.
#[derive(Debug)]
pub(super) struct Base {
    pub(super) view: BaseView,
    pub(super) sites: Vec<Building>,
}

#[derive(Debug, Serialize)]
pub(super) struct BaseView {
    pub(super) uuid: String,
    name: &'static str,
    displayname: &'static str,
}

impl Base {
    /// The base with the site of the persons, and one the client cannot reach the persons of.
    pub(super) fn all(seed: u64, site_id: &str) -> Vec<Self> {
        let base = |index, name, displayname, site: &str, site_name: &str| Self {
            view: BaseView { uuid: seed::uuid(seed, "base", index), name, displayname },
            sites: vec![Building { uuid: site.to_owned(), name: site_name.to_owned() }],
        };
        let other = seed::uuid(seed, "site", 1);
        vec![
            base(0, "delinde", "Zorggroep De Linde", site_id, "De Linde"),
            base(1, "delinde-test", "Zorggroep De Linde (test)", &other, "Proefopstelling"),
        ]
    }
}
