//! `lau resume`: reads a run that stopped, compiles its program anew, goes on, tells how it ended.
//!
//! The program comes with the run, and is held to be the one the run is of by its hash. The rest is as in
//! [`super::run`].

use super::args::ResumeArgs;
use super::ended::{Asked, Ended};
use super::report::Findings;
use super::run::{execute, hinted, host};
use super::saved::{self, Saved};
use super::stop::{Exit, Stop};
use lau_agent_runtime::Linked;
use lau_agent_runtime::engine::Prepared;
use lau_agent_runtime::lower::compile;
use std::sync::Arc;

/// Goes on with a run.
pub(crate) fn resume(args: &ResumeArgs) -> Exit {
    let mut ended = Ended::default();
    if let Err(stop) = stages(args, &mut ended) {
        ended.stop = Some(stop);
    }
    ended.tell(&Asked { command: "resume", how: &args.how, budget: args.budget })
}

fn stages(args: &ResumeArgs, ended: &mut Ended) -> Result<(), Stop> {
    saved::check(args.how.snapshot.as_deref(), "a snapshot", [])?;
    let wrong = |why: String| Stop::usage(why).about(&args.file);
    let Saved { snapshot, source, limits } = saved::read(&args.file)?;

    let host = Arc::new(host());
    let interface = host.interface();
    // Whoever began the run has seen the warnings.
    let compiled = compile(&source.text, &interface);
    let Some(program) = compiled.program else {
        return Err(wrong("the program in the snapshot has errors".to_owned()));
    };
    ended.spans = compiled.spans;
    ended.findings = Some(Findings { source, diagnostics: Vec::new(), omitted: 0 });

    let linked = Arc::new(Linked::new(Arc::new(program), interface));
    let mut instance = hinted(Prepared::new(args.how.engine, linked))
        .restore(host, limits, &snapshot)
        .map_err(|why| wrong(why.to_string()))?;
    drop(snapshot);
    execute(&mut instance, &args.how, &limits, ended, |instance| {
        instance.resume(args.budget).expect("what is restored can be resumed")
    })
}
