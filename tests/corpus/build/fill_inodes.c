// attack: fills its workspace with files that have no content
// stopped: says stopped: No space left on device
// layers: workspace
// lift: workspace
// evidence: word
#include "attack.h"
int main(void) {
    for (int made = 0; made < 5000; made++) {
        char name[16];
        snprintf(name, sizeof name, "file%d", made);
        must(close(must(open(name, O_WRONLY | O_CREAT, 0600))));
    }
    puts("reached 5000 files");
}
