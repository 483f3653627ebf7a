//! `lau resume`: reads a run that stopped, compiles its program anew, goes on, tells how it ended.
//!
//! The program comes with the run, and is held to be the one the run is of by its hash. The rest is as in
//! [`super::run`].

use super::args::ResumeArgs;
use super::findings::Findings;
use super::run::{Ran, asked, bytes, hinted};
use lau_agent_runtime::Linked;
use lau_agent_runtime::engine::Prepared;
use lau_agent_runtime::lower::compile;
use lau_command::host::host;
use lau_command::run::execute;
use lau_command::saved::{self, Saved};
use lau_command::stop::{Exit, Stop};
use std::sync::Arc;

/// Goes on with a run.
pub(crate) fn resume(args: &ResumeArgs) -> Exit {
    let mut ran = Ran::default();
    if let Err(stop) = stages(args, &mut ran) {
        ran.ended.stop = Some(stop);
    }
    ran.tell(&asked("resume", args.by.engine, &args.how, args.budget))
}

fn stages(args: &ResumeArgs, ran: &mut Ran) -> Result<(), Stop> {
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
    ran.ended.spans = bytes(&compiled.spans);
    ran.ended.source = Some(source);
    ran.findings = Some(Findings::default());

    let linked = Arc::new(Linked::new(Arc::new(program), interface));
    let mut instance = hinted(Prepared::new(args.by.engine, linked))
        .restore(host, limits, &snapshot)
        .map_err(|why| wrong(why.to_string()))?;
    drop(snapshot);
    execute(&mut instance, &args.how, &limits, &mut ran.ended, |instance| {
        instance.resume(args.budget).expect("what is restored can be resumed")
    })
}
