// attack: kills a process of the host by a call that compilers need for abort
// stopped: says stopped: No such process
// layers: user-namespace pid-namespace scopes
// lift: user-namespace pid-namespace scopes
#include "attack.h"
int main(void) {
    long victim = told("CANARY_PID");
    must(syscall(SYS_tgkill, victim, victim, SIGKILL));
}
