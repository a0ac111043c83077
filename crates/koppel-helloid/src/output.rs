//! From a report to `outputContext`.

use koppel::Scrubber;
use koppel::lifecycle::{AuditLine, Report};
use serde_json::{Map, Value, json};

/// HelloID cuts an audit message here, in UTF-16 units as .NET counts them.
pub const LONGEST_MESSAGE: usize = 254;
/// HelloID cuts the name of an account or a permission here, in UTF-16 units.
pub const LONGEST_NAME: usize = 100;

/// The text, cut to so many UTF-16 units without cutting a character in half.
pub(crate) fn cut(text: &str, most: usize) -> String {
    let mut units = 0;
    let fits = text.char_indices().take_while(|(_, c)| {
        units += c.len_utf16();
        units <= most
    });
    let end = fits.last().map_or(0, |(at, c)| at + c.len_utf8());
    text.get(..end).unwrap_or_default().to_owned()
}

/// What stands in `AccountReference` where a dry run made no account.
const NO_REFERENCE: &str = "Currently not available";

/// The document of an action.
pub(crate) fn document(report: &Report, scrubber: &Scrubber) -> Value {
    let mut out = Map::new();
    out.insert("Success".into(), report.success.into());
    out.insert("AuditLogs".into(), report.audit.iter().map(|line| audit(line, scrubber)).collect());
    let created = report.audit.iter().any(|line| {
        use koppel::lifecycle::AuditAction::{CorrelateAccount, CreateAccount};
        matches!(line.action, Some(CreateAccount | CorrelateAccount))
    });
    if created {
        let reference = report.reference.as_ref().map_or(Value::from(NO_REFERENCE), |r| r.value().clone());
        out.insert("AccountReference".into(), reference);
        out.insert("AccountCorrelated".into(), report.correlated.into());
    }
    for (name, record) in [("Data", &report.data), ("PreviousData", &report.previous)] {
        if let Some(record) = record {
            out.insert(name.into(), record.to_nested());
        }
    }
    if let Some(entitlements) = &report.sub_permissions {
        let list = entitlements
            .iter()
            .map(|e| json!({ "DisplayName": cut(&e.display_name, LONGEST_NAME), "Reference": { "Id": e.id } }));
        out.insert("SubPermissions".into(), list.collect());
    }
    wrapped(out)
}

/// `{"outputContext": …}`.
pub(crate) fn wrapped(inner: Map<String, Value>) -> Value {
    Value::Object(Map::from_iter([("outputContext".to_owned(), Value::Object(inner))]))
}

/// An audit line; never a secret.
pub(crate) fn audit(line: &AuditLine, scrubber: &Scrubber) -> Value {
    let message = cut(&scrubber.text(&line.message), LONGEST_MESSAGE);
    match line.action {
        Some(action) => json!({ "Action": action, "Message": message, "IsError": line.is_error }),
        None => json!({ "Message": message, "IsError": line.is_error }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_cut_text_is_a_beginning_of_it_and_fits(text in any::<String>(), most in 0usize..40) {
            let short = cut(&text, most);
            prop_assert!(text.starts_with(&short));
            prop_assert!(short.encode_utf16().count() <= most);
            let whole = text.encode_utf16().count() <= most;
            prop_assert!(!whole || short == text);
        }
    }
}
