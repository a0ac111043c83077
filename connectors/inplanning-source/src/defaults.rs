//! What persons and contracts are made of where no mapping says so.

use koppel::{Part, PersonDefault, PersonDefaults, RawOrigin};

/// The persons of InPlanning: a shift is a contract, its group the department, division and location.
pub(crate) fn defaults() -> PersonDefaults {
    let field = PersonDefault::field;
    let aggregation = RawOrigin::Joined(&[Part::Text("PERSON"), Part::Field("ExternalId"), Part::Text("PERSON")]);
    PersonDefaults {
        person: vec![
            PersonDefault::new("Aggregation", aggregation),
            field("Contact.Business.Email", "Email"),
            field("Contact.Business.Phone.Fixed", "PhoneNumber"),
            field("ExternalId", "ExternalId"),
            field("Name.FamilyName", "LastName"),
            field("Name.NickName", "FirstName"),
            // InPlanning knows no name of a partner.
            PersonDefault::fixed("Name.Convention", "B").required(),
            field("UserName", "ExternalId"),
        ],
        contract: vec![
            field("Custom.Intusshift", "shift.uname").as_text(),
            // Lets a determinant of the primary contract rank shifts below the contracts of HR.
            PersonDefault::fixed("Custom.PrimaryPerson", "2").as_text(),
            field("Department.DisplayName", "group.name"),
            field("Department.ExternalId", "group.uname"),
            field("Division.Code", "group.uname"),
            field("Division.ExternalId", "group.uname"),
            field("Division.Name", "group.description"),
            field("EndDate", "endAt"),
            field("ExternalId", "externalId"),
            field("Location.Code", "group.uname"),
            field("Location.ExternalId", "group.externalId"),
            field("StartDate", "startAt"),
            field("Title.Code", "functioncode"),
            field("Title.ExternalId", "functioncode"),
            field("Title.Name", "functionname"),
        ],
    }
}
