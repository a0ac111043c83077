//! The resource groups of a care organisation: the organisation, its regions, their teams.

use std::collections::HashSet;

use crate::inplanning::ResourceGroup;

const REGIONS: [(&str, &str); 4] = [("NRD", "Noord"), ("OST", "Oost"), ("ZUI", "Zuid"), ("WST", "West")];

const TEAMS: [(&str, &str); 16] = [
    ("IEP", "Iepenhof"),
    ("BKN", "De Beukenlaan"),
    ("MLN", "Molenzicht"),
    ("KST", "Kastanjehof"),
    ("WTZ", "Wijkteam Zonneveld"),
    ("PGA", "PG-afdeling Anna"),
    ("REV", "Revalidatie"),
    ("HSP", "Hospice De Haven"),
    ("WTC", "Wijkteam Centrum"),
    ("LIN", "Lindenstaete"),
    ("SOM", "Somatiek 2"),
    ("DGB", "Dagbesteding"),
    ("NCH", "Nachtzorg"),
    ("FLX", "Flexpool"),
    ("ZOE", "Huize Zoë"),
    ("PLB", "Planbureau"),
];

/// A tree of as many groups.
pub(super) fn tree(count: usize) -> Vec<ResourceGroup> {
    (0..count)
        .map(|i| match i {
            0 => group(i, "ZORG", "Zorggroep De Linde", None),
            1..=4 => {
                let (uname, name) = REGIONS[i - 1];
                group(i, uname, name, Some("ZORG"))
            }
            _ => {
                let (round, place) = ((i - 5) / TEAMS.len(), (i - 5) % TEAMS.len());
                let (uname, name) = TEAMS[place];
                let parent = Some(REGIONS[place % REGIONS.len()].0);
                match round {
                    0 => group(i, uname, name, parent),
                    _ => group(i, &format!("{uname}{}", round + 1), &format!("{name} {}", round + 1), parent),
                }
            }
        })
        .collect()
}

fn group(index: usize, uname: &str, name: &str, parent: Option<&str>) -> ResourceGroup {
    ResourceGroup {
        uname: uname.to_owned(),
        name: name.to_owned(),
        parent: parent.map(str::to_owned),
        // Some cost centres, as some organisations have them.
        external_id: Some(if index % 3 == 2 { format!("{}", 4700 + index) } else { uname.to_owned() }),
        description: (index % 4 == 1).then(|| format!("{name} (kostenplaats {})", 4700 + index)),
    }
}

/// The `uname`s of the groups without groups below them.
pub(super) fn teams(groups: &[ResourceGroup]) -> Vec<String> {
    let parents: HashSet<&str> = groups.iter().filter_map(|g| g.parent.as_deref()).collect();
    let leaves = groups.iter().map(|g| &g.uname).filter(|uname| !parents.contains(uname.as_str()));
    leaves.cloned().collect()
}
