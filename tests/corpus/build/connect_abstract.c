// attack: connects to a socket of the host that has a name but no path
// stopped: says stopped: Operation not permitted
// layers: network filter scopes
// lift: network filter scopes
#include "attack.h"
#include <stddef.h>
#include <sys/un.h>

int main(void) {
    int stream = must(socket(AF_UNIX, SOCK_STREAM, 0));
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    const char *name = getenv("CANARY_FOLDER");
    strcpy(to.sun_path + 1, name);
    socklen_t length = offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name);
    must(connect(stream, (struct sockaddr *)&to, length));
}
