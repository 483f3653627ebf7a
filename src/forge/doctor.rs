//! The doctor: what this machine has of all that the forge needs, and whether it works.
//!
//! One table of layers, each with its state and what helps; the toolchains with shims resolved; the kernel; where
//! control groups are. States come from trying: a canary for each layer, with and without it.

use crate::forge::toolchain::Host;
use crate::forge::toolchain::survey::{self, Toolchain};
use crate::sandbox::{self, Groups, Layer, Need, Parent, Verdict, Version};
use serde::Serialize;
use std::io;
use std::time::Instant;

/// What was found.
#[derive(Clone, Debug, Serialize)]
pub struct Examination {
    /// Whether jails hold: no required layer is missing or fails.
    pub sandbox: bool,
    /// Whether skills in C can be built: jails hold, and the toolchain is there.
    pub builds_c: bool,
    /// The kernel's release and whether it is one that this is made for.
    pub kernel: Kernel,
    /// Who asks.
    pub user: User,
    /// Each layer.
    pub layers: Vec<LayerState>,
    /// How memory is bounded.
    pub memory: Bound,
    /// How processes are bounded.
    pub processes: Bound,
    /// The toolchains.
    pub toolchains: Vec<Toolchain>,
    /// How long the self-test took, in microseconds.
    pub selftest_us: u64,
}

/// The kernel.
#[derive(Clone, Debug, Serialize)]
pub struct Kernel {
    /// Its release, as `uname -r` prints it.
    pub release: String,
    /// Whether it is 6.1 or later.
    pub supported: bool,
    /// The version of Landlock, 0 for none.
    pub landlock: u32,
}

/// The user of this process.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct User {
    /// Its id.
    pub id: u32,
    /// Whether jails have users of their own: only root can give them some.
    pub own_for_jails: bool,
    /// Whether this process may administer the system: root in a container may not.
    pub administrator: bool,
}

/// One layer on this machine.
#[derive(Clone, Debug, Serialize)]
pub struct LayerState {
    /// Which.
    pub layer: Layer,
    /// Whether it must be there.
    pub need: Need,
    /// How it is.
    pub state: State,
    /// What it does.
    pub does: &'static str,
    /// What was seen, where it is not well.
    pub detail: Option<String>,
    /// What helps, where it is not well.
    pub remedy: Option<&'static str>,
}

/// How a layer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Its canary was stopped by it, and only by it.
    Works,
    /// There, but without anything that this user could show it with.
    Present,
    /// The machine lacks it.
    Missing,
    /// Its canary got through.
    Fails,
    /// Not tried, since another is missing.
    Unknown,
}

/// How an amount is bounded.
#[derive(Clone, Debug, Serialize)]
pub struct Bound {
    /// By what.
    pub by: String,
    /// Why not by a control group, where it is not.
    pub reason: Option<String>,
}

/// Examines this machine. It takes about as long as the compilers take to tell their versions.
///
/// # Errors
///
/// The host could not make what the canaries reach for.
pub fn examine() -> io::Result<Examination> {
    let started = Instant::now();
    let layers = layers()?;
    let selftest_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    let kernel = kernel();
    let toolchains = survey::survey(&Host::from_environment());
    let well = |layer: &LayerState| {
        layer.need == Need::Additional || matches!(layer.state, State::Works | State::Present)
    };
    let sandbox = kernel.supported && layers.iter().all(well);
    let c = toolchains.iter().find(|toolchain| toolchain.language == survey::Language::C);
    let administrator =
        caps::has_cap(None, caps::CapSet::Effective, caps::Capability::CAP_SYS_ADMIN);
    Ok(Examination {
        sandbox,
        builds_c: sandbox && c.is_some_and(Toolchain::ready),
        kernel,
        user: User {
            id: rustix::process::geteuid().as_raw(),
            own_for_jails: sandbox::own_users(),
            administrator: administrator.unwrap_or(false),
        },
        memory: bound(
            &Groups::here().memory,
            "address space times processes, and the workspace's size",
        ),
        processes: bound(&Groups::here().pids, "RLIMIT_NPROC in the jail's user namespace"),
        layers,
        toolchains,
        selftest_us,
    })
}

fn layers() -> io::Result<Vec<LayerState>> {
    let tried = sandbox::selftest()?;
    let state = |layer: &Layer| {
        let seen = tried.iter().find(|one| one.layer == *layer);
        let state = match seen.map(|one| one.verdict) {
            Some(Verdict::Works) => State::Works,
            Some(Verdict::Missing) => State::Missing,
            Some(Verdict::Fails) => State::Fails,
            Some(Verdict::Untried) => State::Unknown,
            Some(Verdict::Other) | None => State::Present,
        };
        let well = matches!(state, State::Works | State::Present);
        LayerState {
            layer: *layer,
            need: layer.need(),
            state,
            does: layer.does(),
            detail: seen.and_then(|one| one.detail.clone()),
            remedy: (!well).then(|| layer.remedy()),
        }
    };
    Ok(Layer::ALL.iter().map(state).collect())
}

fn bound(group: &Result<Parent, String>, otherwise: &str) -> Bound {
    match group {
        Ok(Parent { version, folder }) => {
            let version = match version {
                Version::One => "v1",
                Version::Two => "v2",
            };
            let by = format!("control groups ({version}) below {}", folder.display());
            Bound { by, reason: None }
        }
        Err(reason) => Bound { by: otherwise.to_owned(), reason: Some(reason.clone()) },
    }
}

fn kernel() -> Kernel {
    let release = rustix::system::uname().release().to_string_lossy().into_owned();
    let supported = at_least(&release, (6, 1));
    Kernel { supported, landlock: sandbox::landlock_version(), release }
}

/// Whether a release such as `6.1.0-13-amd64` is this or later.
fn at_least(release: &str, least: (u32, u32)) -> bool {
    let mut numbers =
        release.split(|c: char| !c.is_ascii_digit()).map(|number| number.parse().ok());
    let (major, minor) = (numbers.next().flatten(), numbers.next().flatten());
    (major.unwrap_or(0), minor.unwrap_or(0)) >= least
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_compared_as_numbers() {
        for (release, yes) in [
            ("6.1.0-13-amd64", true),
            ("6.18.44", true),
            ("10.0", true),
            ("6.0.19", false),
            ("5.15.0-generic", false),
            ("7", true),
            ("", false),
            ("unknown", false),
        ] {
            assert_eq!(at_least(release, (6, 1)), yes, "{release}");
        }
    }
}
