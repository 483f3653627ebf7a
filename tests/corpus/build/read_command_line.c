// attack: reads the command line of a process of the host
// stopped: says stopped: No such file or directory
// layers: root landlock
// lift: root landlock
#include "attack.h"
int main(void) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/cmdline", told("CANARY_PID"));
    show(must(open(path, O_RDONLY)));
}
