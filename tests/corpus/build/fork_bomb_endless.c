// attack: makes processes that make processes, and never ends
// stopped: deadline
// layers: limits pids-cgroup
// lift: limits pids-cgroup
// limits: wall 1000
// evidence: word
#include "attack.h"
int main(void) {
    enum { MOST = 120 };
    int *made = pages(4096, PROT_READ | PROT_WRITE, MAP_SHARED);
    for (;;) {
        int number = __atomic_add_fetch(made, 1, __ATOMIC_RELAXED);
        if (number <= MOST && split() >= 0) {
            if (number == 100) dprintf(1, "reached 100 processes\n");
        } else {
            __atomic_sub_fetch(made, 1, __ATOMIC_RELAXED);
            wait_ms(1);
        }
    }
}
