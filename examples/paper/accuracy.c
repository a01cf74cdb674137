/* SPDX-License-Identifier: BSD-3-Clause
 * Tables 4 and 6: test accuracy of the worst true group. One list of methods; in Table 4 learning rate, weight decay
 * and epoch are chosen without true groups (by the worst validation group that a method has learned, else by validation
 * accuracy), in Table 6 by the worst true validation group (Appendix C.3).
 */
#include "paper.h"

#include <stdlib.h>
#include <string.h>

/* Their grids for Synthetic. */
#define DORO "rate=0.00001,0.0001;weight_decay=0.1,1;alpha=0.1,0.2,0.5;epsilon=0.005,0.01,0.02,0.1,0.2"

const method methods[] = {
    {.key = "erm", .trainer = "erm"},
    {.key = "tilted", .trainer = "tilted"},
    {.key = "cvar", .trainer = "cvar"},
    {.key = "chi2", .trainer = "chi2"},
    {.key = "doro", .trainer = "doro", .published = DORO},
    {.key = "chi2_doro", .trainer = "chi2_doro"},
    {.key = "doro_by_grasp", .trainer = "doro", .chosen_by = "grasp", .published = DORO},
    {.key = "class", .trainer = "gdro", .groups = "class"},
    {.key = "rwy", .trainer = "rwy"},
    {.key = "suby", .trainer = "suby"},
    {.key = "jtt", .trainer = "jtt", .groups = "error_set", .chosen_by = "errors"},
    {.key = "afr", .trainer = "afr", .chosen_by = "errors", .last_layer = true},
    {.key = "errors", .trainer = "gdro", .groups = "errors"},
    {.key = "eiil", .trainer = "gdro", .groups = "eiil", .published = "rate=0.00001,0.0001,0.001"},
    {.key = "george_feature",
     .trainer = "gdro",
     .groups = "george_feature",
     .published = "rate=0.00001,0.0001,0.001"},
    {.key = "xrm", .trainer = "gdro", .groups = "xrm"},
    {.key = "spare", .trainer = "gdro", .groups = "spare"},
    {.key = "robust", .trainer = "gdro", .groups = "robust"},
    {.key = "robust_rwg", .trainer = "rwg", .groups = "robust"},
    {.key = "feasp", .trainer = "gdro", .groups = "feasp"},
    {.key = "grasp", .trainer = "gdro", .groups = "grasp"},
    {.key = "grasp_euclidean", .trainer = "gdro", .groups = "grasp_euclidean"},
    {.key = "grasp_kmeans", .trainer = "gdro", .groups = "grasp_kmeans"},
    {.key = "grasp_certified", .trainer = "gdro_certified", .groups = "grasp", .convex = true},
    {.key = "robust_certified", .trainer = "gdro_certified", .groups = "robust", .convex = true},
    {.key = "grasp_rwg", .trainer = "rwg", .groups = "grasp"},
    {.key = "grasp_subg", .trainer = "subg", .groups = "grasp"},
    {.key = "grasp_dfr", .trainer = "dfr", .groups = "grasp", .last_layer = true},
    {.key = "true", .trainer = "gdro", .groups = "true"},
    {.key = "true_certified", .trainer = "gdro_certified", .groups = "true", .convex = true},
    {.key = "true_importance", .trainer = "importance", .groups = "true"},
    {.key = "true_rwg", .trainer = "rwg", .groups = "true"},
    {.key = "true_subg", .trainer = "subg", .groups = "true"},
    {.key = "true_dfr", .trainer = "dfr", .groups = "true", .last_layer = true},
};
const int n_methods = sizeof methods / sizeof *methods;

/* What all methods share on a set: learning rates, weight decay, epochs. */
static const char *shared_text(const scene *s)
{
    const bool published = s->o->published;
    if (s->departure && s->departure->training)
        return s->departure->training;
    if (!strcmp(s->set, "synthetic"))
        return published ? "rate=0.0001,0.001,0.01;weight_decay=0.001;epochs=50;shuffle=0"
                         : "rate=0.001,0.01;weight_decay=0.001;epochs=50";
    if (!strcmp(s->set, "compas"))
        return !published    ? "rate=0.001,0.01;weight_decay=0.001;epochs=60"
               : s->o->quick ? "rate=0.0002,0.002;weight_decay=0.001;epochs=60;shuffle=0"
                             : "rate=0.00002,0.0002,0.002;weight_decay=0.001;epochs=300;shuffle=0";
    return published ? "rate=0.00001,0.0001,0.001;weight_decay=0.001;epochs=360;shuffle=0"
                     : "rate=0.001,0.01;weight_decay=0.001,0.1;epochs=60";
}

/* The shared parameters, then, as the trainer has them, step sizes, then its own. */
static grasp_params *trainer_params(const scene *s, const method *m)
{
    const char *own =
        s->o->published && !s->departure && m->published && !strcmp(s->set, "synthetic") ? m->published : m->params;
    grasp_params *p = params_of(s->ctx, m->trainer, m->last_layer || m->convex ? NULL : shared_text(s));
    bool          ok = p != NULL;
    for (int64_t i = 0; ok && i < grasp_params_count(p); i++)
        if (!strcmp(grasp_params_name(p, i), "step"))
            ok = fine(s->ctx, grasp_params_parse(s->ctx, p, "step=0.01,0.1"));
    ok = ok && (!own || fine(s->ctx, grasp_params_parse(s->ctx, p, own)));
    if (!ok) {
        grasp_params_free(p);
        return NULL;
    }
    return p;
}

/* Writes the labels that groups of this key give the seen rows from `first` on; others stay. */
static bool write_labels(scene *s, const char *key, int64_t first, int64_t end, int64_t *label)
{
    const grasp_groups *groups = NULL;
    if (strcmp(key, "true") && !learned_groups(s, key, &groups))
        return false;
    for (int64_t i = first; i < end; i++)
        label[s->d.seen[i]] = grasp_groups_label(groups ? groups : s->truth, i);
    return true;
}

/* A label for every row: what the method trains on, and what chooses among its candidates; NULL: neither. */
static bool method_groups(scene *s, const method *m, bool by_truth, grasp_groups **out)
{
    const char *chosen_by = by_truth ? "true" : m->chosen_by ? m->chosen_by : m->groups;
    const int64_t n_train = s->d.n_rows[TRAIN];
    *out = NULL;
    if (!chosen_by)
        return true;
    int64_t *label = allocate(s->d.n, sizeof *label);
    for (int64_t i = 0; i < s->d.n; i++)
        label[i] = GRASP_NOISE;
    const bool ok = write_labels(s, m->groups ? m->groups : chosen_by, 0, n_train, label) &&
                    write_labels(s, chosen_by, n_train, s->d.n_seen, label) &&
                    fine(s->ctx, grasp_groups_create(s->ctx, label, s->d.n, out));
    free(label);
    return ok;
}

/* Is the model that is trained in the end the paper's network? On features of a network it is a linear layer. */
static bool is_network(const scene *s)
{
    return !strcmp(s->set, "synthetic") || !strcmp(s->set, "compas");
}

/* The certificate is for linear models, and its Newton steps hold squares of as many numbers as parameters. */
static bool has_method(const scene *s, const method *m)
{
    return !m->convex || (!is_network(s) && (s->d.d + 1) * s->d.n_classes <= 2000);
}

/* The model to be trained. As published, methods that
 * learn groups go on from the model whose gradients they took, where it is of this kind. */
static bool make_model(scene *s, const method *m, grasp_model **out)
{
    const int64_t widths[] = {s->d.d, 50, 50, 50, s->d.n_classes};
    const bool    network = is_network(s);
    const bool    learns = m->groups && strcmp(m->groups, "true") && strcmp(m->groups, "class");
    if (s->o->published && !s->departure && learns && network == !strcmp(grasp_model_kind(s->model), "mlp"))
        return fine(s->ctx, grasp_model_copy(s->ctx, s->model, out));
    return fine(s->ctx, network ? grasp_model_create_mlp(s->ctx, widths, 5, NULL, out)
                                : grasp_model_create_softmax(s->ctx, s->d.d, s->d.n_classes, out)) &&
           fine(s->ctx, grasp_model_init(s->ctx, *out, 1)) &&
           fine(s->ctx, grasp_model_bind(s->ctx, *out, s->d.x, s->d.y, s->d.n));
}

/* Worst and train-weighted average accuracy over the true groups of the test rows. */
static bool test_accuracy(scene *s, grasp_model *model, double *worst, double *average)
{
    const data   *d = &s->d;
    const int64_t n = d->n_rows[TEST], n_groups = grasp_groups_count(s->all);
    int64_t      *label = allocate(n, sizeof *label), *y = allocate(n, sizeof *y),
            *train_size = allocate(n_groups, sizeof *train_size);
    grasp_groups *test = NULL;
    for (int64_t i = 0; i < n; i++)
        y[i] = d->y[d->rows[TEST][i]];
    for (int64_t i = 0; i < d->n_rows[TRAIN]; i++)
        train_size[grasp_groups_label(s->all, d->rows[TRAIN][i])]++;
    const bool ok =
        fine(s->ctx, grasp_model_predict_rows(s->ctx, model, d->rows[TEST], n, label)) &&
        fine(s->ctx, grasp_groups_select(s->ctx, s->all, d->rows[TEST], n, &test)) &&
        fine(s->ctx, grasp_metric_worst_group(s->ctx, test, y, label, n, worst, NULL)) &&
        fine(s->ctx, grasp_metric_average_accuracy(s->ctx, test, y, label, n, train_size, n_groups, average));
    grasp_groups_free(test);
    free(label);
    free(y);
    free(train_size);
    return ok;
}

/* ERM on the training rows, then the last layer on one half of the validation rows, chosen by the other. */
static bool train_last_layer(scene *s, const method *m, const grasp_groups *groups, const grasp_params *p,
                             grasp_model *model)
{
    const data   *d = &s->d;
    const int64_t half = d->n_rows[VAL] / 2, rest = d->n_rows[VAL] - half;
    grasp_params *erm = params_of(s->ctx, "erm", shared_text(s));
    const bool    ok = erm &&
                    fine(s->ctx, grasp_train(s->ctx, "erm", model, NULL, d->rows[TRAIN], d->n_rows[TRAIN], d->rows[VAL],
                                             d->n_rows[VAL], erm, NULL)) &&
                    fine(s->ctx, grasp_train(s->ctx, m->trainer, model, groups, d->rows[VAL], half, d->rows[VAL] + half,
                                             rest, p, NULL));
    grasp_params_free(erm);
    return ok;
}

bool train_on(scene *s, const method *m, const grasp_groups *groups, double *worst, double *average)
{
    const data   *d = &s->d;
    grasp_params *p = trainer_params(s, m);
    grasp_model  *model = NULL;
    const bool    ok = p && make_model(s, m, &model) &&
                    (m->last_layer
                         ? train_last_layer(s, m, groups, p, model)
                         : fine(s->ctx, grasp_train(s->ctx, m->trainer, model, groups, d->rows[TRAIN], d->n_rows[TRAIN],
                                                    d->rows[VAL], d->n_rows[VAL], p, NULL))) &&
                    test_accuracy(s, model, worst, average);
    grasp_params_free(p);
    grasp_model_free(model);
    return ok;
}

bool keep_accuracy(scene *s, const char *name, const method *m, const grasp_groups *groups)
{
    double worst, average;
    cell   c;
    if (!train_on(s, m, groups, &worst, &average))
        return false;
    cell_start(&c, name, s->seed);
    cell_add(&c, "worst", worst);
    cell_add(&c, "average", average);
    return results_put(s->r, &c);
}

static bool compute(scene *s, const char *name, const method *m, bool by_truth)
{
    grasp_groups *groups = NULL;
    const bool    ok = method_groups(s, m, by_truth, &groups) && keep_accuracy(s, name, m, groups);
    grasp_groups_free(groups);
    return ok;
}

/* In Table 6 the validation rows have their true groups. A method that trains on these rows by learned groups, or that
 * differs from another one by what chooses, has no cell there. */
static bool without_table_6(const method *m)
{
    return (m->last_layer && m->groups && strcmp(m->groups, "true")) || (m->chosen_by && !m->groups && !m->last_layer);
}

bool accuracy_run(scene *s)
{
    static const char *const tables[] = {"table4", "table6"};
    char                     name[128];
    if (s->o->published && (!strcmp(s->condition, "refitted") || (s->seed >= PUBLISHED_SEEDS && s->seed != PAPER_SEED)))
        return true;
    for (int t = 0; t < 2; t++)
        for (int i = 0; i < n_methods; i++)
            if (has_method(s, &methods[i]) && !(t == 1 && without_table_6(&methods[i])) &&
                scene_wants(s, tables[t], methods[i].key, name, sizeof name) &&
                !compute(s, name, &methods[i], t == 1))
                return false;
    return true;
}
