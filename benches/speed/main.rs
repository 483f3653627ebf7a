//! How long it takes: from text to result, stage by stage, on every engine.
//!
//! `cargo bench` times all of it in some minutes, `cargo bench -- 'execute/(sum|fib)'` a part, and
//! `cargo bench -- --test` runs everything once. Before a kernel is timed, its output, energy and
//! memory are held to be the same on every engine (see [`kernel`]); beside each stands its partner in
//! Rust. Compare figures of one run only: machines differ, and the same machine from hour to hour.

mod kernel;
mod partner;

use criterion::measurement::WallTime;
use criterion::{
    BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main,
};
use kernel::{HOST_KERNELS, KERNELS, Kernel, PROFILING, WAYS, Way, host, linked, program, run};
use lau_agent_runtime::dsl::parse::parse;
use lau_agent_runtime::lower::lower;
use lau_agent_runtime::{Host, Limits, Linked, Value};
use std::fmt::Write;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

/// Ten lines: a loop and a variable.
const TEN_LINES: &str =
    "push 0\nagain:\npush 7\nadd\ndup\npush 30\nlt\njump_true again\nstore sum\nload sum";

/// What the stages before a run are timed on, named by its length: 10, 1,000 and 10,000 lines.
fn texts() -> impl Iterator<Item = (String, String)> {
    let texts = [TEN_LINES.to_owned(), functions(50), functions(500)];
    texts.into_iter().map(|text| (format!("{}_lines", text.lines().count()), text))
}

/// Twenty lines for each of so many functions: a call in the main body, and a loop of its own.
fn functions(count: u32) -> String {
    let mut text = String::new();
    for at in 0..count {
        writeln!(text, "push {at}\ncall f{at} 1\npop").expect("memory is written to");
    }
    for at in 0..count {
        let function = format!(
            "func f{at} n\npush 0\nstore i\nagain{at}:\nload n\npush {at}\nadd\n\
             store n\nload i\npush 1\nadd\nstore i\nload i\npush 3\nlt\njump_true again{at}\nend\n"
        );
        text.push_str(&function);
    }
    text
}

/// A group whose measurements are short: enough to see a tenth, not a hundredth.
fn group<'c>(criterion: &'c mut Criterion, name: &str) -> BenchmarkGroup<'c, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.sample_size(10);
    group.warm_up_time(Duration::from_millis(200));
    group.measurement_time(Duration::from_millis(800));
    group
}

fn parsing(criterion: &mut Criterion) {
    let mut group = group(criterion, "parse");
    for (name, text) in texts() {
        let instructions = parse(&text).instructions.len();
        group.throughput(Throughput::Elements(instructions as u64));
        group.bench_function(&name, |bencher| bencher.iter(|| parse(black_box(&text))));
    }
}

fn lowering(criterion: &mut Criterion) {
    let mut group = group(criterion, "lower");
    for (name, text) in texts() {
        let instructions = parse(&text).instructions;
        assert!(lower(&instructions).is_ok(), "{name}");
        group.throughput(Throughput::Elements(instructions.len() as u64));
        group.bench_function(&name, |bencher| bencher.iter(|| lower(black_box(&instructions))));
    }
}

/// Makes a linked program ready and runs it once, since an engine may compile what it comes to only then.
/// What the interpreter takes for that is the share that is not compiling.
fn compiling(criterion: &mut Criterion) {
    let mut group = group(criterion, "compile");
    for (name, text) in texts() {
        let host = Arc::new(host());
        let linked = linked(&text, &host);
        let instructions = linked.program().parts().instructions;
        group.throughput(Throughput::Elements(u64::from(instructions)));
        for way in WAYS {
            group.bench_function(BenchmarkId::new(way.name, &name), |bencher| {
                bencher.iter(|| once(way, linked.clone(), &host));
            });
        }
    }
}

/// Runs a linked program from the beginning to its end.
fn once(way: &Way, linked: Arc<Linked>, host: &Arc<Host>) -> Value {
    let prepared = (way.prepare)(linked);
    let mut instance = prepared
        .instance(host.clone(), Limits::default())
        .expect("the program is linked to the host");
    run(&mut instance).output().expect("it comes to an end").clone()
}

/// Times the kernels in every way, and their partners.
fn kernels(mut group: BenchmarkGroup<'_, WallTime>, kernels: &[Kernel]) {
    for kernel in kernels {
        kernel.check();
        let partner = kernel.partner();
        group.bench_function(BenchmarkId::new(kernel.name, "rust"), |bencher| {
            bencher.iter(&partner);
        });
        for way in WAYS {
            let mut instance = kernel.instance(way);
            group.bench_function(BenchmarkId::new(kernel.name, way.name), |bencher| {
                bencher.iter(|| run(&mut instance));
            });
        }
    }
}

fn executing(criterion: &mut Criterion) {
    kernels(group(criterion, "execute"), KERNELS);
}

/// Times the kernels while a profile is kept, which has to add up.
fn profiling(criterion: &mut Criterion) {
    let mut group = group(criterion, "profile");
    for kernel in KERNELS {
        for way in PROFILING {
            let mut instance = kernel.instance(way);
            instance.start_profile();
            let outcome = run(&mut instance);
            let total = instance.profile().expect("it is kept").total();
            assert_eq!((total.energy, total.visits), (outcome.energy, outcome.instructions));
            group.bench_function(BenchmarkId::new(kernel.name, way.name), |bencher| {
                bencher.iter(|| run(&mut instance));
            });
        }
    }
}

fn calling_the_host(criterion: &mut Criterion) {
    let mut group = group(criterion, "host_call");
    group.throughput(Throughput::Elements(100_000));
    kernels(group, HOST_KERNELS);
}

/// From the text to the result, with nothing kept from the last time but what the process keeps.
fn starting_up(criterion: &mut Criterion) {
    let mut group = group(criterion, "start_up");
    let host = Arc::new(host());
    for way in WAYS.iter().filter(|way| way.metered) {
        let start = || {
            let program = program(black_box(TEN_LINES), &host);
            once(way, Arc::new(Linked::new(Arc::new(program), host.interface())), &host)
        };
        assert_eq!(start(), Value::from(35.0));
        group.bench_function(BenchmarkId::new("10_lines", way.name), |bencher| bencher.iter(start));
    }
}

criterion_group!(
    speed,
    parsing,
    lowering,
    compiling,
    executing,
    profiling,
    calling_the_host,
    starting_up
);
criterion_main!(speed);
