/* SPDX-License-Identifier: BSD-3-Clause
 * The loop that every step of DBSCAN runs: blocks of rows against panels of columns, and sets that several workers join
 * at once.
 */
#include "cluster/dbscan.h"

static int64_t block_rows(const grasp__dbscan_pass *pass)
{
    const int32_t workers = grasp__workers(pass->state->ctx);
    const int64_t share = pass->n_rows / (workers > 1 ? 2 * workers : 1) + 1; /* columns are packed again for every
                                                                                 block */
    return share < 48 ? 48 : share < GRASP__PROBE_ROWS ? share : GRASP__PROBE_ROWS;
}

static grasp_status pass_task(void *arg, int64_t task, int32_t worker)
{
    const grasp__dbscan_pass *pass = arg;
    grasp__dbscan_state      *s = pass->state;
    grasp__probe             *probe = s->probe[worker];
    const int64_t block = block_rows(pass), at = task * block, left = pass->n_rows - at,
                  m = left < block ? left : block;
    uint64_t                  within[GRASP__PROBE_ROWS], maybe[GRASP__PROBE_ROWS];
    int64_t                   column[GRASP__PROBE_COLUMNS], undecided = 0;
    for (int64_t first = pass->begin; first < pass->end; first += GRASP__PROBE_COLUMNS) {
        const int64_t n = pass->end - first < GRASP__PROBE_COLUMNS ? pass->end - first : GRASP__PROBE_COLUMNS;
        if (grasp__cancel_pending(s->ctx))
            return GRASP_OK; /* the calling thread will notice */
        for (int64_t j = 0; j < n; j++)
            column[j] = pass->column ? pass->column[first + j] : grasp__dbscan_visited(s, first + j);
        grasp__probe_columns(probe, column, n);
        grasp__probe_rows(probe, pass->row + at, m, within, maybe);
        for (int64_t i = 0; i < m; i++)
            undecided += __builtin_popcountll(maybe[i] & ~within[i]);
        pass->use(pass, at, m, first, column, n, within, maybe, probe);
    }
    atomic_fetch_add_explicit(&s->pairs, m * (pass->end - pass->begin), memory_order_relaxed);
    atomic_fetch_add_explicit(&s->undecided, undecided, memory_order_relaxed);
    return GRASP_OK;
}

grasp_status grasp__dbscan_run(const grasp__dbscan_pass *pass)
{
    if (pass->n_rows == 0 || pass->begin >= pass->end)
        return GRASP_OK;
    return grasp__parallel(pass->state->ctx, (pass->n_rows + block_rows(pass) - 1) / block_rows(pass), pass_task,
                           (void *)pass);
}

grasp_status grasp__dbscan_rounds(grasp__dbscan_state *s, int64_t *row, int64_t *n_rows, const int64_t *column,
                                  int64_t begin, int64_t end, grasp__dbscan_use use,
                                  bool (*done)(const grasp__dbscan_state *s, int64_t sample))
{
    for (int64_t length = GRASP__HUBS; begin < end && *n_rows > 0; begin += length, length *= 2) {
        const int64_t            to = end - begin < length ? end : begin + length;
        const grasp__dbscan_pass pass = {s, row, *n_rows, column, begin, to, use};
        const grasp_status       status = grasp__dbscan_run(&pass);
        if (status != GRASP_OK)
            return status;
        int64_t kept = 0;
        for (int64_t i = 0; i < *n_rows; i++)
            if (!done(s, row[i]))
                row[kept++] = row[i];
        *n_rows = kept;
    }
    return GRASP_OK;
}

bool grasp__dbscan_decide(grasp__dbscan_state *s, grasp__probe *probe, int64_t i, int64_t j)
{
    bool       tie;
    const bool within = grasp__probe_decide(probe, i, j, &tie);
    atomic_fetch_add_explicit(&s->exact, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&s->ties, tie, memory_order_relaxed);
    return within;
}

/* Lock-free sets: only a root's parent is ever exchanged, from itself to a lower root; path halving stores an ancestor,
 * whichever of several wins. */
int64_t grasp__dbscan_find(_Atomic int64_t *parent, int64_t i)
{
    for (;;) {
        const int64_t up = atomic_load_explicit(&parent[i], memory_order_relaxed);
        if (up == i)
            return i;
        const int64_t top = atomic_load_explicit(&parent[up], memory_order_relaxed);
        if (top == up)
            return up;
        atomic_store_explicit(&parent[i], top, memory_order_relaxed);
        i = top;
    }
}

void grasp__dbscan_union(_Atomic int64_t *parent, int64_t i, int64_t j)
{
    for (;;) {
        int64_t a = grasp__dbscan_find(parent, i), b = grasp__dbscan_find(parent, j);
        if (a == b)
            return;
        if (a > b) {
            const int64_t t = a;
            a = b;
            b = t;
        }
        if (atomic_compare_exchange_strong_explicit(&parent[b], &b, a, memory_order_relaxed, memory_order_relaxed))
            return;
    }
}
