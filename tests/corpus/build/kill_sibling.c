// attack: kills a process of another jail that is at work at the same time
// stopped: says stopped: Operation not permitted
// layers: user-namespace pid-namespace filter scopes
// lift: user-namespace pid-namespace filter scopes
#include "attack.h"
int main(void) {
    if (getenv("CANARY_SIBLING") == NULL) { // in the other jail
        wait_ms(10000);
        return 0;
    }
    must(kill(told("CANARY_SIBLING"), SIGKILL));
}
