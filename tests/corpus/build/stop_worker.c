// attack: waits for a process of its own that is stopped
// stopped: deadline
// layers: deadline
// lift: deadline
// limits: wall 300
// evidence: word
#include "attack.h"
int main(void) {
    pid_t worker = must(split());
    if (worker == 0) {
        raise(SIGSTOP);
        _exit(0);
    }
    int polls = 0;
    while (polls < 60 && waitpid(worker, NULL, WNOHANG) == 0) {
        wait_ms(10);
        polls++;
    }
    if (polls == 60) puts("reached 600 ms of waiting");
}
