// attack: a megabyte of warnings
// stopped: output
// layers: deadline
// limits: output 64
// goal: flood
#if __INCLUDE_LEVEL__ < 12
#include "skill.c"
#include "skill.c"
#warning and one more, which says nothing but is there to be long, and to be repeated a great many times, each as a line of its own
#endif
