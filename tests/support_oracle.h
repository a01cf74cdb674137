/* SPDX-License-Identifier: BSD-3-Clause
 * An oracle for everything that asks "within eps?": the definitions of grasp/distances.h by brute force in long double,
 * in no particular order of operations. Pairs that even the truth may call equal to eps are told apart: an exact tie is
 * within eps, a pair nearer to eps than rounding is "unclear", and a test avoids it.
 */
#ifndef GRASP_TESTS_SUPPORT_ORACLE_H
#define GRASP_TESTS_SUPPORT_ORACLE_H

#include "linalg/linalg.h"
#include "support.h"

typedef struct oracle {
    int64_t n, p;
    bool euclidean, centered;
    const double *x; /* n x p */
    double *c;       /* n x p: rows less the mean, rounded */
    bool *zero;      /* n */
} oracle;

oracle *oracle_make(const double *x, int64_t n, int64_t p, bool euclidean, bool centered);
void    oracle_free(oracle *o);
long double oracle_distance(const oracle *o, int64_t i, int64_t j);
/* 1 within eps, 0 not, -1 unclear. */
int oracle_within(const oracle *o, int64_t i, int64_t j, double eps);
/* The whole matrix of answers, n x n; false if one is unclear. */
bool oracle_matrix(const oracle *o, double eps, int *within);
/* Labels, core flags and number of clusters from a matrix of answers, by flood fill; multiplicity may be NULL. */
int64_t oracle_dbscan(const int *within, int64_t n, int64_t min_samples, const int64_t *multiplicity, int64_t *label,
                      uint8_t *core);

/* A random problem: points of one of several kinds, at some scale and offset, a metric, an eps and a min_samples. */
typedef struct problem {
    int64_t n, p, min_samples;
    double *x;
    double eps;
    bool euclidean, centered;
    const char *kind;
} problem;
problem *problem_random(uint64_t item);
void     problem_free(problem *q);

#endif
