// attack: a file that includes itself twice, to the depth that is allowed
// stopped: deadline
// layers: deadline
// limits: wall 700
// goal: endless
#if __INCLUDE_LEVEL__ < 60
#include "skill.c"
#include "skill.c"
#endif
