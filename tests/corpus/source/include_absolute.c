// attack: the compiler quotes a file of the host in its diagnostics
// stopped: refused No such file
// layers: root
// goal: secret
#include "@CANARY@/secret"
x;
