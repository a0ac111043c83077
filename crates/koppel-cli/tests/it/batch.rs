//! `koppel run --batch`: a document per line in, a document per line out.

use std::io::Write as _;

use koppel_sandbox::{Options, System};
use serde_json::{Value, json};

use crate::support::{Answer, DOORS, PERSONS, PLANNING, World, about, document, merged, new_person};

fn creates(world: &World, numbers: impl Iterator<Item = usize>) -> Vec<String> {
    numbers.map(|number| world.document(DOORS, &new_person(&format!("n{number}"))).to_string()).collect()
}

#[test]
fn many_creates_share_one_token_and_one_listing_and_answer_in_order() {
    let world = World::with(Options::default().persons(120));
    let output = world.batch(DOORS, "create", 8, &creates(&world, 1..=60)).fine();
    let answers = output.answers();
    let numbers: Vec<String> =
        answers.iter().map(|answer| answer.0["Data"]["number"].as_str().unwrap().to_owned()).collect();
    assert_eq!(numbers, (1..=60).map(|number| format!("n{number}")).collect::<Vec<_>>());
    assert!(answers.iter().all(|answer| answer.actions() == ["CreateAccount"]));
    for answer in &answers {
        let person = world.sandbox.ipassan().person(answer.reference().as_str().unwrap()).unwrap();
        assert_eq!(person.number.as_deref(), answer.0["Data"]["number"].as_str(), "the answer is that of its line");
    }
    let stats = world.stats();
    assert_eq!(stats.ipassan_tokens, 1);
    assert_eq!((stats.count(System::IPassan, "GET", PERSONS), stats.count(System::IPassan, "POST", PERSONS)), (3, 60));
    assert!(stats.max_in_flight <= 8, "{} at once", stats.max_in_flight);
}

#[test]
fn the_order_of_the_answers_is_that_of_the_lines_also_when_the_first_takes_longest() {
    let world = World::empty();
    // The first person to be made waits; those behind it do not.
    world.faults("ipassan:POST person:slow(400)");
    let answers = world.batch(DOORS, "create", 8, &creates(&world, 1..=8)).answers();
    let numbers: Vec<&Value> = answers.iter().map(|answer| &answer.0["Data"]["number"]).collect();
    assert_eq!(numbers, ["n1", "n2", "n3", "n4", "n5", "n6", "n7", "n8"]);
    assert!(world.stats().max_in_flight > 1, "they were carried out at once");
}

#[test]
fn without_concurrency_one_action_runs_at_a_time() {
    let world = World::empty();
    let input = creates(&world, 1..=5).join("\n");
    let output = world.koppel(&["run", DOORS, "create", "--batch"]).input(input).run().fine();
    assert_eq!((output.answers().len(), world.stats().max_in_flight), (5, 1));
}

#[test]
fn good_and_bad_lines_each_have_their_answer_and_the_exit_code_is_1() {
    let world = World::empty();
    let good = |number: &str| world.document(DOORS, &new_person(number)).to_string();
    let wrong_config = document(&json!({"clientID": "x"}), &new_person("n3")).to_string();
    let no_lastname = world.document(DOORS, &merged(new_person("n5"), &json!({"Data": {"number": "n5"}}))).to_string();
    let lines = [
        good("n1"),
        "{\"actionContext\": ".to_owned(),
        wrong_config,
        good("n4"),
        no_lastname,
        "[]".to_owned(),
        good("n7"),
    ];
    let output = world.batch(DOORS, "create", 8, &lines);
    let answers = output.answers();
    assert_eq!(answers.iter().map(Answer::success).collect::<Vec<_>>(), [true, false, false, true, false, false, true]);
    for (index, expected) in
        [(1, "not JSON"), (2, "actionContext.Configuration."), (4, "lastname"), (5, "not a JSON object")]
    {
        assert!(answers[index].error().contains(expected), "{:#?}", answers[index]);
    }
    assert!(output.stderr.contains("4 of 7 actions failed"), "{output:#?}");
    assert_eq!(world.sandbox.ipassan().count(), 3);
}

#[test]
fn the_same_person_twice_in_one_batch_makes_one_account() {
    let world = World::with(Options::default().persons(0).latency(std::time::Duration::from_millis(5)));
    let numbers = (1..=10).flat_map(|number| [number, number]);
    let answers = world.batch(DOORS, "create", 8, &creates(&world, numbers)).answers();
    assert_eq!(world.sandbox.ipassan().count(), 10);
    for pair in answers.chunks(2) {
        assert_eq!((pair[0].actions(), pair[1].actions()), (vec!["CreateAccount"], vec!["CorrelateAccount"]));
        assert_eq!(pair[0].reference(), pair[1].reference());
    }
}

#[test]
fn the_same_person_spelled_in_another_way_makes_one_account_too() {
    let world = World::with(Options::default().persons(0).latency(std::time::Duration::from_millis(5)));
    let spelled = |number: Value, field: &str| {
        let correlation = json!({"Enabled": true, "AccountField": field, "PersonFieldValue": number});
        world
            .document(DOORS, &merged(new_person("1001"), &json!({"CorrelationConfiguration": correlation})))
            .to_string()
    };
    let lines = [spelled(json!("1001"), "number"), spelled(json!(" 1001 "), "number"), spelled(json!(1001), "Number")];
    let answers = world.batch(DOORS, "create", 8, &lines).answers();
    assert_eq!(world.sandbox.ipassan().count(), 1);
    assert!(answers.iter().all(|answer| answer.reference() == answers[0].reference()), "{answers:#?}");
}

#[test]
fn lines_about_one_account_are_carried_out_in_their_order() {
    let world = World::with(Options::default().persons(0).latency(std::time::Duration::from_millis(5)));
    let reference = world.run(DOORS, "create", &world.document(DOORS, &new_person("1001"))).answer().reference();
    let other = world.run(DOORS, "create", &world.document(DOORS, &new_person("1002"))).answer().reference();
    let line = |reference: &Value, name: &str| {
        world.document(DOORS, &about(reference, &json!({"lastname": name}))).to_string()
    };
    let lines: Vec<String> =
        (1..=20).flat_map(|n| [line(&reference, &format!("A{n}")), line(&other, &format!("B{n}"))]).collect();
    let answers = world.batch(DOORS, "update", 8, &lines).answers();
    for (account, letter) in [(0, 'A'), (1, 'B')] {
        let mine: Vec<&Answer> = answers.iter().skip(account).step_by(2).collect();
        let mut before = json!("Jansen");
        for (n, answer) in (1..).zip(mine) {
            assert_eq!(answer.0["PreviousData"]["lastname"], before, "line {n}");
            before = json!(format!("{letter}{n}"));
            assert_eq!(answer.0["Data"]["lastname"], before);
        }
    }
}

#[test]
fn blank_lines_are_skipped_and_line_ends_of_windows_are_read() {
    let world = World::empty();
    let lines = creates(&world, 1..=3);
    let input = format!("\u{feff}{}\r\n\r\n   \n{}\n\t\r\n{}", lines[0], lines[1], lines[2]);
    let output = world.koppel(&["run", DOORS, "create", "--batch"]).input(input).run().fine();
    assert_eq!(output.answers().len(), 3);
}

#[test]
fn a_batch_without_lines_does_nothing_and_succeeds() {
    let world = World::empty();
    for input in ["", "\n", "\r\n \n"] {
        world.koppel(&["run", DOORS, "create", "--batch"]).input(input).run().fine().says_nothing();
    }
    assert_eq!(world.requests(), 0);
}

#[test]
fn a_batch_comes_from_a_file_too() {
    let world = World::empty();
    let file = world.file("lines.jsonl", creates(&world, 1..=3).join("\n"));
    let koppel = world.koppel(&["run", DOORS, "create", "--batch", "--input", file.to_str().unwrap()]);
    assert_eq!(koppel.run().fine().answers().len(), 3);
    let missing = world.path("nowhere.jsonl");
    let koppel = world.koppel(&["run", DOORS, "create", "--batch", "--input", missing.to_str().unwrap()]);
    assert!(koppel.run().exits(2).says_nothing().stderr.contains("nowhere.jsonl"));
}

#[test]
fn each_answer_is_out_before_the_next_line_is_needed() {
    let world = World::empty();
    let (running, mut stdin) = world.koppel(&["run", DOORS, "create", "--batch", "--concurrency", "8"]).start();
    for line in creates(&world, 1..=3) {
        writeln!(stdin, "{line}").unwrap();
        stdin.flush().unwrap();
        assert!(running.line().contains("CreateAccount"), "the input is still open");
    }
    drop(stdin);
    running.finish().fine().says_nothing();
}

#[test]
fn a_dry_run_and_a_real_one_stand_side_by_side_in_a_batch() {
    let world = World::empty();
    let dry = |number: &str, dry: bool| {
        world.document(DOORS, &merged(new_person(number), &json!({"DryRun": dry}))).to_string()
    };
    let lines = [dry("n1", true), dry("n2", false), dry("n3", true), dry("n4", false)];
    let output = world.batch(DOORS, "create", 8, &lines);
    assert!(output.answers().iter().all(|answer| answer.actions() == ["CreateAccount"]));
    assert_eq!(output.stderr.matches("[DryRun] POST").count(), 2, "{output:#?}");
    let made: Vec<Option<String>> = world.sandbox.ipassan().persons().into_iter().map(|person| person.number).collect();
    assert_eq!(made.len(), 2);
    assert!(made.contains(&Some("n2".into())) && made.contains(&Some("n4".into())), "{made:?}");
}

#[test]
fn a_batch_may_have_several_configurations() {
    let world = World::empty();
    let noord = world.config(DOORS);
    let wrong = world.config_with(DOORS, &json!({"clientSecret": "canary-wrong"}));
    let gentle = world.config_with(DOORS, &json!({"concurrency": 1}));
    let lines: Vec<String> = (1..=9)
        .map(|n| document([&noord, &wrong, &gentle][n % 3], &new_person(&format!("n{n}"))).to_string())
        .collect();
    let answers = world.batch(DOORS, "create", 4, &lines).answers();
    for (n, answer) in (1..).zip(&answers) {
        assert_eq!(answer.success(), n % 3 != 1, "{answer:#?}");
    }
    assert_eq!(world.sandbox.ipassan().count(), 6);
}

#[test]
fn users_of_the_planning_are_made_in_a_batch_with_one_token() {
    let world = World::empty();
    let lines: Vec<String> =
        (1..=20).map(|n| world.document(PLANNING, &crate::support::new_user(&format!("u{n}"))).to_string()).collect();
    let answers = world.batch(PLANNING, "create", 8, &lines).answers();
    assert!(answers.iter().all(|answer| answer.actions() == ["CreateAccount"]));
    assert_eq!((world.stats().inplanning_tokens, world.sandbox.inplanning().users().len()), (1, 20));
}

#[cfg(unix)]
#[test]
fn a_batch_that_is_interrupted_finishes_what_it_began_and_says_so() {
    let world = World::empty();
    let (running, mut stdin) = world.koppel(&["run", DOORS, "create", "--batch"]).start();
    let lines = creates(&world, 1..=2);
    writeln!(stdin, "{}", lines[0]).unwrap();
    assert!(running.line().contains("CreateAccount"));
    crate::support::interrupt(&running);
    // The input is still open: the program does not wait for it.
    let output = running.finish().exits(1).says_nothing();
    assert!(output.stderr.contains("stopped after 1 actions"), "{output:#?}");
    drop(stdin);
    assert_eq!(world.sandbox.ipassan().count(), 1);
}

#[test]
fn a_batch_that_windows_powershell_wrote_to_a_file_is_read() {
    let world = World::empty();
    let text = creates(&world, 1..=3).join("\r\n");
    let bytes: Vec<u8> = std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let file = world.file("lines.jsonl", bytes);
    let output = world.koppel(&["run", DOORS, "create", "--batch", "--input", file.to_str().unwrap()]).run();
    assert_eq!(output.answers().iter().map(Answer::success).collect::<Vec<_>>(), [true, true, true]);
    assert_eq!(world.sandbox.ipassan().count(), 3);
}

#[test]
fn a_line_that_is_too_long_does_not_take_the_next_one_with_it() {
    let world = World::empty();
    let lines = ["x".repeat(16 * 1024 * 1024 + 10), creates(&world, 1..=1).remove(0)];
    let answers = world.batch(DOORS, "create", 2, &lines).answers();
    assert!(answers[0].error().contains("larger than 16 MiB"), "{answers:#?}");
    assert_eq!((answers.len(), answers[1].actions()), (2, vec!["CreateAccount"]));
}
