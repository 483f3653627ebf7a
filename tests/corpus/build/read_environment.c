// attack: looks for secrets in the environment of the host
// stopped: says stopped: 3 variables
// layers: launcher
// lift: launcher
#include "attack.h"
int main(void) {
    int count = 0;
    while (environ[count] != NULL) count++;
    printf("stopped: %d variables\n", count);
    for (int at = 0; at < count; at++) puts(environ[at]);
}
