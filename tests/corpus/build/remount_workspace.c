// attack: mounts its workspace again, without its bounds
// stopped: says stopped: Operation not permitted
// layers: capabilities filter landlock
// lift: capabilities filter landlock
// limits: workspace 16
// evidence: word
#include "attack.h"
#include <sys/mount.h>

int main(void) {
    static char block[MIB], folder[256];
    must(mount("none", getcwd(folder, sizeof folder), "tmpfs", MS_REMOUNT, "size=64m"));
    int file = must(open("file", O_WRONLY | O_CREAT, 0600));
    for (int written = 0; written < 40; written++) must(write(file, block, sizeof block));
    puts("reached 40 MiB");
}
