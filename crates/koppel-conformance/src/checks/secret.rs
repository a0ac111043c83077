//! Secrets in what is written.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use koppel::ConfigSchema;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::checks;
use crate::bench::Bench;
use crate::check::{Outcome, Stop, ensure};
use crate::proxy::{Fault, Hits, Planned};

checks! {
    "secret.nowhere", None, needs ["check"], changes false,
        "no secret of the configuration and no token stands in anything that was written during the run, in any encoding",
        "logs are kept for years and read by many" => nowhere;
}

/// A text in the encodings in which it could stand somewhere. In base64 the middle is looked for, for each of the three
/// places where a longer text may put it.
fn forms(secret: &str) -> Vec<String> {
    let json = Value::from(secret).to_string();
    let mut forms = vec![
        secret.to_owned(),
        json.trim_matches('"').to_owned(),
        utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string(),
    ];
    for shift in 0..3 {
        let padded = [vec![b':'; shift], secret.as_bytes().to_vec()].concat();
        let whole = STANDARD_NO_PAD.encode(padded);
        // The first and the last characters depend on the neighbours.
        forms.extend(whole.get(4..whole.len().saturating_sub(4)).map(str::to_owned));
    }
    forms.retain(|form| form.len() >= 8);
    forms.dedup();
    forms
}

async fn nowhere(bench: &Bench<'_>) -> Outcome {
    let schema = ConfigSchema::from_value(bench.facts().config_schema.clone());
    let mut known = schema.secret_values(&bench.config);
    known.retain(|secret| secret.len() >= 8);
    if known.is_empty() {
        return Err(Stop::Skip("the configuration has no secret of 8 characters or more to look for".into()));
    }
    // A refused login and a broken answer are where secrets turn up.
    bench.plan(&[Planned::once(Fault::TokenGone, Hits::Any).times(10)]);
    let _ = bench.subject.check(&bench.config).await;
    bench.plan(&[Planned::once(Fault::Html, Hits::Any).times(10)]);
    let _ = bench.subject.check(&bench.config).await;
    known.extend(bench.proxy.tokens());
    let written = bench.subject.written();
    let text = String::from_utf8_lossy(&written);
    ensure(!text.is_empty(), "something written to look through", || "nothing".into())?;
    for (number, secret) in known.iter().enumerate() {
        for form in forms(secret) {
            let at = text.find(&form);
            ensure(at.is_none(), "no secret in what was written", || {
                let before: String = text.get(..at.unwrap_or(0)).unwrap_or_default().chars().rev().take(60).collect();
                format!("secret {number}, after […{}]", before.chars().rev().collect::<String>())
            })?;
        }
    }
    Ok(())
}
