/* SPDX-License-Identifier: BSD-3-Clause
 * Drawings: for every figure a gnuplot script in the output folder, self-contained but for the tables of points beside
 * it, and, where gnuplot is there, what it draws as PNG and SVG. Heat maps are also written as tables.
 */
#include "paper.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EPS = 64, MIN_SAMPLES = 32 };

/* One heat map: the cells whose names begin with `prefix`. */
typedef struct map {
    int    eps[EPS], min_samples[MIN_SAMPLES], n_eps, n_min_samples;
    double value[EPS][MIN_SAMPLES];
} map;

static int place(int *list, int *n, int room, int value)
{
    int i = 0;
    while (i < *n && list[i] != value)
        i++;
    if (i == *n && *n < room)
        list[(*n)++] = value;
    return i;
}

static void read_map(const results *r, const char *prefix, map *m)
{
    m->n_eps = m->n_min_samples = 0;
    for (int i = 0; i < EPS; i++)
        for (int j = 0; j < MIN_SAMPLES; j++)
            m->value[i][j] = NAN;
    for (int64_t k = 0; k < r->n; k++) {
        int         eps, min_samples;
        const char *name = r->cells[k].name;
        if (strncmp(name, prefix, strlen(prefix)) || sscanf(name + strlen(prefix), "e%d.m%d", &eps, &min_samples) != 2)
            continue;
        const int i = place(m->eps, &m->n_eps, EPS, eps),
                  j = place(m->min_samples, &m->n_min_samples, MIN_SAMPLES, min_samples);
        if (i < EPS && j < MIN_SAMPLES)
            m->value[i][j] = r->cells[k].of[0].value;
    }
}

/* figureN.set.condition[.classC]. as figureN_set_condition[_classC], without the last dot. */
static void file_stem(const char *prefix, char *stem)
{
    strcpy(stem, prefix);
    for (char *dot; (dot = strchr(stem, '.'));)
        *dot = dot[1] ? '_' : '\0';
}

static bool write_map(const options *o, const char *prefix, const map *m)
{
    char stem[128], path[4096];
    file_stem(prefix, stem);
    snprintf(path, sizeof path, "%s/%s.csv", o->output, stem);
    FILE *f = fopen(path, "w");
    if (!f)
        return false;
    fputs("eps,min_samples,value\n", f);
    for (int i = 0; i < m->n_eps; i++)
        for (int j = 0; j < m->n_min_samples; j++)
            fprintf(f, "%.2f,%d,%.9g\n", m->eps[i] / 100.0, m->min_samples[j], m->value[i][j]);
    if (ferror(f) | fclose(f))
        return false;
    snprintf(path, sizeof path, "%s/%s.gp", o->output, stem);
    f = fopen(path, "w");
    if (!f)
        return false;
    fputs("$map << EOD\n", f);
    for (int i = 0; i < m->n_eps; i++)
        for (int j = 0; j < m->n_min_samples; j++)
            if (isnan(m->value[i][j]))
                fprintf(f, "NaN%c", j + 1 < m->n_min_samples ? ' ' : '\n');
            else
                fprintf(f, "%.4f%c", m->value[i][j], j + 1 < m->n_min_samples ? ' ' : '\n');
    fprintf(f, "EOD\nset title '%s' noenhanced\nset xlabel 'min\\_samples'\nset ylabel 'eps'\nunset key\nset xtics (",
            stem);
    for (int j = 0; j < m->n_min_samples; j++)
        fprintf(f, "%s'%d' %d", j ? ", " : "", m->min_samples[j], j);
    fputs(")\nset ytics (", f);
    for (int i = 0; i < m->n_eps; i++)
        fprintf(f, "%s'%.2f' %d", i ? ", " : "", m->eps[i] / 100.0, i);
    fputs(")\nset autoscale fix\n"
          "set palette defined (0 '#440154', 1 '#3b528b', 2 '#21918c', 3 '#5ec962', 4 '#fde725')\n"
          "plot $map matrix with image, $map matrix using 1:2:(sprintf('%.2f', $3)) with labels font ',7'\n",
          f);
    return !(ferror(f) | fclose(f));
}

/* Every heat map among the cells: a prefix up to the setting, met for the first time. */
static bool write_maps(const options *o, const results *r)
{
    char last[128] = "";
    map *m = allocate(1, sizeof *m);
    bool ok = true;
    for (int64_t k = 0; ok && k < r->n; k++) {
        char        prefix[128];
        const char *name = r->cells[k].name, *setting = strstr(name, ".e");
        while (setting && strspn(setting + 2, "0123456789") == 0)
            setting = strstr(setting + 1, ".e");
        if (strncmp(name, "figure", 6) || !setting)
            continue;
        snprintf(prefix, sizeof prefix, "%.*s", (int)(setting - name) + 1, name);
        if (!strcmp(prefix, last))
            continue;
        strcpy(last, prefix);
        read_map(r, prefix, m);
        ok = write_map(o, prefix, m);
    }
    free(m);
    if (!ok)
        fprintf(stderr, "grasp-paper: cannot write figures into %s\n", o->output);
    return ok;
}

/* Two columns of points of one class, coloured by the true group, with outliers as crosses. */
static void panel(FILE *f, const char *table, int class, const char *title, int x, int y)
{
    fprintf(f,
            "set title '%s, class %d\\n(crosses: known outliers)' noenhanced\n"
            "plot '%s' using ($1==%d && $3==0 ? $%d : NaN):%d:($2+1) with points pt 7 ps 0.5 lc variable notitle, \\\n"
            "     '' using ($1==%d && $3!=0 ? $%d : NaN):%d with points pt 2 lc 'black' notitle\n",
            title, class, table, class, x, y, class, x, y);
}

static bool write_points(const options *o, const char *figure, const char *set, const char *condition)
{
    char stem[64], table[80], path[4096];
    snprintf(stem, sizeof stem, "%s_%s_%s", figure, set, condition);
    snprintf(table, sizeof table, "%s.csv", stem);
    snprintf(path, sizeof path, "%s/%s", o->output, table);
    if (access(path, R_OK))
        return true;
    snprintf(path, sizeof path, "%s/%s.gp", o->output, stem);
    FILE *f = fopen(path, "w");
    if (!f)
        return false;
    const bool toy = figure[6] == '1', points = figure[6] == '4';
    fprintf(f, "set datafile separator ','\nset xtics rotate\nset multiplot layout %d,%d\n", toy || points ? 1 : 2,
            toy ? 3 : 2);
    if (toy) {
        panel(f, table, 0, "features", 4, 5);
        panel(f, table, 0, "loss", 4, 6);
        panel(f, table, 0, "gradient", 7, 8);
    }
    for (int class = 0; class < 2 && !toy; class++) {
        panel(f, table, class, points ? "features" : "features, PCA", points ? 4 : 5, points ? 5 : 6);
        if (!points)
            panel(f, table, class, "gradients, PCA", 7, 8);
    }
    fputs("unset multiplot\n", f);
    return !(ferror(f) | fclose(f));
}

/* Draws every script in the folder, twice. */
static bool draw(const options *o)
{
    char command[9000];
    if (system("command -v gnuplot >/dev/null 2>&1")) {
        fprintf(stderr, "grasp-paper: gnuplot is missing: figures stay tables and scripts (*.csv, *.gp)\n");
        return true;
    }
    snprintf(command, sizeof command,
             "cd '%s' && for script in figure*.gp; do [ -f \"$script\" ] || continue; name=${script%%.gp}; "
             "gnuplot -e \"set terminal png size 1000,700; set output '$name.png'\" \"$script\" && "
             "gnuplot -e \"set terminal svg size 1000,700; set output '$name.svg'\" \"$script\" || exit 1; done",
             o->output);
    if (!system(command))
        return true;
    fprintf(stderr, "grasp-paper: gnuplot failed in %s\n", o->output);
    return false;
}

bool plots_write(const options *o, const results *r)
{
    static const char *const figures[] = {"figure1", "figure2", "figure3", "figure4"};
    static const char *const sets[] = {"synthetic", "compas", "waterbirds", "files"};
    static const char *const conditions[] = {"clean", "contaminated"};
    bool                     ok = write_maps(o, r);
    for (int i = 0; i < 32; i++)
        ok = ok && write_points(o, figures[i / 8], sets[i / 2 % 4], conditions[i % 2]);
    return ok && draw(o);
}
