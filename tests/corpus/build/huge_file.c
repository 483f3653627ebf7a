// attack: writes one file that is longer than any may be
// stopped: signal 25
// layers: limits
// lift: limits
// limits: file 8
// evidence: word
#include "attack.h"
int main(void) {
    static char block[MIB];
    int file = must(open("file", O_WRONLY | O_CREAT, 0600));
    for (int written = 0; written < 16; written++) must(write(file, block, sizeof block));
    puts("reached 16 MiB in one file");
}
