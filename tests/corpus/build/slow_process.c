// attack: gives a process of the host the least priority
// stopped: says stopped: Operation not permitted
// layers: pid-namespace filter
// lift: pid-namespace filter
// only: user
// why: the kernel spares processes that have more capabilities, as those of root have
#include "attack.h"
int main(void) {
    must(setpriority(PRIO_PROCESS, told("CANARY_PID"), 19));
}
