// The smallest program: it says that it runs.
#pragma once
#include <elf.h>

extern const char tiny[], tiny_end[];
__asm__(
    ".pushsection .rodata\n"
    "tiny:\n"
    "  .ascii \"\\177ELF\\2\\1\\1\"; .zero 9\n"
    "  .short 2, 62; .long 1\n"                        // an executable, x86-64
    "  .quad 0x400000 + 1f - tiny, 64, 0; .long 0\n"   // its entry, its only segment
    "  .short 64, 56, 1, 0, 0, 0\n"
    "  .long 1, 5; .quad 0, 0x400000, 0x400000, tiny_end - tiny, tiny_end - tiny, 4096\n"
    "1: mov $1, %eax; mov $1, %edi; lea 2f(%rip), %rsi; mov $(tiny_end - 2f), %edx; syscall\n"
    "  mov $60, %eax; xor %edi, %edi; syscall\n"
    "2: .ascii \"reached a program of its own\\n\"\n"
    "tiny_end:\n"
    ".popsection\n");
