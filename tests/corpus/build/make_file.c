// attack: makes a file outside of its workspace
// stopped: says stopped: No such file or directory
// layers: user-namespace root landlock
// lift: user-namespace root landlock
#include "attack.h"
int main(void) {
    must(open(canary("new"), O_WRONLY | O_CREAT, 0600));
}
