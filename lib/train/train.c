/* SPDX-License-Identifier: BSD-3-Clause
 * One call for every way of training: a name, and what that method needs.
 *
 * A method is a table of parameters and a function; the public calls check their arguments here, once for all of them.
 * Cost: the method's.
 */
#include "train/train_private.h"

#include <math.h>
#include <string.h>

typedef struct trainer {
    const grasp__param_table *table; /* bears the method's name */
    grasp__trainer           *train;
    bool                      groups; /* cannot do without */
} trainer;

static const trainer methods[] = {
    {&grasp__erm_params, grasp__train_erm, false},
    {&grasp__gdro_params, grasp__train_gdro, true},
    {&grasp__gdro_certified_params, grasp__train_gdro_certified, true},
    {&grasp__cvar_params, grasp__train_cvar, false},
    {&grasp__doro_params, grasp__train_doro, false},
    {&grasp__chi2_params, grasp__train_chi2, false},
    {&grasp__chi2_doro_params, grasp__train_chi2_doro, false},
    {&grasp__tilted_params, grasp__train_tilted, false},
    {&grasp__importance_params, grasp__train_importance, true},
    {&grasp__rwg_params, grasp__train_rwg, true},
    {&grasp__subg_params, grasp__train_subg, true},
    {&grasp__rwy_params, grasp__train_rwy, false},
    {&grasp__suby_params, grasp__train_suby, false},
    {&grasp__jtt_params, grasp__train_jtt, false},
    {&grasp__afr_params, grasp__train_afr, false},
    {&grasp__dfr_params, grasp__train_dfr, true},
};

enum { ERM, GDRO, COUNT = sizeof methods / sizeof methods[0] };

static const char *method_name(const void *list, int64_t i)
{
    (void)list;
    return methods[i].table->algorithm;
}

static grasp_status find(grasp_context *ctx, const char *name, const trainer **out)
{
    grasp_status s = grasp__check_pointer(ctx, name, "method");
    if (s != GRASP_OK)
        return s;
    for (int i = 0; i < COUNT; i++)
        if (strcmp(name, methods[i].table->algorithm) == 0) {
            *out = &methods[i];
            return GRASP_OK;
        }
    const char *nearest = grasp__nearest(name, COUNT, method_name, NULL);
    return grasp__fail(ctx, GRASP_E_ARG, "there is no method \"%s\"; the nearest is \"%s\"", name,
                       nearest ? nearest : "");
}

static grasp_status check_groups(grasp_context *ctx, const trainer *m, const grasp_model *model,
                                 const grasp_groups *groups_or_null)
{
    if (groups_or_null == NULL && !m->groups)
        return GRASP_OK;
    if (groups_or_null == NULL)
        return grasp__fail(ctx, GRASP_E_ARG, "groups is NULL, but \"%s\" trains on groups", m->table->algorithm);
    grasp_status s = grasp__groups_check(ctx, groups_or_null, "groups");
    return s == GRASP_OK ? grasp__check_equal(ctx, groups_or_null->n, grasp__model_n_rows(model), "samples of groups")
                         : s;
}

static grasp_status train_by(grasp_context *ctx, const trainer *m, grasp_model *model,
                             const grasp_groups *groups_or_null, const int64_t *train, int64_t n_train,
                             const int64_t *val, int64_t n_val, const grasp_params *params_or_null,
                             grasp_report **report)
{
    grasp__options o;
    grasp_status s = grasp__check_training(ctx, model, train, n_train, val, n_val);
    if (s == GRASP_OK)
        s = check_groups(ctx, m, model, groups_or_null);
    if (s != GRASP_OK)
        return s;
    s = grasp__options_open(ctx, params_or_null, m->table, &o);
    if (s == GRASP_OK)
        s = m->train(ctx, model, groups_or_null, train, n_train, val, n_val, &o, report);
    if (s == GRASP_CANCELLED && report && *report == NULL) { /* before there was anything to train */
        grasp_status made = grasp__report_create(ctx, report);
        if (made == GRASP_OK)
            made = grasp__put_end(ctx, *report, groups_or_null, 0, 0, NAN);
        s = made == GRASP_OK ? s : made;
    }
    if (s < GRASP_OK && report) {
        grasp_report_free(*report);
        *report = NULL;
    }
    grasp__options_close(&o);
    return s;
}

/* ---- the public calls -------------------------------------------------------------------------------------------- */

grasp_status grasp_train(grasp_context *ctx, const char *method, grasp_model *model,
                         const grasp_groups *groups_or_null, const int64_t *train_rows_or_null, int64_t n_train,
                         const int64_t *val_rows_or_null, int64_t n_val, const grasp_params *params_or_null,
                         grasp_report **report_or_null)
{
    const trainer *m = NULL;
    if (report_or_null)
        *report_or_null = NULL;
    grasp_status s = grasp__enter(ctx, __func__);
    if (s != GRASP_OK)
        return s;
    s = find(ctx, method, &m);
    if (s == GRASP_OK)
        s = train_by(ctx, m, model, groups_or_null, train_rows_or_null, n_train, val_rows_or_null, n_val,
                     params_or_null, report_or_null);
    return grasp__leave(ctx, s);
}

grasp_status grasp_train_erm(grasp_context *ctx, grasp_model *model, const int64_t *train_rows_or_null, int64_t n_train,
                             const int64_t *val_rows_or_null, int64_t n_val, const grasp_params *params_or_null,
                             grasp_report **report_or_null)
{
    if (report_or_null)
        *report_or_null = NULL;
    grasp_status s = grasp__enter(ctx, __func__);
    return s == GRASP_OK ? grasp__leave(ctx, train_by(ctx, &methods[ERM], model, NULL, train_rows_or_null, n_train,
                                                      val_rows_or_null, n_val, params_or_null, report_or_null))
                         : s;
}

grasp_status grasp_train_gdro(grasp_context *ctx, grasp_model *model, const grasp_groups *groups,
                              const int64_t *train_rows_or_null, int64_t n_train, const int64_t *val_rows_or_null,
                              int64_t n_val, const grasp_params *params_or_null, grasp_report **report_or_null)
{
    if (report_or_null)
        *report_or_null = NULL;
    grasp_status s = grasp__enter(ctx, __func__);
    return s == GRASP_OK ? grasp__leave(ctx, train_by(ctx, &methods[GDRO], model, groups, train_rows_or_null, n_train,
                                                      val_rows_or_null, n_val, params_or_null, report_or_null))
                         : s;
}
