// attack: writes to memory, and then has it run
// stopped: says stopped: Permission denied
// layers: write-or-execute
// lift: write-or-execute
// evidence: word
#include "attack.h"
int main(void) {
    void *code = pages(4096, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    memcpy(code, RETURNS_42, 6);
    must(mprotect(code, 4096, PROT_READ | PROT_EXEC));
    run_42(code);
}
