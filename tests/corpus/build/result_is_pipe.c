// attack: leaves a pipe in the place of its result, so that its reader waits for ever
// stopped: says stopped: Operation not permitted
// layers: filter landlock outputs
// lift: filter landlock outputs
#include "attack.h"
int main(void) {
    must(mkfifo("skill.o", 0600));
}
