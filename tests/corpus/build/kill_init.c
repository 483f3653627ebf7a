// attack: kills the first process of its jail, to be rid of it
// stopped: says stopped: Operation not permitted
// layers: pid-namespace scopes
// lift: pid-namespace scopes
#include "attack.h"
int main(void) {
    must(syscall(SYS_tgkill, getppid(), getppid(), SIGKILL));
    wait_ms(5000);
}
