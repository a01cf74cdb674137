/* SPDX-License-Identifier: BSD-3-Clause
 * A step of Adam in float64, written once for every instruction set: a template without an include guard. The including
 * file defines VECTOR, LANES, SPLAT(x), SQRT(x). Cost: a square root and a division per parameter.
 */

#define INLINE static inline __attribute__((always_inline))

typedef double loose_adam __attribute__((vector_size(LANES * sizeof(double)), aligned(sizeof(double)), may_alias));

INLINE void adam_vector(const grasp__adam *rule, VECTOR grad, VECTOR *first, VECTOR *second, VECTOR *theta)
{
    VECTOR g = grad + rule->weight_decay * *theta;
    *first = rule->beta1 * *first + (1 - rule->beta1) * g;
    *second = rule->beta2 * *second + (1 - rule->beta2) * g * g;
    *theta -= rule->step * *first / (SQRT(*second) * rule->scale + rule->epsilon);
}

static void adam(int64_t n, const grasp__adam *rule, const double *grad, double *first, double *second, double *theta)
{
    int64_t j = 0;
    for (; j + LANES <= n; j += LANES) {
        VECTOR m = *(const loose_adam *)(first + j), v = *(const loose_adam *)(second + j);
        VECTOR t = *(const loose_adam *)(theta + j);
        adam_vector(rule, *(const loose_adam *)(grad + j), &m, &v, &t);
        *(loose_adam *)(first + j) = m;
        *(loose_adam *)(second + j) = v;
        *(loose_adam *)(theta + j) = t;
    }
    for (; j < n; j++) {
        VECTOR m = SPLAT(first[j]), v = SPLAT(second[j]), t = SPLAT(theta[j]);
        adam_vector(rule, SPLAT(grad[j]), &m, &v, &t);
        first[j] = m[0];
        second[j] = v[0];
        theta[j] = t[0];
    }
}

#undef INLINE
#undef VECTOR
#undef LANES
#undef SPLAT
#undef SQRT
