// attack: the same, through the root of a process
// stopped: refused No such file
// layers: root
// goal: secret
#include "/proc/self/root@CANARY@/secret"
x;
