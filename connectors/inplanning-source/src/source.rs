//! The source itself: thin, the work is done in the import.

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::AtomicU32;

use async_trait::async_trait;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use inplanning_api::{BaseUrl, Connection, Credentials, InPlanning};
use jiff::tz::TimeZone;
use koppel::{Ctx, Department, Error, Fault, PersonDefaults, Result, Scrubber, Source, SourcePerson, reread};
use koppel_http::StateDir;

use crate::config::{Config, People};
use crate::contracts::Contracts;
use crate::defaults::defaults;
use crate::groups::Groups;
use crate::import::{Import, until_error};
use crate::people::Humans;
use crate::seen::Seen;
use crate::times::Moments;
use crate::window::Window;

/// The largest number of requests at once that anybody can ask for.
const MOST_AT_ONCE: NonZeroUsize = NonZeroUsize::MIN.saturating_add(63);

/// InPlanning as a source of persons.
#[derive(Debug)]
pub(crate) struct InPlanningSource {
    api: InPlanning,
    config: Config,
    zone: TimeZone,
}

impl InPlanningSource {
    /// Makes the source; nothing is sent.
    pub(crate) fn new(config: Config, state: &StateDir, scrubber: &Scrubber) -> Result<Self> {
        let zone = config.zone().map_err(|fault| Error::config(vec![fault]))?;
        let base_url =
            BaseUrl::parse(&config.base_url).map_err(|message| Error::config(vec![Fault::new("BaseUrl", message)]))?;
        let connection = Connection {
            base_url,
            credentials: Credentials::Basic { username: config.username.clone(), password: config.password.clone() },
            // An import counts its own requests: what the caller asks for may be more than the configuration says.
            concurrency: MOST_AT_ONCE,
            allow_insecure_http: config.allow_insecure_http,
        };
        let api = InPlanning::new(connection, state.clone(), scrubber.clone())?;
        Ok(Self { api, config, zone })
    }

    async fn groups(&self, ctx: &Ctx) -> Result<Groups> {
        Ok(Groups::new(reread(ctx, || self.api.resource_groups(ctx)).await?))
    }

    /// Reads all that is needed before the first roster.
    async fn prepare<'a>(&'a self, ctx: &'a Ctx) -> Result<Import<'a>> {
        let window = Window::around(ctx.moment(), &self.zone, self.config.historical_days, self.config.future_days);
        let humans = reread(ctx, || Humans::read(&self.api, ctx, self.config.people, window.today)).await?;
        let groups = self.groups(ctx).await?;
        let contracts = Contracts {
            moments: Moments { zone: self.zone.clone(), style: self.config.contract_times },
            unknown_shift: self.config.unknown_shift,
            absence: self.config.absence,
            contract_id: self.config.contract_id,
            groups,
            told: Mutex::default(),
        };
        Ok(Import {
            api: &self.api,
            ctx,
            config: &self.config,
            window,
            seen: Mutex::new(Seen::nobody(humans.len())),
            humans,
            contracts,
            failed: AtomicU32::new(0),
            unknown: AtomicU32::new(0),
        })
    }
}

#[async_trait]
impl Source for InPlanningSource {
    async fn check(&self, ctx: &Ctx) -> Result<()> {
        match self.config.people {
            People::Users => self.api.check(ctx).await?,
            People::HumanResources => self.api.human_resources(ctx).try_next().await.map(|_| ())?,
        }
        self.groups(ctx).await.map(|_| ())
    }

    fn defaults(&self) -> PersonDefaults {
        defaults()
    }

    fn persons<'a>(&'a self, ctx: &'a Ctx) -> BoxStream<'a, Result<SourcePerson>> {
        until_error(stream::once(self.prepare(ctx)).map_ok(Import::persons).try_flatten())
    }

    fn departments<'a>(&'a self, ctx: &'a Ctx) -> BoxStream<'a, Result<Department>> {
        let departments = async move {
            let departments = self.groups(ctx).await?.departments(ctx);
            Ok(stream::iter(departments.into_iter().map(Ok)))
        };
        stream::once(departments).try_flatten().boxed()
    }
}
