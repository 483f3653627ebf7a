//! Runs that stop and go on: snapshots in files, time-outs, Ctrl-C, and being killed.

use crate::report::RUN_KEYS;
use crate::support::{Ran, file, interruptible, keys, program, run};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Sums in a list and says what it does.
const COUNTS: &str = "push []\nstore all\npush 0\nstore n\nagain:\nload n\nappend all\nload n\npush 1\n\
                      add\nstore n\nload n\ncall log 1\npop\nload n\npush 20\nlt\njump_true again\n\
                      load all\nreturn";
const ENDLESS: &str = "again:\njump again";

/// A place for a snapshot, with nothing there.
fn place(name: &str) -> PathBuf {
    let path = file(name, "");
    std::fs::remove_file(&path).expect("it was just written");
    path
}

/// Runs a program that stops, with its snapshot going to that file.
fn stopped(text: &str, args: &str, to: &Path) -> Ran {
    let ran = program(&format!("run - {args} --snapshot {}", to.display()), text);
    assert_eq!(ran.code, 4, "{ran:?}");
    ran
}

#[test]
fn a_run_goes_on_from_its_file_to_the_same_end() {
    let whole = program("run - --json --memory --budget 100", COUNTS);
    for budget in ["0", "0.3", "7.15", "20.001", "30"] {
        let to = place(&format!("goes-on-{budget}.snapshot"));
        let first = stopped(COUNTS, &format!("--budget {budget}"), &to);
        let says = format!("lau: to go on: lau resume {} --budget UNITS\n", to.display());
        assert!(first.stderr.ends_with(&says), "{first:?}");
        // It goes on with nothing, and stays where it is; then in two parts, and to the end.
        let again = run("resume", Some(&to));
        again.fails(4, &["Energy budget exhausted", "<stdin>:", "with --snapshot FILE"]);
        let more = run(&format!("resume --budget 10 --snapshot {}", to.display()), Some(&to));
        assert_eq!(more.code, 4, "{more:?}");
        let last = run("resume --json --memory --budget 100", Some(&to));
        let (got, want) = (last.json(), whole.json());
        assert_eq!(keys(&got), RUN_KEYS);
        assert_eq!(got["command"], "resume");
        for key in ["ending", "output", "memory", "instructions", "place", "exit_code", "engine"] {
            assert_eq!(got[key], want[key], "{key}");
        }
        assert_eq!(got["energy"]["used"], want["energy"]["used"]);
        let logs: String = [&first, &more, &last]
            .iter()
            .flat_map(|ran| ran.stderr.lines())
            .filter(|line| line.parse::<f64>().is_ok())
            .map(|line| format!("{line}\n"))
            .collect();
        assert_eq!(logs, whole.stderr, "each call was made once");
    }
}

#[test]
fn a_stopped_run_tells_of_its_snapshot_in_json() {
    let to = place("told.snapshot");
    let told = stopped(COUNTS, "--json --budget 1", &to).json();
    assert_eq!(keys(&told), RUN_KEYS);
    assert_eq!((&told["snapshot"], &told["suspended"]), (&json!(to), &json!(null)));
    let told = program("run - --json --timeout 1ms --budget inf", ENDLESS).json();
    assert_eq!((&told["ending"], &told["exit_code"]), (&json!("suspended"), &json!(4)));
    assert_eq!(told["suspended"], json!({"kind": "deadline"}));
    assert_eq!(told["snapshot"], json!(null));
    // Limits go with a run.
    let deep = "push 1\npush []\nagain:\nlist 1\njump again";
    stopped(deep, "--nesting-max 9 --budget 1", &to);
    run("resume --budget 100", Some(&to)).fails(5, &["Nesting limit", "9 are allowed"]);
    // A run that comes to an end writes nothing.
    let before = std::fs::read(&to).expect("it was written");
    let args = format!("run - --snapshot {}", to.display());
    assert_eq!(program(&args, "push 1").code, 0);
    assert_eq!(std::fs::read(&to).expect("still there"), before);
}

#[test]
fn files_that_are_no_snapshots_give_2_and_say_why() {
    let to = place("fine.snapshot");
    stopped(COUNTS, "--budget 5", &to);
    let bytes = std::fs::read(&to).expect("it was written");
    let wrong = |name: &str, bytes: &[u8], says: &str| {
        let path = file(name, bytes);
        run("resume --budget 100", Some(&path)).fails(2, &[name, says]);
        let told = run("resume --json --budget 100", Some(&path)).json();
        assert!(told["error"]["message"].as_str().expect("an error").contains(says), "{told}");
        assert_eq!((keys(&told), &told["ending"]), (RUN_KEYS.to_vec(), &json!(null)));
    };
    wrong("not-one.snapshot", b"push 1\n", "no snapshot");
    wrong("empty.snapshot", b"", "no snapshot");
    for part in [4, 10, 30, bytes.len() / 2, bytes.len() - 1] {
        wrong("part.snapshot", &bytes[..part], "truncated");
    }
    wrong("longer.snapshot", &[&bytes[..], b"\n"].concat(), "after its end");
    for at in (36..bytes.len()).step_by(29) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 4;
        wrong("flipped.snapshot", &flipped, "checksum");
    }
    let mut newer = bytes.clone();
    newer[8] = 2;
    wrong("newer.snapshot", &newer, "a newer version of the snapshot form (2; this is 1)");

    let mut foreign = lau_agent_runtime::Snapshot::from_bytes(&bytes).expect("it is one");
    foreign.notes.insert("source".into(), COUNTS.replace("push 20", "push 30"));
    wrong("foreign.snapshot", &foreign.to_bytes(), "of another program");
    foreign.notes.insert("source".into(), "psuh 1".into());
    wrong("broken.snapshot", &foreign.to_bytes(), "has errors");
    foreign.notes.remove("limits");
    wrong("bare.snapshot", &foreign.to_bytes(), "no limits with it");

    run("resume /nowhere.snapshot", None).fails(2, &["/nowhere.snapshot", "cannot read"]);
    program("run - --snapshot /no/such/place", COUNTS).fails(2, &["/no/such", "no such folder"]);
    program("run - --snapshot /", COUNTS).fails(2, &["no file to write"]);
    program("run - --timeout soon", COUNTS).fails(2, &["`soon` is no time"]);
}

#[test]
fn a_timeout_ends_a_run_in_time() {
    let idle = {
        let start = Instant::now();
        assert_eq!(program("run - --budget inf", "push 1").code, 0);
        start.elapsed()
    };
    let mut late = Duration::MAX;
    for _ in 0..5 {
        let start = Instant::now();
        let ran = program("run - --budget inf --timeout 0.2", ENDLESS);
        ran.fails(4, &["Suspended: the deadline has passed", "lau: suspended: "]);
        late = late.min(start.elapsed().saturating_sub(Duration::from_millis(200) + idle));
        if late < Duration::from_millis(50) {
            return;
        }
    }
    panic!("{late:?} late");
}

#[cfg(unix)]
mod signals {
    use super::*;
    use std::io::Read;
    use std::process::{Child, Command, Stdio};

    fn start(source: &Path, to: &Path) -> Child {
        let mut command = interruptible();
        command.args(["run", "--budget", "inf", "--snapshot"]).arg(to).arg(source);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        command.spawn().expect("the command starts")
    }

    /// The names of the temporary files of a snapshot, in order.
    fn temporaries(to: &Path) -> Vec<String> {
        let prefix = format!(".{}.", to.file_name().expect("it has a name").display());
        let names = std::fs::read_dir(to.parent().expect("a folder")).expect("readable");
        let names = names.map(|entry| entry.expect("readable").file_name().display().to_string());
        let mut names: Vec<String> = names.filter(|name| name.starts_with(&prefix)).collect();
        names.sort_unstable();
        names
    }

    fn interrupt(child: &Child) {
        let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        assert!(sent.expect("there is a `kill`").success());
    }

    /// Reads standard error until these words come: the run is in progress.
    fn wait_for(child: &mut Child, words: &str) {
        let stderr = child.stderr.as_mut().expect("standard error is piped");
        let mut read = Vec::new();
        while !String::from_utf8_lossy(&read).contains(words) {
            let mut byte = [0];
            assert_eq!(stderr.read(&mut byte).expect("readable"), 1, "it ended early");
            read.push(byte[0]);
        }
    }

    #[test]
    fn ctrl_c_suspends_a_run_that_then_goes_on() {
        let source = file("ctrl-c.lau", format!("push hello\ncall log 1\npop\n{ENDLESS}"));
        let to = place("ctrl-c.snapshot");
        let mut child = start(&source, &to);
        wait_for(&mut child, "hello\n");
        interrupt(&child);
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(4));
        let told = String::from_utf8_lossy(&output.stderr);
        for says in ["Suspended: it was cancelled", "ctrl-c.lau:", "to go on: lau resume "] {
            assert!(told.contains(says), "{told}");
        }
        let on = run("resume --timeout 10ms --json", Some(&to)).json();
        assert_eq!((&on["ending"], &on["place"]["line"]), (&json!("suspended"), &json!(5)));
        assert!(on["instructions"].as_u64().expect("a number") > 10, "{on}");
    }

    /// A kill at any moment leaves the earlier snapshot or the later one, whole.
    #[test]
    fn a_kill_while_writing_loses_no_earlier_snapshot() {
        // Some megabytes, so that writing takes its time.
        let text =
            format!("push {}\nstore x\npush ready\ncall log 1\n{ENDLESS}", "y".repeat(8 << 20));
        let source = file("killed.lau", text);
        let to = place("killed.snapshot");
        let args = format!("run --budget 5 --snapshot {}", to.display());
        assert_eq!(run(&args, Some(&source)).code, 4);
        let earlier = std::fs::read(&to).expect("it was written");
        // How long it takes to write one; kills are spread over that and a little more.
        let mut child = start(&source, &to);
        wait_for(&mut child, "ready\n");
        let begun = Instant::now();
        interrupt(&child);
        child.wait().expect("it ends");
        let whole = begun.elapsed();
        assert_ne!(std::fs::read(&to).expect("it was written"), earlier);
        std::fs::write(&to, &earlier).expect("put back");

        let (mut kept, mut written, mut left) = (0, 0, 0);
        for round in 0..20 {
            let mut child = start(&source, &to);
            wait_for(&mut child, "ready\n");
            interrupt(&child);
            std::thread::sleep(whole * round / 14);
            child.kill().expect("it is ours");
            child.wait().expect("it ends");
            left += usize::from(!temporaries(&to).is_empty());
            let now = std::fs::read(&to).expect("there is always one");
            if now == earlier {
                kept += 1;
            } else {
                written += 1;
                lau_agent_runtime::Snapshot::from_bytes(&now).expect("it is whole");
                std::fs::write(&to, &earlier).expect("put back");
            }
        }
        println!("{kept} kept, {written} written; {left} were killed while writing");
        assert!(kept > 0, "never killed in time");
        let ran = run("resume --timeout 1ms", Some(&to));
        assert_eq!(ran.code, 4);
        // What killed ones left behind goes when the next is written.
        stopped("push 1", "--budget 0", &to);
        assert_eq!(temporaries(&to), [""; 0]);
    }
    #[test]
    fn only_what_is_left_behind_is_removed() {
        let to = place("left.snapshot");
        let beside = |name: &str| to.with_file_name(name);
        for name in [".left.snapshot.1-0.tmp", ".left.snapshot.4194304-17.tmp"] {
            file(name, "half of a snap");
        }
        let kept = [
            file(".left.snapshot.1-1.tmp", "somebody writes this one"),
            file(".left.snapshot.notes.tmp", "no number"),
            file("left.snapshot.1-0.tmp", "another name"),
            beside(".left.snapshot.2-0.tmp"),
            beside(".left.snapshot.3-0.tmp"),
        ];
        let [written, _, _, folder, link] = &kept;
        let _ = std::fs::create_dir(folder);
        let _ = std::os::unix::fs::symlink(written, link);
        let writer = std::fs::File::open(written).expect("it is there");
        writer.lock().expect("it can be locked");

        stopped("push 1", "--budget 0", &to);
        for path in &kept {
            assert!(path.symlink_metadata().is_ok(), "{path:?} is gone");
        }
        assert_eq!(temporaries(&to).len(), kept.len() - 1);
        drop(writer);
        // A process that another test is just starting may have the lock too, until it has started.
        let removed = (0..100).any(|_| {
            stopped("push 1", "--budget 0", &to);
            !written.exists()
        });
        assert!(removed, "nobody writes it any more");
    }

    #[test]
    fn many_write_the_same_snapshot_and_none_fails() {
        let to = place("shared.snapshot");
        std::thread::scope(|scope| {
            for writer in 0..6 {
                let to = &to;
                scope.spawn(move || {
                    for round in 0..12 {
                        file(&format!(".shared.snapshot.{writer}-{round}.tmp"), "left behind");
                        stopped("push 1", "--budget 0", to);
                    }
                });
            }
        });
        stopped("push 1", "--budget 0", &to);
        assert_eq!(temporaries(&to), [""; 0]);
        assert_eq!(run("resume --budget 1", Some(&to)).code, 0);
    }
}
