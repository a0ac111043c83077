//! The connectors that a program offers.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::config::{self, ConfigSchema, ConnectorConfig};
use crate::error::{Error, ErrorKind, Result};
use crate::manifest::Kind;
use crate::source::Source;
use crate::target::Target;

/// A connector that was given its configuration.
#[derive(Debug)]
pub enum Instance {
    /// A source.
    Source(Box<dyn Source>),
    /// A target.
    Target(Box<dyn Target>),
}

/// A connector: what it is, the schema of its configuration, and how to make one.
///
/// A connector crate has one type that implements it; everything the connector needs beyond its configuration, such
/// as the HTTP kit's state, that type holds.
pub trait Connector: fmt::Debug + Send + Sync {
    /// Its id on the command line, such as `ipassan-target`.
    fn id(&self) -> &'static str;

    /// Source or target.
    fn kind(&self) -> Kind;

    /// The version of its crate.
    fn version(&self) -> &'static str;

    /// The system, for people.
    fn title(&self) -> &'static str;

    /// One sentence that says what it does.
    fn description(&self) -> &'static str;

    /// The schema of its configuration.
    fn config_schema(&self) -> ConfigSchema;

    /// Reads the configuration and makes the connector. Sends nothing.
    ///
    /// # Errors
    /// `Config` with every fault.
    fn build(&self, config: &Value) -> Result<Instance>;

    /// An instance with an example configuration, from which the manifest is derived. Sends nothing.
    fn example(&self) -> Result<Instance>;
}

/// The connectors of a program, by id.
///
/// ```
/// let registry = koppel::Registry::default();
/// assert_eq!(registry.get("afas-source").unwrap_err().message(), "there is no connector [afas-source]");
/// ```
#[derive(Debug, Clone, Default)]
pub struct Registry(Vec<Arc<dyn Connector>>);

impl Registry {
    /// With one more connector.
    ///
    /// # Errors
    /// `Bug` where the id is taken, or the kind that the connector says is not what it makes.
    pub fn with(mut self, connector: impl Connector + 'static) -> Result<Self> {
        let id = connector.id();
        if self.0.iter().any(|known| known.id() == id) {
            return Err(Error::bug(format!("two connectors are called [{id}]")));
        }
        self.0.push(Arc::new(connector));
        self.0.sort_by_key(|connector| connector.id());
        Ok(self)
    }

    /// The connector of this id.
    ///
    /// # Errors
    /// `NotFound`, listing the ids there are.
    pub fn get(&self, id: &str) -> Result<&Arc<dyn Connector>> {
        self.0.iter().find(|connector| connector.id() == id).ok_or_else(|| {
            let known: Vec<&str> = self.0.iter().map(|connector| connector.id()).collect();
            let error = Error::new(ErrorKind::NotFound, format!("there is no connector [{id}]"));
            if known.is_empty() { error } else { error.with_hint(format!("there are: {}", known.join(", "))) }
        })
    }

    /// All connectors, by id.
    pub fn iter(&self) -> impl Iterator<Item = &dyn Connector> {
        self.0.iter().map(|connector| &**connector)
    }
}

/// A connector written as data: who it is, an example configuration, and a function that makes it.
///
/// It is what every connector crate exports; the kind follows from what is made, so the two cannot disagree.
pub struct Definition<C> {
    about: About,
    kind: Kind,
    example: Value,
    build: Box<dyn Fn(C) -> Result<Instance> + Send + Sync>,
}

/// Who a connector is.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// Its id on the command line, such as `ipassan-target`.
    pub id: &'static str,
    /// The version of its crate: `env!("CARGO_PKG_VERSION")`.
    pub version: &'static str,
    /// The system, for people.
    pub title: &'static str,
    /// One sentence that says what it does.
    pub description: &'static str,
}

impl<C: ConnectorConfig> Definition<C> {
    /// A source. `example` is a configuration that is complete and reaches nothing.
    pub fn source<S: Source + 'static>(
        about: About,
        example: Value,
        build: impl Fn(C) -> Result<S> + Send + Sync + 'static,
    ) -> Self {
        let build = Box::new(move |config| Ok(Instance::Source(Box::new(build(config)?))));
        Self { about, kind: Kind::Source, example, build }
    }

    /// A target. `example` is a configuration that is complete and reaches nothing.
    pub fn target<T: Target + 'static>(
        about: About,
        example: Value,
        build: impl Fn(C) -> Result<T> + Send + Sync + 'static,
    ) -> Self {
        let build = Box::new(move |config| Ok(Instance::Target(Box::new(build(config)?))));
        Self { about, kind: Kind::Target, example, build }
    }
}

impl<C> fmt::Debug for Definition<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Definition").field("about", &self.about).finish_non_exhaustive()
    }
}

impl<C: ConnectorConfig> Connector for Definition<C> {
    fn id(&self) -> &'static str {
        self.about.id
    }
    fn kind(&self) -> Kind {
        self.kind
    }
    fn version(&self) -> &'static str {
        self.about.version
    }
    fn title(&self) -> &'static str {
        self.about.title
    }
    fn description(&self) -> &'static str {
        self.about.description
    }
    fn config_schema(&self) -> ConfigSchema {
        ConfigSchema::of::<C>()
    }
    fn build(&self, config: &Value) -> Result<Instance> {
        (self.build)(config::read(config)?)
    }
    fn example(&self) -> Result<Instance> {
        self.build(&self.example)
    }
}
