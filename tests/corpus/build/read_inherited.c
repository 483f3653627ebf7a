// attack: reads whatever descriptors the host left open
// stopped: says stopped: Bad file descriptor
// layers: launcher
// lift: launcher
#include "attack.h"
int main(void) {
    char text[64];
    for (int file = 3; file < 1024; file++) {
        long length = pread(file, text, sizeof text, 0);
        if (length > 0) must(write(1, text, length));
    }
    stopped();
}
