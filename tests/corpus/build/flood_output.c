// attack: writes to its output without end
// stopped: output
// layers: deadline
// lift: deadline
// limits: output 64
// evidence: word
// why: who keeps the time keeps the output, too
#include "attack.h"
int main(void) {
    for (int line = 0; line < 256 * 16; line++) {
        puts("a line of 64 bytes, over and over, so as to fill the host's own");
    }
    puts("reached 256 KiB");
}
