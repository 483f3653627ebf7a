//! Tests of the stepper itself, with expectations worked out by hand from the specification.

#[allow(dead_code, reason = "each test crate uses a part")]
mod support;
