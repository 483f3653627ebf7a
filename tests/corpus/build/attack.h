// What attacks share. A program says `stopped: …` and ends where it is refused; it must never print what it was told
// of its goal as if it had reached it.
#pragma once
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MIB = 1 << 20 };

// Whatever is lifted, each process ends.
__attribute__((constructor)) static void bound(void) { alarm(20); }

static inline pid_t split(void) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) bound();
    return child;
}

static inline void stopped(void) {
    printf("stopped: %s\n", strerror(errno));
    exit(0);
}

// The result of a call, which must not fail.
static inline long must(long result) {
    if (result < 0) stopped();
    return result;
}

// What the attack was told of its goal.
static inline long told(const char *name) { return strtol(getenv(name), NULL, 10); }

// A path below the folder of the canaries.
static inline const char *canary(const char *name) {
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", getenv("CANARY_FOLDER"), name);
    return path;
}

// Everything that a descriptor gives, to standard output.
static inline void show(int file) {
    char text[4096];
    for (long length; (length = must(read(file, text, sizeof text))) > 0;) {
        must(write(1, text, length));
    }
}

// No other call that waits is allowed to compilers.
static inline void wait_ms(int ms) { poll(NULL, 0, ms); }

static inline struct sockaddr_in address(const char *host, long port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, host, &address.sin_addr);
    return address;
}

// Memory of its own, of whole pages.
static inline void *pages(size_t bytes, int protection, int flags) {
    void *at = mmap(NULL, bytes, protection, MAP_ANONYMOUS | flags, -1, 0);
    if (at == MAP_FAILED) stopped();
    return at;
}

// mov $42, %eax; ret
#define RETURNS_42 "\xb8\x2a\0\0\0\xc3"

// Runs what was put into memory.
static inline void run_42(void *code) {
    if (((int (*)(void))code)() == 42) puts("reached code of its own");
}
