// attack: sends a packet to the host
// stopped: says stopped: Operation not permitted
// layers: network filter
// lift: network filter
#include "attack.h"
int main(void) {
    int packets = must(socket(AF_INET, SOCK_DGRAM, 0));
    struct sockaddr_in to = address("127.0.0.1", told("CANARY_PORT"));
    must(sendto(packets, "x", 1, 0, (struct sockaddr *)&to, sizeof to));
}
