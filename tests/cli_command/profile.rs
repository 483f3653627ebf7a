//! `lau profile`: the table, the JSON object and the flame graph, of runs that end in every way.

use crate::report::RUN_KEYS;
use crate::support::{RECURSES, Ran, file, keys, lau, program, run};
use lau_agent_runtime::Engine;
use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};

const GREETS: &str = "push world\ncall greet 1\nfunc greet name\n  push \"hello \"\n  store text\n  \
    load name\n  append text\n  load text\nend\n";

/// The same on every engine; what the first one says.
fn profile(args: &str, text: &str) -> Ran {
    let on = |engine: &Engine| program(&format!("profile - --engine {engine} {args}"), text);
    let mut ran: Vec<Ran> = Engine::ALL.iter().map(on).collect();
    for other in &ran {
        let without = |ran: &Ran| ran.stdout.replace("\"engine\":\"jit\"", "\"engine\":\"interp\"");
        assert_eq!((other.code, without(other)), (ran[0].code, without(&ran[0])));
        assert_eq!(other.stderr, ran[0].stderr);
    }
    ran.remove(0)
}

/// A place for a picture where there is none.
fn picture(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_file(&path);
    path
}

/// The flame graph of a program. It is well-formed as far as tags and characters go.
fn drawn(name: &str, args: &str, text: &str) -> String {
    let path = picture(name);
    let ran = profile(&format!("{args} --json --svg {}", path.display()), text);
    assert_eq!(ran.json()["svg"], json!(path.display().to_string()));
    let svg = std::fs::read_to_string(&path).expect("it is there, and UTF-8");
    assert_well_formed(&svg);
    svg
}

fn assert_well_formed(svg: &str) {
    assert!(svg.starts_with("<?xml"), "{svg}");
    assert!(!svg.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t')), "{svg:?}");
    let (mut open, mut rest) = (Vec::new(), svg);
    while let Some((text, more)) = rest.split_once('<') {
        assert!(text.split('&').skip(1).all(|entity| entity.contains(';')), "{text}");
        if let Some(data) = more.strip_prefix("![CDATA[") {
            rest = data.split_once("]]>").expect("its end").1;
            continue;
        }
        let (tag, after) = more.split_once('>').expect("the end of a tag");
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{svg}");
        } else if !tag.starts_with(['?', '!']) && !tag.ends_with('/') {
            open.push(tag.split_whitespace().next().expect("a name"));
        }
    }
    assert_eq!(open, Vec::<&str>::new());
}

#[test]
fn the_table_has_every_line_with_what_it_took() {
    let ran = profile("", GREETS);
    assert_eq!(ran.code, 0);
    assert_eq!(
        ran.stdout,
        r#" line  visits  energy      %  source
    1       1   0.100    5.7  push world
    2       1   1.000   57.4  call greet 1
    3                         func greet name
    4       1   0.100    5.7    push "hello "
    5       1   0.100    5.7    store text
    6       1   0.100    5.7    load name
    7       1   0.243   13.9    append text
    8       1   0.100    5.7    load text
    9                         end
            7   1.743  100.0  total

calls  visits  energy      %  function
            2   1.100   63.1  (main)
    1       5   0.643   36.9  greet
"#
    );
    assert_eq!(ran.stderr, "hello world\nlau: finished: 1.743 of 10000000 units, 7 instructions\n");
    let ran = profile("--sort energy", GREETS);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert!(lines[1].ends_with("  call greet 1") && lines[2].ends_with("13.9  append text"));
    assert!(lines[8].ends_with("total"), "{lines:?}");
    let ran = profile("--sort visits", "push 2\nagain:\npush 1\nsub\ndup\njump_true again\n");
    assert!(ran.stdout.lines().nth(1).is_some_and(|line| line.contains("push 1")), "{ran:?}");
}

#[test]
fn the_json_object_is_that_of_a_run_with_the_profile() {
    let ran = profile("--json --memory", GREETS);
    let json = ran.json();
    assert_eq!(keys(&json), {
        let mut all = [RUN_KEYS, &["profile", "svg"]].concat();
        all.sort_unstable();
        all
    });
    assert_eq!((&json["command"], &json["output"]), (&json!("profile"), &json!("hello world")));
    assert_eq!((ran.stderr.as_str(), &json["svg"]), ("", &Json::Null));
    let profile = &json["profile"];
    assert_eq!(profile["lines"].as_array().map(Vec::len), Some(7));
    assert_eq!(
        profile["lines"][5],
        json!({"line": 7, "visits": 1, "energy": 0.243, "source": "  append text"})
    );
    assert_eq!(
        profile["functions"],
        json!([
            {"function": null, "calls": 0, "visits": 2, "energy": 1.1},
            {"function": "greet", "calls": 1, "visits": 5, "energy": 0.643},
        ])
    );
    assert_eq!(
        profile["nodes"],
        json!([
            {"parent": null, "function": 0, "visits": 2, "energy": 1.1},
            {"parent": 0, "function": 1, "visits": 5, "energy": 0.643},
        ])
    );
}

#[test]
fn runs_that_do_not_finish_are_profiled_as_well() {
    let sums = |ran: &Ran| {
        let json = ran.json();
        let lines = json["profile"]["lines"].as_array().expect("lines").clone();
        let visits: u64 = lines.iter().filter_map(|line| line["visits"].as_u64()).sum();
        let energy: f64 = lines.iter().filter_map(|line| line["energy"].as_f64()).sum();
        assert_eq!(json["instructions"], visits);
        assert!((json["energy"]["used"].as_f64().unwrap() - energy).abs() < 1e-6, "{json}");
        (ran.code, visits)
    };
    assert_eq!(sums(&profile("--json --budget 1", "a:\njump a")), (4, 20));
    assert_eq!(sums(&profile("--json --budget 0", "a:\njump a")), (4, 0));
    assert_eq!(sums(&profile("--json", "push 1\nfail no")), (1, 2));
    assert_eq!(sums(&profile("--json", RECURSES)), (5, 10_001));
    assert_eq!(sums(&profile("--json", "push 1\ncall log 1")), (0, 2));
    for engine in Engine::ALL {
        let args = format!("profile - --json --timeout 100ms --budget inf --engine {engine}");
        assert_eq!(sums(&program(&args, "a:\njump a")).0, 4);
    }
    let ran = profile("--budget 1", "a:\njump a");
    assert!(ran.stdout.contains("    2      20   1.000  100.0  jump a"), "{ran:?}");
    ran.fails(4, &["Energy budget exhausted", "20 instructions"]);
    let ran = profile("", "psuh 1");
    ran.fails(3, &["unknown instruction"]);
    assert_eq!(ran.stdout, "");
    assert_eq!(profile("--json", "psuh 1").json()["profile"], Json::Null);
}

#[test]
fn the_flame_graph_shows_functions_and_lines() {
    let svg = drawn("greets.svg", "", GREETS);
    for words in ["(main)", "greet (643 thousandths of a unit, 36.89%)", "7:\u{a0}append\u{a0}text"]
    {
        assert!(svg.contains(words), "{words}: {svg}");
    }
    assert!(svg.contains("finished: 1.743 units, 7 instructions"), "{svg}");
    assert_eq!(svg, drawn("greets.svg", "", GREETS), "the same run is the same picture");
    assert!(drawn("exhausted.svg", "--budget 1", "a:\njump a").contains("exhausted: 1 units"));
    assert!(drawn("nothing.svg", "--budget 0", "push 1").contains("no\u{a0}energy"));
    let deep = drawn("deep.svg", "", RECURSES);
    assert!(deep.len() < 200_000, "{}", deep.len());
}

#[test]
fn names_cannot_steer_what_shows_them() {
    let hostile = "call \"\\u{1b}[31m<b>&;x 9\\n\" 0\nfunc \"\\u{1b}[31m<b>&;x 9\\n\"\npush \"\u{202e}<\"\n\
        push 1\u{7}\nend\n";
    let ran = profile("", hostile);
    assert!(!ran.stdout.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{ran:?}");
    assert!(ran.stdout.contains(r#""\u{1b}[31m<b>&;x 9\n""#), "{ran:?}");
    assert_eq!(ran.stdout.lines().count(), 11, "{ran:?}");
    let svg = drawn("hostile.svg", "", hostile);
    assert!(svg.contains(r"\u{1b}[31m&lt;b&gt;&amp;"), "{svg}");
    assert!(!svg.contains('\u{202e}') && !svg.contains("<b>"), "{svg}");
    // Names that mean something where stacks are lines.
    for name in [";", "a 1", " ", "\\\\", "(main)", "x;y", "\u{ffff}"] {
        let text = format!("call \"{name}\" 0\nfunc \"{name}\"\npush 1\nend\n");
        let svg = drawn("name.svg", "", &text);
        assert_eq!(svg.matches("<title>").count(), 1 + 1 + 2 + 1, "{name}: {svg}");
    }
}

#[test]
fn a_picture_that_cannot_be_written_is_told() {
    let source = file("profiled.lau", "push 1");
    let nowhere = picture("no-such-folder").join("a.svg");
    let ran = run(&format!("profile --svg {}", nowhere.display()), Some(&source));
    ran.fails(2, &["no such folder to write a flame graph to", "no-such-folder"]);
    assert_eq!(ran.stdout, "", "nothing is run");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    run(&format!("profile --svg {}", folder.display()), Some(&source)).fails(2, &["it is no file"]);
    #[cfg(target_os = "linux")]
    {
        let args = "profile --json --svg /proc/picture.svg";
        let json = run(args, Some(&source)).json();
        assert_eq!((&json["exit_code"], &json["svg"]), (&json!(2), &Json::Null));
        let message = json["error"]["message"].as_str().unwrap_or_default();
        assert!(message.starts_with("cannot write the flame graph: "), "{json}");
        assert_eq!(json["profile"]["lines"][0]["visits"], 1);
    }
}

#[test]
fn the_file_that_is_there_is_replaced_whole() {
    let (source, old) = (file("replaced.lau", "push 1"), file("replaced.svg", "old"));
    let ran = lau().args(["profile", "--svg"]).args([&old, &source]).output().expect("it runs");
    assert!(ran.status.success());
    assert_well_formed(&std::fs::read_to_string(&old).expect("readable"));
    // Where nothing runs, nothing is written.
    let (wrong, old) = (file("wrong.lau", "psuh 1"), file("kept.svg", "old"));
    let ran = lau().args(["profile", "--svg"]).args([&old, &wrong]).output().expect("it runs");
    assert_eq!(ran.status.code(), Some(3));
    assert_eq!(std::fs::read_to_string(&old).expect("readable"), "old");
}

#[test]
fn usage_is_checked() {
    program("profile - --sort size", "push 1").fails(2, &["'size'", "energy, visits"]);
    program("profile - --memory", "push 1").fails(2, &["--json"]);
    program("profile - --svg", "push 1").fails(2, &["--svg"]);
    program("profile", "").fails(2, &["<FILE>"]);
    let help = run("help profile", None).stdout;
    for words in ["--svg <FILE>", "--sort <ORDER>", "--budget", "flame graph", "Exit codes"] {
        assert!(help.contains(words), "{words}: {help}");
    }
}

#[test]
fn what_is_read_is_not_written_over() {
    let source = file("drawn_over.lau", GREETS);
    let input = file("drawn_over.json", "1");
    let (source_name, input_name) = (source.display(), input.display());
    for args in [
        format!("profile --svg {source_name}"),
        format!("profile --input x={input_name} --svg {input_name}"),
        format!("profile --svg {input_name}.new --snapshot {input_name}.new"),
        format!("run --budget 1 --snapshot {source_name}"),
    ] {
        run(&args, Some(&source)).fails(2, &["used for something else"]);
    }
    assert_eq!(std::fs::read_to_string(&source).expect("it is there"), GREETS);
    assert_eq!(std::fs::read_to_string(&input).expect("it is there"), "1");
    run("profile --svg -", Some(&source)).fails(2, &["`-` is no file"]);
}

#[cfg(unix)]
#[test]
fn links_stay_and_pipes_are_written_to() {
    let (target, link) = (file("linked_to.svg", "old"), picture("link.svg"));
    std::os::unix::fs::symlink(&target, &link).expect("links can be made");
    let ran = profile(&format!("--svg {}", link.display()), GREETS);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(link.is_symlink() && std::fs::read_to_string(&target).expect("there").contains("<svg"));

    let pipe = picture("pipe.svg");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.is_ok_and(|status| status.success()), "pipes can be made");
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::read_to_string(pipe).expect("it can be read")
    });
    let ran = program(&format!("profile - --svg {}", pipe.display()), GREETS);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(reader.join().expect("it read").contains("</svg>"));
    assert!(!std::fs::metadata(&pipe).expect("it is there").is_file());
}
