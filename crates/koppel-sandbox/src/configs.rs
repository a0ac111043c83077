//! How connectors reach a sandbox.

use jiff::civil::Date;
use serde_json::{Value, json};

use crate::inplanning::{HumanResource, Shift, User};
use crate::ipassan::Person;
use crate::route::System;
use crate::server::Sandbox;

impl Sandbox {
    /// A configuration for each connector that reaches this sandbox, by the connector's id.
    pub fn configs(&self) -> Value {
        let known = self.credentials();
        let profiles: Vec<Value> = known
            .access_profiles
            .iter()
            .map(|(name, guid)| json!({ "HelloIDLookupKey": name, "AccessProfileName": name, "AccessProfileId": guid }))
            .collect();
        json!({
            "inplanning-source": {
                "Username": known.inplanning_username,
                "Password": known.inplanning_password,
                "BaseUrl": self.inplanning_admin_url(),
                "HistoricalDays": 1,
                "FutureDays": 2,
            },
            "inplanning-target": {
                "ClientId": known.inplanning_client_id,
                "ClientSecret": known.inplanning_client_secret,
                "BaseUrl": self.inplanning_url(),
                "permissions": [
                    { "name": "Planner", "role": "Planner", "resourceGroup": "Planner {{LocationOwn}}" },
                    { "name": "Medewerker", "role": "Medewerker", "resourceGroup": "Company" },
                ],
            },
            "ipassan-target": {
                "clientID": known.ipassan_client_id,
                "clientSecret": known.ipassan_client_secret,
                "BaseUrl": self.ipassan_url(),
                "siteId": known.site_id,
                "accessProfiles": profiles,
            },
        })
    }

    /// Leaves exactly so many accounts in a system, with invented names.
    pub fn hold(&self, system: System, accounts: usize) {
        match system {
            System::IPassan => {
                self.ipassan().clear();
                self.ipassan().fill((0..accounts).map(|number| Person {
                    lastname: format!("Person {number}"),
                    number: Some(format!("held-{number}")),
                    kind: 2,
                    ..Person::default()
                }));
            }
            System::InPlanning => {
                for user in self.inplanning().users() {
                    self.inplanning().remove_user(&user.username);
                }
                for number in 0..accounts {
                    let username = format!("held-{number}");
                    let last_name = Some(format!("Person {number}"));
                    self.inplanning().put_user(User { username, last_name, ..User::default() });
                }
            }
        }
    }

    /// Leaves exactly these people in InPlanning, each with a user and one shift: family names, days, and hours such as
    /// `22:30-07:00`.
    pub fn staff<'a>(&self, people: impl IntoIterator<Item = (&'a str, Date, String)>) {
        let inplanning = self.inplanning();
        let group = inplanning.resource_groups().first().map(|group| group.uname.clone()).unwrap_or_default();
        inplanning.clear();
        for (number, (name, day, hours)) in people.into_iter().enumerate() {
            let id = format!("staff-{number}");
            let last_name = Some(name.to_owned());
            inplanning.put_human_resource(HumanResource {
                uname: id.clone(),
                last_name: last_name.clone(),
                groups: vec![group.clone()],
                ..HumanResource::default()
            });
            let shifts = vec![Shift::new(day, &format!("{hours} Dienst"), &group, "VPK")];
            // The employee was made a line above.
            let _ = inplanning.set_shifts(&id, shifts);
            let resource = Some(id.clone());
            inplanning.put_user(User { username: id, last_name, resource, active: true, ..User::default() });
        }
    }
}
