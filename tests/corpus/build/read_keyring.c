// attack: takes a secret from the keyring of the session that the host is in
// stopped: says stopped: Operation not permitted
// layers: user-namespace filter
// lift: user-namespace filter
// why: keyrings are inherited; who becomes another user leaves that of the session behind
#include "attack.h"
#include <linux/keyctl.h>

int main(void) {
    char text[64];
    int session = KEY_SPEC_SESSION_KEYRING;
    long key = must(syscall(SYS_keyctl, KEYCTL_SEARCH, session, "user", "canary", 0));
    long length = must(syscall(SYS_keyctl, KEYCTL_READ, key, text, sizeof text));
    must(write(1, text, length));
}
