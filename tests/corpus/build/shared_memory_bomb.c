// attack: uses more memory than it may, shared and in two processes
// stopped: memory
// ungrouped: says stopped: Cannot allocate memory
// layers: memory memory-cgroup
// lift: memory memory-cgroup
// limits: memory 144 processes 2 workspace 16
// evidence: word
#include "attack.h"
static void use(void) { memset(pages(90 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED), 1, 90 * MIB); }

int main(void) {
    int done[2];
    char byte;
    must(pipe(done));
    if (must(split()) == 0) {
        use();
        must(write(done[1], "x", 1));
        wait_ms(5000);
        _exit(0);
    }
    close(done[1]);
    if (must(read(done[0], &byte, 1)) == 0) return 0;
    use();
    // Where the kernel had to kill the other, its share is free again.
    if (waitpid(-1, NULL, WNOHANG) == 0) puts("reached 180 MiB");
}
