//! Listings: what a program becomes on its way to machine code, as text with its own lines woven in.
//!
//! Nothing here makes code that runs; it makes the same functions once more to look at them: the clean
//! version of the main body, the direct version of each function. Requires the source that the program
//! was compiled from, if its lines are to be shown.

use super::Options;
use super::function::{Task, Version};
use super::jit::Refusal;
use super::module::{Declared, Error, Name, isa, rounds};
use crate::analysis::{Block, Charge, Facts, Operand, State, Step, flow};
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::{ExternalName, SourceLoc};
use cranelift_codegen::isa::TargetIsa;
use cranelift_codegen::{CompiledCode, Context, FinalizedRelocTarget};
use cranelift_frontend::FunctionBuilderContext;
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::{FuncId, Module, default_libcall_names};
use lau_runtime::Energy;
use lau_runtime::instance::Linked;
use lau_runtime::program::{FunctionId, Pc, Slot};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// What is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// What is proved about the program: see [`crate::analysis`].
    Facts,
    /// Cranelift's IR, before Cranelift does anything to it.
    Clif,
    /// Machine code.
    Asm,
}

/// Lists a program in that form.
///
/// ```
/// use lau_agent_runtime::codegen::{Options, listing::{Form, list}};
/// use lau_agent_runtime::{Host, Linked, lower::compile};
/// use std::sync::Arc;
/// let host = Host::default();
/// let source = "push 2\nload x\nmul";
/// let program = compile(source, &host.interface()).program.unwrap();
/// let linked = Linked::new(Arc::new(program), host.interface());
/// let text = list(&linked, &Options::default(), Form::Clif, source).unwrap();
/// assert!(text.contains("fmul") && text.contains("; line 3: mul"));
/// ```
///
/// # Errors
/// If there is no native code of the program.
pub fn list(
    linked: &Linked,
    options: &Options,
    form: Form,
    source: &str,
) -> Result<String, Refusal> {
    let refusal = |error: Error| Refusal(error.to_string());
    let facts = Facts::of(linked, BTreeSet::new()).map_err(|error| refusal(error.into()))?;
    let lines = Lines::new(linked, source);
    if form == Form::Facts {
        return Ok(of_facts(linked, &facts, &lines));
    }
    of_code(linked, &facts, options, form, &lines).map_err(refusal)
}

/// The lines of the source, by instruction.
struct Lines<'a> {
    linked: &'a Linked,
    lines: Vec<&'a str>,
}

impl<'a> Lines<'a> {
    fn new(linked: &'a Linked, source: &'a str) -> Self {
        Lines { linked, lines: source.lines().collect() }
    }

    /// `line 7: load i`, or the number of the instruction where there is no source.
    fn of(&self, instruction: u32) -> String {
        let places = &self.linked.program().parts().places;
        let place = places.get(instruction as usize);
        let text = place.and_then(|place| self.lines.get((place.line as usize).checked_sub(1)?));
        match (place, text) {
            (Some(place), Some(text)) => format!("line {}: {}", place.line, text.trim()),
            (Some(place), None) => format!("line {}", place.line),
            (None, _) => format!("instruction {instruction}"),
        }
    }

    fn function(&self, id: FunctionId) -> &str {
        self.linked.program().parts().functions[id.index()].name.as_deref().unwrap_or("main")
    }

    fn variable(&self, id: FunctionId, slot: Slot) -> &str {
        let parts = self.linked.program().parts();
        let names = if id == FunctionId::MAIN {
            &parts.memory
        } else {
            &parts.functions[id.index()].variables
        };
        &names[slot.index()]
    }
}

fn of_facts(linked: &Linked, facts: &Facts, lines: &Lines<'_>) -> String {
    let mut text = String::new();
    for (at, function) in facts.functions.iter().enumerate() {
        let id = FunctionId::new(at);
        let parameters = linked.program().parts().functions[at].parameters;
        let types: Vec<String> = (0..parameters.into())
            .map(|at| super::function::parameter(facts, id, at).to_string())
            .collect();
        let _ = write!(text, "{}{}", if at == 0 { "" } else { "\n" }, lines.function(id));
        if id != FunctionId::MAIN {
            let result = facts.summaries.result(id).map_or("never".to_owned(), |r| r.to_string());
            let _ = write!(text, "({}) -> {result}", types.join(", "));
        }
        let _ = writeln!(
            text,
            ": at most {} operands, {} parts, loops {} deep",
            function.height_max, function.blocks.parts, function.blocks.nesting
        );
        let flow = facts.flow(linked, id);
        let interpreted = function.interpreted(linked);
        for block in &function.blocks.list {
            let Some(state) = function.states.get(&block.start) else {
                let why = if interpreted.contains(&block.start) {
                    "interpreted: the height of the stack is not known"
                } else {
                    "never come to"
                };
                let _ = writeln!(text, "  {}: {why}", block.start);
                continue;
            };
            let entry = function.entries.contains(&block.start);
            let charge = &function.charges[&block.start];
            let _ = writeln!(text, "  {}:{}", block.start, of_block(*block, charge, entry));
            let _ = writeln!(text, "    {}", of_state(lines, id, state));
            let covered = flow.covered(*block, state);
            for pc in block.start.index()..block.end.index() {
                let op = &linked.program().parts().ops[pc];
                let left = match covered.end {
                    _ if pc < block.start.index() + covered.operations => "",
                    Step::Done | Step::Ends => " (leaves)",
                    Step::TooHigh => " (interpreted: the stack is too high)",
                };
                let _ = writeln!(text, "    {:<5} ; {}{left}", Pc::new(pc), lines.of(op.at));
            }
        }
    }
    text
}

fn of_block(block: Block, charge: &Charge, entry: bool) -> String {
    let mut text = String::new();
    for (holds, what) in [(block.header, "loop"), (block.inner, "inner"), (entry, "entry")] {
        if holds {
            let _ = write!(text, " {what}");
        }
    }
    let units = Energy::from_thousandths;
    if charge.head {
        let (dearest, cheapest) = (units(charge.dearest), units(charge.cheapest));
        let _ = write!(text, " asks for {dearest} units, pays {cheapest}");
    }
    let _ = write!(text, " costs {} units", units(charge.price));
    text
}

fn of_state(lines: &Lines<'_>, id: FunctionId, state: &State) -> String {
    let operand = |operand: &Operand| match operand {
        Operand::Typed(of) => of.to_string(),
        Operand::Variable(slot) => lines.variable(id, *slot).to_owned(),
        Operand::Constant(constant) => constant.to_string(),
    };
    let stack: Vec<String> = state.stack.iter().map(operand).collect();
    let known = state.variables.iter().enumerate().filter(|(_, of)| **of != flow::UNKNOWN);
    let variables: Vec<String> = known
        .map(|(at, of)| {
            let dirty = if state.dirty[at] { "*" } else { "" };
            format!("{}{dirty}: {of}", lines.variable(id, Slot::new(at)))
        })
        .collect();
    format!("stack [{}], in registers {{{}}}", stack.join(", "), variables.join(", "))
}

fn of_code(
    linked: &Linked,
    facts: &Facts,
    options: &Options,
    form: Form,
    lines: &Lines<'_>,
) -> Result<String, Error> {
    let builder = JITBuilder::with_isa(isa(*options, true)?, default_libcall_names());
    let mut module = JITModule::new(builder);
    let mut declared = Declared::default();
    let mut context = module.make_context();
    let mut builders = FunctionBuilderContext::new();
    let mut text = String::new();
    for (at, function) in facts.functions.iter().enumerate() {
        let id = FunctionId::new(at);
        let main = id == FunctionId::MAIN;
        let version = if main { Version::Clean } else { Version::Direct };
        for part in 0..if main { function.blocks.parts } else { 1 } {
            let (exits_from, guards_from, options) = (0, 0, *options);
            let rounds = rounds(module.isa());
            let task =
                Task { linked, facts, id, version, part, options, rounds, exits_from, guards_from };
            declared.make(&mut module, &mut context, &mut builders, task)?;
            let name = Name { function: id, version, part };
            let _ = writeln!(text, "; {} ({name})", lines.function(id));
            if form == Form::Clif {
                text += &clif(&module, &context, lines);
            } else {
                let isa = module.isa();
                context
                    .compile(isa, &mut ControlPlane::default())
                    .map_err(|error| error.inner.to_string())?;
                let compiled = context.compiled_code().ok_or("nothing was compiled")?;
                let names = Names::new(&module, &context, compiled);
                text += &asm(compiled, isa, &names, lines)?;
            }
            text.push('\n');
            module.clear_context(&mut context);
        }
    }
    Ok(text)
}

fn name_of(module: &dyn Module, function: u32) -> String {
    let data = module.declarations().get_function_decl(FuncId::from_u32(function));
    data.linkage_name(FuncId::from_u32(function)).into_owned()
}

/// Cranelift's own text, with its marks of places made lines of the source, and names of functions beside
/// their numbers.
fn clif(module: &dyn Module, context: &Context, lines: &Lines<'_>) -> String {
    let mut text = String::new();
    let mut shown = None;
    for line in context.func.display().to_string().lines() {
        let (place, rest) = match line.strip_prefix('@').and_then(|line| line.split_once(' ')) {
            Some((place, rest)) => (u32::from_str_radix(place, 16).ok(), rest.trim_start()),
            None => (None, line.trim_start()),
        };
        if let Some(place) = place
            && shown != Some(place)
        {
            shown = Some(place);
            let _ = writeln!(text, "    ; {}", lines.of(place));
        }
        let outer = ["function ", "block", "}"].iter().any(|start| rest.starts_with(start));
        let indent = if outer { "" } else { "    " };
        let called = rest
            .split_once(" u0:")
            .filter(|(left, _)| left.starts_with("fn"))
            .and_then(|(_, right)| right.split(' ').next()?.parse().ok())
            .map(|function| format!(" ; {}", name_of(module, function)));
        let _ = writeln!(text, "{indent}{rest}{}", called.unwrap_or_default());
    }
    text
}

/// What machine code refers to, by offset.
struct Names(BTreeMap<u64, String>);

impl Names {
    fn new(module: &dyn Module, context: &Context, compiled: &CompiledCode) -> Names {
        let functions = context.func.params.user_named_funcs();
        let names = compiled.buffer.relocs().iter().map(|reloc| {
            let name = match &reloc.target {
                FinalizedRelocTarget::ExternalName(ExternalName::User(name)) => {
                    name_of(module, functions[*name].index)
                }
                FinalizedRelocTarget::ExternalName(name) => name.display(None).to_string(),
                FinalizedRelocTarget::Func(offset) => format!("{offset:#x}"),
            };
            (u64::from(reloc.offset), name)
        });
        Names(names.collect())
    }
}

/// Machine code, an instruction a line.
fn asm(
    compiled: &CompiledCode,
    isa: &dyn TargetIsa,
    names: &Names,
    lines: &Lines<'_>,
) -> Result<String, Error> {
    let mut text = String::new();
    let capstone = isa.to_capstone().map_err(|error| error.to_string())?;
    let instructions =
        capstone.disasm_all(compiled.buffer.data(), 0).map_err(|error| error.to_string())?;
    let starts: BTreeSet<u64> = compiled.bb_starts.iter().map(|at| u64::from(*at)).collect();
    let mut places = compiled.buffer.get_srclocs_sorted().iter().peekable();
    let mut shown = None;
    for instruction in instructions.iter() {
        let at = instruction.address();
        let end = at + instruction.bytes().len() as u64;
        if starts.contains(&at) {
            let _ = writeln!(text, "{at:#06x}:");
        }
        while places.next_if(|place| u64::from(place.end) <= at).is_some() {}
        let place = places
            .peek()
            .filter(|place| u64::from(place.start) <= at && place.loc != SourceLoc::default())
            .map(|place| place.loc);
        if place != shown
            && let Some(place) = place
        {
            let _ = writeln!(text, "          ; {}", lines.of(place.bits()));
        }
        shown = place;
        let mnemonic = instruction.mnemonic().unwrap_or("?");
        let operands = instruction.op_str().unwrap_or_default();
        let _ = write!(text, "  {at:#06x}  {mnemonic:<9} {operands}");
        for (_, name) in names.0.range(at..end) {
            let _ = write!(text, " ; {name}");
        }
        text.push('\n');
    }
    Ok(text)
}
