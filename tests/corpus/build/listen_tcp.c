// attack: answers at an address of the host
// stopped: says stopped: Operation not permitted
// layers: network filter landlock
// lift: network filter landlock
#include "attack.h"
int main(void) {
    int stream = must(socket(AF_INET, SOCK_STREAM, 0));
    struct sockaddr_in at = address(getenv("CANARY_ADDRESS"), told("CANARY_KNOCKED"));
    must(bind(stream, (struct sockaddr *)&at, sizeof at));
    must(listen(stream, 1));
    poll(&(struct pollfd){stream, POLLIN}, 1, 3000);
}
