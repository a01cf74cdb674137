/* SPDX-License-Identifier: BSD-3-Clause
 * What mode=robust saw between classes: as sentences, as JSON, and as a picture for gnuplot.
 */
#include "grasp-fit.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { BINS = 64, REACH = 4 }; /* of grasp_infer()'s histograms: [-REACH, REACH) */

static double number(const study *s, int64_t pair, const char *name)
{
    char   full[128];
    double value = NAN;
    snprintf(full, sizeof full, "infer.pair.%" PRId64 ".%s", pair, name);
    return grasp_report_value(s->ctx, s->report, full, &value) == GRASP_OK ? value : NAN;
}

static const char *text(const study *s, int64_t pair, const char *name)
{
    char        full[128];
    const char *words = NULL;
    snprintf(full, sizeof full, "infer.pair.%" PRId64 ".%s", pair, name);
    return grasp_report_text(s->ctx, s->report, full, &words) == GRASP_OK ? words : NULL;
}

static int64_t n_pairs(const study *s)
{
    double pairs = 0;
    return grasp_report_value(s->ctx, s->report, "infer.pairs", &pairs) == GRASP_OK ? (int64_t)pairs : 0;
}

static const char *class_of(const data *d, const study *s, int64_t pair, const char *side)
{
    double label = number(s, pair, side);
    return label >= 0 && label < (double)d->n_classes ? d->class_name[(int64_t)label] : "?";
}

void print_splits(const data *d, const study *s)
{
    static const char *const side[2] = {"a.", "b."};
    for (int64_t q = 0; q < n_pairs(s); q++) {
        const char *outcome = text(s, q, "outcome");
        char        name[32];
        printf("  %s and %s: %s", class_of(d, s, q, "a.class"), class_of(d, s, q, "b.class"), outcome ? outcome : "");
        if (!isnan(number(s, q, "evidence")))
            printf(" (evidence %.2f)", number(s, q, "evidence"));
        printf("\n");
        if (number(s, q, "accepted") == 1) {
            printf("    worst cell out of fold %.2f (%.2f to %.2f)\n", number(s, q, "worst"), number(s, q, "worst_low"),
                   number(s, q, "worst_high"));
            if (number(s, q, "outliers") > 0)
                printf("    %.0f samples look mislabelled; they %s (worst cell %.2f with them, %.2f without)\n",
                       number(s, q, "outliers"),
                       number(s, q, "outliers_removed") == 1 ? "are left out of training" : "stay in training",
                       number(s, q, "worst_kept"), number(s, q, "worst_removed"));
        }
        for (int c = 0; c < 2; c++) {
            snprintf(name, sizeof name, "%slow", side[c]);
            double low = number(s, q, name);
            if (!(low > 0))
                continue;
            snprintf(name, sizeof name, "%sclass", side[c]);
            printf("    %.0f samples labelled %s look like class %s's background", low, class_of(d, s, q, name),
                   class_of(d, s, q, c == 0 ? "b.class" : "a.class"));
            snprintf(name, sizeof name, "%sbefore", side[c]);
            double before = number(s, q, name);
            snprintf(name, sizeof name, "%safter", side[c]);
            double after = number(s, q, name);
            printf("; balanced training %s their accuracy from %.2f to %.2f", after > before ? "lifts" : "takes",
                   before, after);
            snprintf(name, sizeof name, "%safter_low", side[c]);
            printf(" (%.2f", number(s, q, name));
            snprintf(name, sizeof name, "%safter_high", side[c]);
            printf(" to %.2f)", number(s, q, name));
            snprintf(name, sizeof name, "%smajority", side[c]);
            printf(", the others' to %.2f", number(s, q, name));
            snprintf(name, sizeof name, "%sloss", side[c]);
            printf("; mean loss %.2f", number(s, q, name));
            snprintf(name, sizeof name, "%smajority_loss", side[c]);
            printf(" against %.2f", number(s, q, name));
            snprintf(name, sizeof name, "%sstability", side[c]);
            if (!isnan(number(s, q, name)))
                printf("; stability %.2f", number(s, q, name));
            printf("\n");
        }
    }
}

void json_splits(const study *s)
{
    static const char *const values[] = {
        "accepted",    "evidence", "evidence_linear", "a.class",      "a.low",       "a.threshold",  "a.depth",
        "a.before",    "a.after",  "a.after_low",     "a.after_high", "a.majority",  "b.class",      "b.low",
        "b.threshold", "b.depth",  "b.before",        "b.after",      "b.after_low", "b.after_high", "b.majority",
        "a.loss",      "a.majority_loss", "b.loss", "b.majority_loss", "a.stability", "b.stability", "worst",
        "worst_low",   "worst_high", "flips", "outliers", "worst_kept", "worst_removed", "outliers_removed"};
    printf(",\"splits\":[");
    for (int64_t q = 0; q < n_pairs(s); q++) {
        const char *outcome = text(s, q, "outcome");
        printf("%s{\"outcome\":\"%s\"", q ? "," : "", outcome ? outcome : "");
        for (size_t k = 0; k < sizeof values / sizeof *values; k++) {
            double v = number(s, q, values[k]);
            if (isfinite(v))
                printf(",\"%s\":%.17g", values[k], v);
            else
                printf(",\"%s\":null", values[k]);
        }
        printf("}");
    }
    printf("]");
}

/* One panel a class and pair: how many samples at which score, and where the threshold lies. */
bool write_plot(const options *o, const data *d, const study *s)
{
    static const char *const side[2] = {"a.", "b."};
    if (!o->plot)
        return true;
    FILE *f = fopen(o->plot, "w");
    if (f) {
        fprintf(f, "# gnuplot %s\nset terminal svg size 800,%d\nset output '%s.svg'\nset multiplot layout %d,2\n"
                   "set style fill solid 0.6\nset xlabel 'score: low looks like the other class'\nunset key\n",
                o->plot, (int)(300 * (n_pairs(s) > 0 ? n_pairs(s) : 1)), o->plot,
                (int)(n_pairs(s) > 0 ? n_pairs(s) : 1));
        for (int64_t q = 0; q < n_pairs(s); q++)
            for (int c = 0; c < 2; c++) {
                char   name[80];
                double bin[BINS];
                snprintf(name, sizeof name, "infer.pair.%" PRId64 ".%shistogram", q, side[c]);
                if (grasp_report_length(s->report, name) != BINS ||
                    grasp_report_series(s->ctx, s->report, name, bin, BINS) != GRASP_OK)
                    continue;
                snprintf(name, sizeof name, "%sthreshold", side[c]);
                double at = number(s, q, name);
                snprintf(name, sizeof name, "%sclass", side[c]);
                fprintf(f,
                        "set title \"class %s\" noenhanced\nset arrow 1 from %g, graph 0 to %g, graph 1 nohead dt 2\n",
                        class_of(d, s, q, name), at, at);
                fprintf(f, "plot '-' with boxes\n");
                for (int k = 0; k < BINS; k++)
                    fprintf(f, "%g %g\n", (k + 0.5) * 2 * REACH / BINS - REACH, bin[k]);
                fprintf(f, "e\n");
            }
        fprintf(f, "unset multiplot\n");
    }
    if (!f || ferror(f) | fclose(f)) {
        fprintf(stderr, "grasp-fit: cannot write %s\n", o->plot);
        return false;
    }
    return true;
}
