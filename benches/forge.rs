//! What the jail costs: compilations in it beside the plain compiler, in turn, and a jail by itself.
//!
//! `cargo bench --bench forge`. Each row is a source; plain and jailed are the same compiler with the same arguments, run
//! one after the other so that what the machine does meanwhile strikes both. Medians of whole processes, in milliseconds.
//! It fails if the objects differ.

#[cfg(all(feature = "forge", target_os = "linux", target_arch = "x86_64"))]
fn main() {
    rows::all(if std::env::args().any(|argument| argument == "--bench") { 41 } else { 1 });
}

#[cfg(not(all(feature = "forge", target_os = "linux", target_arch = "x86_64")))]
fn main() {}

#[cfg(all(feature = "forge", target_os = "linux", target_arch = "x86_64"))]
mod rows {
    use lau_agent_runtime::forge::toolchain::flags::{Aim, Unit};
    use lau_agent_runtime::forge::toolchain::{CToolchain, Host, Kind};
    use lau_agent_runtime::sandbox::{self, Jail, Profile, Program, Status, Taken};
    use std::fmt::Write;
    use std::path::Path;
    use std::process::Command;
    use std::time::{Duration, Instant};

    pub(crate) fn all(times: usize) {
        let toolchain = CToolchain::find(&Host::from_environment()).expect("gcc");
        println!("{:24} {:>9} {:>9} {:>9} {:>7}", "source", "plain", "jailed", "more", "ratio");
        let mean = include_str!("../examples/skills/weighted_mean.c")
            .replace("#include \"sums.h\"", include_str!("../examples/skills/sums.h"));
        let mut long = mean.clone();
        for n in 0..300 {
            let _ = writeln!(
                long,
                "double f{n}(double *a, int n) {{ double s = {n}; for (int i = 0; i < n; i++) s += a[i] * a[n - i]; return s; }}"
            );
        }
        for (name, source) in [
            ("one line", "int f(void) { return 1; }\n"),
            ("weighted mean", &mean),
            ("300 functions", &long),
        ] {
            for aim in [Aim::Syntax, Aim::Object] {
                row(&toolchain, name, source, aim, times);
            }
        }
        jails(times);
    }

    fn row(toolchain: &CToolchain, name: &str, source: &str, aim: Aim, times: usize) {
        let hash = blake3::hash(source.as_bytes());
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("skill.c"), source).expect("written");
        let unit = |workspace| Unit {
            workspace,
            source: Path::new("skill.c"),
            object: Path::new("skill.o"),
            hash: &hash,
        };
        let (mut plain, mut jailed) = (Vec::new(), Vec::new());
        for _ in 0..times {
            let started = Instant::now();
            let mut gcc = Command::new(&toolchain.driver);
            gcc.args(toolchain.compile_arguments(&unit(folder.path()), aim));
            gcc.env_clear().envs(toolchain.environment(folder.path())).current_dir(folder.path());
            assert!(gcc.status().expect("gcc").success());
            plain.push(started.elapsed());

            let started = Instant::now();
            let driver = toolchain.driver.clone().into_os_string();
            let work = unit(Path::new(sandbox::WORKSPACE));
            let mut jail = Jail::new(Profile::Build, Program::Path(toolchain.driver.clone()))
                .take(toolchain.compile.iter().map(|tool| Taken {
                    host: tool.host.clone(),
                    inside: tool.inside.clone(),
                    folder: tool.kind == Kind::Folder,
                    execute: tool.kind == Kind::File,
                }))
                .arguments([driver].into_iter().chain(toolchain.compile_arguments(&work, aim)))
                .file("skill.c", source);
            for (name, value) in toolchain.environment(Path::new(sandbox::TEMPORARY)) {
                jail = jail.variable(name, value);
            }
            let ended = jail.start().and_then(|running| running.wait(None)).expect("a jail");
            assert_eq!(ended.status, Status::Exited(0));
            let object = ended.workspace.and_then(|left| left.fetch("skill.o", 1 << 24).ok());
            jailed.push(started.elapsed());
            if aim == Aim::Object {
                let bare = std::fs::read(folder.path().join("skill.o")).expect("an object");
                assert!(object.is_some_and(|object| object == bare), "{name}: other objects");
            }
        }
        let (plain, jailed) = (median(plain), median(jailed));
        let aim = if aim == Aim::Syntax { "syntax" } else { "object" };
        println!(
            "{:24} {plain:9.2} {jailed:9.2} {:9.2} {:7.3}",
            format!("{name}, {aim}"),
            jailed - plain,
            jailed / plain
        );
    }

    /// A static program that ends at once, in each kind of jail.
    fn jails(times: usize) {
        let folder = tempfile::tempdir().expect("a folder");
        let (from, to) = (folder.path().join("end.c"), folder.path().join("end"));
        std::fs::write(&from, "int main(void) { return 0; }\n").expect("written");
        let gcc = Command::new("gcc").args(["-static", "-O1", "-o"]).args([&to, &from]).status();
        assert!(gcc.expect("gcc").success());
        let program: std::sync::Arc<[u8]> = std::fs::read(to).expect("a program").into();
        for profile in [Profile::Skill, Profile::Build] {
            let (mut first, mut whole) = (Vec::new(), Vec::new());
            for _ in 0..times * 5 {
                let started = Instant::now();
                let jail = Jail::new(profile, Program::Bytes(program.clone()));
                let ended = jail.start().and_then(|running| running.wait(None)).expect("a jail");
                assert_eq!(ended.status, Status::Exited(0));
                whole.push(started.elapsed());
                first.push(Duration::from_micros(ended.used.started_us + ended.used.wall_us));
            }
            let name = format!("{profile:?}").to_lowercase();
            println!(
                "jail ({name}): {:.2} ms to the end of a program, {:.2} until all is gone",
                median(first),
                median(whole)
            );
        }
    }

    fn median(mut times: Vec<Duration>) -> f64 {
        times.sort();
        times[times.len() / 2].as_secs_f64() * 1e3
    }
}
