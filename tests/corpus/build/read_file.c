// attack: a compiler that was taken over reads a file of the host
// stopped: says stopped: No such file or directory
// layers: root landlock
// lift: root landlock
#include "attack.h"
int main(void) {
    show(must(open(canary("secret"), O_RDONLY)));
}
