// attack: makes a socket of raw packets, as root of namespaces of its own
// stopped: says stopped: Operation not permitted
// layers: filter
// lift: filter
// evidence: word
// why: the sockets see only an empty network; what is reached is a part of the kernel that has had many holes
#include "attack.h"
#include <linux/if_ether.h>

int main(void) {
    must(unshare(CLONE_NEWUSER | CLONE_NEWNET));
    must(socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)));
    puts("reached a packet socket");
}
