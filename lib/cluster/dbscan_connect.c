/* SPDX-License-Identifier: BSD-3-Clause
 * Second step of DBSCAN: the connected components of the core samples. The first step has already seen which of the
 * hubs (its first columns) each sample is near; that alone joins nearly everything into one large set. What lies
 * outside it is compared with all cores, near ones first where there is an order: first by what is certain, and only
 * where sets are still apart by deciding undecided pairs. A pair inside one set is never looked at again.
 *
 * Complete: a pair of different final sets has at most one end in the large set, and the other end met every core. (In
 * the spirit of Afforest, Sutton, Ben-Nun, Barak 2018.) Cost: (cores outside the large set) x cores verdicts.
 */
#include "cluster/dbscan.h"

static int64_t find(const grasp__dbscan_state *s, int64_t i)
{
    return grasp__shared_find(s->parent, i);
}

/* The root of every core sample at this moment, in s->label: what workers go by while they join sets, so that the
 * pairs that are decided do not depend on who is first. */
static void fix_roots(grasp__dbscan_state *s)
{
    for (int64_t i = 0; i < s->n; i++)
        if (s->core[i])
            s->label[i] = find(s, i);
}

static void join(const grasp__dbscan_pass *pass, int64_t at, int64_t m, int64_t first, const int64_t *column, int64_t n,
                 const uint64_t *within, const uint64_t *maybe, grasp__probe *probe)
{
    grasp__dbscan_state *s = pass->state;
    (void)first;
    (void)n;
    (void)probe;
    for (int64_t a = 0; a < m; a++) {
        const int64_t i = pass->row[at + a];
        for (uint64_t bits = within[a]; bits; bits &= bits - 1)
            grasp__shared_union(s->parent, i, column[__builtin_ctzll(bits)]);
        for (uint64_t bits = s->notes ? maybe[a] & ~within[a] : 0; bits; bits &= bits - 1) {
            const int64_t j = column[__builtin_ctzll(bits)];
            if (s->label[i] != s->label[j])
                grasp__notes_add(s->notes, i, j, true);
        }
    }
}

/* The sets that one sample has been joined to since roots were fixed; when there are more, some are decided again. */
typedef struct joined {
    int64_t root[8], count;
} joined;

static bool is_joined(const joined *to, int64_t root)
{
    for (int64_t k = 0; k < to->count; k++)
        if (to->root[k] == root)
            return true;
    return false;
}

static void join_if_near(grasp__dbscan_state *s, grasp__probe *probe, int64_t i, int64_t j, joined *to)
{
    const int64_t most = sizeof to->root / sizeof *to->root, root = s->label[j];
    if (root == s->label[i] || is_joined(to, root) || !grasp__dbscan_decide(s, probe, i, j))
        return;
    grasp__shared_union(s->parent, i, j);
    if (to->count < most)
        to->root[to->count++] = root;
}

static void join_undecided(const grasp__dbscan_pass *pass, int64_t at, int64_t m, int64_t first, const int64_t *column,
                           int64_t n, const uint64_t *within, const uint64_t *maybe, grasp__probe *probe)
{
    (void)first;
    (void)n;
    for (int64_t a = 0; a < m; a++) {
        joined to = {.count = 0};
        for (uint64_t bits = maybe[a] & ~within[a]; bits; bits &= bits - 1)
            join_if_near(pass->state, probe, pass->row[at + a], column[__builtin_ctzll(bits)], &to);
    }
}

static void join_notes(grasp__dbscan_state *s, int64_t i, grasp__probe *probe)
{
    int64_t count;
    const grasp__note *note = grasp__notes_of(s->notes, i, &count);
    joined to = {.count = 0};
    for (int64_t k = 0; s->label[i] != s->label[s->large] && k < count; k++)
        join_if_near(s, probe, i, note[k].sample, &to);
}

/* Is this sample in the large set? Its sample stands first in the list of cores. */
static bool in_large_set(const grasp__dbscan_state *s, int64_t i)
{
    return find(s, i) == find(s, s->large);
}

/* Sets of the cores that hubs join. s->parent takes the place of s->hub: what hubs join is first put down in s->upper,
 * of each core the first core hub it is near or -1, and for each hub the others that were met beside it. */
static grasp_status join_hubs(grasp__dbscan_state *s)
{
    uint64_t core_hubs[GRASP__HUB_WORDS] = {0}, beside[GRASP__HUBS][GRASP__HUB_WORDS] = {{0}};
    int64_t hub[GRASP__HUBS];
    for (int64_t k = 0; k < GRASP__HUBS && k < s->n; k++) {
        hub[k] = grasp__dbscan_visited(s, k);
        core_hubs[k / 64] |= (uint64_t)s->core[hub[k]] << (k % 64);
    }
    for (int64_t i = 0; i < s->n; i++)
        if (s->core[i]) {
            int64_t first = -1;
            for (int64_t word = GRASP__HUB_WORDS - 1; word >= 0; word--) {
                const uint64_t bits = s->hub[i * GRASP__HUB_WORDS + word] & core_hubs[word];
                first = bits ? 64 * word + __builtin_ctzll(bits) : first;
            }
            for (int64_t word = 0; first >= 0 && word < GRASP__HUB_WORDS; word++)
                beside[first][word] |= s->hub[i * GRASP__HUB_WORDS + word] & core_hubs[word];
            s->upper[i] = first < 0 ? -1 : hub[first];
        }
    grasp__free(s->hub);
    s->hub = NULL;
    const grasp_status status = grasp__shared_sets_create(s->ctx, s->n, &s->parent);
    if (status != GRASP_OK)
        return status;
    for (int64_t k = 0; k < GRASP__HUBS && k < s->n; k++)
        for (int64_t word = 0; word < GRASP__HUB_WORDS; word++)
            for (uint64_t bits = beside[k][word]; bits; bits &= bits - 1)
                grasp__shared_union(s->parent, hub[k], hub[64 * word + __builtin_ctzll(bits)]);
    for (int64_t i = 0; i < s->n; i++)
        if (s->core[i] && s->upper[i] >= 0)
            grasp__shared_union(s->parent, i, s->upper[i]);
    return GRASP_OK;
}

int64_t grasp__dbscan_largest_set(grasp__dbscan_state *s)
{
    int64_t *size = s->label, best = -1;
    for (int64_t i = 0; i < s->n; i++)
        size[i] = 0;
    for (int64_t i = 0; i < s->n; i++)
        if (s->core[i]) {
            const int64_t root = find(s, i);
            if (++size[root] > (best < 0 ? 0 : size[best]))
                best = root;
        }
    return best;
}

/* Cores outside the large set, in the visiting order. */
static int64_t outside(grasp__dbscan_state *s)
{
    int64_t count = 0;
    for (int64_t k = 0; k < s->n; k++) {
        const int64_t i = grasp__dbscan_listed(s, k);
        if (s->core[i] && !in_large_set(s, i))
            s->list[count++] = i;
    }
    return count;
}

/* All cores as columns: those outside the large set first, as they are likely to be near each other. */
static void order_columns(grasp__dbscan_state *s, int64_t open, int64_t *column, int64_t *n_columns)
{
    *n_columns = 0;
    for (int64_t a = 0; a < open; a++)
        column[(*n_columns)++] = s->list[a];
    for (int64_t k = 0; k < s->n; k++) {
        const int64_t i = grasp__dbscan_visited(s, k);
        if (s->core[i] && in_large_set(s, i))
            column[(*n_columns)++] = i;
    }
}

/* Undecided pairs between sets: from notes where they are complete, in batches of doubling size between which roots are
 * fixed anew, and by verdicts again for the rest. */
static grasp_status join_sets(grasp__dbscan_state *s, const int64_t *column, int64_t n_columns)
{
    int64_t open = outside(s), noted = 0, rest = 0, begin = 0;
    grasp_status status = GRASP_OK;
    for (int64_t a = 0; a < open; a++) {
        const int64_t i = s->list[a];
        if (grasp__notes_complete(s->notes, i)) {
            s->list[a] = s->list[noted];
            s->list[noted++] = i;
        }
    }
    for (int64_t at = 0, size = 1; status == GRASP_OK && at < noted; at += size, size *= 2) {
        fix_roots(s);
        status = grasp__dbscan_each(s, s->list + at, noted - at < size ? noted - at : size, join_notes);
    }
    for (int64_t a = noted; a < open; a++)
        if (!in_large_set(s, s->list[a]))
            s->list[rest++] = s->list[a];
    if (status == GRASP_OK && s->order)
        return grasp__dbscan_near(s, s->list, &rest, INT64_MAX, join_undecided, in_large_set, fix_roots);
    while (status == GRASP_OK && rest > 0 && begin < n_columns) {
        fix_roots(s);
        status = grasp__dbscan_round(s, s->list, &rest, column, &begin, n_columns, join_undecided, in_large_set);
    }
    return status;
}

enum { UNDECIDED = 24 }; /* pairs of a sample, usually */

/* Certain pairs, then undecided ones. s->notes is for this step alone. */
static grasp_status join_outside(grasp__dbscan_state *s, int64_t open)
{
    int64_t *column = s->upper, n_columns = 0;
    grasp_status status = GRASP_OK;
    if (!s->order)
        order_columns(s, open, column, &n_columns);
    fix_roots(s);
    if (grasp__notes_fit(s->n, open, UNDECIDED))
        status = grasp__notes_create(s->ctx, s->n, s->list, open, UNDECIDED, &s->notes);
    if (status == GRASP_OK)
        status = s->order ? grasp__dbscan_near(s, s->list, &open, INT64_MAX, join, in_large_set, NULL)
                          : grasp__dbscan_rounds(s, s->list, &open, column, n_columns, join, in_large_set);
    return status == GRASP_OK && open > 0 ? join_sets(s, column, n_columns) : status;
}

/* Parents where hubs were, with an order or without, notes of counting, and those of this step. */
uint64_t grasp__dbscan_connect_price(grasp_context *ctx, const grasp_distances *d, int64_t min_samples)
{
    const int64_t n = grasp__distances_count(d);
    uint64_t making, sum = grasp__price_sum(grasp__price(n, sizeof(int64_t)), grasp__notes_price(n, UNDECIDED));
    if (grasp__dbscan_may_note(d))
        sum = grasp__price_sum(sum, grasp__notes_price(n, min_samples));
    if (grasp__dbscan_may_order(d))
        sum = grasp__price_sum(sum, grasp__price_sum(grasp__dbscan_order_price(ctx, d, &making),
                                                     grasp__dbscan_near_price(n)));
    return sum;
}

grasp_status grasp__dbscan_connect(grasp__dbscan_state *s)
{
    int64_t open;
    grasp__notes *of_border = s->notes;
    grasp_status status = join_hubs(s);
    if (status != GRASP_OK)
        return status;
    s->large = grasp__dbscan_largest_set(s);
    if (s->large < 0 || (open = outside(s)) == 0)
        return GRASP_OK;
    s->notes = NULL;
    status = join_outside(s, open);
    grasp__notes_free(s->notes);
    s->notes = of_border;
    return status;
}
