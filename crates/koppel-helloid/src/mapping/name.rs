//! The names of a person, put together.

use koppel::{lookup, scalar_text};
use serde_json::Value;

/// Which name comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Convention {
    /// The name of birth.
    Birth,
    /// The name of the partner.
    Partner,
    /// Birth, then partner.
    BirthPartner,
    /// Partner, then birth.
    PartnerBirth,
}

impl Convention {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text.trim().to_ascii_uppercase().as_str() {
            "B" => Some(Self::Birth),
            "P" => Some(Self::Partner),
            "BP" => Some(Self::BirthPartner),
            "PB" => Some(Self::PartnerBirth),
            _ => None,
        }
    }
}

/// `{NickName} {FamilyNamePrefix} {FamilyName} ({ExternalId})`, with the partner's name as the convention says. What is
/// empty is left out, with the blank or the dash before it.
pub(super) fn display_name(person: &Value, convention: Convention) -> String {
    put_together(&|path| lookup(person, path).and_then(scalar_text), convention)
}

/// The display name of a person whose fields a function gives by path, such as `Name.NickName`: as a source mapping
/// calculates it. Without a name convention, or with one that is none, it follows B.
pub fn display_name_of(field: &dyn Fn(&str) -> Option<String>) -> String {
    let convention = field("Name.Convention").and_then(|text| Convention::parse(&text));
    put_together(field, convention.unwrap_or(Convention::Birth))
}

fn put_together(field: &dyn Fn(&str) -> Option<String>, convention: Convention) -> String {
    let part = |path: &str| field(path).map(|text| text.trim().to_owned()).unwrap_or_default();
    let birth = join([part("Name.FamilyNamePrefix"), part("Name.FamilyName")], " ");
    let partner = join([part("Name.FamilyNamePartnerPrefix"), part("Name.FamilyNamePartner")], " ");
    let family = match convention {
        Convention::Birth => birth,
        Convention::Partner => partner,
        Convention::BirthPartner => join([birth, partner], " - "),
        Convention::PartnerBirth => join([partner, birth], " - "),
    };
    let id = part("ExternalId");
    let id = if id.is_empty() { id } else { format!("({id})") };
    join([part("Name.NickName"), family, id], " ")
}

fn join<const N: usize>(parts: [String; N], with: &str) -> String {
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(with)
}

/// What persons of several systems are brought together by: upper case, letters, digits and single quotes only, 200
/// characters at most.
pub(super) fn aggregation(text: &str) -> String {
    text.to_uppercase().chars().filter(|c| c.is_alphanumeric() || *c == '\'').take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_display_name_follows_the_convention_and_leaves_out_what_is_empty() {
        let full = json!({"ExternalId": 7, "Name": {
            "NickName": "Jo", "FamilyNamePrefix": "de", "FamilyName": "Boer",
            "FamilyNamePartnerPrefix": "van der", "FamilyNamePartner": "Wal",
        }});
        let single = json!({"ExternalId": "7", "Name": {
            "NickName": " Jo ", "FamilyNamePrefix": "", "FamilyName": "Boer", "FamilyNamePartner": null,
        }});
        for (convention, with, without) in [
            ("B", "Jo de Boer (7)", "Jo Boer (7)"),
            ("p", "Jo van der Wal (7)", "Jo (7)"),
            ("BP", "Jo de Boer - van der Wal (7)", "Jo Boer (7)"),
            (" PB ", "Jo van der Wal - de Boer (7)", "Jo Boer (7)"),
        ] {
            let convention = Convention::parse(convention).unwrap();
            assert_eq!(display_name(&full, convention), with);
            assert_eq!(display_name(&single, convention), without);
        }
        assert_eq!(display_name(&json!({}), Convention::Birth), "");
        assert_eq!(Convention::parse("Birth"), None);
    }

    #[test]
    fn an_aggregation_key_is_upper_case_without_blanks_and_signs_and_bounded() {
        assert_eq!(aggregation(" jan-d'arc. é 12 "), "JAND'ARCÉ12");
        assert_eq!(aggregation(&"ß".repeat(300)).chars().count(), 200);
    }
}
