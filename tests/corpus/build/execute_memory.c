// attack: executes a program that is in memory alone
// stopped: says stopped: Operation not permitted
// layers: filter
// lift: filter
// evidence: word
#include "attack.h"
#include "tiny.h"

int main(void) {
    int file = must(memfd_create("tiny", 0));
    must(write(file, tiny, tiny_end - tiny));
    char *arguments[] = {"tiny", NULL};
    must(syscall(SYS_execveat, file, "", arguments, environ, AT_EMPTY_PATH));
}
