// attack: the same, upwards from the workspace
// stopped: refused No such file
// layers: root
// goal: secret
#include "../../../../../../../../../..@CANARY@/secret"
x;
