// attack: uses a processor for ever
// stopped: deadline
// layers: deadline
// lift: deadline
// limits: wall 500
// evidence: word
#include "attack.h"
static double used(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

int main(void) {
    while (used() < 0.8) {
    }
    puts("reached 0.8 s of a processor");
}
