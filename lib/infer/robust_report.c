/* SPDX-License-Identifier: BSD-3-Clause
 * What a pair of classes showed, in numbers and in one sentence for each learned minority.
 */
#include "infer/robust.h"

#include <math.h>

enum { BINS = 64, REACH = 4 }; /* of the histogram of margins, over [-REACH, REACH); the ends take what lies beyond */

typedef struct part {
    grasp_context *ctx;
    grasp_report *report;
    int64_t number;
    grasp_status status;
} part;

static void put(part *p, const char *side, const char *name, double value)
{
    char full[64];
    grasp__format(full, sizeof full, "pair.%jd.%s%s", (intmax_t)p->number, side, name);
    if (p->status == GRASP_OK)
        p->status = grasp__report_put_value(p->ctx, p->report, full, value);
}

static void put_text(part *p, const char *side, const char *name, const char *text)
{
    char full[64];
    grasp__format(full, sizeof full, "pair.%jd.%s%s", (intmax_t)p->number, side, name);
    if (p->status == GRASP_OK)
        p->status = grasp__report_put_text(p->ctx, p->report, full, text);
}

static void put_histogram(part *p, const char *side, const grasp__robust_pair *pair, int c)
{
    char full[64];
    double bin[BINS] = {0};
    for (int64_t i = 0; i < pair->n; i++) {
        double place = (pair->margin[i] + REACH) * BINS / (2 * REACH);
        if (pair->target[i] == c)
            bin[place < 0 ? 0 : place >= BINS ? BINS - 1 : (int)place]++;
    }
    grasp__format(full, sizeof full, "pair.%jd.%shistogram", (intmax_t)p->number, side);
    if (p->status == GRASP_OK)
        p->status = grasp__report_put_series(p->ctx, p->report, full, bin, BINS);
}

/* Wilson's interval of a share at two standard errors. */
static void interval(double share, int64_t n, double *low, double *high)
{
    double z2 = 4, middle = (share + z2 / 2 / (double)n) / (1 + z2 / (double)n);
    double half = sqrt(z2) / (1 + z2 / (double)n) *
                  sqrt(share * (1 - share) / (double)n + z2 / 4 / (double)n / (double)n);
    *low = n > 0 ? middle - half : NAN;
    *high = n > 0 ? middle + half : NAN;
}

static double hundredths(double share)
{
    return floor(share * 100 + 0.5) / 100;
}

/* The least accuracy of the cells, of both classes and out of fold, and its interval. */
static void put_worst(part *p, const grasp__robust_pair *pair)
{
    double worst = NAN, low = NAN, high = NAN;
    for (int c = 0; c < 2; c++) {
        const double cell[2] = {pair->majority[c], pair->after[c]};
        const int64_t n[2] = {pair->class_n[c] - pair->cell[c], pair->cell[c]};
        for (int k = 0; k < 2; k++)
            if (cell[k] < worst || (isnan(worst) && !isnan(cell[k]))) {
                worst = cell[k];
                interval(worst, n[k], &low, &high);
            }
    }
    put(p, "", "worst", worst);
    put(p, "", "worst_low", low);
    put(p, "", "worst_high", high);
}

static void put_side(part *p, const grasp__robust_pair *pair, const int64_t label[2], int c)
{
    const char *side = c == 0 ? "a." : "b.";
    double low, high;
    char sentence[240];
    interval(pair->after[c], pair->cell[c], &low, &high);
    put(p, side, "class", (double)label[c]);
    put(p, side, "samples", (double)pair->class_n[c]);
    put(p, side, "threshold", pair->threshold[c]);
    put(p, side, "depth", pair->depth[c]);
    put(p, side, "low", (double)pair->cell[c]);
    put(p, side, "stability", pair->stability[c]);
    put(p, side, "before", pair->before[c]);
    put(p, side, "after", pair->after[c]);
    put(p, side, "after_low", low);
    put(p, side, "after_high", high);
    put(p, side, "majority", pair->majority[c]);
    put(p, side, "loss", pair->loss[c]);
    put(p, side, "majority_loss", pair->majority_loss[c]);
    put_histogram(p, side, pair, c);
    if (pair->cell[c] == 0)
        return;
    grasp__format(sentence, sizeof sentence,
                  "%" PRId64 " samples labelled %" PRId64 " look like class %" PRId64
                  "'s background; balanced training %s their accuracy from %g to %g (others of the class: %g)%s",
                  pair->cell[c], label[c], label[1 - c], pair->after[c] > pair->before[c] ? "lifts" : "takes",
                  hundredths(pair->before[c]), hundredths(pair->after[c]),
                  hundredths(pair->majority[c]),
                  pair->reason == GRASP__ROBUST_SPLIT ? "" : ": too little to call them a group");
    put_text(p, side, "sentence", sentence);
}

grasp_status grasp__robust_report_pair(grasp_context *ctx, grasp_report *report, int64_t number,
                                       const int64_t label[2], const grasp__robust_pair *pair)
{
    part p = {.ctx = ctx, .report = report, .number = number, .status = GRASP_OK};
    if (report == NULL)
        return GRASP_OK;
    put_text(&p, "", "outcome", grasp__robust_reason(pair->reason));
    put(&p, "", "accepted", pair->reason == GRASP__ROBUST_SPLIT);
    put(&p, "", "evidence", isnan(pair->curved) ? pair->linear : pair->curved);
    static const char *const refinements[] = {[GRASP__ROBUST_AS_CUT] = "none", [GRASP__ROBUST_BY_PLANE] = "plane",
                                              [GRASP__ROBUST_BY_NEIGHBOURS] = "neighbours"};
    double suspects = 0;
    for (int64_t i = 0; i < pair->n; i++)
        suspects += pair->suspect[i];
    put(&p, "", "outliers", suspects);
    put(&p, "", "outliers_removed", pair->removed);
    put(&p, "", "worst_kept", pair->worst_kept);
    put(&p, "", "worst_removed", pair->worst_removed);
    put(&p, "", "flips", pair->flips);
    put_worst(&p, pair);
    put_text(&p, "", "refinement", refinements[pair->refined]);
    put(&p, "", "evidence_linear", pair->linear);
    put(&p, "", "evidence_curved", pair->curved);
    for (int c = 0; c < 2; c++)
        put_side(&p, pair, label, c);
    return p.status;
}
