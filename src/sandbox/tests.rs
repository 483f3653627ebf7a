//! Jails with small programs in them, compiled here.

use super::*;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

/// A static program of C.
fn program(source: &str) -> Arc<[u8]> {
    let folder = tempfile::tempdir().expect("a folder");
    let (from, to) = (folder.path().join("program.c"), folder.path().join("program"));
    std::fs::write(&from, source).expect("written");
    let gcc = Command::new("gcc").args(["-static", "-O1", "-w", "-o"]).args([&to, &from]).output();
    let gcc = gcc.expect("gcc");
    assert!(gcc.status.success(), "{}", String::from_utf8_lossy(&gcc.stderr));
    std::fs::read(to).expect("a program").into()
}

/// Whether the sandbox is left out on purpose.
fn left_out() -> bool {
    std::env::var_os("LAU_WITHOUT_SANDBOX").is_some_and(|value| value == "1")
}

fn run(profile: Profile, source: &str) -> Ended {
    let jail = Jail::new(profile, Program::Bytes(program(source)));
    let jail = jail.limits(Limits { wall: Duration::from_secs(10), ..Limits::default() });
    jail.start().and_then(|running| running.wait(None)).expect("a jail")
}

fn text(ended: &Ended) -> String {
    String::from_utf8_lossy(&ended.output).into_owned()
}

const HELLO: &str = r#"
#include <stdio.h>
#include <unistd.h>
int main(void) { printf("%d %d %d\n", (int)getpid(), (int)getuid(), 6 * 7); return 3; }"#;

#[test]
fn a_program_runs_as_the_second_process_of_its_jail() {
    if left_out() {
        return;
    }
    let ended = run(Profile::Build, HELLO);
    assert_eq!((ended.status, text(&ended)), (Status::Exited(3), "2 1000 42\n".to_owned()));
}

#[test]
fn a_skill_is_stopped_at_what_no_row_names() {
    if left_out() {
        return;
    }
    let ended = run(Profile::Skill, HELLO);
    // `getuid` is on no list of skills.
    assert_eq!(ended.status, Status::Signalled(31), "{}", text(&ended));
}

#[test]
fn every_layer_stops_its_canary_and_lets_it_through_when_lifted() {
    if left_out() {
        return;
    }
    let tried = selftest().expect("things to reach for");
    let bad = |tried: &&Tried| match tried.verdict {
        Verdict::Works | Verdict::Other => false,
        Verdict::Missing => tried.layer.need() == Need::Required,
        Verdict::Fails | Verdict::Untried => true,
    };
    let bad: Vec<&Tried> = tried.iter().filter(bad).collect();
    assert!(bad.is_empty(), "{bad:#?}");
    for layer in Layer::ALL {
        assert!(
            *layer == Layer::Launcher || tried.iter().any(|one| one.layer == *layer),
            "{layer}"
        );
    }
}
