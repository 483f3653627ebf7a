// attack: maps memory to be written and run
// stopped: says stopped: Permission denied
// layers: write-or-execute
// lift: write-or-execute
// evidence: word
#include "attack.h"
int main(void) {
    void *code = pages(4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE);
    memcpy(code, RETURNS_42, 6);
    run_42(code);
}
