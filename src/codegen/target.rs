//! Which machines code is made for ahead of time.
//!
//! What this machine's processor happens to have is not used unless it is asked for: code is for a baseline, with
//! the features named besides. What was used is kept with the code, and looked at before it runs.

use super::Options;
use super::module::{Error, flags};
use cranelift_codegen::isa::{self, OwnedTargetIsa};
use cranelift_codegen::settings::Configurable;
use std::fmt;
use std::str::FromStr;
use target_lexicon::{
    Aarch64Architecture, Architecture, BinaryFormat, OperatingSystem, PointerWidth, Triple,
};

/// A machine that code is made for: a triple, the least processor, and features beyond that.
///
/// ```
/// use lau_agent_runtime::codegen::Target;
/// let target = Target::new("aarch64-unknown-linux-gnu", None, &["lse".to_owned()]).unwrap();
/// assert_eq!(target.to_string(), "aarch64-unknown-linux-gnu");
/// assert!(Target::new("z80-unknown-cpm", None, &[]).unwrap_err().contains("x86_64"));
/// assert!(Target::new("x86_64-unknown-linux-gnu", Some("abacus"), &[]).is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    triple: Triple,
    cpu: Option<String>,
    /// Cranelift's names, and whether the feature is to be used.
    features: Vec<(&'static str, bool)>,
}

/// What is known of an architecture: its processors, the first the baseline, and features by their usual names and
/// Cranelift's.
struct Known {
    cpus: &'static [&'static str],
    features: &'static [(&'static str, &'static str)],
}

const KNOWN: &str =
    "known are x86_64-unknown-linux-gnu and aarch64-unknown-linux-gnu, also with musl";

/// The processor this runs on.
const NATIVE: &str = "native";

const X86_64: Known = Known {
    cpus: &["x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4"],
    features: &[
        ("cmpxchg16b", "has_cmpxchg16b"),
        ("sse3", "has_sse3"),
        ("ssse3", "has_ssse3"),
        ("sse4.1", "has_sse41"),
        ("sse4.2", "has_sse42"),
        ("popcnt", "has_popcnt"),
        ("avx", "has_avx"),
        ("avx2", "has_avx2"),
        ("fma", "has_fma"),
        ("bmi1", "has_bmi1"),
        ("bmi2", "has_bmi2"),
        ("lzcnt", "has_lzcnt"),
    ],
};

const AARCH64: Known =
    Known { cpus: &["generic"], features: &[("lse", "has_lse"), ("fp16", "has_fp16")] };

/// What is known of the architecture of a triple that code can be made for ahead of time.
fn known(triple: &Triple) -> Result<&'static Known, String> {
    let elf = triple.operating_system == OperatingSystem::Linux
        && triple.binary_format == BinaryFormat::Elf
        && triple.pointer_width() == Ok(PointerWidth::U64);
    let known = if triple.architecture == Architecture::X86_64 {
        Some(&X86_64)
    } else if let Architecture::Aarch64(Aarch64Architecture::Aarch64) = triple.architecture {
        Some(&AARCH64)
    } else {
        None
    };
    known
        .filter(|_| elf)
        .ok_or_else(|| format!("there is no code for the target `{triple}`; {KNOWN}"))
}

impl Target {
    /// A target. Without a `cpu` it is the baseline of the architecture; `native` is the processor this runs on, where
    /// that is of the same architecture. Features are by their usual names (`avx2`, `lse`), with `-` before one that
    /// is not to be used.
    ///
    /// # Errors
    /// If one of them is not known; the message lists those that are.
    pub fn new(triple: &str, cpu: Option<&str>, features: &[String]) -> Result<Target, String> {
        let triple = Triple::from_str(triple)
            .map_err(|error| format!("`{triple}` is no target triple: {error}; {KNOWN}"))?;
        let known = known(&triple)?;
        if let Some(cpu) = cpu
            && !known.cpus.contains(&cpu)
            && !(cpu == NATIVE && triple.architecture == Triple::host().architecture)
        {
            let list = known.cpus.join(", ");
            return Err(format!(
                "unknown processor `{cpu}` for {triple}; known are {list}, and {NATIVE} where this machine is one"
            ));
        }
        let feature = |name: &String| {
            let (plain, on) = match name.strip_prefix('-') {
                Some(plain) => (plain, false),
                None => (name.strip_prefix('+').unwrap_or(name), true),
            };
            let found = known.features.iter().find(|(usual, _)| *usual == plain);
            found.map(|(_, own)| (*own, on)).ok_or_else(|| {
                let list: Vec<_> = known.features.iter().map(|(usual, _)| *usual).collect();
                format!("unknown feature `{plain}` for {triple}; known are {}", list.join(", "))
            })
        };
        let features = features.iter().map(feature).collect::<Result<_, _>>()?;
        Ok(Target { triple, cpu: cpu.map(str::to_owned), features })
    }

    /// The baseline of this machine's architecture.
    ///
    /// # Errors
    /// If no code is made for this machine ahead of time.
    pub fn host() -> Result<Target, String> {
        let triple = Triple::host();
        known(&triple)?;
        Ok(Target { triple, cpu: None, features: Vec::new() })
    }

    /// Whether executables for it can be linked with what this machine has.
    #[must_use]
    pub fn is_host(&self) -> bool {
        let host = Triple::host();
        (self.triple.architecture, self.triple.operating_system, self.triple.environment)
            == (host.architecture, host.operating_system, host.environment)
    }

    /// The code generator for it.
    pub(super) fn isa(&self, options: Options) -> Result<OwnedTargetIsa, Error> {
        let flags = flags(options, false, true)?;
        let mut builder = if self.cpu.as_deref() == Some(NATIVE) {
            cranelift_native::builder()?
        } else {
            isa::lookup(self.triple.clone())?
        };
        match self.cpu.as_deref() {
            // Cranelift's baseline of either is the architecture's.
            None | Some(NATIVE | "x86-64" | "generic") => {}
            Some(cpu) => {
                builder.enable(cpu)?;
                // Cranelift's third level has AVX2 without AVX, which every such processor has.
                if let "x86-64-v3" | "x86-64-v4" = cpu {
                    builder.enable("has_avx")?;
                }
            }
        }
        for (feature, on) in &self.features {
            builder.set(feature, if *on { "true" } else { "false" })?;
        }
        Ok(builder.finish(flags)?)
    }
}

/// The triple.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.triple.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_processor_and_feature_that_is_known_makes_code() {
        for (triple, known) in
            [("x86_64-unknown-linux-gnu", &X86_64), ("aarch64-unknown-linux-musl", &AARCH64)]
        {
            for cpu in known.cpus {
                let target = Target::new(triple, Some(cpu), &[]).unwrap();
                target.isa(Options::default()).unwrap();
            }
            let features: Vec<String> = known.features.iter().map(|(n, _)| (*n).into()).collect();
            let target = Target::new(triple, None, &features).unwrap();
            let isa = target.isa(Options::default()).unwrap();
            for (_, own) in known.features {
                let set = |flag: &cranelift_codegen::settings::Value| flag.name == *own;
                let flags = isa.isa_flags();
                assert_eq!(flags.iter().find(|f| set(f)).unwrap().as_bool(), Some(true), "{own}");
            }
        }
        let avx = |features: &[&str]| {
            let features: Vec<String> = features.iter().map(|n| (*n).into()).collect();
            let triple = "x86_64-unknown-linux-gnu";
            let target = Target::new(triple, Some("x86-64-v3"), &features).unwrap();
            let flags = target.isa(Options::default()).unwrap().isa_flags();
            flags.iter().any(|flag| flag.name == "has_avx" && flag.as_bool() == Some(true))
        };
        assert!(avx(&[]) && !avx(&["-avx", "-avx2"]));
    }

    #[test]
    fn what_is_not_known_is_said_with_what_is() {
        let error = |triple, cpu, feature: &str| {
            let features: Vec<String> = feature.split_whitespace().map(Into::into).collect();
            Target::new(triple, cpu, &features).unwrap_err()
        };
        let linux = "x86_64-unknown-linux-gnu";
        assert!(error("", None, "").contains("triple"));
        assert!(error("x86_64-pc-windows-msvc", None, "").contains("x86_64-unknown-linux-gnu"));
        assert!(error("aarch64-apple-darwin", None, "").contains("aarch64-unknown-linux-gnu"));
        assert!(error(linux, Some("z80"), "").contains("x86-64-v3"));
        assert!(error("aarch64-unknown-linux-gnu", Some("x86-64"), "").contains("generic"));
        assert!(error(linux, None, "lse").contains("avx2"));
    }
}
