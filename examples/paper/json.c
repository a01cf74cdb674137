/* SPDX-License-Identifier: BSD-3-Clause
 * All results as one JSON object on one line. Everything is a number with a path such as table2.synthetic.clean.x; the
 * paths are sorted and become objects in objects:
 *   tableN...        the number itself: adjusted Rand index or worst-group accuracy, of the published seed, else the
 *   mean figureN...       the same of every setting of a heat map
 *   cells.tableN...  every measure beside it: mean, sd, min, max and seeds, and the published seed's
 *   paper.tableN...  what the paper prints
 *   reference.check...  with --check: mean, sd, seeds of another implementation's measure
 */
#include "paper.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct entry {
    char   path[192];
    double value;
} entry;

typedef struct entries {
    entry  *of;
    int64_t n, room;
} entries;

static void add(entries *e, const char *prefix, const char *name, const char *suffix, double value)
{
    if (e->n == e->room) {
        entry *more = allocate(e->room = e->room ? 2 * e->room : 1024, sizeof *more);
        if (e->n)
            memcpy(more, e->of, (size_t)e->n * sizeof *more);
        free(e->of);
        e->of = more;
    }
    snprintf(e->of[e->n].path, sizeof e->of->path, "%s%s%s", prefix, name, suffix);
    e->of[e->n++].value = value;
}

/* Component by component: a dot sorts before every letter. */
static int by_path(const void *a, const void *b)
{
    const char *p = ((const entry *)a)->path, *q = ((const entry *)b)->path;
    while (*p && *p == *q)
        p++, q++;
    return (*p == '.' ? 1 : (unsigned char)*p) - (*q == '.' ? 1 : (unsigned char)*q);
}

/* Bytes of the path's objects that both share, the dot behind them included. */
static size_t shared(const char *a, const char *b)
{
    size_t end = 0;
    for (size_t i = 0; a[i] && a[i] == b[i]; i++)
        if (a[i] == '.')
            end = i + 1;
    return end;
}

static void print_number(FILE *f, double value)
{
    if (isfinite(value))
        fprintf(f, "%.17g", value);
    else
        fputs("null", f);
}

static void print_tree(const entries *e, FILE *f)
{
    const char *last = "";
    for (int64_t i = 0; i < e->n; i++) {
        const char *path = e->of[i].path;
        size_t      at = shared(last, path);
        for (const char *dot = strchr(last + at, '.'); dot; dot = strchr(dot + 1, '.'))
            fputc('}', f);
        fputc(',', f);
        for (const char *dot; (dot = strchr(path + at, '.')); at = (size_t)(dot - path) + 1)
            fprintf(f, "\"%.*s\":{", (int)(dot - path - (ptrdiff_t)at), path + at);
        fprintf(f, "\"%s\":", path + at);
        print_number(f, e->of[i].value);
        last = path;
    }
    for (const char *dot = strchr(last, '.'); dot; dot = strchr(dot + 1, '.'))
        fputc('}', f);
}

static void add_cell(entries *e, const results *r, const cell *c)
{
    static const char *const part[] = {"mean", "sd", "min", "max", "seeds"};
    char                     suffix[64];
    for (int k = 0; k < c->n && !strncmp(c->name, "table1.", 7); k++) {
        snprintf(suffix, sizeof suffix, ".%s", c->of[k].name);
        add(e, "", c->name, suffix, c->of[k].value);
    }
    if (!strncmp(c->name, "table1.", 7))
        return;
    add(e, "", c->name, "", results_headline(r, c->name, headline_measure(c->name)));
    for (int k = 0; k < c->n && strncmp(c->name, "figure", 6); k++) {
        const summary s = results_summary(r, c->name, c->of[k].name);
        const double  value[] = {s.mean, s.deviation, s.lowest, s.highest, (double)s.n};
        for (int j = 0; j < 5; j++) {
            snprintf(suffix, sizeof suffix, ".%s.%s", c->of[k].name, part[j]);
            add(e, "cells.", c->name, suffix, value[j]);
        }
        if (results_has(r, c->name, PAPER_SEED)) {
            snprintf(suffix, sizeof suffix, ".%s.published_seed", c->of[k].name);
            add(e, "cells.", c->name, suffix, results_value(r, c->name, PAPER_SEED, c->of[k].name));
        }
    }
}

static void add_reference(entries *e, const reference *c)
{
    static const char *const part[] = {"mean", "sd", "seeds"};
    const double             value[] = {c->mean, c->deviation, c->seeds};
    char                     suffix[64];
    for (int j = 0; j < 3; j++) {
        snprintf(suffix, sizeof suffix, ".%s.%s", c->measure, part[j]);
        add(e, "reference.", c->name, suffix, value[j]);
    }
}

void print_json(const options *o, const results *r, FILE *f)
{
    entries e = {0};
    for (int64_t i = 0; i < r->n; i++)
        if (results_is_first(r, i))
            add_cell(&e, r, &r->cells[i]);
    for (int i = 0; i < n_reported; i++)
        add(&e, "paper.", reported[i].name, "", reported[i].value);
    for (int t = 0; o->check && t < n_references; t++)
        for (int i = 0; i < references[t].n; i++)
            add_reference(&e, &references[t].of[i]);
    qsort(e.of, (size_t)e.n, sizeof *e.of, by_path);
    fprintf(f, "{\"program\":\"grasp-paper\",\"version\":\"%s\",\"mode\":\"%s\",\"quick\":%s", grasp_version_string(),
            o->check ? "check" : o->published ? "published" : "honest", o->quick ? "true" : "false");
    print_tree(&e, f);
    fputs("}\n", f);
    free(e.of);
}
