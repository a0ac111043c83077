//! The configuration and the manifest.

use koppel::{Connector, ErrorKind, Instance, Scrubber};
use koppel_http::StateDir;
use serde_json::{Value, json};

use crate::support::{NOORD, build, with};

fn good() -> Value {
    json!({"clientID": "a", "clientSecret": "bbbb", "BaseUrl": "https://ipassan.com", "siteId": "s"})
}

#[test]
fn four_keys_are_enough_and_spelling_does_not_count() {
    build(&good()).unwrap();
    build(&json!({"client_id": "a", "CLIENTSECRET": "bbbb", "baseurl": "https://ipassan.com/", "site-id": "s", "unknown": 1})).unwrap();
}

#[test]
fn a_table_may_be_json_as_text() {
    let text = format!(r#"[{{"helloidlookupkey":"a","AccessProfileId":"{NOORD}"}}]"#);
    build(&with(good(), &json!({"accessProfiles": text}))).unwrap();
}

#[test]
fn every_fault_is_named_at_once_by_its_path() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("profiles.csv");
    std::fs::write(&file, "HelloIDLookupKey;AccessProfileName;AccessProfileId\nx;y;z\n").unwrap();
    let config = json!({
        "clientID": "", "BaseUrl": "ipassan", "siteId": " ", "onUnmappedProfile": "perhaps", "concurrency": 0,
        "accessProfilesFile": file,
        "accessProfiles": [{"HelloIDLookupKey": "a", "AccessProfileId": NOORD}, {"HelloIDLookupKey": "A", "AccessProfileId": "x"}, {"AccessProfileId": ""}],
    });
    let error = build(&config).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    let places: Vec<&str> = error.faults().iter().map(|fault| fault.path.as_str()).collect();
    assert_eq!(
        places,
        [
            "BaseUrl",
            "accessProfilesFile[line 2].AccessProfileId",
            "accessProfiles[1].AccessProfileId",
            "accessProfiles[1].HelloIDLookupKey",
            "accessProfiles[2].AccessProfileId",
            "accessProfiles[2].HelloIDLookupKey",
            "clientID",
            "clientSecret",
            "concurrency",
            "onUnmappedProfile",
            "siteId",
        ]
    );
}

#[test]
fn an_address_without_encryption_needs_permission() {
    let plain = json!({"BaseUrl": "http://ipassan.example"});
    let error = build(&with(good(), &plain)).unwrap_err();
    assert_eq!(error.faults()[0].path, "BaseUrl");
    build(&with(with(good(), &plain), &json!({"allowInsecureHttp": "True"}))).unwrap();
}

#[test]
fn the_scope_is_the_site_and_holds_no_secret() {
    let target = build(&with(good(), &json!({"siteId": " ABC "}))).unwrap();
    assert_eq!(target.scope(), "https://ipassan.com/api/v1/access/site/abc");
    assert_eq!(target.system(), "IPassan");
    assert!(!format!("{target:?}").contains("bbbb"));
}

#[test]
fn the_example_builds_and_the_manifest_follows_from_the_code() {
    let connector = ipassan_target::connector(StateDir::none(), Scrubber::default());
    assert!(matches!(connector.example().unwrap(), Instance::Target(_)));
    assert_eq!(connector.config_schema().secrets(), ["/clientSecret"]);
    let manifest = koppel::manifest::manifest(&connector).unwrap();
    let mut manifest = serde_json::to_value(manifest).unwrap();
    manifest["version"] = "[version]".into();
    insta::with_settings!({sort_maps => true}, { insta::assert_json_snapshot!(manifest) });
}
