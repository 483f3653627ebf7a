//! Native code covers everything that real programs do, and what it covers and does not is told.

#![cfg(feature = "jit")]

use lau_agent_runtime::engine::Prepared;
use lau_agent_runtime::lower::compile;
use lau_agent_runtime::{Builtin, Engine, Host, Linked, MiniRuntime, Value};
use std::path::Path;
use std::sync::Arc;

fn prepared(source: &str) -> Prepared {
    let mut host = Host::default();
    host.register("log", Builtin::new(|_| Value::Null));
    let program = compile(source, &host.interface()).program.expect("no errors");
    Prepared::new(Engine::Jit, Arc::new(Linked::new(Arc::new(program), host.interface())))
}

#[test]
fn every_example_and_kernel_is_covered_completely() {
    let mut seen = 0;
    for folder in ["examples", "benches/kernels"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.extension().is_none_or(|extension| extension != "lau") {
                continue;
            }
            let source = std::fs::read_to_string(&path).expect("text");
            let prepared = prepared(&source);
            let (covered, all) = prepared.coverage().expect("native code");
            assert_eq!(covered, all, "{}", path.display());
            assert!(all > 5 && prepared.hints().is_empty(), "{}", path.display());
            seen += 1;
        }
    }
    assert!(seen >= 17, "{seen} programs were looked at");
}

#[test]
fn what_the_interpreter_does_is_told() {
    // The loop is come to with two heights of the stack.
    let uneven = "push 1\njump_true again\npush 2\nagain:\npush 3\nstore x\njump end\nend:\nreturn";
    let (covered, all) = prepared(uneven).coverage().expect("native code");
    assert!(covered < all && covered > 2, "{covered} of {all}");
    // What is never come to does not count.
    assert_eq!(prepared("push 1\nreturn\npop\npop").coverage(), Some((2, 2)));
    // More values than native code keeps on the stack.
    let high = "push 1\n".repeat(130) + "list 130\nstore x\nload x\nlen";
    let (covered, all) = prepared(&high).coverage().expect("native code");
    assert!((128..all).contains(&covered), "{covered} of {all}");

    let mut runtime = MiniRuntime::new("coverage", "test", 100.0);
    runtime.set_engine(Engine::Jit);
    runtime.compile(uneven).expect("no errors");
    let hints = runtime.execute().expect("finishes").compilation_hints;
    let (covered, all) = prepared(uneven).coverage().expect("native code");
    let told = format!("native code covers {covered} of {all} instructions");
    assert!(hints.contains(&told), "{hints:?}");
}

#[test]
fn a_price_beyond_all_budgets_is_no_price_of_native_code() {
    use lau_agent_runtime::{Ending, Energy, Limits};
    use lau_runtime::host::Price;
    let mut host = Host::default();
    let dear = Builtin::typed(|x: f64| x).with_price(Price::Fixed(Energy::MAX));
    host.register("dear", dear);
    let source = "push 1\nstore x\nload x\ncall dear 1\nload x\ncall dear 1\nadd";
    let program = compile(source, &host.interface()).program.expect("no errors");
    let linked = Arc::new(Linked::new(Arc::new(program), host.interface()));
    let host = Arc::new(host);
    for engine in Engine::ALL {
        let prepared = Prepared::new(*engine, Arc::clone(&linked));
        let mut instance = prepared.instance(Arc::clone(&host), Limits::default()).expect("made");
        instance.set_energy(Energy::ZERO, Energy::MAX);
        let outcome = instance.run();
        assert_eq!(outcome.ending, Ending::Exhausted, "{engine}");
        assert_eq!((outcome.energy.thousandths(), outcome.instructions), (300, 3), "{engine}");
    }
}
