//! Profiles, over generated programs: the same on every engine, and their sums what the runs used.
//!
//! A program is run under several budgets, with plenty and under small limits, and goes on where it stopped.
//! At each stop the profile on native code, also where that leaves at all of its guards, and of a run that goes
//! from engine to engine by snapshots, is the interpreter's; and the outcome is that of a run without one.
//!
//! `LAU_CASES`, `LAU_SEED` and `LAU_CASE` as for `differential`.
#![cfg(all(feature = "fuzz", feature = "jit"))]

use lau_agent_runtime::codegen::{OptLevel, Options};
use lau_agent_runtime::engine::Prepared;
use lau_agent_runtime::fuzz::builtins::answer;
use lau_agent_runtime::fuzz::scene::small_limits;
use lau_agent_runtime::fuzz::{PLENTY, Plan, ROOMY, Random, Scene, Stage};
use lau_agent_runtime::lower::compile;
use lau_agent_runtime::{
    Ending, Energy, Engine, Failure, Host, Instance, Limits, Linked, Outcome, Profile, Suspension,
};
use lau_runtime::profile::{Called, Node};
use std::sync::Arc;

/// Everything of a profile.
type Kept = (Vec<Node>, Vec<Called>);

fn kept(profile: &Profile) -> Kept {
    (profile.nodes(), profile.functions())
}

/// The sums over the profile of one run are those of its outcome, whichever way they are made.
fn assert_sums(profile: &Profile, outcome: &Outcome) {
    let total = profile.total();
    assert_eq!((total.energy, total.visits), (outcome.energy, outcome.instructions), "{outcome:?}");
    let ways = [
        profile.lines().into_values().collect::<Vec<_>>(),
        profile.functions().into_iter().map(|function| function.own).collect(),
        profile.nodes().into_iter().flat_map(|node| node.own.into_values()).collect(),
    ];
    for way in ways {
        let energy = way.iter().map(|spent| spent.energy.thousandths()).sum::<u64>();
        assert_eq!(energy, total.energy.thousandths());
        assert_eq!(way.iter().map(|spent| spent.visits).sum::<u64>(), total.visits);
    }
}

/// A plan, played on these by turns: the outcome at each stop, and the profile if one is kept.
fn play(
    stage: &Stage,
    on: &[&Prepared],
    plan: &Plan,
    profiled: bool,
) -> Vec<(Outcome, Option<Kept>)> {
    stage.forget_calls();
    let (mut instance, _) = stage.instance(on[0], plan.limits).expect("an instance");
    let energy = Energy::from_thousandths;
    instance.set_energy(energy(plan.used_before), energy(plan.budget));
    if profiled {
        instance.start_profile();
    }
    let mut seen = Vec::new();
    let mut extras = plan.resumes.iter();
    let mut outcome = instance.run();
    for turn in 1..20 {
        if let Some(profile) = instance.profile() {
            assert_sums(profile, &outcome);
        }
        seen.push((outcome.clone(), instance.profile().map(kept)));
        let extra = match &outcome.ending {
            Ending::Suspended { reason: Suspension::Asked(question) } => {
                instance.answer(answer(&question.arguments).map_err(Failure)).expect("it waits");
                Some(0)
            }
            Ending::Exhausted => extras.next().copied(),
            Ending::Finished { .. } | Ending::Trapped { .. } | Ending::Suspended { .. } => None,
        };
        let Some(extra) = extra else { break };
        if on.len() > 1 {
            instance = moved(stage, instance, on[turn % on.len()], plan.limits);
        }
        outcome = instance.resume(energy(extra)).expect("it stopped");
    }
    seen
}

/// The run in another instance, by a snapshot, with its profile.
fn moved(stage: &Stage, mut from: Instance, to: &Prepared, limits: Limits) -> Instance {
    let snapshot = from.snapshot().expect("it stopped");
    let host = Arc::clone(stage.host());
    let mut instance = to.restore(host, limits, &snapshot).expect("its own snapshot");
    if let Some(profile) = from.take_profile() {
        instance.resume_profile(profile).expect("the same program");
    }
    instance
}

/// How many of the runs of a program came to something worth a profile.
fn judge(scene: &Scene, random: &mut Random) -> u64 {
    let Ok(stage) = Stage::of(scene) else { return 0 };
    let native = |options: Options| Prepared::native(Arc::clone(stage.linked()), &options);
    let plain = stage.prepared(Engine::Interp);
    let jit = Prepared::profiling(Engine::Jit, Arc::clone(stage.linked()));
    let none = OptLevel::None;
    let leaving = native(Options { profile: true, exits: true, opt: none, ..Options::default() });
    leaving.force_all();
    let unfit = stage.prepared(Engine::Jit); // keeps none, so the interpreter does all
    let whole = play(&stage, &[&plain], &Plan::of(ROOMY, PLENTY), false);
    let total = whole.last().expect("it stops").0.energy.thousandths();
    let mut plans = vec![
        Plan::of(ROOMY, PLENTY),
        Plan { used_before: 777, ..Plan::of(ROOMY, PLENTY + 777) },
        Plan::of(small_limits(random), PLENTY),
    ];
    plans.extend((0..3).map(|_| Plan::cut(ROOMY, total, PLENTY, random)));
    for plan in &plans {
        let unprofiled = play(&stage, &[&plain], plan, false);
        let expected = play(&stage, &[&plain], plan, true);
        let outcomes = |seen: &[(Outcome, Option<Kept>)]| -> Vec<String> {
            seen.iter().map(|(outcome, _)| format!("{outcome:?}")).collect()
        };
        assert_eq!(outcomes(&expected), outcomes(&unprofiled));
        let profiles = |seen: Vec<(Outcome, Option<Kept>)>| -> Vec<Option<Kept>> {
            seen.into_iter().map(|(_, kept)| kept).collect()
        };
        let expected = (outcomes(&expected), profiles(expected));
        for on in [&[&jit][..], &[&leaving], &[&unfit], &[&jit, &plain], &[&plain, &jit]] {
            let got = play(&stage, on, plan, true);
            assert_eq!((outcomes(&got), profiles(got)), expected, "{plan:?} on {on:?}");
        }
        // Code that keeps a profile does not run without one.
        assert_eq!(outcomes(&play(&stage, &[&jit], plan, false)), outcomes(&unprofiled));
    }
    whole.last().map_or(0, |(outcome, _)| outcome.instructions)
}

#[test]
fn profiles_are_the_same_on_every_engine() {
    let variable = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seed = variable("LAU_SEED").unwrap_or(3);
    let cases = 0..variable("LAU_CASES").unwrap_or(250);
    let cases = variable("LAU_CASE").map_or(cases, |case| case..case + 1);
    let mut instructions = 0;
    for case in cases {
        println!("LAU_SEED={seed} LAU_CASE={case}");
        let scene = Scene::generated(seed, case);
        instructions += judge(&scene, &mut Random::new(seed.wrapping_add(case) ^ 0x9f0f));
    }
    println!("{instructions} instructions");
}

fn linked(text: &str) -> (Arc<Linked>, Arc<Host>) {
    let host = Arc::new(Host::default());
    let program = compile(text, &host.interface()).program.expect("no errors");
    (Arc::new(Linked::new(Arc::new(program), host.interface())), host)
}

/// Runs a program on both engines; the profile, which is the same.
fn profiled(text: &str, budget: f64) -> (Profile, Outcome) {
    let (linked, host) = linked(text);
    let mut profiles = Vec::new();
    for engine in Engine::ALL {
        let prepared = Prepared::profiling(*engine, Arc::clone(&linked));
        let mut instance = prepared.instance(Arc::clone(&host), Limits::default()).expect("made");
        instance.set_energy(Energy::ZERO, Energy::from_units(budget));
        instance.start_profile();
        let outcome = instance.run();
        let profile = instance.take_profile().expect("it was kept");
        assert_sums(&profile, &outcome);
        profiles.push((profile, outcome));
    }
    assert_eq!(kept(&profiles[0].0), kept(&profiles[1].0));
    assert_eq!(profiles[0].1, profiles[1].1);
    profiles.remove(0)
}

#[test]
fn native_code_keeps_the_profile_itself() {
    let text = "push 0\nstore i\nagain:\nload i\npush 1\nadd\nstore i\nload i\npush 50000\nlt\n\
        jump_true again\nload i";
    let (linked, host) = linked(text);
    let prepared = Prepared::profiling(Engine::Jit, linked);
    let mut instance = prepared.instance(host, Limits::default()).expect("made");
    instance.set_energy(Energy::ZERO, Energy::MAX);
    instance.start_profile();
    let outcome = instance.run();
    let profile = instance.take_profile().expect("it was kept");
    assert_sums(&profile, &outcome);
    assert_eq!(profile.lines()[&6].visits, 50_000, "{profile:?}");
    assert!((1..20).contains(&prepared.left()), "it ran natively: {}", prepared.left());
}

#[test]
fn calls_are_told_apart_by_who_made_them() {
    let text = "call a 0\npop\ncall b 0\npop\ncall a 0\n\
        func a\ncall b 0\nend\nfunc b\npush 1\nend";
    let (profile, _) = profiled(text, 100.0);
    let nodes = profile.nodes();
    let shape: Vec<_> =
        nodes.iter().map(|node| (node.parent, node.function.map(|f| f.index()))).collect();
    assert_eq!(
        shape,
        [(None, Some(0)), (Some(0), Some(1)), (Some(1), Some(2)), (Some(0), Some(2))]
    );
    let visits = |node: &Node| node.own.values().map(|spent| spent.visits).sum::<u64>();
    assert_eq!(nodes.iter().map(visits).collect::<Vec<_>>(), [5, 2, 2, 1]);
    let calls: Vec<_> = profile.functions().iter().map(|function| function.calls).collect();
    assert_eq!(calls, [0, 2, 3]);
}

#[test]
fn programs_that_call_without_measure_have_a_small_tree() {
    let deep = "call f 0\nfunc f\ncall f 0\nend";
    let (profile, outcome) = profiled(deep, 1e6);
    assert!(outcome.trap().is_some());
    assert_eq!(profile.nodes().len(), 101);
    assert_eq!(profile.functions()[1].calls, 10_000);

    // Two functions that call each other: what is too deep is booked to the nearest of its kind.
    let two = "call f 0\nfunc f\ncall g 0\nend\nfunc g\ncall f 0\nend";
    let (profile, _) = profiled(two, 5_000.0);
    assert_eq!(profile.nodes().len(), 101);
    assert!(profile.nodes().iter().all(|node| node.function.is_some()));

    // A chain of other functions, deeper than the tree: the rest is in a list beside it.
    let mut chain = "again:\ncall f0 0\npop\njump again\n".to_owned();
    for at in 0..150 {
        chain += &format!("func f{at}\ncall f{} 0\nend\n", at + 1);
    }
    chain += "func f150\npush 1\nend";
    let (profile, _) = profiled(&chain, 3_000.0);
    let nodes = profile.nodes();
    assert_eq!(nodes.iter().filter(|node| node.function.is_none()).count(), 1);
    assert_eq!(nodes.len(), 101 + 1 + 51);

    // Six functions, each of which calls all: any way to call is soon another one.
    let mut wide = "again:\ncall f0 1\njump again\n".replace("call", "push 12\ncall");
    for at in 0..6 {
        wide += &format!("func f{at} n\nload n\njump_false out\n");
        for to in 0..6 {
            wide += &format!("load n\npush 1\nsub\ncall f{to} 1\npop\n");
        }
        wide += "out:\npush 1\nend\n";
    }
    let (profile, _) = profiled(&wide, 100_000.0);
    assert!((8_000..=8_200).contains(&profile.nodes().len()), "{}", profile.nodes().len());
}

#[test]
fn a_profile_goes_on_over_runs_and_is_of_one_program() {
    let (linked, host) = linked("push 1\npush 2\nadd");
    let prepared = Prepared::profiling(Engine::Jit, linked);
    let mut instance = prepared.instance(Arc::clone(&host), Limits::default()).expect("made");
    assert!(instance.profile().is_none() && instance.take_profile().is_none());
    instance.set_energy(Energy::ZERO, Energy::MAX);
    instance.run();
    instance.start_profile();
    instance.run();
    instance.run();
    while instance.step().outcome.is_none() {}
    let profile = instance.take_profile().expect("it was kept");
    assert_eq!((profile.total().visits, profile.lines()[&3].visits), (9, 3));

    let (other, host) = self::linked("push 1\npush 2\nsub");
    let mut other = Instance::new(other, host, Limits::default()).expect("made");
    assert!(other.resume_profile(profile.clone()).is_err() && other.profile().is_none());
    assert!(instance.resume_profile(profile).is_ok());
    instance.run();
    assert_eq!(instance.profile().map(|profile| profile.total().visits), Some(12));
}
