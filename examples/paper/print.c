/* SPDX-License-Identifier: BSD-3-Clause
 * Results as text, where they are written, and the progress line.
 */
#include "paper.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

/* ---- progress -------------------------------------------------------------------------------------------------- */

static bool shown;

void progress_cell(const options *o, const char *name, int64_t seed)
{
    if (o->quiet)
        return;
    if (isatty(2)) {
        fprintf(stderr, "\r\033[K%s, seed %lld", name, (long long)seed);
        shown = true;
    }
}

void progress_scene(const options *o, int64_t done, int64_t of, const char *set, const char *condition, int64_t seed)
{
    progress_clear();
    if (!o->quiet)
        fprintf(stderr, "[%lld of %lld] %s, %s, seed %lld\n", (long long)done, (long long)of, set, condition,
                (long long)seed);
}

void progress_clear(void)
{
    if (shown)
        fprintf(stderr, "\r\033[K");
    shown = false;
}

/* ---- text ------------------------------------------------------------------------------------------------------ */

const char *headline_measure(const char *name)
{
    if (strstr(name, ".trained."))
        return "worst";
    static const char *const accuracies[] = {"table4.", "table6.", "figure6.", "figure8."};
    for (int i = 0; i < 4; i++)
        if (!strncmp(name, accuracies[i], strlen(accuracies[i])))
            return "worst";
    return "ari";
}

static const struct {
    const char *part, *title;
} titles[] = {{"table2", "Table 2. Adjusted Rand index (ARI) of clustering features and gradients"},
              {"table3", "Table 3. ARI of the learned groups"},
              {"table4", "Table 4. Test accuracy of the worst true group; settings chosen without group labels"},
              {"table5", "Table 5. ARI by silhouette and by known groups"},
              {"table6", "Table 6. Test accuracy of the worst true group; settings chosen by true validation groups"}};

/* Bytes of table.set.condition. in front of the row. */
static size_t heading(const char *name)
{
    size_t at = 0;
    for (int dots = 0; dots < 3 && name[at]; at++)
        dots += name[at] == '.';
    return at;
}

static void number(FILE *f, double value, int width)
{
    if (isnan(value))
        fprintf(f, " %*s", width, "-");
    else
        fprintf(f, " %*.4f", width, value);
}

static void row(const results *r, const char *name, FILE *f)
{
    static const char *const agreement[] = {"within", "noise", "outlier_precision", "outlier_recall"};
    static const char *const accuracy[] = {"average"};
    const char              *main_measure = headline_measure(name);
    const bool               is_ari = !strcmp(main_measure, "ari");
    const summary            s = results_summary(r, name, main_measure);
    fprintf(f, "  %-30s", name + heading(name));
    number(f, results_headline(r, name, main_measure), 8);
    number(f, reported_value(name, NAN), 8);
    number(f, s.mean, 8);
    number(f, s.deviation, 7);
    number(f, s.n ? s.lowest : NAN, 7);
    number(f, s.n ? s.highest : NAN, 7);
    for (int k = 0; k < (is_ari ? 4 : 1); k++)
        number(f, results_headline(r, name, is_ari ? agreement[k] : accuracy[k]), 7);
    fputc('\n', f);
}

static void block(const results *r, const cell *first, FILE *f)
{
    const size_t length = heading(first->name);
    const bool   is_ari = !strcmp(headline_measure(first->name), "ari");
    char         place[64];
    snprintf(place, sizeof place, "%.*s", (int)length - 8, first->name + 7);
    place[strcspn(place, ".")] = ',';
    fprintf(f, "\n %-31s %8s %8s %8s %7s %7s %7s %s\n", place, is_ari ? "ARI" : "worst", "paper", "mean", "sd", "min",
            "max", is_ari ? " within   noise  out.pr  out.re" : "average");
    for (int64_t i = 0; i < r->n; i++)
        if (results_is_first(r, i) && !strncmp(r->cells[i].name, first->name, length))
            row(r, r->cells[i].name, f);
    if (is_ari)
        fprintf(f, "  floors: class alone %.4f, class x misclassified %.4f\n",
                results_headline(r, first->name, "floor_class"), results_headline(r, first->name, "floor_mistake"));
}

/* Is cell i the first of its table, set and condition? */
static bool starts_block(const results *r, int64_t i)
{
    const size_t length = heading(r->cells[i].name);
    for (int64_t k = 0; k < i; k++)
        if (!strncmp(r->cells[k].name, r->cells[i].name, length))
            return false;
    return true;
}

static void print_properties(const results *r, FILE *f)
{
    bool any = false;
    for (int64_t i = 0; i < r->n; i++) {
        const cell *c = &r->cells[i];
        if (strncmp(c->name, "table1.", 7))
            continue;
        if (!any)
            fprintf(f, "\nTable 1. What each method is given and can do\n\n  %-20s %-13s %-18s %-14s %s\n", "",
                    "group labels", "validation labels", "learns groups", "leaves outliers out");
        any = true;
        fprintf(f, "  %-20s %-13s %-18s %-14s %s\n", c->name + 7, c->of[0].value > 0 ? "yes" : "-",
                c->of[1].value > 0 ? "yes" : "-", c->of[2].value > 0 ? "yes" : "-", c->of[3].value > 0 ? "yes" : "-");
    }
}

void print_text(const options *o, const results *r, FILE *f)
{
    fprintf(f, "%s protocol%s, libgrasp %s\n", o->published ? "Published" : "Honest", o->quick ? ", quick" : "",
            grasp_version_string());
    if (o->check) {
        print_verdicts(r, f);
        return;
    }
    fprintf(f,
            "ARI, worst: of the published seed where there is one, else the mean over seeds; mean, sd, min, max: over "
            "the other seeds.\n");
    print_properties(r, f);
    for (size_t t = 0; t < sizeof titles / sizeof *titles; t++) {
        bool any = false;
        for (int64_t i = 0; i < r->n; i++) {
            if (strncmp(r->cells[i].name, titles[t].part, 6) || !starts_block(r, i))
                continue;
            if (!any)
                fprintf(f, "\n%s\n", titles[t].title);
            any = true;
            block(r, &r->cells[i], f);
        }
    }
}

static bool write_file(const options *o, const results *r, const char *name,
                       void (*print)(const options *, const results *, FILE *))
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", o->output, name);
    FILE *f = fopen(path, "w");
    if (f)
        print(o, r, f);
    if (!f || ferror(f) | fclose(f)) {
        fprintf(stderr, "grasp-paper: cannot write %s\n", path);
        return false;
    }
    return true;
}

bool print_all(const options *o, const results *r)
{
    if (o->output && !(write_file(o, r, "tables.txt", print_text) && write_file(o, r, "results.json", print_json) &&
          plots_write(o, r)))
        return false;
    if (o->json)
        print_json(o, r, stdout);
    else
        print_text(o, r, stdout);
    return !fflush(stdout);
}
