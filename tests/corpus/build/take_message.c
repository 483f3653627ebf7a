// attack: takes a message from a queue of the host
// stopped: says stopped: Operation not permitted
// layers: ipc filter
// lift: ipc filter
#include "attack.h"
#include <sys/msg.h>

int main(void) {
    struct {
        long kind;
        char text[64];
    } message;
    must(msgrcv(told("CANARY_MESSAGES"), &message, sizeof message.text, 0, IPC_NOWAIT));
    puts(message.text);
}
