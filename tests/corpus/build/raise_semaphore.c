// attack: raises a semaphore of the host
// stopped: says stopped: Operation not permitted
// layers: ipc filter
// lift: ipc filter
#include "attack.h"
#include <sys/sem.h>

int main(void) {
    struct sembuf raise = {.sem_op = 1};
    must(semop(told("CANARY_SEMAPHORE"), &raise, 1));
}
