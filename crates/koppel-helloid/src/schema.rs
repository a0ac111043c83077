//! The contract as types, for its JSON Schemas. Reading is more lenient than this: see [`Document`](crate::Document).

use koppel::lifecycle::AuditAction;
use schemars::JsonSchema;
use serde_json::{Map, Value};

type Object = Map<String, Value>;

/// What an action gets on stdin. Property names are read without regard to case.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[expect(dead_code, clippy::struct_field_names, reason = "only its schema is used, and the names are HelloID's")]
pub struct ActionInput {
    /// The action, its configuration and its data.
    action_context: ActionContext,
    /// The person that the action is for; absent in a reconciliation.
    person_context: Option<PersonContext>,
    /// The values that resources are kept for; resources only.
    resource_context: Option<ResourceContext>,
    /// `$outputContext` as HelloID fills it before the action, for the fields that a mapping leaves to the connector.
    output_context: Option<PrefilledContext>,
}

/// `$actionContext` as HelloID gives it.
#[derive(JsonSchema)]
#[schemars(rename_all = "PascalCase")]
#[expect(dead_code, reason = "only its schema is used")]
pub struct ActionContext {
    /// The values of the connector's form; see the configuration schema of the connector.
    configuration: Object,
    /// True in a preview: nothing is changed.
    #[schemars(default)]
    dry_run: bool,
    /// Why a permission or uniqueness action runs.
    operation: Option<String>,
    /// How often a value was taken already; uniqueness only.
    iteration: Option<u32>,
    /// The mapped fields of this action.
    data: Option<Object>,
    /// How an existing account is recognised; create only.
    correlation_configuration: Option<CorrelationConfiguration>,
    /// The references of the account and the permission.
    references: Option<References>,
    /// The name of the permission, for people.
    permission_display_name: Option<String>,
    /// What is believed to be granted; sub-permissions only.
    current_permissions: Option<Vec<SubPermission>>,
    /// Where the action comes from; `reconciliation` has neither person nor data.
    origin: Option<String>,
    /// The mapped fields; account import only.
    import_fields: Option<Vec<String>>,
}

/// How an existing account is recognised.
#[derive(JsonSchema)]
#[schemars(rename_all = "PascalCase")]
#[expect(dead_code, reason = "only its schema is used")]
pub struct CorrelationConfiguration {
    /// Without it an account is always made.
    enabled: bool,
    /// The field of the person, such as `Person.ExternalId`.
    person_field: Option<String>,
    /// Its value: this one counts.
    person_field_value: Option<String>,
    /// The field of the account.
    account_field: Option<String>,
    /// Its mapped value; used where the person's is empty.
    account_field_value: Option<String>,
}

/// The references that earlier actions gave.
#[derive(JsonSchema)]
#[schemars(rename_all = "PascalCase")]
#[expect(dead_code, reason = "only its schema is used")]
pub struct References {
    /// What create gave; any JSON value.
    account: Option<Value>,
    /// The account of the manager in the same system.
    manager_account: Option<Value>,
    /// The identification of the permission.
    permission: Option<Value>,
}

/// `$personContext`.
#[derive(JsonSchema)]
#[schemars(rename_all = "PascalCase")]
#[expect(dead_code, reason = "only its schema is used")]
pub struct PersonContext {
    /// The person, with `Contracts`; `Contracts[].Context.InConditions` says which contracts grant the permission.
    person: Option<Object>,
}

/// `$resourceContext`.
#[derive(JsonSchema)]
#[schemars(rename_all = "PascalCase")]
#[expect(dead_code, reason = "only its schema is used")]
pub struct ResourceContext {
    /// The distinct values of a contract field: texts, or objects such as `{"ExternalId": "D1", "DisplayName": "Care"}`.
    source_data: Vec<Value>,
}

/// `$outputContext` before the action.
#[derive(JsonSchema)]
#[schemars(rename_all = "PascalCase")]
#[expect(dead_code, reason = "only its schema is used")]
pub struct PrefilledContext {
    /// All mapped fields; null where the mapping has no value.
    data: Option<Object>,
}

/// What an action answers on stdout.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[expect(dead_code, reason = "only its schema is used")]
pub struct ActionOutput {
    /// The fields to copy onto `$outputContext`.
    output_context: OutputContext,
}

/// `$outputContext` as it is to be filled.
#[derive(JsonSchema)]
#[schemars(rename_all = "PascalCase")]
#[expect(dead_code, reason = "only its schema is used")]
pub struct OutputContext {
    /// Did the action succeed?
    success: bool,
    /// At least one line; exactly one error line on failure, none on success.
    audit_logs: Vec<AuditLog>,
    /// The reference of the account; create only.
    account_reference: Option<Value>,
    /// Was an existing account linked? Create only.
    account_correlated: Option<bool>,
    /// The account after the action, by the mapped fields.
    data: Option<Object>,
    /// The account before the action, by the mapped fields.
    previous_data: Option<Object>,
    /// What the account holds of the permission afterwards: the complete set.
    sub_permissions: Option<Vec<SubPermission>>,
    /// The permissions on offer; permissions only.
    permissions: Option<Vec<OfferedPermission>>,
    /// The fields whose value another account has; uniqueness only.
    non_unique_fields: Option<Vec<String>>,
    /// The iteration to try next, where the input named the present one; uniqueness only.
    iteration: Option<u32>,
}

/// A line for the audit log.
#[derive(JsonSchema)]
#[schemars(rename_all = "PascalCase")]
#[expect(dead_code, reason = "only its schema is used")]
pub struct AuditLog {
    /// The effect, from HelloID's closed list; absent on an error.
    action: Option<AuditAction>,
    /// What happened, at most 254 UTF-16 units.
    message: String,
    /// Is it a failure?
    is_error: bool,
}

/// One entitlement of a permission that depends on contracts.
#[derive(JsonSchema)]
#[schemars(rename_all = "PascalCase")]
#[expect(dead_code, reason = "only its schema is used")]
pub struct SubPermission {
    /// Its name, for people.
    display_name: String,
    /// `{"Id": …}`.
    reference: Value,
}

/// A permission on offer.
#[derive(JsonSchema)]
#[schemars(rename_all = "PascalCase")]
#[expect(dead_code, reason = "only its schema is used")]
pub struct OfferedPermission {
    /// Its name, at most 100 UTF-16 units.
    display_name: String,
    /// `{"Reference": …}`: what grant and revoke get back.
    identification: Value,
}

/// One object of an account import.
#[derive(JsonSchema)]
#[schemars(rename_all = "PascalCase")]
#[expect(dead_code, reason = "only its schema is used")]
pub struct ImportedAccount {
    /// What create would have given.
    account_reference: Value,
    /// A name for people, at most 100 UTF-16 units.
    display_name: String,
    /// The login name, at most 100 UTF-16 units.
    user_name: String,
    /// May the account be used?
    enabled: bool,
    /// The mapped fields; null where the account has no value.
    data: Object,
}

/// One object of a permission import; at most 500 accounts, so a permission may come more than once.
#[derive(JsonSchema)]
#[schemars(rename_all = "PascalCase")]
#[expect(dead_code, reason = "only its schema is used")]
pub struct ImportedPermission {
    /// `{"Reference": …}` as the permissions action gives it.
    permission_reference: Value,
    /// A description, for people.
    description: String,
    /// A name, for people.
    display_name: String,
    /// Who has it.
    account_references: Vec<Value>,
    /// `{"Id": …}`; sub-permissions only.
    sub_permission_reference: Option<Value>,
    /// The name of the sub-permission.
    sub_permission_display_name: Option<String>,
}
