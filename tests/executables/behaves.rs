//! An executable does what `lau run` does: output, energy, places, exit codes, snapshots.

use crate::support::{Place, Ran, repository, run};
use serde_json::Value as Json;
use std::fs;
use std::path::Path;

/// Prime numbers below a thousand by trial, with functions, lists and a log.
const PRIMES: &str = "\
push []
store primes
push 2
store n
again:
load n
call is_prime 1
jump_false next
load n
append primes
next:
load n
push 1
add
store n
load n
push 300
lt
jump_true again
push done
load primes
len
call log 2
load primes
return
func is_prime n
  push 2
  store d
  more:
  load d
  load d
  mul
  load n
  gt
  jump_true yes
  load n
  load d
  rem
  push 0
  eq
  jump_true no
  load d
  push 1
  add
  store d
  jump more
  yes:
  push true
  return
  no:
  push false
end
";

/// A report without what says who made it.
fn report(ran: &Ran) -> Json {
    let mut object = ran.json();
    let fields = object.as_object_mut().expect("an object");
    let engine = fields.remove("engine").expect("every report names it");
    assert!(engine == "aot" || engine == "interp" || engine == "jit", "{engine}");
    object
}

fn build(place: &Place, name: &str, text: &str) {
    place.file(&format!("{name}.lau"), text);
    place.lau(&format!("build {name}.lau")).well();
}

#[test]
fn it_ends_as_a_run_does_under_any_budget() {
    let place = Place::new();
    let programs = [
        ("primes", PRIMES),
        ("trap", "push 1\npush x\ncall f 2\nfunc f a b\n  load a\n  load b\n  add\nend"),
        ("fails", "push 3\nfail no more of this"),
        ("deep", "call f 0\nfunc f\n  call f 0\nend"),
        ("text", "push \"a\\u{1b}[31mb\\n\""),
        ("nothing", ""),
    ];
    for (name, text) in programs {
        build(&place, name, text);
        for budget in ["0", "0.3", "7.77", "123.456", "1500", "inf"] {
            for how in ["--json --memory", ""] {
                let args = format!("{how} --budget {budget}");
                let wanted = place.lau(&format!("run {name}.lau {args}"));
                let got = place.built(name, &args);
                let context = format!("{name} {args}:\n{wanted:?}\n{got:?}");
                assert_eq!(got.code, wanted.code, "{context}");
                if how.is_empty() {
                    assert_eq!(got.stdout, wanted.stdout, "{context}");
                    let wanted = wanted.stderr.replace("lau: ", &format!("{name}: "));
                    assert_eq!(got.stderr, wanted, "{context}");
                } else {
                    assert_eq!(got.json()["engine"], "aot", "{context}");
                    assert_eq!(report(&got), report(&wanted), "{context}");
                }
            }
        }
    }
}

#[test]
fn its_snapshots_are_those_of_the_command() {
    let place = Place::new();
    build(&place, "primes", PRIMES);
    let whole = report(&place.lau("run primes.lau --json --memory"));
    let go_on = |by: &str, from: &str, args: &str| match by {
        "executable" => place.built("primes", &format!("--resume {from} {args}")),
        engine => place.lau(&format!("resume {from} {args} --engine {engine}")),
    };
    for cut in ["0", "10.123", "500.05", "1000"] {
        for (first, second) in [
            ("executable", "jit"),
            ("executable", "interp"),
            ("interp", "executable"),
            ("jit", "executable"),
            ("executable", "executable"),
        ] {
            let args = format!("--budget {cut} --snapshot a.snapshot");
            let ran = match first {
                "executable" => place.built("primes", &args),
                engine => place.lau(&format!("run primes.lau --engine {engine} {args}")),
            };
            assert_eq!(ran.code, 4, "{ran:?}");
            // It goes on with nothing, and stays where it is; into the same file, which is replaced.
            let again = go_on(second, "a.snapshot", "--snapshot a.snapshot");
            again.fails(4, &["Energy budget exhausted"]);
            let last = report(&go_on(second, "a.snapshot", "--json --memory --budget 1000000"));
            for key in ["ending", "output", "memory", "instructions", "place", "trap"] {
                assert_eq!(last[key], whole[key], "{key} by {first} and {second} at {cut}");
            }
            assert_eq!(last["energy"]["used"], whole["energy"]["used"]);
            assert_eq!(last["command"], "resume");
        }
    }
    // How to go on is said in a way that does.
    let stopped = place.built("primes", "--budget 5 --snapshot b.snapshot");
    let said = stopped.stderr.lines().last().expect("it says so").to_owned();
    let how = said.strip_prefix("primes: to go on: ").expect("so it begins");
    let words = how.strip_suffix(" --budget UNITS").expect("so it ends");
    let mut words = words.split(' ');
    let program = words.next().expect("the program");
    let ran = run(place.command(Path::new(program)).args(words).args(["--budget", "100000"]));
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn it_goes_on_after_a_deadline() {
    let place = Place::new();
    build(&place, "endless", "again:\njump again");
    let ran = place.built("endless", "--budget inf --timeout 50ms --json --snapshot e.snapshot");
    let object = ran.json();
    assert_eq!((ran.code, &object["ending"]), (4, &Json::from("suspended")), "{ran:?}");
    let next = place.built("endless", "--resume e.snapshot --timeout 50ms --json").json();
    let instructions = |object: &Json| object["instructions"].as_u64().expect("a count");
    assert!(instructions(&next) > instructions(&object) && instructions(&object) > 1_000);
}

#[test]
fn what_it_is_asked_wrongly_it_says() {
    let place = Place::new();
    build(&place, "primes", PRIMES);
    build(&place, "other", "again:\njump again");
    place.built("other", "--budget 1 --snapshot other.snapshot").fails(4, &[]);
    for (args, code, says) in [
        ("--budget much", 2, "`much` is not a number"),
        ("--input x", 2, "NAME=FILE"),
        ("--input x=none.json", 2, "none.json"),
        ("--input x=a.csv --resume a.snapshot", 2, "cannot be used with"),
        ("--resume a.snapshot --depth-max 3", 2, "cannot be used with"),
        ("--resume none.snapshot", 2, "none.snapshot"),
        ("--resume primes.lau", 2, "primes.lau: this is no snapshot"),
        ("--resume other.snapshot", 2, "another program"),
        ("--snapshot nowhere/a.snapshot", 2, "no such folder"),
        ("--engine interp", 2, "--engine"),
        ("more", 2, "unexpected argument"),
        ("--depth-max 0", 5, "Call depth"),
    ] {
        place.built("primes", args).fails(code, &[says]);
        let object = place.built("primes", &format!("{args} --json")).json();
        let told = format!("{}{}", object["error"]["message"], object["trap"]["message"]);
        assert!(told != "nullnull", "{object}");
    }
    let help = place.built("primes", "--help").well();
    assert!(help.stdout.contains("--resume") && help.stdout.contains("Usage: primes"), "{help:?}");
}

#[test]
fn a_reader_who_has_gone_is_no_failure() {
    let place = Place::new();
    build(&place, "primes", PRIMES);
    let mut command = place.command(place.path().join("primes"));
    let pipe = std::process::Stdio::piped;
    let mut child = command.stdout(pipe()).stderr(pipe()).spawn().expect("it starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(0) && said.contains("finished"), "{output:?}");
}

#[test]
fn a_program_that_is_too_large_for_native_code_is_interpreted() {
    let place = Place::new();
    let text = "push 1\npop\n".repeat(101_000) + "push 7";
    place.file("large.lau", text);
    let told = place.lau("build large.lau --json").well().json();
    assert!(
        told["native"].is_null()
            && told["notes"].to_string().contains("native code is made of 200000"),
        "{told}"
    );
    let built = place.lau("build large.lau").well();
    assert!(built.stderr.contains("will be interpreted"), "{built:?}");
    let object = place.built("large", "--json").json();
    assert_eq!((&object["output"], &object["engine"]), (&7.into(), &"interp".into()));
}

/// It needs nothing but what `ldd` names.
#[test]
fn the_weather_runs_where_there_is_nothing_else() {
    let place = Place::new();
    let program = repository("examples/weather.lau").display().to_string();
    let table = repository("examples/data/seattle-weather.csv");
    let input = format!("--input weather={}", table.display());
    place.lau(&format!("build {program}")).well();
    let wanted = place.lau(&format!("run {program} {input}")).well();

    let root = place.path().join("root");
    fs::create_dir(&root).expect("made");
    let needed = run(place.command("ldd").arg("weather")).well().stdout;
    let files = needed.split_whitespace().filter(|word| word.starts_with('/'));
    for file in files {
        let to = root.join(file.trim_start_matches('/'));
        fs::create_dir_all(to.parent().expect("a folder")).expect("made");
        fs::copy(file, to).expect("copied");
    }
    fs::copy(place.path().join("weather"), root.join("weather")).expect("copied");
    fs::copy(&table, root.join("weather.csv")).expect("copied");
    // Whoever may not change the root of the file system does it in a namespace; where that is not allowed either, it
    // is seen at least that no other library is needed.
    let user = run(place.command("id").arg("-u")).well().stdout;
    let namespace = "unshare --map-root-user";
    let allowed = place.command("unshare").args(["--map-root-user", "true"]).output();
    let inside = "chroot root /weather --input weather=/weather.csv";
    let words = if user.trim() == "0" {
        inside.to_owned()
    } else if allowed.is_ok_and(|ran| ran.status.success()) {
        format!("{namespace} {inside}")
    } else {
        println!("no other root is allowed here");
        let file = |part: &str| needed.split_whitespace().find(|word| word.contains(part));
        let (loader, libc) =
            (file("/ld-").expect("a loader"), file("/libc.so.6").expect("C's library"));
        let libraries = libc.trim_end_matches("/libc.so.6");
        format!(
            "root{loader} --library-path root{libraries} root/weather --input weather=root/weather.csv"
        )
    };
    let mut words = words.split_whitespace();
    let mut command = place.command(words.next().expect("a program"));
    command.args(words);
    let ran = run(&mut command);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.stdout, wanted.stdout);
    assert!(ran.stderr.contains("29367.771 of"), "{ran:?}");
}
