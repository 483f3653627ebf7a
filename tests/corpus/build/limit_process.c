// attack: gives a process of the host lower limits
// stopped: says stopped: Operation not permitted
// layers: user-namespace pid-namespace filter
// lift: user-namespace pid-namespace filter
#include "attack.h"
int main(void) {
    struct rlimit none = {0, 0};
    must(prlimit(told("CANARY_PID"), RLIMIT_FSIZE, &none, NULL));
}
