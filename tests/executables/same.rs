//! The same program gives the same bytes, in any folder and process.

use crate::support::{Place, repository, run};
use std::fs;

#[test]
fn the_same_program_gives_the_same_bytes() {
    let kinds = [
        "-o out",
        "--emit obj -o out",
        "--emit header -o out",
        "--emit obj --target aarch64-unknown-linux-gnu --features lse -o out",
        "--emit obj --cpu x86-64-v3 -o out",
    ];
    for program in ["weather", "queens", "word_frequencies"] {
        let file = format!("{program}.lau");
        let text = fs::read(repository(&format!("examples/{file}"))).expect("an example");
        for kind in kinds {
            let build = |nth: usize| {
                let place = Place::new();
                // From another folder, under another path, with other places for temporary files.
                let below = place.path().join("a/b/c");
                fs::create_dir_all(&below).expect("made");
                let (folder, path) = match nth {
                    0 => (place.path().to_owned(), file.clone()),
                    _ => (below.clone(), format!("../{file}")),
                };
                fs::write(folder.join(&path), &text).expect("written");
                let mut command = place.command(env!("CARGO_BIN_EXE_lau"));
                command.current_dir(&folder).args(["build", &path]).args(kind.split_whitespace());
                if nth > 0 {
                    command.env("TMPDIR", &below).env("HOME", &below).env("LC_ALL", "C.UTF-8");
                    command.env("LD_RUN_PATH", &below);
                }
                run(&mut command).well();
                let bytes = fs::read(folder.join("out")).expect("it was built");
                // No path of the machine that the command was built on is in it, nor one of here.
                for path in
                    [env!("CARGO_MANIFEST_DIR"), "registry/src", &*place.path().to_string_lossy()]
                {
                    let found = bytes.windows(path.len()).any(|part| part == path.as_bytes());
                    assert!(!found, "{path} is in {program}, {kind}");
                }
                bytes
            };
            let (first, second) = (build(0), build(1));
            assert!(first == second, "{program}, {kind}: {} bytes differ", first.len());
        }
    }
}
