// attack: uses more time of a processor than it may
// stopped: signal 24
// layers: limits
// lift: limits
// limits: cpu 1
// evidence: word
#include "attack.h"
static double used(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

int main(void) {
    while (used() < 1.6) {
    }
    puts("reached 1.6 s of a processor");
}
