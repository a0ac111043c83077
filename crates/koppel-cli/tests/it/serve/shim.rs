//! The addresses in the scripts of `koppel helloid shim --url`, and the answers that those scripts look for.

use std::path::PathBuf;

use serde_json::json;

use super::support::Service;
use crate::support::{DOORS, Koppel, PLANNING, SOURCE, World, merged, new_person, new_user};

/// The route in each script of a set, by its file.
fn routes(world: &World, id: &str, url: &str) -> Vec<(PathBuf, String)> {
    let folder = world.path(&format!("{id}-set"));
    let arguments = ["helloid", "shim", id, "--out", folder.to_str().unwrap(), "--url", url];
    let output = Koppel::new(&arguments).run().exits(0);
    let scripts = output.stdout.lines().map(PathBuf::from);
    scripts
        .filter(|path| path.extension().is_some_and(|extension| extension == "ps1"))
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            let route = text.split(".TrimEnd('/') + '").nth(1).unwrap().split('\'').next().unwrap().to_owned();
            (path, route)
        })
        .collect()
}

#[test]
fn every_script_of_a_target_finds_its_route_and_the_answer_it_looks_for() {
    let world = World::empty();
    let service = Service::start(&world, &[]);
    for (id, person) in [(DOORS, new_person("1001")), (PLANNING, new_user("1001"))] {
        for (path, route) in routes(&world, id, &service.url) {
            let mut input = world.document(id, &merged(person.clone(), &json!({"DryRun": true})));
            input["outputContext"] = json!({"Data": person["Data"]});
            let reply = service.post(&route, &input);
            if path.to_str().unwrap().contains("mport") {
                assert_eq!((reply.status, reply.text.as_str()), (200, ""), "nobody is there yet: {reply:#?}");
            } else {
                assert!(reply.text.starts_with(r#"{"outputContext":"#), "{}: {reply:#?}", path.display());
            }
        }
    }
}

#[test]
fn every_script_of_a_source_finds_its_route() {
    let world = World::with(koppel_sandbox::Options::default().persons(4));
    let service = Service::start(&world, &[]);
    let input = json!({"actionContext": {"Configuration": world.config(SOURCE)}});
    let routes = routes(&world, SOURCE, &service.url);
    assert_eq!(routes.len(), 2);
    for (_, route) in routes {
        let reply = service.post(&route, &input).is(200);
        assert!(reply.whole && !reply.lines().is_empty(), "{route}: {reply:#?}");
    }
}
