// attack: has all memory that can be read be run, as in old programs
// stopped: says stopped: Operation not permitted
// layers: filter write-or-execute
// lift: filter write-or-execute
// evidence: word
#include "attack.h"
#include <sys/personality.h>

int main(void) {
    must(personality(READ_IMPLIES_EXEC));
    void *code = pages(4096, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    memcpy(code, RETURNS_42, 6);
    run_42(code);
}
