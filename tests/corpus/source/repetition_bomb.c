// attack: the assembler repeats a line until memory is used up
// stopped: memory
// layers: memory
// limits: memory 700
// goal: large
__asm__(".rept 100000000\n.byte 1, 2, 3, 4, 5, 6, 7, 8\n.endr");
