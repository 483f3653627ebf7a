// attack: asks for the name of the host
// stopped: says stopped: Operation not permitted
// layers: names filter
// lift: names filter
// evidence: word
#include "attack.h"
#include <sys/utsname.h>

int main(void) {
    struct utsname name;
    must(uname(&name));
    if (strcmp(name.nodename, "jail") != 0) printf("reached the name %s\n", name.nodename);
}
