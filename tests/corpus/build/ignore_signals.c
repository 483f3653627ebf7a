// attack: does nothing for ever, and is deaf to signals
// stopped: deadline
// layers: deadline
// lift: deadline
// limits: wall 300
// evidence: word
#include "attack.h"
int main(void) {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    for (int number = 1; number < 65; number++) signal(number, SIG_IGN);
    wait_ms(600);
    puts("reached 600 ms");
}
