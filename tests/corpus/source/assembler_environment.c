// attack: what variables the host has, in what the assembler says
// stopped: refused can't open
// layers: root
// goal: variable
__asm__(".include \"/proc/self/environ\"");
