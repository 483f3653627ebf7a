// attack: locks memory, so that it is never given back
// stopped: says stopped: Operation not permitted
// layers: filter limits
// lift: filter limits
// evidence: word
#include "attack.h"
int main(void) {
    must(mlock(pages(MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE), MIB));
    puts("reached 1 MiB that is locked");
}
