// attack: maps memory at two places, one to be written and one to be run
// stopped: says stopped: Operation not permitted
// layers: filter
// lift: filter
// evidence: word
#include "attack.h"
int main(void) {
    int file = must(memfd_create("code", 0));
    must(ftruncate(file, 4096));
    void *data = mmap(NULL, 4096, PROT_WRITE, MAP_SHARED, file, 0);
    void *code = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, file, 0);
    if (data == MAP_FAILED || code == MAP_FAILED) stopped();
    memcpy(data, RETURNS_42, 6);
    run_42(code);
}
