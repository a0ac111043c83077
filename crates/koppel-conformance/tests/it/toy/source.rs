//! A source from the small system, sound or with one flaw.

use async_trait::async_trait;
use futures_util::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};
use koppel::{Ctx, Department, Result, Scrubber, Secret, Source, SourcePerson};
use koppel_http::{ClientCredentials, Http, StateDir};
use serde_json::{Map, Value, json};

use super::Flaw;

#[derive(Debug)]
pub(crate) struct Roster {
    http: Http,
    flaw: Flaw,
}

impl Roster {
    pub(crate) fn new(base: &str, secret: &Secret, flaw: Flaw, scrubber: Scrubber) -> Result<Self> {
        let auth = ClientCredentials::new(&["token"], "toy", secret.clone()).named("Secret");
        let http = Http::builder("Toy", base)
            .auth(auth)
            .state(StateDir::none())
            .scrubber(scrubber)
            .retry(super::quick())
            .build()?;
        Ok(Self { http, flaw })
    }

    async fn all(&self, ctx: &Ctx) -> Result<Vec<SourcePerson>> {
        let raw: Vec<Value> = self.http.get(&["persons"]).send(ctx).await?.json()?;
        Ok(raw.iter().enumerate().map(|(index, person)| self.person(index, person)).collect())
    }

    fn person(&self, index: usize, raw: &Value) -> SourcePerson {
        let text = |name: &str| raw[name].as_str().unwrap_or_default().to_owned();
        let id = match self.flaw {
            Flaw::PersonsShareAnId => "1".to_owned(),
            _ => text("id"),
        };
        let mut fields = Map::from_iter([("FirstName".to_owned(), json!(text("name")))]);
        if self.flaw == Flaw::FieldOfSomePersons && index == 1 {
            fields.insert("Nickname".into(), json!("x"));
        }
        let shifts = raw["shifts"].as_array().cloned().unwrap_or_default();
        let contract = |shift: &Value| {
            let day = shift["from"].as_str().unwrap_or_default().get(..10).unwrap_or_default().to_owned();
            let (mut from, mut until) = (shift["from"].clone(), shift["until"].clone());
            match self.flaw {
                Flaw::ContractsWithoutEnd => until = Value::Null,
                Flaw::ContractsEndBeforeTheyStart => std::mem::swap(&mut from, &mut until),
                Flaw::DatesForPeople => from = json!("28-03-2026 22:00"),
                _ => {}
            }
            let external = match self.flaw {
                Flaw::ContractsShareAnId => "1".to_owned(),
                _ => format!("{id}-{day}"),
            };
            Map::from_iter([
                ("ExternalId".to_owned(), json!(external)),
                ("startAt".into(), from),
                ("endAt".into(), until),
            ])
        };
        SourcePerson {
            external_id: id.clone(),
            display_name: text("name"),
            fields,
            contracts: shifts.iter().map(contract).collect(),
        }
    }
}

#[async_trait]
impl Source for Roster {
    async fn check(&self, ctx: &Ctx) -> Result<()> {
        self.all(ctx).await.map(drop)
    }

    fn persons<'a>(&'a self, ctx: &'a Ctx) -> BoxStream<'a, Result<SourcePerson>> {
        let all = async move { Ok::<_, koppel::Error>(stream::iter(self.all(ctx).await?.into_iter().map(Ok))) };
        stream::once(all).try_flatten().boxed()
    }

    fn departments<'a>(&'a self, _: &'a Ctx) -> BoxStream<'a, Result<Department>> {
        let department = |id: &str, parent: Option<&str>| {
            Ok(Department {
                external_id: id.into(),
                display_name: format!("Department {id}"),
                manager_external_id: None,
                parent_external_id: parent.map(str::to_owned),
            })
        };
        let parent = if self.flaw == Flaw::DepartmentBelowNothing { "D9" } else { "D1" };
        stream::iter([department("D1", None), department("D2", Some(parent))]).boxed()
    }
}
