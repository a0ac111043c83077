//! The paths that persons and contracts have in HelloID.

use koppel::{PersonDefault, PersonDefaults};

/// The paths of a person.
pub(crate) const PERSON: &[&str] = &[
    "Aggregation",
    "Contact.Business.Address.Country",
    "Contact.Business.Address.HouseNumber",
    "Contact.Business.Address.HouseNumberExt",
    "Contact.Business.Address.Locality",
    "Contact.Business.Address.PostalCode",
    "Contact.Business.Address.Street",
    "Contact.Business.Address.StreetExt",
    "Contact.Business.Email",
    "Contact.Business.Phone.Fixed",
    "Contact.Business.Phone.Mobile",
    "Contact.Personal.Address.Country",
    "Contact.Personal.Address.HouseNumber",
    "Contact.Personal.Address.HouseNumberExt",
    "Contact.Personal.Address.Locality",
    "Contact.Personal.Address.PostalCode",
    "Contact.Personal.Address.Street",
    "Contact.Personal.Address.StreetExt",
    "Contact.Personal.Email",
    "Contact.Personal.Phone.Fixed",
    "Contact.Personal.Phone.Mobile",
    "Details.BirthDate",
    "Details.BirthLocality",
    "Details.Gender",
    "Details.HonorificPrefix",
    "Details.HonorificSuffix",
    "Details.MaritalStatus",
    "Excluded",
    "ExternalId",
    "Location.Code",
    "Location.ExternalId",
    "Location.Name",
    "Name.Convention",
    "Name.FamilyName",
    "Name.FamilyNamePartner",
    "Name.FamilyNamePartnerPrefix",
    "Name.FamilyNamePrefix",
    "Name.GivenName",
    "Name.Initials",
    "Name.NickName",
    "Status.Blocked",
    "Status.Reason",
    "UserName",
];

/// The paths of a contract.
pub(crate) const CONTRACT: &[&str] = &[
    "CostBearer.Code",
    "CostBearer.ExternalId",
    "CostBearer.Name",
    "CostCenter.Code",
    "CostCenter.ExternalId",
    "CostCenter.Name",
    "Department.DisplayName",
    "Department.ExternalId",
    "Details.Fte",
    "Details.HoursPerWeek",
    "Details.Percentage",
    "Details.Sequence",
    "Division.Code",
    "Division.ExternalId",
    "Division.Name",
    "Employer.Code",
    "Employer.ExternalId",
    "Employer.Name",
    "EndDate",
    "ExternalId",
    "Location.Code",
    "Location.ExternalId",
    "Location.Name",
    "Manager.ExternalId",
    "Organization.Code",
    "Organization.ExternalId",
    "Organization.Name",
    "StartDate",
    "Team.Code",
    "Team.ExternalId",
    "Team.Name",
    "Title.Code",
    "Title.ExternalId",
    "Title.Name",
    "Type.Code",
    "Type.Description",
];

/// Each path under its own name, and all that stands below `Custom`.
pub(crate) fn defaults() -> PersonDefaults {
    let rows = |known: &[&'static str]| {
        let rows = known.iter().map(|path| PersonDefault::field(path, path));
        rows.chain([PersonDefault::field("Custom", "Custom")]).collect::<Vec<_>>()
    };
    let mut defaults = PersonDefaults { person: rows(PERSON), contract: rows(CONTRACT) };
    for row in defaults.person.iter_mut().filter(|row| row.name == "ExternalId") {
        row.required = true;
    }
    defaults
}
