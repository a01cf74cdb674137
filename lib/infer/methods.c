/* SPDX-License-Identifier: BSD-3-Clause
 * The methods that learn groups, of grasp_learn_groups() and its sisters: one list, which says beside the model what
 * evidence each is content with.
 *
 *   model    gradients, features or logits, whatever it asks the model for
 *   logits   what a model said, without the model
 *   points   an embedding of the samples, without a model
 *
 * Cost of a search: the length of the list.
 */
#include "infer/learn.h"

#include <string.h>

const grasp__param_table grasp__learn_class_params = {"class", NULL, 0, {{NULL, NULL}}};

/* One group per class, which is what the labels are before any method has looked: the floor. */
static grasp_status learn_class(grasp_context *ctx, grasp__learning *l)
{
    (void)ctx;
    (void)l;
    return GRASP_OK;
}

static const grasp__learn_method methods[] = {
    {"class", GRASP__OF_MODEL, &grasp__learn_class_params, learn_class},
    {"grasp", GRASP__OF_MODEL, &grasp__learn_grasp_params, grasp__learn_grasp},
    {"feasp", GRASP__OF_MODEL | GRASP__OF_POINTS, &grasp__learn_feasp_params, grasp__learn_feasp},
    {"george", GRASP__OF_MODEL | GRASP__OF_POINTS, &grasp__learn_george_params, grasp__learn_george},
    {"jtt", GRASP__OF_MODEL | GRASP__OF_LOGITS, &grasp__learn_errors_params, grasp__learn_errors},
    {"eiil", GRASP__OF_MODEL | GRASP__OF_LOGITS, &grasp__learn_eiil_params, grasp__learn_eiil},
    {"xrm", GRASP__OF_MODEL, &grasp__learn_xrm_params, grasp__learn_xrm},
    {"spare", GRASP__OF_MODEL | GRASP__OF_LOGITS, &grasp__learn_spare_params, grasp__learn_spare},
    {"robust", GRASP__OF_MODEL, &grasp__learn_robust_params, grasp__learn_robust},
};

enum { METHODS = sizeof methods / sizeof *methods };

static const char *name_at(const void *list, int64_t i)
{
    return ((const char *const *)list)[i];
}

grasp_status grasp__learn_method_find(grasp_context *ctx, const char *name, unsigned evidence,
                                      const grasp__learn_method **out)
{
    const char *known[METHODS];
    char list[128] = "";
    int64_t n = 0, at = 0;
    grasp_status s = grasp__check_pointer(ctx, name, "method");
    if (s != GRASP_OK)
        return s;
    for (int64_t i = 0; i < METHODS; i++) {
        if (!(methods[i].evidence & evidence))
            continue;
        *out = &methods[i];
        if (strcmp(methods[i].name, name) == 0)
            return GRASP_OK;
        grasp__format(list + at, sizeof list - (size_t)at, "%s\"%s\"", n > 0 ? ", " : "", methods[i].name);
        at += (int64_t)strlen(list + at);
        known[n++] = methods[i].name;
    }
    return grasp__fail(ctx, GRASP_E_ARG, "method is \"%s\", expected one of %s; the nearest is \"%s\"", name, list,
                       grasp__nearest(name, n, name_at, known));
}
