//! Native skills: what an agent wrote in C becomes an artifact, without being able to harm or read anything.
//!
//! Code that a model wrote is hostile until the opposite is shown: its plan, its sources, what its compiler says about
//! it. Each stage takes what the stage before gave, by value, and records itself in the audit before it begins and
//! after it ended: [`Forge::plan`] reads a plan and its sources, [`Forge::build`] compiles them in jails
//! ([`crate::sandbox`]). What a machine must have for that is told by [`doctor::examine`].
//!
//! ```no_run
//! use lau_agent_runtime::forge::{Forge, plan::Form, source::Origin};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let forge = Forge::open(None)?;
//! let text = std::fs::read_to_string("mean.toml")?;
//! let planned = forge.plan(&text, Form::Toml, &Origin::Folder(".".into()))?;
//! let built = forge.build(planned, None)?;
//! println!("{} bytes", built.objects()[0].bytes.len());
//! # Ok(())
//! # }
//! ```

pub mod audit;
pub mod build;
pub mod diagnostic;
pub mod doctor;
pub mod home;
pub mod plan;
pub mod shown;
pub mod source;
pub mod toolchain;

use crate::sandbox::Cancel;
use audit::{Audit, AuditError};
use build::{BuildError, Builder, Built, Planned, PlanningError};
use home::{Home, HomeError};
use plan::Form;
use source::Origin;
use std::fmt;
use std::path::Path;
use std::sync::OnceLock;
use toolchain::{CToolchain, Fingerprint, Host, Lack};

/// The file of the home in which the fingerprint of the C toolchain is kept.
const FINGERPRINT: &str = "toolchain-c.json";

/// The forge of one home.
#[derive(Debug)]
pub struct Forge {
    home: Home,
    audit: Audit,
    builder: OnceLock<Builder>,
}

/// Why the forge cannot be used.
#[derive(Debug)]
pub enum ForgeError {
    /// Its home cannot be used.
    Home(HomeError),
    /// Its audit cannot be used.
    Audit(AuditError),
    /// There is no toolchain.
    Toolchain(Lack),
    /// The toolchain cannot be read.
    Fingerprint(std::io::Error),
    /// A build ended without objects.
    Build(BuildError),
}

impl fmt::Display for ForgeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ForgeError::Home(error) => error.fmt(f),
            ForgeError::Audit(error) => error.fmt(f),
            ForgeError::Toolchain(lack) => write!(f, "{}; {}", lack.what, lack.remedy),
            ForgeError::Fingerprint(error) => write!(f, "cannot read the toolchain: {error}"),
            ForgeError::Build(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ForgeError {}

impl Forge {
    /// Opens the forge of a home: this folder, or `$LAU_FORGE_HOME`, or the user's state folder.
    ///
    /// # Errors
    ///
    /// The home or its audit cannot be used.
    pub fn open(home: Option<&Path>) -> Result<Forge, ForgeError> {
        let home = Home::open(home).map_err(ForgeError::Home)?;
        let audit = Audit::open(&home).map_err(ForgeError::Audit)?;
        Ok(Forge { home, audit, builder: OnceLock::new() })
    }

    /// Its audit.
    #[must_use]
    pub fn audit(&self) -> &Audit {
        &self.audit
    }

    /// Its home.
    #[must_use]
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// Reads a plan and its sources.
    ///
    /// # Errors
    ///
    /// [`PlanningError`].
    pub fn plan(&self, text: &str, form: Form, origin: &Origin) -> Result<Planned, PlanningError> {
        build::plan(&self.audit, text, form, origin)
    }

    /// Compiles the sources of a plan. When `cancel` says so, it ends soon.
    ///
    /// # Errors
    ///
    /// There is no toolchain, or [`ForgeError::Build`].
    pub fn build(&self, planned: Planned, cancel: Option<Cancel<'_>>) -> Result<Built, ForgeError> {
        let builder = self.builder()?;
        builder.build(&self.audit, planned, cancel).map_err(ForgeError::Build)
    }

    /// The builder of C, made once: finding a toolchain means asking it.
    ///
    /// # Errors
    ///
    /// There is no toolchain, or it cannot be read.
    pub fn builder(&self) -> Result<&Builder, ForgeError> {
        if let Some(builder) = self.builder.get() {
            return Ok(builder);
        }
        let toolchain =
            CToolchain::find(&Host::from_environment()).map_err(ForgeError::Toolchain)?;
        let fingerprint = self.fingerprint(&toolchain)?;
        Ok(self.builder.get_or_init(|| Builder::new(toolchain, fingerprint)))
    }

    /// The fingerprint that was kept, if the toolchain is still the same by all that its files' facts say.
    fn fingerprint(&self, toolchain: &CToolchain) -> Result<Fingerprint, ForgeError> {
        let kept = self.home.file(FINGERPRINT).map_err(ForgeError::Home)?;
        let kept = kept.and_then(|file| serde_json::from_reader::<_, Fingerprint>(file).ok());
        if let Some(kept) = kept.filter(|kept| toolchain.is_still(kept)) {
            return Ok(kept);
        }
        let fingerprint = toolchain.fingerprint().map_err(ForgeError::Fingerprint)?;
        // What cannot be kept is made again next time.
        let _ = self
            .home
            .replace_file(FINGERPRINT, serde_json::json!(fingerprint).to_string().as_bytes());
        Ok(fingerprint)
    }
}
