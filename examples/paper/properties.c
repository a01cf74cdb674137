/* SPDX-License-Identifier: BSD-3-Clause
 * Table 1: which property each method has, derived from what it is given, not typed in:
 *   group labels       it trains on the true groups
 *   validation labels  so do its choices, without which it cannot be (in Table 6 all have them)
 *   learns groups      it trains on groups that a learner found, other than the classes
 *   leaves outliers    its learner clusters by density (it has min_samples) or sets suspects aside where the others
 *   out                give better evidence (it has evidence), or its trainer takes a share of outliers away (it has
 *                      epsilon)
 */
#include "paper.h"

#include <string.h>

/* Has the algorithm a parameter of this name, alone or in a part? */
static bool has_param(grasp_context *ctx, const char *algorithm, const char *name)
{
    grasp_params *p = params_of(ctx, algorithm, NULL);
    bool          found = false;
    for (int64_t i = 0; i < grasp_params_count(p); i++) {
        const char *key = grasp_params_name(p, i), *dot = strrchr(key, '.');
        found |= !strcmp(dot ? dot + 1 : key, name);
    }
    grasp_params_free(p);
    return found;
}

static bool finds_outliers(grasp_context *ctx, const learner *l)
{
    if (!l)
        return false;
    if (l->method)
        return strcmp(l->method, "jtt") &&
               (has_param(ctx, l->method, "min_samples") || has_param(ctx, l->method, "evidence"));
    return !strstr(l->honest ? l->honest : "", "algorithm=kmeans");
}

bool properties_run(grasp_context *ctx, const options *o, results *r)
{
    for (int i = 0; wanted_part(o, "table1") && i < n_methods; i++) {
        const method *m = &methods[i];
        const bool    given = m->groups && !strcmp(m->groups, "true");
        char          name[64];
        cell          c;
        snprintf(name, sizeof name, "table1.%s", m->key);
        if (results_has(r, name, 0))
            continue;
        cell_start(&c, name, 0);
        cell_add(&c, "group_labels", given);
        cell_add(&c, "validation_labels", given);
        cell_add(&c, "learns_groups", m->groups && !given && strcmp(m->groups, "class"));
        cell_add(&c, "leaves_outliers_out", (m->groups && !given && finds_outliers(ctx, learner_of(m->groups))) ||
                                                has_param(ctx, m->trainer, "epsilon"));
        if (!results_put(r, &c))
            return false;
    }
    return true;
}
