// attack: handles its own page faults, a help to win races in the kernel
// stopped: says stopped: Operation not permitted
// layers: filter
// lift: filter
// evidence: word
#include "attack.h"
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>

int main(void) {
    int faults = must(syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY));
    struct uffdio_api how = {.api = UFFD_API};
    must(ioctl(faults, UFFDIO_API, &how));
    puts("reached page faults");
}
