// attack: kills a process of the host
// stopped: says stopped: Operation not permitted
// layers: user-namespace pid-namespace filter scopes
// lift: user-namespace pid-namespace filter scopes
#include "attack.h"
int main(void) {
    must(kill(told("CANARY_PID"), SIGKILL));
}
