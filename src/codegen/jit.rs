//! A whole program compiled into memory.

#![expect(unsafe_code, reason = "machine code is called by address and its memory freed")]

use super::function::{Callees, Emitter, Version, entries};
use crate::analysis::Facts;
use cranelift_codegen::ir::{AbiParam, Signature, UserFuncName, types};
use cranelift_codegen::isa::{CallConv, OwnedTargetIsa};
use cranelift_codegen::settings::{self, Configurable};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::{FuncId, Linkage, Module, default_libcall_names};
use lau_runtime::instance::Linked;
use lau_runtime::native::{Code, EntryFn, Exit, HelperId, helpers};
use lau_runtime::program::{FunctionId, Pc};
use std::collections::BTreeMap;
use std::fmt;

/// Why a program has no native code. It runs on the interpreter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(pub String);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no native code: {}", self.0)
    }
}
impl std::error::Error for Refusal {}

/// The native code of a linked program.
pub struct Jit {
    /// Owns the memory of the code; `None` only while it is dropped.
    module: Option<JITModule>,
    entered: Vec<EntryFn>,
    entries: Vec<bool>,
    heights: BTreeMap<Pc, usize>,
    exits: Vec<Exit>,
    height_max: usize,
    record_max: usize,
    depth_max: usize,
}

// SAFETY: after `Jit::new` the module is only touched when the code is dropped, by its one owner; the
// code itself is immutable.
unsafe impl Sync for Jit {}

/// Native stack that nested native calls may take together, in bytes.
const STACK_RESERVE: usize = 256 << 10;

impl Jit {
    /// Compiles a program.
    ///
    /// # Errors
    /// If the machine has no code generator, or the program is of a shape that would take too long.
    pub fn new(linked: &Linked) -> Result<Jit, Refusal> {
        let refusal = |what: &dyn fmt::Display| Refusal(what.to_string());
        let isa = isa().map_err(|error| refusal(&error))?;
        let mut builder = JITBuilder::with_isa(isa, default_libcall_names());
        for helper in helpers() {
            builder.symbol(helper.name, helper.address);
        }
        let mut jit = Jit {
            module: Some(JITModule::new(builder)),
            entered: Vec::new(),
            entries: vec![false; linked.program().parts().ops.len()],
            heights: BTreeMap::new(),
            exits: Vec::new(),
            height_max: 0,
            record_max: 1,
            depth_max: 0,
        };
        jit.compile(linked).map_err(|error| refusal(&error))?;
        Ok(jit)
    }

    fn compile(&mut self, linked: &Linked) -> Result<(), Box<dyn std::error::Error>> {
        let count = linked.program().parts().functions.len();
        let facts: Option<Vec<Facts>> =
            (0..count).map(|at| Facts::of(linked, FunctionId::new(at))).collect();
        let facts = facts.ok_or("a function of the program is too large for it")?;
        let module = self.module.as_mut().ok_or("the module is gone")?;
        let declared = Declared::new(module, linked)?;
        let mut context = module.make_context();
        let mut builders = FunctionBuilderContext::new();
        for (at, facts) in facts.iter().enumerate() {
            let id = FunctionId::new(at);
            let versions = [
                (Version::Entered, Some(declared.entered[at])),
                (Version::Direct, declared.direct.get(&id).copied()),
            ];
            for (version, function) in versions {
                let Some(function) = function else { continue };
                context.func.signature = declared.signature(module, linked, id, version);
                context.func.name = UserFuncName::user(0, function.as_u32());
                let callees = declared.callees(module, &mut context.func);
                let builder = FunctionBuilder::new(&mut context.func, &mut builders);
                let emitter =
                    Emitter::new(builder, linked, id, facts, version, callees, &mut self.exits);
                emitter.emit(module.isa().frontend_config());
                module.define_function(function, &mut context)?;
                module.clear_context(&mut context);
            }
            for pc in entries(linked, id, facts) {
                self.entries[pc.index()] = true;
                self.heights.insert(pc, facts.states[&pc].stack.len());
            }
            self.height_max = self.height_max.max(facts.height_max);
        }
        module.finalize_definitions()?;
        for function in &declared.entered {
            let address = module.get_finalized_function(*function);
            // SAFETY: the function was defined with the signature of `EntryFn`.
            self.entered.push(unsafe { std::mem::transmute::<*const u8, EntryFn>(address) });
        }
        self.record_max = self.exits.iter().map(|exit| exit.values as usize + 1).max().unwrap_or(1);
        // A frame holds at most what a record does, and what calls save besides.
        self.depth_max = STACK_RESERVE / (8 * self.record_max + 256);
        Ok(())
    }
}

/// The functions of a module.
struct Declared {
    entered: Vec<FuncId>,
    direct: BTreeMap<FunctionId, FuncId>,
    append: FuncId,
    typed: FuncId,
}

impl Declared {
    fn new(module: &mut JITModule, linked: &Linked) -> Result<Self, Box<dyn std::error::Error>> {
        let word = AbiParam::new(types::I64);
        let helper = |module: &mut JITModule, id: HelperId, params: usize, result| {
            let mut signature = module.make_signature();
            signature.params = vec![word; params];
            signature.returns = vec![AbiParam::new(result)];
            let name = helpers()[id as usize].name;
            module.declare_function(name, Linkage::Import, &signature).map_err(Box::new)
        };
        let append = helper(module, HelperId::Append, 3, types::I64)?;
        let typed = helper(module, HelperId::Typed, 2, types::F64)?;
        let mut declared = Declared { entered: Vec::new(), direct: BTreeMap::new(), append, typed };
        for at in 0..linked.program().parts().functions.len() {
            let id = FunctionId::new(at);
            let signature = declared.signature(module, linked, id, Version::Entered);
            let name = format!("entered_{at}");
            declared.entered.push(module.declare_function(&name, Linkage::Local, &signature)?);
            if id != FunctionId::MAIN {
                let signature = declared.signature(module, linked, id, Version::Direct);
                let name = format!("direct_{at}");
                let function = module.declare_function(&name, Linkage::Local, &signature)?;
                declared.direct.insert(id, function);
            }
        }
        Ok(declared)
    }

    fn signature(
        &self,
        module: &JITModule,
        linked: &Linked,
        id: FunctionId,
        version: Version,
    ) -> Signature {
        let mut signature = module.make_signature();
        let word = AbiParam::new(types::I64);
        match version {
            Version::Entered => signature.params.push(word),
            Version::Direct => {
                let function = &linked.program().parts().functions[id.index()];
                signature.call_conv = CallConv::Tail;
                signature.params = vec![word; 4 + usize::from(function.parameters)];
                signature.returns = vec![word; 3];
            }
        }
        signature
    }

    fn callees(
        &self,
        module: &mut JITModule,
        func: &mut cranelift_codegen::ir::Function,
    ) -> Callees {
        let functions = self.direct.iter();
        let functions =
            functions.map(|(id, f)| (*id, module.declare_func_in_func(*f, func))).collect();
        let append = module.declare_func_in_func(self.append, func);
        Callees { functions, append, typed: module.declare_func_in_func(self.typed, func) }
    }
}

fn isa() -> Result<OwnedTargetIsa, Box<dyn std::error::Error>> {
    let mut flags = settings::builder();
    flags.set("use_colocated_libcalls", "false")?;
    flags.set("is_pic", "false")?;
    flags.set("opt_level", "speed")?;
    flags.set("enable_verifier", if cfg!(debug_assertions) { "true" } else { "false" })?;
    flags.set("enable_probestack", "false")?;
    flags.set("preserve_frame_pointers", "true")?;
    Ok(cranelift_native::builder()?.finish(settings::Flags::new(flags))?)
}

impl Code for Jit {
    fn entries(&self) -> &[bool] {
        &self.entries
    }
    fn height(&self, entry: Pc) -> Option<usize> {
        self.heights.get(&entry).copied()
    }
    fn entry(&self, function: FunctionId) -> Option<EntryFn> {
        self.entered.get(function.index()).copied()
    }
    fn exit(&self, number: u64) -> &Exit {
        &self.exits[usize::try_from(number).unwrap_or(usize::MAX)]
    }
    fn height_max(&self) -> usize {
        self.height_max
    }
    fn record_max(&self) -> usize {
        self.record_max
    }
    fn depth_max(&self) -> usize {
        self.depth_max
    }
}

impl Drop for Jit {
    fn drop(&mut self) {
        if let Some(module) = self.module.take() {
            // SAFETY: nobody runs the code any more: instances hold it by `Arc` while they do.
            unsafe { module.free_memory() }
        }
    }
}

impl fmt::Debug for Jit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = self.entries.iter().filter(|entry| **entry).count();
        f.debug_struct("Jit").field("entries", &entries).field("exits", &self.exits.len()).finish()
    }
}
