/* SPDX-License-Identifier: BSD-3-Clause
 * An order of the samples in which near ones stand together, and what is known of a panel of them without looking
 * inside.
 *
 * The order is that of a k-d tree's leaves (Bentley 1975) over the leading coordinates y of the sketches and the length
 * t of what those leave: samples are halved by rank along the widest side of their box until a panel is left. A panel
 * keeps its box, and whole panels are passed over.
 *
 * Why that is certain. A glance (sketch.c) finds a pair surely apart where
 *     <y_i, y_j> + t_i t_j < half_i + half_j - slack_i - slack_j                                                    (1)
 * and with N_i = |y_i|^2 + t_i^2 and D = |y_i - y_j|^2 + (t_i - t_j)^2 its left side is (N_i + N_j - D) / 2. So (1)
 * holds, for numbers as they are stored, where D > e_i + e_j with e_i = N_i - 2 (half_i - slack_i). No pair of two
 * boxes is nearer than the boxes, whose squared distance in binary32 is relatively within 12 units (a difference, a
 * square, nine sums): beyond `reach`, twice the greatest e_i and 2^-18 more, a box holds no neighbour of any sample in
 * the other. For unit rows e_i is eps and what rounding adds; for others it is near eps^2 / 2. If all e_i are negative
 * no pair is within eps, and no distance is below 0.
 *
 * Cost: O(n log n) to make; 9 comparisons a row and panel to pass over 64 pairs; 4 n bytes, while making 12 n, 8 of
 * them the caller's.
 */
#include "distances/filter.h"
#include "distances/space.h"

#include <math.h>
#include <string.h>

enum { PANEL = GRASP__PROBE_COLUMNS, SIDES = GRASP__SKETCH_SIDES, BUCKETS = 256, TASKS = 64 };

struct grasp__order {
    const grasp__sketch *sketch;
    int64_t n, panels, stride; /* stride: panels rounded up to whole vectors */
    int32_t *sample;           /* n */
    float *low, *high;         /* SIDES x stride */
    float reach;
};

struct grasp__sight {
    const grasp__order *order;
    float *square;               /* stride */
    int32_t *panel;              /* panels */
    float x[SIDES * GRASP__SIGHT_ROWS]; /* of the rows */
    float apart[GRASP__SIGHT_ROWS];
};

/* ---- making ------------------------------------------------------------------------------------------------------ */

typedef struct keyed {
    float key;
    int32_t sample;
} keyed;

_Static_assert(sizeof(keyed) <= sizeof(int64_t) && _Alignof(keyed) <= _Alignof(int64_t), "scratch takes them");

typedef struct building {
    grasp__order *order;
    keyed *at;       /* n */
    int64_t first;   /* tasks are the nodes from here on */
    int64_t leaves;  /* nodes of the last level: at least as many as panels */
    bool whole;      /* with all below them */
} building;

static float side(const grasp__sketch_row *r, int k)
{
    return k < GRASP__SKETCH_HEAD ? r->head[k] : r->rest;
}

static void widen(grasp__sketch_box *box, const grasp__sketch_row *r)
{
    for (int k = 0; k < SIDES; k++) {
        const float x = side(r, k);
        box->low[k] = x < box->low[k] ? x : box->low[k];
        box->high[k] = x > box->high[k] ? x : box->high[k];
    }
}

static grasp__sketch_box empty_box(void)
{
    grasp__sketch_box box;
    for (int k = 0; k < SIDES; k++) {
        box.low[k] = INFINITY;
        box.high[k] = -INFINITY;
    }
    return box;
}

static int widest(const grasp__sketch_box *box)
{
    int best = 0;
    for (int k = 1; k < SIDES; k++)
        if (box->high[k] - box->low[k] > box->high[best] - box->low[best])
            best = k;
    return best;
}

/* Places before `rank` get what is at most, those from it on what is at least the key there: quickselect (Hoare
 * 1961). */
static void select_rank(keyed *at, int64_t n, int64_t rank)
{
    for (int64_t left = 0, right = n - 1; left < right;) {
        const float a = at[left].key, b = at[left + (right - left) / 2].key, c = at[right].key;
        const float least = a < b ? a : b, most = a < b ? b : a, value = c < least ? least : c > most ? most : c;
        int64_t i = left, j = right;
        while (i <= j) {
            while (at[i].key < value)
                i++;
            while (at[j].key > value)
                j--;
            if (i <= j) {
                const keyed t = at[i];
                at[i++] = at[j];
                at[j--] = t;
            }
        }
        if (rank > j && rank < i)
            return;
        left = rank >= i ? i : left;
        right = rank <= j ? j : right;
    }
}

/* Node h (the root is 1) has the panels [panels (h - f) / f, panels (h - f + 1) / f), f the first node of its level. */
static int64_t panels_before(const grasp__order *o, int64_t h, int64_t first)
{
    __extension__ typedef unsigned __int128 wide;
    return (int64_t)((wide)o->panels * (wide)(h - first) / (wide)first);
}

static void close_panel(grasp__order *o, int64_t q, const grasp__sketch_box *box)
{
    for (int k = 0; k < SIDES; k++) {
        o->low[k * o->stride + q] = box->low[k];
        o->high[k * o->stride + q] = box->high[k];
    }
}

static void build_node(building *b, int64_t h, int64_t first)
{
    grasp__order *o = b->order;
    const int64_t begin = panels_before(o, h, first), end = panels_before(o, h + 1, first),
                  middle = panels_before(o, 2 * h + 1, 2 * first);
    const int64_t n = (end * PANEL < o->n ? end * PANEL : o->n) - begin * PANEL;
    keyed *at = b->at + begin * PANEL;
    grasp__sketch_box box = empty_box();
    if (n <= 0)
        return;
    for (int64_t q = 0; q < n; q++)
        widen(&box, &o->sketch->row[at[q].sample]);
    if (end - begin == 1)
        close_panel(o, begin, &box);
    if (middle == begin || middle == end)
        return;
    const int k = widest(&box);
    for (int64_t q = 0; q < n; q++)
        at[q].key = side(&o->sketch->row[at[q].sample], k);
    select_rank(at, n, (middle - begin) * PANEL);
}

static grasp_status build_task(void *arg, int64_t task, int32_t worker)
{
    const building *b = arg;
    building own = *b;
    (void)worker;
    for (int64_t first = b->first, h = b->first + task, count = 1; first <= b->leaves;
         first *= 2, h *= 2, count *= 2) {
        for (int64_t q = h; q < h + count; q++)
            build_node(&own, q, first);
        if (!b->whole)
            break;
    }
    return GRASP_OK;
}

static grasp_status build(grasp_context *ctx, building *b)
{
    grasp_status s = GRASP_OK;
    for (b->leaves = 1; b->leaves < b->order->panels;)
        b->leaves *= 2;
    for (b->first = 1; s == GRASP_OK && !b->whole && b->first <= b->leaves; b->first *= 2) {
        b->whole = b->first == TASKS;
        s = grasp__parallel(ctx, b->first, build_task, b);
    }
    return s;
}

static float reach_of(const grasp__sketch *sketch)
{
    double most = -INFINITY;
    for (int64_t i = 0; i < sketch->n; i++) {
        const grasp__sketch_row *r = &sketch->row[i];
        double square = 0;
        for (int k = 0; k < SIDES; k++)
            square += (double)side(r, k) * (double)side(r, k);
        const double e = square - 2 * ((double)r->half - (double)GRASP__SKETCH_SLACK(r->half));
        most = e > most ? e : most;
    }
    return most > 0 ? nextafterf((float)(2 * most * (1 + 0x1p-18)), INFINITY) : -1;
}

/* Puts short rows in the order themselves: what is read together then lies together. Cycle by cycle; `at` says what is
 * where it belongs, `spare` has room for a row. */
static void move_rows(grasp__sketch *sketch, const grasp__order *o, keyed *at, uint8_t *spare, int32_t *place)
{
    const int64_t stride = sketch->stride;
    sketch->place = place;
    for (int64_t q = 0; q < o->n; q++) {
        place[o->sample[q]] = (int32_t)q;
        at[q].key = 0;
    }
    for (int64_t first = 0; first < o->n; first++) {
        const grasp__sketch_row kept = sketch->row[first];
        int64_t to = first;
        if (at[first].key > 0)
            continue;
        memcpy(spare, sketch->bytes + first * stride, (size_t)stride);
        for (int64_t from = o->sample[to]; from != first; to = from, from = o->sample[to]) {
            sketch->row[to] = sketch->row[from];
            memcpy(sketch->bytes + to * stride, sketch->bytes + from * stride, (size_t)stride);
            at[to].key = 1;
        }
        sketch->row[to] = kept;
        memcpy(sketch->bytes + to * stride, spare, (size_t)stride);
        at[to].key = 1;
    }
}

static int64_t panels_of(int64_t n)
{
    return (n + PANEL - 1) / PANEL;
}

static int64_t stride_of(int64_t panels)
{
    return (panels + PANEL - 1) / PANEL * PANEL;
}

enum { SHORT_ROW = 512 }; /* longer ones are not moved */

uint64_t grasp__order_price(const grasp_distances *d, uint64_t *making)
{
    const int64_t stride = grasp__sketch_stride(d->p);
    uint64_t sum = grasp__price(1, sizeof(grasp__order));
    grasp__price_add(&sum, d->n, sizeof(int32_t));
    for (int q = 0; q < 2; q++)
        grasp__price_add(&sum, SIDES * stride_of(panels_of(d->n)), sizeof(float));
    if (stride <= SHORT_ROW)
        grasp__price_add(&sum, d->n, sizeof(int32_t));
    *making = grasp__price_sum(sum, stride <= SHORT_ROW ? grasp__price(stride, 1) : 0);
    return sum;
}

grasp_status grasp__order_create(grasp_context *ctx, grasp__filter *f, int64_t *scratch, grasp__order **out)
{
    grasp__sketch *sketch = grasp__filter_sketch(f);
    building b = {.at = (keyed *)scratch};
    grasp__order *o = NULL;
    uint8_t *spare = NULL;
    int32_t *place = NULL;
    *out = NULL;
    if (sketch == NULL || !sketch->has_heads || sketch->n > INT32_MAX)
        return GRASP_OK;
    grasp_status s = grasp__alloc_zero(ctx, 1, sizeof *o, &o);
    if (s != GRASP_OK)
        return s;
    o->sketch = sketch;
    o->n = sketch->n;
    o->panels = panels_of(o->n);
    o->stride = stride_of(o->panels);
    b.order = o;
    if ((s = grasp__alloc(ctx, o->n, sizeof *o->sample, &o->sample)) != GRASP_OK ||
        (s = grasp__alloc_zero(ctx, SIDES * o->stride, sizeof *o->low, &o->low)) != GRASP_OK ||
        (s = grasp__alloc_zero(ctx, SIDES * o->stride, sizeof *o->high, &o->high)) != GRASP_OK)
        goto done;
    const bool move = sketch->stride <= SHORT_ROW;
    if (move && ((s = grasp__alloc(ctx, sketch->stride, 1, &spare)) != GRASP_OK ||
                 (s = grasp__alloc(ctx, o->n, sizeof *place, &place)) != GRASP_OK))
        goto done;
    for (int64_t i = 0; i < o->n; i++)
        b.at[i].sample = (int32_t)i;
    s = build(ctx, &b);
    for (int64_t q = 0; q < o->n; q++)
        o->sample[q] = b.at[q].sample;
    o->reach = reach_of(sketch);
    if (s == GRASP_OK && move) {
        move_rows(sketch, o, b.at, spare, place);
        place = NULL;
    }
done:
    grasp__free(place);
    grasp__free(spare);
    if (s == GRASP_OK)
        *out = o;
    else
        grasp__order_free(o);
    return s;
}

void grasp__order_free(grasp__order *o)
{
    if (!o)
        return;
    grasp__free(o->sample);
    grasp__free(o->low);
    grasp__free(o->high);
    grasp__free(o);
}

int64_t grasp__order_sample(const grasp__order *o, int64_t place)
{
    return o->sample[place];
}

int64_t grasp__order_panels(const grasp__order *o)
{
    return o->panels;
}

int64_t grasp__order_panel(const grasp__order *o, int64_t panel, int64_t *column)
{
    const int64_t first = panel * PANEL, n = o->n - first < PANEL ? o->n - first : PANEL;
    for (int64_t j = 0; j < n; j++)
        column[j] = o->sample[first + j];
    return n;
}

grasp__sketch_box grasp__order_box(const grasp__order *o, const int64_t *row, int64_t m)
{
    grasp__sketch_box box = empty_box();
    for (int64_t i = 0; i < m; i++)
        widen(&box, &o->sketch->row[grasp__sketch_place(o->sketch, row[i])]);
    return box;
}

/* ---- looking ----------------------------------------------------------------------------------------------------- */

grasp_status grasp__sight_create(grasp_context *ctx, const grasp__order *o, grasp__sight **out)
{
    grasp__sight *sight = NULL;
    grasp_status s = grasp__alloc_zero(ctx, 1, sizeof *sight, &sight);
    *out = NULL;
    if (s != GRASP_OK)
        return s;
    sight->order = o;
    if ((s = grasp__alloc(ctx, o->stride, sizeof *sight->square, &sight->square)) == GRASP_OK)
        s = grasp__alloc(ctx, o->panels, sizeof *sight->panel, &sight->panel);
    if (s == GRASP_OK)
        *out = sight;
    else
        grasp__sight_free(sight);
    return s;
}

uint64_t grasp__sight_price(int64_t n)
{
    uint64_t sum = grasp__price(1, sizeof(grasp__sight));
    grasp__price_add(&sum, stride_of(panels_of(n)), sizeof(float));
    return grasp__price_sum(sum, grasp__price(panels_of(n), sizeof(int32_t)));
}

void grasp__sight_free(grasp__sight *sight)
{
    if (!sight)
        return;
    grasp__free(sight->square);
    grasp__free(sight->panel);
    grasp__free(sight);
}

/* Sorted by counting: buckets of equal width up to the reach. */
int64_t grasp__sight_panels(grasp__sight *sight, const grasp__sketch_box *box, const int32_t **panel)
{
    const grasp__order *o = sight->order;
    const float width = o->reach > 0 ? (float)BUCKETS / o->reach : 0;
    int64_t start[BUCKETS + 1] = {0};
    o->sketch->kernels->apart(o->panels, o->low, o->high, o->stride, box, sight->square);
    for (int64_t q = 0; q < o->panels; q++)
        if (sight->square[q] <= o->reach) {
            const int bucket = (int)(sight->square[q] * width);
            start[(bucket < BUCKETS ? bucket : BUCKETS - 1) + 1]++;
        }
    for (int k = 0; k < BUCKETS; k++)
        start[k + 1] += start[k];
    const int64_t count = start[BUCKETS];
    for (int64_t q = 0; q < o->panels; q++)
        if (sight->square[q] <= o->reach) {
            const int bucket = (int)(sight->square[q] * width);
            sight->panel[start[bucket < BUCKETS ? bucket : BUCKETS - 1]++] = (int32_t)q;
        }
    *panel = sight->panel;
    return count;
}

void grasp__sight_rows(grasp__sight *sight, const int64_t *row, int64_t m)
{
    const grasp__sketch *sketch = sight->order->sketch;
    for (int64_t i = 0; i < m; i++)
        for (int k = 0; k < SIDES; k++)
            sight->x[k * GRASP__SIGHT_ROWS + i] = side(&sketch->row[grasp__sketch_place(sketch, row[i])], k);
}

int64_t grasp__sight_near(grasp__sight *sight, int64_t panel, int64_t m, int32_t *place)
{
    const grasp__order *o = sight->order;
    grasp__sketch_box box;
    int64_t count = 0;
    for (int k = 0; k < SIDES; k++) {
        box.low[k] = o->low[k * o->stride + panel];
        box.high[k] = o->high[k * o->stride + panel];
    }
    o->sketch->kernels->apart(m, sight->x, sight->x, GRASP__SIGHT_ROWS, &box, sight->apart);
    for (int64_t i = 0; i < m; i++) {
        place[count] = (int32_t)i;
        count += sight->apart[i] <= o->reach;
    }
    return count;
}
