//! Imports: what is in the system, an object at a time.

use std::collections::BTreeMap;

use futures_util::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};
use koppel::paging::pages;
use koppel::{Account, Ctx, Error, ErrorKind, Fields, Membership, Record, Reference, Result, Target};
use serde_json::{Value, json};

use crate::action::Import;
use crate::document::Document;
use crate::output::{LONGEST_NAME, cut};

/// HelloID takes at most this many accounts in one object of a permission import.
const MOST_ACCOUNTS: usize = 500;

/// The objects of an import, in the order of the system.
///
/// An error ends the stream and means that the import is incomplete: nothing may be concluded from what is missing.
pub fn import<'a>(
    target: &'a dyn Target,
    ctx: &'a Ctx,
    what: Import,
    document: &'a Document,
) -> BoxStream<'a, Result<Value>> {
    match what {
        Import::Accounts => accounts(target, ctx, document),
        Import::Permissions => memberships(target, ctx, false),
        Import::SubPermissions => memberships(target, ctx, true),
    }
}

fn accounts<'a>(target: &'a dyn Target, ctx: &'a Ctx, document: &'a Document) -> BoxStream<'a, Result<Value>> {
    let wanted = wanted(target.fields(), document.import_fields.as_deref());
    pages(ctx, move |cursor| target.accounts(ctx, cursor))
        .map_ok(move |page| {
            let objects: Vec<Result<Value>> = page.iter().map(|account| Ok(account_object(account, &wanted))).collect();
            stream::iter(objects)
        })
        .try_flatten()
        .boxed()
}

/// A field to give: as the mapping spells it, and as the system does.
struct Wanted {
    mapped: String,
    system: String,
}

/// The fields to give; helper values of a mapping are no fields of an account.
fn wanted(fields: &Fields, asked: Option<&[String]>) -> Vec<Wanted> {
    let both = |mapped: &str, system: &str| Wanted { mapped: mapped.to_owned(), system: system.to_owned() };
    let helper = |name: &str| name.to_ascii_lowercase().starts_with("_extension");
    match asked {
        Some(asked) => asked
            .iter()
            .filter(|name| !helper(name))
            .map(|name| both(name, fields.find(name).map_or(name.as_str(), |field| field.name)))
            .collect(),
        None => fields.fields.iter().filter(|f| !f.helper).map(|f| both(f.name, f.name)).collect(),
    }
}

fn account_object(account: &Account, wanted: &[Wanted]) -> Value {
    let value = |name: &str| account.data.get(name).cloned().unwrap_or_default();
    let data: Record = wanted.iter().map(|field| (field.mapped.clone(), value(&field.system))).collect();
    json!({
        "AccountReference": account.reference,
        "DisplayName": cut(&account.display_name, LONGEST_NAME),
        "UserName": cut(&account.user_name, LONGEST_NAME),
        "Enabled": account.enabled.unwrap_or(true),
        "Data": data.to_nested(),
    })
}

/// One permission, and perhaps one entitlement of it, with who has it so far.
struct Group {
    first: Membership,
    accounts: Vec<Reference>,
}

fn memberships<'a>(target: &'a dyn Target, ctx: &'a Ctx, sub: bool) -> BoxStream<'a, Result<Value>> {
    let Some(part) = target.permissions() else {
        let error = Error::new(ErrorKind::Config, format!("{} has no permissions", target.system()));
        return stream::once(async { Err(error) }).boxed();
    };
    let source = pages(ctx, move |cursor| part.memberships(ctx, cursor)).boxed();
    // Full groups go out as they fill; the rest when the last page is in.
    stream::try_unfold((Some(source), BTreeMap::<String, Group>::new()), move |(source, mut groups)| async move {
        let Some(mut source) = source else { return Ok::<_, Error>(None) };
        let mut out = Vec::new();
        match source.try_next().await? {
            Some(page) => {
                for membership in page {
                    let key = key(&membership, sub);
                    let account = membership.account.clone();
                    let group =
                        groups.entry(key.clone()).or_insert_with(|| Group { first: membership, accounts: Vec::new() });
                    if !group.accounts.contains(&account) {
                        group.accounts.push(account);
                    }
                    if group.accounts.len() == MOST_ACCOUNTS
                        && let Some(full) = groups.remove(&key)
                    {
                        out.push(Ok(group_object(&full, sub)));
                    }
                }
                Ok(Some((stream::iter(out), (Some(source), groups))))
            }
            None => {
                out.extend(groups.values().map(|group| Ok(group_object(group, sub))));
                Ok(Some((stream::iter(out), (None, BTreeMap::new()))))
            }
        }
    })
    .try_flatten()
    .boxed()
}

fn key(membership: &Membership, sub: bool) -> String {
    let entitlement = membership.entitlement.as_ref().filter(|_| sub);
    format!("{}\n{}", membership.permission.reference, entitlement.map_or("", |e| &e.id))
}

fn group_object(group: &Group, sub: bool) -> Value {
    let permission = &group.first.permission;
    let name = cut(&permission.display_name, LONGEST_NAME);
    let mut out = json!({
        "PermissionReference": { "Reference": permission.reference },
        "Description": name,
        "DisplayName": name,
        "AccountReferences": group.accounts,
    });
    if sub && let (Value::Object(map), Some(entitlement)) = (&mut out, &group.first.entitlement) {
        map.insert("SubPermissionReference".into(), json!({ "Id": entitlement.id }));
        map.insert("SubPermissionDisplayName".into(), cut(&entitlement.display_name, LONGEST_NAME).into());
    }
    out
}
