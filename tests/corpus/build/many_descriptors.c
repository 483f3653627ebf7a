// attack: opens descriptors until there are none
// stopped: says stopped: Too many open files
// layers: limits
// lift: limits
// evidence: word
#include "attack.h"
int main(void) {
    for (int made = 0; made < 200; made++) must(dup(0));
    puts("reached 200 descriptors");
}
