// attack: the object tells whether a file of the host exists
// stopped: built
// layers: root
// goal: probe
#if __has_include("@CANARY@/secret")
const char probe[] = "the file exists";
#endif
int nothing;
