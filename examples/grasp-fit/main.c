/* SPDX-License-Identifier: BSD-3-Clause
 * grasp-fit: from a table to learned groups and a model that is good for the worst of them. See grasp-fit(1).
 *
 * Everything it does goes through <grasp.h>; study.c is the part to copy from.
 */
#include "grasp-fit.h"

#include <signal.h>
#include <stdlib.h>
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
    clear_progress();
    if (status == GRASP_CANCELLED)
        fprintf(stderr, "grasp-fit: interrupted\n");
    else
        fprintf(stderr, "grasp-fit: %s (%s)\n", grasp_context_error(ctx), grasp_status_name(status));
    return false;
}

void *allocate(int64_t count, size_t size)
{
    void *block = calloc(count > 0 ? (size_t)count : 1, size);
    if (!block) {
        fprintf(stderr, "grasp-fit: out of memory\n");
        exit(1);
    }
    return block;
}

int main(int argc, char **argv)
{
    options        o;
    data           d = {0};
    study          s = {0};
    grasp_context *ctx = NULL;
    int            status = options_read(&o, argc, argv);
    if (status >= 0)
        return status;
    status = 1;
    if (grasp_version_number() / 1000000 != GRASP_VERSION_NUMBER / 1000000 ||
        grasp_version_number() < GRASP_VERSION_NUMBER) {
        fprintf(stderr, "grasp-fit: built for libgrasp %s, found %s\n", GRASP_VERSION_STRING, grasp_version_string());
        return 1;
    }
    if (grasp_context_create(NULL, &ctx) != GRASP_OK) {
        fprintf(stderr, "grasp-fit: out of memory\n");
        return 1;
    }
    interrupted = ctx;
    signal(SIGINT, on_interrupt);
    if (fine(ctx, grasp_context_set_seed(ctx, o.seed)) && fine(ctx, grasp_context_set_threads(ctx, o.threads)) &&
        (o.quiet || !isatty(2) || fine(ctx, grasp_context_set_progress(ctx, 0.1, show_progress, NULL, NULL))) &&
        (o.csv || o.x ? data_load(ctx, &o, &d) : data_example(ctx, &o, &d)) && study_run(ctx, &o, &d, &s)) {
        clear_progress();
        if (o.json)
            print_json(&o, &d, &s);
        else
            print_text(&o, &d, &s);
        if (write_plot(&o, &d, &s) & write_groups(&o, &d, &s))
            status = 0;
    }
    study_free(&s);
    data_free(&d);
    grasp_context_free(ctx);
    return status;
}
