//! Processes that are killed in the middle of things, and what is left when they are started again.
//!
//! `KOPPEL_TEST_SEED=N` repeats the worlds of a run that failed; the seed stands in the message.

mod people;
mod process;
mod several;
mod stage;
mod watcher;

use std::sync::mpsc::channel;
use std::thread;

use koppel_sandbox::Pass;

use people::{Dice, People};
use process::Process;
use stage::Stage;
use watcher::{Event, Moment};

const KILLS: u64 = 200;
const WORLDS: u64 = 4;

/// What goes wrong besides: answers that are lost after the request was carried out, and others.
const FAULTS: [&str; 6] = [
    "ipassan:POST person:cut-after",
    "ipassan:PUT person:cut-after",
    "inplanning:POST users:cut-after",
    "inplanning:PUT users:cut-after",
    "*:PUT *:503-after",
    "*:GET *:cut-before",
];

/// Most die between a request that was carried out and its answer.
const PASSES: [Pass; 5] = [Pass::HoldAfter, Pass::HoldAfter, Pass::HoldAfter, Pass::HoldBefore, Pass::On];

/// How killing went.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    kills: u64,
    /// The process died with a request in flight, or an action that was sent and whose answer was not written down.
    in_flight: u64,
    /// An action had been sent, and nobody had written its answer down.
    unsettled: u64,
    /// The held request was a write that had been carried out.
    unanswered_writes: u64,
    /// Two and more in a row without a run that came to its end.
    in_a_row: u64,
    lost_answers: u64,
    rounds: u64,
    writes: u64,
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.kills += other.kills;
        self.in_flight += other.in_flight;
        self.unsettled += other.unsettled;
        self.unanswered_writes += other.unanswered_writes;
        self.in_a_row += other.in_a_row;
        self.lost_answers += other.lost_answers;
        self.rounds += other.rounds;
        self.writes += other.writes;
    }
}

/// The seed of this run; each is as good as another.
fn seed(default: u64) -> u64 {
    #[expect(clippy::disallowed_methods, reason = "whoever runs the test repeats a run by its seed")]
    let given = std::env::var("KOPPEL_TEST_SEED").ok();
    given.map_or(default, |seed| seed.parse().expect("KOPPEL_TEST_SEED is a number"))
}

/// Two of them, at requests of their own.
fn faults(dice: &mut Dice) -> String {
    [(); 2].map(|()| format!("{}@{}", dice.of(&FAULTS), 1 + dice.below(4))).join(",")
}

#[test]
fn after_200_kills_nothing_is_lost_nothing_is_there_twice_and_all_tell_the_same() {
    let seed = seed(20_260_602);
    let worlds = (0..WORLDS).map(|world| thread::spawn(move || kill_in_a_world(seed, world, KILLS / WORLDS)));
    let worlds: Vec<_> = worlds.collect();
    let mut tally = Tally::default();
    for world in worlds {
        tally += world.join().unwrap_or_else(|_| panic!("KOPPEL_TEST_SEED={seed}"));
    }
    println!("seed {seed}: {tally:?}");
    assert_eq!(tally.kills, KILLS);
    assert!(tally.in_flight * 10 >= KILLS * 8, "most kills hit something in flight: {tally:?}");
    assert!(tally.unanswered_writes * 8 >= KILLS, "a part of them cut the answer to a write: {tally:?}");
    assert!(tally.lost_answers > 0 && tally.in_a_row > 0, "{tally:?}");
}

fn kill_in_a_world(seed: u64, number: u64, kills: u64) -> Tally {
    let mut dice = Dice::new(seed ^ (number + 1) << 32);
    let people = People::new(dice.below(u64::MAX), 8, jiff::civil::date(2026, 3, 2), true);
    let mut stage = Stage::new(people, number, None);
    let mut tally = Tally::default();
    while tally.kills < kills {
        tally.rounds += 1;
        let mut story = format!("world {number}, round {}:", tally.rounds);
        let in_a_row = 1 + dice.below(3);
        let before = tally.kills;
        for _ in 0..in_a_row {
            stage.people.change();
            stage.write();
            if tally.kills < kills {
                kill(&stage, &mut dice, &mut tally, &mut story);
            }
        }
        tally.in_a_row += u64::from(tally.kills > before + 1);
        let at = stage.moment().to_string();
        stage.world.faults("");
        let output = stage.koppel(&["sync"], &["--once", "--at", &at]).run();
        assert_eq!(output.code, 0, "{story} {output:#?}");
        stage.holds(&["--at", &at], &story);
    }
    tally.writes = stage.watcher.writes().len() as u64;
    tally
}

/// Starts a run and kills it at a moment of its own.
fn kill(stage: &Stage, dice: &mut Dice, tally: &mut Tally, story: &mut String) {
    use std::fmt::Write as _;
    stage.world.faults(&faults(dice));
    let (sender, events) = channel();
    let pass = dice.of(&PASSES);
    let writes = dice.below(3) > 0;
    let nth = 1 + dice.below(if writes { 5 } else { 9 });
    // Some die as an answer was written down, between two actions.
    let lines = (dice.below(10) == 0).then(|| 1 + dice.below(3));
    if lines.is_none() {
        stage.watcher.wait_for(Moment { nth, writes, pass }, sender.clone());
    }
    let at = stage.moment().to_string();
    let process = Process::start(stage.koppel(&["sync"], &["--once", "--at", &at]), sender);
    let mut seen = 0;
    let hit = loop {
        match process::next(&events) {
            Event::Request(_) => break true,
            Event::Line => {
                seen += 1;
                if Some(seen) == lines {
                    break true;
                }
            }
            Event::End => break false,
        }
    };
    process.kill();
    stage.watcher.rest();
    tally.lost_answers += stage.lost_answers();
    if !hit {
        write!(story, " ran out before {nth};").unwrap();
        return;
    }
    let held = lines.is_none() && pass != Pass::On;
    let unsettled = stage.unsettled();
    write!(story, " killed {pass:?} {nth} writes={writes} lines={lines:?} unsettled={unsettled};").unwrap();
    tally.kills += 1;
    tally.in_flight += u64::from(held || unsettled > 0);
    tally.unsettled += u64::from(unsettled > 0);
    tally.unanswered_writes += u64::from(held && writes && pass == Pass::HoldAfter);
}
