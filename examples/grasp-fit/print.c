/* SPDX-License-Identifier: BSD-3-Clause
 * What a person, or a program (--json), is told; groups.csv; the progress bar.
 */
#include "grasp-fit.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* ---- progress ------------------------------------------------------------------------------------------------- */

static bool shown;

int32_t show_progress(void *user, const char *what, double fraction)
{
    enum { WIDTH = 40 };
    const int full = (int)(fraction * WIDTH + 0.5);
    (void)user;
    shown = true;
    fprintf(stderr, "\r\033[K[%.*s%*s] %3.0f %% %s", full, "########################################", WIDTH - full, "",
            100 * fraction, what);
    return GRASP_CB_OK;
}

void clear_progress(void)
{
    if (shown)
        fprintf(stderr, "\r\033[K");
    shown = false;
}

/* ---- text ------------------------------------------------------------------------------------------------------ */

static void accuracy_line(const char *name, const accuracy *a)
{
    if (isnan(a->worst))
        printf("  %-28s %10s  %10s\n", name, "-", "-");
    else
        printf("  %-28s %10.4f  %10.4f\n", name, a->worst, a->average);
}

void print_text(const options *o, const data *d, const study *s)
{
    char line[64];
    printf("%s\n", d->name);
    printf("%" PRId64 " rows (%" PRId64 " train, %" PRId64 " val, %" PRId64 " test), %" PRId64 " features%s, %" PRId64
           " classes\n\n",
           d->n, d->n_rows[TRAIN], d->n_rows[VAL], d->n_rows[TEST], d->d,
           d->standardised ? " (standardised on the training rows)" : "", d->n_classes);
    printf("Groups learned from the gradients of %s (training and validation rows)\n", s->model_name);
    if (s->robust)
        print_splits(d, s);
    else
        printf("  %-14s %7s %12s %9s %7s %9s\n", "class", "eps", "min_samples", "clusters", "noise", "score");
    for (int64_t c = 0; !s->robust && c < grasp_inference_n_classes(s->inference); c++) {
        int64_t label, min_samples, clusters, noise;
        double  eps, score;
        int32_t admissible;
        if (grasp_inference_class(s->ctx, s->inference, c, &label, &eps, &min_samples, &score, &clusters, &noise,
                                  &admissible) != GRASP_OK)
            continue;
        if (admissible)
            printf("  %-14s %7g %12" PRId64 " %9" PRId64 " %7" PRId64 " %9.4f\n", d->class_name[label], eps,
                   min_samples, clusters, noise, score);
        else
            printf("  %-14s %7s %12s %9d %7d   no setting splits this class: one group\n", d->class_name[label], "-",
                   "-", 1, 0);
    }
    printf("  %" PRId64 " groups, noise %.2f %%\n\n", grasp_groups_count(s->learned), 100 * s->noise);
    if (s->truth) {
        printf("Agreement with the true groups (label x %s)\n", o->group ? o->group : "attribute");
        printf("  pooled ARI        %7.4f   floors: class alone %.4f, class x misclassified %.4f\n", s->ari,
               s->floor_class, s->floor_error);
        printf("  within-class ARI  %7.4f   floor: class alone 0\n", s->ari_within);
        if (!isnan(s->outlier_recall) && grasp_groups_noise(s->learned) > 0)
            printf("  known outliers    precision %.3f, recall %.3f\n", s->outlier_precision, s->outlier_recall);
        else if (!isnan(s->outlier_recall))
            printf("  known outliers    none was found: no sample is noise\n");
        printf("\n");
    }
    printf("Test accuracy of %s over the %s groups\n", s->final_name, s->truth ? "true" : "learned");
    printf("  %-28s %10s  %10s\n", "", "worst", "average");
    accuracy_line("ERM", &s->erm);
    snprintf(line, sizeof line, "%s, learned groups", s->method);
    accuracy_line(line, &s->gdro_learned);
    accuracy_line("group DRO, true groups", &s->gdro_true);
    if (!isnan(s->rate))
        printf("  (learned groups: rate %g, weight decay %g, step %g)\n", s->rate, s->decay, s->step);
    if (!isnan(s->gap))
        printf("  (learned groups: no parameters have a worst loss that is less by more than %.3g, of %.3g)\n", s->gap,
               s->objective);
    if (s->gdro_learned.worst < s->erm.worst)
        printf("  note: the learned groups do not help here: the worst group is no better than with ERM\n");
    if (s->not_converged)
        printf("  note: a fit stopped before its tolerance\n");
}

/* ---- JSON ------------------------------------------------------------------------------------------------------- */

static void json_text(const char *text)
{
    putchar('"');
    for (; *text; text++)
        if (*text == '"' || *text == '\\')
            printf("\\%c", *text);
        else if ((unsigned char)*text < 0x20)
            printf("\\u%04x", (unsigned)*text);
        else
            putchar(*text);
    putchar('"');
}

static void json_number(const char *key, double value)
{
    if (isfinite(value))
        printf(",\"%s\":%.17g", key, value);
    else
        printf(",\"%s\":null", key);
}

static void json_accuracy(const char *key, const accuracy *a)
{
    printf(",\"%s\":{\"worst\":", key);
    if (isnan(a->worst))
        printf("null,\"average\":null}");
    else
        printf("%.17g,\"average\":%.17g}", a->worst, a->average);
}

void print_json(const options *o, const data *d, const study *s)
{
    printf("{\"data\":");
    json_text(d->name);
    printf(",\"rows\":%" PRId64 ",\"train\":%" PRId64 ",\"val\":%" PRId64 ",\"test\":%" PRId64 ",\"features\":%" PRId64
           ",\"standardised\":%s,\"seed\":%" PRIu64 ",\"model\":\"%s\",\"final_model\":\"%s\",\"classes\":[",
           d->n, d->n_rows[TRAIN], d->n_rows[VAL], d->n_rows[TEST], d->d, d->standardised ? "true" : "false", o->seed,
           s->model_name, s->final_name);
    for (int64_t c = 0; c < grasp_inference_n_classes(s->inference); c++) {
        int64_t label, min_samples, clusters, noise;
        double  eps, score;
        int32_t admissible;
        if (grasp_inference_class(s->ctx, s->inference, c, &label, &eps, &min_samples, &score, &clusters, &noise,
                                  &admissible) != GRASP_OK)
            continue;
        printf("%s{\"label\":", c ? "," : "");
        json_text(d->class_name[label]);
        json_number("eps", admissible ? eps : NAN);
        printf(",\"min_samples\":");
        if (admissible && !s->robust)
            printf("%" PRId64, min_samples);
        else
            printf("null");
        printf(",\"clusters\":%" PRId64 ",\"noise\":%" PRId64, clusters, noise);
        json_number("score", score);
        printf(",\"admissible\":%s}", admissible ? "true" : "false");
    }
    printf("]");
    json_splits(s);
    printf(",\"method\":");
    json_text(s->method);
    printf(",\"groups\":%" PRId64, grasp_groups_count(s->learned));
    json_number("noise", s->noise);
    printf(",\"noise_rows\":%" PRId64, grasp_groups_noise(s->learned));
    json_number("ari", s->ari);
    json_number("ari_within", s->ari_within);
    json_number("floor_class", s->floor_class);
    json_number("floor_error", s->floor_error);
    json_number("outlier_precision", s->outlier_precision);
    json_number("outlier_recall", s->outlier_recall);
    json_accuracy("erm", &s->erm);
    json_accuracy("gdro_learned", &s->gdro_learned);
    json_accuracy("gdro_true", &s->gdro_true);
    json_number("rate", s->rate);
    json_number("weight_decay", s->decay);
    json_number("step", s->step);
    json_number("objective", s->objective);
    json_number("gap", s->gap);
    printf(",\"converged\":%s}\n", s->not_converged ? "false" : "true");
}

/* ---- groups.csv -------------------------------------------------------------------------------------------------- */

static void csv_text(FILE *f, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, f);
        return;
    }
    fputc('"', f);
    for (; *text; text++)
        fprintf(f, *text == '"' ? "\"\"" : "%c", *text);
    fputc('"', f);
}

bool write_groups(const options *o, const data *d, const study *s)
{
    static const char *const split_name[] = {"train", "val", "test"};
    FILE                    *f;
    if (!strcmp(o->output, "-"))
        return true;
    f = fopen(o->output, "w");
    if (f) {
        fprintf(f, "row,split,label,group,outlier\n");
        for (int64_t i = 0; i < d->n; i++) {
            fprintf(f, "%" PRId64 ",%s,", i, split_name[d->split[i]]);
            csv_text(f, d->class_name[d->y[i]]);
            fprintf(f, ",%" PRId64 ",%d\n", s->group[i], s->group[i] == GRASP_NOISE);
        }
    }
    if (!f || ferror(f) | fclose(f)) {
        fprintf(stderr, "grasp-fit: cannot write %s\n", o->output);
        return false;
    }
    return true;
}
