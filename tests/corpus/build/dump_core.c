// attack: leaves its memory in a file by a crash
// stopped: says stopped: Operation not permitted
// layers: limits
// lift: limits
// where: /proc/sys/kernel/core_pattern core
// evidence: word
#include "attack.h"
int main(void) {
    struct rlimit room = {16 * MIB, 16 * MIB};
    must(setrlimit(RLIMIT_CORE, &room));
    pid_t child = must(split());
    if (child == 0) abort();
    must(waitpid(child, NULL, 0));
    char name[32];
    snprintf(name, sizeof name, "core.%d", child);
    struct stat core;
    if (stat("core", &core) != 0) must(stat(name, &core));
    printf("reached %ld bytes\n", (long)core.st_size);
}
