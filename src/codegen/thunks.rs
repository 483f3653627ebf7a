//! Helpers for a shared library that is loaded into a process that has them, but under no names.
//!
//! An object file with every helper by its name, each of which goes on to an address that whoever loads the library has
//! put into a table.

use super::module::{Error, define_plain, helper_signature};
use super::{Options, Refusal, Target};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, types};
use cranelift_module::{DataDescription, Linkage, Module, default_libcall_names};
use cranelift_object::{ObjectBuilder, ObjectModule};
use lau_runtime::native::HELPERS;

/// The symbol of the table: an address for each helper, in the order of [`HELPERS`].
pub const TABLE: &str = "lau_helpers";

/// Makes the object file.
///
/// # Errors
/// If the code generator fails.
pub fn thunks(target: &Target) -> Result<Vec<u8>, Refusal> {
    make(target).map_err(|error| Refusal(error.to_string()))
}

fn make(target: &Target) -> Result<Vec<u8>, Error> {
    let isa = target.isa(Options::default())?;
    let mut module = ObjectModule::new(ObjectBuilder::new(isa, TABLE, default_libcall_names())?);
    let table = module.declare_data(TABLE, Linkage::Export, true, false)?;
    let mut description = DataDescription::new();
    description.define_zeroinit(8 * HELPERS.len());
    description.set_align(8);
    module.define_data(table, &description)?;
    for (at, helper) in HELPERS.iter().enumerate() {
        let signature = helper_signature(&module, helper.id, false);
        let thunk = module.declare_function(helper.name, Linkage::Export, &signature)?;
        define_plain(&mut module, thunk, signature.clone(), |module, b, arguments| {
            let table = module.declare_data_in_func(table, b.func);
            let table = b.ins().symbol_value(types::I64, table);
            let flags = MemFlagsData::trusted();
            let address = b.ins().load(types::I64, flags, table, (8 * at) as i32);
            let signature = b.import_signature(signature);
            let call = b.ins().call_indirect(signature, address, arguments);
            b.inst_results(call).to_vec()
        })?;
    }
    Ok(module.finish().emit()?)
}
