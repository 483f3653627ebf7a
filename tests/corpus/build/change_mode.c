// attack: changes the mode of a file of the host, for which no file need be opened
// stopped: says stopped: No such file or directory
// layers: user-namespace root
// lift: user-namespace root
// why: no rule of Landlock is about modes
#include "attack.h"
int main(void) {
    must(chmod(canary("changeable"), 0644));
}
