/* SPDX-License-Identifier: BSD-3-Clause
 * Our cells beside those of another implementation, and a verdict for each.
 *
 *   same      the other's mean to the digits that are known
 *   agrees    |m1 - m2| <= 2 sqrt(s1^2 / n1 + s2^2 / n2), the standard error of a difference of two means; where one
 *             deviation is not known, or is zero, the other one's stands for both
 *   differs   neither
 *
 * The data of the seeds are the same on both sides, so that this is kind to differences between the programs where the
 * spread is the data's: "same" is the stricter word.
 */
#include "paper.h"

#include <math.h>
#include <string.h>

typedef struct verdict {
    summary     ours;
    double      error; /* standard error of the difference */
    const char *word;
} verdict;

static verdict judge_cell(const results *r, const reference *c)
{
    verdict v = {.ours = results_summary(r, c->name, c->measure), .error = NAN, .word = "-"};
    if (!c->seeds) {
        const double value = results_value(r, c->name, PAPER_SEED, c->measure);
        v.ours = (summary){!isnan(value), value, NAN, value, value};
    }
    if (!v.ours.n)
        return v;
    const double mine = v.ours.deviation > 0 ? v.ours.deviation : c->deviation;
    const double other = c->deviation > 0 ? c->deviation : mine;
    const double apart = fabs(v.ours.mean - c->mean);
    if (c->seeds)
        v.error = sqrt(mine * mine / (double)v.ours.n + other * other / c->seeds);
    v.word = apart <= 0.5 * pow(10, -c->digits) + 1e-9 ? "same" : apart <= 2 * v.error ? "agrees" : "differs";
    return v;
}

static void number(FILE *f, double value, int width, int digits)
{
    if (isnan(value))
        fprintf(f, " %*s", width, "-");
    else
        fprintf(f, " %*.*f", width, digits, value);
}

static void print_row(const results *r, const reference *c, FILE *f)
{
    const verdict v = judge_cell(r, c);
    char          name[96];
    snprintf(name, sizeof name, "%s%s%s", c->name + strlen("check."), strcmp(c->measure, "within") ? "" : " within",
             strcmp(c->measure, "ari_without_own") ? "" : " 4 groups");
    fprintf(f, "  %-60s", name);
    number(f, v.ours.mean, 7, 4);
    number(f, v.ours.deviation, 7, 4);
    fprintf(f, " %5lld", (long long)v.ours.n);
    number(f, c->mean, 7, c->digits);
    number(f, c->deviation, 7, 4);
    fprintf(f, " %5d", c->seeds ? c->seeds : 1);
    number(f, v.error > 0 ? (v.ours.mean - c->mean) / v.error : NAN, 6, 1);
    fprintf(f, "  %s\n", v.word);
}

void print_verdicts(const results *r, FILE *f)
{
    int same = 0, agrees = 0, differs = 0;
    for (int t = 0; t < n_references; t++) {
        bool any = false;
        for (int i = 0; i < references[t].n; i++)
            any |= judge_cell(r, &references[t].of[i]).ours.n > 0;
        if (!any)
            continue;
        fprintf(f, "\n%s\n  %-60s %7s %7s %5s %7s %7s %5s %6s\n", references[t].title, "", "mean", "sd", "seeds",
                "theirs", "sd", "seeds", "errors");
        for (int i = 0; i < references[t].n; i++) {
            const char *word = judge_cell(r, &references[t].of[i]).word;
            print_row(r, &references[t].of[i], f);
            same += !strcmp(word, "same");
            agrees += !strcmp(word, "agrees");
            differs += !strcmp(word, "differs");
        }
    }
    fprintf(f,
            "\n%d same to the digits given, %d within two standard errors of the difference, %d further apart.\n"
            "errors: the difference in standard errors.\n",
            same, agrees, differs);
}
