// attack: connects to a server of the host by IPv6
// stopped: says stopped: Operation not permitted
// layers: network filter landlock
// lift: network filter landlock
// where: /proc/sys/net/ipv6/conf/lo/disable_ipv6 0
#include "attack.h"
#include <netinet/in.h>

int main(void) {
    int stream = must(socket(AF_INET6, SOCK_STREAM, 0));
    struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_port = htons(told("CANARY_PORT"))};
    to.sin6_addr = in6addr_loopback;
    must(connect(stream, (struct sockaddr *)&to, sizeof to));
}
