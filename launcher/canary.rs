#![no_std]
#![no_main]
mod system;
core::arch::global_asm!(".globl _start", "_start:", "mov rdi, rsp", "and rsp, -16", "call {main}", "ud2", main = sym main);
extern "C" fn main(_stack: *const usize) -> ! { system::exit(0) }
