//! Shims: ways to call helpers so that nothing in registers is lost.
//!
//! Code that calls a helper seldom, in the midst of code that is hot, calls its shim instead: by a
//! convention under which the callee keeps every register. So the values that are live there need not be
//! spilled, and the hot code is what it would be without the call. They are made once in a process, and
//! stay.

use super::Options;
use super::module::{Error, define_plain, helper_signature, isa, shim_name};
use cranelift_codegen::ir::InstBuilder;
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::{FuncId, Linkage, Module, default_libcall_names};
use lau_runtime::native::{HELPERS, Helper, HelperId};
use std::sync::OnceLock;

/// The addresses of the shims, by their names.
pub(super) fn addresses() -> Result<&'static [(String, usize)], String> {
    static SHIMS: OnceLock<Result<Vec<(String, usize)>, String>> = OnceLock::new();
    let made = SHIMS.get_or_init(|| make().map_err(|error| error.to_string()));
    made.as_deref().map_err(Clone::clone)
}

/// Makes them. The module is not freed, and what it made stays where it is.
fn make() -> Result<Vec<(String, usize)>, Error> {
    let mut builder =
        JITBuilder::with_isa(isa(Options::default(), false)?, default_libcall_names());
    for helper in HELPERS {
        builder.symbol(helper.name, helper.address);
    }
    let mut module = JITModule::new(builder);
    let shimmed =
        HELPERS.iter().filter(|helper| !matches!(helper.id, HelperId::Typed | HelperId::Scalar));
    let defined: Vec<(HelperId, FuncId)> = shimmed
        .map(|helper| Ok((helper.id, define(&mut module, helper)?)))
        .collect::<Result<_, Error>>()?;
    module.finalize_definitions()?;
    let address = |(id, function): &(HelperId, FuncId)| {
        (shim_name(*id), module.get_finalized_function(*function).addr())
    };
    let addresses = defined.iter().map(address).collect();
    std::mem::forget(module);
    Ok(addresses)
}

/// Defines the shim of a helper.
pub(super) fn define(module: &mut dyn Module, helper: &Helper) -> Result<FuncId, Error> {
    let callee = helper_signature(module, helper.id, false);
    let callee = module.declare_function(helper.name, Linkage::Import, &callee)?;
    let signature = helper_signature(module, helper.id, true);
    let shim = module.declare_function(&shim_name(helper.id), Linkage::Local, &signature)?;
    define_plain(module, shim, signature, |module, b, arguments| {
        let callee = module.declare_func_in_func(callee, b.func);
        b.ins().call(callee, arguments);
        Vec::new()
    })?;
    Ok(shim)
}
