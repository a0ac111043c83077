//! A source from the small system, sound or with one flaw.

use async_trait::async_trait;
use futures_util::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use koppel::{Ctx, Department, PersonDefault, PersonDefaults, Result, Scrubber, Secret, Source, SourcePerson};
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
        let answer = self.http.get(&["persons"]).send(ctx).await?;
        let raw: Vec<Value> = match self.flaw {
            Flaw::AnyAnswerIsAList => answer.json::<Value>()?.as_array().cloned().unwrap_or_default(),
            _ => answer.json()?,
        };
        let most = if self.flaw == Flaw::ImportStopsEarly { 50 } else { raw.len() };
        Ok(raw.iter().take(most).enumerate().map(|(index, person)| self.person(index, person)).collect())
    }

    fn person(&self, index: usize, raw: &Value) -> SourcePerson {
        let text = |name: &str| raw[name].as_str().unwrap_or_default().to_owned();
        let id = match self.flaw {
            Flaw::PersonsShareAnId => "1".to_owned(),
            _ => text("id"),
        };
        let name = match self.flaw {
            Flaw::LosesPlus => text("name").replace('+', " "),
            _ => text("name"),
        };
        let mut fields = Map::from_iter([("FirstName".to_owned(), json!(name))]);
        if self.flaw == Flaw::FieldOfSomePersons && index == 1 {
            fields.insert("Nickname".into(), json!("x"));
        }
        let shifts = raw["shifts"].as_array().cloned().unwrap_or_default();
        let contract = |shift: &Value| {
            let day: Date = shift["day"].as_str().unwrap().parse().unwrap();
            let (from, until) = shift["hours"].as_str().unwrap().split_once('-').unwrap();
            let (mut from, mut until) = self.moments(day, from.parse().unwrap(), until.parse().unwrap());
            match self.flaw {
                Flaw::ContractsWithoutEnd => until = Value::Null,
                Flaw::ContractsEndBeforeTheyStart if id == "1" => std::mem::swap(&mut from, &mut until),
                Flaw::DatesForPeople => from = json!("28-03-2026 22:00"),
                _ => {}
            }
            let external = match self.flaw {
                Flaw::ContractsShareAnId => "1".to_owned(),
                _ => format!("{id}-{day}"),
            };
            let team = if self.flaw == Flaw::ContractsOfNoDepartment { "D9" } else { "D2" };
            Map::from_iter([
                ("ExternalId".to_owned(), json!(external)),
                ("begins".into(), from),
                ("ends".into(), until),
                ("team".into(), json!({"code": team})),
            ])
        };
        SourcePerson {
            external_id: id.clone(),
            display_name: name,
            fields,
            contracts: shifts.iter().map(contract).collect(),
        }
    }
}

impl Roster {
    /// When a shift begins and ends.
    fn moments(&self, day: Date, from: Time, until: Time) -> (Value, Value) {
        let zone = match self.flaw {
            Flaw::HoursAreUtc => TimeZone::UTC,
            _ => TimeZone::get("Europe/Amsterdam").unwrap(),
        };
        let next = match self.flaw {
            Flaw::TheNextDayIsInTheSameYear => day.tomorrow().unwrap().with().year(day.year()).build().unwrap(),
            _ => day.tomorrow().unwrap(),
        };
        let end = if until <= from { next.to_datetime(until) } else { day.to_datetime(until) };
        let (start, end) = (zone.to_ambiguous_zoned(day.to_datetime(from)), zone.to_ambiguous_zoned(end));
        // What most libraries do where nothing is said: the later moment in a gap, the earlier one in a fold.
        let start =
            if self.flaw == Flaw::NobodyThoughtOfTheGap { start.compatible() } else { start.earlier() }.unwrap();
        let end = match self.flaw {
            Flaw::NobodyThoughtOfTheFold => end.compatible().unwrap(),
            Flaw::TheOffsetOfTheStartCounts => end.datetime().to_zoned(start.offset().to_time_zone()).unwrap(),
            _ => end.later().unwrap(),
        };
        (json!(start.timestamp()), json!(end.timestamp()))
    }
}

#[async_trait]
impl Source for Roster {
    async fn check(&self, ctx: &Ctx) -> Result<()> {
        self.all(ctx).await.map(drop)
    }

    fn defaults(&self) -> PersonDefaults {
        let name = if self.flaw == Flaw::MapsWhatIsNotThere { "GivenName" } else { "FirstName" };
        PersonDefaults {
            person: vec![PersonDefault::field("ExternalId", "ExternalId"), PersonDefault::field("Name.NickName", name)],
            contract: vec![
                PersonDefault::field("StartDate", "begins"),
                PersonDefault::field("EndDate", "ends"),
                PersonDefault::field("Department.ExternalId", "team.code"),
            ],
        }
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
        let top = (self.flaw == Flaw::DepartmentsInACircle).then_some("D2");
        stream::iter([department("D1", top), department("D2", Some(parent))]).boxed()
    }
}
