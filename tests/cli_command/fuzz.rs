//! `lau fuzz`: cases, rates, what it leaves behind, and how it ends.

use crate::support::{interruptible, keys, run};
use serde_json::json;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn fuzz(args: &str, save: &str) -> crate::support::Ran {
    run(&format!("fuzz {args} --save"), Some(&folder(save)))
}

#[test]
fn a_session_tells_its_rates() {
    let ran = fuzz("--seed 3 --cases 40", "fuzz_rates");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, "lau: seed 3\n"));
    let words: Vec<_> =
        ran.stdout.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let wanted = ["cases", "programs", "runs", "ends", "instructions", "library", "besides"];
    assert_eq!(words, wanted, "{ran:?}");
    assert!(ran.stdout.contains("40 in ") && ran.stdout.contains("finished "), "{ran:?}");
    let left = std::fs::read_dir(folder("fuzz_rates")).expect("it is made").count();
    assert_eq!(left, 0, "nothing was found");
}

#[test]
fn a_session_in_json_is_the_same_for_its_seed() {
    let session = |args: &str| {
        let ran = fuzz(&format!("--json {args}"), "fuzz_json");
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
        let mut json = ran.json();
        assert!(json["seconds"].as_f64().is_some_and(|seconds| seconds > 0.0));
        json.as_object_mut().expect("an object").remove("seconds");
        json
    };
    let once = session("--seed 3 --cases 40");
    assert_eq!(
        keys(&once),
        [
            "cases",
            "command",
            "endings",
            "error",
            "exit_code",
            "features",
            "finding",
            "from",
            "functions_missed",
            "instructions_missed",
            "interrupted",
            "programs",
            "runs",
            "seed",
        ]
    );
    assert_eq!((&once["cases"], &once["command"]), (&json!(40), &json!("fuzz")));
    assert_eq!((&once["finding"], &once["interrupted"]), (&json!(null), &json!(false)));
    assert!(once["runs"].as_u64() > once["programs"].as_u64(), "{once}");
    assert_eq!(session("--seed 3 --cases 40"), once);
    assert_ne!(session("--seed 4 --cases 40")["endings"], once["endings"]);
    let rest = session("--seed 3 --from 39 --cases 1");
    assert_eq!((&rest["cases"], &rest["from"]), (&json!(1), &json!(39)));
}

#[test]
fn time_ends_it_and_so_does_an_interrupt() {
    let ran = fuzz("--seconds 200ms", "fuzz_time");
    assert!(ran.code == 0 && ran.stdout.contains("cases"), "{ran:?}");
    assert!(!ran.stdout.contains("interrupted"), "{ran:?}");
    if !cfg!(unix) {
        return;
    }
    let mut command = interruptible();
    command.args(["fuzz", "--seconds", "60", "--save"]).arg(folder("fuzz_interrupt"));
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    std::thread::sleep(Duration::from_millis(700));
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.is_ok_and(|status| status.success()));
    let output = child.wait_with_output().expect("it ends");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.code() == Some(0) && told.contains("interrupted"), "{output:?}");
}

#[test]
fn bad_arguments_are_told() {
    fuzz("--seconds soon", "fuzz_bad").fails(2, &["`soon` is no time"]);
    run("fuzz --cases -1", None).fails(2, &["-1"]);
    let file = crate::support::file("fuzz_no_folder", "");
    run("fuzz --cases 1 --save", Some(&file)).fails(2, &["cannot write findings there"]);
    let json = run("fuzz --json --cases 1 --save", Some(&file)).json();
    assert_eq!(json["exit_code"], 2);
}
