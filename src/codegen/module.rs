//! The functions of a program in a module of Cranelift: how they are declared, and one of them made.

use super::Options;
use super::function::{Callee, Callees, Emitter, Made, Task, Version, abi, parameter};
use crate::analysis::{Facts, Type, flow};
use cranelift_codegen::ir::{self, AbiParam, FuncRef, InstBuilder, Signature, UserFuncName, types};
use cranelift_codegen::isa::{CallConv, OwnedTargetIsa, TargetIsa};
use cranelift_codegen::settings::{self, Configurable};
use cranelift_codegen::{CompiledCode, Context};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use cranelift_module::{FuncId, Linkage, Module, ModuleError};
use lau_runtime::instance::Linked;
use lau_runtime::native::{Exit, HELPERS, HelperId, Sizes};
use lau_runtime::program::{FunctionId, Pc};
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// Why there is no code.
pub(super) type Error = Box<dyn std::error::Error>;

/// What is declared in a module for one compilation of a program.
#[derive(Default)]
pub(super) struct Declared {
    /// Which compilation of the program it is, if there are several in one module.
    generation: u32,
    /// Whether shims are defined in the same module.
    own_shims: bool,
    functions: BTreeMap<Name, FuncId>,
    helpers: BTreeMap<HelperId, FuncId>,
    shims: BTreeMap<HelperId, FuncId>,
}

/// What is made by itself: a part of a version of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Name {
    pub(super) function: FunctionId,
    pub(super) version: Version,
    pub(super) part: usize,
}

impl Name {
    /// What other native code calls.
    pub(super) fn direct(function: FunctionId) -> Name {
        Name { function, version: Version::Direct, part: 0 }
    }
}

/// As it is named in a module. No name of a program is in it.
impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let version = match self.version {
            Version::Direct => "direct",
            Version::Clean => "clean",
            Version::Clone => "clone",
        };
        write!(f, "lau_{version}_{}_{}", self.function.index(), self.part)
    }
}

/// The name of a shim.
pub(super) fn shim_name(helper: HelperId) -> String {
    format!("{}_shim", HELPERS[helper as usize].name)
}

/// The signature of a helper, or of its shim.
pub(super) fn helper_signature(module: &dyn Module, id: HelperId, shim: bool) -> Signature {
    let word = AbiParam::new(types::I64);
    let mut signature = module.make_signature();
    if let HelperId::Typed | HelperId::Scalar = id {
        signature.params = vec![word; 2];
        signature.returns = vec![AbiParam::new(types::F64)];
    } else {
        signature.params = vec![word; 5];
    }
    if shim {
        signature.call_conv = CallConv::PreserveAll;
    }
    signature
}

/// The signature of a version of a function.
fn signature(
    module: &dyn Module,
    linked: &Linked,
    facts: &Facts,
    id: FunctionId,
    version: Version,
) -> Signature {
    let mut signature = module.make_signature();
    let word = AbiParam::new(types::I64);
    match version {
        Version::Clean | Version::Clone => signature.params.push(word),
        Version::Direct => {
            let count = linked.program().parts().functions[id.index()].parameters.into();
            let parameters = (0..count).map(|at| AbiParam::new(abi(parameter(facts, id, at))));
            signature.call_conv = CallConv::Tail;
            signature.params = [word; 4].into_iter().chain(parameters).collect();
            let result = abi(facts.summaries.result(id).unwrap_or(Type::Word));
            signature.returns = vec![word, word, AbiParam::new(result)];
        }
    }
    signature
}

/// Declares what is called as it is called.
struct Declaring<'a> {
    module: &'a mut dyn Module,
    declared: &'a mut Declared,
    linked: &'a Linked,
    facts: &'a Facts,
    /// The first thing that went wrong.
    error: Option<Box<ModuleError>>,
}

impl Callees for Declaring<'_> {
    fn refer(&mut self, func: &mut ir::Function, callee: Callee) -> FuncRef {
        let Declaring { module, declared, linked, facts, .. } = self;
        let id = match callee {
            Callee::Function(id) => declared.function(*module, linked, facts, Name::direct(id)),
            Callee::Helper(id) => declared.helper(*module, id),
            Callee::Shim(id) => declared.shim(*module, id),
        };
        match id {
            Ok(id) => module.declare_func_in_func(id, func),
            Err(error) => {
                self.error.get_or_insert(error);
                FuncRef::from_u32(0)
            }
        }
    }
}

impl Declared {
    /// Nothing yet, of that compilation of the program, in a module that has its own shims.
    #[cfg(feature = "aot")]
    pub(super) fn with_shims(generation: u32) -> Declared {
        Declared { generation, own_shims: true, ..Declared::default() }
    }

    /// The version of a function, declared if it was not.
    fn function(
        &mut self,
        module: &mut dyn Module,
        linked: &Linked,
        facts: &Facts,
        name: Name,
    ) -> Result<FuncId, Box<ModuleError>> {
        if let Some(declared) = self.functions.get(&name) {
            return Ok(*declared);
        }
        let signature = signature(module, linked, facts, name.function, name.version);
        let linked = match self.generation {
            0 => name.to_string(),
            generation => format!("{name}_{generation}"),
        };
        let declared = module.declare_function(&linked, Linkage::Local, &signature)?;
        self.functions.insert(name, declared);
        Ok(declared)
    }

    fn helper(
        &mut self,
        module: &mut dyn Module,
        id: HelperId,
    ) -> Result<FuncId, Box<ModuleError>> {
        if let Some(declared) = self.helpers.get(&id) {
            return Ok(*declared);
        }
        let signature = helper_signature(module, id, false);
        let name = HELPERS[id as usize].name;
        let declared = module.declare_function(name, Linkage::Import, &signature)?;
        self.helpers.insert(id, declared);
        Ok(declared)
    }

    fn shim(&mut self, module: &mut dyn Module, id: HelperId) -> Result<FuncId, Box<ModuleError>> {
        if let Some(declared) = self.shims.get(&id) {
            return Ok(*declared);
        }
        let signature = helper_signature(module, id, true);
        let linkage = if self.own_shims { Linkage::Local } else { Linkage::Import };
        let declared = module.declare_function(&shim_name(id), linkage, &signature)?;
        self.shims.insert(id, declared);
        Ok(declared)
    }

    /// The helpers whose shims something calls.
    #[cfg(feature = "aot")]
    pub(super) fn shims(&self) -> impl Iterator<Item = HelperId> {
        self.shims.keys().copied()
    }

    /// Makes one version of a function in the context, ready to be defined.
    pub(super) fn make(
        &mut self,
        module: &mut dyn Module,
        context: &mut Context,
        builders: &mut FunctionBuilderContext,
        task: Task<'_>,
    ) -> Result<(FuncId, Made), Error> {
        let (linked, facts, id, version) = (task.linked, task.facts, task.id, task.version);
        let name = Name { function: id, version, part: task.part };
        let function = self.function(module, linked, facts, name)?;
        context.func.signature = signature(module, linked, facts, id, version);
        context.func.name = UserFuncName::user(0, function.as_u32());
        let frontend = module.isa().frontend_config();
        let mut declaring = Declaring { module, declared: self, linked, facts, error: None };
        let builder = FunctionBuilder::new(&mut context.func, builders);
        let made = Emitter::new(builder, task, &mut declaring).emit(frontend);
        match declaring.error {
            Some(error) => Err(error.into()),
            None => Ok((function, made)),
        }
    }
}

/// What makes the functions of a program in a module, one after another.
pub(super) struct Maker {
    pub(super) declared: Declared,
    context: Context,
    builders: FunctionBuilderContext,
    /// How many guards there are in what was made.
    pub(super) guards: u64,
}

/// A part of a version of a function that is defined in a module.
pub(super) struct Defined {
    pub(super) name: Name,
    pub(super) function: FuncId,
    pub(super) exits: Vec<Exit>,
    /// Bytes of native stack it takes where it calls.
    pub(super) frame: usize,
}

/// Bytes that a frame is taken to be larger than Cranelift says, for alignment.
const FRAME_SLACK: usize = 48;

/// Native stack that a function takes, in bytes: its frame, the return address and the saved frame pointer.
fn frame_bytes(code: &CompiledCode) -> Option<usize> {
    Some(code.buffer.frame_layout()?.frame_to_fp_offset as usize + 16 + FRAME_SLACK)
}

impl Maker {
    pub(super) fn new(module: &dyn Module, declared: Declared) -> Maker {
        let (context, builders) = (module.make_context(), FunctionBuilderContext::new());
        Maker { declared, context, builders, guards: 0 }
    }

    /// Makes a part of a version of a function, and defines it in the module.
    pub(super) fn define(
        &mut self,
        module: &mut dyn Module,
        program: (&Linked, &Facts),
        options: Options,
        name: Name,
        exits_from: u64,
    ) -> Result<Defined, Error> {
        let (linked, facts) = program;
        let (guards_from, rounds) = (self.guards, rounds(module.isa()));
        let Name { function: id, version, part } = name;
        let task =
            Task { linked, facts, id, version, part, options, rounds, exits_from, guards_from };
        let made = self.declared.make(module, &mut self.context, &mut self.builders, task);
        let defined = made.and_then(|(function, made)| {
            module.define_function(function, &mut self.context)?;
            Ok((function, made))
        });
        let frame = self.context.compiled_code().and_then(frame_bytes);
        module.clear_context(&mut self.context);
        let (function, Made { exits, guards }) = defined?;
        let frame = frame.ok_or("the code generator does not tell how large frames are")?;
        self.guards += guards;
        Ok(Defined { name, function, exits, frame })
    }
}

/// Where a program can be entered: with how many operands, and what is called.
pub(super) fn entries(facts: &Facts) -> BTreeMap<Pc, (usize, Name)> {
    let mut entries = BTreeMap::new();
    for (at, function) in facts.functions.iter().enumerate() {
        for entry in &function.entries {
            let block = function.blocks.at(*entry).expect("entries are where blocks begin");
            let block = function.blocks.list[block];
            let (function_id, version) = (FunctionId::new(at), Version::entered_at(block));
            let name = Name { function: function_id, version, part: block.part };
            entries.insert(*entry, (function.states[entry].stack.len(), name));
        }
    }
    entries
}

/// What is there of each function before anything is asked for: what is called, or of the main body the version that
/// runs begin with.
pub(super) fn first(facts: &Facts) -> impl Iterator<Item = Name> {
    (0..facts.functions.len()).map(FunctionId::new).map(|function| {
        let main = function == FunctionId::MAIN;
        let version = if main { Version::Clean } else { Version::Direct };
        Name { function, version, part: 0 }
    })
}

/// Everything that can be made of a program, what is there first before the rest of its function.
pub(super) fn all(facts: &Facts) -> Vec<Name> {
    let mut all = Vec::new();
    for first in first(facts) {
        all.push(first);
        let parts = facts.functions[first.function.index()].blocks.parts;
        for version in [Version::Clean, Version::Clone] {
            let names = (0..parts).map(|part| Name { function: first.function, version, part });
            all.extend(names.filter(|name| *name != first));
        }
    }
    all
}

/// Native stack that nested native calls may take together, in bytes.
const STACK_RESERVE: usize = 256 << 10;

/// Sizes of what is made of a program; the deepest frame of what native code calls says how many may nest.
pub(super) fn sizes(linked: &Linked, facts: &Facts, made: &[Defined]) -> Sizes {
    let mut sizes = Sizes::default();
    for (at, function) in facts.functions.iter().enumerate() {
        let id = FunctionId::new(at);
        let variables = flow::variables(linked, id);
        // What is entered leaves the homes of variables where they are.
        let (entered, called) = (variables.min(function.registers), variables);
        let beside = function.height_max + 1;
        sizes.height_max = sizes.height_max.max(function.height_max);
        sizes.entered_record_max = sizes.entered_record_max.max(entered + beside);
        if id != FunctionId::MAIN {
            sizes.called_record_max = sizes.called_record_max.max(called + beside);
        }
    }
    // What helpers are handed is on the stack first.
    sizes.operands_max = flow::HEIGHT_MAX + 1;
    let direct = made.iter().filter(|made| made.name.version == Version::Direct);
    if let Some(frame) = direct.map(|made| made.frame).max() {
        sizes.depth_max = STACK_RESERVE / frame;
    }
    sizes
}

/// Defines a function of one block: `body` makes its results of its parameters.
pub(super) fn define_plain(
    module: &mut dyn Module,
    function: FuncId,
    signature: Signature,
    body: impl FnOnce(&mut dyn Module, &mut FunctionBuilder<'_>, &[ir::Value]) -> Vec<ir::Value>,
) -> Result<(), Error> {
    let mut context = module.make_context();
    let mut builders = FunctionBuilderContext::new();
    context.func.signature = signature;
    context.func.name = UserFuncName::user(0, function.as_u32());
    let mut b = FunctionBuilder::new(&mut context.func, &mut builders);
    let block = b.create_block();
    b.append_block_params_for_function_params(block);
    b.switch_to_block(block);
    b.seal_block(block);
    let parameters = b.block_params(block).to_vec();
    let results = body(module, &mut b, &parameters);
    b.ins().return_(&results);
    b.finalize(module.isa().frontend_config());
    module.define_function(function, &mut context)?;
    Ok(())
}

/// The code generator for this machine; for code to be looked at, one that tells where its blocks are. Each
/// kind is made once in a process: what this machine can do is asked of it then.
pub(super) fn isa(options: Options, listed: bool) -> Result<OwnedTargetIsa, Error> {
    static MADE: [OnceLock<Result<OwnedTargetIsa, String>>; 4] = [const { OnceLock::new() }; 4];
    let kind = 2 * usize::from(options.opt == super::OptLevel::None) + usize::from(listed);
    let made = MADE[kind].get_or_init(|| make_isa(options, listed).map_err(|e| e.to_string()));
    Ok(made.clone()?)
}

fn make_isa(options: Options, listed: bool) -> Result<OwnedTargetIsa, Error> {
    let flags = flags(options, listed, false)?;
    Ok(cranelift_native::builder()?.finish(flags)?)
}

/// How code is generated; what can be loaded anywhere has no address in it.
pub(super) fn flags(
    options: Options,
    listed: bool,
    anywhere: bool,
) -> Result<settings::Flags, Error> {
    let mut flags = settings::builder();
    flags.set("machine_code_cfg_info", if listed { "true" } else { "false" })?;
    flags.set("use_colocated_libcalls", "false")?;
    flags.set("is_pic", if anywhere { "true" } else { "false" })?;
    let opt = match options.opt {
        super::OptLevel::None => "none",
        super::OptLevel::Speed => "speed",
    };
    flags.set("opt_level", opt)?;
    flags.set("enable_verifier", if cfg!(debug_assertions) { "true" } else { "false" })?;
    flags.set("enable_probestack", "false")?;
    flags.set("preserve_frame_pointers", "true")?;
    Ok(settings::Flags::new(flags))
}

/// Whether the machine has instructions that round doubles. Of those that code is made for, only an old x86-64
/// has none.
pub(super) fn rounds(isa: &dyn TargetIsa) -> bool {
    let has = |flag: &settings::Value| flag.name == "has_sse41" && flag.as_bool() == Some(true);
    isa.name() != "x64" || isa.isa_flags().iter().any(has)
}
