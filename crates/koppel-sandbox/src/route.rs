//! The paths of both systems.

use std::fmt;

use axum::http::Method;
use percent_encoding::percent_decode_str;

/// One of the two stand-ins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum System {
    /// Intus InPlanning.
    InPlanning,
    /// IPassan.
    IPassan,
}

impl System {
    /// `inplanning` or `ipassan`, as fault rules write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InPlanning => "inplanning",
            Self::IPassan => "ipassan",
        }
    }
}

impl fmt::Display for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where InPlanning's API stands: the base of the target connector and the one of the source connector.
pub(crate) const INPLANNING_BASES: [&str; 2] = ["/InPlanningService/rest/api", "/InPlanningServiceAdmin/rest/api"];

/// The methods that are counted apart; another one is counted under the last.
pub(crate) const METHODS: [&str; 5] = ["GET", "POST", "PUT", "DELETE", "other"];

/// The index of a method in [`METHODS`].
pub(crate) fn method_index(method: &Method) -> usize {
    METHODS.iter().position(|m| *m == method.as_str()).unwrap_or(METHODS.len() - 1)
}

/// A resource of one of the systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    InPlanningToken,
    Users,
    User,
    HumanResources,
    ResourceGroups,
    ResourceRoster,
    GroupRoster,
    IPassanToken,
    Bases,
    Sites,
    Persons,
    Person,
}

impl Route {
    pub(crate) const ALL: [Self; 12] = [
        Self::InPlanningToken,
        Self::Users,
        Self::User,
        Self::HumanResources,
        Self::ResourceGroups,
        Self::ResourceRoster,
        Self::GroupRoster,
        Self::IPassanToken,
        Self::Bases,
        Self::Sites,
        Self::Persons,
        Self::Person,
    ];

    pub(crate) const fn system(self) -> System {
        match self {
            Self::InPlanningToken
            | Self::Users
            | Self::User
            | Self::HumanResources
            | Self::ResourceGroups
            | Self::ResourceRoster
            | Self::GroupRoster => System::InPlanning,
            Self::IPassanToken | Self::Bases | Self::Sites | Self::Persons | Self::Person => System::IPassan,
        }
    }

    /// The path with names for its variable parts; InPlanning's below its base.
    pub(crate) const fn template(self) -> &'static str {
        match self {
            Self::InPlanningToken => "/token",
            Self::Users => "/users",
            Self::User => "/users/{username}",
            Self::HumanResources => "/humanresources",
            Self::ResourceGroups => "/v2/resourcegroups",
            Self::ResourceRoster => "/roster/resourceRoster",
            Self::GroupRoster => "/roster/groupRoster",
            Self::IPassanToken => "/api/v1/token",
            Self::Bases => "/api/v1/admin/base",
            Self::Sites => "/api/v1/admin/base/{base}/site",
            Self::Persons => "/api/v1/access/site/{site}/person",
            Self::Person => "/api/v1/access/site/{site}/person/{uuid}",
        }
    }

    /// The short name in fault rules.
    pub(crate) const fn short(self) -> &'static str {
        match self {
            Self::InPlanningToken | Self::IPassanToken => "token",
            Self::Users => "users",
            Self::User => "user",
            Self::HumanResources => "humanresources",
            Self::ResourceGroups => "resourcegroups",
            Self::ResourceRoster => "resourceroster",
            Self::GroupRoster => "grouproster",
            Self::Bases => "base",
            Self::Sites => "site",
            Self::Persons | Self::Person => "person",
        }
    }

    /// Whether it answers with `next_cursor` to a GET.
    pub(crate) const fn pages(self) -> bool {
        matches!(self, Self::Bases | Self::Sites | Self::Persons)
    }

    pub(crate) const fn is_token(self) -> bool {
        matches!(self, Self::InPlanningToken | Self::IPassanToken)
    }
}

/// A path that was recognised.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Place<'a> {
    pub(crate) route: Route,
    /// The path; InPlanning's below its base.
    pub(crate) path: &'a str,
    /// The variable parts, decoded, in the order of the template.
    pub(crate) params: [String; 2],
}

/// Recognises the path of a request.
pub(crate) fn find(path: &str) -> Option<Place<'_>> {
    for base in INPLANNING_BASES {
        if let Some(rest) = path.strip_prefix(base) {
            return find_below(System::InPlanning, rest);
        }
    }
    find_below(System::IPassan, path)
}

/// Recognises a path below the system's base.
pub(crate) fn find_below(system: System, path: &str) -> Option<Place<'_>> {
    Route::ALL.into_iter().filter(|route| route.system() == system).find_map(|route| {
        let params = fit(route.template(), path)?;
        Some(Place { route, path, params })
    })
}

/// The variable parts of a path that has the template's shape.
fn fit(template: &str, path: &str) -> Option<[String; 2]> {
    let mut params = [String::new(), String::new()];
    let mut next = 0;
    let mut segments = path.split('/');
    for expected in template.split('/') {
        let segment = segments.next()?;
        if expected.starts_with('{') {
            if segment.is_empty() {
                return None;
            }
            params[next] = percent_decode_str(segment).decode_utf8_lossy().into_owned();
            next += 1;
        } else if segment != expected {
            return None;
        }
    }
    segments.next().is_none().then_some(params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_inplanning_bases_lead_to_the_same_route() {
        for base in INPLANNING_BASES {
            let path = format!("{base}/users/a%2Fb%20c");
            let place = find(&path).unwrap();
            assert_eq!(place.route, Route::User);
            assert_eq!(place.path, "/users/a%2Fb%20c");
            assert_eq!(place.params[0], "a/b c");
        }
    }

    #[test]
    fn every_template_is_found_as_itself() {
        for route in Route::ALL {
            assert_eq!(find_below(route.system(), route.template()).unwrap().route, route);
        }
    }

    #[test]
    fn an_empty_part_or_a_longer_path_is_no_route() {
        for path in ["/", "", "/api/v1/access/site/s/person/", "/api/v1/access/site/s/person/u/x"] {
            assert_eq!(find(path), None, "{path}");
        }
    }
}
