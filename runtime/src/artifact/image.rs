//! The image of a compiled program: where its artifact and its code are, in this process.

use super::{Artifact, Fault, Native, SourceText};
use crate::native::EntryFn;
use crate::program::Linked;
use std::any::Any;
use std::sync::Arc;

/// What an image begins with.
pub const MAGIC: [u8; 8] = *b"lau-prog";

/// The data that an object file of a program has under the program's symbol. All is as wide as an address, so that
/// generators lay it out without thinking.
#[repr(C)]
#[derive(Debug)]
pub struct Image {
    /// [`MAGIC`].
    pub magic: [u8; 8],
    /// The artifact.
    pub artifact: *const u8,
    /// Its length, in bytes.
    pub artifact_bytes: usize,
    /// What is called to enter native code.
    pub functions: *const EntryFn,
    /// How many there are.
    pub functions_count: usize,
}

// SAFETY: an image is constant, and so is everything it refers to.
unsafe impl Sync for Image {}

/// A compiled program, taken up: its parts belong together, as whoever has one may rely on.
#[derive(Debug)]
pub struct Loaded {
    linked: Arc<Linked>,
    native: Option<Arc<Native>>,
    source: Option<SourceText>,
}

impl Loaded {
    /// The program, linked to the interface that its code was made for; its native code, if it has any; the text it
    /// was compiled from, if that came along.
    #[must_use]
    pub fn into_parts(self) -> (Arc<Linked>, Option<Arc<Native>>, Option<SourceText>) {
        (self.linked, self.native, self.source)
    }
}

/// Takes up a compiled program. `kept` is held as long as its code may be called.
///
/// # Errors
/// If there is no image of this version, the processor lacks what the code uses, or the artifact is damaged.
///
/// # Safety
/// The address is that of the image of a program in an object file that the code generator made, linked with its
/// helpers; it and its code stay there as long as the process or what is kept.
pub unsafe fn load(
    image: *const Image,
    kept: Option<Arc<dyn Any + Send + Sync>>,
) -> Result<Loaded, Fault> {
    // SAFETY: as the caller vouches; anything that is readable and eight bytes long can be told from an image.
    let magic = unsafe { (&raw const (*image).magic).read() };
    if magic != MAGIC {
        return Err(Fault::NotAnImage);
    }
    // SAFETY: as the caller vouches, for image, artifact and list.
    let (bytes, functions) = unsafe {
        let image = &*image;
        (
            std::slice::from_raw_parts(image.artifact, image.artifact_bytes),
            std::slice::from_raw_parts(image.functions, image.functions_count),
        )
    };
    let mut artifact = Artifact::from_bytes(bytes)?;
    let missing: Vec<String> =
        artifact.features.iter().filter(|feature| !has(feature)).cloned().collect();
    if !missing.is_empty() {
        return Err(Fault::Processor(missing));
    }
    let linked = artifact.take_linked()?;
    let operations = linked.program().parts().ops.len();
    let mut native = None;
    for tables in artifact.codes.into_iter().rev() {
        let code = Native::new(operations, tables, functions, native, kept.clone());
        native = Some(Arc::new(code.map_err(|what| Fault::Malformed(what.to_owned()))?));
    }
    Ok(Loaded { linked, native, source: artifact.source })
}

/// Whether this processor has a feature, by Cranelift's name. One that is not known here it may not have.
fn has(feature: &str) -> bool {
    macro_rules! detect {
        ($detected:ident: $($name:literal => $($own:tt),+;)*) => {
            match feature {
                $($name => true $(&& std::arch::$detected!($own))+,)*
                _ => false,
            }
        };
    }
    #[cfg(target_arch = "x86_64")]
    return detect! { is_x86_feature_detected:
        "has_cmpxchg16b" => "cmpxchg16b";
        "has_sse3" => "sse3";
        "has_ssse3" => "ssse3";
        "has_sse41" => "sse4.1";
        "has_sse42" => "sse4.2";
        "has_popcnt" => "popcnt";
        "has_avx" => "avx";
        "has_avx2" => "avx2";
        "has_fma" => "fma";
        "has_bmi1" => "bmi1";
        "has_bmi2" => "bmi2";
        "has_lzcnt" => "lzcnt";
        "has_avx512bitalg" => "avx512bitalg";
        "has_avx512dq" => "avx512dq";
        "has_avx512f" => "avx512f";
        "has_avx512vl" => "avx512vl";
        "has_avx512vbmi" => "avx512vbmi";
        "has_avx512vnni" => "avx512vnni";
        "has_avx_vnni" => "avxvnni";
    };
    #[cfg(target_arch = "aarch64")]
    return detect! { is_aarch64_feature_detected:
        "has_lse" => "lse";
        "has_pauth" => "paca";
        "has_fp16" => "fp16";
        "has_dotprod" => "dotprod";
    };
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    {
        let _ = feature;
        false
    }
}
