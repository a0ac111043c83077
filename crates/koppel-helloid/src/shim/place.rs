//! Which scripts a connector has, what they are called and where HelloID takes them.

use koppel::{Kind, Manifest};

use crate::action::ActionName;

/// What a script does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Does {
    /// An action of a target, or an import of what is there.
    Action(ActionName),
    /// The persons of a source.
    Persons,
    /// The departments of a source.
    Departments,
}

/// A script of the set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Script {
    pub(super) does: Does,
    /// Its name, as the public repositories of HelloID connectors have it.
    pub(super) path: &'static str,
    /// Where it goes in HelloID.
    pub(super) place: &'static str,
}

impl Script {
    /// The name of what it does, on the command line and in the address of the service.
    pub(super) fn action(&self) -> &'static str {
        match self.does {
            Does::Action(action) => action.name(),
            Does::Persons => "persons",
            Does::Departments => "departments",
        }
    }

    /// After how many seconds it gives up, shortly before HelloID ends it; `None` for an import, which has an hour.
    pub(super) fn seconds(&self) -> Option<u64> {
        match self.does {
            // The action itself gives up before that and says why.
            Does::Action(action) => action.budget(false).map(|budget| budget.as_secs() + 3),
            Does::Persons | Does::Departments => None,
        }
    }
}

/// The scripts for what the connector offers.
pub(super) fn scripts(manifest: &Manifest) -> Vec<Script> {
    match manifest.kind {
        Kind::Source => vec![
            Script { does: Does::Persons, path: "persons.ps1", place: "System > Import Scripts > Persons" },
            Script { does: Does::Departments, path: "departments.ps1", place: "System > Import Scripts > Departments" },
        ],
        Kind::Target => {
            let known = manifest.capabilities.iter().filter_map(|name| name.parse::<ActionName>().ok());
            known.map(of_action).collect()
        }
    }
}

fn of_action(action: ActionName) -> Script {
    use crate::action::Import;
    let (path, place) = match action {
        ActionName::Create => ("create.ps1", "Account > Create"),
        ActionName::Update => ("update.ps1", "Account > Update"),
        ActionName::Enable => ("enable.ps1", "Account > Enable"),
        ActionName::Disable => ("disable.ps1", "Account > Disable"),
        ActionName::Delete => ("delete.ps1", "Account > Delete"),
        ActionName::Uniqueness => ("uniquenessCheck.ps1", "Account > Uniqueness check"),
        ActionName::Permissions => {
            ("permissions/permissions.ps1", "Permissions > the permission set > Retrieve Permissions Script")
        }
        ActionName::Grant => {
            ("permissions/grantPermission.ps1", "Permissions > the permission set > Grant Action Script")
        }
        ActionName::Revoke => {
            ("permissions/revokePermission.ps1", "Permissions > the permission set > Revoke Action Script")
        }
        ActionName::SubPermissions => {
            ("permissions/subPermissions.ps1", "Permissions > the permission set > Handle All Actions Script")
        }
        ActionName::Resources => ("resources/resources.ps1", "Resources > the resource configuration > Script"),
        ActionName::Import(Import::Accounts) => ("import.ps1", "Account > Account data import"),
        ActionName::Import(Import::Permissions) => (
            "permissions/import.ps1",
            "Permissions > the permission set > Import permission memberships (without sub-permissions)",
        ),
        ActionName::Import(Import::SubPermissions) => (
            "permissions/importSubPermissions.ps1",
            "Permissions > the permission set > Import permission memberships (with sub-permissions)",
        ),
    };
    Script { does: Does::Action(action), path, place }
}
