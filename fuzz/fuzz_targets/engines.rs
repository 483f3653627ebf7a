#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lau_agent_runtime::fuzz::bodies::engines(data));
