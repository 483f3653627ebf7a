// attack: asks the kernel by netlink who listens on the host
// stopped: says stopped: Operation not permitted
// layers: network filter
// lift: network filter
// evidence: word
#include "attack.h"
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>

int main(void) {
    int netlink = must(socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG));
    struct {
        struct nlmsghdr head;
        struct inet_diag_req_v2 body;
    } request = {
        {sizeof request, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP},
        {AF_INET, IPPROTO_TCP, .idiag_states = 1 << TCP_LISTEN},
    };
    must(send(netlink, &request, sizeof request, 0));
    char answer[32768];
    for (;;) {
        unsigned length = must(recv(netlink, answer, sizeof answer, 0));
        struct nlmsghdr *head = (struct nlmsghdr *)answer;
        for (; NLMSG_OK(head, length); head = NLMSG_NEXT(head, length)) {
            if (head->nlmsg_type != SOCK_DIAG_BY_FAMILY) return 0;
            struct inet_diag_msg *found = NLMSG_DATA(head);
            if (ntohs(found->id.idiag_sport) == told("CANARY_PORT")) {
                puts("reached the host's server in the list");
                return 0;
            }
        }
    }
}
