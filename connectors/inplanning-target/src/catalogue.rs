//! The permissions on offer, and what each comes down to.

use std::collections::BTreeMap;

use koppel::config::Fault;
use koppel::{Contract, Entitlement, Error, ErrorKind, Permission, Reference, Result, scalar_text};
use serde_json::{Map, Value};

use crate::config::{Config, PermissionConfig};
use crate::role::{RoleKey, inner};
use crate::template::Template;

/// The permissions of a configuration.
#[derive(Debug)]
pub(crate) struct Catalogue {
    offers: Vec<Offer>,
    /// Names in lower case, to paths in a contract.
    placeholders: BTreeMap<String, String>,
}

/// One permission.
#[derive(Debug)]
struct Offer {
    name: String,
    role: Template,
    group: Option<Template>,
    /// The other properties of the role, by their keys in the API.
    others: Vec<(&'static str, Option<Template>)>,
}

impl Offer {
    fn new(config: &PermissionConfig) -> Result<Self, String> {
        let template = |value: &Option<String>| {
            value.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(Template::parse).transpose()
        };
        let name = config.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
        Ok(Self {
            name: name.unwrap_or(config.role.trim()).to_owned(),
            role: Template::parse(config.role.trim())?,
            group: template(&config.resource_group)?,
            others: vec![
                ("exchangeGroup", template(&config.exchange_group)?),
                ("shiftGroup", template(&config.shift_group)?),
                ("worklocationGroup", template(&config.worklocation_group)?),
                ("userGroup", template(&config.user_group)?),
            ],
        })
    }

    fn templates(&self) -> impl Iterator<Item = &Template> {
        std::iter::once(&self.role)
            .chain(&self.group)
            .chain(self.others.iter().filter_map(|(_, template)| template.as_ref()))
    }

    /// The names of all placeholders in it, each once.
    fn placeholders(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for name in self.templates().flat_map(Template::names) {
            if !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                names.push(name);
            }
        }
        names
    }

    fn permission(&self) -> Option<Permission> {
        let reference = Reference::new(self.name.as_str())?;
        Some(Permission { reference, display_name: self.name.chars().take(100).collect() })
    }
}

impl Catalogue {
    pub(crate) fn new(config: &Config) -> Result<Self> {
        let offers = config.permissions.iter().enumerate().map(|(index, permission)| {
            Offer::new(permission).map_err(|why| Error::config(vec![Fault::new(format!("permissions[{index}]"), why)]))
        });
        let placeholders =
            config.placeholders.iter().map(|(name, path)| (name.trim().to_lowercase(), path.trim().to_owned()));
        Ok(Self { offers: offers.collect::<Result<_>>()?, placeholders: placeholders.collect() })
    }

    /// The permissions on offer, in the order of the configuration.
    pub(crate) fn permissions(&self) -> Vec<Permission> {
        self.offers.iter().filter_map(Offer::permission).collect()
    }

    /// The roles that are known without a contract.
    pub(crate) fn literal_roles(&self) -> Vec<String> {
        let mut roles: Vec<String> = self.offers.iter().filter_map(|offer| offer.role.literal()).collect();
        roles.dedup();
        roles
    }

    /// Does what is granted depend on the person's contracts?
    pub(crate) fn per_contract(&self, permission: &Reference) -> Result<bool> {
        Ok(!self.offer(permission)?.placeholders().is_empty())
    }

    /// The role that a permission comes down to.
    ///
    /// # Errors
    /// `Invalid`, naming the contract, where it has no value for a placeholder that the permission uses.
    pub(crate) fn resolve(&self, permission: &Reference, contract: Option<&Contract>) -> Result<Entitlement> {
        let offer = self.offer(permission)?;
        let values = self.values(offer, contract)?;
        let value = |name: &str| values.get(&name.to_lowercase()).cloned().unwrap_or_default();
        let text = |template: &Option<Template>| template.as_ref().map(|template| template.fill(value));
        let key = RoleKey::new(offer.role.fill(value), text(&offer.group).unwrap_or_default());
        let mut detail = Map::new();
        detail.insert("role".to_owned(), Value::from(key.role.clone()));
        detail.insert("resourceGroup".to_owned(), text(&offer.group).map_or(Value::Null, Value::from));
        for (name, template) in &offer.others {
            detail.insert((*name).to_owned(), text(template).map_or(Value::Null, Value::from));
        }
        Ok(Entitlement { id: key.id(), display_name: key.id(), detail: Value::Object(detail) })
    }

    /// The values of the placeholders that an offer uses, and of no others.
    fn values(&self, offer: &Offer, contract: Option<&Contract>) -> Result<BTreeMap<String, String>> {
        let mut values = BTreeMap::new();
        let mut faults = Vec::new();
        let whose =
            contract.map_or_else(|| "no contract was given".to_owned(), |c| format!("contract [{}]", c.external_id));
        for name in offer.placeholders() {
            let folded = name.to_lowercase();
            let path = self.placeholders.get(&folded).map(String::as_str).unwrap_or_default();
            match contract.and_then(|contract| contract.text(path)) {
                Some(value) => {
                    values.insert(folded, value.trim().to_owned());
                }
                None if contract.is_none() => {
                    faults.push(Fault::new(
                        name,
                        format!("{whose}, and permission [{}] needs [{path}] of one for {{{{{name}}}}}", offer.name),
                    ));
                }
                None => faults.push(Fault::new(
                    name,
                    format!(
                        "{whose} has no value for [{path}], which permission [{}] needs for {{{{{name}}}}}",
                        offer.name
                    ),
                )),
            }
        }
        if faults.is_empty() {
            return Ok(values);
        }
        let message = faults.iter().map(|fault| fault.message.clone()).collect::<Vec<_>>().join("; ");
        Err(Error::new(ErrorKind::Invalid, message).with_faults(faults).with_hint(
            "fill the value in the source, or leave the contract out with the conditions of the business rule",
        ))
    }

    /// The permission and the entitlement that a role of a user is, if it is one on offer.
    ///
    /// Where several fit, the one with the most fixed characters wins, and of equals the first.
    pub(crate) fn recognise(&self, role: &Value) -> Option<(Permission, Entitlement)> {
        let key = RoleKey::of(role)?;
        let fits = self.offers.iter().filter_map(|offer| {
            let fixed = offer.role.matches(&key.role)?;
            let group = match &offer.group {
                Some(group) => group.matches(&key.group)?,
                None if key.group.is_empty() => 0,
                None => return None,
            };
            Some((fixed + group, offer))
        });
        let (_, offer) = fits.reduce(|best, next| if next.0 > best.0 { next } else { best })?;
        // Spelled as granting spells it, where that is known: the ids have to be the same.
        let role = offer.role.literal().unwrap_or(key.role);
        let group = offer.group.as_ref().and_then(Template::literal).unwrap_or(key.group);
        Some((offer.permission()?, Entitlement::known(RoleKey::new(role, group).id())))
    }

    fn offer(&self, permission: &Reference) -> Result<&Offer> {
        let name = name_of(permission.value()).unwrap_or_default();
        let found = self.offers.iter().find(|offer| offer.name.to_lowercase() == name.to_lowercase());
        found.ok_or_else(|| {
            let names: Vec<&str> = self.offers.iter().map(|offer| offer.name.as_str()).collect();
            let hint = if names.is_empty() {
                "the configuration offers no permissions: fill in [permissions]".to_owned()
            } else {
                format!("there are: {}", names.join(", "))
            };
            Error::new(ErrorKind::NotFound, format!("permission [{permission}] is not one of the configuration"))
                .with_hint(hint)
        })
    }
}

/// The name in a reference: the text itself, or the one behind `Reference`, `Id` or `Name`.
fn name_of(reference: &Value) -> Option<String> {
    match reference {
        Value::Object(map) => name_of(inner(map)?),
        other => scalar_text(other).map(|text| text.trim().to_owned()),
    }
}
