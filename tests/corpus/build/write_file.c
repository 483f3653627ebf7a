// attack: writes to a file of the host
// stopped: says stopped: No such file or directory
// layers: root landlock
// lift: root landlock
#include "attack.h"
int main(void) {
    int file = must(open(canary("changeable"), O_WRONLY));
    must(write(file, "changed", 7));
}
