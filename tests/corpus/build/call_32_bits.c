// attack: makes a call of 32 bits, which have other numbers
// stopped: signal 31
// layers: filter
// lift: filter
// evidence: word
#include "attack.h"
int main(void) {
    enum { GETPID_32 = 20 };
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(GETPID_32) : "memory", "r8", "r9", "r10", "r11");
    if (result == getpid()) puts("reached a call of 32 bits");
}
