// attack: makes a socket to the machine below a virtual machine
// stopped: says stopped: Operation not permitted
// layers: filter
// lift: filter
// evidence: word
// why: no namespace is about it
#include "attack.h"
#include <linux/vm_sockets.h>

int main(void) {
    int stream = must(socket(AF_VSOCK, SOCK_STREAM, 0));
    struct sockaddr_vm at = {AF_VSOCK, .svm_port = VMADDR_PORT_ANY, .svm_cid = VMADDR_CID_ANY};
    must(bind(stream, (struct sockaddr *)&at, sizeof at));
    puts("reached a vsock");
}
