//! `lau forge`: the doctor, a try of a plan, the audit, the schema of plans.

mod audit;
mod doctor;
mod table;
mod trial;

use super::args::{ForgeArgs, ForgeCommand};
use lau_agent_runtime::forge::plan;
use lau_command::report;
use lau_command::stop::{Exit, Stop};

/// Does what was asked of the forge.
pub(crate) fn forge(args: &ForgeArgs) -> Exit {
    match &args.command {
        ForgeCommand::Doctor { json } => doctor::doctor(*json),
        ForgeCommand::Try(args) => trial::trial(args),
        ForgeCommand::Audit(args) => audit::audit(args),
        ForgeCommand::Schema => report::put(Exit::Finished, &format!("{:#}\n", plan::schema())),
    }
}

/// The forge's own failure to open, as a reason to stop.
fn closed(error: &impl std::fmt::Display) -> Stop {
    Stop::new(Exit::Usage, error.to_string())
}
