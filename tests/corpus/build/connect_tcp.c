// attack: connects to a server of the host
// stopped: says stopped: Operation not permitted
// layers: network filter landlock
// lift: network filter landlock
#include "attack.h"
int main(void) {
    int stream = must(socket(AF_INET, SOCK_STREAM, 0));
    struct sockaddr_in to = address("127.0.0.1", told("CANARY_PORT"));
    must(connect(stream, (struct sockaddr *)&to, sizeof to));
}
