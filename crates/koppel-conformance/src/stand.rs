//! What a run needs: a system, a configuration that reaches it, and the way in between.

use async_trait::async_trait;
use koppel::Clock as _;
use koppel_http::{Forward, SystemClock};
use koppel_sandbox::{Options as SandboxOptions, Sandbox, System};
use serde_json::Value;
use url::Url;

use crate::check::{Check, Verdict};
use crate::proxy::{Got, Proxy, Sent, Upstream};
use crate::run::{Options, Place, run};
use crate::scenario::Scenario;
use crate::subject::Subject;
use crate::tape::Recording;
use crate::world::{Employee, World};

/// The largest body that passes, in bytes.
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// How many accounts a stand-in holds at the beginning.
const OTHERS: usize = 5;

/// A system, and a configuration that reaches it.
#[derive(Debug)]
pub struct Stand {
    /// A configuration that is good.
    pub config: Value,
    /// The system itself, where the run may fill and empty it.
    pub world: Option<Box<dyn World>>,
}

impl Stand {
    /// A real system, of which only its configuration is known.
    pub fn real(config: Value) -> Self {
        Self { config, world: None }
    }

    /// The stand-in for one of our connectors.
    ///
    /// # Errors
    /// Where there is none for this id, or it cannot be started.
    pub async fn sandbox(id: &str) -> Result<Self, String> {
        let sandbox = Sandbox::start(SandboxOptions::default().persons(OTHERS).now(SystemClock::default().now()))
            .await
            .map_err(|e| e.to_string())?;
        let config = sandbox.configs().get(id).cloned().ok_or_else(|| {
            format!("there is no stand-in for [{id}]; give the configuration of a system with --config")
        })?;
        let system = if id.starts_with("ipassan") { System::IPassan } else { System::InPlanning };
        Ok(Self { config, world: Some(Box::new(StandIn { sandbox, system })) })
    }
}

/// A stand-in; it runs as long as this lives.
#[derive(Debug)]
struct StandIn {
    sandbox: Sandbox,
    system: System,
}

#[async_trait]
impl World for StandIn {
    async fn fill(&self, accounts: usize) -> Result<(), String> {
        self.sandbox.hold(self.system, accounts);
        Ok(())
    }

    async fn staff(&self, people: &[Employee]) -> Result<(), String> {
        if self.system != System::InPlanning {
            return Err("no persons come from this stand-in".into());
        }
        self.sandbox.staff(people.iter().map(|Employee { name, shift }| (name.as_str(), shift.day, shift.hours())));
        Ok(())
    }
}

/// What a connector without a system on the network reaches.
#[derive(Debug)]
struct Nowhere;

#[async_trait]
impl Upstream for Nowhere {
    async fn answer(&self, sent: &Sent) -> koppel::Result<Got> {
        Err(koppel::Error::bug(format!("{} {} was sent by a connector that is offline", sent.method, sent.target)))
    }
}

/// A run: the connector, its system, and the proxy in between.
#[derive(Debug)]
pub struct Session {
    subject: Box<dyn Subject>,
    proxy: Proxy,
    config: Value,
    scenario: Scenario,
    world: Option<Box<dyn World>>,
}

impl Session {
    /// Puts the proxy in between; what passes it is recorded where that is asked for.
    ///
    /// # Errors
    /// Where the configuration has no address, or the proxy cannot be started.
    pub async fn open(
        subject: Box<dyn Subject>,
        stand: Stand,
        scenario: Scenario,
        recording: Option<&Recording>,
    ) -> Result<Self, String> {
        if scenario.offline {
            // Nothing is sent; the proxy is there to see that.
            let proxy = Proxy::start(Nowhere).await.map_err(|e| e.to_string())?;
            return Ok(Self { subject, proxy, config: stand.config, scenario, world: stand.world });
        }
        let (_, origin) = address(&stand.config, &scenario)?;
        let forward = Forward::to(&origin, MOST_BYTES).map_err(|e| e.to_string())?;
        match recording {
            Some(recording) => Self::through(subject, stand, scenario, recording.of(forward)).await,
            None => Self::through(subject, stand, scenario, forward).await,
        }
    }

    /// The same with answers from elsewhere than the system of the configuration.
    ///
    /// # Errors
    /// Where the configuration has no address, or the proxy cannot be started.
    pub async fn through(
        subject: Box<dyn Subject>,
        stand: Stand,
        scenario: Scenario,
        upstream: impl Upstream + 'static,
    ) -> Result<Self, String> {
        let (text, origin) = address(&stand.config, &scenario)?;
        let proxy = Proxy::start(upstream).await.map_err(|e| e.to_string())?;
        let mut config = stand.config;
        let rest = text.get(origin.len()..).unwrap_or_default();
        if let Value::Object(map) = &mut config {
            map.retain(|known, _| !known.eq_ignore_ascii_case(scenario.address()));
            map.insert(scenario.address().to_owned(), Value::from(format!("{}{rest}", proxy.origin())));
        }
        Ok(Self { subject, proxy, config, scenario, world: stand.world })
    }

    /// Runs one check, the one of this number.
    pub async fn run(&self, check: &Check, number: usize, options: &Options) -> Verdict {
        let place = Place {
            subject: &*self.subject,
            proxy: &self.proxy,
            config: &self.config,
            scenario: &self.scenario,
            world: self.world.as_deref(),
        };
        run(check, number, place, options).await
    }

    /// The values that are used.
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }
}

/// The address in a configuration, and its origin as it stands there.
fn address(config: &Value, scenario: &Scenario) -> Result<(String, String), String> {
    let key = scenario.address();
    let text = koppel::lookup(config, key).and_then(Value::as_str).map(str::trim).unwrap_or_default();
    let url = Url::parse(text).map_err(|e| format!("[{key}] of the configuration is no address: {e}"))?;
    let after = text.find("://").map_or(0, |at| at + 3);
    let end = text.get(after..).and_then(|rest| rest.find('/')).map_or(text.len(), |at| after + at);
    if url.host().is_none() {
        return Err(format!("[{key}] of the configuration names no host"));
    }
    Ok((text.to_owned(), text.get(..end).unwrap_or_default().to_owned()))
}
