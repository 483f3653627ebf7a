// attack: the assembler puts a file of the host into the object
// stopped: refused file not found
// layers: root
// goal: secret
__asm__(".section .rodata\n.incbin \"@CANARY@/secret\"\n.text");
