// attack: reads shared memory of the host
// stopped: says stopped: Operation not permitted
// layers: ipc filter
// lift: ipc filter
#include "attack.h"
#include <sys/shm.h>

int main(void) {
    char *memory = shmat(told("CANARY_MEMORY"), NULL, SHM_RDONLY);
    if (memory == (void *)-1) stopped();
    puts(memory);
}
