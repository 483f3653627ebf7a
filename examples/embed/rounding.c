/* A library with a builtin, for programs that are linked to it.

       lau build --emit header
       cc -c rounding.c
       lau build PROGRAM.lau --link rounding.o
*/

#include "lau.h"

#include <math.h>

/* round_up x step: the least multiple of the step that is not below x. */
void lau_builtin_round_up(lau_call *call) {
    double x, step;
    if (!lau_call_number(call, 0, &x) || !lau_call_number(call, 1, &step) || lau_call_count(call) != 2) {
        lau_return_failure(call, "round_up takes two Numbers");
        return;
    }
    lau_return_number(call, ceil(x / step) * step);
}
