/* SPDX-License-Identifier: BSD-3-Clause
 * First step of DBSCAN: which samples are core. A sample needs no more than min_samples neighbours to be seen; in dense
 * data a few hundred others show them, so all but the outliers leave after the first columns. Undecided pairs are
 * looked at only for samples whose answer depends on them. Cost: (columns until min_samples are seen) verdicts a core
 * sample, n a sample that is not.
 */
#include "cluster/dbscan.h"

static int64_t weight(const grasp__dbscan_state *s, const int64_t *column, uint64_t bits)
{
    int64_t sum = 0;
    if (!s->multiplicity)
        return __builtin_popcountll(bits);
    for (; bits; bits &= bits - 1)
        sum += s->multiplicity[column[__builtin_ctzll(bits)]];
    return sum;
}

static void tally(const grasp__dbscan_pass *pass, int64_t at, int64_t m, int64_t first, const int64_t *column,
                  int64_t n, const uint64_t *within, const uint64_t *maybe, grasp__probe *probe)
{
    grasp__dbscan_state *s = pass->state;
    (void)n;
    (void)probe;
    for (int64_t a = 0; a < m; a++) {
        const int64_t i = pass->row[at + a];
        s->lower[i] += weight(s, column, within[a]);
        s->upper[i] += weight(s, column, maybe[a]);
        if (first < GRASP__HUBS)
            s->hub[i * GRASP__HUB_WORDS + first / GRASP__PROBE_COLUMNS] = within[a];
    }
}

static bool surely_core(const grasp__dbscan_state *s, int64_t i)
{
    return s->lower[i] >= s->min_samples;
}

/* Decides undecided pairs, one by one, until the answer no longer depends on the rest. */
static void resolve(const grasp__dbscan_pass *pass, int64_t at, int64_t m, int64_t first, const int64_t *column,
                    int64_t n, const uint64_t *within, const uint64_t *maybe, grasp__probe *probe)
{
    grasp__dbscan_state *s = pass->state;
    (void)first;
    (void)n;
    for (int64_t a = 0; a < m; a++) {
        const int64_t i = pass->row[at + a];
        for (uint64_t bits = maybe[a] & ~within[a];
             bits && s->lower[i] < s->min_samples && s->upper[i] >= s->min_samples; bits &= bits - 1) {
            const int64_t j = column[__builtin_ctzll(bits)], w = s->multiplicity ? s->multiplicity[j] : 1;
            if (grasp__dbscan_decide(s, probe, i, j))
                s->lower[i] += w;
            else
                s->upper[i] -= w;
        }
    }
}

static bool resolved(const grasp__dbscan_state *s, int64_t i)
{
    return s->lower[i] >= s->min_samples || s->upper[i] < s->min_samples;
}

grasp_status grasp__dbscan_count(grasp__dbscan_state *s)
{
    int64_t      open = 0;
    grasp_status status;
    for (int64_t i = 0; i < s->n; i++) {
        s->lower[i] = s->upper[i] = 0;
        if (grasp__filter_is_alone(s->filter, i)) /* has no neighbour but itself */
            s->lower[i] = s->upper[i] = s->multiplicity ? s->multiplicity[i] : 1;
        else
            s->list[open++] = i;
    }
    status = grasp__dbscan_rounds(s, s->list, &open, NULL, 0, s->n, tally, surely_core);
    if (status != GRASP_OK)
        return status;
    int64_t kept = 0;
    for (int64_t a = 0; a < open; a++)
        if (!resolved(s, s->list[a]))
            s->list[kept++] = s->list[a];
    open = kept;
    status = grasp__dbscan_rounds(s, s->list, &open, NULL, 0, s->n, resolve, resolved);
    for (int64_t i = 0; i < s->n; i++)
        s->core[i] = surely_core(s, i);
    return status;
}
