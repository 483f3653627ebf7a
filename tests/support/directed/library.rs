//! Corners of the standard library: who shares what it works on, which part of a price is affordable, what
//! is paid for arguments of the wrong type, results at limits.

mod values;

use super::{I, Value, append, attempt, call, entries, func, load, push, store};

pub(super) fn programs() -> Vec<Vec<I>> {
    [sharing(), parts(), wrong(), values::values(), names(), inner()].concat()
}

fn take(name: &str) -> I {
    I::Take(name.into())
}

fn words() -> Value {
    ["a", "é", "bb"].into()
}

/// A list or map of its own in a variable: what is pushed is a constant, and counts as shared.
fn own(name: &str, more: Vec<I>) -> Vec<I> {
    let make = match name {
        "l" => vec![push(1.0), push("é"), I::List(2)],
        "m" => vec![push("k"), push(1.0), push("é"), push("x"), I::Map(2)],
        _ => vec![push("aé"), push(3.0), call("repeat", 2)],
    };
    [make, vec![store(name)], more].concat()
}

/// In place or not, and with what.
fn sharing() -> Vec<Vec<I>> {
    let mut all = Vec::new();
    for (name, function) in [("l", "concat"), ("t", "concat"), ("m", "merge")] {
        let call = || call(function, 2);
        all.extend([
            // With itself: two holders.
            own(name, vec![take(name), I::Dup, call()]),
            own(name, vec![load(name), load(name), call(), load(name)]),
            // Shared, then not, then with what it was made of.
            own(
                name,
                vec![load(name), take(name), call(), store(name), take(name), load(name), call()],
            ),
            own(name, vec![take(name), I::Dup, I::Pop, I::Dup, I::List(1), I::Pop, I::Dup, call()]),
            // Changed where it stands, again and again.
            own(
                name,
                vec![take(name), own_value(name), call(), own_value(name), call(), I::Dup, call()],
            ),
            // The second is an element of something, the first is not.
            own(
                name,
                vec![
                    load(name),
                    I::List(1),
                    store("x"),
                    load("x"),
                    push(0.0),
                    I::Get,
                    own_value(name),
                    call(),
                    load("x"),
                ],
            ),
            // Constants are shared.
            vec![own_value(name), own_value(name), call(), I::Dup, call()],
            // As an argument and in a loop of calls.
            [
                vec![func("f", &["p"]), take("p"), own_value(name), call(), I::Return, I::End],
                own(name, vec![take(name), I::Call("f".into(), 1), I::Call("f".into(), 1)]),
            ]
            .concat(),
        ]);
    }
    all.extend([
        own("m", vec![take("m"), push("k"), call("remove", 2), push("none"), call("remove", 2)]),
        own("m", vec![load("m"), push("k"), call("remove", 2), load("m")]),
        own(
            "m",
            vec![
                load("m"),
                push("none"),
                call("remove", 2),
                store("n"),
                push("y"),
                push(2.0),
                super::put("n"),
                load("m"),
            ],
        ),
        vec![push(entries()), push("none"), call("remove", 2), push("k"), call("remove", 2)],
        // A list that is in the one it is put after, and one that has it.
        own("l", vec![load("l"), I::List(1), load("l"), call("concat", 2), load("l")]),
        own("l", vec![load("l"), I::List(1), store("x"), take("l"), load("x"), call("concat", 2)]),
        own(
            "l",
            vec![
                load("l"),
                I::List(1),
                store("x"),
                take("l"),
                take("x"),
                call("concat", 2),
                load("l"),
            ],
        ),
        own(
            "m",
            vec![
                push("k"),
                load("m"),
                I::Map(1),
                store("x"),
                take("m"),
                take("x"),
                call("merge", 2),
            ],
        ),
        // Elements are shared with the result, texts that are cut out are not.
        own(
            "l",
            vec![
                load("l"),
                call("reverse", 1),
                push(0.0),
                I::Get,
                store("t"),
                push("x"),
                append("t"),
                load("l"),
            ],
        ),
        vec![
            push("a b"),
            call("words", 1),
            store("l"),
            load("l"),
            push(0.0),
            I::Get,
            store("t"),
            push("x"),
            append("t"),
            load("l"),
        ],
        vec![
            push("abc"),
            push(0.0),
            push(1.0),
            call("slice", 3),
            store("t"),
            push("x"),
            append("t"),
        ],
        own("t", vec![take("t"), call("to_text", 1), store("t"), push("x"), append("t")]),
        own(
            "t",
            vec![load("t"), call("to_text", 1), store("u"), push("x"), append("u"), load("t")],
        ),
        vec![push("abc"), call("to_text", 1), store("t"), push("x"), append("t")],
        own(
            "m",
            vec![
                load("m"),
                call("values", 1),
                push(1.0),
                I::Get,
                store("t"),
                push("x"),
                append("t"),
                load("m"),
            ],
        ),
        own(
            "l",
            vec![
                load("l"),
                push(0.0),
                push(99.0),
                call("slice", 3),
                store("x"),
                push(1.0),
                append("x"),
                load("l"),
            ],
        ),
    ]);
    all
}

/// Something to put after or merge into what is of that name.
fn own_value(name: &str) -> I {
    match name {
        "l" => push(words()),
        "m" => push(entries()),
        _ => push("bé"),
    }
}

/// Prices in two parts: budgets fall before, between and behind them.
fn parts() -> Vec<Vec<I>> {
    vec![
        vec![push("a,b,c"), push(","), call("split", 2)],
        vec![push("日本"), push(""), call("split", 2)],
        vec![push("one two"), call("words", 1), call("sort", 1)],
        vec![push("l\nm\r\n"), call("lines", 1)],
        vec![push("banana"), push("a"), push("ééé"), call("replace", 3)],
        vec![push("banana"), push(""), push("x"), call("replace", 3)],
        vec![push("banana"), push("(an)+(x)?"), call("captures", 2)],
        vec![push("banana"), push("(a)(b)(c)(d)(e)(f)(g)(h)|n"), call("captures", 2)],
        vec![push("bañana"), push(r"\w+$"), call("matches", 2)],
        vec![push("banana"), push("("), attempt("matches", 2)],
        vec![push("banana"), push(r"(\w{100}){100}"), call("captures", 2)],
        vec![push("x"), push("(?-u:[a-z0-9_])[[:alpha:]&&[^b]é]?"), call("matches", 2)],
        vec![push("x"), push(r"(?-u)\d|(?u:\s)|\w"), call("matches", 2)],
        vec![
            push(""),
            push(""),
            call("split", 2),
            push(""),
            push(","),
            call("split", 2),
            I::List(2),
        ],
    ]
}

/// Every function without arguments, with one, and with three that few can use.
fn wrong() -> Vec<Vec<I>> {
    let mut all = Vec::new();
    let odd = || [push(words()), push("é"), push(entries()), push(f64::NAN), push(Value::Null)];
    for (name, _) in super::super::stepper::functions() {
        all.push(vec![push(1.0), call(name, 0)]);
        all.push(vec![push("x"), call(name, 2)]);
        for (at, first) in odd().into_iter().enumerate() {
            all.push(vec![first.clone(), call(name, 1)]);
            let seconds = [1, 3].map(|apart| odd()[(at + apart) % 5].clone());
            all.extend(seconds.map(|second| vec![first.clone(), second, call(name, 2)]));
        }
        all.push([odd().to_vec(), vec![attempt(name, 3)]].concat());
    }
    // What is shared is looked at before types are.
    all.extend([
        own("m", vec![load("m"), push(1.0), call("merge", 2)]),
        own("m", vec![load("m"), push(1.0), call("remove", 2)]),
        own("l", vec![load("l"), push("x"), call("concat", 2)]),
        vec![push("é"), push(entries()), call("split", 2)],
        vec![push("é"), push("é"), push(1.0), call("replace", 3)],
        vec![push(1.0), push("é"), push("é"), call("replace", 3)],
        vec![push("banana"), push("an"), push("x"), call("find", 3)],
        vec![push("banana"), push("an"), push(true), call("slice", 3)],
        vec![push("bañana"), push(1.0), push("x"), call("slice", 3)],
        vec![push(0.0), push(9.0), push("x"), call("range", 3)],
        vec![push("é"), push(entries()), call("repeat", 2)],
    ]);
    all
}

/// Functions of the program and builtins of the host come first.
fn names() -> Vec<Vec<I>> {
    vec![
        vec![push(4.0), call("sqrt", 1), func("sqrt", &["x"]), push(7.0), I::End],
        vec![func("sum", &[]), push(words()), call("reverse", 1), I::End, call("sum", 0)],
        vec![push(words()), attempt("sum", 1)],
        vec![push(words()), call("nobody", 1)],
    ]
}

/// What is nested: bounds that stick, equality, and results deeper than their arguments.
fn inner() -> Vec<Vec<I>> {
    // A bound of 3 around nothing but Numbers.
    let sticky = |more: Vec<I>| {
        let start = vec![
            I::List(0),
            I::List(1),
            I::List(1),
            store("x"),
            push(0.0),
            push(0.0),
            super::put("x"),
        ];
        [start, more].concat()
    };
    vec![
        sticky(vec![load("x"), load("x"), call("zip", 2)]),
        sticky(vec![take("x"), push([1.0]), call("concat", 2), I::List(1)]),
        sticky(vec![push(1.0), I::List(1), take("x"), call("concat", 2), I::List(1)]),
        sticky(vec![load("x"), call("reverse", 1), I::List(1)]),
        sticky(vec![take("x"), I::List(1), call("flatten", 1), I::List(1)]),
        sticky(vec![
            push("k"),
            take("x"),
            I::Map(1),
            store("m"),
            push("k"),
            push(1.0),
            super::put("m"),
            push(entries()),
            load("m"),
            call("merge", 2),
            push("k"),
            call("remove", 2),
        ]),
        vec![
            push("[[[[1]]],{\"a\":[[]]}]"),
            call("parse_json", 1),
            call("flatten", 1),
            call("to_json", 1),
        ],
        vec![
            push("{\"a\":[1],\"b\":{\"c\":[]}}"),
            call("parse_json", 1),
            I::Dup,
            call("entries", 1),
            I::Swap,
            call("values", 1),
            call("zip", 2),
        ],
        vec![
            push(words()),
            push(3.0),
            call("repeat", 2),
            push(2.0),
            I::List(2),
            push(2.0),
            call("repeat", 2),
        ],
        vec![
            push(words()),
            I::Dup,
            I::List(2),
            I::Dup,
            push(words()),
            call("index_of", 2),
            I::Swap,
            call("unique", 1),
        ],
        vec![
            push("[[2,\"b\"],[1,\"a\"],[2,\"a\"]]"),
            call("parse_json", 1),
            push(0.0),
            call("sort_by_key", 2),
        ],
        vec![
            push("[{\"k\":\"é\"},{\"k\":\"b\"},{\"z\":1}]"),
            call("parse_json", 1),
            push("k"),
            call("sort_by_key", 2),
        ],
        vec![push("[[1],[],[\"x\"]]"), call("parse_json", 1), push(0.0), call("sort_by_key", 2)],
        vec![push("[[1],[\"x\"],[]]"), call("parse_json", 1), push(0.0), call("sort_by_key", 2)],
    ]
}
