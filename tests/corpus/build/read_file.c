// attack: a compiler that was taken over reads a file of the host
// kind: program
// stopped: says stopped: No such file or directory
// layers: root landlock
// lift: root landlock
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int main(void) {
    char path[256], text[256];
    snprintf(path, sizeof path, "%s/secret", getenv("CANARY_FOLDER"));
    int file = open(path, O_RDONLY);
    ssize_t length = file < 0 ? -1 : read(file, text, sizeof text);
    if (length < 0) {
        printf("stopped: %s\n", strerror(errno));
    } else {
        fwrite(text, 1, (size_t)length, stdout);
    }
    return 0;
}
