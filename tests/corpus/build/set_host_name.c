// attack: gives its jail another name, as root of its namespaces
// stopped: says stopped: Operation not permitted
// layers: capabilities filter
// lift: capabilities filter
// evidence: word
#include "attack.h"
int main(void) {
    must(sethostname("mine", 4));
    puts("reached a right of root over its jail");
}
