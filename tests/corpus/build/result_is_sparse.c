// attack: leaves a result of 100 MiB that takes no place
// stopped: signal 25
// layers: limits outputs
// lift: limits outputs
#include "attack.h"
int main(void) {
    int file = must(open("skill.o", O_WRONLY | O_CREAT, 0600));
    must(ftruncate(file, 100 * MIB));
}
