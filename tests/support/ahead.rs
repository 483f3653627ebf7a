//! Programs compiled ahead of time for tests: many with one link, found again by what they are.

use lau_agent_runtime::aot;
use lau_agent_runtime::codegen::{Options, Target};
use lau_agent_runtime::engine::Prepared;
use lau_agent_runtime::{Linked, Program};
use std::cell::RefCell;
use std::sync::Arc;

thread_local! {
    /// What was linked last, by how its code was made.
    static LINKED: RefCell<Vec<(Options, Vec<Prepared>)>> = const { RefCell::new(Vec::new()) };
}

/// Compiles programs and keeps them, in place of those before that were made in the same way.
pub(crate) fn link(programs: &[Arc<Linked>], options: Options) -> Result<(), String> {
    let target = Target::host()?;
    let made = aot::load(programs, options, &target).map_err(|error| error.to_string())?;
    LINKED.with_borrow_mut(|linked| {
        linked.retain(|(of, _)| *of != options);
        linked.push((options, made));
    });
    Ok(())
}

/// The program made ready: from what was linked, or else linked by itself.
pub(crate) fn prepared(linked: &Arc<Linked>, options: Options) -> Result<Prepared, String> {
    let found = LINKED.with_borrow(|all| {
        let made = all.iter().filter(|(of, _)| *of == options).flat_map(|(_, made)| made);
        let same = |made: &&Prepared| {
            same(made.linked().program(), linked.program())
                && made.linked().interface() == linked.interface()
        };
        made.clone().find(same).cloned()
    });
    match found {
        Some(prepared) => Ok(prepared),
        None => {
            link(std::slice::from_ref(linked), options)?;
            prepared(linked, options)
        }
    }
}

/// Whether two programs are the same, also in where they stand in a text.
fn same(one: &Program, other: &Program) -> bool {
    one.hash() == other.hash() && one.parts().places == other.parts().places
}
