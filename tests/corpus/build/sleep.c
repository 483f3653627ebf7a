// attack: does nothing for ever
// stopped: deadline
// layers: deadline
// lift: deadline
// limits: wall 300
// evidence: word
#include "attack.h"
int main(void) {
    wait_ms(600);
    puts("reached 600 ms");
}
