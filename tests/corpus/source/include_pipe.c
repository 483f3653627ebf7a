// attack: a header that never comes
// stopped: refused No such file
// layers: root
// goal: endless
#include "@CANARY@/pipe"
