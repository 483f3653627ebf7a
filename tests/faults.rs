//! Mistakes that native code makes on purpose, and how soon they are found: by the same cases that `lau fuzz`
//! tries, with the same comparison.
#![cfg(all(feature = "fuzz", feature = "jit"))]

use lau_agent_runtime::Engine;
use lau_agent_runtime::codegen::{Fault, Options};
use lau_agent_runtime::dsl::parse::parse;
use lau_agent_runtime::engine::Prepared;
use lau_agent_runtime::fuzz::{Contender, Finding, Session};
use std::sync::Arc;
use std::time::{Duration, Instant};

const SEED: u64 = 1;
/// Each must be found, and the program made small, in this time.
const SOON: Duration = Duration::from_secs(10);

/// The first case that shows the fault, what it shows, and how long it took.
fn search(fault: Fault) -> (u64, Finding, Duration) {
    let options = Options { fault: Some(fault), ..Options::default() };
    let native = move |linked: &Arc<_>| Prepared::native(Arc::clone(linked), &options);
    let contenders = vec![Engine::Interp.into(), Contender::new("faulty", native)];
    let mut session = Session::new(SEED, contenders);
    let begun = Instant::now();
    let found = (0..).find_map(|case| {
        assert!(begun.elapsed() < SOON, "{fault} is not found in {case} cases");
        session.case(case).err().map(|finding| (case, finding))
    });
    let (case, finding) = found.expect("there are cases without end");
    (case, finding, begun.elapsed())
}

#[test]
fn each_fault_is_found_soon() {
    let mut table = format!(
        "{:22} {:>5} {:>7}  {:>12}  {}\n",
        "fault", "cases", "time", "instructions", "differs in"
    );
    for fault in Fault::ALL {
        let (case, finding, took) = search(*fault);
        let text = String::from_utf8_lossy(&finding.files[0].1);
        let instructions = parse(&text).instructions.len();
        let what = finding.words.lines().next().unwrap_or_default();
        table += &format!("{fault:22} {:>5} {took:>7.2?}  {instructions:>12}  {what}\n", case + 1);
        assert!(took < SOON, "{table}");
        assert!(instructions < 10, "{table}\n{text}");
    }
    println!("{table}");
}
