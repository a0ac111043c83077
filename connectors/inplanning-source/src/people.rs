//! Whose rosters are read, and what is kept of each person.

use std::collections::HashMap;

use futures_util::TryStreamExt;
use inplanning_api::{HumanResource, InPlanning, User};
use jiff::civil::Date;
use koppel::{Ctx, Result, SourcePerson};
use serde_json::{Map, Value};

use crate::config::People;

/// How many who share a resource are told one by one.
const TOLD: usize = 20;

/// What is kept of a person while the rosters are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Human {
    /// The human resource; what persons are told apart by.
    pub(crate) resource: Box<str>,
    first: Option<Box<str>>,
    last: Option<Box<str>>,
    email: Option<Box<str>>,
    phone: Option<Box<str>>,
}

impl Human {
    fn new(resource: String, text: impl Fn(&str) -> Option<String>) -> Self {
        let field = |name: &str| text(name).map(String::into_boxed_str);
        Self {
            first: field("firstName"),
            last: field("lastName"),
            email: field("email"),
            phone: field("phone"),
            resource: resource.into(),
        }
    }

    /// The person with these contracts. Every person has the same fields.
    pub(crate) fn person(&self, contracts: Vec<Map<String, Value>>) -> SourcePerson {
        let value = |field: &Option<Box<str>>| field.as_deref().map_or(Value::Null, Value::from);
        let mut fields = Map::new();
        fields.insert("FirstName".to_owned(), value(&self.first));
        fields.insert("LastName".to_owned(), value(&self.last));
        fields.insert("Email".to_owned(), value(&self.email));
        fields.insert("PhoneNumber".to_owned(), value(&self.phone));
        SourcePerson { external_id: self.resource.to_string(), display_name: self.display_name(), fields, contracts }
    }

    fn display_name(&self) -> String {
        let name = [self.first.as_deref(), self.last.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ");
        if name.is_empty() { self.resource.to_string() } else { format!("{name} ({})", self.resource) }
    }
}

/// The persons, each resource once, in the order in which InPlanning gave them.
#[derive(Debug, Default)]
pub(crate) struct Humans {
    list: Vec<Human>,
    places: HashMap<Box<str>, u32>,
    without_resource: usize,
    odd_resource: usize,
    neither: usize,
    doubles: usize,
}

impl Humans {
    /// Reads them all.
    pub(crate) async fn read(api: &InPlanning, ctx: &Ctx, from: People, today: Date) -> Result<Self> {
        let mut humans = Self::default();
        match from {
            People::Users => {
                let mut users = api.users(ctx);
                while let Some(user) = users.try_next().await? {
                    humans.add_user(&user, ctx);
                }
            }
            People::HumanResources => {
                let mut resources = api.human_resources(ctx);
                while let Some(resource) = resources.try_next().await? {
                    humans.add_human_resource(&resource, today, ctx);
                }
            }
        }
        humans.tell(ctx);
        humans.list.shrink_to_fit();
        Ok(humans)
    }

    fn tell(&self, ctx: &Ctx) {
        if self.without_resource > 0 {
            tracing::info!(count = self.without_resource, "people without a resource have no roster and are left out");
        }
        if self.doubles > TOLD {
            ctx.warn(format!("{} more are left out, for their resources belong to more than one", self.doubles - TOLD));
        }
        if self.odd_resource > 0 {
            ctx.warn(format!(
                "the resources of {} people are neither texts nor numbers: these people are left out",
                self.odd_resource
            ));
        }
        if self.neither > 0 {
            ctx.warn(format!(
                "InPlanning does not say of {} users whether they are active: they are left out",
                self.neither
            ));
        }
        if self.list.is_empty() {
            ctx.warn("InPlanning gave no active person with a resource: nobody is imported");
        }
    }

    fn add_user(&mut self, user: &User, ctx: &Ctx) {
        match user.active() {
            Some(true) => {}
            Some(false) => return,
            None => {
                self.neither += 1;
                return;
            }
        }
        let name = user.username();
        self.add(
            user.raw().get("resource"),
            |field| user.text(field),
            || format!("user [{}]", name.as_deref().unwrap_or("without a name")),
            ctx,
        );
    }

    fn add_human_resource(&mut self, resource: &HumanResource, today: Date, ctx: &Ctx) {
        let employed = |from: Option<Date>, to: Option<Date>| {
            from.is_none_or(|from| from <= today) && to.is_none_or(|to| to >= today)
        };
        if resource.employments().iter().any(|employment| employed(employment.start, employment.end)) {
            self.add(
                resource.raw().get("uname"),
                |field| resource.text(field),
                || "another human resource of that name".to_owned(),
                ctx,
            );
        }
    }

    fn add(
        &mut self,
        resource: Option<&Value>,
        text: impl Fn(&str) -> Option<String>,
        who: impl Fn() -> String,
        ctx: &Ctx,
    ) {
        let resource = match resource {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.trim().to_owned(),
            Some(Value::Number(number)) => number.to_string(),
            Some(_) => {
                self.odd_resource += 1;
                return;
            }
        };
        if resource.is_empty() {
            self.without_resource += 1;
            return;
        }
        if self.places.contains_key(resource.as_str()) {
            self.doubles += 1;
            if self.doubles <= TOLD {
                ctx.warn(format!(
                    "resource [{resource}] belongs to more than one: the first is taken, {} is left out",
                    who()
                ));
            }
            return;
        }
        let Ok(place) = u32::try_from(self.list.len()) else { return };
        self.places.insert(resource.as_str().into(), place);
        self.list.push(Human::new(resource, text));
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// All of them.
    pub(crate) fn list(&self) -> &[Human] {
        &self.list
    }

    /// Where in the list the person of this resource is.
    pub(crate) fn place(&self, resource: &str) -> Option<usize> {
        self.places.get(resource).map(|place| *place as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use koppel::FixedClock;
    use serde_json::json;
    use std::sync::Arc;

    fn ctx() -> Ctx {
        Ctx::new(Arc::new(FixedClock::new(Timestamp::UNIX_EPOCH)))
    }

    fn of_users(users: &Value, ctx: &Ctx) -> Humans {
        let mut humans = Humans::default();
        for user in users.as_array().unwrap() {
            humans.add_user(&User::from_value(user.clone()).unwrap(), ctx);
        }
        humans
    }

    fn resources(humans: &Humans) -> Vec<&str> {
        humans.list().iter().map(|human| &*human.resource).collect()
    }

    #[test]
    fn s5_of_users_with_one_resource_the_first_active_one_is_taken() {
        let ctx = ctx();
        let humans = of_users(
            &json!([
                {"username": "old", "active": false, "resource": "1001", "firstName": "Old"},
                {"username": "jan", "active": true, "resource": "1001", "firstName": "Jan"},
                {"username": "jan.admin", "active": "True", "resource": "1001", "firstName": "Admin"},
                {"username": "piet", "active": "True", "resource": "1002"},
            ]),
            &ctx,
        );
        assert_eq!(resources(&humans), ["1001", "1002"]);
        assert_eq!(humans.list()[0].first.as_deref(), Some("Jan"));
        assert_eq!(
            ctx.warnings(),
            ["resource [1001] belongs to more than one: the first is taken, user [jan.admin] is left out"]
        );
        assert_eq!((humans.place("1002"), humans.place("9")), (Some(1), None));
    }

    #[test]
    fn s5_many_shared_resources_do_not_fill_the_log() {
        let ctx = ctx();
        let users: Value = (0..100).map(|n| json!({"username": n, "active": true, "resource": n / 2})).collect();
        let humans = of_users(&users, &ctx);
        humans.tell(&ctx);
        assert_eq!((humans.len(), ctx.warnings().len()), (50, 21));
        assert_eq!(ctx.warnings()[20], "30 more are left out, for their resources belong to more than one");
    }

    #[test]
    fn s6_a_blank_resource_is_nobody() {
        let ctx = ctx();
        let humans = of_users(
            &json!([
                {"username": "a", "active": true, "resource": null},
                {"username": "b", "active": true, "resource": ""},
                {"username": "c", "active": true, "resource": "  "},
                {"username": "d", "active": true},
                {"username": "e", "active": true, "resource": 1005},
            ]),
            &ctx,
        );
        assert_eq!((resources(&humans), humans.without_resource), (vec!["1005"], 4));
        assert!(ctx.warnings().is_empty());
    }

    #[test]
    fn s6_a_resource_that_is_no_text_is_told() {
        let ctx = ctx();
        let odd = [json!(["r01"]), json!({"uname": "r01"}), json!(true)];
        let users = odd.iter().map(|odd| json!({"username": "a", "active": true, "resource": odd}));
        let mut humans = of_users(&users.chain([json!({"active": true, "resource": "1"})]).collect(), &ctx);
        let employee = json!({"uname": ["r02"], "labourHists": {"startDate": "2020-01-01"}});
        let employee = serde_json::from_value(employee).unwrap();
        humans.add_human_resource(&employee, jiff::civil::date(2026, 6, 1), &ctx);
        humans.tell(&ctx);
        let told = "the resources of 4 people are neither texts nor numbers: these people are left out";
        assert_eq!((humans.len(), ctx.warnings()), (1, vec![told.to_owned()]));
    }

    #[test]
    fn an_import_without_anybody_is_told() {
        let ctx = ctx();
        of_users(&json!([{"username": "a", "active": null, "resource": "1"}, {"username": "b", "active": false, "resource": "2"}]), &ctx).tell(&ctx);
        assert_eq!(
            ctx.warnings(),
            [
                "InPlanning does not say of 1 users whether they are active: they are left out",
                "InPlanning gave no active person with a resource: nobody is imported",
            ]
        );
    }

    #[test]
    fn s12_every_field_is_there_also_when_nothing_is_known() {
        let ctx = ctx();
        let humans = of_users(&json!([{"username": "a", "active": true, "resource": "1001"}]), &ctx);
        let person = serde_json::to_value(humans.list()[0].person(vec![])).unwrap();
        let nobody = json!({"ExternalId": "1001", "DisplayName": "1001", "FirstName": null, "LastName": null, "Email": null,
            "PhoneNumber": null, "Contracts": []});
        assert_eq!(person, nobody);
    }

    #[test]
    fn a_display_name_has_no_blanks_too_many() {
        let ctx = ctx();
        for (first, last, shown) in [
            (json!("Jan"), json!("de Vries"), "Jan de Vries (1)"),
            (json!(" Jan "), json!(null), "Jan (1)"),
            (json!(""), json!("Jansen"), "Jansen (1)"),
        ] {
            let humans =
                of_users(&json!([{"active": true, "resource": "1", "firstName": first, "lastName": last}]), &ctx);
            assert_eq!(humans.list()[0].display_name(), shown);
        }
    }

    #[test]
    fn an_employee_counts_while_an_employment_lasts() {
        let (ctx, today) = (ctx(), jiff::civil::date(2026, 6, 1));
        let mut humans = Humans::default();
        let terms = |start: &str, end: Value| json!({"startDate": start, "endDate": end});
        for (uname, terms) in [
            ("open", json!([terms("2020-01-01", json!(null))])),
            ("last-day", json!([terms("2020-01-01", json!("2026-06-01"))])),
            ("first-day", json!([terms("2026-06-01", json!(null))])),
            ("again", json!([terms("2019-01-01", json!("2020-01-01")), terms("2026-01-01", json!(null))])),
            ("left", json!([terms("2020-01-01", json!("2026-05-31"))])),
            ("later", json!([terms("2026-06-02", json!(null))])),
            ("none", json!([])),
            ("null", json!(null)),
        ] {
            let resource =
                json!({"uname": uname, "externalId": "P1", "firstName": "A", "phone": "06", "labourHists": terms});
            humans.add_human_resource(&serde_json::from_value(resource).unwrap(), today, &ctx);
        }
        assert_eq!(resources(&humans), ["open", "last-day", "first-day", "again"]);
        assert_eq!(humans.list()[0].phone.as_deref(), Some("06"));
    }
}
