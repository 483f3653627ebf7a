// attack: takes a root of its own, as root of namespaces of its own
// stopped: says stopped: Operation not permitted
// layers: filter landlock
// lift: filter landlock
// evidence: word
#include "attack.h"
#include <sys/mount.h>

int main(void) {
    must(unshare(CLONE_NEWUSER | CLONE_NEWNS));
    must(mount("none", ".tmp", "tmpfs", 0, ""));
    must(chdir(".tmp"));
    must(syscall(SYS_pivot_root, ".", "."));
    puts("reached another root");
}
