// attack: raises its own limit of descriptors
// stopped: says stopped: Operation not permitted
// layers: limits
// lift: limits
// evidence: word
#include "attack.h"
int main(void) {
    struct rlimit more = {1000, 1000};
    must(setrlimit(RLIMIT_NOFILE, &more));
    must(dup2(0, 999));
    puts("reached descriptor 999");
}
