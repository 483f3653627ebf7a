// attack: goes by /proc/self/root, which is a link to a root
// stopped: says stopped: No such file or directory
// layers: root landlock
// lift: root landlock
#include "attack.h"
int main(void) {
    char path[512];
    snprintf(path, sizeof path, "/proc/self/root%s", canary("secret"));
    show(must(open(path, O_RDONLY)));
}
