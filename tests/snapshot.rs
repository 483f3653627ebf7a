//! Snapshots: a run goes on from one as if it had never stopped, and nothing that looks like one does harm.

#![cfg(feature = "fuzz")]

#[allow(dead_code, reason = "each test crate uses a part")]
mod support;

use lau_agent_runtime::fuzz::builtins::Delegates;
use lau_agent_runtime::fuzz::host::host;
use lau_agent_runtime::fuzz::{PLENTY, Plan, ROOMY, Random, Scene, mutate};
use lau_agent_runtime::{
    Builtin, Ending, Energy, Host, Instance, Limits, Linked, Reply, Snapshot, Value, lower,
};
use lau_runtime::instance::{Error, Survived, survive};
use lau_runtime::snapshot::{COSTS_VERSION, Fault};
use std::collections::BTreeMap;
use std::sync::Arc;
use support::code::Code;
use support::compare::{Subject, judge, judge_scenes};
use support::directed;
use support::engine::Moving;
use support::expect::expect;

fn variable(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

fn linked(text: &str, host: &Host) -> Arc<Linked> {
    let program = lower::compile(text, &host.interface()).program.expect("no errors");
    Arc::new(Linked::new(Arc::new(program), host.interface()))
}

fn exhausted(text: &str, units: f64) -> (Arc<Linked>, Arc<Host>, Instance) {
    let host = Host::default();
    let linked = linked(text, &host);
    let host = Arc::new(host);
    let mut instance = Instance::new(linked.clone(), host.clone(), ROOMY).expect("its host");
    instance.set_energy(Energy::ZERO, Energy::from_units(units));
    assert_eq!(instance.run().ending, Ending::Exhausted);
    (linked, host, instance)
}

#[test]
fn a_run_in_parts_goes_on_from_snapshots_as_the_stepper_does() {
    let seed = variable("LAU_SEED", 3);
    judge::<Moving>(seed, 0..variable("LAU_CASES", 600));
    judge_scenes::<Moving>(&directed::scenes());
}

#[test]
fn a_run_cut_at_every_budget_goes_on_from_a_snapshot_as_the_stepper_does() {
    let seed = variable("LAU_SEED", 4);
    let (mut cuts, mut pending) = (0, 0);
    for case in 0..variable("LAU_CASES", 150) {
        let scene = Scene::generated(seed, case);
        let code = Code::new(&scene.instructions).expect("generated programs are sound");
        let moving = Moving::prepare(&scene).expect("so they are made ready");
        let whole = expect(&scene, &code, &Plan::of(ROOMY, PLENTY));
        let mut random = Random::new(seed ^ case);
        let thresholds = whole.trace.thresholds.iter().copied();
        let mut budgets: Vec<u64> = thresholds.filter(|t| *t > 0 && *t < PLENTY).collect();
        while budgets.len() > 60 {
            budgets.swap_remove(random.below(budgets.len() as u64) as usize);
        }
        for budget in budgets {
            let budget = budget - 1;
            let plan = Plan { resumes: vec![PLENTY - budget], ..Plan::of(ROOMY, budget) };
            let expected = expect(&scene, &code, &plan);
            let got = moving.play(&plan, &expected).expect("it plays");
            assert_eq!(got.seen.len(), expected.seen.len());
            for (want, got) in expected.seen.iter().zip(&got.seen) {
                let differ = want.differences(got);
                assert!(differ.is_empty(), "case {case}: {differ:?}\n{plan:?}\n{want}\n{got}");
            }
            cuts += 1;
            let calls = |at: usize| expected.seen.get(at).map_or(0, |seen| seen.host_calls.len());
            pending += u64::from(calls(0) > 0 && calls(0) == calls(1));
        }
    }
    println!("{cuts} cuts, {pending} of them with host calls before and none after");
    assert!(cuts > 1_000, "{cuts}");
}

/// The price of a write shows whether storage is shared.
#[test]
fn sharing_and_nesting_bounds_go_with_a_run() {
    let text = "push [[1,2],[3,4]]\nstore a\nload a\npush 0\nget\nstore inner\nload a\nstore b\n\
                push 9\nappend b\nload b\nstore c\npush 7\nappend b\npush 8\nappend c\npush 5\n\
                append inner\nlist 0\nlist 1\nstore d\npush 0\npush 1\nput d\nload d\nlist 1\nreturn";
    let host = Arc::new(Host::default());
    let linked = linked(text, &host);
    let limits = Limits { nesting_max: 3, ..ROOMY };
    let mut once = Instance::new(linked.clone(), host.clone(), limits).expect("its host");
    once.set_energy(Energy::ZERO, Energy::from_units(100.0));
    let whole = once.run();
    assert!(whole.output().is_some(), "{whole:?}");
    for budget in 0..whole.energy.thousandths() {
        let mut cut = Instance::new(linked.clone(), host.clone(), limits).expect("its host");
        cut.set_energy(Energy::ZERO, Energy::from_thousandths(budget));
        cut.run();
        let bytes = cut.snapshot().expect("it is stopped").to_bytes();
        drop(cut);
        let snapshot = Snapshot::from_bytes(&bytes).expect("reads back");
        let mut moved = Instance::restore(linked.clone(), host.clone(), limits, &snapshot)
            .expect("it is of this program");
        let rest = Energy::from_thousandths(100_000 - budget);
        assert_eq!(moved.resume(rest).expect("it is stopped"), whole, "cut at {budget}");
        assert_eq!(moved.memory(), once.memory());
        // Its constants stay while anything may hold them.
        moved.reset();
        moved.set_energy(Energy::ZERO, Energy::from_units(100.0));
        assert_eq!(moved.run().output(), whole.output());
    }
}

#[test]
fn a_question_goes_with_a_run_and_is_asked_once() {
    let mut host = Host::default();
    host.register("ask", Builtin::asking(|_| Ok(Reply::Wait(Some("well?".into())))));
    let linked = linked("push [1,2]\ncall ask 1\nlen\nreturn", &host);
    let host = Arc::new(host);
    let mut asked = Instance::new(linked.clone(), host.clone(), ROOMY).expect("its host");
    asked.set_energy(Energy::ZERO, Energy::from_units(10.0));
    let stopped = asked.run();
    let moved = |instance: &Instance| {
        let json = instance.snapshot().expect("it is stopped").to_json();
        let snapshot = Snapshot::from_json(&json).expect("reads back");
        Instance::restore(linked.clone(), host.clone(), ROOMY, &snapshot).expect("of this program")
    };
    let mut instance = moved(&asked);
    assert_eq!(instance.question(), asked.question());
    assert_eq!(instance.resume(Energy::ZERO).expect("it waits"), stopped);
    instance.answer(Ok(vec!["a", "b", "c"].into())).expect("it waits");
    let mut instance = moved(&instance);
    assert_eq!(instance.question(), None);
    assert_eq!(instance.resume(Energy::ZERO).expect("it goes on").output(), Some(&3.0.into()));

    asked.answer(Err("no".into())).expect("it waits");
    let outcome = moved(&asked).resume(Energy::ZERO).expect("it goes on");
    assert_eq!(outcome.trap().expect("a failure").message, "`ask`: no");

    let deep = (0..2_000).fold(Value::Null, |inner, _| Value::List(vec![inner]));
    let mut asked = Instance::new(linked.clone(), host.clone(), ROOMY).expect("its host");
    asked.set_energy(Energy::ZERO, Energy::from_units(10.0));
    asked.run();
    asked.answer(Ok(deep)).expect("it waits");
    assert!(matches!(asked.snapshot(), Err(Error::Snapshot(Fault::Limit { .. }))));
}

#[test]
fn only_a_stopped_run_has_a_snapshot() {
    let (linked, host, mut instance) = exhausted("push 1\npush 2", 0.1);
    assert!(instance.snapshot().is_ok());
    instance.resume(Energy::from_units(1.0)).expect("it is stopped");
    assert_eq!(instance.snapshot().unwrap_err(), Error::NotResumable);
    let fresh = Instance::new(linked, host, ROOMY).expect("its host");
    assert_eq!(fresh.snapshot().unwrap_err(), Error::NotResumable);
}

const LOOP: &str = "push {\"k\":[\"x\",-0.0]}\nstore m\npush 3\ncall f 1\nreturn\n\
                    func f n\nload n\ncall f 1\nend";

#[test]
fn foreign_older_and_broken_ones_are_told_apart() {
    let (linked_to, host, mut instance) = exhausted(LOOP, 5.0);
    let mut snapshot = instance.snapshot().expect("it is stopped");
    snapshot.notes.insert("why".into(), "a test".into());
    let bytes = snapshot.to_bytes();
    let read = |bytes: &[u8]| Snapshot::from_bytes(bytes).map(|_| ());
    for length in 0..bytes.len() {
        let fault = if length == 0 { Fault::NotASnapshot } else { Fault::Truncated };
        assert_eq!(read(&bytes[..length]), Err(fault), "{length}");
    }
    assert!(matches!(read(&[&bytes[..], b"x"].concat()), Err(Fault::Malformed(_))));
    for at in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 0x10;
        let fault = read(&flipped).expect_err("every byte counts");
        match at {
            0..8 => assert_eq!(fault, Fault::NotASnapshot),
            8..12 => assert!(matches!(fault, Fault::Format { .. }), "{fault}"),
            12..20 => assert!(matches!(fault, Fault::Truncated | Fault::Malformed(_)), "{fault}"),
            _ => assert_eq!(fault, Fault::Checksum),
        }
    }

    let restore = |linked: &Arc<Linked>, limits, snapshot: &Snapshot| {
        Instance::restore(linked.clone(), host.clone(), limits, snapshot).map(|_| ())
    };
    let back = Snapshot::from_bytes(&bytes).expect("reads back");
    assert_eq!((&back.notes, restore(&linked_to, ROOMY, &back)), (&snapshot.notes, Ok(())));
    let comments = linked(&LOOP.replace("return", "  return # the end"), &host);
    assert_eq!(restore(&comments, ROOMY, &back), Ok(()), "the same program in another text");
    let other = linked(&LOOP.replace("push 3", "push 4"), &host);
    let error = restore(&other, ROOMY, &back).unwrap_err();
    assert!(matches!(error, Error::Snapshot(Fault::Program { .. })), "{error}");
    let small = Limits { call_depth_max: 2, ..ROOMY };
    let error = restore(&linked_to, small, &back).unwrap_err();
    assert!(matches!(error, Error::Snapshot(Fault::Limit { .. })), "{error}");

    let json = snapshot.to_json();
    for (field, says) in [
        ("format", "a newer version of the snapshot form (99; this is 1)"),
        ("costs", "a newer version of the prices (99; this is 2)"),
        ("semantics", "a newer version of the semantics (99; this is 1)"),
    ] {
        let now = if field == "costs" { COSTS_VERSION } else { 1 };
        let newer = json.replace(&format!("\"{field}\": {now},"), &format!("\"{field}\": 99,"));
        let error = Snapshot::from_json(&newer)
            .map_err(Error::Snapshot)
            .and_then(|snapshot| restore(&linked_to, ROOMY, &snapshot))
            .unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
    instance.reset();
}

/// Changes to the JSON of a snapshot, each a lie that must be seen through.
#[test]
fn states_that_no_run_is_in_are_refused() {
    let (linked, host, instance) = exhausted(LOOP, 5.0);
    let json = instance.snapshot().expect("it is stopped").to_json();
    let whole: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    let refused = |lie: &dyn Fn(&mut serde_json::Value), says: &str| {
        let mut state = whole.clone();
        lie(&mut state["state"]);
        let error = Snapshot::from_json(&state.to_string())
            .map_err(Error::Snapshot)
            .and_then(|s| Instance::restore(linked.clone(), host.clone(), ROOMY, &s).map(|_| ()))
            .expect_err(says);
        assert!(error.to_string().contains(says), "{error} is not about {says}");
    };
    use serde_json::json;
    refused(&|s| s["used"] = json!(1_u64 << 51), "energy");
    refused(&|s| s["used_before"] = json!(6_000), "energy");
    refused(&|s| s["instructions"] = json!(u64::MAX), "more instructions");
    refused(&|s| s["frames"] = json!([]), "no function");
    refused(&|s| s["frames"][0]["function"] = json!("f"), "frame 0 is of no function");
    refused(&|s| s["frames"][1]["function"] = json!("g"), "frame 1 is of no function");
    refused(&|s| s["frames"][1]["instruction"] = json!(0), "frame 1 is not at");
    refused(&|s| s["frames"][0]["instruction"] = json!(2), "was not called");
    refused(&|s| s["frames"][1]["instruction"] = json!(6), "was not called");
    refused(&|s| s["frames"][1]["variables"][0][0] = json!("q"), "no variable `q`");
    let twice = |s: &mut serde_json::Value| {
        let one = s["frames"][1]["variables"][0].clone();
        s["frames"][1]["variables"] = json!([one, one]);
    };
    refused(&twice, "no variable `n`");
    refused(&|s| s["frames"][1]["operands"] = json!([{"object": 77}]), "object 77");
    refused(&|s| s["pending"] = json!({"question": null}), "pending where none");
    refused(&|s| s["memory"] = json!([["b", "null"], ["a", "null"]]), "not in order");
    let lists = |s: &mut serde_json::Value, nesting, constant, items| {
        let object = json!({"constant": constant, "nesting": nesting, "content": {"list": items}});
        s["objects"].as_array_mut().unwrap().push(object);
    };
    refused(&|s| lists(s, 1, false, json!([{"object": 0}, {"object": 9}])), "object 9");
    refused(&|s| lists(s, 1, false, json!([{"object": 1}])), "nesting bound");
    refused(&|s| lists(s, 201, false, json!([])), "limit");
    refused(&|s| lists(s, 2, true, json!([])), "nesting");
    refused(&|s| lists(s, 1, true, json!([{"object": 0}])), "no literal");
    refused(
        &|s| s["objects"][0]["content"] = json!({"map": [["b", "null"], ["b", "null"]]}),
        "not in order",
    );
    let long = |s: &mut serde_json::Value| {
        let content = json!({"text": "x".repeat(70_000)});
        let object = json!({"constant": false, "nesting": 0, "content": content});
        s["objects"].as_array_mut().unwrap().push(object);
    };
    refused(&long, "limit");
    refused(&|s| s["more"] = json!(1), "unknown field");
}

/// Shared parts, doubled thirty times: small as a graph, a gigabyte as a tree.
#[test]
fn small_snapshots_of_huge_values_are_refused() {
    let (linked, host, instance) = exhausted("push 1\npush 2", 0.1);
    let json = instance.snapshot().expect("it is stopped").to_json();
    for constant in [false, true] {
        let mut state: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
        let objects: Vec<serde_json::Value> = (0..60)
            .map(|at| {
                let items = match at {
                    0 => serde_json::json!([]),
                    _ => serde_json::json!([{"object": at - 1}, {"object": at - 1}]),
                };
                let (content, nesting) = (serde_json::json!({ "list": items }), at + 1);
                serde_json::json!({"constant": constant, "nesting": nesting, "content": content})
            })
            .collect();
        state["state"]["objects"] = objects.into();
        let snapshot = Snapshot::from_json(&state.to_string()).expect("reads");
        let restored = Instance::restore(linked.clone(), host.clone(), ROOMY, &snapshot);
        assert!(matches!(restored, Err(Error::Snapshot(_))), "{restored:?}");
    }
}

#[test]
fn deep_and_endless_forms_are_refused() {
    let deep = format!("{{\"format\":1,\"state\":{}", "[".repeat(1_000_000));
    assert!(matches!(Snapshot::from_json(&deep), Err(Fault::Malformed(_))));
    // Lengths that promise more than there is.
    for length in [0xff, 0x7f] {
        let claims = [vec![0; 36], vec![length; 40]].concat();
        assert!(Snapshot::from_bytes(&Snapshot::forge(&claims)).is_err());
    }
}

#[test]
fn whatever_the_bytes_are_nothing_breaks() {
    let seed = variable("LAU_SEED", 5);
    let mut rates: BTreeMap<&str, u64> = BTreeMap::new();
    let mut random = Random::new(seed);
    let mut other = vec![0; 64];
    for case in 0..variable("LAU_CASES", 60) {
        let scene = Scene::generated(seed, case);
        let (host, _log) = host(Delegates::Noted);
        let program = lower::lower(&scene.instructions).expect("generated programs are sound");
        let linked = Arc::new(Linked::new(Arc::new(program), host.interface()));
        let host = Arc::new(host);
        let mut instance = Instance::new(linked.clone(), host.clone(), ROOMY).expect("its host");
        instance.set_energy(Energy::ZERO, Energy::from_thousandths(random.below(20_000)));
        instance.run();
        let Ok(snapshot) = instance.snapshot() else { continue };
        let (bytes, json) = (snapshot.to_bytes(), snapshot.to_json().into_bytes());
        assert_eq!(survive(&linked, &host, ROOMY, &bytes), Survived::Ran);
        for n in 0..100 {
            let base = if n % 3 == 0 { &json } else { &bytes };
            let survived =
                survive(&linked, &host, ROOMY, &mutate::bytes(base, &other, &mut random));
            *rates
                .entry(match survived {
                    Survived::Refused => "refused",
                    Survived::Read => "read",
                    Survived::Ran => "ran",
                })
                .or_default() += 1;
        }
        other = bytes;
    }
    println!("{rates:?}");
    assert!(rates.values().all(|n| *n > 50) && rates.len() == 3, "{rates:?}");
}
