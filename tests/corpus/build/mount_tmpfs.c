// attack: mounts a file system, as root of namespaces of its own
// stopped: says stopped: Operation not permitted
// layers: filter landlock
// lift: filter landlock
// evidence: word
#include "attack.h"
#include <sys/mount.h>

int main(void) {
    must(unshare(CLONE_NEWUSER | CLONE_NEWNS));
    must(mount("none", ".tmp", "tmpfs", 0, ""));
    puts("reached a file system of its own");
}
