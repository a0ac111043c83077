//! Three processes that share a state in `PostgreSQL`, of which one is killed again and again and another takes its place.
//!
//! `KOPPEL_TEST_POSTGRES` holds the URL of a server; `.ci/postgres` starts one.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use koppel_sandbox::{Pass, System};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Row as _};

use super::people::{Dice, People};
use super::process::{PATIENCE, Process};
use super::stage::Stage;
use super::watcher::{Event, Moment, Write};
use super::{PASSES, Tally, faults, seed};

const WORLDS: u64 = 4;
const KILLS: u64 = 40;
const WORKERS: usize = 3;

/// How long a dead worker's jobs wait for another.
const LEASE: &str = "2s";

/// How often a test looks whether all is done where nobody says so.
const LOOK: Duration = Duration::from_millis(300);

#[test]
fn three_workers_of_which_one_is_killed_40_times_do_everything_once() {
    #[expect(clippy::disallowed_methods, reason = "a test is told by its environment where a server is")]
    let Ok(server) = std::env::var("KOPPEL_TEST_POSTGRES") else {
        println!("skipped on PostgreSQL: KOPPEL_TEST_POSTGRES does not name a server");
        return;
    };
    let seed = seed(20_260_603);
    let worlds = (0..WORLDS).map(|world| {
        let server = server.clone();
        thread::spawn(move || Team::new(&server, seed, world).work(KILLS / WORLDS))
    });
    let worlds: Vec<_> = worlds.collect();
    let mut tally = Tally::default();
    for world in worlds {
        tally += world.join().unwrap_or_else(|_| panic!("KOPPEL_TEST_SEED={seed}"));
    }
    println!("seed {seed}: {tally:?}");
    assert_eq!(tally.kills, KILLS);
    assert!(tally.in_flight * 2 > KILLS, "most kills hit something in flight: {tally:?}");
}

/// A worker that died with a request of its own in flight.
struct Death {
    worker: String,
    target: &'static str,
    person: String,
    when: Timestamp,
}

struct Team {
    stage: Stage,
    dice: Dice,
    /// The processes of now, by their place in the team.
    workers: Vec<Process>,
    /// The place of every process that there ever was.
    places: BTreeMap<u32, usize>,
    deaths: Vec<Death>,
    sender: Sender<Event>,
    events: Receiver<Event>,
    tally: Tally,
    number: u64,
}

impl Team {
    fn new(server: &str, seed: u64, number: u64) -> Self {
        let mut dice = Dice::new(seed ^ ((number + 1) << 32));
        let schema = format!("kill_{}_{number}", std::process::id());
        query(server, &format!("DROP SCHEMA IF EXISTS {schema} CASCADE"));
        query(server, &format!("CREATE SCHEMA {schema}"));
        let url = format!("{server}?options=-c%20search_path%3D{schema}");
        let people = People::new(dice.below(u64::MAX), 8, jiff::Zoned::now().date(), false);
        let (sender, events) = channel();
        Self {
            stage: Stage::new(people, number, Some((url, LEASE))),
            dice,
            workers: Vec::new(),
            places: BTreeMap::new(),
            deaths: Vec::new(),
            sender,
            events,
            tally: Tally::default(),
            number,
        }
    }

    fn work(mut self, kills: u64) -> Tally {
        for place in 0..WORKERS {
            let worker = self.start(place);
            self.workers.push(worker);
        }
        while self.tally.kills < kills {
            self.tally.rounds += 1;
            self.stage.people.change();
            let faults = faults(&mut self.dice);
            self.stage.world.faults(&faults);
            let story = format!("world {}, round {}", self.number, self.tally.rounds);
            let before = self.tally.kills;
            for again in 0..=self.dice.below(3) {
                if self.tally.kills == kills {
                    break;
                }
                let pass = self.dice.of(&PASSES);
                let nth = 1 + self.dice.below(4);
                self.stage.watcher.wait_for(Moment { nth, writes: true, pass }, self.sender.clone());
                if again == 0 {
                    self.stage.write();
                }
                if !self.kill_at_the_moment(pass) {
                    break;
                }
            }
            self.tally.in_a_row += u64::from(self.tally.kills > before + 1);
            self.tally.lost_answers += self.stage.lost_answers();
            self.stage.world.faults("");
            let settled = self.until_settled(PATIENCE, |_| false);
            assert!(settled.is_none(), "{story}");
            self.stage.holds(&[], &story);
        }
        self.tally.writes = self.stage.watcher.writes().len() as u64;
        self.did_everything_once();
        self.workers.into_iter().for_each(|worker| drop(worker.kill()));
        self.tally
    }

    /// A worker as on a machine of its own: nothing is shared with the others but the database.
    fn start(&mut self, place: usize) -> Process {
        let folder = self.stage.world.path(&format!("machine-{place}"));
        let koppel = self.stage.koppel(&["sync"], &["--every", "1s"]).env("KOPPEL_STATE_DIR", folder);
        let process = Process::start(koppel, self.sender.clone());
        self.places.insert(process.id(), place);
        process
    }

    /// Kills a worker at the awaited request: the one that sent it where that is known. False where everything was
    /// done before it came.
    fn kill_at_the_moment(&mut self, pass: Pass) -> bool {
        let event = self.until_settled(PATIENCE, |event| matches!(event, Event::Request(_)));
        self.stage.watcher.rest();
        let Some(Event::Request(write)) = event else { return false };
        let place = match &write {
            None => usize::try_from(self.dice.below(WORKERS as u64)).unwrap(),
            Some(write) => {
                let death = self.owner(write);
                let place = self.place(&death.worker);
                self.deaths.push(death);
                place
            }
        };
        self.tally.kills += 1;
        self.tally.in_flight += u64::from(write.is_some());
        self.tally.unanswered_writes += u64::from(write.is_some() && pass == Pass::HoldAfter);
        let next = self.start(place);
        std::mem::replace(&mut self.workers[place], next).kill();
        true
    }

    /// The next event that is wanted; none where everything is done.
    fn until_settled(&mut self, within: Duration, wanted: impl Fn(&Event) -> bool) -> Option<Event> {
        let until = Instant::now() + within;
        loop {
            self.workers.iter_mut().for_each(Process::goes_on);
            match self.events.recv_timeout(LOOK) {
                Ok(Event::End) | Err(RecvTimeoutError::Timeout) if self.stage.is_settled() => return None,
                Ok(event) if wanted(&event) => return Some(event),
                Err(RecvTimeoutError::Disconnected) => panic!("nobody is left"),
                _ if Instant::now() < until => {}
                _ => panic!(
                    "not everything is done within {within:?}: {} {:?}",
                    self.stage.what_is_left(),
                    query(
                        &self.stage.state_url,
                        "SELECT row_to_json(lead)::text || clock_timestamp()::text || (SELECT COALESCE(string_agg(row_to_json(job)::text, ' '), '') FROM job) FROM lead"
                    )
                ),
            }
        }
    }

    /// Who has the job that a write belongs to.
    fn owner(&self, write: &Write) -> Death {
        let (target, person) = match write.system {
            System::InPlanning => ("planning", write.whom.clone()),
            System::IPassan if write.creates => ("deuren", write.whom.clone()),
            System::IPassan => {
                let visitor = self.stage.world.sandbox.ipassan().person(&write.whom);
                // A person that was just deleted is known by its account in the state.
                let number = visitor.and_then(|visitor| visitor.number);
                ("deuren", number.unwrap_or_else(|| self.stage.person_of(&write.whom)))
            }
        };
        let sql = format!("SELECT worker FROM job WHERE target = '{target}' AND person = '{person}'");
        let worker = query(&self.stage.state_url, &sql).expect("whoever writes has the job");
        Death { worker, target, person, when: Timestamp::now() }
    }

    fn place(&self, worker: &str) -> usize {
        let id = worker.rsplit('-').nth(1).and_then(|id| id.parse().ok());
        id.and_then(|id: u32| self.places.get(&id)).copied().unwrap_or_else(|| panic!("[{worker}] is none of ours"))
    }

    fn did_everything_once(&self) {
        let mut by_whom: BTreeMap<_, Vec<Write>> = BTreeMap::new();
        for write in self.stage.watcher.writes() {
            by_whom.entry((write.system, write.whom.clone())).or_default().push(write);
        }
        for writes in by_whom.values() {
            for pair in writes.windows(2) {
                let [first, second] = pair else { continue };
                assert!(first.ended.is_some_and(|ended| ended < second.began), "two at once: {pair:#?}");
            }
        }
        let audit = self.stage.audit();
        for death in &self.deaths {
            let after = audit.iter().map(|row| &row.entry).filter(|entry| entry.recorded >= death.when);
            let mut same = after.filter(|entry| entry.target == death.target && entry.person == death.person);
            let Death { worker, person, target, .. } = death;
            let heir = same.next().unwrap_or_else(|| panic!("nobody took [{person}] in [{target}] over from {worker}"));
            assert_ne!(heir.worker, *worker);
        }
        let mut done = [0; WORKERS];
        for row in &audit {
            done[self.place(&row.entry.worker)] += 1;
        }
        println!(
            "world {}: {} deaths with a write in flight; entries by place {done:?}",
            self.number,
            self.deaths.len()
        );
        assert!(done.iter().all(|done| *done > 0), "all take part: {done:?}");
    }
}

/// The first value of the first row.
fn query(url: &str, sql: &str) -> Option<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        sqlx::any::install_default_drivers();
        let options: sqlx::any::AnyConnectOptions = url.parse().unwrap();
        let mut connection = options.connect().await.unwrap();
        let row = sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_optional(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        row.and_then(|row| row.try_get(0).unwrap())
    })
}
