//! The build stage for C: from a plan to objects, refusals and limits, and what the audit has of each.

#![cfg(all(feature = "forge", target_os = "linux", target_arch = "x86_64"))]

use lau_agent_runtime::forge::audit::{Kind, Stage};
use lau_agent_runtime::forge::build::{BuildError, Builder, Built, Limit, PlanningError};
use lau_agent_runtime::forge::diagnostic::{Report, Severity, Where};
use lau_agent_runtime::forge::plan::Form;
use lau_agent_runtime::forge::source::Origin;
use lau_agent_runtime::forge::toolchain::{CToolchain, Host};
use lau_agent_runtime::forge::{Forge, ForgeError};
use lau_agent_runtime::sandbox::Limits;
use std::collections::BTreeMap;
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Whether the sandbox is left out on purpose.
fn left_out() -> bool {
    let out = std::env::var_os("LAU_WITHOUT_SANDBOX").is_some_and(|value| value == "1");
    if out {
        println!("LAU_WITHOUT_SANDBOX=1: nothing is built here");
    }
    out
}

fn plan(files: &[&str]) -> String {
    format!(
        "name = \"skill\"\nlanguage = \"c\"\nsource = {files:?}\npurpose = \"to be built\"\n\
         [signature]\nparameters = []\nresult = \"number\"\n[[tests]]\ninput = []\nexpected = 1\n"
    )
}

/// A forge in a home of its own.
fn forge() -> (Forge, TempDir) {
    let home = tempfile::tempdir().expect("a folder");
    (Forge::open(Some(&home.path().join("forge"))).expect("a forge"), home)
}

/// One toolchain for all tests: looking for it takes its time.
fn builder() -> &'static Builder {
    static BUILDER: OnceLock<Builder> = OnceLock::new();
    BUILDER.get_or_init(|| {
        let toolchain = CToolchain::find(&Host::from_environment()).expect("gcc");
        let fingerprint = toolchain.fingerprint().expect("readable");
        Builder::new(toolchain, fingerprint)
    })
}

fn build_with(builder: &Builder, files: &[(&str, &str)]) -> Result<Built, BuildError> {
    let (forge, _home) = forge();
    build_in(&forge, builder, files)
}

fn build_in(forge: &Forge, builder: &Builder, files: &[(&str, &str)]) -> Result<Built, BuildError> {
    let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    let texts = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    let origin = Origin::Memory(texts.collect::<BTreeMap<_, _>>());
    let planned = forge.plan(&plan(&names), Form::Toml, &origin).expect("a plan");
    builder.build(forge.audit(), planned, None)
}

fn build(files: &[(&str, &str)]) -> Result<Built, BuildError> {
    build_with(builder(), files)
}

fn refused(text: &str) -> Box<Report> {
    match build(&[("skill.c", text)]) {
        Err(BuildError::Refused(report)) => report,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_example_is_built_to_objects_that_link_and_run() {
    if left_out() {
        return;
    }
    let (forge, home) = forge();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/skills");
    let text = std::fs::read_to_string(folder.join("weighted_mean.toml")).expect("the plan");
    let planned = forge.plan(&text, Form::Toml, &Origin::Folder(folder)).expect("a plan");
    let built = forge.build(planned, None).expect("built");
    let [object] = built.objects() else { panic!("{:?}", built.objects()) };
    assert_eq!(object.source, "weighted_mean.c");
    assert!(built.report().diagnostics.is_empty(), "{:?}", built.report());
    assert!(built.used().cpu_us > 0 && built.used().memory_peak_bytes > 1 << 20);

    let (o, main, out) =
        (home.path().join("a.o"), home.path().join("main.c"), home.path().join("a"));
    std::fs::write(&o, &object.bytes).expect("written");
    let text = "#include <stddef.h>\ndouble weighted_mean(const double*, size_t, const double*, size_t);\n\
        int main(void) { double x[] = {1, 2, 3}, w[] = {1, 1, 2}; return weighted_mean(x, 3, w, 3) == 2.25 ? 42 : 1; }";
    std::fs::write(&main, text).expect("written");
    let linked = Command::new("gcc").args([&main, &o]).arg("-o").arg(&out).status();
    assert!(linked.expect("gcc").success());
    assert_eq!(Command::new(&out).status().expect("runs").code(), Some(42));
}

#[test]
fn builds_are_bit_identical() {
    if left_out() {
        return;
    }
    let source = "#include <stdio.h>\n#include <assert.h>\n\
        const char *when = __DATE__ __TIME__ __TIMESTAMP__, *where = __FILE__;\n\
        int f(int x) { assert(x); static int n; return n += x + __COUNTER__; }\n\
        double g(double *a) { for (int i = 0; i < 100; i++) a[i] *= a[i + 1]; return *a; }\n";
    let files = [("skill.c", source), ("part/more.c", "static int x; int h(void) { return x; }")];
    let first = build(&files).expect("built");
    for _ in 0..3 {
        // Another home, another slot and so another user, another time.
        std::thread::sleep(Duration::from_millis(400));
        let again = build(&files).expect("built");
        assert_eq!(again.objects(), first.objects());
        assert_eq!(again.key(), first.key());
    }
    for object in first.objects() {
        for path in ["/build", "/usr/include", env!("CARGO_MANIFEST_DIR")] {
            let found = object.bytes.windows(path.len()).any(|window| window == path.as_bytes());
            assert!(!found, "{path} is in {}", object.source);
        }
    }
    let other = build(&[("skill.c", "int f;")]).expect("built");
    assert_ne!(other.key(), first.key());
}

#[test]
fn refusals_are_data() {
    if left_out() {
        return;
    }
    let report = refused("int f(void) {\n    return n;\n}\n");
    let error = &report.diagnostics[0];
    assert_eq!((error.severity, error.line, error.column), (Severity::Error, Some(2), Some(12)));
    assert_eq!(error.file, Where::Source("skill.c".to_owned()));
    assert!(error.message.contains("undeclared"), "{error:?}");
    assert!(error.lines.iter().any(|line| line.number == 2 && line.text == "    return n;"));
    // A warning about something else, which is an error here.
    let report = refused("int f(void) { return g(); }\n");
    assert!(report.diagnostics[0].option.as_deref().is_some_and(|o| o.contains("implicit")));
}

#[test]
fn the_errors_of_all_files_are_told_at_once() {
    if left_out() {
        return;
    }
    let files =
        [("a.c", "int f(void) { return x; }\n"), ("b.c", "\tint ééé = y;\n#include \"c.h\"\n")];
    let Err(BuildError::Refused(report)) = build(&files) else { panic!("built") };
    let told: Vec<_> = report.diagnostics.iter().map(|d| (d.file.to_string(), d.column)).collect();
    assert!(told.contains(&("a.c".to_owned(), Some(22))), "{told:?}");
    // In characters, whatever they take in bytes.
    assert!(told.contains(&("b.c".to_owned(), Some(12))), "{told:?}");
    let absent = report.diagnostics.iter().find(|d| d.message.contains("c.h")).expect("told");
    assert!(absent.help.is_some_and(|help| help.contains("`source`")));
}

#[test]
fn no_host_path_and_no_control_character_is_shown() {
    if left_out() {
        return;
    }
    let hostile = "#include <stdio.h>\n#error \"\u{1b}[2Jx \u{202e}evil\u{200b}\"\n\
        #line 1 \"/opt/\u{1b}]0;title\u{7}.h\"\nint f(void) { return printf; }\n\
        #include <none.h>\n";
    let report = refused(hostile);
    let json = serde_json::to_string(&report).expect("JSON");
    for bad in ["/usr/", "/build", "\u{1b}", "\\u001b", "\u{202e}", "\u{200b}", "\u{7}"] {
        assert!(!json.contains(bad), "{bad:?}: {json}");
    }
    assert!(json.contains("evil"), "{json}");
}

#[test]
fn limits_are_no_refusals() {
    if left_out() {
        return;
    }
    let toolchain = || {
        let toolchain = builder().toolchain().clone();
        let fingerprint = toolchain.fingerprint().expect("readable");
        Builder::new(toolchain, fingerprint)
    };
    // Each level doubles the tokens of the one before.
    let mut bomb = String::from("#define X0 1+1\n");
    for level in 1..30 {
        bomb += &format!("#define X{level} X{0}+X{0}\n", level - 1);
    }
    bomb += "int f(void) { return X29; }\n";
    let files = [("skill.c", &*bomb)];
    let small = Limits { memory_bytes: 700 << 20, ..Limits::default() };
    for (limits, expected) in [
        (Limits { wall: Duration::from_millis(300), ..Limits::default() }, Limit::Wall),
        (Limits { cpu: Duration::from_secs(1), ..Limits::default() }, Limit::Cpu),
    ] {
        let started = Instant::now();
        match build_with(&toolchain().limits(limits), &files) {
            Err(BuildError::Limit { limit, .. }) => assert_eq!(limit, expected),
            other => panic!("{expected:?}: {other:?}"),
        }
        assert!(started.elapsed() < Duration::from_secs(10));
    }
    match build_with(&toolchain().limits(small), &files) {
        Err(BuildError::Limit { limit: Limit::Memory | Limit::Cpu, .. }) => {}
        other => panic!("{other:?}"),
    }
    let chatty = Limits { output_bytes: 1000, ..Limits::default() };
    let flood = "#warning one\n".repeat(100);
    match build_with(&toolchain().limits(chatty), &[("skill.c", &*flood)]) {
        Err(BuildError::Limit { limit: Limit::Output, report, .. }) => {
            assert!(!report.diagnostics.is_empty(), "what was said by then is told");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_full_workspace_is_a_limit() {
    if left_out() {
        return;
    }
    let toolchain = builder().toolchain().clone();
    let fingerprint = toolchain.fingerprint().expect("readable");
    let small = Limits { workspace_bytes: 1 << 20, ..Limits::default() };
    let builder = Builder::new(toolchain, fingerprint).limits(small);
    match build_with(&builder, &[("skill.c", "int a[1 << 20] = {1};")]) {
        Err(BuildError::Limit { limit: Limit::Files, .. }) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_object_that_is_too_long_is_not_taken() {
    if left_out() {
        return;
    }
    match build(&[("skill.c", "char a[40 << 20] = {1};")]) {
        Err(error @ BuildError::Object { .. }) => {
            assert!(error.to_string().contains("longer than 33554432 bytes"), "{error}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn as_many_files_as_a_plan_may_have_are_built() {
    if left_out() {
        return;
    }
    let folders = "abcdefghijklmnopqrstuvw/".repeat(7);
    let names: Vec<String> = (0..63).map(|n| format!("x{n}{folders}{n}.h")).collect();
    let mut files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    // A folder of this name is none of the forge's.
    files.push(("tmp/skill.c", "int f;"));
    assert_eq!(build(&files).expect("built").objects().len(), 1);
}

#[test]
fn a_build_is_cancelled() {
    if left_out() {
        return;
    }
    let (forge, _home) = forge();
    let origin = Origin::Memory(BTreeMap::from([("skill.c".to_owned(), "int f;".to_owned())]));
    let planned = forge.plan(&plan(&["skill.c"]), Form::Toml, &origin).expect("a plan");
    let cancelled = builder().build(forge.audit(), planned, Some(&|| true));
    assert!(matches!(cancelled, Err(BuildError::Cancelled)), "{cancelled:?}");
}

#[test]
fn every_stage_is_recorded_before_and_after() {
    if left_out() {
        return;
    }
    let (forge, _home) = forge();
    build_in(&forge, builder(), &[("skill.c", "int f(void) { return 1; }")]).expect("built");
    build_in(&forge, builder(), &[("skill.c", "int f(void) { return }")]).expect_err("refused");
    let none = Origin::Memory(BTreeMap::new());
    let absent = forge.plan(&plan(&["skill.c"]), Form::Toml, &none);
    assert!(matches!(absent, Err(PlanningError::Source(_))), "{absent:?}");
    forge.plan("name = 1", Form::Toml, &none).expect_err("no plan");

    let verified = forge.audit().verify().expect("a whole chain");
    assert!(verified.unfinished.is_empty());
    let rows: Vec<_> = forge.audit().rows(1, 100).collect::<Result<_, _>>().expect("readable rows");
    let told: Vec<_> = rows
        .iter()
        .map(|row| (row.stage, row.kind, row.body.get("verdict").and_then(|v| v.as_str())))
        .collect();
    let stage =
        |stage, verdict| [(stage, Kind::Intent, None), (stage, Kind::Result, Some(verdict))];
    let expected = [
        stage(Stage::Plan, "planned"),
        stage(Stage::Build, "built"),
        stage(Stage::Plan, "planned"),
        stage(Stage::Build, "refused"),
        stage(Stage::Plan, "refused"),
        stage(Stage::Plan, "refused"),
    ]
    .concat();
    assert_eq!(told, expected);
    let built = &rows[3].body;
    assert!(built["objects"][0]["hash"].is_string() && built["used"]["cpu_us"].is_u64());
    let log = rows[7].body["log"].as_str().expect("a log");
    let log = forge.audit().log(&log.parse().expect("a hash")).expect("kept").expect("there");
    assert!(String::from_utf8_lossy(&log).contains("error: expected expression"));
}

#[test]
fn other_languages_are_refused_by_name() {
    if left_out() {
        return;
    }
    let (forge, _home) = forge();
    let text = plan(&["skill.rs"]).replace("\"c\"", "\"rust\"");
    let origin = Origin::Memory(BTreeMap::from([("skill.rs".to_owned(), String::new())]));
    let planned = forge.plan(&text, Form::Toml, &origin).expect("a plan");
    match forge.build(planned, None) {
        Err(ForgeError::Build(error @ BuildError::Language(_))) => {
            assert_eq!(error.to_string(), "skills in Rust cannot be built by this version, only C");
        }
        other => panic!("{other:?}"),
    }
}
