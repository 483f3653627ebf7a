/* The mean of n readings, each with its weight. */
#include "sums.h"

double weighted_mean(const double *xs, size_t n, const double *weights, size_t m) {
    struct sum all = {0, 0}, weight = {0, 0};
    for (size_t i = 0; i < n && i < m; i++) {
        add(&all, xs[i] * weights[i]);
        add(&weight, weights[i]);
    }
    return (all.total + all.lost) / (weight.total + weight.lost);
}
