// attack: connects to a socket of the host that has a path
// stopped: says stopped: Operation not permitted
// layers: root filter
// lift: root filter
// why: such a socket is reached through files, from any network; no rule of Landlock is about it
#include "attack.h"
#include <sys/un.h>

int main(void) {
    int stream = must(socket(AF_UNIX, SOCK_STREAM, 0));
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    strcpy(to.sun_path, canary("socket"));
    must(connect(stream, (struct sockaddr *)&to, sizeof to));
}
