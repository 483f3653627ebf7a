// attack: has the kernel kill a process of the host when a pipe can be read
// stopped: says stopped: No such process
// layers: user-namespace pid-namespace scopes
// lift: user-namespace pid-namespace scopes
#include "attack.h"
int main(void) {
    int ends[2];
    must(pipe(ends));
    must(fcntl(ends[0], F_SETOWN, told("CANARY_PID")));
    must(fcntl(ends[0], F_SETSIG, SIGKILL));
    must(fcntl(ends[0], F_SETFL, O_ASYNC));
    must(write(ends[1], "x", 1));
}
