// attack: makes a hundred processes
// stopped: says stopped: Resource temporarily unavailable
// layers: limits pids-cgroup
// lift: limits pids-cgroup
// evidence: word
#include "attack.h"
int main(void) {
    for (int made = 0; made < 100; made++) {
        if (must(split()) == 0) {
            wait_ms(5000);
            _exit(0);
        }
    }
    puts("reached 100 processes");
}
