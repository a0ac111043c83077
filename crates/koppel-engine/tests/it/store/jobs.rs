use koppel::ErrorKind;
use koppel_engine::store::{ActionState, Effect, Mark};
use koppel_engine::{Entitlement, Verb};

use super::{HOUR, Home, NONE, action, because, claim, claim_one, enqueue, failed, gave, give_account, held, job};

#[tokio::test]
async fn a_job_comes_back_as_it_was_queued_and_is_gone_when_it_is_done() {
    for home in Home::all().await {
        let store = home.open().await;
        let mut new = job("1001", &[Verb::Create, Verb::Enable]);
        new.actions.push(action(Verb::Grant, Some("zaal \"A\"")));
        assert_eq!(enqueue(&store, &[new.clone()]).await, 1);
        let job = claim_one(&store, HOUR).await;
        assert_eq!((&*job.batch, &*job.target, &*job.person), ("plan", "deuren", "1001"));
        assert!(!job.taken_over && job.attempts == 0);
        assert_eq!(job.actions.len(), 3);
        for (queued, new) in job.actions.iter().zip(&new.actions) {
            assert_eq!((queued.verb, &queued.permission), (new.verb, &new.permission));
            assert_eq!((&queued.payload, &queued.because), (&new.payload, &because()));
            assert_eq!((queued.state, queued.attempts), (ActionState::Pending, 0));
        }
        let entitlements =
            [Entitlement::Account, Entitlement::Access, Entitlement::Permission("zaal \"A\"".to_owned())];
        for (action, entitlement) in job.actions.iter().zip(&entitlements) {
            store.sending(&job, action.id).await.unwrap();
            store.answered(&job, action.id, gave("1001", entitlement)).await.unwrap();
        }
        store.finish(&job, None).await.unwrap();
        assert_eq!(store.open_jobs().await.unwrap(), 0);
        assert_eq!(store.next_due().await.unwrap(), None);
        let all = entitlements.map(|entitlement| held("1001", entitlement)).to_vec();
        assert_eq!(store.held().await.unwrap(), all);
        assert_eq!(store.held_by("deuren", "1001").await.unwrap(), all);
        assert_eq!(store.held_by("deuren", "1002").await.unwrap(), []);
        assert_eq!(store.mark().await.unwrap().revision, 3);
        let counts = store.held_counts().await.unwrap();
        assert_eq!(counts[&("deuren".to_owned(), "permission".to_owned())], 1);
        assert_eq!(counts.len(), 3);
    }
}

#[tokio::test]
async fn what_is_taken_away_is_not_held_any_more_and_moves_the_mark() {
    for home in Home::all().await {
        let store = home.open().await;
        give_account(&store, "1001").await;
        enqueue(&store, &[job("1001", &[Verb::Delete])]).await;
        let job = claim_one(&store, HOUR).await;
        store.sending(&job, job.actions[0].id).await.unwrap();
        let mut answer = gave("1001", &Entitlement::Account);
        let (target, person) = (job.target.clone(), job.person.clone());
        answer.effects = vec![Effect::Remove { target, person, entitlement: Entitlement::Account }];
        store.answered(&job, job.actions[0].id, answer).await.unwrap();
        assert_eq!(store.held().await.unwrap(), []);
        assert_eq!(store.mark().await.unwrap().revision, 2);
    }
}

#[tokio::test]
async fn a_lease_that_was_taken_allows_nothing_any_more() {
    for home in Home::all().await {
        let store = home.open().await;
        enqueue(&store, &[job("1001", &[Verb::Create])]).await;
        let slow = claim_one(&store, NONE).await;
        let quick = claim_one(&store, HOUR).await;
        assert_eq!((quick.id, quick.taken_over), (slow.id, true));
        let action = slow.actions[0].id;
        let lost = [
            store.sending(&slow, action).await,
            store.renew(&slow).await,
            store.answered(&slow, action, gave("1001", &Entitlement::Account)).await,
            store.finish(&slow, None).await,
            store.give_up(&slow).await,
        ];
        for lost in lost {
            assert_eq!(lost.unwrap_err().kind(), ErrorKind::Conflict);
        }
        assert_eq!(store.held().await.unwrap(), [], "an answer that came too late changes nothing");
        assert_eq!(store.verify().await.unwrap().entries, 0);
        store.sending(&quick, action).await.unwrap();
        assert_eq!(store.mark().await.unwrap().revision, 0);
    }
}

#[tokio::test]
async fn a_lease_is_begun_anew_by_whatever_is_sent() {
    let home = Home::sqlite();
    let store = home.open().await;
    enqueue(&store, &[job("1001", &[Verb::Create])]).await;
    let job = claim_one(&store, HOUR).await;
    home.clock.advance(std::time::Duration::from_mins(59));
    store.sending(&job, job.actions[0].id).await.unwrap();
    home.clock.advance(std::time::Duration::from_mins(59));
    assert_eq!(claim(&store, "two", HOUR).await, []);
    store.renew(&job).await.unwrap();
    home.clock.advance(std::time::Duration::from_mins(59));
    assert_eq!(claim(&store, "two", HOUR).await, []);
    home.clock.advance(std::time::Duration::from_mins(2));
    assert!(claim_one(&store, HOUR).await.taken_over);
}

#[tokio::test]
async fn whoever_takes_over_an_action_that_was_sent_is_told_so() {
    for home in Home::all().await {
        let store = home.open().await;
        enqueue(&store, &[job("1001", &[Verb::Create, Verb::Enable])]).await;
        let died = claim_one(&store, NONE).await;
        store.sending(&died, died.actions[0].id).await.unwrap();
        let unsettled = store.unsettled().await.unwrap();
        assert_eq!(unsettled.iter().map(|sent| sent.id).collect::<Vec<_>>(), [died.actions[0].id]);
        let job = claim_one(&store, HOUR).await;
        assert!(job.taken_over);
        assert_eq!((job.actions[0].state, job.actions[0].attempts), (ActionState::Sent, 1));
        assert_eq!(job.actions[1].state, ActionState::Pending);
        assert_eq!(store.unsettled().await.unwrap(), [], "somebody is at it");
    }
}

#[tokio::test]
async fn an_ambiguous_answer_leaves_the_action_sent_and_another_failure_does_not() {
    for home in Home::all().await {
        let store = home.open().await;
        enqueue(&store, &[job("1001", &[Verb::Create, Verb::Enable])]).await;
        let first = claim_one(&store, HOUR).await;
        for (action, kind) in first.actions.iter().zip(["ambiguous", "denied"]) {
            store.sending(&first, action.id).await.unwrap();
            store.answered(&first, action.id, failed("1001", kind)).await.unwrap();
        }
        let soon = store.now().await.unwrap();
        store.finish(&first, Some(soon)).await.unwrap();
        let again = claim_one(&store, HOUR).await;
        assert_eq!((again.attempts, again.taken_over), (1, true));
        assert_eq!(again.actions[0].state, ActionState::Sent);
        assert_eq!(again.actions[1].state, ActionState::Failed);
        assert_eq!(again.actions[1].error_kind.as_deref(), Some("denied"));
        assert_eq!(store.mark().await.unwrap().revision, 0, "no entitlement changed");
        assert_eq!(store.verify().await.unwrap().entries, 2, "failures are in the log");

        // Another refusal says nothing about what the first attempt came to.
        store.sending(&again, again.actions[0].id).await.unwrap();
        store.answered(&again, again.actions[0].id, failed("1001", "denied")).await.unwrap();
        store.give_up(&again).await.unwrap();
        let unsettled = store.unsettled().await.unwrap();
        assert_eq!(unsettled.iter().map(|sent| sent.id).collect::<Vec<_>>(), [again.actions[0].id]);
    }
}

#[tokio::test]
async fn a_job_waits_until_it_may_be_tried_again() {
    for home in Home::all().await {
        let store = home.open().await;
        enqueue(&store, &[job("1001", &[Verb::Create]), job("1002", &[Verb::Create])]).await;
        let jobs = claim(&store, "one", HOUR).await;
        let later = store.now().await.unwrap() + HOUR;
        store.finish(&jobs[0], Some(later)).await.unwrap();
        store.finish(&jobs[1], None).await.unwrap();
        let again = claim_one(&store, NONE).await;
        assert_eq!((&*again.person, again.attempts), ("1002", 1));
        store.give_up(&again).await.unwrap();
        let due = store.next_due().await.unwrap().unwrap();
        assert_eq!(due.as_microsecond(), later.as_microsecond());
        assert_eq!(store.open_jobs().await.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_plan_made_before_the_state_moved_is_refused_and_changes_nothing() {
    for home in Home::all().await {
        let store = home.open().await;
        let before = store.mark().await.unwrap();
        give_account(&store, "1001").await;
        enqueue(&store, &[job("1002", &[Verb::Create])]).await;
        let other = Mark { id: "another state".to_owned(), ..store.mark().await.unwrap() };
        for mark in [before, other] {
            let error =
                store.enqueue("late", &[job("1003", &[Verb::Create])], Some(&mark), None, &[]).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Conflict);
            assert!(error.hint().unwrap().contains("plan"), "{error}");
        }
        assert_eq!(claim_one(&store, NONE).await.person, "1002");
        let now = store.mark().await.unwrap();
        store.enqueue("now", &[job("1003", &[Verb::Create])], Some(&now), None, &[]).await.unwrap();
        assert_eq!(claim_one(&store, HOUR).await.person, "1003", "the new plan took the place of the old one");
    }
}

#[tokio::test]
async fn a_job_at_work_stays_and_its_replacement_is_left_to_the_next_plan() {
    for home in Home::all().await {
        let store = home.open().await;
        enqueue(&store, &[job("1001", &[Verb::Create])]).await;
        let running = claim_one(&store, HOUR).await;
        let new = [job("1001", &[Verb::Delete]), job("1002", &[Verb::Create])];
        let enqueued = store.enqueue("new", &new, None, None, &[]).await.unwrap();
        assert_eq!((enqueued.jobs, enqueued.kept_running), (1, 1));
        store.sending(&running, running.actions[0].id).await.unwrap();
        assert_eq!(claim_one(&store, HOUR).await.person, "1002");
    }
}

#[tokio::test]
async fn the_same_plan_again_keeps_how_often_and_when_a_job_is_tried() {
    for home in Home::all().await {
        let store = home.open().await;
        enqueue(&store, &[job("1001", &[Verb::Create]), job("1002", &[Verb::Create])]).await;
        let later = store.now().await.unwrap() + HOUR;
        for job in claim(&store, "one", HOUR).await {
            store.finish(&job, Some(later)).await.unwrap();
        }
        enqueue(&store, &[job("1001", &[Verb::Create, Verb::Enable]), job("1002", &[Verb::Disable])]).await;
        let at_once = claim_one(&store, HOUR).await;
        assert_eq!((&*at_once.person, at_once.attempts), ("1002", 0), "something else is to be done");
        store.give_up(&at_once).await.unwrap();
        assert_eq!(store.next_due().await.unwrap().unwrap().as_microsecond(), later.as_microsecond());
    }
}

#[tokio::test]
async fn what_was_sent_is_remembered_until_a_plan_that_knows_of_it_is_done() {
    for home in Home::all().await {
        let store = home.open().await;
        enqueue(&store, &[job("1001", &[Verb::Enable, Verb::Update])]).await;
        let died = claim_one(&store, NONE).await;
        let sent = died.actions[0].id;
        store.sending(&died, sent).await.unwrap();
        let ids = async || store.unsettled().await.unwrap().iter().map(|sent| sent.id).collect::<Vec<_>>();

        // A plan that did not know of it leaves the job as it is.
        let kept = store.enqueue("blind", &[job("1001", &[Verb::Update])], None, None, &[]).await.unwrap();
        assert_eq!((kept.jobs, kept.kept_running), (0, 1));
        assert_eq!(claim_one(&store, NONE).await.actions.len(), 2);

        // One that knew of it, and may do nothing now, ends the job; the doubt stays.
        store.enqueue("held back", &[], None, None, &[sent]).await.unwrap();
        assert_eq!((ids().await, store.open_jobs().await.unwrap()), (vec![sent], 0));
        assert_eq!(claim(&store, "one", NONE).await, []);
        assert_eq!(store.next_due().await.unwrap(), None);

        // One that settles it is carried out by somebody who is told to look first; dying changes nothing.
        store.enqueue("knows", &[job("1001", &[Verb::Disable])], None, None, &[sent]).await.unwrap();
        let settling = claim_one(&store, NONE).await;
        assert_eq!((settling.actions.len(), settling.actions[0].verb), (1, Verb::Disable));
        assert!(settling.taken_over);
        assert_eq!(&*settling.batch, "knows");
        assert_eq!(ids().await, [sent]);
        store.enqueue("again", &[job("1001", &[Verb::Disable])], None, None, &ids().await).await.unwrap();
        let settling = claim_one(&store, HOUR).await;
        assert!(settling.taken_over);
        store.sending(&settling, settling.actions[0].id).await.unwrap();
        store.answered(&settling, settling.actions[0].id, gave("1001", &Entitlement::Access)).await.unwrap();
        store.give_up(&settling).await.unwrap();
        assert_eq!(ids().await, [0_i64; 0]);
        enqueue(&store, &[job("1001", &[Verb::Update])]).await;
        assert!(!claim_one(&store, HOUR).await.taken_over);
    }
}

#[tokio::test]
async fn a_job_that_is_given_up_leaves_only_what_nobody_knows_the_answer_of() {
    for home in Home::all().await {
        let store = home.open().await;
        enqueue(&store, &[job("1001", &[Verb::Create, Verb::Enable]), job("1002", &[Verb::Create])]).await;
        let jobs = claim(&store, "one", HOUR).await;
        store.sending(&jobs[0], jobs[0].actions[0].id).await.unwrap();
        store.answered(&jobs[0], jobs[0].actions[0].id, failed("1001", "ambiguous")).await.unwrap();
        store.sending(&jobs[1], jobs[1].actions[0].id).await.unwrap();
        store.answered(&jobs[1], jobs[1].actions[0].id, failed("1002", "denied")).await.unwrap();
        for job in &jobs {
            store.give_up(job).await.unwrap();
        }
        assert_eq!(store.open_jobs().await.unwrap(), 0);
        let unsettled = store.unsettled().await.unwrap();
        assert_eq!(unsettled.len(), 1);
        assert_eq!(unsettled[0].payload, action(Verb::Create, None).payload);
    }
}

#[tokio::test]
async fn one_planner_leads_at_a_time_and_a_lost_lead_queues_nothing() {
    for home in Home::all().await {
        let store = home.open().await;
        let slow = store.lead("one", NONE).await.unwrap().unwrap();
        let quick = store.lead("two", HOUR).await.unwrap().unwrap();
        assert_eq!(store.lead("three", HOUR).await.unwrap(), None);
        let jobs = [job("1001", &[Verb::Create])];
        let error = store.enqueue("plan", &jobs, None, Some(&slow), &[]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert_eq!(store.keep_lead(&slow).await.unwrap_err().kind(), ErrorKind::Conflict);
        assert_eq!(store.open_jobs().await.unwrap(), 0);
        store.follow(&slow).await.unwrap();
        assert_eq!(store.lead("three", HOUR).await.unwrap(), None, "only who leads can give it back");
        store.keep_lead(&quick).await.unwrap();
        store.enqueue("plan", &jobs, None, Some(&quick), &[]).await.unwrap();
        store.follow(&quick).await.unwrap();
        assert!(store.lead("three", HOUR).await.unwrap().is_some());
        assert_eq!(store.wake().await.unwrap(), None);
        let wake = super::at("2026-03-02T08:05:00Z");
        store.set_wake(wake).await.unwrap();
        assert_eq!(store.wake().await.unwrap(), Some(wake));
    }
}

#[tokio::test]
async fn in_a_file_the_leases_of_a_program_that_died_end_at_once() {
    let home = Home::sqlite();
    let store = home.open().await;
    enqueue(&store, &[job("1001", &[Verb::Create])]).await;
    store.lead("one", HOUR).await.unwrap().unwrap();
    claim_one(&store, HOUR).await;
    drop(store);
    let store = home.open().await;
    assert_eq!(claim(&store, "two", HOUR).await, []);
    assert_eq!(store.recover().await.unwrap(), 1);
    assert!(claim_one(&store, HOUR).await.taken_over);
    assert!(store.lead("two", HOUR).await.unwrap().is_some());
}
