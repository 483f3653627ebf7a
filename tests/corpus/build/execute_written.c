// attack: executes a program that it wrote to its workspace
// stopped: says stopped: Permission denied
// layers: landlock workspace
// lift: landlock workspace
// evidence: word
#include "attack.h"
#include "tiny.h"

int main(void) {
    int file = must(open("tiny", O_WRONLY | O_CREAT, 0700));
    must(write(file, tiny, tiny_end - tiny));
    must(close(file));
    char *arguments[] = {"tiny", NULL};
    must(execve("tiny", arguments, environ));
}
