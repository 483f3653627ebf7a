use super::*;
use crate::energy::Energy;
use crate::host::{Pricing, ScalarType};
use crate::library;
use crate::native::Source;
use crate::native::{HELPERS, layout};
use crate::program::opcode::TABLE;
use crate::program::{
    Action, CallId, ConstantId, Function, FunctionId, Op, Parts, Slot, SourcePlace, price,
};
use crate::value::Value;
use sha2::{Digest, Sha256};
use std::sync::atomic::AtomicU32;

/// An artifact that has something of everything.
fn sample() -> Artifact {
    let op = |(action, at): (Action, u32)| {
        let energy = price(&Op { action, energy: 0, at }) as u32;
        Op { action, energy, at }
    };
    let ops = [
        (Action::Push(ConstantId::new(0)), 0),
        (Action::CallOut(CallId::new(0), 1), 1),
        (Action::End, 2),
    ];
    let list = Value::from(vec![Value::from(1.5), "a".into(), Value::Bool(true), Value::Null]);
    let parts = Parts {
        functions: vec![Function { name: None, parameters: 0, variables: vec![], code: 0..3 }],
        ops: ops.map(op).into(),
        memory: vec!["m".into()],
        constants: vec![[("k", list)].into_iter().collect()],
        calls: vec!["f".into()],
        instructions: 2,
        places: vec![SourcePlace { line: 1, column: 2 }; 2],
        ..Parts::default()
    };
    let program = Program::new(parts).expect("it keeps the rules");
    let signature = |pricing, types: Option<Vec<ScalarType>>| Signature {
        arity: Some(1),
        result: types.as_ref().map(|types| types[0]),
        types,
        pricing,
    };
    let interface = [
        ("f".to_owned(), signature(Pricing::AtMost(Energy::from_units(2.0)), None)),
        ("g".to_owned(), signature(Pricing::ByArguments, Some(vec![ScalarType::Number]))),
        ("h".to_owned(), signature(Pricing::Fixed(Energy::ZERO), Some(vec![ScalarType::Bool]))),
    ];
    let linked = Linked::new(Arc::new(program), interface.into_iter().collect());
    let text = SourceText { name: "p".into(), text: "push".into(), spans: vec![(0, 4)] };
    let mut artifact = Artifact::new(&linked, Some(text));
    let slot = Slot::new(0);
    artifact.codes.push(Tables {
        entries: vec![Entry { pc: Pc::new(0), height: 1, function: 0 }],
        exits: vec![Exit {
            function: FunctionId::MAIN,
            pc: Pc::new(1),
            values: 2,
            unspent: (300, 2),
            counted: Pc::new(0)..Pc::new(0),
            beyond: Arc::default(),
            stack: vec![Source::Word(1), Source::Constant(ConstantId::new(0))],
            variables: vec![(slot, Source::Variable(slot))],
            assumed: vec![Pc::new(1)],
            taken: AtomicU32::new(0),
        }],
        sizes: Sizes { height_max: 1, depth_max: 3, ..Sizes::default() },
        guards: 4,
        coverage: (2, 2),
    });
    artifact
}

/// What a processor lacks, an image that is none, and one that is malformed are told before anything runs.
#[test]
fn what_cannot_run_here_is_said() {
    let taken = |artifact: &Artifact, functions: &[crate::native::EntryFn]| {
        let bytes = artifact.to_bytes();
        let image = Image {
            magic: MAGIC,
            artifact: bytes.as_ptr(),
            artifact_bytes: bytes.len(),
            functions: functions.as_ptr(),
            functions_count: functions.len(),
        };
        // SAFETY: the image says what there is, and none of the code is called.
        unsafe { load(&raw const image, None) }.map(|loaded| loaded.into_parts().1.is_some())
    };
    unsafe extern "C" fn nothing(_: *mut crate::native::Context) {}
    let mut artifact = sample();
    assert_eq!(taken(&artifact, &[nothing]), Ok(true));
    let fault = taken(&artifact, &[]).unwrap_err();
    assert!(matches!(fault, Fault::Malformed(_)), "{fault}");
    artifact.features = vec!["has_wings".to_owned()];
    let fault = taken(&artifact, &[nothing]).unwrap_err();
    assert_eq!(fault, Fault::Processor(vec!["has_wings".to_owned()]));
    assert!(fault.to_string().contains("a processor with wings"), "{fault}");
    let no_image = [0_u64; 8];
    // SAFETY: there is as much as an image has.
    let fault = unsafe { load(no_image.as_ptr().cast(), None) }.unwrap_err();
    assert_eq!(fault, Fault::NotAnImage);
}

/// Whoever changes what native code relies on raises [`ABI_VERSION`], and writes the new sum here.
#[test]
fn the_version_of_the_abi_is_held_to_what_code_relies_on() {
    let mut sum = Sha256::new();
    HELPERS.iter().for_each(|helper| sum.update(format!("{}\n", helper.name)));
    TABLE.iter().for_each(|row| sum.update(format!("{} {:?}\n", row.name, row.opcode)));
    library::TABLE.iter().for_each(|function| sum.update(format!("{}\n", function.name)));
    let context = [
        layout::ENERGY,
        layout::COUNT,
        layout::DEPTH,
        layout::ENTRY,
        layout::RECORDS,
        layout::VARIABLES,
        layout::STACK,
        layout::MEMORY,
        layout::CONSTANTS,
        layout::OPERANDS,
        layout::ARGUMENTS,
        layout::STATUS,
        layout::WORD,
        layout::RESERVE,
        layout::FORCED,
    ];
    let lists = [layout::ALL_NUMBERS, layout::DATA, layout::HOLDERS, layout::LEN];
    let words = [
        layout::FIRST_TAGGED,
        layout::FIRST_STORED,
        layout::NULL,
        layout::ABSENT,
        layout::FALSE,
        layout::LIST,
        layout::POINTER,
    ];
    sum.update(format!("{context:?} {lists:?} {words:?} {}", layout::IMMORTAL));
    sum.update(sample().to_bytes());
    let sum: [u8; 32] = sum.finalize().into();
    assert_eq!((ABI_VERSION, sum[..4].to_vec()), (1, vec![5, 158, 107, 20]));
}
