// attack: takes its workspace away, to see what is below
// stopped: says stopped: Operation not permitted
// layers: capabilities filter landlock
// lift: capabilities filter landlock
// evidence: word
#include "attack.h"
#include <sys/mount.h>

int main(void) {
    char folder[256];
    must(umount2(getcwd(folder, sizeof folder), MNT_DETACH));
    must(chdir(folder));
    // Every workspace has this folder.
    if (access(".tmp", F_OK) != 0) puts("reached what is below its workspace");
}
