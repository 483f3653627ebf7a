//! The doctor on this machine, and on one that lacks a required layer.

#![cfg(all(feature = "cli", target_os = "linux", target_arch = "x86_64"))]

use lau_agent_runtime::sandbox::{Layer, Need};
use serde_json::Value;
use std::process::{Command, Output};

const LAU: &str = env!("CARGO_BIN_EXE_lau");

/// Whether the sandbox is left out on purpose.
fn left_out() -> bool {
    std::env::var_os("LAU_WITHOUT_SANDBOX").is_some_and(|value| value == "1")
}

fn json(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(text.lines().count(), 1, "{text}");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn state<'a>(report: &'a Value, layer: &str) -> &'a Value {
    let layers = report["layers"].as_array().expect("layers");
    layers.iter().find(|one| one["layer"] == layer).unwrap_or_else(|| panic!("no {layer}"))
}

#[test]
fn every_required_layer_works_here() {
    if left_out() {
        return;
    }
    let output = Command::new(LAU).args(["forge", "doctor", "--json"]).output().expect("lau");
    let report = json(&output);
    assert_eq!(output.status.code(), Some(0), "{report:#}");
    assert_eq!((&report["sandbox"], &report["builds_c"]), (&true.into(), &true.into()));
    for layer in Layer::ALL {
        let state = state(&report, layer.name());
        let well = state["state"] == "works" || state["state"] == "present";
        assert!(well || layer.need() == Need::Additional, "{state:#}");
        assert_eq!(state["remedy"].is_string(), !well, "{state:#}");
    }
    let c = &report["toolchains"][0];
    assert!(c["files"].as_array().is_some_and(|files| !files.is_empty()), "{c:#}");
    let page = Command::new(LAU).args(["forge", "doctor"]).output().expect("lau");
    let page = String::from_utf8_lossy(&page.stdout).into_owned();
    for layer in Layer::ALL {
        assert!(page.lines().any(|line| line.starts_with(layer.name())), "{page}");
    }
    assert!(page.contains("Jails hold here, and skills in C can be built."), "{page}");
}

/// A user namespace in which no other can be made stands for a machine that forbids them.
fn without_namespaces(arguments: &[&str]) -> Output {
    let forbid = "echo 0 > /proc/sys/user/max_user_namespaces && exec \"$@\"";
    let mut shell = Command::new("unshare");
    shell.args(["--user", "--map-root-user", "sh", "-c", forbid, "sh", LAU]).args(arguments);
    shell.output().expect("unshare, of util-linux")
}

#[test]
fn a_machine_that_lacks_a_layer_is_told_which_and_nothing_is_built() {
    if left_out() {
        return;
    }
    let output = without_namespaces(&["forge", "doctor", "--json"]);
    let report = json(&output);
    assert_eq!(output.status.code(), Some(6), "{report:#}");
    assert_eq!((&report["sandbox"], &report["builds_c"]), (&false.into(), &false.into()));
    let user = state(&report, "user-namespace");
    assert_eq!(user["state"], "missing");
    assert!(user["detail"].as_str().is_some_and(|d| d.contains("making the namespaces")), "{user}");
    assert!(user["remedy"].as_str().is_some_and(|r| r.contains("user.max_user_namespaces")));
    assert_eq!(state(&report, "filter")["state"], "unknown");

    let home = tempfile::tempdir().expect("a folder");
    let home = home.path().join("home").display().to_string();
    let plan = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/skills/weighted_mean.toml");
    let output = without_namespaces(&["forge", "try", plan, "--home", &home]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(6), "{told}");
    assert!(told.contains("lacks the layer `user-namespace`"), "{told}");
    assert!(output.stdout.is_empty());
}
