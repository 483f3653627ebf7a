// attack: executes a shell of the host
// stopped: says stopped: No such file or directory
// layers: root landlock
// lift: root landlock
#include "attack.h"
int main(void) {
    char *arguments[] = {"sh", "-c", "cat \"$CANARY_FOLDER/secret\"", NULL};
    must(execve("/bin/sh", arguments, environ));
}
