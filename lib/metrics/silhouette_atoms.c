/* SPDX-License-Identifier: BSD-3-Clause
 * Atoms of partitions: samples that no partition tells apart. A cluster of any of the partitions is a union of atoms,
 * so sums over atoms serve all of them. O(n) a partition.
 */
#include "metrics/silhouette.h"

/* Slots of a hash table from (atom, cluster) to the finer atom; twice as many as samples, a power of two. */
typedef struct slot {
    int64_t key;
    int32_t atom; /* -1: free */
} slot;

static int64_t slots_for(int64_t n)
{
    int64_t slots = 2;
    while (slots < 2 * n)
        slots *= 2;
    return slots;
}

/* Refines `from` by one partition into `to`. */
static void refine(const grasp__atoms *from, const grasp__scored *p, int64_t n, slot *table, int64_t slots,
                   grasp__atoms *to)
{
    to->count = 0;
    for (int64_t s = 0; s < slots; s++)
        table[s].atom = -1;
    for (int64_t i = 0; i < n; i++) {
        int64_t key = from->of[i] * (p->clusters + 1) + grasp__scored_cluster(p, i) + 1;
        uint64_t hash = (uint64_t)key * UINT64_C(0x9E3779B97F4A7C15);
        int64_t s = (int64_t)(hash >> 32) & (slots - 1);
        while (table[s].atom >= 0 && table[s].key != key)
            s = (s + 1) & (slots - 1);
        if (table[s].atom < 0) {
            to->sample[to->count] = (int32_t)i;
            table[s] = (slot){key, (int32_t)to->count++};
        }
        to->of[i] = table[s].atom;
    }
}

static grasp_status make(grasp_context *ctx, int64_t n, grasp__atoms *a)
{
    *a = (grasp__atoms){.count = n > 0};
    grasp_status s = grasp__alloc_zero(ctx, n, sizeof *a->of, &a->of);
    return s == GRASP_OK ? grasp__alloc_zero(ctx, n, sizeof *a->sample, &a->sample) : s;
}

void grasp__atoms_free(grasp__atoms *a)
{
    grasp__free(a->of);
    grasp__free(a->sample);
}

uint64_t grasp__atoms_price(int64_t n, uint64_t *making)
{
    uint64_t sum = grasp__price_sum(grasp__price(n, sizeof(int32_t)), grasp__price(n, sizeof(int32_t)));
    *making = n > INT32_MAX ? UINT64_MAX : grasp__price_sum(sum, sum);
    *making = grasp__price_sum(*making, n > INT32_MAX ? 0 : grasp__price(slots_for(n), sizeof(slot)));
    return sum;
}

grasp_status grasp__atoms_create(grasp_context *ctx, const grasp__scored *scored, int64_t count, int64_t n,
                                 int64_t most, grasp__atoms *out, int64_t *taken)
{
    grasp__atoms finer = {.of = NULL};
    slot *table = NULL;
    int64_t slots = slots_for(n);
    grasp_status s = make(ctx, n, out);
    if (s == GRASP_OK)
        s = make(ctx, n, &finer);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, slots, sizeof *table, &table);
    *taken = 0;
    while (s == GRASP_OK && *taken < count) {
        refine(out, &scored[*taken], n, table, slots, &finer);
        if (*taken > 0 && finer.count > most)
            break;
        grasp__atoms swap = *out;
        *out = finer;
        finer = swap;
        ++*taken;
        s = grasp__tick(ctx, 0, 1);
    }
    grasp__free(table);
    grasp__atoms_free(&finer);
    return s;
}

