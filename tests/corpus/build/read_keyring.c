// attack: takes a secret from the keyring of the session that the host is in
// kind: program
// stopped: says stopped: Operation not permitted
// layers: filter
// lift: filter
// why: keyrings are inherited: namespaces and ids of the jail do not matter
#include "attack.h"
#include <linux/keyctl.h>

int main(void) {
    char text[64];
    int session = KEY_SPEC_SESSION_KEYRING;
    long key = must(syscall(SYS_keyctl, KEYCTL_SEARCH, session, "user", "canary", 0));
    long length = must(syscall(SYS_keyctl, KEYCTL_READ, key, text, sizeof text));
    must(write(1, text, length));
}
