// attack: adds a segment to its table of segments
// stopped: says stopped: Operation not permitted
// layers: filter
// lift: filter
// evidence: word
#include "attack.h"
#include <asm/ldt.h>

int main(void) {
    enum { READ, WRITE };
    struct user_desc segment = {.limit = 1, .seg_32bit = 1, .useable = 1};
    char table[64];
    must(syscall(SYS_modify_ldt, WRITE, &segment, sizeof segment));
    printf("reached a table of %ld bytes\n", must(syscall(SYS_modify_ldt, READ, table, 64)));
}
