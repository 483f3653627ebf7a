// attack: the same, with a name that is put together, so that no search for it finds it
// stopped: refused No such file
// layers: root
// goal: secret
#define PART @CANARY@
#define TEXT(x) #x
#define NAME(x) TEXT(x/secret)
#include NAME(PART)
x;
