// attack: reads a file of the host that only its owner may read
// stopped: says stopped: No such file or directory
// layers: user-namespace root landlock
// lift: user-namespace root landlock
#include "attack.h"
int main(void) {
    show(must(open(canary("private"), O_RDONLY)));
}
