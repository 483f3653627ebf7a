//! Tests of the stepper itself, with expectations worked out by hand from the specification, and of
//! the harness that judges engines by it.

#![cfg(feature = "fuzz")]

#[allow(dead_code, reason = "each test crate uses a part")]
mod support;

use lau_agent_runtime::Instruction as I;
use lau_agent_runtime::fuzz::builtins::Delegates;
use lau_agent_runtime::fuzz::seen::same_value;
use lau_agent_runtime::fuzz::{PLENTY, Plan, Played, Scene, Seen, SeenEnding};
use lau_agent_runtime::{Limits, Value};
use lau_runtime::{TrapKind, library};
use support::code::Code;
use support::compare::{Subject, judge};
use support::expect::{Expected, expect};
use support::stepper::{functions, thousandths};

fn scene(instructions: &[I]) -> Scene {
    Scene { instructions: instructions.to_vec(), memory: Vec::new(), delegates: Delegates::Noted }
}

fn play(instructions: &[I], plan: &Plan) -> Vec<Seen> {
    let scene = scene(instructions);
    let code = Code::new(&scene.instructions).expect("a valid program");
    expect(&scene, &code, plan).seen
}

fn run_with(instructions: &[I], limits: Limits, budget: u64) -> Seen {
    play(instructions, &Plan::of(limits, budget)).remove(0)
}

fn run(instructions: &[I]) -> Seen {
    run_with(instructions, Limits::default(), PLENTY)
}

/// Thousandths that a program uses.
fn cost(instructions: &[I]) -> u64 {
    run(instructions).energy
}

fn push(value: impl Into<Value>) -> I {
    I::Push(value.into())
}
fn store(name: &str) -> I {
    I::Store(name.into())
}
fn load(name: &str) -> I {
    I::Load(name.into())
}
fn append(name: &str) -> I {
    I::Append(name.into())
}
fn put(name: &str) -> I {
    I::Put(name.into())
}
fn call(name: &str, n: u8) -> I {
    I::Call(name.into(), n)
}
fn attempt(name: &str, n: u8) -> I {
    I::Try(name.into(), n)
}
fn func(name: &str, params: &[&str]) -> I {
    I::Func(name.into(), params.iter().map(|p| (*p).to_owned()).collect())
}

fn output(seen: &Seen) -> Value {
    match &seen.ending {
        SeenEnding::Finished { output } => output.clone(),
        SeenEnding::Exhausted | SeenEnding::Suspended { .. } | SeenEnding::Trapped { .. } => {
            panic!("not finished:\n{seen}")
        }
    }
}

fn trap(seen: &Seen) -> Option<TrapKind> {
    match &seen.ending {
        SeenEnding::Trapped { kind, .. } => Some(*kind),
        SeenEnding::Exhausted | SeenEnding::Suspended { .. } | SeenEnding::Finished { .. } => None,
    }
}

fn exhausted(seen: &Seen) -> bool {
    matches!(seen.ending, SeenEnding::Exhausted)
}

fn assert_output(instructions: &[I], wanted: impl Into<Value>) {
    let (seen, wanted) = (run(instructions), wanted.into());
    assert!(same_value(&output(&seen), &wanted), "{wanted:?} wanted\n{seen}");
}

fn memory(seen: &Seen, field: &str) -> Value {
    seen.memory.as_ref().expect("small")[field].clone()
}

fn list_of(n: usize) -> Value {
    Value::List(vec![Value::Null; n])
}

#[test]
fn fixed_prices_are_those_of_the_specification() {
    let one = push(1.0);
    let dear = |before: &[I], instruction: &I| {
        let with: Vec<I> = before.iter().chain([instruction]).cloned().collect();
        cost(&with) - cost(before)
    };
    let two = [one.clone(), one.clone()];
    for (instruction, price) in [
        (one.clone(), 100),
        (I::Pop, 50),
        (I::Dup, 50),
        (I::Swap, 50),
        (I::Over, 50),
        (store("x"), 100),
        (load("x"), 100),
        (I::Take("x".into()), 100),
        (I::Observe("x".into()), 300),
        (I::Publish("x".into()), 300),
        (I::Add, 100),
        (I::Sub, 100),
        (I::Mul, 100),
        (I::Div, 100),
        (I::Rem, 100),
        (I::Pow, 100),
        (I::Neg, 100),
        (I::Eq, 100),
        (I::Ne, 100),
        (I::Lt, 100),
        (I::Le, 100),
        (I::Gt, 100),
        (I::Ge, 100),
        (I::Not, 100),
        (I::And, 100),
        (I::Or, 100),
        (I::List(2), 200),
        (I::List(0), 100),
        (I::Map(0), 100),
        (I::Get, 200),
        (I::Len, 100),
        (I::Has, 200),
        (append("x"), 200),
        (put("x"), 200),
        (I::Jump(9), 50),
        (I::JumpIf(9), 50),
        (I::JumpTrue(9), 50),
        (call("echo", 1), 1_000),
        (attempt("echo", 1), 1_000),
        (call("nobody", 1), 1_000),
        (I::Return, 50),
        (I::EnergyCheck(0.0), 50),
        (I::Delegate("a".into(), String::new()), 2_000),
        (I::Assert(String::new()), 200),
        (I::Fail("x".into()), 100),
    ] {
        assert_eq!(dear(&two, &instruction), price, "{instruction:?}");
    }
}

#[test]
fn sizes_are_added_to_prices() {
    // The smaller of the two trees: 32 + 3 bytes.
    assert_eq!(cost(&[push("abc"), push(list_of(9)), I::Eq]), 100 + 100 + 135);
    assert_eq!(cost(&[push("abc"), push(1.0), I::Eq]), 300);
    assert_eq!(cost(&[push("abc"), push("é"), I::Lt]), 200 + 134);
    // A list of two texts of one byte: 48 + 2 * 33.
    let tree = Value::from(["a", "b"]);
    assert_eq!(cost(&[push(tree), I::Dup, I::Ne]), 100 + 50 + 100 + 114);
    assert_eq!(cost(&[push("key"), push(1.0), I::Map(1)]), 200 + 100 + 100 + 3);
    // A key that is no Text, and one that is missing, are free; what is there is paid all the same.
    assert_eq!(cost(&[push(1.0), push(1.0), I::Map(1)]), 200 + 200);
    assert_eq!(cost(&[push("key"), push(1.0), I::Map(2)]), 200 + 100 + 200 + 3);
    let map: Value = [("é", 1.0)].into_iter().collect();
    assert_eq!(cost(&[push(map.clone()), push("é"), I::Get]), 200 + 202);
    assert_eq!(cost(&[push(map), push("none"), I::Has]), 200 + 204);
    assert_eq!(cost(&[push("né"), push(0.0), I::Get]), 200 + 203);
    assert_eq!(cost(&[push("ne"), push(0.0), I::Get]), 200 + 200);
    assert_eq!(cost(&[push("né"), push(0.0), I::Has]), 200 + 200);
}

#[test]
fn writes_to_shared_storage_pay_for_the_copy() {
    let list = |more: &[I]| {
        let start = [push(1.0), push(2.0), I::List(2), store("x")];
        cost(&start.iter().chain(more).cloned().collect::<Vec<_>>())
    };
    let start = list(&[]);
    // One holder: in place. 48 bytes are copied when another holds it: a stack slot, a variable, a list.
    assert_eq!(list(&[push(1.0), append("x")]) - start, 100 + 200);
    assert_eq!(list(&[load("x"), push(1.0), append("x")]) - start, 100 + 100 + 248);
    assert_eq!(list(&[load("x"), I::Pop, push(1.0), append("x")]) - start, 250 + 200);
    assert_eq!(list(&[load("x"), store("y"), push(1.0), append("x")]) - start, 300 + 248);
    assert_eq!(list(&[load("x"), I::List(1), push(1.0), append("x")]) - start, 100 + 150 + 348);
    assert_eq!(list(&[load("x"), append("x")]) - start, 100 + 248);
    // After the copy the variable is its only holder.
    let twice = [load("x"), push(1.0), append("x"), push(1.0), append("x")];
    assert_eq!(list(&twice) - start, 100 + 100 + 248 + 100 + 200);
    // `take` moves; `store` of what was taken leaves one holder.
    assert_eq!(list(&[I::Take("x".into()), store("x"), push(1.0), append("x")]) - start, 500);
    // A constant is shared, and so are its parts.
    assert_eq!(cost(&[push(list_of(1)), store("x"), push(1.0), append("x")]), 300 + 240);
    let nested = Value::List(vec![list_of(1)]);
    let inner = [push(nested), push(0.0), I::Get, store("x"), push(1.0), append("x")];
    assert_eq!(cost(&inner), 200 + 200 + 100 + 100 + 240);
    // An ASCII character is one of the language's constants, another is not: 33 + 1 byte, and 2.
    let character = |text: &str| {
        cost(&[push(text), push(0.0), I::Get, store("x"), push("ab"), append("x")]) - 600
    };
    assert_eq!(character("ab"), 200 + 33 + 2);
    assert_eq!(character("éb"), 3 + 200 + 2);
    // The note that `delegate` leaves is shared: 32 + 15 bytes.
    let note = [I::Delegate("me".into(), "t".into()), push("!"), append("delegated:t")];
    assert_eq!(cost(&note), 2_000 + 100 + 200 + 47 + 1);
}

#[test]
fn copies_leave_the_original_alone() {
    let seen = run(&[I::List(0), store("x"), load("x"), store("y"), push(1.0), append("x")]);
    assert_eq!(memory(&seen, "x"), Value::from([1.0]));
    assert_eq!(memory(&seen, "y"), list_of(0));
    // Only the outer level is copied; the inner list is then shared by both.
    let start = [I::List(0), I::List(1), store("x"), load("x"), store("y"), push(0.0)];
    let more =
        [load("x"), push(0.0), I::Get, store("z"), push(5.0), append("z"), load("z"), put("x")];
    let program: Vec<I> = start.iter().chain(&more).cloned().collect();
    let seen = run(&program);
    assert_eq!(memory(&seen, "x"), Value::List(vec![Value::from([5.0])]));
    assert_eq!(memory(&seen, "y"), Value::List(vec![list_of(0)]));
}

#[test]
fn nesting_is_a_bound_that_sticks() {
    // x = [[[]]], then [0]: its bound stays at 3, so a list around it has 4 levels.
    let program = [
        I::List(0),
        I::List(1),
        store("i"),
        push(0.0),
        I::List(1),
        store("x"),
        push(0.0),
        load("i"),
        put("x"),
        push(0.0),
        push(0.0),
        put("x"),
        load("x"),
        I::List(1),
    ];
    let limited = |levels| Limits { nesting_max: levels, ..Limits::default() };
    assert_output(&program, vec![Value::from([0.0])]);
    assert_eq!(trap(&run_with(&program, limited(3), PLENTY)), Some(TrapKind::NestingLimit));
    assert_eq!(trap(&run_with(&program, limited(4), PLENTY)), None);
    // A copy made by a write keeps it.
    let mut copied = program[..12].to_vec();
    copied.extend([load("x"), push(0.0), append("x"), I::Take("x".into()), I::List(1)]);
    assert_eq!(trap(&run_with(&copied, limited(3), PLENTY)), Some(TrapKind::NestingLimit));
}

#[test]
fn live_memory_is_what_is_held_and_what_is_added() {
    let limited = |bytes| Limits { memory_bytes_max: bytes, ..Limits::default() };
    let fits = |program: &[I], bytes: u64| {
        let enough = run_with(program, limited(bytes), PLENTY);
        let short = run_with(program, limited(bytes - 1), PLENTY);
        assert_eq!(trap(&enough), None, "{enough}");
        assert_eq!(trap(&short), Some(TrapKind::MemoryLimit), "{short}");
    };
    fits(&[I::List(0)], 32);
    fits(&[push(1.0), push(2.0), I::List(2)], 48);
    // Constants are not counted; the list that holds one is.
    fits(&[push("a long text"), I::List(1), I::Pop], 40);
    // An element more: 8. On shared storage the changed copy: 40 beside the 32.
    fits(&[I::List(0), store("x"), push(1.0), append("x"), push(0.0), I::Return], 40);
    fits(&[I::List(0), store("x"), load("x"), push(1.0), append("x"), I::Pop], 72);
    // What nobody holds is gone at once.
    fits(&[I::List(0), I::Pop, I::List(0), I::Pop, I::List(0), I::Pop], 32);
    // For equal keys one entry: 32 + 33.
    fits(&[push("k"), push(1.0), push("k"), push(2.0), I::Map(2), I::Pop], 65);
    // An answer by its tree, beside its arguments: [[null]] is 80; the map of a failure is 32 + (32+5)
    // + (32+7), with texts of 32+6 and 32+12 bytes.
    fits(&[push(2.0), call("nest", 1), I::Pop], 80);
    fits(&[push(1.0), attempt("fail_if", 1), I::Pop], 108 + 38 + 44);
    fits(&[I::List(0), call("echo", 1), I::Pop], 64);
    // A character that is not ASCII is made, one that is is not.
    fits(&[push("é"), push(0.0), I::Get, I::Pop], 34);
    assert_eq!(trap(&run_with(&[push("e"), push(0.0), I::Get, I::Pop], limited(0), PLENTY)), None);
}

#[test]
fn answers_are_paid_when_they_are_taken_in() {
    // big(2000): a text of 2,032 bytes; 1,008 are beyond what the call covers.
    let program = [push(2_000.0), call("big", 1), I::Len];
    assert_eq!(cost(&program), 100 + 1_000 + 1_008 + 100);
    let plan = Plan { resumes: vec![0, 1, 100], ..Plan::of(Limits::default(), 2_107) };
    let seen = play(&program, &plan);
    for stop in &seen[..2] {
        assert!(exhausted(stop));
        assert_eq!((&stop.place, stop.energy, stop.instructions), (&(None, 1), 1_100, 2));
        assert_eq!(stop.stack, Some(vec![Value::from(2_000.0)]));
        assert_eq!(stop.host_calls.len(), 1);
    }
    assert!(exhausted(&seen[2]));
    assert_eq!((&seen[2].place, seen[2].energy, seen[2].instructions), (&(None, 2), 2_108, 2));
    assert_eq!(output(&seen[3]), Value::from(2_000.0));
    assert_eq!(seen[3].instructions, 3);
    assert_eq!(seen[3].host_calls.len(), 1);
    // Arguments together: two texts of 532 bytes are 40 beyond.
    let text = "y".repeat(500);
    assert_eq!(cost(&[push(text.as_str()), push(text.as_str()), call("less", 2)]), 200 + 1_040);
    // A failure under `try` is an answer: 108 + 38 + (32 + 1800) bytes, 954 beyond.
    assert_eq!(cost(&[attempt("fail_long", 0)]), 50 + 954);
    assert_eq!(cost(&[call("fail_long", 0)]), 50);
}

#[test]
fn builtins_declare_what_they_cost() {
    assert_eq!(cost(&[push(1.0), call("half", 1)]), 120);
    assert_eq!(cost(&[call("free", 0)]), 0);
    assert_eq!(cost(&[push(1.0), push("x"), call("by_arguments", 2)]), 200 + 100 + 20 + 6);
    // The most must be affordable; what is charged is what the builtin says.
    let meter = [push(40.0), call("meter", 1)];
    assert_eq!(cost(&meter), 140);
    assert!(exhausted(&run_with(&meter, Limits::default(), 3_099)));
    assert_eq!(output(&run_with(&meter, Limits::default(), 3_100)), Value::from(40.0));
    // A failure is charged as well; above the most is a failure at the most; a panic costs the most.
    let failed = run(&[push("x"), attempt("meter", 1)]);
    assert_eq!(failed.energy, 100 + 450);
    let lied = run(&[call("liar", 0)]);
    assert_eq!((trap(&lied), lied.energy), (Some(TrapKind::BuiltinFailed), 2_000));
    let panicked = run(&[call("meter_panics", 0)]);
    assert_eq!((trap(&panicked), panicked.energy), (Some(TrapKind::BuiltinPanicked), 1_500));
    // It never ran, so it charged nothing.
    let short = run(&[call("meter", 1)]);
    assert_eq!((trap(&short), short.energy), (Some(TrapKind::StackUnderflow), 0));
}

#[test]
fn runs_end_by_return_or_by_running_off() {
    let returned = run(&[push(1.0), push(2.0), I::Return, push(3.0)]);
    assert_eq!(output(&returned), Value::from(2.0));
    assert_eq!(returned.place, (None, 2));
    assert_eq!(returned.stack, Some(vec![Value::from(1.0), Value::from(2.0)]));
    let ran_off = run(&[push(1.0), push(2.0), I::Jump(70)]);
    assert_eq!(output(&ran_off), Value::from(2.0));
    assert_eq!(ran_off.place, (None, 3));
    assert_eq!(ran_off.stack, Some(vec![Value::from(1.0)]));
    assert_output(&[], Value::Null);
    assert_output(&[I::Return], Value::Null);
    // What is paid for in full is done, and the end costs nothing.
    assert!(exhausted(&run_with(&[push(1.0)], Limits::default(), 99)));
    assert_eq!(output(&run_with(&[push(1.0)], Limits::default(), 100)), Value::from(1.0));
    let nothing = run_with(&[push(1.0)], Limits::default(), 99);
    assert_eq!((nothing.energy, nothing.instructions, nothing.place), (0, 0, (None, 0)));
}

#[test]
fn functions_have_their_own_stack_and_variables() {
    let program = [
        push(9.0),
        push(5.0),
        func("f", &["p"]),
        load("p"),
        load("x"),
        I::Publish("q".into()),
        I::JumpTrue(8),
        push(1.0),
        I::End,
        call("f", 1),
        I::Pop,
    ];
    // Passed over free: push push call load load publish jump_true pop.
    let seen = run(&program);
    assert_eq!(output(&seen), Value::from(9.0));
    assert_eq!(seen.energy, 100 + 100 + 1_000 + 100 + 100 + 300 + 50 + 50);
    assert_eq!(seen.instructions, 8);
    assert_eq!(memory(&seen, "q"), Value::Null);
    // A callee cannot reach its caller's operands.
    let seen = run(&[push(1.0), call("f", 0), func("f", &[]), I::Dup, I::End]);
    assert_eq!(trap(&seen), Some(TrapKind::StackUnderflow));
    assert_eq!(seen.place, (Some("f".into()), 3));
    let SeenEnding::Trapped { calls, .. } = &seen.ending else { panic!("{seen}") };
    assert_eq!(calls, &[(None, 1)]);
}

#[test]
fn recursion_ends_at_the_limit() {
    let program = [func("f", &[]), call("f", 0), I::End, call("f", 0)];
    let limits = Limits { call_depth_max: 2, ..Limits::default() };
    let seen = run_with(&program, limits, PLENTY);
    assert_eq!(trap(&seen), Some(TrapKind::CallDepth));
    assert_eq!((seen.energy, seen.instructions), (3_000, 3));
    let SeenEnding::Trapped { calls, .. } = &seen.ending else { panic!("{seen}") };
    assert_eq!(calls, &[(Some("f".into()), 1), (None, 3)]);
}

#[test]
fn checks_come_in_their_order() {
    let none = Limits { stack_values_max: 0, nesting_max: 0, ..Limits::default() };
    let kind = |program: &[I], limits: Limits| trap(&run_with(program, limits, PLENTY));
    // Afford before all.
    assert!(exhausted(&run_with(&[call("nobody", 3)], Limits::default(), 999)));
    // Underflow before resolve, resolve before types.
    let some = Limits::default();
    assert_eq!(kind(&[call("nobody", 1)], some), Some(TrapKind::StackUnderflow));
    assert_eq!(kind(&[call("nobody", 0)], some), Some(TrapKind::UnknownBuiltin));
    assert_eq!(kind(&[attempt("nobody", 0)], some), Some(TrapKind::UnknownBuiltin));
    // The number of arguments before limits.
    assert_eq!(kind(&[call("half", 0)], none), Some(TrapKind::TypeError));
    assert_eq!(kind(&[call("seven", 0)], none), Some(TrapKind::StackLimit));
    assert_eq!(kind(&[I::Delegate("a".into(), String::new())], none), None);
    // Types before range.
    let list = [I::List(0), push("0"), I::Get];
    assert_eq!(kind(&list, some), Some(TrapKind::TypeError));
    assert_eq!(kind(&[I::List(0), push(0.0), I::Get], some), Some(TrapKind::IndexOutOfRange));
    assert_eq!(kind(&[push(1.0), push(0.5), I::Get], some), Some(TrapKind::TypeError));
    // Depth before the stack limit; the stack limit before nesting.
    let shallow = Limits { call_depth_max: 0, ..none };
    assert_eq!(kind(&[call("f", 0), func("f", &[]), I::End], shallow), Some(TrapKind::CallDepth));
    assert_eq!(kind(&[call("f", 0), func("f", &[]), I::End], none), Some(TrapKind::StackLimit));
    assert_eq!(kind(&[I::List(0)], none), Some(TrapKind::StackLimit));
    let tight = Limits {
        nesting_max: 0,
        value_bytes_max: 0,
        tree_bytes_max: 0,
        memory_bytes_max: 0,
        ..some
    };
    let order = [
        (tight, TrapKind::NestingLimit),
        (Limits { nesting_max: 1, ..tight }, TrapKind::ValueLimit),
        (Limits { nesting_max: 1, value_bytes_max: 32, ..tight }, TrapKind::TreeLimit),
    ];
    for (limits, wanted) in order {
        assert_eq!(kind(&[I::List(0)], limits), Some(wanted));
    }
    // A trap is paid and counted and leaves the stack as it was.
    let seen = run(&[push(1.0), push("x"), I::Add]);
    assert_eq!((trap(&seen), seen.energy, seen.instructions), (Some(TrapKind::TypeError), 300, 3));
    assert_eq!(seen.stack, Some(vec![Value::from(1.0), Value::from("x")]));
}

#[test]
fn values_behave_as_specified() {
    assert_output(&[push(f64::NAN), I::List(1), I::Dup, I::Eq], false);
    assert_output(&[push(-0.0), push(0.0), I::Eq], true);
    assert_output(&[push(Value::Reference("a".into())), push("a"), I::Eq], false);
    assert_output(&[push("Z"), push("a"), I::Lt], true);
    assert_output(&[push("\u{ffff}"), push("\u{10000}"), I::Lt], true);
    assert_output(&[push(f64::NAN), push(1.0), I::Ge], false);
    assert_output(&[push(-7.0), push(2.0), I::Rem], -1.0);
    assert_output(&[push(0.0), I::Neg], -0.0);
    assert_output(&[push("héllo"), I::Len], 5.0);
    assert_output(&[push("héllo"), push(1.0), I::Get], "é");
    assert_output(&[push("ab"), push(-0.0), I::Get], "a");
    assert_output(&[push("ab"), push(1.5), I::Has], false);
    assert_output(&[push(f64::NAN), I::Not], false);
    assert_output(&[push("k"), push(1.0), push("k"), push(2.0), I::Map(2), push("k"), I::Get], 2.0);
    // Conditional jumps and `store` take Null from an empty stack; `take` leaves a variable behind.
    let seen = run(&[I::Pop, I::JumpIf(3), push(1.0), store("x"), I::Take("y".into()), I::Pop]);
    assert_eq!(seen.memory.as_ref().map(|m| m.len()), Some(2));
    assert_eq!(run(&[load("x"), I::Observe("y".into())]).memory.map(|m| m.len()), Some(0));
    let seen = run(&[attempt("panics", 0), push("error"), I::Get]);
    assert_eq!(output(&seen), Value::from("panicked"));
}

#[test]
fn units_round_to_thousandths() {
    for (units, wanted) in [
        (0.1, 100),
        (0.0625, 62),
        (0.1875, 188),
        (0.3125, 312),
        (0.0625_f64.next_up(), 63),
        (-1.0, 0),
        (f64::NAN, 0),
        (f64::INFINITY, 1 << 50),
        (1e300, 1 << 50),
        (5e-324, 0),
        (1e9, 1_000_000_000_000),
    ] {
        assert_eq!(thousandths(units), wanted, "{units:?}");
    }
    // Exactly what is left is enough.
    let check = |units| run_with(&[I::EnergyCheck(units)], Limits::default(), 1_050);
    assert_eq!(trap(&check(1.0)), None);
    assert_eq!(trap(&check(1.001)), Some(TrapKind::EnergyCheck));
}

#[test]
fn the_library_is_known_in_full() {
    let table = library::TABLE.iter();
    let table =
        table.map(|function| (function.name, function.required..=function.parameters.len()));
    let (mut table, mut known): (Vec<_>, Vec<_>) = (table.collect(), functions());
    table.sort_by_key(|(name, _)| *name);
    known.sort_by_key(|(name, _)| *name);
    assert_eq!(known, table);
}

#[test]
fn the_library_costs_what_its_page_says() {
    let list = |items: &[f64]| push(items.to_vec());
    let map = || push([("k", 1.0), ("é", 2.0)].into_iter().collect::<Value>());
    for (arguments, name, price) in [
        (vec![push(2.0)], "sqrt", 0),
        (vec![push(0.0), push(4.0)], "range", 40),
        (vec![list(&[1.0, 2.0, 3.0]), push(1.0)], "slice", 20),
        (vec![push("héllo"), push(1.0), push(2.0)], "slice", 6),
        (vec![push("hello"), push(1.0), push(2.0)], "slice", 1),
        // A constant is shared: 32 + 8 are copied.
        (vec![list(&[1.0]), list(&[2.0, 3.0])], "concat", 20 + 40),
        (vec![push("ab"), push("é")], "concat", 2 + 34),
        // Two binary digits; each Text has 33 bytes.
        (vec![push(["b", "a", "c"])], "sort", 2 * (30 + 99)),
        (vec![push(["b", "a"])], "unique", 40 + 2 * 66),
        (vec![push(["b", "a"]), push("a")], "index_of", 20 + 66),
        (vec![push(["b", "a"]), push(1.0)], "index_of", 20),
        (vec![list(&[1.0, 2.0])], "median", 40),
        (vec![list(&[1.0, 2.0]), list(&[1.0, 2.0])], "dot", 40),
        (vec![list(&[1.0, 2.0]), list(&[1.0])], "zip", 30 + 50),
        // 32 + (32 + 1) + (32 + 2), two binary digits.
        (vec![map()], "keys", 2 * 99),
        (vec![map()], "entries", 2 * 99 + 100),
        (vec![map(), map()], "merge", 2 * 99),
        (vec![map(), push("é")], "remove", 2 + 99),
        (vec![push("a,b,"), push(",")], "split", 5 + 150),
        (vec![push(["a", "b"]), push("--")], "join", 20 + 66 + 2),
        (vec![push("aé"), push("é"), push("bcd")], "replace", 3 + 2 + 4),
        (vec![push("ab"), push(3.0)], "repeat", 6),
        (vec![push("a b")], "words", 3 + 100),
        (vec![push("ab")], "upper", 4),
        (vec![push("é")], "lower", 40),
        (vec![list(&[1.0])], "to_json", 400),
        (vec![push("[1]")], "parse_json", 30),
        // 1,024 and 24 for the `a`; one step and one more for each of three bytes.
        (vec![push("bca"), push("a")], "matches", 10 + 1_048 + 2 * 3),
    ] {
        let n = arguments.len();
        let before = 100 * n as u64;
        let program = [arguments, vec![call(name, n as u8)]].concat();
        assert_eq!(cost(&program), before + 1_000 + price, "{name}");
    }
}

/// An engine that is right by definition.
struct Mirror;

impl Subject for Mirror {
    fn prepare(_: &Scene) -> Result<Self, String> {
        Ok(Mirror)
    }
    fn play(&self, _: &Plan, expected: &Expected) -> Result<Played, String> {
        let Expected { accepted, seen, .. } = expected;
        Ok(Played { accepted: accepted.clone(), seen: seen.clone() })
    }
}

#[test]
fn generated_programs_run_on_after_every_stop() {
    judge::<Mirror>(7, 0..300);
}

/// An engine that forgets to pay for every `rem`.
struct Careless(Vec<usize>);

impl Subject for Careless {
    fn prepare(scene: &Scene) -> Result<Self, String> {
        let all = scene.instructions.iter().enumerate();
        Ok(Careless(all.filter(|(_, i)| matches!(i, I::Rem)).map(|(at, _)| at).collect()))
    }
    fn play(&self, _: &Plan, expected: &Expected) -> Result<Played, String> {
        let unpaid: u64 = self.0.iter().map(|at| expected.trace.executed[*at]).sum();
        let mut seen = expected.seen.clone();
        seen.iter_mut().for_each(|stop| stop.energy = stop.energy.saturating_sub(100 * unpaid));
        Ok(Played { accepted: expected.accepted.clone(), seen })
    }
}

#[test]
fn a_wrong_engine_is_found_and_the_program_made_small() {
    let found = std::panic::catch_unwind(|| judge::<Careless>(7, 0..500));
    let report = found.err().and_then(|report| report.downcast::<String>().ok());
    let report = report.expect("the mistake is found");
    let listing = report.split("Plan").next().expect("a listing");
    let instructions = listing.lines().filter(|line| line.starts_with("   ")).count();
    assert!((1..=3).contains(&instructions), "{listing}");
    assert!(listing.contains("Rem"), "{listing}");
    assert!(report.contains("LAU_SEED=7"), "{report}");
}
