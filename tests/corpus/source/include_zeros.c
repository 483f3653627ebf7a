// attack: a header without end
// stopped: refused No such file
// layers: root
// goal: endless
#include "/dev/zero"
