//! Programs for corners that generated ones meet seldom: what is paid when arguments lack, when a
//! builtin charges and fails, when a failure's map is large, where a run stands between instructions.
//!
//! Only programs; what is right is the stepper's to say.

mod library;

use lau_agent_runtime::Instruction as I;
use lau_agent_runtime::Value;
use lau_agent_runtime::fuzz::Scene;
use lau_agent_runtime::fuzz::builtins::Delegates;

fn push(value: impl Into<Value>) -> I {
    I::Push(value.into())
}
fn call(name: &str, n: u8) -> I {
    I::Call(name.into(), n)
}
fn attempt(name: &str, n: u8) -> I {
    I::Try(name.into(), n)
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
fn func(name: &str, params: &[&str]) -> I {
    I::Func(name.into(), params.iter().map(|p| (*p).to_owned()).collect())
}

/// All of them, with a delegate handler and without.
pub(crate) fn scenes() -> Vec<Scene> {
    let programs = [calls(), charges(), lacking(), control(), containers(), texts()];
    let memory = vec![("host".to_owned(), Value::from(vec![Value::from("ä"), Value::Null]))];
    let scene = |instructions, delegates| Scene { instructions, memory: memory.clone(), delegates };
    let both = |p: Vec<I>| [scene(p.clone(), Delegates::Noted), scene(p, Delegates::Handled)];
    let library = library::programs().into_iter().map(|p| scene(p, Delegates::Noted));
    programs.into_iter().flatten().flat_map(both).chain(library).collect()
}

/// Calls of the host: answers that wait, large failures, panics, wrong numbers and types.
fn calls() -> Vec<Vec<I>> {
    let long = "z".repeat(1_500);
    vec![
        vec![attempt("fail_long", 0), I::Len],
        vec![push(long.as_str()), attempt("fail_long", 1), push("message"), I::Get, I::Len],
        vec![push(long.as_str()), call("echo", 1), call("echo", 1)],
        vec![push(long.as_str()), I::Dup, I::List(2), call("record", 1), push("again"), I::Get],
        vec![push(1.0), attempt("panics", 1)],
        vec![attempt("meter_panics", 0), attempt("panics", 0)],
        vec![push(-1.0), attempt("root", 1)],
        vec![push("x"), attempt("half", 1)],
        vec![push(1.0), attempt("pair", 1)],
        vec![push(true), push(1.0), push("x"), call("pick", 3)],
        vec![push(1.0), push(true), push(2.0), call("pick", 3)],
        vec![call("raw_nan", 0), I::Dup, I::Eq],
        vec![call("ask", 0), push(0.0), call("ask", 1), push("x"), attempt("ask", 1), I::Len],
        vec![push("x"), call("ask", 1)],
        vec![push(Value::Reference("r".into())), attempt("ask", 1), push("message"), I::Get],
        vec![push(list(90)), attempt("ask", 1), store("x"), push(true), call("ask", 1)],
        vec![call("odd_nan", 0), push(0.0), I::Get, I::Dup, I::Eq],
        vec![call("odd_nan", 0), I::Dup, I::Eq],
        vec![push(1.0), I::Delegate("sulk".into(), "t".into())],
        vec![push(1.0), I::Delegate("panic".into(), String::new())],
        vec![I::Delegate("me".into(), "t".into()), push("!"), append("delegated:t")],
        // What is echoed shares nothing with what was given.
        vec![
            I::List(0),
            store("x"),
            load("x"),
            call("echo", 1),
            store("y"),
            push(1.0),
            append("y"),
        ],
        vec![push(250.0), call("nest", 1)],
        vec![push(200.0), call("nest", 1), I::List(1)],
        vec![push(6_000.0), call("meter_big", 1), call("meter_big", 1)],
    ]
}

/// Builtins that charge: less, all, too much, and when they fail, panic or never run.
fn charges() -> Vec<Vec<I>> {
    vec![
        vec![push(0.0), call("meter", 1), push(3_000.0), call("meter", 1)],
        vec![push("x"), attempt("meter", 1), push(40.0), call("meter", 1)],
        vec![push("x"), call("meter", 1)],
        vec![call("meter", 1)],
        vec![push(1.0), push(2.0), call("meter", 2)],
        vec![call("liar", 0)],
        vec![call("meter_panics", 0)],
        vec![attempt("meter_panics", 0), push("error"), I::Get],
        vec![push(2_000.0), call("meter_big", 1), I::Len],
        vec![push(list(140)), call("meter", 1)],
        vec![call("free", 0), call("free", 0), push(1.0), call("dear", 1)],
    ]
}

fn list(n: usize) -> Value {
    Value::List(vec![Value::Null; n])
}

/// Prices where values lack or have another type than is wanted.
fn lacking() -> Vec<Vec<I>> {
    let long = "z".repeat(1_500);
    vec![
        vec![push("k"), push("key"), push(1.0), I::Map(3)],
        vec![push("ab"), I::Map(1)],
        vec![push("ab"), push("cde"), push("f"), I::Map(2)],
        vec![push(1.0), I::List(3)],
        vec![push("abc"), I::Eq],
        vec![push("é"), I::Get],
        vec![push("k"), I::Has],
        vec![push("é"), push("k"), I::Get],
        vec![push("k"), I::Get],
        vec![push(list(3)), store("x"), append("x")],
        vec![push(list(3)), store("x"), put("x")],
        vec![push(list(3)), store("x"), push(1.0), put("x")],
        vec![push(list(3)), store("x"), push("k"), push(1.0), put("x")],
        vec![push(list(3)), store("x"), push(7.0), push(1.0), put("x")],
        vec![push("text"), store("x"), push(1.0), append("x")],
        vec![push("text"), store("x"), append("x")],
        vec![push(entries()), store("x"), push(1.0), push(2.0), put("x")],
        vec![push(entries()), store("x"), push("kk"), put("x")],
        vec![push(entries()), store("x"), push(1.0), append("x")],
        vec![push(long.as_str()), call("by_arguments", 2)],
        vec![call("by_arguments", 1)],
        vec![push(long.as_str()), call("pair", 1)],
        vec![push(long.as_str()), call("nobody", 1)],
        vec![push(long.as_str()), call("pair", 2)],
        vec![push(long.as_str()), call("half", 1)],
        vec![push(long.as_str()), push(1.0), I::Lt],
        vec![push(long.as_str()), push(list(3)), I::Lt],
        vec![push(Value::Reference("r".into())), I::Len],
        vec![push(Value::Reference("r".into())), push(0.0), I::Get],
        vec![push(f64::NAN), I::EnergyCheck(f64::NAN), I::EnergyCheck(f64::INFINITY)],
    ]
}

fn entries() -> Value {
    [("k", 1.0), ("é", 2.0)].into_iter().collect()
}

/// Where control goes, and where a run stands.
fn control() -> Vec<Vec<I>> {
    vec![
        vec![],
        vec![I::Return],
        vec![func("f", &[]), I::End],
        vec![I::Jump(0)],
        vec![push(1.0), I::JumpIf(5), func("f", &[]), I::Jump(4), I::End],
        vec![I::Jump(2), push(1.0), func("f", &[]), I::Jump(4), I::End, I::Jump(1_000_000)],
        vec![func("f", &["a"]), I::End, push(1.0), call("f", 1), push(2.0), call("f", 1)],
        vec![func("f", &[]), push(1.0), push(2.0), I::Return, I::End, call("f", 0), I::Add],
        vec![func("f", &[]), push(1.0), push(2.0), I::JumpTrue(4), I::End, call("f", 0)],
        vec![
            func("f", &["a"]),
            I::Take("a".into()),
            attempt("f", 1),
            I::End,
            push(1.0),
            call("f", 1),
        ],
        vec![
            func("f", &[]),
            I::Fail("deep".into()),
            I::End,
            func("g", &[]),
            call("f", 0),
            I::End,
            call("g", 0),
        ],
        vec![
            func("echo", &["x"]),
            load("x"),
            load("x"),
            I::List(2),
            I::End,
            push(1.0),
            call("echo", 1),
        ],
        vec![
            func("f", &[]),
            I::Take("host".into()),
            I::Observe("host".into()),
            I::End,
            call("f", 0),
        ],
        vec![
            func("f", &["x"]),
            push(1.0),
            append("x"),
            load("x"),
            I::End,
            I::List(0),
            store("y"),
            load("y"),
            call("f", 1),
        ],
        vec![
            func("f", &["x"]),
            push(1.0),
            append("x"),
            load("x"),
            I::End,
            I::List(0),
            call("f", 1),
        ],
        vec![push(1.0), I::Dup, I::Jump(1)],
        vec![
            I::Pop,
            I::Pop,
            store("x"),
            I::Publish("y".into()),
            I::JumpIf(6),
            push(1.0),
            I::JumpTrue(0),
        ],
        vec![I::Fail(String::new())],
        vec![I::Assert("anything".into()), I::EnergyCheck(299.0)],
        vec![I::Assert("anything".into()), I::EnergyCheck(299.75), I::EnergyCheck(299.701)],
    ]
}

/// Lists and maps: sharing, equal keys, sticky nesting, what a container holds of itself.
fn containers() -> Vec<Vec<I>> {
    let grow = |more: Vec<I>| [vec![I::List(0), store("x"), push(1.0), append("x")], more].concat();
    vec![
        grow(vec![load("x"), append("x"), load("x"), append("x"), load("x")]),
        grow(vec![push(0.0), load("x"), put("x"), push(0.0), load("x"), put("x"), load("x")]),
        grow(vec![load("x"), I::Pop, push(1.0), append("x")]),
        grow(vec![load("x"), load("x"), I::Pop, push(1.0), append("x")]),
        grow(vec![load("x"), I::Dup, I::Eq, push(1.0), append("x")]),
        grow(vec![load("x"), I::Len, append("x")]),
        grow(vec![load("x"), push(0.0), I::Has, append("x")]),
        grow(vec![load("x"), I::List(1), push(0.0), I::Get, store("y"), push(2.0), append("y")]),
        grow(vec![
            load("x"),
            I::List(1),
            store("y"),
            I::Take("x".into()),
            I::Pop,
            load("y"),
            push(0.0),
            I::Get,
            store("z"),
            push(1.0),
            append("z"),
        ]),
        grow(vec![
            push("k"),
            load("x"),
            push("k"),
            load("x"),
            I::Map(2),
            store("m"),
            push(2.0),
            append("x"),
        ]),
        grow(vec![
            push("k"),
            I::Take("x".into()),
            push("k"),
            push(1.0),
            I::Map(2),
            store("m"),
            push("k"),
            push(list(2)),
            put("m"),
        ]),
        grow(vec![push(0.0), push(f64::NAN), put("x"), load("x"), load("x"), I::Ne]),
        grow(vec![push(-0.0), push(-0.0), put("x"), push(0.5), push(1.0), put("x")]),
        grow(vec![load("host"), push(0.0), I::Get, store("t"), push("b"), append("t")]),
        grow(vec![push(1.0), append("host"), load("host"), push(1.0), append("host")]),
        vec![
            I::Map(0),
            store("m"),
            push("a"),
            push(1.0),
            put("m"),
            push("a"),
            push(2.0),
            put("m"),
            push(""),
            load("m"),
            put("m"),
            load("m"),
        ],
        vec![push(entries()), push(entries()), I::Eq, push(entries()), push(list(2)), I::Ne],
        vec![
            push(entries()),
            push("none"),
            I::Get,
            I::Not,
            push(entries()),
            push("é"),
            I::Has,
            I::And,
        ],
    ]
}

/// Texts: characters, constants, growing in place and shared.
fn texts() -> Vec<Vec<I>> {
    let text = |start: &str, more: Vec<I>| [vec![push(start), store("t")], more].concat();
    vec![
        text("", vec![push(""), append("t"), push(""), append("t"), load("t")]),
        text(
            "a",
            vec![push("é"), append("t"), push("b"), append("t"), load("t"), push(1.0), I::Get],
        ),
        text("aé", vec![load("t"), append("t"), load("t"), append("t"), load("t"), I::Len]),
        text(
            "aé",
            vec![
                load("t"),
                push(0.0),
                I::Get,
                store("u"),
                push("b"),
                append("u"),
                push("b"),
                append("u"),
            ],
        ),
        text(
            "aé",
            vec![
                load("t"),
                push(1.0),
                I::Get,
                store("u"),
                push("b"),
                append("u"),
                push("b"),
                append("u"),
            ],
        ),
        text("日本", vec![load("t"), push(2.0), I::Has, load("t"), push(2.0), I::Get]),
        text("a", vec![I::Take("t".into()), store("t"), push("b"), append("t")]),
        text(
            "a",
            vec![push("b"), append("t"), load("t"), store("u"), push("c"), append("t"), load("u")],
        ),
        text(
            "a",
            vec![push("b"), append("t"), load("t"), push("ab"), I::Eq, load("t"), push("é"), I::Lt],
        ),
        text(
            "a",
            vec![
                push("b"),
                append("t"),
                load("t"),
                push(1.0),
                I::Map(1),
                store("m"),
                push("c"),
                append("t"),
                load("m"),
            ],
        ),
    ]
}
