/* SPDX-License-Identifier: BSD-3-Clause
 * The cells found so far. Each is one line of results.csv, "cell,seed,measure=value;measure=value", written and flushed
 * when it is known; a line that a broken run left half is dropped. The first line says which options the cells belong
 * to: a run goes on only from its own.
 */
#include "paper.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void cell_start(cell *c, const char *name, int64_t seed)
{
    const size_t length = strlen(name) + 1;
    *c = (cell){.name = allocate((int64_t)length, 1), .seed = seed};
    memcpy(c->name, name, length);
}

void cell_add(cell *c, const char *measure_name, double value)
{
    if (c->n < MEASURES) {
        snprintf(c->of[c->n].name, sizeof c->of[c->n].name, "%s", measure_name);
        c->of[c->n++].value = value;
    }
}

static const cell *find(const results *r, const char *name, int64_t seed)
{
    for (int64_t i = 0; i < r->n; i++)
        if (r->cells[i].seed == seed && !strcmp(r->cells[i].name, name))
            return &r->cells[i];
    return NULL;
}

static double of_cell(const cell *c, const char *measure_name)
{
    for (int k = 0; c && k < c->n; k++)
        if (!strcmp(c->of[k].name, measure_name))
            return c->of[k].value;
    return NAN;
}

bool results_has(const results *r, const char *name, int64_t seed)
{
    return find(r, name, seed) != NULL;
}

double results_value(const results *r, const char *name, int64_t seed, const char *measure_name)
{
    return of_cell(find(r, name, seed), measure_name);
}

summary results_summary(const results *r, const char *name, const char *measure_name)
{
    summary s = {0, 0, 0, INFINITY, -INFINITY};
    double  square = 0;
    for (int64_t i = 0; i < r->n; i++) {
        const double v = r->cells[i].seed == PAPER_SEED || strcmp(r->cells[i].name, name)
                             ? NAN
                             : of_cell(&r->cells[i], measure_name);
        if (isnan(v))
            continue;
        const double step = v - s.mean; /* Welford 1962 */
        s.mean += step / (double)++s.n;
        square += step * (v - s.mean);
        s.lowest = v < s.lowest ? v : s.lowest;
        s.highest = v > s.highest ? v : s.highest;
    }
    if (!s.n)
        s.mean = s.lowest = s.highest = NAN;
    s.deviation = s.n > 1 ? sqrt(square / (double)(s.n - 1)) : NAN;
    return s;
}

double results_headline(const results *r, const char *name, const char *measure_name)
{
    const double published = results_value(r, name, PAPER_SEED, measure_name);
    return isnan(published) ? results_summary(r, name, measure_name).mean : published;
}

bool results_is_first(const results *r, int64_t i)
{
    for (int64_t k = 0; k < i; k++)
        if (!strcmp(r->cells[k].name, r->cells[i].name))
            return false;
    return true;
}

static void keep(results *r, const cell *c)
{
    if (r->n == r->room) {
        r->room = r->room ? 2 * r->room : 256;
        r->cells = realloc(r->cells, (size_t)r->room * sizeof *r->cells);
        if (!r->cells) {
            fprintf(stderr, "grasp-paper: out of memory\n");
            exit(1);
        }
    }
    r->cells[r->n++] = *c;
}

bool results_put(results *r, const cell *c)
{
    keep(r, c);
    if (!r->file)
        return true;
    fprintf(r->file, "%s,%lld,", c->name, (long long)c->seed);
    for (int k = 0; k < c->n; k++)
        fprintf(r->file, "%s%s=%.17g", k ? ";" : "", c->of[k].name, c->of[k].value);
    fputc('\n', r->file);
    if (!fflush(r->file))
        return true;
    fprintf(stderr, "grasp-paper: cannot write results.csv: %s\n", strerror(errno));
    return false;
}

/* A line of results.csv as a cell; false where it is none. */
static bool parse(char *line, cell *c)
{
    char *comma = strchr(line, ','), *at, *end;
    if (!comma)
        return false;
    *comma = '\0';
    const long long seed = strtoll(comma + 1, &at, 10);
    if (*at++ != ',')
        return false;
    cell_start(c, line, seed);
    while (*at && (end = strchr(at, '='))) {
        *end = '\0';
        cell_add(c, at, strtod(end + 1, &end));
        at = end + (*end == ';');
    }
    return true;
}

static void stamp(const options *o, char *text, size_t room)
{
    snprintf(text, room, "cell,seed,measures %s%s\n",
             o->check       ? "check"
             : o->published ? "published"
                            : "honest",
             o->quick ? " quick" : "");
}

/* Reads what an earlier run left; false where it belongs to other options. The length of the whole lines in *end. */
static bool load(results *r, FILE *f, const char *expected, long *end)
{
    static char line[4096];
    if (!fgets(line, sizeof line, f))
        return true;
    if (strcmp(line, expected))
        return false;
    *end = ftell(f);
    while (fgets(line, sizeof line, f) && strchr(line, '\n')) {
        cell c;
        *strchr(line, '\n') = '\0';
        if (parse(line, &c))
            keep(r, &c);
        *end = ftell(f);
    }
    return true;
}

bool results_open(results *r, const options *o)
{
    char path[4096], expected[64];
    long end = 0;
    *r = (results){0};
    if (!o->output)
        return true;
    if (mkdir(o->output, 0777) && errno != EEXIST) {
        fprintf(stderr, "grasp-paper: cannot make the folder %s: %s\n", o->output, strerror(errno));
        return false;
    }
    snprintf(path, sizeof path, "%s/results.csv", o->output);
    stamp(o, expected, sizeof expected);
    r->file = fopen(path, o->resume ? "r+" : "w");
    if (!r->file && o->resume && errno == ENOENT)
        r->file = fopen(path, "w");
    if (!r->file) {
        fprintf(stderr, "grasp-paper: cannot open %s: %s\n", path, strerror(errno));
        return false;
    }
    if (o->resume && !load(r, r->file, expected, &end)) {
        fprintf(stderr, "grasp-paper: %s is of other options, expected: %s", path, expected);
        return false;
    }
    if (fseek(r->file, end, SEEK_SET) || ftruncate(fileno(r->file), end) || (!end && fputs(expected, r->file) < 0)) {
        fprintf(stderr, "grasp-paper: cannot write %s: %s\n", path, strerror(errno));
        return false;
    }
    return true;
}

bool results_close(results *r)
{
    const bool ok = !r->file || !fclose(r->file);
    for (int64_t i = 0; i < r->n; i++)
        free(r->cells[i].name);
    free(r->cells);
    return ok;
}
