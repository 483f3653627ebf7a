// attack: stops and leads another process of its jail as a debugger does
// stopped: says stopped: Operation not permitted
// layers: filter
// lift: filter
// evidence: word
#include "attack.h"
#include <sys/ptrace.h>

int main(void) {
    pid_t child = must(split());
    if (child == 0) {
        wait_ms(2000);
        _exit(0);
    }
    must(ptrace(PTRACE_SEIZE, child, NULL, NULL));
    must(ptrace(PTRACE_INTERRUPT, child, NULL, NULL));
    int status;
    must(waitpid(child, &status, 0));
    if (WIFSTOPPED(status)) puts("reached a process that it stops");
}
