//! What the tests share: the stepper that engines are judged by, and the judging of engines by it over
//! generated programs. The programs, the host they call and how runs are seen are the library's
//! (`lau_agent_runtime::fuzz`). Every test crate uses its part of it.

#[cfg(feature = "aot")]
pub(crate) mod ahead;
pub(crate) mod code;
pub(crate) mod compare;
pub(crate) mod directed;
pub(crate) mod engine;
pub(crate) mod expect;
pub(crate) mod graph;
pub(crate) mod stepper;
