/* SPDX-License-Identifier: BSD-3-Clause
 * First step of DBSCAN: which samples are core. A sample needs no more than min_samples neighbours to be seen; in dense
 * data a few hundred others show them, so samples in thick places leave after the first columns. For the rest an order
 * is made (lib/distances/order.c) if the space allows it, and they count again, near ones first. Undecided pairs are
 * looked at only for samples whose answer depends on them. Where all that is foreseen to cost more than all pairs, each
 * once, these are counted (dbscan_dense.c): foreseen from counts alone, so alike on any number of threads. Cost:
 * (columns until min_samples are seen) verdicts a core sample, (columns that are not surely far) a sample that is not.
 */
#include "cluster/dbscan.h"

#include <math.h>

enum { ORDERING = 512 }; /* verdicts that making an order costs, a sample */

static int64_t weight(const grasp__dbscan_state *s, const int64_t *column, uint64_t bits)
{
    int64_t sum = 0;
    if (bits == 0)
        return 0;
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
        const int64_t i = pass->row[at + a], sure = weight(s, column, within[a]);
        s->label[i] += sure;
        s->upper[i] += sure + weight(s, column, maybe[a] & ~within[a]);
        if (first < GRASP__HUBS)
            s->hub[i * GRASP__HUB_WORDS + first / GRASP__PROBE_COLUMNS] = within[a];
        for (uint64_t bits = s->notes ? maybe[a] : 0; bits; bits &= bits - 1) {
            const int b = __builtin_ctzll(bits);
            grasp__notes_add(s->notes, i, column[b], !(within[a] >> b & 1));
        }
    }
}

static bool surely_core(const grasp__dbscan_state *s, int64_t i)
{
    return s->label[i] >= s->min_samples;
}

static bool resolved(const grasp__dbscan_state *s, int64_t i)
{
    return s->label[i] >= s->min_samples || s->upper[i] < s->min_samples;
}

/* Decides one undecided pair of i. */
static bool resolve_pair(grasp__dbscan_state *s, grasp__probe *probe, int64_t i, int64_t j)
{
    const int64_t w = s->multiplicity ? s->multiplicity[j] : 1;
    const bool within = grasp__dbscan_decide(s, probe, i, j);
    if (within)
        s->label[i] += w;
    else
        s->upper[i] -= w;
    return within;
}

static void resolve(const grasp__dbscan_pass *pass, int64_t at, int64_t m, int64_t first, const int64_t *column,
                    int64_t n, const uint64_t *within, const uint64_t *maybe, grasp__probe *probe)
{
    grasp__dbscan_state *s = pass->state;
    (void)first;
    (void)n;
    for (int64_t a = 0; a < m; a++) {
        const int64_t i = pass->row[at + a];
        for (uint64_t bits = maybe[a] & ~within[a]; bits && !resolved(s, i); bits &= bits - 1)
            resolve_pair(s, probe, i, column[__builtin_ctzll(bits)]);
    }
}

/* The same from notes, which keep what was found: those that are not within go. */
static void resolve_notes(grasp__dbscan_state *s, int64_t i, grasp__probe *probe)
{
    int64_t count, kept = 0;
    grasp__note *note = grasp__notes_of(s->notes, i, &count);
    for (int64_t k = 0; k < count; k++) {
        grasp__note one = note[k];
        if (one.undecided && !resolved(s, i)) {
            if (!resolve_pair(s, probe, i, one.sample))
                continue;
            one.undecided = 0;
        }
        note[kept++] = one;
    }
    s->notes->count[s->notes->slot[i]] = (int32_t)kept;
}

static void forget_counts(grasp__dbscan_state *s, int64_t open)
{
    for (int64_t a = 0; a < open; a++)
        s->label[s->list[a]] = s->upper[s->list[a]] = 0;
}

static grasp_status note_if_they_fit(grasp__dbscan_state *s, int64_t open)
{
    return open > 0 && grasp__notes_fit(s->n, open, s->min_samples)
               ? grasp__notes_create(s->ctx, s->n, s->list, open, s->min_samples, &s->notes)
               : GRASP_OK;
}

/* Counts again, near ones first: of a few panels, after which most that are core are known, and then of all. */
static grasp_status count_near(grasp__dbscan_state *s, int64_t *open)
{
    enum { A_FEW = 64 };
    *open = 0;
    for (int64_t k = 0; k < s->n; k++) {
        const int64_t i = grasp__order_sample(s->order, k);
        if (!surely_core(s, i) && !grasp__filter_is_alone(s->filter, i))
            s->list[(*open)++] = i;
    }
    forget_counts(s, *open);
    grasp_status status = grasp__dbscan_near(s, s->list, open, A_FEW, tally, surely_core, NULL);
    if (status == GRASP_OK)
        status = note_if_they_fit(s, *open);
    forget_counts(s, *open);
    return status != GRASP_OK ? status
                              : grasp__dbscan_near(s, s->list, open, INT64_MAX, tally, surely_core, NULL);
}

/* ---- or over all pairs? ------------------------------------------------------------------------------------------ */

/* Nanoseconds of one thread (measured, AVX-512 with VNNI; only their ratios count): a verdict from eight bits, one on
 * all pairs, and the decision of one that is left open. */
static double verdict_price(double p)
{
    return 0.35 + 0.0045 * p;
}

static double dense_price(const grasp_distances *d)
{
    const double n = (double)grasp__distances_count(d), p = (double)grasp__distances_dim(d);
    return n * n / 2 * (0.2 + 0.005 * p) + n * p * 3;
}

static double decision_price(double p)
{
    return 60 + 0.5 * p;
}

/* Would counting on in this way cost more than all pairs? A sample that has met s neighbours among `begin` others meets
 * min_samples of them after min_samples / s times as many, or never. */
static bool is_long(const grasp__dbscan_state *s, int64_t open, int64_t begin)
{
    const double n = (double)s->n, most = (double)s->min_samples * (double)begin;
    double columns = 0;
    for (int64_t a = 0; a < open; a++) {
        const int64_t met = s->label[s->list[a]];
        columns += met > 0 ? fmin(n, most / (double)met) : n;
    }
    return columns * verdict_price((double)grasp__distances_dim(s->d)) > dense_price(s->d);
}

enum { TOGETHER = 128, SHARE = 64 };

static int64_t blocks_tried(int64_t open)
{
    return open / (TOGETHER * SHARE) + 1;
}

/* The same for looking near first: tried on some blocks of samples that stand together. */
static grasp_status try_near(grasp__dbscan_state *s, int64_t open, bool *pays)
{
    const int64_t blocks = blocks_tried(open), apart = open / blocks;
    const int64_t pairs = s->pairs, undecided = s->undecided;
    const double p = (double)grasp__distances_dim(s->d);
    int64_t *row, n_rows = 0;
    grasp_status status = grasp__alloc(s->ctx, blocks * TOGETHER, sizeof *row, &row);
    if (status != GRASP_OK)
        return status;
    for (int64_t k = 0, met = 0; k < s->n && n_rows < blocks * TOGETHER; k++) {
        const int64_t i = grasp__order_sample(s->order, k);
        if (surely_core(s, i) || grasp__filter_is_alone(s->filter, i) || (met++ + apart / 2) % apart >= TOGETHER)
            continue;
        row[n_rows++] = i;
        s->label[i] = s->upper[i] = 0;
    }
    const double of_all = n_rows > 0 ? (double)open / (double)n_rows : 0;
    status = grasp__dbscan_near(s, row, &n_rows, INT64_MAX, tally, surely_core, NULL);
    const double near = of_all * ((double)(s->pairs - pairs) * verdict_price(p) +
                                  (double)(s->undecided - undecided) / 2 * decision_price(p));
    *pays = near <= dense_price(s->d);
    grasp__free(row);
    return status;
}

/* After a round, with an order if there is one to be had: over all pairs, if that is cheaper, and stays so. */
static grasp_status count_all_pairs(grasp__dbscan_state *s, int64_t *open, bool *done)
{
    bool near_pays = false;
    grasp_status status = s->order ? try_near(s, *open, &near_pays) : GRASP_OK;
    if (status == GRASP_OK && !near_pays)
        status = grasp__dbscan_dense(
            s, (int64_t)(dense_price(s->d) / decision_price((double)grasp__distances_dim(s->d))), done);
    if (status == GRASP_OK && *done)
        *open = 0;
    return status;
}

/* Counts for the listed samples, until so few are left that it pays to look near them first, or that there is room for
 * notes about them; then these again. */
static grasp_status count_neighbours(grasp__dbscan_state *s, int64_t *open)
{
    grasp_status status = GRASP_OK;
    int64_t begin = 0;
    bool done = false;
    if (s->how >= GRASP__PAIRS_ALL)
        status = grasp__dbscan_dense(s, INT64_MAX, &done);
    if (done)
        *open = 0;
    while (status == GRASP_OK && *open > 0 && begin < s->n && !s->notes) {
        status = grasp__dbscan_round(s, s->list, open, NULL, &begin, s->n, tally, surely_core);
        if (status == GRASP_OK && ORDERING * s->n <= *open * (s->n - begin) && !s->order) {
            const bool may_pay = s->how != GRASP__PAIRS_SOME && is_long(s, *open, begin);
            status = grasp__dbscan_order(s);
            if (status == GRASP_OK && may_pay)
                status = count_all_pairs(s, open, &done);
            if (status != GRASP_OK || done)
                return status;
            if (s->order)
                return count_near(s, open);
        }
        if (status == GRASP_OK && begin <= s->n / 4)
            status = note_if_they_fit(s, *open);
    }
    if (status != GRASP_OK || !s->notes)
        return status;
    forget_counts(s, *open);
    return grasp__dbscan_rounds(s, s->list, open, NULL, s->n, tally, surely_core);
}

/* Moves the unresolved ones whose notes are complete, or are not, to the front of the list; returns how many. */
static int64_t unresolved(grasp__dbscan_state *s, int64_t open, bool noted)
{
    int64_t found = 0;
    for (int64_t a = 0; a < open; a++) {
        const int64_t i = s->list[a];
        if (!resolved(s, i) && grasp__notes_complete(s->notes, i) == noted) {
            s->list[a] = s->list[found];
            s->list[found++] = i;
        }
    }
    return found;
}

grasp_status grasp__dbscan_count(grasp__dbscan_state *s)
{
    int64_t open = 0, few;
    grasp_status status;
    for (int64_t i = 0; i < s->n; i++) {
        s->label[i] = s->upper[i] = 0;
        if (grasp__filter_is_alone(s->filter, i)) /* has no neighbour but itself */
            s->label[i] = s->upper[i] = s->multiplicity ? s->multiplicity[i] : 1;
        else
            s->list[open++] = i;
    }
    if ((status = count_neighbours(s, &open)) != GRASP_OK ||
        (status = grasp__dbscan_each(s, s->list, unresolved(s, open, true), resolve_notes)) != GRASP_OK)
        return status;
    few = unresolved(s, open, false);
    status = s->order ? grasp__dbscan_near(s, s->list, &few, INT64_MAX, resolve, resolved, NULL)
                      : grasp__dbscan_rounds(s, s->list, &few, NULL, s->n, resolve, resolved);
    for (int64_t i = 0; i < s->n; i++)
        s->core[i] = surely_core(s, i);
    return status;
}

/* ---- price ------------------------------------------------------------------------------------------------------- */

/* After the first round, if all samples are still open. */
bool grasp__dbscan_may_order(const grasp_distances *d)
{
    return grasp__filter_has_order(d) && grasp__distances_count(d) - GRASP__HUBS >= ORDERING;
}

bool grasp__dbscan_may_note(const grasp_distances *d)
{
    return grasp__dbscan_may_order(d) || grasp__distances_count(d) / 4 >= GRASP__HUBS;
}

/* Hubs, and with an order: what is near and notes, what tries it, or all pairs. */
uint64_t grasp__dbscan_count_price(grasp_context *ctx, const grasp_distances *d, int64_t min_samples)
{
    const int64_t n = grasp__distances_count(d), rows = blocks_tried(n) * TOGETHER;
    const double count = (double)n;
    const uint64_t hubs = grasp__price(n, GRASP__HUB_WORDS * sizeof(uint64_t));
    uint64_t most = grasp__dbscan_may_note(d) ? grasp__notes_price(n, min_samples) : 0, making, bits;
    if (!grasp__dbscan_may_order(d))
        return grasp__price_sum(hubs, most);
    const uint64_t order = grasp__dbscan_order_price(ctx, d, &making);
    most = grasp__price_sum(most, grasp__dbscan_near_price(n));
    if (count * count * verdict_price((double)grasp__distances_dim(d)) > dense_price(d)) {
        const uint64_t trial = grasp__price_sum(grasp__price(rows, sizeof(int64_t)), grasp__dbscan_near_price(rows));
        const uint64_t dense = grasp__dbscan_dense_price(ctx, d, &bits);
        most = most > trial ? most : trial;
        most = most > dense ? most : dense;
    }
    most = grasp__price_sum(order, most);
    return grasp__price_sum(hubs, most > making ? most : making);
}
