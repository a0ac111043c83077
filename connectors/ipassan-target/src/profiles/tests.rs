use std::path::PathBuf;

use super::*;

const NOORD: &str = "8b32bb39-5e9f-459b-8bf1-a864c35b3f79";
const ZUID: &str = "8B32BB39-5E9F-459B-8BF1-A864C35B3F80";

fn inline(key: &str, id: &str) -> ProfileRow {
    ProfileRow { lookup_key: key.into(), access_profile_name: String::new(), access_profile_id: id.into() }
}

fn from_file(text: impl AsRef<[u8]>) -> (Profiles, Vec<String>) {
    let dir = tempfile::tempdir().unwrap();
    let path: PathBuf = dir.path().join("profiles.csv");
    std::fs::write(&path, text).unwrap();
    let (profiles, faults) = Profiles::read(&[], Some(&path));
    let shown = path.display().to_string();
    (profiles, faults.iter().map(|fault| fault.to_string().replace(&shown, "FILE")).collect())
}

#[test]
fn p9_a_key_is_found_without_regard_to_case_and_space() {
    let (profiles, faults) = Profiles::read(&[inline(" Verpleegkundige ", NOORD)], None);
    assert_eq!(faults, []);
    assert_eq!(profiles.find("VERPLEEGKUNDIGE").unwrap().id, NOORD);
    assert_eq!(profiles.find(&NOORD.to_uppercase()).unwrap().id, NOORD);
    assert_eq!(profiles.find(ZUID), None);
    assert_eq!(profiles.find(""), None);
}

#[test]
fn p9_a_second_row_for_a_key_is_refused() {
    let (_, faults) = Profiles::read(&[inline("SALES", NOORD), inline("Zorg", NOORD), inline("sales", ZUID)], None);
    assert_eq!(faults.len(), 1);
    assert_eq!(
        faults[0].to_string(),
        "accessProfiles[2].HelloIDLookupKey: [sales] stands in accessProfiles[0] already; case does not count"
    );
}

#[test]
fn every_fault_is_named_by_its_place() {
    let (_, faults) = Profiles::read(&[inline("", "x"), inline("a", ""), inline("b", NOORD)], None);
    let places: Vec<&str> = faults.iter().map(|fault| fault.path.as_str()).collect();
    assert_eq!(
        places,
        [
            "accessProfiles[0].HelloIDLookupKey",
            "accessProfiles[0].AccessProfileId",
            "accessProfiles[1].AccessProfileId"
        ]
    );
}

#[test]
fn a_guid_has_its_hyphens_where_they_belong() {
    for good in [NOORD, ZUID] {
        assert!(is_guid(good), "{good}");
    }
    let long = format!("{NOORD}0");
    for bad in ["8b32bb395e9f459b8bf1a864c35b3f79", &NOORD[1..], &long, "8b32bb39-5e9f-459b-8bf1-a864c35b3f7g", "é"] {
        assert!(!is_guid(bad), "{bad}");
    }
}

#[test]
fn a_csv_is_read_with_bom_blank_lines_and_any_order_of_columns() {
    let text = format!(
        "\u{feff}AccessProfileId;helloidlookupkey;AccessProfileName\r\n\r\n;;\r\n{NOORD};\"Zorg; nacht\";Noord\r\n  \r\n{ZUID};Planner;\r\n"
    );
    let (profiles, faults) = from_file(text);
    assert_eq!(faults, Vec::<String>::new());
    assert_eq!(profiles.find("zorg; nacht"), Some(&Profile { id: NOORD.into(), name: "Noord".into() }));
    assert_eq!(profiles.find("planner").unwrap().id, ZUID);
}

#[test]
fn faults_of_a_csv_carry_the_line() {
    let text =
        format!("HelloIDLookupKey;AccessProfileName;AccessProfileId\nA;x;{NOORD}\n\na;y;{ZUID}\nB;z;nonsense\nC\n");
    for text in [text.clone(), text.replace('\n', "\r\n")] {
        assert_eq!(
            from_file(text).1,
            [
                "accessProfilesFile[line 4].HelloIDLookupKey: [a] stands in accessProfilesFile[line 2] already; case does not count",
                "accessProfilesFile[line 5].AccessProfileId: [nonsense] is not a GUID",
                "accessProfilesFile[line 6].AccessProfileId: is empty",
            ]
        );
    }
}

#[test]
fn a_file_and_the_configuration_are_one_table() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("profiles.json");
    std::fs::write(&path, format!(r#"[{{"HelloIDLookupKey":"sales","AccessProfileId":"{ZUID}"}}]"#)).unwrap();
    let error = Profiles::load(&[inline("SALES", NOORD)], Some(&path)).unwrap_err();
    assert_eq!(error.faults()[0].path, "accessProfilesFile[0].HelloIDLookupKey");
}

#[test]
fn a_file_that_is_no_table_is_refused_with_the_reason() {
    for (text, expected) in [
        (
            &b""[..],
            "accessProfilesFile: line 1: is empty; it needs the headers HelloIDLookupKey;AccessProfileName;AccessProfileId",
        ),
        (
            b"HelloIDLookupKey,AccessProfileName,AccessProfileId\n",
            "accessProfilesFile: line 1: has no header HelloIDLookupKey, AccessProfileId; the columns are HelloIDLookupKey;AccessProfileName;AccessProfileId",
        ),
        (b"HelloIDLookupKey;x\nk;\xe9\n", "accessProfilesFile: line 2: is not UTF-8; save the file as CSV UTF-8"),
    ] {
        assert_eq!(from_file(text).1, [expected]);
    }
    let (_, faults) = from_file("[{\"HelloIDLookupKey\":\"a\",\n]");
    assert!(faults[0].starts_with("accessProfilesFile: line 2, column 1: "), "{faults:?}");
    assert_eq!(from_file(vec![b'x'; 1024 * 1024 + 1]).1, ["accessProfilesFile: FILE is larger than 1 MiB"]);
    let (_, faults) = Profiles::read(&[], Some(Path::new("/nonexistent/profiles.csv")));
    assert!(faults[0].message.starts_with("cannot read /nonexistent/profiles.csv: "), "{faults:?}");
}
