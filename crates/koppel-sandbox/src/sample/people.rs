//! The people of the organisation, as both systems know them.

use jiff::civil::Date;

use super::days_from;
use super::names::{self, Name};
use crate::credentials::{Credentials, PROFILES};
use crate::inplanning::{HumanResource, LabourHist, Plan, Role, User};
use crate::ipassan::{AccessType, Person};
use crate::seed::Rng;

/// Everything people follow from.
#[derive(Debug)]
pub(super) struct People<'a> {
    pub(super) seed: u64,
    pub(super) today: Date,
    /// How many days back and ahead the rosters reach.
    pub(super) roster: (u16, u16),
    pub(super) teams: Vec<String>,
    pub(super) credentials: &'a Credentials,
}

/// One of them.
#[derive(Debug)]
pub(super) struct Someone {
    index: usize,
    number: String,
    name: Name,
    mail: String,
    phone: String,
    groups: Vec<String>,
    function: &'static str,
    employment: LabourHist,
    rng: Rng,
}

/// What is special about someone, by the index: every 50 people hold each of these once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Oddity {
    None,
    Inactive,
    SharesResource,
    BlankResource,
    SpecialCharacters,
    StartsToday,
    Left,
}

impl Oddity {
    fn of(index: usize) -> Self {
        match index % 50 {
            3 | 23 => Self::Inactive,
            5 => Self::SharesResource,
            7 => Self::BlankResource,
            9 => Self::SpecialCharacters,
            11 => Self::StartsToday,
            13 => Self::Left,
            _ => Self::None,
        }
    }
}

impl People<'_> {
    pub(super) fn person(&self, index: usize) -> Someone {
        let mut rng = Rng::new(self.seed, "people", index as u64);
        let name = names::draw(&mut rng);
        let number = (100_001 + index).to_string();
        let mail = format!(
            "{}.{}.{}@zorggroep-delinde.example",
            names::plain(name.first),
            names::plain(&name.last),
            index + 1
        );
        let phone = format!("+316{:08}", rng.below(100_000_000));
        let mut groups = vec![rng.pick(&self.teams).clone()];
        let second = rng.pick(&self.teams);
        if rng.below(6) == 0 && *second != groups[0] {
            groups.push(second.clone());
        }
        let function = match rng.below(100) {
            0..=29 => "VPK",
            30..=54 => "VIG",
            55..=66 => "VZ",
            67..=79 => "HLP",
            80..=83 => "HPL",
            84..=89 => "WBG",
            90..=92 => "GVR",
            93..=96 => "PLN",
            97..=98 => "TML",
            _ => "SOG",
        };
        let ago = |days: usize| days_from(self.today, -i64::try_from(days).unwrap_or(0));
        let start = ago(30 + rng.below(4000));
        let employment = match Oddity::of(index) {
            Oddity::StartsToday => LabourHist { start_date: self.today, end_date: None },
            Oddity::Left => LabourHist { start_date: start, end_date: Some(ago(5)) },
            _ => LabourHist { start_date: start, end_date: None },
        };
        Someone { index, number, name, mail, phone, groups, function, employment, rng }
    }

    pub(super) fn user(&self, someone: &Someone) -> User {
        let oddity = Oddity::of(someone.index);
        User {
            username: someone.number.clone(),
            first_name: Some(someone.name.first.to_owned()),
            last_name: Some(someone.name.last.clone()),
            email: Some(someone.mail.clone()),
            active: !matches!(oddity, Oddity::Inactive | Oddity::Left),
            user_group: Some("Root".into()),
            resource: match oddity {
                Oddity::BlankResource => Some(String::new()),
                Oddity::SharesResource => Some((100_000 + someone.index).to_string()),
                _ => Some(someone.uname()),
            },
            roles: self.roles(someone),
        }
    }

    fn roles(&self, someone: &Someone) -> Option<Vec<Role>> {
        let role = |name: &str, group: &str| Role {
            role: name.to_owned(),
            resource_group: Some(group.to_owned()),
            exchange_group: Some("Company".into()),
            shift_group: Some("Company".into()),
            worklocation_group: Some("Root".into()),
            user_group: Some("Root".into()),
            start_date: Some(someone.employment.start_date.to_string()),
            end_date: someone.employment.end_date.map(|d| d.to_string()),
        };
        let own = &someone.groups[0];
        match someone.function {
            "PLN" => {
                let second = someone.groups.get(1).or(self.teams.first());
                let groups = std::iter::once(own).chain(second.filter(|g| *g != own));
                Some(groups.map(|g| role("Planner", g)).collect())
            }
            "TML" => Some(vec![role("Teamleider", own), role("Medewerker", own)]),
            // The real system leaves them out here and there.
            _ if someone.index % 11 == 10 => None,
            _ => Some(vec![role("Medewerker", own)]),
        }
    }

    pub(super) fn human_resource(&self, someone: &Someone) -> (HumanResource, Plan) {
        let resource = HumanResource {
            uname: someone.uname(),
            external_id: Some(format!("P{}", someone.number)),
            first_name: Some(someone.name.first.to_owned()),
            last_name: Some(someone.name.last.clone()),
            gender: Some(someone.name.gender.to_owned()),
            phone: Some(someone.phone.clone()),
            email: Some(someone.mail.clone()),
            labour_hists: vec![someone.employment],
            groups: someone.groups.clone(),
            function: someone.function.to_owned(),
        };
        let plan = Plan {
            key: someone.rng.clone().next(),
            first: days_from(self.today, -i64::from(self.roster.0)),
            last: days_from(self.today, i64::from(self.roster.1)),
        };
        (resource, plan)
    }

    pub(super) fn ipassan_person(&self, someone: &Someone) -> Person {
        let mut rng = someone.rng.clone();
        rng.next();
        let left = Oddity::of(someone.index) == Oddity::Left;
        let access_type = match rng.below(10) {
            0..=3 if !left => Some(AccessType {
                door_permanent: self.credentials.access_profiles.get(*rng.pick(&PROFILES)).cloned(),
                ..AccessType::default()
            }),
            4 | 5 => Some(AccessType::default()),
            _ => None,
        };
        Person {
            uuid: String::new(),
            lastname: someone.name.last.clone(),
            firstname: Some(someone.name.first.to_owned()),
            phone: Some(someone.phone.clone()),
            mail: Some(someone.mail.clone()),
            number: Some(someone.number.clone()),
            kind: 2,
            other: (someone.index % 10 == 4).then(|| "Sleutelkast: afdeling".to_owned()),
            access_type,
            architecture: Vec::new(),
        }
    }
}

impl Someone {
    /// The `uname` of the employee; some need encoding in a URL.
    fn uname(&self) -> String {
        match Oddity::of(self.index) {
            Oddity::SpecialCharacters => format!("{} é/B&C", self.number),
            _ => self.number.clone(),
        }
    }
}
