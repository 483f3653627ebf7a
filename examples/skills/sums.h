/* Sums that lose less than adding from left to right: Neumaier's variant of Kahan's. */
#ifndef SUMS_H
#define SUMS_H

#include <math.h>
#include <stddef.h>

struct sum {
    double total, lost;
};

static inline void add(struct sum *sum, double x) {
    double next = sum->total + x;
    if (fabs(sum->total) >= fabs(x))
        sum->lost += (sum->total - next) + x;
    else
        sum->lost += (x - next) + sum->total;
    sum->total = next;
}

#endif
