//! Compiling many programs to native code leaves nothing behind.
//!
//! `LAU_COMPILATIONS` is how many. What a process holds is read from `/proc`, so this is for Linux.

#![cfg(all(feature = "jit", target_os = "linux"))]

use lau_agent_runtime::engine::Prepared;
use lau_agent_runtime::lower::compile;
use lau_agent_runtime::{Builtin, Energy, Engine, Host, Limits, Linked, Value};
use std::fs;
use std::sync::Arc;
use std::time::Instant;

/// What a process may grow by, however many programs it compiles. A page for each would be more.
const GROWTH_KIB_MAX: u64 = 4 << 10;

/// How many more mappings it may have.
const MAPPINGS_MAX: usize = 16;

/// What the process holds.
#[derive(Debug)]
struct Held {
    resident_kib: u64,
    virtual_kib: u64,
    mappings: usize,
}

impl Held {
    fn now() -> Held {
        let status = fs::read_to_string("/proc/self/status").expect("Linux tells it");
        let kib = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|line| line.split_whitespace().next());
            number.and_then(|number| number.parse().ok()).expect("a number of KiB")
        };
        let maps = fs::read_to_string("/proc/self/maps").expect("Linux tells it");
        Held {
            resident_kib: kib("VmRSS:"),
            virtual_kib: kib("VmSize:"),
            mappings: maps.lines().count(),
        }
    }
}

/// Compiles a program that differs with the number, runs it, and drops all of it.
fn compile_and_run(number: u32, host: &Arc<Host>) {
    let text = format!(
        "push []\nstore all\npush 0\nstore n\nagain:\nload n\ncall half 1\ncall f 1\nappend all\n\
         load n\npush 1\nadd\nstore n\nload n\npush 3\nlt\njump_true again\n\
         load all\npush 2\nget\nreturn\n\
         func f x\nload x\npush {number}\nadd\nreturn\nend"
    );
    let program = compile(&text, &host.interface()).program.expect("no errors");
    let linked = Arc::new(Linked::new(Arc::new(program), host.interface()));
    let prepared = Prepared::new(Engine::Jit, linked);
    assert_eq!(prepared.hints(), [""; 0]);
    let mut instance = prepared.instance(host.clone(), Limits::default()).expect("its host");
    instance.set_energy(Energy::ZERO, Energy::from_units(100.0));
    assert_eq!(instance.run().output(), Some(&Value::from(f64::from(number) + 1.0)));
}

#[test]
fn compiled_programs_leave_nothing_behind() {
    let count = std::env::var("LAU_COMPILATIONS").ok().and_then(|text| text.parse().ok());
    let count = count.unwrap_or(1_500);
    let mut host = Host::default();
    host.register("half", Builtin::typed(|x: f64| x / 2.0));
    let host = Arc::new(host);

    // Whatever is kept for good is there after the first few.
    for number in 0..200 {
        compile_and_run(number, &host);
    }
    let (start, before) = (Instant::now(), Held::now());
    for number in 0..count {
        compile_and_run(number, &host);
    }
    let after = Held::now();
    println!("{count} compilations in {:?}: {before:?}, then {after:?}", start.elapsed());
    assert!(after.resident_kib <= before.resident_kib + GROWTH_KIB_MAX, "{before:?} {after:?}");
    assert!(after.virtual_kib <= before.virtual_kib + GROWTH_KIB_MAX, "{before:?} {after:?}");
    assert!(after.mappings <= before.mappings + MAPPINGS_MAX, "{before:?} {after:?}");
}
