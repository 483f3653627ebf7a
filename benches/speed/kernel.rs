//! The kernels: programs to time, what they must give, and their partners in Rust.

use crate::partner;
#[cfg(feature = "jit")]
use lau_agent_runtime::codegen::Options;
use lau_agent_runtime::engine::Prepared;
use lau_agent_runtime::lower::compile;
use lau_agent_runtime::{
    Builtin, Energy, Engine, Host, Instance, Limits, Linked, Outcome, Program, Value,
};
use std::sync::Arc;

/// A program that is worth timing.
pub(crate) struct Kernel {
    pub(crate) name: &'static str,
    pub(crate) text: &'static str,
    /// The memory field it reads, if there is one.
    input: &'static [Input],
    /// What it gives.
    output: f64,
    /// The same in Rust.
    partner: fn(Option<&Value>) -> f64,
}

/// A memory field and what is put there.
type Input = (&'static str, fn() -> Value);

macro_rules! kernel {
    ($file:literal, $output:expr, $partner:ident $(, $field:literal = $input:ident)?) => {
        Kernel {
            name: $file,
            text: include_str!(concat!("../kernels/", $file, ".lau")),
            input: &[$(($field, $input))?],
            output: $output,
            partner: partner::$partner,
        }
    };
}

/// What programs compute by themselves.
pub(crate) const KERNELS: &[Kernel] = &[
    kernel!("sum", 499_999_500_000.0, sum),
    kernel!("collatz", 6_171.0, collatz),
    kernel!("sieve", 5_133.0, sieve),
    kernel!("fib", 17_711.0, fib),
    kernel!("lcg", 281_496.0, lcg),
    kernel!("matrix", 779_829_382.0, matrix),
    kernel!("mandelbrot", 109_211.0, mandelbrot),
    kernel!("words", 2_030.0, words, "text" = text),
];

/// Programs that call the host.
pub(crate) const HOST_KERNELS: &[Kernel] =
    &[kernel!("host_typed", 2.0, host), kernel!("host_plain", 2.0, host)];

/// A way in which programs are run.
pub(crate) struct Way {
    pub(crate) name: &'static str,
    /// Whether it counts energy. If so it agrees with the interpreter in everything.
    pub(crate) metered: bool,
    pub(crate) prepare: fn(Arc<Linked>) -> Prepared,
}

/// Every way, the interpreter first. Native code that does not count shows what counting costs.
pub(crate) const WAYS: &[Way] = &[
    Way { name: "interp", metered: true, prepare: |linked| Prepared::new(Engine::Interp, linked) },
    #[cfg(feature = "jit")]
    Way { name: "jit", metered: true, prepare: |linked| Prepared::new(Engine::Jit, linked) },
    #[cfg(feature = "jit")]
    Way {
        name: "jit-unmetered",
        metered: false,
        prepare: |linked| {
            Prepared::native(linked, &Options { metering: false, ..Options::default() })
        },
    },
];

/// The ways in which a profile is kept.
pub(crate) const PROFILING: &[Way] = &[
    Way {
        name: "interp",
        metered: true,
        prepare: |linked| Prepared::profiling(Engine::Interp, linked),
    },
    #[cfg(feature = "jit")]
    Way { name: "jit", metered: true, prepare: |linked| Prepared::profiling(Engine::Jit, linked) },
];

/// The host of all that is timed: one function, typed and plain.
pub(crate) fn host() -> Host {
    let mut host = Host::default();
    host.register("typed", Builtin::typed(partner::damped));
    host.register(
        "plain",
        Builtin::new(|args| match args.first() {
            Some(Value::Number(x)) => partner::damped(*x).into(),
            _ => Value::Null,
        }),
    );
    host
}

/// A text of 60,000 words, few of them often and many of them rarely.
fn text() -> Value {
    let (mut state, mut text) = (42_u64, String::new());
    for _ in 0..60_000 {
        state = state * 16_807 % 2_147_483_647;
        let rare = state % 2_000;
        let word = rare * rare / 4_000;
        text.push_str(&format!("w{word} "));
    }
    text.into()
}

/// The program of a text that is known to be sound.
pub(crate) fn program(text: &str, host: &Host) -> Program {
    let compiled = compile(text, &host.interface());
    assert_eq!(compiled.diagnostics, [], "of {text}");
    compiled.program.expect("no errors, so there is one")
}

/// A program made ready to be run in some way.
pub(crate) fn linked(text: &str, host: &Host) -> Arc<Linked> {
    Arc::new(Linked::new(Arc::new(program(text, host)), host.interface()))
}

/// Runs a program from its start with all the energy there is.
pub(crate) fn run(instance: &mut Instance) -> Outcome {
    instance.set_energy(Energy::ZERO, Energy::MAX);
    instance.run()
}

impl Kernel {
    /// An instance that runs the kernel in that way, with its input in memory.
    pub(crate) fn instance(&self, way: &Way) -> Instance {
        let host = host();
        let prepared = (way.prepare)(linked(self.text, &host));
        assert_eq!(prepared.hints(), [""; 0], "{} has to be run as asked for", self.name);
        let mut instance =
            prepared.instance(Arc::new(host), Limits::default()).expect("it is linked to the host");
        for (field, input) in self.input {
            instance.set_memory(field, &input()).expect("it is within the limits");
        }
        instance
    }

    /// The partner with its input, ready to be called.
    pub(crate) fn partner(&self) -> impl Fn() -> f64 {
        let input = self.input.first().map(|(_, input)| input());
        let partner = self.partner;
        move || partner(input.as_ref())
    }

    /// Holds every way, and the partner, to the output, and the ways to one another: ending, place, energy,
    /// instructions and memory.
    pub(crate) fn check(&self) {
        assert_eq!(self.partner()(), self.output, "{} in Rust", self.name);
        let mut first = None;
        for way in WAYS {
            let mut instance = self.instance(way);
            for _ in 0..2 {
                let outcome = run(&mut instance);
                let output = outcome.output().and_then(Value::as_f64);
                assert_eq!(output, Some(self.output), "{} by {}: {outcome:?}", self.name, way.name);
                if way.metered {
                    let seen = (outcome, instance.memory().expect("within the limits"));
                    let same = *first.get_or_insert_with(|| seen.clone()) == seen;
                    assert!(same, "{} by {} differs from {}", self.name, way.name, WAYS[0].name);
                }
            }
        }
    }
}
