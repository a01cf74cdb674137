/* SPDX-License-Identifier: BSD-3-Clause
 * Which pairs are neighbours, a bit each, and the later steps of DBSCAN from them. Tiles of 64 x 64 samples on and
 * above the diagonal, a word a row; those without a neighbour are marked and passed over.
 *
 * Rows are gone through in rounds of doubling length. Between rounds the members of the largest set (the samples whose
 * label can't become lower) are marked, and bits that could tell nothing new are masked out a word at a time: where
 * samples have many neighbours nearly all bits are.
 *
 * Memory: n^2 / 16 bytes. Time: O(n^2 / 64), and a union or a comparison for each bit that is not masked out.
 */
#include "cluster/dbscan.h"

#include <string.h>

enum { PANEL = GRASP__DENSE_PANEL };

struct grasp__adjacency {
    int64_t n, panels;
    uint64_t *word; /* tiles x PANEL */
    uint8_t *some;  /* tiles: has neighbours */
};

static int64_t panels_of(int64_t n)
{
    return (n + PANEL - 1) / PANEL;
}

static int64_t tiles_of(int64_t panels)
{
    return panels * (panels + 1) / 2;
}

/* Tiles of a row of panels stand together. */
static int64_t tile(const grasp__adjacency *a, int64_t row, int64_t column)
{
    return row * a->panels - row * (row - 1) / 2 + column - row;
}

uint64_t grasp__adjacency_price(int64_t n)
{
    const int64_t panels = panels_of(n);
    if (panels > INT32_MAX)
        return UINT64_MAX;
    const uint64_t tiles = grasp__price_sum(grasp__price_values(tiles_of(panels), PANEL, sizeof(uint64_t)),
                                            grasp__price(tiles_of(panels), 1));
    return grasp__price_sum(grasp__price(1, sizeof(grasp__adjacency)), tiles);
}

grasp_status grasp__adjacency_create(grasp_context *ctx, int64_t n, grasp__adjacency **out)
{
    grasp__adjacency *a;
    const int64_t tiles = tiles_of(panels_of(n));
    grasp_status s = grasp__alloc_zero(ctx, 1, sizeof *a, &a);
    *out = NULL;
    if (s != GRASP_OK)
        return s;
    a->n = n;
    a->panels = panels_of(n);
    if ((s = grasp__alloc(ctx, tiles, PANEL * sizeof *a->word, &a->word)) == GRASP_OK)
        s = grasp__alloc(ctx, tiles, 1, &a->some);
    if (s == GRASP_OK)
        *out = a;
    else
        grasp__adjacency_free(a);
    return s;
}

void grasp__adjacency_free(grasp__adjacency *a)
{
    if (!a)
        return;
    grasp__free(a->word);
    grasp__free(a->some);
    grasp__free(a);
}

void grasp__adjacency_set(grasp__adjacency *a, int64_t row, int64_t column, const uint64_t *word, bool some)
{
    const int64_t t = tile(a, row, column);
    memcpy(a->word + t * PANEL, word, PANEL * sizeof *word);
    a->some[t] = some;
}

void grasp__adjacency_add(grasp__adjacency *a, int64_t i, int64_t j)
{
    const int64_t t = tile(a, i / PANEL, j / PANEL);
    a->word[t * PANEL + i % PANEL] |= (uint64_t)1 << (j % PANEL);
    a->some[t] = 1;
}

/* ---- the later steps --------------------------------------------------------------------------------------------- */

typedef struct step {
    grasp__dbscan_state *s;
    int64_t first;  /* panel of rows; a task is one */
    uint64_t *core; /* by panel: who is core */
    uint64_t *done; /* by panel: who is in the large set; who has the lowest label */
} step;

typedef void (*use_word)(const step *a, int64_t i, int64_t first, uint64_t word);

static bool is_set(const uint64_t *bits, int64_t i)
{
    return bits[i / PANEL] >> (i % PANEL) & 1;
}

static void set_bit(uint64_t *bits, int64_t i)
{
    bits[i / PANEL] |= (uint64_t)1 << (i % PANEL);
}

/* Cores of the row's and of the word's set; of those in the large set one is enough for one that is not. */
static void join_word(const step *a, int64_t i, int64_t column, uint64_t word)
{
    grasp__shared_sets parent = a->s->parent;
    const uint64_t large = a->done[column];
    if (!is_set(a->core, i))
        return;
    word &= a->core[column];
    if (!is_set(a->done, i) && (word & large))
        grasp__shared_union(parent, i, column * PANEL + __builtin_ctzll(word & large));
    for (word &= ~large; word; word &= word - 1)
        grasp__shared_union(parent, i, column * PANEL + __builtin_ctzll(word));
}

/* What a sample that is not core has for a label meanwhile stands in its parent's place, which it does not need. */
static void lower(const step *a, int64_t i, int64_t label)
{
    int64_t now = atomic_load_explicit(&a->s->parent[i], memory_order_relaxed);
    while (label < now && !atomic_compare_exchange_weak_explicit(&a->s->parent[i], &now, label, memory_order_relaxed,
                                                                 memory_order_relaxed))
        continue;
}

static void label_word(const step *a, int64_t i, int64_t column, uint64_t word)
{
    if (is_set(a->core, i)) {
        for (word &= ~a->core[column] & ~a->done[column]; word; word &= word - 1)
            lower(a, column * PANEL + __builtin_ctzll(word), a->s->label[i]);
    } else if (!is_set(a->done, i)) {
        for (word &= a->core[column]; word; word &= word - 1)
            lower(a, i, a->s->label[column * PANEL + __builtin_ctzll(word)]);
    }
}

static void each_word(const step *a, int64_t row, use_word use)
{
    const grasp__adjacency *all = a->s->adjacency;
    const int64_t left = all->n - row * PANEL, rows = left < PANEL ? left : PANEL;
    for (int64_t column = row; column < all->panels; column++) {
        const int64_t t = tile(all, row, column);
        for (int64_t r = 0; all->some[t] && r < rows; r++)
            if (all->word[t * PANEL + r])
                use(a, row * PANEL + r, column, all->word[t * PANEL + r]);
    }
}

static grasp_status join_task(void *arg, int64_t task, int32_t worker)
{
    const step *a = arg;
    (void)worker;
    each_word(a, a->first + task, join_word);
    return GRASP_OK;
}

static grasp_status label_task(void *arg, int64_t task, int32_t worker)
{
    const step *a = arg;
    (void)worker;
    each_word(a, a->first + task, label_word);
    return GRASP_OK;
}

static void mark_large(step *a)
{
    grasp__dbscan_state *s = a->s;
    const int64_t large = grasp__dbscan_largest_set(s);
    memset(a->done, 0, (size_t)s->adjacency->panels * sizeof *a->done);
    for (int64_t i = 0; i < s->n; i++)
        if (s->core[i] && grasp__shared_find(s->parent, i) == large)
            set_bit(a->done, i);
}

static void mark_labelled(step *a)
{
    for (int64_t i = 0; i < a->s->n; i++)
        if (!a->s->core[i] && atomic_load_explicit(&a->s->parent[i], memory_order_relaxed) == 0)
            set_bit(a->done, i);
}

static grasp_status rounds(grasp__dbscan_state *s, grasp__task task, void (*mark)(step *))
{
    const int64_t panels = s->adjacency->panels;
    step a = {.s = s};
    grasp_status status = grasp__alloc_zero(s->ctx, panels, sizeof *a.core, &a.core);
    if (status == GRASP_OK)
        status = grasp__alloc_zero(s->ctx, panels, sizeof *a.done, &a.done);
    for (int64_t i = 0; status == GRASP_OK && i < s->n; i++)
        if (s->core[i])
            set_bit(a.core, i);
    while (status == GRASP_OK && a.first < panels) {
        const int64_t end = 2 * a.first + 1 < panels ? 2 * a.first + 1 : panels;
        grasp__stage_mark outer = grasp__stage_begin(s->ctx, "dbscan", (double)a.first / (double)panels,
                                                     (double)end / (double)panels);
        mark(&a);
        status = grasp__parallel(s->ctx, end - a.first, task, &a);
        grasp__stage_end(s->ctx, outer);
        a.first = end;
    }
    grasp__free(a.core);
    grasp__free(a.done);
    return status;
}

grasp_status grasp__adjacency_connect(grasp__dbscan_state *s)
{
    grasp__free(s->hub);
    s->hub = NULL;
    const grasp_status status = grasp__shared_sets_create(s->ctx, s->n, &s->parent);
    return status == GRASP_OK ? rounds(s, join_task, mark_large) : status;
}

uint64_t grasp__adjacency_steps_price(grasp_context *ctx, const grasp_distances *d)
{
    const int64_t n = grasp__distances_count(d);
    uint64_t sum, bits;
    if (grasp__dbscan_dense_price(ctx, d, &bits) == 0 || bits == 0)
        return 0;
    sum = grasp__price_sum(bits, grasp__price(n, sizeof(int64_t)));
    for (int q = 0; q < 2; q++)
        grasp__price_add(&sum, panels_of(n), sizeof(uint64_t));
    return sum;
}

grasp_status grasp__adjacency_border(grasp__dbscan_state *s)
{
    for (int64_t i = 0; i < s->n; i++)
        if (!s->core[i])
            atomic_store_explicit(&s->parent[i], INT64_MAX, memory_order_relaxed);
    const grasp_status status = rounds(s, label_task, mark_labelled);
    for (int64_t i = 0; i < s->n; i++)
        if (!s->core[i]) {
            const int64_t label = atomic_load_explicit(&s->parent[i], memory_order_relaxed);
            s->label[i] = label == INT64_MAX ? GRASP_NOISE : label;
        }
    return status;
}
