// attack: keeps something in memory of the kernel, as a key
// stopped: says stopped: Operation not permitted
// layers: filter
// lift: filter
// evidence: word
#include "attack.h"
#include <linux/keyctl.h>

int main(void) {
    must(syscall(SYS_add_key, "user", "note", "text", 4, KEY_SPEC_PROCESS_KEYRING));
    puts("reached a key");
}
