//! Values that are not plain ASCII words.

use koppel::{Kind, Record};

use super::{checks, spoken};
use crate::bench::{Bench, said};
use crate::check::{Outcome, Stop, ensure};

checks! {
    "value.unicode", Some(Kind::Target), needs ["create", "update", "import-accounts"], changes true,
        "letters of other languages and emoji come back as they were sent, or are refused by the name of the field",
        "people have such names" => |bench| round(bench, UNICODE);
    "value.hostile", Some(Kind::Target), needs ["create", "update", "import-accounts"], changes true,
        "characters that mean something to URLs, forms, SQL or HTML come back as they were sent, or are refused by the name of the field",
        "what is not encoded changes another field, or the wrong account" => |bench| round(bench, HOSTILE);
    "value.long", Some(Kind::Target), needs ["create", "update", "import-accounts"], changes true,
        "a text of 10,000 characters comes back whole, or is refused by the name of the field",
        "a value that is cut without a word is updated again every night" => long;
    "value.empty", Some(Kind::Target), needs ["create", "update", "import-accounts"], changes true,
        "an empty text empties the field, or is refused by the name of the field",
        "a telephone number that is no longer known must not stay" => |bench| round(bench, &[""]);
}

/// Letters of other languages, emoji, and both ways to write a letter with an accent.
pub(super) const UNICODE: &[&str] =
    &["Zoë Ünïçødé", "Łukasz Ðorđević", "日本語", "👩‍⚕️ 🇳🇱", "مرحبا \u{202b}abc", "e\u{301}"];
/// Characters that mean something to URLs, forms, SQL or HTML.
#[rustfmt::skip]
pub(super) const HOSTILE: &[&str] = &[
    "a&b=c", "1+1", "100%", "%2F..%2F", "../../etc", "O'Neill \"x\"", "<b>&amp;</b>", "a;b,c|d", "back\\slash", "tab\there", "#?/",
];

async fn long(bench: &Bench<'_>) -> Outcome {
    let text = "0123456789".repeat(1_000);
    round(bench, &[text.as_str()]).await
}

/// Sends each value in every text field of the scenario's update, and reads it back.
async fn round(bench: &Bench<'_>, values: &[&str]) -> Outcome {
    let (reference, _) = bench.existing().await?;
    let names: Vec<String> = bench
        .update_fields()?
        .names()
        .filter(|name| bench.facts().fields.iter().all(|f| !f.name.eq_ignore_ascii_case(name) || f.kind == "text"))
        .map(str::to_owned)
        .collect();
    if names.is_empty() {
        return Err(Stop::Skip("the scenario's [update] has no text".into()));
    }
    for name in &names {
        for value in values {
            // Everything that a run writes carries its tag, but nothing carries none.
            let value = if value.is_empty() { String::new() } else { format!("{value} {}", bench.tag()) };
            let mut data = Record::new();
            data.set(name.clone(), value.clone());
            let acted = bench.on("update", &reference, &data).await;
            spoken(&acted)?;
            let shown: String = value.chars().take(40).collect();
            if !acted.success {
                let by_name =
                    acted.error.as_ref().is_some_and(|e| e.kind == "invalid" && e.message.contains(name.as_str()));
                ensure(by_name, &format!("[{shown}] in [{name}], or a refusal that names the field"), || said(&acted))?;
                continue;
            }
            let account =
                bench.imported_one(&reference).await?.ok_or_else(|| Stop::fail("the account", "it is gone"))?;
            let got = account.data.get(name).cloned().unwrap_or_default();
            let same = got.as_str() == Some(value.as_str()) || (value.is_empty() && got.is_null());
            ensure(same, &format!("[{shown}] in [{name}] as it was sent"), || {
                got.to_string().chars().take(80).collect()
            })?;
        }
    }
    Ok(())
}
