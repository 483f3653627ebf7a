// attack: leaves its root by the folder that it keeps open outside of a second one
// stopped: says stopped: Operation not permitted
// layers: root filter landlock
// lift: root filter landlock
#include "attack.h"
int main(void) {
    int above = must(open("/", O_PATH | O_DIRECTORY));
    must(unshare(CLONE_NEWUSER));
    must(chroot(".tmp"));
    must(fchdir(above));
    show(must(open(canary("secret") + 1, O_RDONLY)));
}
