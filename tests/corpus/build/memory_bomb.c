// attack: uses more memory than it may
// stopped: says stopped: Cannot allocate memory
// layers: memory memory-cgroup
// lift: memory memory-cgroup
// limits: memory 128 processes 1 workspace 16
// evidence: word
#include "attack.h"
int main(void) {
    for (int used = 0; used < 160; used += 16) {
        char *more = malloc(16 * MIB);
        if (more == NULL) stopped();
        memset(more, 1, 16 * MIB);
    }
    puts("reached 160 MiB");
}
