// attack: writes code to a file of its workspace and maps that
// stopped: says stopped: Operation not permitted
// layers: workspace
// lift: workspace
// evidence: word
#include "attack.h"
int main(void) {
    int file = must(open("code", O_RDWR | O_CREAT, 0700));
    must(write(file, RETURNS_42, 6));
    void *code = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, file, 0);
    if (code == MAP_FAILED) stopped();
    run_42(code);
}
