// attack: climbs out of its folder by ..
// stopped: says stopped: No such file or directory
// layers: root landlock
// lift: root landlock
#include "attack.h"
int main(void) {
    char path[512];
    snprintf(path, sizeof path, "../../../../../../../..%s", canary("secret"));
    show(must(open(path, O_RDONLY)));
}
