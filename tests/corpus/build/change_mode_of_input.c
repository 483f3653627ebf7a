// attack: changes the mode of the /dev/null that it has as its input
// kind: program
// stopped: says stopped: Operation not permitted
// layers: user-namespace
// lift: user-namespace
// only: root
// evidence: word
#include "attack.h"
int main(void) {
    struct stat found;
    must(fstat(0, &found));
    must(fchmod(0, found.st_mode & 07777)); // as it is: the device is the host's
    puts("reached the mode of /dev/null");
}
