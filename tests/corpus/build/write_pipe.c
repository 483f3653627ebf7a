// attack: writes to a pipe of the host that has a name
// stopped: says stopped: No such file or directory
// layers: root landlock
// lift: root landlock
#include "attack.h"
int main(void) {
    int pipe = must(open(canary("pipe"), O_WRONLY | O_NONBLOCK));
    must(write(pipe, "x", 1));
}
