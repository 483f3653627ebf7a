// attack: the assembler quotes a file of the host
// stopped: refused can't open
// layers: root
// goal: secret
__asm__(".include \"@CANARY@/secret\"");
