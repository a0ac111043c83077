//! Every check can fail: for each there is a connector with one flaw that fails it, and no other.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::{StreamExt as _, stream};
use koppel::{Connector, Ctx, Kind, Registry, Scrubber};
use koppel_conformance::proxy::{Fault, Proxy};
use koppel_conformance::subject::{Inside, Subject};
use koppel_conformance::{Options, Place, Ruling, Scenario, Verdict, checks, run};
use koppel_http::{Forward, SystemClock};
use serde_json::json;

use crate::toy::bent::{Bend, Bent};
use crate::toy::{self, Flaw, system};

/// What is wrong: with the connector itself, or on the way to it where the SDK keeps a connector from doing it.
#[derive(Debug, Clone, Copy)]
enum Wrong {
    Target(Flaw),
    Source(Flaw),
    Way(Bend),
    SourceWay(Bend),
}

impl Wrong {
    fn of_source(self) -> bool {
        matches!(self, Self::Source(_) | Self::SourceWay(_))
    }
}

/// Which checks fail for what.
const PLANTED: &[(&[&str], Wrong)] = &[
    (&["config.secrets-marked"], Wrong::Way(Bend::SecretNotMarked)),
    (&["config.described"], Wrong::Way(Bend::KeyNotDescribed)),
    (&["config.missing-key-named"], Wrong::Way(Bend::MissingKeyNotNamed)),
    (&["config.unknown-key-ignored"], Wrong::Way(Bend::UnknownKeyRefused)),
    (&["manifest.undeclared-refused"], Wrong::Way(Bend::DisableNotDeclared)),
    (&["connect.good"], Wrong::Way(Bend::CheckChanges)),
    (&["connect.wrong-credentials"], Wrong::Way(Bend::AuthIsAnother)),
    (&["connect.missing-credentials"], Wrong::Way(Bend::EmptySecretNotNamed)),
    (&["connect.unreachable"], Wrong::Way(Bend::UnreachableIsConfig)),
    (&["connect.maintenance-page"], Wrong::Way(Bend::PageIsGood)),
    (&["create.makes-one"], Wrong::Target(Flaw::CreateGivesAnotherReference)),
    (&["create.comes-back"], Wrong::Target(Flaw::CreateDropsMail)),
    (&["create.correlates"], Wrong::Way(Bend::LinksAnother)),
    (&["create.empty-correlation"], Wrong::Way(Bend::BlankCorrelationCounts)),
    (&["create.missing-field-named"], Wrong::Way(Bend::FillsInWhatIsMissing)),
    (&["create.ambiguous"], Wrong::Target(Flaw::FindsOnlyOne)),
    (&["update.only-what-differs"], Wrong::Target(Flaw::UpdateEmptiesTheRest)),
    (&["update.twice"], Wrong::Target(Flaw::UpdateAlwaysWrites)),
    (&["update.tells-before-and-after"], Wrong::Way(Bend::NoPreviousData)),
    (&["update.missing"], Wrong::Way(Bend::UpdateOfNobodyIsGood)),
    (&["update.immutable"], Wrong::Way(Bend::ImmutableIsIgnored)),
    (&["get.after-create"], Wrong::Way(Bend::NoteIsForgotten)),
    (&["get.as-imported"], Wrong::Way(Bend::ImportShowsAnotherGrade)),
    (&["unique.taken"], Wrong::Way(Bend::NothingIsTaken)),
    (&["enable.works"], Wrong::Target(Flaw::EnableOnlySaysSo)),
    (&["disable.works"], Wrong::Target(Flaw::DisableOnlySaysSo)),
    (&["enable.twice"], Wrong::Target(Flaw::EnableAlwaysWrites)),
    (&["disable.twice"], Wrong::Target(Flaw::DisableAlwaysWrites)),
    (&["delete.works"], Wrong::Target(Flaw::DeleteOnlySaysSo)),
    (&["delete.twice"], Wrong::Way(Bend::DeleteTwiceFails)),
    (&["disable.missing"], Wrong::Way(Bend::DisableOfNobodyFails)),
    (&["enable.missing"], Wrong::Way(Bend::EnableOfNobodyIsGood)),
    (&["permission.offered"], Wrong::Target(Flaw::OffersTwice)),
    (&["permission.grant"], Wrong::Way(Bend::GrantOnlySaysSo)),
    (&["permission.grant-twice"], Wrong::Target(Flaw::GrantAlwaysWrites)),
    (&["permission.revoke"], Wrong::Way(Bend::RevokeOnlySaysSo)),
    (&["permission.revoke-twice"], Wrong::Target(Flaw::RevokeAlwaysWrites)),
    (&["permission.grant-again"], Wrong::Way(Bend::GrantsOnlyOnce)),
    (&["permission.unknown"], Wrong::Target(Flaw::AcceptsAnyPermission)),
    (&["permission.missing-account"], Wrong::Way(Bend::GrantToNobodyIsGood)),
    (&["permission.moves"], Wrong::Way(Bend::ForgetsWhatWas)),
    (&["permission.sub-revoke"], Wrong::Way(Bend::RevokesNothing)),
    (&["import.each-once"], Wrong::Target(Flaw::ImportRepeatsTheFirst)),
    (&["import.each-once"], Wrong::Target(Flaw::ImportRepeatsOverPages)),
    (&["import.stable"], Wrong::Way(Bend::ReferencesChange)),
    (&["import.named"], Wrong::Way(Bend::NamesAreEmpty)),
    (&["import.whole"], Wrong::Target(Flaw::ImportStopsEarly)),
    (&["import.whole"], Wrong::Target(Flaw::ImportLosesTheLastOfAFullPage)),
    (&["import.repeated-page"], Wrong::Way(Bend::BreaksOn(Fault::RepeatedPage))),
    (&["import.cyclic-pages"], Wrong::Way(Bend::BreaksOn(Fault::CyclicPages))),
    (&["import.repeated-page", "import.cyclic-pages"], Wrong::Way(Bend::CircleIsTheEnd)),
    (&["dry-run.create"], Wrong::Target(Flaw::CreatesInDryRun)),
    (&["dry-run.update"], Wrong::Way(Bend::DryRunIsReal("update"))),
    (&["dry-run.enable"], Wrong::Way(Bend::DryRunIsReal("enable"))),
    (&["dry-run.disable"], Wrong::Way(Bend::DryRunIsReal("disable"))),
    (&["dry-run.delete"], Wrong::Way(Bend::DryRunIsReal("delete"))),
    (&["dry-run.grant"], Wrong::Way(Bend::DryRunIsReal("grant"))),
    (&["dry-run.revoke"], Wrong::Way(Bend::DryRunIsReal("revoke"))),
    (&["dry-run.sub-permissions"], Wrong::Way(Bend::DryRunIsReal("sub-permissions"))),
    (&["value.unicode"], Wrong::Target(Flaw::LosesEmoji)),
    (&["value.hostile"], Wrong::Target(Flaw::LosesPlus)),
    (&["value.long"], Wrong::Target(Flaw::CutsText)),
    (&["value.empty"], Wrong::Target(Flaw::LeavesOutEmpty)),
    (&["together.create"], Wrong::Way(Bend::CreatesBlindlyAtOnce)),
    (&["together.update"], Wrong::Way(Bend::MixesUpdatesAtOnce)),
    (&["cancel.reading"], Wrong::Way(Bend::DoesNotStop)),
    (&["cancel.create"], Wrong::Way(Bend::CreatesAgainAfterAnEnd)),
    (&["cancel.update"], Wrong::Way(Bend::LockOutlives("update"))),
    (&["cancel.enable"], Wrong::Way(Bend::LockOutlives("enable"))),
    (&["cancel.disable"], Wrong::Way(Bend::LockOutlives("disable"))),
    (&["cancel.delete"], Wrong::Way(Bend::LockOutlives("delete"))),
    (&["cancel.grant"], Wrong::Way(Bend::LockOutlives("grant"))),
    (&["cancel.revoke"], Wrong::Way(Bend::LockOutlives("revoke"))),
    (&["source.persons.unique"], Wrong::Source(Flaw::PersonsShareAnId)),
    (&["source.persons.stable"], Wrong::SourceWay(Bend::LosesAPersonAtTimes)),
    (&["source.persons.same-fields"], Wrong::Source(Flaw::FieldOfSomePersons)),
    (&["source.contracts.unique"], Wrong::Source(Flaw::ContractsShareAnId)),
    (&["source.contracts.dated"], Wrong::Source(Flaw::ContractsWithoutEnd)),
    (&["source.contracts.dated"], Wrong::Source(Flaw::ContractsEndBeforeTheyStart)),
    (&["source.contracts.iso"], Wrong::Source(Flaw::DatesForPeople)),
    (&["source.departments.rooted"], Wrong::Source(Flaw::DepartmentBelowNothing)),
    (&["source.departments.rooted"], Wrong::Source(Flaw::DepartmentsInACircle)),
    (&["source.contracts.department"], Wrong::Source(Flaw::ContractsOfNoDepartment)),
    (&["source.mapped.present"], Wrong::Source(Flaw::MapsWhatIsNotThere)),
    (&["source.persons.no-empty-answer"], Wrong::Source(Flaw::AnyAnswerIsAList)),
    (&["source.persons.unchanged"], Wrong::Source(Flaw::LosesPlus)),
    (&["source.persons.whole"], Wrong::Source(Flaw::ImportStopsEarly)),
    (&["source.shifts.midnight"], Wrong::Source(Flaw::TheNextDayIsInTheSameYear)),
    (&["source.shifts.spring"], Wrong::Source(Flaw::NobodyThoughtOfTheGap)),
    (&["source.shifts.autumn"], Wrong::Source(Flaw::NobodyThoughtOfTheFold)),
    (&["source.shifts.spring", "source.shifts.autumn"], Wrong::Source(Flaw::TheOffsetOfTheStartCounts)),
    (&["source.shifts.midnight", "source.shifts.spring", "source.shifts.autumn"], Wrong::Source(Flaw::HoursAreUtc)),
    (&["fault.too-many"], Wrong::Way(Bend::BreaksOn(Fault::TooMany))),
    (&["fault.too-many-untold"], Wrong::Way(Bend::BreaksOn(Fault::TooManyUntold))),
    (&["fault.token-gone"], Wrong::Way(Bend::BreaksOn(Fault::TokenGone))),
    (&["fault.unavailable"], Wrong::Way(Bend::BreaksOn(Fault::Unavailable))),
    (&["fault.cut-before"], Wrong::Way(Bend::BreaksOn(Fault::CutBefore))),
    (&["fault.cut-after"], Wrong::Way(Bend::BreaksOn(Fault::CutAfter))),
    (&["fault.lost-answer"], Wrong::Way(Bend::BreaksOn(Fault::LostAnswer))),
    (&["fault.truncated"], Wrong::Way(Bend::BreaksOn(Fault::Truncated))),
    (&["fault.slow"], Wrong::Way(Bend::BreaksOn(Fault::Slow))),
    (&["fault.html"], Wrong::Way(Bend::BreaksOn(Fault::Html))),
    (&["fault.other-order"], Wrong::Way(Bend::BreaksOn(Fault::OtherOrder))),
    (&["secret.nowhere"], Wrong::Target(Flaw::LogsSecret)),
    // To the connector these are one: no answer came to a request that was carried out.
    (
        &["fault.cut-after", "fault.lost-answer", "fault.truncated", "fault.other-order"],
        Wrong::Target(Flaw::CreateIsRepeated),
    ),
];

/// All verdicts on the toy with something wrong; those of the faults, which take the longest, where they are asked for.
async fn verdicts(wrong: Wrong, faults: bool) -> Vec<Verdict> {
    let (kind, flaw, bend) = match wrong {
        Wrong::Target(flaw) => (Kind::Target, flaw, None),
        Wrong::Source(flaw) => (Kind::Source, flaw, None),
        Wrong::Way(bend) => (Kind::Target, Flaw::None, Some(bend)),
        Wrong::SourceWay(bend) => (Kind::Source, Flaw::None, Some(bend)),
    };
    let system = system::System::start(7).await;
    let scrubber = Scrubber::default();
    let registry = match kind {
        Kind::Source => Registry::default().with(toy::source(flaw, scrubber.clone())),
        Kind::Target => Registry::default().with(toy::target(flaw, scrubber.clone())),
    };
    let id = if kind == Kind::Source { "toy-source" } else { "toy-target" };
    let connector: Arc<dyn Connector> = Arc::clone(registry.unwrap().get(id).unwrap());
    let subject = Inside::new(connector, scrubber, Ctx::new(Arc::new(SystemClock::default()))).unwrap();
    let origin = format!("http://{}", system.address);
    let proxy = Proxy::start(Forward::to(&origin, 1 << 20).unwrap()).await.unwrap();
    let config = json!({"BaseUrl": proxy.origin(), "Secret": system::SECRET});
    let scenario = Scenario::read(toy::SCENARIO).unwrap();
    let options = Options { tag: "kt".into(), ..Options::default() };
    let crooked = bend.map(|bend| Bent::new(&subject, &proxy, bend));
    let subject: &dyn Subject = crooked.as_ref().map_or(&subject, |bent| bent);
    let place = Place { subject, proxy: &proxy, config: &config, scenario: &scenario, world: Some(&system) };
    let mut all = Vec::new();
    for (number, check) in checks::all().iter().filter(|c| faults || !c.id.starts_with("fault.")).enumerate() {
        all.push(run(check, number, place, &options).await);
    }
    all
}

fn failed(verdicts: &[Verdict]) -> Vec<&'static str> {
    verdicts.iter().filter(|v| matches!(v.result, Ruling::Fail { .. })).map(|v| v.id).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sound_connector_passes_every_check_that_applies() {
    for sound in [Wrong::Target(Flaw::None), Wrong::Source(Flaw::None)] {
        let verdicts = verdicts(sound, true).await;
        let bad: Vec<&Verdict> =
            verdicts.iter().filter(|v| !matches!(v.result, Ruling::Pass | Ruling::NotApplicable { .. })).collect();
        assert!(bad.is_empty(), "{}", serde_json::to_string_pretty(&bad).unwrap());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_flaw_of_a_target_fails_exactly_its_check() {
    each_fails(PLANTED.iter().filter(|(_, wrong)| !wrong.of_source())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_flaw_of_a_source_fails_exactly_its_check() {
    each_fails(PLANTED.iter().filter(|(_, wrong)| wrong.of_source())).await;
}

async fn each_fails(planted: impl Iterator<Item = &'static (&'static [&'static str], Wrong)>) {
    let mut wrong = Vec::new();
    // Eight at a time: most of the time is spent waiting.
    let mut all = stream::iter(planted)
        .map(|(ids, planted)| async move {
            let faults = ids.iter().any(|id| id.starts_with("fault."));
            let verdicts = tokio::spawn(verdicts(*planted, faults));
            (ids, planted, failed(&verdicts.await.unwrap()))
        })
        .buffer_unordered(8);
    while let Some((ids, planted, failed)) = all.next().await {
        if failed != **ids {
            wrong.push(format!("{planted:?} is to fail {ids:?} alone, and fails {failed:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_check_has_a_flaw_that_fails_it() {
    let planted: BTreeSet<&str> =
        PLANTED.iter().filter(|(ids, _)| ids.len() == 1).flat_map(|(ids, _)| ids.iter().copied()).collect();
    let without: Vec<&str> = checks::all().iter().map(|check| check.id).filter(|id| !planted.contains(id)).collect();
    assert!(without.is_empty(), "no flaw is planted for {without:?}");
}
