// attack: counts events of the processor or the kernel
// stopped: says stopped: Operation not permitted
// layers: filter
// lift: filter
// evidence: word
#include "attack.h"
#include <linux/perf_event.h>

int main(void) {
    struct perf_event_attr what = {
        .type = PERF_TYPE_SOFTWARE,
        .size = sizeof what,
        .config = PERF_COUNT_SW_TASK_CLOCK,
        .exclude_kernel = 1,
    };
    int counter = must(syscall(SYS_perf_event_open, &what, 0, -1, -1, 0));
    long long count;
    must(read(counter, &count, sizeof count));
    puts("reached a counter");
}
