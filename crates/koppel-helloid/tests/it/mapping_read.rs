//! The readers: every encoding and malformed value that occurs, every fault by line and field, all at once.

use koppel_helloid::mapping::{FieldKind, FieldMapping, Rule, SourceMapping, Stage};
use koppel_helloid::{FileContent, Finding, Severity};
use serde_json::{Value, json};

use crate::mapping::{entry, field, file, mapping, rule, rules, source_file, told};

fn utf16(text: &str, unit: fn(u16) -> [u8; 2], mark: [u8; 2]) -> Vec<u8> {
    mark.into_iter().chain(text.encode_utf16().flat_map(unit)).collect()
}

/// The one finding of a field mapping with this field, in place of a sound one.
fn only_finding(odd: &Value) -> Finding {
    let read = FieldMapping::read(file(&[field("before", "Text", "Fixed", "x"), odd.clone()]).as_bytes());
    let [finding] = read.findings.as_slice() else { panic!("{odd}: {:?}", read.findings) };
    finding.clone()
}

#[test]
fn a_sound_file_is_read_with_its_lines_and_nothing_to_say() {
    let text = r#"{
  "Version": "v1",
  "MappingFields": [
    {
      "Name": "_extension.key",
      "Description": "A helper",
      "Type": "Text",
      "MappingActions": [
        { "MapForActions": ["Create", "update"],
          "MappingMode": "Field",
          "Value": "\"Person.ExternalId\"",
          "UsedInNotifications": true, "StoreInAccountData": false },
        { "MapForActions": ["Delete"], "MappingMode": "None",
          "Value": "", "UsedInNotifications": false, "StoreInAccountData": true }
      ]
    }
  ],
  "UniqueFieldNames": []
}"#;
    let read = FieldMapping::read(text.as_bytes());
    assert_eq!(read.findings, []);
    let [field] = &read.value.unwrap().fields[..] else { panic!("one field") };
    assert_eq!((field.name.as_str(), field.description.as_str(), field.line), ("_extension.key", "A helper", 5));
    assert_eq!(field.kind, FieldKind::Text);
    let [first, second] = &field.actions[..] else { panic!("two rules") };
    assert_eq!((first.stages.as_slice(), first.line), ([Stage::Create, Stage::Update].as_slice(), 11));
    assert_eq!(first.rule, Rule::Field("Person.ExternalId".to_owned()));
    assert!(first.used_in_notifications && !first.store_in_account_data);
    assert_eq!((&second.rule, second.line), (&Rule::None, 14));
    assert!(!second.used_in_notifications && second.store_in_account_data);
}

#[test]
fn every_encoding_that_windows_writes_gives_the_same_mapping() {
    let text = file(&[field("naam", "Text", "Fixed", "Zoë 😀")]).replace('\n', "\r\n");
    let plain = FieldMapping::read(text.as_bytes());
    assert_eq!(plain.findings, []);
    for bytes in [
        format!("\u{feff}{text}").into_bytes(),
        utf16(&text, u16::to_le_bytes, [0xFF, 0xFE]),
        utf16(&text, u16::to_be_bytes, [0xFE, 0xFF]),
    ] {
        let read = FieldMapping::read(&bytes);
        assert_eq!((read.value, read.findings), (plain.value.clone(), Vec::new()));
    }
}

#[test]
fn a_file_without_anything_in_it_is_no_mapping_and_a_warning() {
    for bytes in [&b""[..], b" \r\n\t", b"\xef\xbb\xbf", b"\xff\xfe", b"\xff\xfe\r\0\n\0"] {
        let read = FieldMapping::read(bytes);
        assert_eq!(read.value, Some(FieldMapping::default()));
        assert_eq!(told(&read.findings), ["warning 0 : the file is empty; nothing is mapped"]);
        assert_eq!(SourceMapping::read(bytes).value, Some(SourceMapping::default()));
        assert_eq!(FileContent::read(bytes).value, Some(FileContent::Empty));
    }
}

#[test]
fn bytes_that_are_no_mapping_say_where_it_ends() {
    let text = "{\"MappingFields\": [],\n  \"Version\" \"v1\"}";
    for (bytes, line, expected) in [
        (b"{\"a\": \"\xe9\"}".to_vec(), 0, "is not UTF-8 at byte 7"),
        (b"\xff\xfe{\0\x00\xd8x\0".to_vec(), 0, "is not UTF-16 at byte 4"),
        (b"\xff\xfe{".to_vec(), 0, "in the middle of a character"),
        (text.as_bytes().to_vec(), 2, "line 2 column 13"),
        (b"nonsense".to_vec(), 1, "is not JSON"),
        (b"{\"MappingFields\": [".to_vec(), 1, "EOF"),
        (b"[1]".to_vec(), 0, "no file of HelloID"),
        (b"{\"fields\": []}".to_vec(), 0, "no file of HelloID"),
        (b"7".to_vec(), 0, "no file of HelloID"),
        (vec![b' '; 16 * 1024 * 1024 + 1], 0, "larger than 16 MiB"),
    ] {
        let read = FieldMapping::read(&bytes);
        let [finding] = read.findings.as_slice() else { panic!("{expected}: {:?}", read.findings) };
        assert_eq!((read.value, finding.severity, finding.line), (None, Severity::Error, line), "{expected}");
        assert!(finding.message.contains(expected), "{finding}");
    }
}

#[test]
fn what_follows_the_json_is_an_error_with_its_byte_and_line() {
    let text = format!("{}\n é}}", file(&[]));
    let at = text.find('é').unwrap();
    for (bytes, at) in [
        (text.clone().into_bytes(), at),
        (format!("\u{feff}{text}").into_bytes(), at + 3),
        (utf16(&text, u16::to_le_bytes, [0xFF, 0xFE]), 2 + 2 * at),
    ] {
        let read = FieldMapping::read(&bytes);
        let expected = format!("error 4 : the JSON ends before byte {at}, and more follows it");
        assert_eq!(told(&read.findings), [expected]);
        assert!(read.value.is_some(), "what stands before it is still looked at");
    }
}

#[test]
fn a_file_of_another_kind_says_what_it_is() {
    let (target, source) = (file(&[]), source_file(&[], &[]));
    let form = r#"[{"key": "BaseUrl", "type": "input"}]"#;
    let message = |findings: &[Finding]| findings[0].message.clone();
    assert!(message(&FieldMapping::read(source.as_bytes()).findings).contains("the mapping of a source"));
    assert!(message(&FieldMapping::read(form.as_bytes()).findings).contains("a configuration form"));
    assert!(message(&SourceMapping::read(target.as_bytes()).findings).contains("the field mapping of a target"));
    assert!(matches!(FileContent::read(target.as_bytes()).value, Some(FileContent::FieldMapping(_))));
    assert!(matches!(FileContent::read(source.as_bytes()).value, Some(FileContent::SourceMapping(_))));
    assert_eq!(FileContent::read(form.as_bytes()).value, Some(FileContent::Form(form.to_owned())));
    let half = br#"{"PERSONMAPPINGS": []}"#;
    assert_eq!(SourceMapping::read(half).value, Some(SourceMapping::default()), "one list is enough, in any case");
}

#[test]
fn names_of_properties_are_read_in_any_case() {
    let text = file(&[field("mail", "Text", "Field", "Person.ExternalId")]);
    let upper = ["Version", "MappingFields", "UniqueFieldNames", "Name", "Description", "Type", "MappingActions"]
        .iter()
        .chain(["MapForActions", "MappingMode", "Value", "UsedInNotifications", "StoreInAccountData"].iter())
        .fold(text.clone(), |text, name| text.replace(&format!("\"{name}\""), &format!("\"{}\"", name.to_uppercase())));
    let upper = upper.replace("\"Create\"", "\"CREATE\"").replace("\"Text\"", "\"text\"");
    let (plain, other) = (FieldMapping::read(text.as_bytes()), FieldMapping::read(upper.as_bytes()));
    assert_ne!(text, upper);
    assert_eq!((other.value, other.findings), (plain.value, Vec::new()));
}

#[test]
fn each_fault_of_a_field_is_told_with_its_line_and_field() {
    let sound = || rule(&["Create"], "Field", "\"Person.ExternalId\"");
    let with = |change: &dyn Fn(&mut Value)| {
        let mut field = rules("mail", "Text", &[sound()]);
        change(&mut field);
        field
    };
    for (odd, expected) in [
        (json!(7), "error 3 MappingFields[1]: is a number, where an object belongs"),
        (with(&|f| f["Name"] = Value::Null), "error 3 MappingFields[1]: has no Name"),
        (with(&|f| f["Name"] = json!("")), "error 3 MappingFields[1]: Name is []"),
        (with(&|f| f["Name"] = json!("a..b")), "error 3 MappingFields[1]: Name is [a..b]"),
        (with(&|f| f["Name"] = json!(7)), "error 3 MappingFields[1]: Name is a number, where a text belongs"),
        (with(&|f| f["Name"] = json!("x".repeat(600))), "error 3 MappingFields[1]: Name is longer than 500 bytes"),
        (with(&|f| f["Name"] = json!("BEFORE")), "error 3 BEFORE: is mapped twice: as [before] as well"),
        (with(&|f| f["Name"] = json!("before")), "error 3 before: is mapped twice; it can have one entry only"),
        (with(&|f| f["Name"] = json!("Before.deep.er")), "error 3 Before.deep.er: cannot be inside [before]"),
        (with(&|f| f["Type"] = json!("Number")), "error 3 mail: has the Type [Number]; there are Text and Array"),
        (with(&|f| f["Type"] = Value::Null), "error 3 mail: has no Type; it is Text or Array"),
        (with(&|f| f["Type"] = json!([])), "error 3 mail: Type is a list, where a text belongs"),
        (with(&|f| f["Description"] = json!({})), "error 3 mail: Description is an object, where a text belongs"),
        (with(&|f| f["Colour"] = json!("red")), "warning 3 mail: has [Colour], which HelloID does not know there"),
        (with(&|f| f["name"] = json!("mail")), "error 3 mail: has ["),
        (with(&|f| f["MappingActions"] = json!(true)), "error 3 mail: MappingActions is a boolean, where a list"),
        (with(&|f| f["MappingActions"] = json!(["x"])), "error 3 mail: is a text, where an object belongs"),
        (with(&|f| f["MappingActions"] = sound()), "warning 3 mail: MappingActions is an object and no list"),
        (with(&|f| f["MappingActions"] = json!([sound(), sound()])), "error 3 mail: is mapped twice for Create"),
        (with(&|f| f["MappingActions"][0]["MapForActions"] = json!(["Move"])), "error 3 mail: is mapped for [Move]"),
        (
            with(&|f| f["MappingActions"][0]["MapForActions"] = json!([1, "Create"])),
            "error 3 mail: MapForActions holds a number",
        ),
        (
            with(&|f| f["MappingActions"][0]["MapForActions"] = json!("Create")),
            "warning 3 mail: MapForActions is a text and no list",
        ),
        (
            with(&|f| f["MappingActions"][0]["MapForActions"] = json!([])),
            "warning 3 mail: has a rule that is for no action",
        ),
        (
            with(&|f| f["MappingActions"][0]["MapForActions"] = json!(["Create", "create"])),
            "warning 3 mail: names Create twice in one rule",
        ),
        (with(&|f| f["MappingActions"][0]["MappingMode"] = json!("Copy")), "error 3 mail: has the mode [Copy]"),
        (
            with(&|f| f["MappingActions"][0]["MappingMode"] = Value::Null),
            "error 3 mail: has a rule without MappingMode",
        ),
        (with(&|f| f["MappingActions"][0]["Value"] = json!("\"\"")), "warning 3 mail: has an empty path"),
        (with(&|f| f["MappingActions"][0]["Value"] = json!("")), "error 3 mail: has no Value, where a path belongs"),
        (
            with(&|f| f["MappingActions"][0]["UsedInNotifications"] = json!("perhaps")),
            "error 3 mail: UsedInNotifications is neither",
        ),
    ] {
        let finding = only_finding(&odd);
        let told = told(&[finding]).remove(0);
        assert!(told.starts_with(expected), "{odd}\n{told}");
    }
}

#[test]
fn a_value_that_is_malformed_is_read_as_far_as_it_can_be() {
    for (mode, value, severity, expected) in [
        ("Fixed", json!(""), Severity::Warning, Rule::Fixed(json!(""))),
        ("Fixed", json!("null"), Severity::Warning, Rule::Fixed(json!(""))),
        ("Fixed", json!(true), Severity::Warning, Rule::Fixed(json!(true))),
        ("Fixed", json!("true"), Severity::Warning, Rule::Fixed(json!(true))),
        ("Fixed", json!("plain"), Severity::Warning, Rule::Fixed(json!("plain"))),
        ("Complex", json!("\"a;\\r\\get()\""), Severity::Warning, Rule::Complex("a;\rget()".to_owned())),
        ("Complex", json!("\"\""), Severity::Warning, Rule::Complex(String::new())),
        ("Field", json!("Person.ExternalId"), Severity::Warning, Rule::Field("Person.ExternalId".to_owned())),
        ("None", json!("\"Person.ExternalId\""), Severity::Warning, Rule::None),
    ] {
        let mut odd = rule(&["Create"], mode, "");
        odd["Value"] = value.clone();
        let read = FieldMapping::read(file(&[rules("mail", "Text", &[odd])]).as_bytes());
        let [finding] = read.findings.as_slice() else { panic!("{mode} {value}: {:?}", read.findings) };
        assert_eq!((finding.severity, finding.line, finding.field.as_str()), (severity, 2, "mail"), "{value}");
        assert_eq!(read.value.unwrap().fields[0].actions[0].rule, expected, "{mode} {value}");
    }
    for (mode, value) in [
        ("Field", json!(true)),
        ("Complex", json!("12")),
        ("Fixed", json!("[1]")),
        ("Fixed", json!({})),
        ("Field", Value::Null),
    ] {
        let mut odd = rule(&["Create"], mode, "");
        odd["Value"] = value.clone();
        let read = FieldMapping::read(file(&[rules("mail", "Text", &[odd])]).as_bytes());
        assert_eq!(read.errors().count(), 1, "{mode} {value}: {:?}", read.findings);
        assert!(read.value.unwrap().fields[0].actions.is_empty(), "{mode} {value}");
    }
    for value in ["", "null", "\"\""] {
        let read = FieldMapping::read(file(&[rules("id", "Text", &[rule(&["Create"], "None", value)])]).as_bytes());
        assert_eq!((read.findings, &read.value.unwrap().fields[0].actions[0].rule), (Vec::new(), &Rule::None));
    }
}

#[test]
fn half_a_character_is_an_error_and_no_panic() {
    let text = file(&[field("mail", "Text", "Fixed", "SURROGATE")]);
    for (from, to) in
        [("\\\"SURROGATE\\\"", "\\ud800"), ("\"mail\"", "\"\\ud800\""), ("\"Description\"", "\"\\ud800\"")]
    {
        let odd = text.replace(from, to);
        assert_ne!(odd, text);
        let read = FieldMapping::read(odd.as_bytes());
        assert_eq!(read.errors().count(), 1, "{to}: {:?}", read.findings);
    }
}

#[test]
fn a_version_that_is_not_known_is_a_warning() {
    let read =
        FieldMapping::read(br#"{"Version": "v2", "MappingFields": [], "UniqueFieldNames": ["mail"], "More": 1}"#);
    let told = told(&read.findings);
    assert_eq!((read.value, told.len()), (Some(FieldMapping::default()), 3));
    for expected in ["Version is [v2]", "UniqueFieldNames", "has [More]"] {
        assert!(told.iter().any(|line| line.starts_with("warning") && line.contains(expected)), "{told:?}");
    }
}

#[test]
fn all_faults_are_told_at_once_in_the_order_of_the_file() {
    let fields = [
        field("a.b", "Text", "Fixed", "x"),
        field("A", "Text", "Fixed", "x"),
        field("c", "Number", "Fixed", "x"),
        rules("d", "Text", &[rule(&["Create", "Update"], "Fixed", "\"x\""), rule(&["Delete", "Create"], "None", "")]),
    ];
    let read = FieldMapping::read(file(&fields).as_bytes());
    let told = told(&read.findings);
    let starts = [
        "error 3 A: cannot be a value and an object at once: [a.b]",
        "error 4 c: ",
        "error 5 d: is mapped twice for Create",
    ];
    assert_eq!(told.len(), starts.len(), "{told:?}");
    assert!(told.iter().zip(starts).all(|(line, start)| line.starts_with(start)), "{told:?}");
    let field = &read.value.unwrap().fields[3];
    assert_eq!(field.actions[1].stages, [Stage::Delete], "no action stands in two rules");
}

#[test]
fn what_a_reader_keeps_and_tells_is_bounded() {
    let read = FieldMapping::read(file(&vec![json!({}); 6_000]).as_bytes());
    assert_eq!(read.findings.len(), 1_001, "and one that says how many more there are");
    let fields: Vec<Value> = (0..5_001).map(|n| field(&format!("f{n}"), "Text", "Fixed", "x")).collect();
    let read = FieldMapping::read(file(&fields).as_bytes());
    assert_eq!((read.errors().count(), read.value.unwrap().fields.len()), (1, 5_000));
    let deep = format!("{{\"MappingFields\": {}{}}}", "[".repeat(1_000_000), "]".repeat(1_000_000));
    assert_eq!(FieldMapping::read(deep.as_bytes()).errors().count(), 1);
    let wide = (0..300_000).map(|n| format!("\"k{n}\":0,")).collect::<Vec<_>>().concat();
    let wide = format!("{{\"MappingFields\":[{{{wide}\"Name\":\"x\"}}]}}");
    assert!(FieldMapping::read(wide.as_bytes()).findings.len() <= 1_001);
}

#[test]
fn what_is_written_is_what_helloid_exports() {
    let fields = [
        field("mail", "Text", "Field", "Person.Contact.Business.Email"),
        field("_extension.list", "Array", "Complex", "\"a\\b\"\r\n"),
        field("active", "Text", "Fixed", "false"),
        field("id", "Text", "None", ""),
    ];
    let expected: Value = serde_json::from_str(&file(&fields)).unwrap();
    assert_eq!(mapping(&fields).to_json(), expected);

    let mut converted = entry("Custom.id", "field", "id");
    converted["convertToString"] = json!(true);
    let mut needed = entry("ExternalId", "complex", "source.id");
    needed["validation"] = json!({"required": true});
    let text = source_file(
        &[entry("Name.Convention", "fixed", "B"), converted, needed],
        &[entry("StartDate", "field", "start")],
    );
    let read = SourceMapping::read(text.as_bytes());
    assert_eq!(read.findings, []);
    assert_eq!(read.value.unwrap().to_json(), serde_json::from_str::<Value>(&text).unwrap());
}

#[test]
fn a_sources_mapping_is_read_with_its_lines() {
    let text = r#"{"contractMappings": null,
"personMappings": [
 {"name": "Custom.id", "mode": "FIELD", "value": "group.id",
  "validation": {"required": "True"}, "convertToString": true},
 {"name": "Name.Convention", "mode": "fixed",
  "value": "BP"}]}"#;
    let read = SourceMapping::read(text.as_bytes());
    assert_eq!(read.findings, []);
    let mapping = read.value.unwrap();
    assert!(mapping.contract.is_empty());
    let [custom, convention] = &mapping.person[..] else { panic!("two entries") };
    assert_eq!((&custom.rule, custom.line), (&Rule::Field("group.id".to_owned()), 3));
    assert!(custom.required && custom.convert_to_string);
    assert_eq!((&convention.rule, convention.line), (&Rule::Fixed(json!("BP")), 6));
    assert!(!convention.required && !convention.convert_to_string);
}

#[test]
fn each_fault_of_a_sources_mapping_is_told() {
    let with = |change: &dyn Fn(&mut Value)| {
        let mut entry = entry("UserName", "field", "login");
        change(&mut entry);
        entry
    };
    for (odd, expected) in [
        (json!([]), "error 1 personMappings[1]: is a list, where an object belongs"),
        (with(&|e| e["name"] = Value::Null), "error 1 personMappings[1]: has no name"),
        (with(&|e| e["name"] = json!("Name.Convention")), "error 1 Name.Convention: is mapped twice"),
        (with(&|e| e["name"] = json!("StartDate")), "warning 1 StartDate: is in the wrong list"),
        (with(&|e| e["name"] = json!("Shoe.Size")), "warning 1 Shoe.Size: is a field that HelloID does not have"),
        (
            with(&|e| e["name"] = json!("Details.birthDate")),
            "warning 1 Details.birthDate: is spelled [Details.BirthDate]",
        ),
        (with(&|e| e["mode"] = json!("copy")), "error 1 UserName: has the mode [copy]"),
        (with(&|e| e["mode"] = Value::Null), "error 1 UserName: has no mode"),
        (with(&|e| e["mode"] = json!("none")), "warning 1 UserName: has the mode none; it is left out"),
        (with(&|e| e["value"] = json!(7)), "error 1 UserName: value is a number, where a text belongs"),
        (with(&|e| e["value"] = Value::Null), "error 1 UserName: has no value, where a path belongs"),
        (with(&|e| e["value"] = json!(" ")), "warning 1 UserName: has an empty path"),
        (
            with(&|e| (e["mode"], e["value"]) = (json!("fixed"), json!(true))),
            "warning 1 UserName: has a boolean as its fixed value",
        ),
        (with(&|e| (e["mode"], e["value"]) = (json!("fixed"), Value::Null)), "warning 1 UserName: has no fixed value"),
        (
            with(&|e| (e["mode"], e["value"]) = (json!("fixed"), json!([]))),
            "error 1 UserName: has a fixed value that is",
        ),
        (with(&|e| e["validation"] = json!("yes")), "error 1 UserName: is a text, where an object belongs"),
        (with(&|e| e["validation"]["required"] = json!(2)), "error 1 UserName: required is neither true nor false"),
        (with(&|e| e["extra"] = json!(2)), "warning 1 UserName: has [extra]"),
    ] {
        let text = source_file(&[entry("Name.Convention", "fixed", "B"), odd.clone()], &[]);
        let told = told(&SourceMapping::read(text.as_bytes()).findings);
        let [line] = told.as_slice() else { panic!("{odd}: {told:?}") };
        assert!(line.starts_with(expected), "{odd}\n{line}");
    }
    let text = source_file(&[], &[entry("Contact.Business.Email", "field", "mail")]);
    let told = told(&SourceMapping::read(text.as_bytes()).findings);
    assert_eq!(told, ["warning 1 Contact.Business.Email: is in the wrong list: persons have it, contracts do not"]);
}

#[test]
fn a_source_that_maps_no_name_convention_is_told_so() {
    let text = source_file(&[entry("ExternalId", "field", "id")], &[]);
    let told = told(&SourceMapping::read(text.as_bytes()).findings);
    assert_eq!(told, ["warning 1 Name.Convention: is not mapped; every person counts as B, the name of birth"]);
}
