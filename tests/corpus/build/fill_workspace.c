// attack: fills its workspace
// stopped: says stopped: No space left on device
// layers: workspace
// lift: workspace
// limits: workspace 16
// evidence: word
#include "attack.h"
int main(void) {
    static char block[MIB];
    for (int written = 0; written < 40; written++) {
        char name[16];
        snprintf(name, sizeof name, "file%d", written);
        int file = must(open(name, O_WRONLY | O_CREAT, 0600));
        must(write(file, block, sizeof block));
        must(close(file));
    }
    puts("reached 40 MiB");
}
