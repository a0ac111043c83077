//! Every delimiter, encoding and end of line that exports have.

use encoding::{Written, written};
use serde_json::{Value, json};

use crate::support::{CONTRACTS, Folder};

mod encoding {
    #[derive(Debug, Clone, Copy, PartialEq)]
    pub(super) enum Written {
        Utf8,
        Utf8Marked,
        Utf16Le,
        Utf16Be,
        Utf16LeUnmarked,
        Utf16BeUnmarked,
        Windows1252,
    }

    pub(super) fn written(text: &str, how: Written) -> Vec<u8> {
        let le = || text.encode_utf16().flat_map(u16::to_le_bytes);
        let be = || text.encode_utf16().flat_map(u16::to_be_bytes);
        match how {
            Written::Utf8 => text.as_bytes().to_vec(),
            Written::Utf8Marked => [&[0xEF, 0xBB, 0xBF], text.as_bytes()].concat(),
            Written::Utf16Le => [0xFF, 0xFE].into_iter().chain(le()).collect(),
            Written::Utf16Be => [0xFE, 0xFF].into_iter().chain(be()).collect(),
            Written::Utf16LeUnmarked => le().collect(),
            Written::Utf16BeUnmarked => be().collect(),
            // The letters of these tests, but the euro sign, are their own bytes.
            Written::Windows1252 => {
                text.chars().map(|c| if c == '€' { 0x80 } else { u8::try_from(u32::from(c)).unwrap() }).collect()
            }
        }
    }
}

const ALL: [Written; 7] = [
    Written::Utf8,
    Written::Utf8Marked,
    Written::Utf16Le,
    Written::Utf16Be,
    Written::Utf16LeUnmarked,
    Written::Utf16BeUnmarked,
    Written::Windows1252,
];

#[tokio::test]
async fn every_encoding_delimiter_and_end_of_line_is_found_out() {
    for how in ALL {
        for delimiter in [";", ",", "\t", "|"] {
            for end in ["\n", "\r\n", "\r"] {
                let text = |lines: &[&[&str]]| {
                    let lines: Vec<String> = lines.iter().map(|line| line.join(delimiter)).collect();
                    written(&format!("{}{end}", lines.join(end)), how)
                };
                let folder = Folder::with(
                    text(&[&["ExternalId", "Name.NickName"], &["1", "Zoë €"], &["2", "Jan"]]),
                    text(&[&["PersonExternalId", "ExternalId", "StartDate", "EndDate"], &["2", "c", "2026-06-01", ""]]),
                );
                let persons = folder.persons_with(json!({})).await;
                let persons = persons.unwrap_or_else(|e| panic!("{how:?} [{delimiter}] {end:?}: {e}"));
                assert_eq!(persons[0]["Name"]["NickName"], "Zoë €", "{how:?} [{delimiter}] {end:?}");
                assert_eq!(persons[1]["Contracts"][0]["StartDate"], "2026-06-01T00:00:00+02:00");
            }
        }
    }
}

#[tokio::test]
async fn an_encoding_that_is_said_is_taken_and_one_that_cannot_be_is_refused() {
    let folder = |how| Folder::with(written("ExternalId;Name.NickName\n1;Zoë\n", how), written(CONTRACTS, how));
    for (how, said) in [
        (Written::Utf8, "utf-8"),
        (Written::Utf8Marked, "UTF8"),
        (Written::Utf16Le, "utf-16"),
        (Written::Utf16BeUnmarked, "utf-16"),
        (Written::Windows1252, "windows-1252"),
    ] {
        let persons = folder(how).persons_with(json!({"encoding": said})).await.unwrap();
        assert_eq!(persons[0]["Name"]["NickName"], "Zoë", "{how:?}");
    }
    for (how, said, expected) in [
        (Written::Utf8, "utf-16", "persons.csv line 1: the file is not UTF-16"),
        (
            Written::Utf16Le,
            "utf-8",
            "persons.csv line 1: the file is UTF-16; [encoding] of the configuration says otherwise",
        ),
        (
            Written::Utf8Marked,
            "windows-1252",
            "persons.csv line 1: the file is UTF-8; [encoding] of the configuration says otherwise",
        ),
        (
            Written::Windows1252,
            "utf-8",
            "persons.csv line 2, Name.NickName: byte 0xeb after [Zo] is not UTF-8; is the file in another encoding, such as windows-1252?",
        ),
    ] {
        assert_eq!(folder(how).faults_with(json!({"encoding": said})).await[0], expected, "{how:?}");
    }
}

#[tokio::test]
async fn a_file_in_two_encodings_is_not_guessed_at() {
    let mut bytes = "ExternalId;Name.NickName\n1;Zoë\n2;Ren".as_bytes().to_vec();
    bytes.extend(b"\xE9\n");
    assert_eq!(
        Folder::with(bytes, CONTRACTS).faults().await,
        [
            "persons.csv line 3: has bytes that are not UTF-8, and line 2 has letters in UTF-8; set [encoding] if the file is whole"
        ]
    );
}

#[tokio::test]
async fn half_a_letter_of_utf16_at_the_end_is_told() {
    let mut bytes = written("ExternalId\n1\n", Written::Utf16Le);
    bytes.push(0x41);
    let faults = Folder::with(bytes, CONTRACTS).faults().await;
    assert_eq!(faults, ["persons.csv line 3: bytes near line 3 are not what the encoding of the file has"]);
}

#[tokio::test]
async fn letters_that_lie_across_the_pieces_in_which_a_file_is_read_are_whole() {
    for how in [Written::Utf8, Written::Windows1252, Written::Utf16Be] {
        // Lines of odd length move the letters over every place of a piece of 64 KiB.
        let text = (0..20_000).map(|n| format!("{n};é{}\r\n", "ë".repeat(n % 7))).collect::<Vec<_>>().concat();
        let folder = Folder::with(written(&format!("ExternalId;Name.NickName\r\n{text}"), how), CONTRACTS);
        let persons = folder.persons().await;
        assert_eq!(persons.len(), 20_000);
        for (n, person) in persons.iter().enumerate() {
            assert_eq!(person["Name"]["NickName"], format!("é{}", "ë".repeat(n % 7)), "{how:?} {n}");
        }
    }
}

async fn names(persons: &str, more: Value) -> Vec<String> {
    let persons = Folder::with(persons, CONTRACTS).persons_with(more).await.unwrap();
    persons.iter().map(|p| p["Name"]["NickName"].as_str().unwrap_or("-").to_owned()).collect()
}

#[tokio::test]
async fn blank_lines_trailing_delimiters_blanks_and_quotes_are_read_as_meant() {
    for (file, expected) in [
        ("\n\nExternalId;Name.NickName\n\n1;Jan\n   \n;;\n2;Piet\n\n", vec!["Jan", "Piet"]),
        ("ExternalId;Name.NickName;\n1;Jan;\n2;Piet;\n", vec!["Jan", "Piet"]),
        ("ExternalId;Name.NickName\n1;Jan;\n2;Piet;;\n", vec!["Jan", "Piet"]),
        ("ExternalId;Name.NickName;;\n1;Jan\n2;Piet;;\n", vec!["Jan", "Piet"]),
        (" ExternalId ; Name.NickName \n 1 ; Jan \n2;\u{a0}Piet\t\n", vec!["Jan", "Piet"]),
        ("\"ExternalId\";\"Name.NickName\"\n\"1\";\"Jan; Piet\"\n", vec!["Jan; Piet"]),
        ("ExternalId;Name.NickName\n1;\"Jan \"\"de\"\" Wit\"\n", vec!["Jan \"de\" Wit"]),
        ("ExternalId;Name.NickName\n1;Jan 5\"\n", vec!["Jan 5\""]),
        ("ExternalId;Name.NickName\n1;\"Jan\r\nPiet\"\n2;Kees", vec!["Jan\nPiet", "Kees"]),
        ("sep=,\nExternalId,Name.NickName\n1,Jan\n", vec!["Jan"]),
        ("ExternalId;Name.NickName\n1;Jan", vec!["Jan"]),
    ] {
        assert_eq!(names(file, json!({})).await, expected, "{file:?}");
    }
}

#[tokio::test]
async fn a_delimiter_that_is_said_is_taken_also_where_another_one_is_more_frequent() {
    let both = Folder::with(
        "ExternalId#Name.NickName#Custom.a;b;c;d\n1#Jan#x\n",
        "PersonExternalId#ExternalId#StartDate#EndDate\n",
    );
    let persons = both.persons_with(json!({"delimiter": "#"})).await.unwrap();
    assert_eq!(persons[0]["Custom"], json!({"a;b;c;d": "x"}));
    let tabs = Folder::with("ExternalId\tName.NickName\n1\tJan\n", CONTRACTS.replace(';', "\t"));
    for said in ["tab", "TAB", "\\t", "\t", ""] {
        assert_eq!(tabs.persons_with(json!({"delimiter": said})).await.unwrap()[0]["Name"]["NickName"], "Jan");
    }
}
