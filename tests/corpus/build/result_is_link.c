// attack: leaves a link to a secret in the place of its result
// stopped: says stopped: Operation not permitted
// layers: filter landlock workspace outputs
// lift: filter landlock workspace outputs
#include "attack.h"
int main(void) {
    must(symlink(canary("private"), "skill.o"));
}
