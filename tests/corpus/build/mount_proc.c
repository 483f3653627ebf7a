// attack: mounts a /proc, as root of namespaces of its own
// stopped: says stopped: Operation not permitted
// layers: root filter landlock
// lift: root filter landlock
// evidence: word
// why: the kernel gives a /proc only to who sees one already
#include "attack.h"
#include <sys/mount.h>

int main(void) {
    must(unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID));
    pid_t child = must(split());
    if (child == 0) {
        must(mount("none", ".tmp", "proc", 0, NULL));
        must(open(".tmp/self/status", O_RDONLY));
        puts("reached /proc");
        return 0;
    }
    must(waitpid(child, NULL, 0));
}
