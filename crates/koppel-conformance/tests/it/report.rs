//! Reports, read back.

use koppel_conformance::proxy::Shown;
use koppel_conformance::{Report, Ruling, Verdict};
use roxmltree::{Document, Node};
use serde_json::Value;

/// What ends a CDATA section or a comment, opens a tag, is no character of XML at all, or is one at its edge.
const HOSTILE: &str = "]]> <b attr='\"'>&amp; --> <!-- <?x?> \u{0}\u{1b}[31m\u{7f}\u{85}\u{fffe}\u{ffff} tab\there\r\nline {{ 1 + 1 }} مرحبا 👩‍⚕️";

fn verdict(id: &'static str, result: Ruling, millis: u64) -> Verdict {
    Verdict { id, title: "what must <hold> & be \"so\"", result, millis, left_behind: Vec::new() }
}

fn report() -> Report {
    let hostile = || HOSTILE.to_owned();
    let exchange = Shown {
        number: 1,
        request: format!("GET /persons?name={HOSTILE}"),
        sent: hostile(),
        status: 200,
        got: hostile(),
        fault: Some("cut-after"),
    };
    let fail = |exchanges| Ruling::Fail { expected: hostile(), came: hostile(), exchanges };
    Report {
        connector: "toy <&\"> source".into(),
        version: "1.0.0".into(),
        mode: "in process, against a stand-in".into(),
        began: "2026-06-01T08:00:00Z".into(),
        verdicts: vec![
            verdict("a.pass", Ruling::Pass, 1_500),
            verdict("a.fail", fail(vec![exchange]), 20),
            verdict("a.fail-without-requests", fail(Vec::new()), 0),
            verdict("a.waived", Ruling::Waived { reason: hostile(), expected: hostile(), came: hostile() }, 1),
            verdict("a.skip", Ruling::Skip { reason: hostile() }, 2),
            verdict("a.not-applicable", Ruling::NotApplicable { reason: hostile() }, 3),
        ],
    }
}

fn children<'a>(node: Node<'a, 'a>, name: &'a str) -> Vec<Node<'a, 'a>> {
    node.children().filter(|child| child.has_tag_name(name)).collect()
}

fn number(node: Node<'_, '_>, name: &str) -> usize {
    node.attribute(name).unwrap().parse().unwrap()
}

/// A text as a report shows it: control characters by their escapes, and line ends as XML reads them.
fn shown(text: &str) -> String {
    let escaped = |c: char| if c.is_control() && c != '\n' { c.escape_default().to_string() } else { c.to_string() };
    text.chars().filter(|c| !matches!(c, '\u{fffe}' | '\u{ffff}')).map(escaped).collect()
}

#[test]
fn the_junit_report_is_xml_that_says_what_the_json_report_says() {
    let report = report();
    let (xml, json): (String, Value) =
        (report.junit().unwrap(), serde_json::from_str(&report.json().unwrap()).unwrap());
    let document = Document::parse(&xml).unwrap_or_else(|e| panic!("{e}: {xml}"));
    let suites = children(document.root_element(), "testsuite");
    let [suite] = suites.as_slice() else { panic!("{xml}") };
    let counts = |name: &str| usize::try_from(json["counts"][name].as_u64().unwrap()).unwrap();
    let verdicts = json["verdicts"].as_array().unwrap();
    assert_eq!(suite.attribute("name").unwrap(), json["connector"]);
    assert_eq!(suite.attribute("timestamp").unwrap(), json["began"]);
    assert_eq!(number(*suite, "tests"), verdicts.len());
    assert_eq!(number(*suite, "failures"), counts("failed"));
    assert_eq!(number(*suite, "errors"), 0);
    assert_eq!(number(*suite, "skipped"), counts("skipped") + counts("notApplicable") + counts("waived"));
    let cases = children(*suite, "testcase");
    assert_eq!(cases.len(), verdicts.len());
    for (case, verdict) in cases.into_iter().zip(verdicts) {
        assert_eq!(case.attribute("name").unwrap(), verdict["id"]);
        assert_eq!(case.attribute("classname").unwrap(), json["connector"]);
        let seconds: f64 = case.attribute("time").unwrap().parse().unwrap();
        assert!((seconds * 1000.0 - verdict["millis"].as_f64().unwrap()).abs() < 0.001, "{xml}");
        let (failures, skips) = (children(case, "failure"), children(case, "skipped"));
        let word = verdict["verdict"].as_str().unwrap();
        let expected = match word {
            "pass" => (0, 0),
            "fail" => (1, 0),
            _ => (0, 1),
        };
        assert_eq!((failures.len(), skips.len()), expected, "{word}");
        if let [failure] = failures.as_slice() {
            let (came, text) = (verdict["came"].as_str().unwrap(), failure.text().unwrap());
            assert!(text.contains(&format!("came: {}", shown(came))), "{text}");
            // An attribute has no line ends: XML reads a blank instead.
            let message = shown(verdict["expected"].as_str().unwrap());
            assert_eq!(failure.attribute("message").unwrap(), message.replace('\n', " "));
            for exchange in verdict["exchanges"].as_array().unwrap() {
                assert!(text.contains(&shown(exchange["request"].as_str().unwrap())), "{text}");
            }
        }
        if let [skip] = skips.as_slice() {
            let reason = shown(verdict["reason"].as_str().unwrap()).replace('\n', " ");
            assert!(skip.attribute("message").unwrap().ends_with(&reason), "{xml}");
        }
    }
}

#[test]
fn the_page_shows_hostile_texts_as_texts() {
    let page = report().html().unwrap();
    assert!(!page.contains("<b attr") && !page.contains("<?x") && !page.contains("<!-- <"), "{page}");
    assert!(page.contains("]]&gt; &lt;b attr=") && page.contains("{{ 1 + 1 }}"), "{page}");
    assert!(!page.contains("<script") && !page.contains("http:&#x2f;&#x2f;") && !page.contains("src="), "{page}");
}
