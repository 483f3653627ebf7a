use super::super::flags::{Aim, Unit};
use super::*;
use std::os::unix::fs::MetadataExt;
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The toolchain of the machine that tests: one is required there.
pub(crate) fn here() -> &'static CToolchain {
    static HERE: OnceLock<CToolchain> = OnceLock::new();
    HERE.get_or_init(|| {
        let start = std::time::Instant::now();
        let found = CToolchain::find(&Host::from_environment()).expect("a C compiler");
        println!("found in {:?}", start.elapsed());
        found
    })
}

/// A new folder.
pub(crate) fn folder(name: &str) -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder =
        std::env::temp_dir().join(format!("lau-toolchain-{name}-{}-{count}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

const SOURCE: &str = r#"
#include <stdio.h>
#include <math.h>
#include <string.h>
#include <stdint.h>
#include <immintrin.h>
#include <assert.h>

double mean(const double *xs, size_t n) {
    __m128d sum = _mm_setzero_pd();
    for (size_t i = 0; i + 1 < n; i += 2) sum = _mm_add_pd(sum, _mm_loadu_pd(xs + i));
    double both[2];
    _mm_storeu_pd(both, sum);
    assert(n > 0);
    return (both[0] + both[1] + (n % 2 ? xs[n - 1] : 0.0)) / (double)n;
}

int main(void) {
    char text[64];
    uint64_t n = strlen(__FILE__ __DATE__ __TIME__);
    snprintf(text, sizeof text, "%s %.3f %d", __FILE__, sqrt(mean((double[]){1, 2, 3}, 3)), (int)n);
    return puts(text) < 0;
}
"#;

fn hash() -> blake3::Hash {
    blake3::hash(SOURCE.as_bytes())
}

fn unit<'a>(workspace: &'a Path, hash: &'a blake3::Hash) -> Unit<'a> {
    Unit { workspace, source: Path::new("skill.c"), object: Path::new("skill.o"), hash }
}

/// Compiles on the host, in a folder, and gives back the object.
fn compiled(workspace: &Path, temporary: &Path, aim: Aim) -> Output {
    let hash = hash();
    let mut compile = Command::new(&here().driver);
    compile.args(here().compile_arguments(&unit(workspace, &hash), aim)).env_clear();
    compile.envs(here().environment(temporary)).current_dir(workspace);
    compile.output().expect("started")
}

#[test]
fn it_lists_single_files_and_folders_of_headers() {
    let c = here();
    let all: Vec<&Tool> = c.compile.iter().chain(&c.link).collect();
    for tool in &all {
        assert_eq!(tool.host, tool.host.canonicalize().expect("there"), "{tool:?}");
        assert_eq!(tool.inside, tidy(&tool.inside));
        assert!(tool.inside.is_absolute());
        assert!(
            tool.kind == Kind::File
                || tool.inside.ends_with("include")
                || tool.inside.ends_with("include-fixed"),
            "{tool:?}"
        );
    }
    let names = |tools: &[Tool]| -> BTreeSet<String> {
        let name = |tool: &Tool| Some(tool.inside.file_name()?.to_string_lossy().into_owned());
        tools.iter().filter_map(name).collect()
    };
    let (compile, link) = (names(&c.compile), names(&c.link));
    assert!(compile.contains("cc1") && compile.contains("as"), "{compile:?}");
    assert!(compile.iter().any(|name| name.starts_with("libc.so")), "{compile:?}");
    for name in ["collect2", "ld", "libc.a", "rcrt1.o", "crtbeginS.o"] {
        assert!(link.contains(name), "{link:?}");
    }
    assert!(c.version >= OLDEST && c.target.starts_with("x86_64"));
    assert!(c.hidden().iter().all(|path| path.components().count() > 2), "{:?}", c.hidden());
}

#[test]
fn what_is_called_gcc_but_is_not_is_passed_by() {
    let folder = folder("gcc");
    std::os::unix::fs::symlink("/bin/cat", folder.join("gcc")).expect("a link");
    std::os::unix::fs::symlink(&here().driver, folder.join("cc")).expect("a link");
    let alone = CToolchain::find(&Host::with_path(folder.as_os_str())).expect_err("no assembler");
    assert!(alone.to_string().contains("apt install gcc"), "{alone}");
    let path = [folder.as_path(), Path::new("/usr/bin"), Path::new("/bin")];
    let path = std::env::join_paths(path).expect("a path");
    let found = CToolchain::find(&Host::with_path(&path)).expect("the second name");
    assert_eq!(found.driver, here().driver);
    fs::remove_dir_all(folder).expect("gone");
}

#[test]
fn objects_do_not_depend_on_folders() {
    let [one, other] = ["one", "two"].map(|name| {
        let folder = folder(name);
        fs::create_dir(folder.join("tmp")).expect("a folder");
        fs::write(folder.join("skill.c"), SOURCE).expect("written");
        let output = compiled(&folder, &folder.join("tmp"), Aim::Object);
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        let object = fs::read(folder.join("skill.o")).expect("an object");
        assert_eq!(fs::read_dir(folder.join("tmp")).expect("a folder").count(), 0);
        fs::remove_file(folder.join("skill.o")).expect("there");
        let output = compiled(&folder, &folder.join("tmp"), Aim::Syntax);
        assert!(output.status.success() && !folder.join("skill.o").exists(), "{output:?}");
        fs::remove_dir_all(folder).expect("gone");
        object
    });
    assert!(one == other, "the objects differ");
    let text = String::from_utf8_lossy(&one);
    let temporary = std::env::temp_dir();
    for path in here().hidden().iter().chain([&temporary]) {
        assert!(!text.contains(&*path.to_string_lossy()), "{} is in the object", path.display());
    }
    assert!(text.contains("./skill.c"));
}

/// Copies what is listed into a new root.
fn root(tools: impl Iterator<Item = &'static Tool>) -> PathBuf {
    let root = folder("root");
    for tool in tools {
        let inside = root.join(tool.inside.strip_prefix("/").expect("absolute"));
        fs::create_dir_all(parent(&inside)).expect("folders");
        copy(&tool.host, &inside);
    }
    fs::create_dir_all(root.join("ws/tmp")).expect("folders");
    fs::write(root.join("ws/skill.c"), SOURCE).expect("written");
    root
}

fn copy(from: &Path, to: &Path) {
    let metadata = fs::symlink_metadata(from).expect("there");
    if metadata.is_dir() {
        fs::create_dir_all(to).expect("a folder");
        for entry in fs::read_dir(from).expect("a folder") {
            let name = entry.expect("an entry").file_name();
            copy(&from.join(&name), &to.join(&name));
        }
    } else if metadata.is_symlink() {
        std::os::unix::fs::symlink(fs::read_link(from).expect("a link"), to).expect("a link");
    } else if metadata.is_file() {
        fs::copy(from, to).expect("copied");
    }
}

/// Runs a program in the root, with nothing but what is there.
fn inside(root: &Path, program: &Path, arguments: &[OsString]) -> Output {
    let mut command = Command::new("/usr/bin/unshare");
    if fs::metadata("/proc/self").expect("a process").uid() != 0 {
        command.arg("-Ur");
    }
    command.arg("--root").arg(root).args(["--wd", "/ws"]).arg(program).args(arguments).env_clear();
    command.envs(here().environment(Path::new("/ws/tmp")));
    command.output().expect("started")
}

#[test]
fn the_listed_files_are_enough_and_change_nothing() {
    // Another root is a matter of rights, or of user namespaces.
    if std::env::var_os("LAU_WITHOUT_SANDBOX").is_some_and(|value| value == "1") {
        return;
    }
    let c = here();
    let root = root(c.compile.iter().chain(&c.link));
    let hash = hash();
    let unit = unit(Path::new("/ws"), &hash);
    let start = std::time::Instant::now();
    let output = inside(&root, &c.driver, &c.compile_arguments(&unit, Aim::Syntax));
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    println!("syntax in {:?}", start.elapsed());
    let start = std::time::Instant::now();
    let output = inside(&root, &c.driver, &c.compile_arguments(&unit, Aim::Object));
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    println!("object in {:?}", start.elapsed());

    let outside = folder("outside");
    fs::write(outside.join("skill.c"), SOURCE).expect("written");
    let output = compiled(&outside, &outside, Aim::Object);
    assert!(output.status.success(), "{output:?}");
    let read = |path: PathBuf| fs::read(path).expect("an object");
    assert!(read(root.join("ws/skill.o")) == read(outside.join("skill.o")), "the objects differ");

    let link = ["-static-pie", "/ws/skill.o", "-lm", "-o", "/ws/skill"].map(OsString::from);
    let output = inside(&root, &c.driver, &link);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let output = inside(&root, Path::new("/ws/skill"), &[]);
    // `./skill.c`, `Jan  1 1970` and `00:00:00` have 28 characters.
    assert_eq!(String::from_utf8_lossy(&output.stdout), "./skill.c 1.414 28\n", "{output:?}");
    for folder in [root, outside] {
        fs::remove_dir_all(folder).expect("gone");
    }
}

#[test]
fn a_script_of_the_linker_stands_for_its_files() {
    let folder = folder("script");
    let (script, archive) = (folder.join("libm.a"), folder.join("libm-2.a"));
    fs::write(&archive, "!<arch>\n").expect("written");
    fs::write(
        &script,
        format!("/* GNU ld script\n*/\nGROUP ( {} -lc /no/such.a )\n", archive.display()),
    )
    .expect("written");
    assert_eq!(named_by(&script), std::slice::from_ref(&archive));
    assert!(named_by(&archive).is_empty());
    fs::remove_dir_all(folder).expect("gone");
}
