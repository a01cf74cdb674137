/* SPDX-License-Identifier: BSD-3-Clause
 * Third step of DBSCAN: a sample that is not core takes the lowest cluster number among the cores within eps, or is
 * noise. Cores are met in the order of their clusters, so the first that is certain is the answer, but for undecided
 * ones of lower clusters met before.
 * Cost: (samples that are not core) x cores verdicts at most.
 */
#include "cluster/dbscan.h"

static void lower_label(grasp__dbscan_state *s, int64_t i, int64_t label)
{
    if (label < s->label[i])
        s->label[i] = label;
}

static void certain(const grasp__dbscan_pass *pass, int64_t at, int64_t m, int64_t first, const int64_t *column,
                    int64_t n, const uint64_t *within, const uint64_t *maybe, grasp__probe *probe)
{
    grasp__dbscan_state *s = pass->state;
    (void)first;
    (void)n;
    (void)probe;
    for (int64_t a = 0; a < m; a++) {
        const int64_t i = pass->row[at + a];
        for (uint64_t bits = within[a]; bits; bits &= bits - 1) /* few: i is not core */
            lower_label(s, i, s->label[column[__builtin_ctzll(bits)]]);
        if (maybe[a] & ~within[a])
            s->upper[i] = 1; /* has undecided pairs */
    }
}

static bool has_lowest_label(const grasp__dbscan_state *s, int64_t i)
{
    return s->label[i] == 0;
}

static bool has_label(const grasp__dbscan_state *s, int64_t i)
{
    return s->label[i] != INT64_MAX;
}

static void undecided(const grasp__dbscan_pass *pass, int64_t at, int64_t m, int64_t first, const int64_t *column,
                      int64_t n, const uint64_t *within, const uint64_t *maybe, grasp__probe *probe)
{
    grasp__dbscan_state *s = pass->state;
    (void)first;
    (void)n;
    for (int64_t a = 0; a < m; a++) {
        const int64_t i = pass->row[at + a];
        for (uint64_t bits = maybe[a] & ~within[a]; bits; bits &= bits - 1) {
            const int64_t j = column[__builtin_ctzll(bits)];
            if (s->label[j] < s->label[i] && grasp__dbscan_decide(s, probe, i, j))
                lower_label(s, i, s->label[j]);
        }
    }
}

/* Counting has met nobody who may be within eps of i but i. */
static bool is_lone(const grasp__dbscan_state *s, int64_t i)
{
    return grasp__filter_is_alone(s->filter, i) ||
           (s->order && s->upper[i] <= (s->multiplicity ? s->multiplicity[i] : 1));
}

/* A sample whose neighbours were noted. Notes are in no order of labels. */
static void from_notes(grasp__dbscan_state *s, int64_t i, grasp__probe *probe)
{
    int64_t count;
    const grasp__note *note = grasp__notes_of(s->notes, i, &count);
    for (int64_t k = 0; k < count; k++)
        if (s->core[note[k].sample] && !note[k].undecided)
            lower_label(s, i, s->label[note[k].sample]);
    for (int64_t k = 0; k < count; k++) {
        const int64_t j = note[k].sample;
        if (s->core[j] && note[k].undecided && s->label[j] < s->label[i] && grasp__dbscan_decide(s, probe, i, j))
            lower_label(s, i, s->label[j]);
    }
}

/* Core samples by cluster, into a new block. */
static grasp_status cores_by_cluster(grasp__dbscan_state *s, int64_t n_clusters, int64_t **column, int64_t *count)
{
    int64_t *start = NULL;
    grasp_status status = grasp__alloc(s->ctx, s->n, sizeof **column, column);
    if (status == GRASP_OK)
        status = grasp__alloc_zero(s->ctx, n_clusters + 1, sizeof *start, &start);
    if (status != GRASP_OK)
        return status;
    for (int64_t i = 0; i < s->n; i++)
        if (s->core[i])
            start[s->label[i] + 1]++;
    for (int64_t c = 0; c < n_clusters; c++)
        start[c + 1] += start[c];
    *count = start[n_clusters];
    for (int64_t k = 0; k < s->n; k++) {
        const int64_t i = grasp__dbscan_visited(s, k);
        if (s->core[i])
            (*column)[start[s->label[i]]++] = i;
    }
    grasp__free(start);
    return GRASP_OK;
}

/* Listed samples, by verdicts: certain pairs, then undecided ones where they could make a difference. */
static grasp_status from_verdicts(grasp__dbscan_state *s, int64_t count, int64_t n_clusters)
{
    int64_t *column = NULL, n_columns = 0, open = count;
    if (count == 0)
        return GRASP_OK;
    for (int64_t a = 0; a < count; a++)
        s->upper[s->list[a]] = 0;
    grasp_status status = s->order ? GRASP_OK : cores_by_cluster(s, n_clusters, &column, &n_columns);
    if (status == GRASP_OK)
        status = s->order ? grasp__dbscan_near(s, s->list, &open, INT64_MAX, certain, has_lowest_label, NULL)
                          : grasp__dbscan_rounds(s, s->list, &open, column, n_columns, certain, has_label);
    open = 0;
    for (int64_t k = 0; k < s->n; k++) {
        const int64_t i = grasp__dbscan_listed(s, k);
        if (!s->core[i] && s->upper[i] && s->label[i] > 0)
            s->list[open++] = i;
    }
    if (status == GRASP_OK)
        status = s->order ? grasp__dbscan_near(s, s->list, &open, INT64_MAX, undecided, has_lowest_label, NULL)
                          : grasp__dbscan_rounds(s, s->list, &open, column, n_columns, undecided, has_lowest_label);
    grasp__free(column);
    return status;
}

grasp_status grasp__dbscan_border(grasp__dbscan_state *s, int64_t n_clusters)
{
    int64_t noted = 0, rest = 0;
    for (int64_t i = 0; i < s->n; i++)
        if (!s->core[i]) {
            s->label[i] = INT64_MAX;
            if (grasp__notes_complete(s->notes, i))
                s->list[noted++] = i;
        }
    grasp_status status = grasp__dbscan_each(s, s->list, noted, from_notes);
    for (int64_t k = 0; k < s->n; k++) {
        const int64_t i = grasp__dbscan_listed(s, k);
        if (!s->core[i] && !grasp__notes_complete(s->notes, i) && !is_lone(s, i))
            s->list[rest++] = i;
        else
            s->upper[i] = 0;
    }
    if (status == GRASP_OK)
        status = from_verdicts(s, rest, n_clusters);
    for (int64_t i = 0; i < s->n; i++)
        if (!s->core[i] && s->label[i] == INT64_MAX)
            s->label[i] = GRASP_NOISE;
    return status;
}

/* Parents, notes of counting, and rows near an order or columns by cluster, of which there may be n. */
uint64_t grasp__dbscan_border_price(grasp_context *ctx, const grasp_distances *d, int64_t min_samples)
{
    const int64_t n = grasp__distances_count(d);
    uint64_t sum = grasp__price(n, sizeof(int64_t)), columns = grasp__price(n, sizeof(int64_t)), ordered = 0, making;
    grasp__price_add(&columns, n, sizeof(int64_t));
    if (grasp__dbscan_may_note(d))
        sum = grasp__price_sum(sum, grasp__notes_price(n, min_samples));
    if (grasp__dbscan_may_order(d))
        ordered = grasp__price_sum(grasp__dbscan_order_price(ctx, d, &making), grasp__dbscan_near_price(n));
    return grasp__price_sum(sum, columns > ordered ? columns : ordered);
}
