// attack: makes a ring for calls that no filter sees
// stopped: says stopped: Operation not permitted
// layers: filter limits
// lift: filter limits
// where: /proc/sys/kernel/io_uring_disabled 0
// evidence: word
#include "attack.h"
#include <linux/io_uring.h>

int main(void) {
    struct io_uring_params how = {0};
    must(syscall(SYS_io_uring_setup, 8, &how));
    printf("reached a ring of %u calls\n", how.sq_entries);
}
