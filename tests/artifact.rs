//! The encoded form of compiled programs: it reads back as what it was, and whatever else it is does no harm.

use lau_agent_runtime::lower::compile;
use lau_agent_runtime::{Builtin, Energy, Host, Linked};
use lau_runtime::artifact::{Artifact, Fault, SourceText};
use std::path::PathBuf;
use std::sync::Arc;

fn host() -> Host {
    let mut host = Host::default();
    host.register("log", Builtin::new(|_| 1.0.into()));
    host.register("scale", Builtin::typed(|x: f64, up: bool| if up { x * 2.0 } else { x }));
    host.register("dear", Builtin::charging(Energy::from_units(7.5), |_| unreachable!()));
    host
}

/// Programs of the language's tests and the examples.
fn programs() -> Vec<(PathBuf, Linked)> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("examples"), root.join("tests/lang")];
    let mut programs = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "lau") {
                let text = std::fs::read_to_string(&path).expect("readable");
                if let Some(program) = compile(&text, &host().interface()).program {
                    programs.push((path, Linked::new(Arc::new(program), host().interface())));
                }
            }
        }
    }
    assert!(programs.len() > 100, "{}", programs.len());
    programs
}

#[test]
fn every_program_reads_back_as_it_was() {
    for (path, linked) in programs() {
        let text = SourceText { name: "p".into(), text: "é".into(), spans: vec![(0, 2)] };
        let bytes = Artifact::new(&linked, Some(text.clone())).to_bytes();
        let mut artifact = Artifact::from_bytes(&bytes).expect("it was just written");
        assert_eq!(artifact.source, Some(text), "{path:?}");
        assert_eq!(artifact.to_bytes(), bytes, "{path:?}");
        let again = artifact.take_linked().expect("it was verified");
        assert_eq!(again.program().hash(), linked.program().hash(), "{path:?}");
        assert_eq!(again.interface(), linked.interface(), "{path:?}");
        // NaN is not equal to itself, so what is compared is how it is shown.
        let shown = |linked: &Linked| format!("{:?}", linked.program().parts());
        assert_eq!(shown(&again), shown(&linked), "{path:?}");
    }
}

#[test]
fn whatever_bytes_are_they_do_no_harm() {
    let mut outcomes = [0_u32; 4];
    let mut read = |bytes: &[u8]| {
        let outcome = match Artifact::from_bytes(bytes) {
            Err(Fault::Version(_)) => 0,
            Err(_) => 1,
            Ok(mut artifact) => match artifact.take_linked() {
                Err(_) => 2,
                Ok(_) => 3,
            },
        };
        outcomes[outcome] += 1;
    };
    let mut state = 0x9e37_79b9_u64;
    for (at, (_, linked)) in programs().into_iter().enumerate() {
        let bytes = Artifact::new(&linked, None).to_bytes();
        (0..bytes.len().min(40)).for_each(|end| read(&bytes[..end]));
        read(&[&bytes[..], b"\0"].concat());
        for _ in 0..if at % 4 == 0 { 400 } else { 40 } {
            let mut bytes = bytes.clone();
            for _ in 0..1 + state % 3 {
                // xorshift64
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                let place = (state >> 8) as usize % bytes.len();
                bytes[place] = if state & 1 == 0 { state as u8 >> 1 } else { 0xff };
            }
            read(&bytes);
        }
    }
    assert!(outcomes.iter().all(|n| *n > 50), "each happens: {outcomes:?}");
}

#[test]
fn another_version_is_told_from_damage() {
    let (_, linked) = programs().swap_remove(0);
    let mut bytes = Artifact::new(&linked, None).to_bytes();
    bytes[0] ^= 1;
    let fault = Artifact::from_bytes(&bytes).unwrap_err();
    assert!(matches!(fault, Fault::Version(_)) && fault.to_string().contains("another version"));
    assert!(matches!(Artifact::from_bytes(b""), Err(Fault::Malformed(_))));
}
