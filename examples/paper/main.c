/* SPDX-License-Identifier: BSD-3-Clause
 * grasp-paper: the tables and figures of Zeng et al. 2022, as published and told honestly. See grasp-paper(1).
 * Quick run: --quick --seeds 1 --only synthetic,table2 --quiet
 *
 * The order of the work: for every data set, condition and seed a scene is opened and every table takes its cells from
 * it; then all that is known is printed.
 */
#include "paper.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static grasp_context *interrupted; /* what SIGINT cancels */

static void on_interrupt(int sig)
{
    (void)sig;
    grasp_context_cancel(interrupted);
}

bool fine(grasp_context *ctx, grasp_status status)
{
    if (status >= 0 && status != GRASP_CANCELLED)
        return true;
    progress_clear();
    if (status == GRASP_CANCELLED)
        fprintf(stderr, "grasp-paper: interrupted; --resume goes on from the cells that are done\n");
    else
        fprintf(stderr, "grasp-paper: %s (%s)\n", grasp_context_error(ctx), grasp_status_name(status));
    return false;
}

void *allocate(int64_t count, size_t size)
{
    void *block = calloc(count > 0 ? (size_t)count : 1, size);
    if (!block) {
        fprintf(stderr, "grasp-paper: out of memory\n");
        exit(1);
    }
    return block;
}

grasp_params *params_of(grasp_context *ctx, const char *algorithm, const char *text)
{
    grasp_params *p = NULL;
    if (!fine(ctx, grasp_params_create(ctx, algorithm, &p)))
        return NULL;
    if (text && *text && !fine(ctx, grasp_params_parse(ctx, p, text))) {
        grasp_params_free(p);
        return NULL;
    }
    return p;
}

static bool every_part(scene *s)
{
    return agreement_run(s) && accuracy_run(s) && maps_run(s) && scatter_run(s);
}

/* The scenes of a set in one condition. Published Synthetic has the published seed beside 0, 1, ...; the user's own
 * data are what they are. */
static bool run_condition(grasp_context *ctx, const options *o, results *r, const char *set, const char *condition)
{
    const bool    has_published = o->published && !strcmp(set, "synthetic");
    const int64_t seeds = o->published && !has_published && o->seeds > PUBLISHED_SEEDS ? PUBLISHED_SEEDS : o->seeds;
    bool          found = true;
    for (int64_t k = -has_published; k < seeds; k++) {
        scene s = {.ctx = ctx,
                   .o = o,
                   .r = r,
                   .set = set,
                   .condition = condition,
                   .contaminated = strcmp(condition, "clean") != 0,
                   .own = o->published,
                   .seed = k < 0 ? PAPER_SEED : k};
        progress_scene(o, k + has_published + 1, seeds + has_published, set, condition, s.seed);
        if (!scene_run(&s, every_part, &found))
            return false;
        if (!found) {
            fprintf(stderr, "grasp-paper: %s: skipped: no %s/%s\n", set, o->data, set);
            return true;
        }
    }
    return true;
}

/* Conditions of a set, separated by blanks. Refitted: Synthetic contaminated, and the model fitted to it; the published
 * one is fitted to the clean data. */
static const char *conditions_of(const options *o, const char *set)
{
    if (!strcmp(set, "synthetic") && o->published)
        return "clean contaminated refitted";
    return !strcmp(set, "files") || (!strcmp(set, "compas") && o->published) ? "clean" : "clean contaminated";
}

static bool run(grasp_context *ctx, const options *o, results *r)
{
    static const char *const sets[] = {"synthetic", "compas", "waterbirds", "files"};
    for (int i = 0; i < 4; i++) {
        const bool by_default = i < 2 || (i == 2 && !o->quick) || (i == 3 && o->x);
        if (!wanted_set(o, sets[i]) || !(by_default || names_set(o, sets[i])))
            continue;
        for (const char *at = conditions_of(o, sets[i]); *at; at += strcspn(at, " "), at += *at == ' ') {
            char condition[24];
            snprintf(condition, sizeof condition, "%.*s", (int)strcspn(at, " "), at);
            if (!run_condition(ctx, o, r, sets[i], condition))
                return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    options        o;
    results        r = {0};
    grasp_context *ctx = NULL;
    int            status = options_read(&o, argc, argv);
    if (status >= 0)
        return status;
    if (grasp_version_number() / 1000000 != GRASP_VERSION_NUMBER / 1000000 ||
        grasp_version_number() < GRASP_VERSION_NUMBER) {
        fprintf(stderr, "grasp-paper: built for libgrasp %s, found %s\n", GRASP_VERSION_STRING, grasp_version_string());
        return 1;
    }
    if (grasp_context_create(NULL, &ctx) != GRASP_OK) {
        fprintf(stderr, "grasp-paper: out of memory\n");
        return 1;
    }
    interrupted = ctx;
    signal(SIGINT, on_interrupt);
    bool ok = fine(ctx, grasp_context_set_threads(ctx, o.threads)) && results_open(&r, &o) &&
              (o.check ? check_run(ctx, &o, &r) : properties_run(ctx, &o, &r) && run(ctx, &o, &r));
    progress_clear();
    if (ok)
        ok = print_all(&o, &r);
    ok &= results_close(&r);
    grasp_context_free(ctx);
    return !ok;
}
