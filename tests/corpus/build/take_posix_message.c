// attack: takes a message from a queue of the host, as POSIX has them
// stopped: says stopped: Operation not permitted
// layers: ipc filter landlock
// lift: ipc filter landlock
#include "attack.h"
#include <mqueue.h>

int main(void) {
    static char text[1 << 16];
    mqd_t queue = must(mq_open(getenv("CANARY_QUEUE"), O_RDONLY | O_NONBLOCK));
    must(mq_receive(queue, text, sizeof text, NULL));
    puts(text);
}
