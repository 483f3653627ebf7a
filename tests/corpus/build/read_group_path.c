// attack: reads in which control group of the host it is
// stopped: says stopped: No such file or directory
// layers: root names landlock
// lift: root names landlock
// only: root
// evidence: word
#include "attack.h"
int main(void) {
    char line[512];
    FILE *groups = fopen("/proc/self/cgroup", "r");
    if (groups == NULL) stopped();
    while (fgets(line, sizeof line, groups) != NULL) {
        // The group that the host made around the whole of this test.
        if (strstr(line, "/lau-corpus-") != NULL) printf("reached %s", line);
    }
}
