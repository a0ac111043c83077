//! The systems, the file of the engine, and what has to hold whenever a run came to its end.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use koppel::FixedClock;
use koppel_engine::store::{Access, AuditRow, Filter, Store};
use koppel_engine::{Entitlement, Held};
use koppel_sandbox::Options;
use koppel_sandbox::ipassan::Person as Visitor;
use serde_json::json;
use tokio::runtime::Runtime;

use super::people::{People, TITLES};
use super::watcher::Watcher;
use crate::support::{DOORS, Koppel, PLANNING, World};

/// Both systems, and a folder with the file of the engine.
pub(super) struct Stage {
    pub(super) world: World,
    pub(super) people: People,
    pub(super) watcher: Arc<Watcher>,
    pub(super) state_url: String,
    runtime: Runtime,
    /// A server takes long to let somebody in: who looks often stays.
    kept: OnceCell<Store>,
    /// What ends an account at the doors.
    deletes: bool,
}

impl Stage {
    /// With this state, a relative SQLite file where there is none; the number decides how things are set up.
    pub(super) fn new(people: People, number: u64, state: Option<(String, &str)>) -> Self {
        let world = World::with(Options::default().persons(0).seed(number));
        let profiles = &world.sandbox.credentials().access_profiles;
        let profile = |(key, name): (&str, &str)| json!({"HelloIDLookupKey": key, "AccessProfileName": name, "AccessProfileId": profiles[name]});
        let profiles = json!(TITLES.map(profile));
        world.file("ipassan.json", world.config_with(DOORS, &json!({"accessProfiles": profiles})).to_string());
        let permissions = json!([
            {"name": "Medewerker", "role": "Medewerker", "resourceGroup": "Company"},
            {"name": "Planner", "role": "Planner", "resourceGroup": "Planner {{CostCenterOwn}}"},
        ]);
        let planning = world.config_with(PLANNING, &json!({"permissions": permissions}));
        world.file("inplanning.json", planning.to_string());
        let deletes = number % 2 == 1;
        let on_revoke = if deletes { "delete" } else { "disable" };
        let (state_url, lease) =
            state.unwrap_or_else(|| (format!("sqlite:{}", world.path("koppel.db").display()), "30s"));
        let rules = People::rules();
        // TOML would read the backslashes of a Windows path as escapes.
        let toml = format!(
            r#"
[state]
url = '{state_url}'
lease = "{lease}"

[[source]]
name = "hr"
connector = "csv-source"
config = {{ persons = "persons.csv", contracts = "contracts.csv", delimiter = ";", dates = "iso" }}

[[target]]
name = "deuren"
connector = "ipassan-target"
config = "ipassan.json"
correlate = {{ person = "ExternalId", account = "number" }}
on_revoke = "{on_revoke}"

[[target]]
name = "planning"
connector = "inplanning-target"
config = "inplanning.json"
correlate = {{ person = "ExternalId", account = "username" }}
{rules}"#
        );
        world.file("koppel.toml", toml);
        // Two whom the doors know already.
        for key in ["1001", "1002"] {
            let known = Visitor { lastname: "Bekend".into(), number: Some(key.into()), kind: 2, ..Visitor::default() };
            world.sandbox.ipassan().insert(known);
        }
        let watcher = Arc::new(Watcher::default());
        world.sandbox.watch(Arc::clone(&watcher) as _);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let made = Self { world, people, watcher, state_url, runtime, kept: OnceCell::new(), deletes };
        made.write();
        made
    }

    /// Tells of the people as they are. Each file is replaced as a whole.
    pub(super) fn write(&self) {
        let (persons, contracts) = self.people.files();
        for (name, text) in [("persons.csv", persons), ("contracts.csv", contracts)] {
            let new = self.world.file(&format!("{name}.new"), text);
            std::fs::rename(new, self.world.path(name)).unwrap();
        }
    }

    /// Noon of the day.
    pub(super) fn moment(&self) -> Timestamp {
        let noon = self.people.today().at(12, 0, 0, 0);
        noon.to_zoned(TimeZone::get("Europe/Amsterdam").unwrap()).unwrap().timestamp()
    }

    /// A command of the engine.
    pub(super) fn koppel(&self, command: &[&str], more: &[&str]) -> Koppel {
        let file = self.world.path("koppel.toml");
        self.world.koppel(command).arguments(&["-c", file.to_str().unwrap()]).arguments(more)
    }

    /// The actions that were sent and whose answer nobody wrote down, after a process was killed.
    pub(super) fn unsettled(&self) -> usize {
        // By this clock every lease is over.
        self.store(|store| async move { store.unsettled().await.unwrap().len() })
    }

    fn store<T, F: Future<Output = T>>(&self, look: impl FnOnce(Store) -> F) -> T {
        self.runtime.block_on(async {
            if let Some(store) = self.kept.get() {
                return look(store.clone()).await;
            }
            let clock = Arc::new(FixedClock::new("2100-01-01T00:00:00Z".parse().unwrap()));
            let store = Store::open(&self.state_url, Access::Read, clock).await.unwrap();
            let seen = look(store.clone()).await;
            if store.is_shared() && !store.mark().await.unwrap().id.is_empty() {
                let _ = self.kept.set(store);
            } else {
                store.close().await;
            }
            seen
        })
    }

    /// What holds when a run has come to its end: the systems are as the rules say, the state and the audit say the same,
    /// the chain is whole, and nothing is left to do. `at` are the arguments that name the moment.
    pub(super) fn holds(&self, at: &[&str], story: &str) {
        self.targets_are_as_the_rules_say(story);
        let due = self.due();
        let (held, unsettled, open) = self.store(|store| async move {
            let held = store.held().await.unwrap();
            (held, store.unsettled().await.unwrap(), store.open_jobs().await.unwrap())
        });
        assert_eq!(entitlements(&held), due, "the state; {story}");
        assert!(unsettled.is_empty() && open == 0, "unsettled: {unsettled:#?}, {open} jobs open; {story}");

        let moment = self.moment().max(Timestamp::now()).to_string();
        let moment = at.get(1).map_or(moment.as_str(), |at| *at);
        let lines = self.koppel(&["audit"], &["--json", "--at", moment]).run().exits(0).lines();
        let told: BTreeSet<(String, String, String)> = lines
            .iter()
            .map(|line| {
                let entitlement: Entitlement = serde_json::from_value(line["entitlement"].clone()).unwrap();
                let text = |key: &str| line[key].as_str().unwrap().to_owned();
                (text("target"), text("person"), entitlement.to_string())
            })
            .collect();
        assert_eq!(told, due, "the audit; {story}");
        self.koppel(&["audit", "verify"], &[]).run().fine();
        let plan = self.koppel(&["plan"], &[at, &["--json"]].concat()).run().fine().lines().remove(0);
        assert_eq!((&plan["actions"], &plan["blocked"]), (&json!([]), &json!([])), "the plan; {story}");
    }

    /// Is there nothing left to do?
    pub(super) fn is_settled(&self) -> bool {
        let due = self.due();
        let state = self.store(|store| async move {
            entitlements(&store.held().await.unwrap()) == due
                && store.unsettled().await.unwrap().is_empty()
                && store.open_jobs().await.unwrap() == 0
        });
        let plan = || self.koppel(&["plan"], &["--json"]).run();
        state && plan().lines().first().is_some_and(|plan| plan["actions"] == json!([]))
    }

    /// For the message of a test that waits in vain.
    pub(super) fn what_is_left(&self) -> String {
        let due = self.due();
        let (held, unsettled, open) = self.store(|store| async move {
            let held = entitlements(&store.held().await.unwrap());
            (held, store.unsettled().await.unwrap(), store.open_jobs().await.unwrap())
        });
        let (missing, too_many): (Vec<_>, Vec<_>) = (due.difference(&held).collect(), held.difference(&due).collect());
        let last: Vec<_> = self.audit().into_iter().rev().take(5).map(|row| row.entry).collect();
        let plan = self.koppel(&["plan"], &["--json"]).run();
        let left = plan.lines().first().map(|plan| plan["actions"].clone());
        format!(
            "missing {missing:?}, too many {too_many:?}, unsettled {unsettled:?}, {open} jobs open, planned {left:?}, \
             stderr {}, last entries {last:#?}",
            plan.stderr
        )
    }

    /// How many answers were lost since the faults were set.
    pub(super) fn lost_answers(&self) -> u64 {
        let faults = self.world.stats().faults;
        faults.iter().filter(|fault| fault.rule.contains("after")).map(|fault| fault.fired).sum()
    }

    /// Whose account at the doors this is, as the state has it.
    pub(super) fn person_of(&self, reference: &str) -> String {
        let held = self.store(|store| async move { store.held().await.unwrap() });
        let account = held.into_iter().find(|held| {
            held.target == "deuren" && held.reference.as_ref().is_some_and(|known| known.to_string() == reference)
        });
        account.unwrap_or_else(|| panic!("nobody has the account [{reference}]")).person
    }

    /// All entries of the audit.
    pub(super) fn audit(&self) -> Vec<AuditRow> {
        self.store(|store| async move {
            let mut rows = Vec::new();
            let mut add = |row| {
                rows.push(row);
                Ok(())
            };
            store.audit(Filter::default(), &mut add).await.unwrap();
            rows
        })
    }

    /// What the state must say, by target and person.
    fn due(&self) -> BTreeSet<(String, String, String)> {
        let mut all = BTreeSet::new();
        for person in &self.people.all {
            let due = self.people.due(&person.key);
            let mut add = |target: &str, entitlement: Entitlement| {
                all.insert((target.to_owned(), person.key.clone(), entitlement.to_string()));
            };
            for target in ["deuren", "planning"] {
                if due.account {
                    add(target, Entitlement::Account);
                }
                if due.access {
                    add(target, Entitlement::Access);
                }
            }
            for (role, _) in &due.roles {
                add("planning", Entitlement::Permission(role.clone()));
            }
        }
        all
    }

    fn targets_are_as_the_rules_say(&self, story: &str) {
        let (doors, planning) = (self.world.sandbox.ipassan(), self.world.sandbox.inplanning());
        for person in self.people.ever() {
            let key = &person.key;
            let due = self.people.due(key);
            let at_the_doors = doors.by_number(key);
            assert!(at_the_doors.len() <= 1, "{key} is at the doors twice; {story}");
            let visitor = at_the_doors.first();
            let profile = visitor.and_then(|visitor| doors.door_profile(&visitor.uuid));
            if due.account {
                let visitor = visitor.unwrap_or_else(|| panic!("{key} is not at the doors; {story}"));
                let names = (visitor.firstname.as_deref(), visitor.lastname.as_str());
                assert_eq!(names, (Some(person.nick), person.family), "{key} at the doors; {story}");
            } else if self.deletes {
                // Somebody known before, whom no rule ever gave an account, is left alone.
                let known = visitor.is_some_and(|visitor| visitor.lastname == "Bekend");
                assert!(visitor.is_none() || known, "{key} is still at the doors: {visitor:?}; {story}");
            }
            let wanted = due.access.then(|| TITLES[person.title].1);
            assert_eq!(profile.as_deref(), wanted, "the doors of {key}; {story}");

            let user = planning.user(key);
            if due.account {
                let user = user.as_ref().unwrap_or_else(|| panic!("{key} is not in the planning; {story}"));
                let names = (user.first_name.as_deref(), user.last_name.as_deref());
                assert_eq!(names, (Some(person.nick), Some(person.family)), "{key} in the planning; {story}");
            }
            let active = user.as_ref().is_some_and(|user| user.active);
            assert_eq!(active, due.access, "{key} in the planning; {story}");
            let roles: Vec<(String, String)> = user
                .into_iter()
                .flat_map(|user| user.roles.unwrap_or_default())
                .map(|role| (role.role, role.resource_group.unwrap_or_default()))
                .collect();
            assert_eq!(roles.len(), due.roles.len(), "the roles of {key}: {roles:?}; {story}");
            assert_eq!(roles.into_iter().collect::<BTreeSet<_>>(), due.roles, "the roles of {key}; {story}");
        }
        let strangers: Vec<_> = doors
            .persons()
            .into_iter()
            .filter(|visitor| !self.people.ever().any(|person| visitor.number.as_deref() == Some(&person.key)))
            .collect();
        assert!(strangers.is_empty(), "nobody knows {strangers:?}; {story}");
    }
}

fn entitlements(held: &[Held]) -> BTreeSet<(String, String, String)> {
    held.iter().map(|held| (held.target.clone(), held.person.clone(), held.entitlement.to_string())).collect()
}
