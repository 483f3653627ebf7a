// attack: reads the memory of another process of its jail
// stopped: says stopped: Operation not permitted
// layers: filter
// lift: filter
// evidence: word
#include "attack.h"
#include <sys/uio.h>

static char text[16];

int main(void) {
    pid_t child = must(split());
    if (child == 0) {
        strcpy(text, "of the child");
        wait_ms(2000);
        _exit(0);
    }
    char copy[sizeof text] = "";
    struct iovec here = {copy, sizeof copy}, there = {text, sizeof text};
    for (int polls = 0; polls < 100 && copy[0] == '\0'; polls++) {
        must(process_vm_readv(child, &here, 1, &there, 1, 0));
        wait_ms(10);
    }
    if (copy[0] != '\0') printf("reached memory %s\n", copy);
}
