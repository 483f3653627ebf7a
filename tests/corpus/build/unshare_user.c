// attack: becomes root of a user namespace of its own
// stopped: says stopped: Operation not permitted
// layers: filter
// lift: filter
// evidence: word
#include "attack.h"
int main(void) {
    must(unshare(CLONE_NEWUSER | CLONE_NEWUTS));
    must(sethostname("mine", 4));
    puts("reached a right of root over a namespace of its own");
}
