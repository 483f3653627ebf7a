// attack: removes a file of the host
// stopped: says stopped: No such file or directory
// layers: user-namespace root landlock
// lift: user-namespace root landlock
#include "attack.h"
int main(void) {
    must(unlink(canary("changeable")));
}
