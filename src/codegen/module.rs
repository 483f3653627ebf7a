//! The functions of a program in a module of Cranelift: how they are declared, and one of them made.

use super::Options;
use super::function::{Callee, Callees, Emitter, Made, Task, Version, abi, parameter};
use crate::analysis::{Facts, Type};
use cranelift_codegen::Context;
use cranelift_codegen::ir::{self, AbiParam, FuncRef, Signature, UserFuncName, types};
use cranelift_codegen::isa::{CallConv, OwnedTargetIsa, TargetIsa};
use cranelift_codegen::settings::{self, Configurable};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use cranelift_module::{FuncId, Linkage, Module, ModuleError};
use lau_runtime::instance::Linked;
use lau_runtime::native::{HELPERS, HelperId};
use lau_runtime::program::FunctionId;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// Why there is no code.
pub(super) type Error = Box<dyn std::error::Error>;

/// What is declared in a module.
#[derive(Default)]
pub(super) struct Declared {
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
        let declared = module.declare_function(&name.to_string(), Linkage::Local, &signature)?;
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
        let declared = module.declare_function(&shim_name(id), Linkage::Import, &signature)?;
        self.shims.insert(id, declared);
        Ok(declared)
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

/// The code generator for this machine; for code to be looked at, one that tells where its blocks are. Each
/// kind is made once in a process: what this machine can do is asked of it then.
pub(super) fn isa(options: Options, listed: bool) -> Result<OwnedTargetIsa, Error> {
    static MADE: [OnceLock<Result<OwnedTargetIsa, String>>; 4] = [const { OnceLock::new() }; 4];
    let kind = 2 * usize::from(options.opt == super::OptLevel::None) + usize::from(listed);
    let made = MADE[kind].get_or_init(|| make_isa(options, listed).map_err(|e| e.to_string()));
    Ok(made.clone()?)
}

fn make_isa(options: Options, listed: bool) -> Result<OwnedTargetIsa, Error> {
    let mut flags = settings::builder();
    flags.set("machine_code_cfg_info", if listed { "true" } else { "false" })?;
    flags.set("use_colocated_libcalls", "false")?;
    flags.set("is_pic", "false")?;
    let opt = match options.opt {
        super::OptLevel::None => "none",
        super::OptLevel::Speed => "speed",
    };
    flags.set("opt_level", opt)?;
    flags.set("enable_verifier", if cfg!(debug_assertions) { "true" } else { "false" })?;
    flags.set("enable_probestack", "false")?;
    flags.set("preserve_frame_pointers", "true")?;
    Ok(cranelift_native::builder()?.finish(settings::Flags::new(flags))?)
}

/// Whether the machine has instructions that round doubles. Of those that code is made for, only an old x86-64
/// has none.
pub(super) fn rounds(isa: &dyn TargetIsa) -> bool {
    let has = |flag: &settings::Value| flag.name == "has_sse41" && flag.as_bool() == Some(true);
    isa.name() != "x64" || isa.isa_flags().iter().any(has)
}
