//! A program compiled into an object file, for the system's linker.
//!
//! The file has all versions of all functions, and under one symbol the image that
//! `lau_runtime::artifact::load` takes up. It asks for the helpers by name, and for nothing else unless builtins are
//! to be linked to it. The same program gives the same bytes, wherever and whenever.

use super::function::Version;
use super::module::{Declared, Defined, Error, Maker, Name, all, define_plain, entries, sizes};
use super::{Options, Refusal, Target, shims};
use crate::analysis::Facts;
use cranelift_codegen::ir::{AbiParam, InstBuilder, Signature, types};
use cranelift_codegen::isa::CallConv;
use cranelift_module::{DataDescription, DataId, FuncId, Linkage, Module, default_libcall_names};
use cranelift_object::{ObjectBuilder, ObjectModule};
use lau_runtime::artifact::{Artifact, Entry, Image, MAGIC, SourceText, Tables};
use lau_runtime::instance::Linked;
use lau_runtime::native::{Exit, HELPERS, HelperId};
use lau_runtime::program::Pc;
use std::collections::{BTreeMap, BTreeSet};
use std::mem::offset_of;

/// What an object file is to be like.
#[derive(Clone, Debug)]
pub struct Plan<'a> {
    /// The machine it is for.
    pub target: &'a Target,
    /// How code is made. It never keeps a profile: nothing that takes it up could give it one.
    pub options: Options,
    /// The symbol of the image. It is a name in C.
    pub symbol: &'a str,
    /// The text of the program, to go with it.
    pub source: Option<SourceText>,
    /// Whether it has a `main`, and for that builtins, each with the symbol of its implementation.
    pub main: Option<&'a [(String, String)]>,
}

/// An object file, and what else there is to say of it.
#[derive(Debug)]
pub struct Object {
    /// The file.
    pub bytes: Vec<u8>,
    /// How many of the program's instructions native code covers, and how many there are that can be come to; or
    /// why there is no native code, and the interpreter does everything.
    pub coverage: Result<(usize, usize), Refusal>,
    /// What goes with the code in the file.
    pub artifact: Artifact,
}

/// Compiles a program into an object file.
///
/// ```
/// use lau_agent_runtime::codegen::{Options, Target, object::{Plan, object}};
/// use lau_agent_runtime::{Host, Linked, lower::compile};
/// use std::sync::Arc;
/// let host = Host::default();
/// let program = compile("push 2\nload x\nmul", &host.interface()).program.unwrap();
/// let linked = Linked::new(Arc::new(program), host.interface());
/// let target = Target::new("aarch64-unknown-linux-gnu", None, &[]).unwrap();
/// let plan = Plan {
///     target: &target,
///     options: Options::default(),
///     symbol: "lau_double",
///     source: None,
///     main: None,
/// };
/// let object = object(&linked, &plan).unwrap();
/// assert!(object.bytes.starts_with(b"\x7fELF"));
/// ```
///
/// # Errors
/// If the code generator fails. A program that is too large for native code has none in the file, and is
/// interpreted.
pub fn object(linked: &Linked, plan: &Plan<'_>) -> Result<Object, Refusal> {
    make(linked, plan).map_err(|error| Refusal(error.to_string()))
}

fn make(linked: &Linked, plan: &Plan<'_>) -> Result<Object, Error> {
    let options = Options { profile: false, ..plan.options };
    let mut builder =
        ObjectBuilder::new(plan.target.isa(options)?, plan.symbol, default_libcall_names())?;
    builder.per_function_section(true);
    let mut module = ObjectModule::new(builder);
    let mut artifact = Artifact::new(linked, plan.source.clone());
    let used = |flag: &cranelift_codegen::settings::Value| {
        (flag.name.starts_with("has_") && flag.as_bool() == Some(true))
            .then(|| flag.name.to_owned())
    };
    artifact.features = module.isa().isa_flags().iter().filter_map(used).collect();

    let mut functions = Functions::default();
    let coverage = match codes(linked, options, &mut module, &mut functions) {
        Ok(codes) => {
            artifact.codes = codes;
            Ok(artifact.codes[0].coverage)
        }
        Err(Failure::TooLarge(refusal)) => Err(refusal),
        Err(Failure::Error(error)) => return Err(error),
    };

    let bytes = artifact.to_bytes();
    let image = image(&mut module, plan.symbol, &bytes, &functions.list)?;
    if let Some(builtins) = plan.main {
        start(&mut module, image, builtins)?;
    }
    let bytes = module.finish().emit()?;
    Ok(Object { bytes, coverage, artifact })
}

/// Why there is no code: the program is not for native code, or something went wrong.
enum Failure {
    TooLarge(Refusal),
    Error(Error),
}

impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Failure::Error(error.into())
    }
}

/// What is entered, each once.
#[derive(Default)]
struct Functions {
    list: Vec<FuncId>,
    numbers: BTreeMap<FuncId, u32>,
}

impl Functions {
    fn number(&mut self, function: FuncId) -> u32 {
        let list = &mut self.list;
        *self.numbers.entry(function).or_insert_with(|| {
            list.push(function);
            list.len() as u32 - 1
        })
    }
}

/// Compiles the program, once at least; where code assumes something, once more without.
fn codes(
    linked: &Linked,
    options: Options,
    module: &mut ObjectModule,
    functions: &mut Functions,
) -> Result<Vec<Tables>, Failure> {
    let too_large =
        |error: crate::analysis::TooLarge| Failure::TooLarge(Refusal(error.to_string()));
    let facts = Facts::of(linked, BTreeSet::new()).map_err(too_large)?;
    let mut used = BTreeSet::new();
    let mut codes = vec![code(linked, &facts, options, module, functions, 0, &mut used)?];
    if codes[0].exits.iter().any(|exit| !exit.assumed.is_empty()) {
        let every = (0..linked.program().parts().ops.len()).map(Pc::new).collect();
        // Without it the first goes on leaving where it is wrong, which is slow and no worse.
        if let Ok(facts) = Facts::of(linked, every) {
            codes.push(code(linked, &facts, options, module, functions, 1, &mut used)?);
        }
    }
    for helper in HELPERS.iter().filter(|helper| used.contains(&helper.id)) {
        shims::define(module, helper)?;
    }
    Ok(codes)
}

/// Makes everything that can be made of a program.
fn code(
    linked: &Linked,
    facts: &Facts,
    options: Options,
    module: &mut ObjectModule,
    functions: &mut Functions,
    generation: u32,
    shims: &mut BTreeSet<HelperId>,
) -> Result<Tables, Error> {
    let mut maker = Maker::new(module, Declared::with_shims(generation));
    let mut exits: Vec<Exit> = Vec::new();
    let mut made: Vec<Defined> = Vec::new();
    for name in all(facts) {
        let mut one = maker.define(module, (linked, facts), options, name, exits.len() as u64)?;
        exits.append(&mut one.exits);
        made.push(one);
    }
    let entered: BTreeMap<Name, FuncId> = made
        .iter()
        .filter(|made| made.name.version != Version::Direct)
        .map(|made| (made.name, made.function))
        .collect();
    let entry = |(pc, (height, name)): (Pc, (usize, Name))| Entry {
        pc,
        height: height as u32,
        function: functions.number(entered[&name]),
    };
    shims.extend(maker.declared.shims());
    Ok(Tables {
        entries: entries(facts).into_iter().map(entry).collect(),
        exits,
        sizes: sizes(linked, facts, &made),
        guards: if options.exits { maker.guards } else { 0 },
        coverage: facts.coverage(linked),
    })
}

/// Bytes of an address.
const ADDRESS: usize = 8;
const _: () = assert!(size_of::<Image>() == 5 * ADDRESS);

/// Defines the image, with what it refers to.
fn image(
    module: &mut ObjectModule,
    symbol: &str,
    artifact: &[u8],
    functions: &[FuncId],
) -> Result<DataId, Error> {
    let artifact_bytes = artifact.len() as u64;
    let artifact = data(module, "lau_artifact", artifact.to_vec(), |_, _| ())?;
    let list =
        data(module, "lau_functions", vec![0; ADDRESS * functions.len()], |module, data| {
            for (at, function) in functions.iter().enumerate() {
                let function = module.declare_func_in_data(*function, data);
                data.write_function_addr((ADDRESS * at) as u32, function);
            }
        })?;
    let mut image = vec![0; size_of::<Image>()];
    let mut put = |at: usize, bytes: [u8; ADDRESS]| image[at..at + ADDRESS].copy_from_slice(&bytes);
    put(offset_of!(Image, magic), MAGIC);
    put(offset_of!(Image, artifact_bytes), artifact_bytes.to_le_bytes());
    put(offset_of!(Image, functions_count), (functions.len() as u64).to_le_bytes());
    let id = module.declare_data(symbol, Linkage::Export, false, false)?;
    let mut description = described(image);
    for (at, of) in [(offset_of!(Image, artifact), artifact), (offset_of!(Image, functions), list)]
    {
        let of = module.declare_data_in_data(of, &mut description);
        description.write_data_addr(at as u32, of, 0);
    }
    module.define_data(id, &description)?;
    Ok(id)
}

fn described(bytes: Vec<u8>) -> DataDescription {
    let mut description = DataDescription::new();
    // There is a byte of everything, so that it has an address of its own.
    description.define(if bytes.is_empty() { vec![0] } else { bytes }.into_boxed_slice());
    description.set_align(ADDRESS as u64);
    description
}

/// Defines data that only this file sees.
fn data(
    module: &mut ObjectModule,
    name: &str,
    bytes: Vec<u8>,
    fill: impl FnOnce(&mut ObjectModule, &mut DataDescription),
) -> Result<DataId, Error> {
    let id = module.declare_data(name, Linkage::Local, false, false)?;
    let mut description = described(bytes);
    fill(module, &mut description);
    module.define_data(id, &description)?;
    Ok(id)
}

/// Defines `main`, which hands the arguments of the process, the image and the builtins to the start routine of the
/// runtime. A builtin is its name, the bytes of that, and its implementation, each as wide as an address.
fn start(
    module: &mut ObjectModule,
    image: DataId,
    builtins: &[(String, String)],
) -> Result<(), Error> {
    let mut names = Vec::new();
    for (at, (name, _)) in builtins.iter().enumerate() {
        names.push(data(module, &format!("lau_name_{at}"), name.clone().into_bytes(), |_, _| ())?);
    }
    let mut functions = Vec::new();
    for (_, symbol) in builtins {
        let mut signature = module.make_signature();
        signature.params.push(AbiParam::new(types::I64));
        functions.push(module.declare_function(symbol, Linkage::Import, &signature)?);
    }
    let row = 3 * ADDRESS;
    let mut rows = vec![0; row * builtins.len()];
    for (row, (name, _)) in rows.chunks_exact_mut(row).zip(builtins) {
        row[ADDRESS..2 * ADDRESS].copy_from_slice(&(name.len() as u64).to_le_bytes());
    }
    let list = data(module, "lau_builtins", rows, |module, data| {
        for at in 0..builtins.len() {
            let name = module.declare_data_in_data(names[at], data);
            data.write_data_addr((row * at) as u32, name, 0);
            let function = module.declare_func_in_data(functions[at], data);
            data.write_function_addr((row * at + 2 * ADDRESS) as u32, function);
        }
    })?;
    let word = AbiParam::new(types::I64);
    let int = AbiParam::new(types::I32);
    let signature = Signature {
        params: vec![int, word, word, word, word],
        returns: vec![int],
        call_conv: CallConv::SystemV,
    };
    let callee = module.declare_function("lau_main", Linkage::Import, &signature)?;
    let own =
        Signature { params: vec![int, word], returns: vec![int], call_conv: CallConv::SystemV };
    let main = module.declare_function("main", Linkage::Export, &own)?;
    define_plain(module, main, own, |module, b, given| {
        let callee = module.declare_func_in_func(callee, b.func);
        let image = module.declare_data_in_func(image, b.func);
        let list = module.declare_data_in_func(list, b.func);
        let image = b.ins().symbol_value(types::I64, image);
        let list = b.ins().symbol_value(types::I64, list);
        let count = b.ins().iconst(types::I64, builtins.len() as i64);
        let call = b.ins().call(callee, &[given[0], given[1], image, list, count]);
        b.inst_results(call).to_vec()
    })
}
