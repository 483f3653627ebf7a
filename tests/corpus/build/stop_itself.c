// attack: stops itself, and so never ends
// stopped: deadline
// layers: deadline
// lift: deadline
// limits: wall 300
// evidence: word
#include "attack.h"
int main(void) {
    pid_t parent = getpid();
    if (must(split()) == 0) {
        wait_ms(600);
        puts("reached 600 ms of standstill");
        fflush(stdout);
        syscall(SYS_tgkill, parent, parent, SIGCONT);
        _exit(0);
    }
    raise(SIGSTOP);
    wait_ms(100);
}
