//! Many workers at once.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use koppel_engine::store::{NewJob, Store};
use koppel_engine::{Entitlement, Verb};

use super::{HOUR, Home, enqueue, gave, job};

const JOBS: usize = 120;
const WORKERS: usize = 12;

fn jobs() -> Vec<NewJob> {
    (0..JOBS).map(|person| job(&format!("{person:04}"), &[Verb::Create, Verb::Enable])).collect()
}

/// Works until nothing is left; gives the numbers of the jobs that it had.
async fn work(store: Store, worker: usize) -> Vec<i64> {
    let mut had = Vec::new();
    loop {
        let targets = [("deuren".to_owned(), 3)];
        let jobs = store.claim(&format!("worker {worker}"), &targets, HOUR).await.unwrap();
        if jobs.is_empty() {
            return had;
        }
        for job in jobs {
            had.push(job.id);
            for (action, entitlement) in job.actions.iter().zip([Entitlement::Account, Entitlement::Access]) {
                store.sending(&job, action.id).await.unwrap();
                store.answered(&job, action.id, gave(&job.person, &entitlement)).await.unwrap();
            }
            store.finish(&job, None).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_workers_never_share_a_job_and_the_chain_stays_whole() {
    for home in Home::all().await {
        let store = home.open().await;
        enqueue(&store, &jobs()).await;
        let mut stores = vec![store.clone()];
        if home.is_shared() {
            // As other machines: connections of their own.
            stores.extend(join_all((0..2).map(|_| home.open())).await);
        }
        let tasks = (0..WORKERS).map(|worker| tokio::spawn(work(stores[worker % stores.len()].clone(), worker)));
        let had: Vec<i64> = join_all(tasks).await.into_iter().flat_map(Result::unwrap).collect();
        assert_eq!(had.len(), JOBS);
        assert_eq!(had.iter().collect::<BTreeSet<_>>().len(), JOBS, "nobody had the job of another");
        assert_eq!(store.open_jobs().await.unwrap(), 0);
        assert_eq!(store.held().await.unwrap().len(), 2 * JOBS);
        assert_eq!(store.mark().await.unwrap().revision, 2 * i64::try_from(JOBS).unwrap());
        let verified = store.verify().await.unwrap();
        assert_eq!((verified.entries, verified.faults), (2 * JOBS as u64, vec![]));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn plans_that_come_while_workers_are_at_it_neither_lose_nor_double_anything() {
    for home in Home::all().await {
        let store = home.open().await;
        enqueue(&store, &jobs()).await;
        let tasks = (0..4).map(|worker| tokio::spawn(work(store.clone(), worker)));
        let planner = {
            let store = store.clone();
            tokio::spawn(async move {
                // Each plan asks for what is not held yet, as a planner does.
                for round in 0..20 {
                    let mark = store.mark().await.unwrap();
                    let mut held: BTreeMap<String, usize> = BTreeMap::new();
                    for one in store.held().await.unwrap() {
                        *held.entry(one.person).or_default() += 1;
                    }
                    let open: Vec<_> = jobs().into_iter().filter(|job| !held.contains_key(&job.person)).collect();
                    // Refused where the state moved on meanwhile, which is as good.
                    let _ = store.enqueue(&format!("plan {round}"), &open, Some(&mark), None, &[]).await;
                }
            })
        };
        join_all(tasks).await.into_iter().for_each(|task| drop(task.unwrap()));
        planner.await.unwrap();
        work(store.clone(), 99).await;
        assert_eq!(store.held().await.unwrap().len(), 2 * JOBS);
        let verified = store.verify().await.unwrap();
        assert_eq!((verified.entries, verified.faults), (2 * JOBS as u64, vec![]));
    }
}
