// attack: leaves a process behind that has no parent and a session of its own
// stopped: says its parent has ended
// layers: pid-namespace
// lift: pid-namespace
#include "attack.h"
int main(void) {
    pid_t child = must(split());
    if (child == 0) {
        setsid();
        if (split() == 0) wait_ms(5000);
        _exit(0);
    }
    must(waitpid(child, NULL, 0));
    puts("its parent has ended");
}
