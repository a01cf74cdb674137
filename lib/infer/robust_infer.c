/* SPDX-License-Identifier: BSD-3-Clause
 * mode=robust from gradients or from inputs: an inference without grid or cores, whose classes have rules.
 */
#include "infer/robust.h"

#include <math.h>
#include <string.h>

/* Nothing was found, or not all of it. */
static void forget(grasp_inference *inference)
{
    for (int64_t c = 0; c < inference->n_classes; c++) {
        grasp__inferred_class *k = &inference->classes[c];
        memset(k->cluster, 0, (size_t)k->n * sizeof *k->cluster);
        k->n_rules = 0;
        k->n_clusters = 1;
        k->admissible = 0;
        k->score = NAN;
    }
}

static grasp_status report_all(grasp_context *ctx, const grasp_inference *inference, const grasp_report *part,
                               grasp_report **out)
{
    grasp_status s = grasp__inference_report(ctx, inference, out);
    if (s == GRASP_OK)
        s = grasp__report_put_text(ctx, *out, "mode", "robust");
    if (s == GRASP_OK)
        s = grasp__report_merge(ctx, *out, "", part);
    return s;
}

grasp_status grasp__infer_inputs(grasp_context *ctx, grasp_gradients *g, const grasp__robust_form *form,
                                 const double *raw, int64_t d, const int64_t *y, int64_t n, int64_t n_learn,
                                 const grasp__options *o, grasp_inference **out, grasp_report **report_or_null)
{
    grasp_inference *inference = NULL;
    grasp_report *part = NULL;
    *out = NULL;
    grasp_status merged, s = grasp__inference_create(ctx, g, y, n, 0, &inference);
    if (s != GRASP_OK)
        return s;
    inference->algorithm = GRASP__INFER_ROBUST;
    inference->metric = GRASP__COSINE;
    inference->input_outputs = form->outputs;
    inference->input_layer = form->layer;
    inference->input_biases_last = form->biases_last;
    inference->input_known = form->d > 0;
    if (report_or_null)
        s = grasp__report_create(ctx, &part);
    if (s == GRASP_OK)
        s = grasp__robust_groups(ctx, inference, raw, d, n_learn, grasp__options_f64(o, GRASP_KEY_EVIDENCE), part);
    if (s == GRASP_CANCELLED)
        forget(inference);
    for (int64_t c = 0; s == GRASP_OK && c < inference->n_classes; c++)
        if (isnan(inference->classes[c].score))
            inference->classes[c].score = -1;
    if (s >= GRASP_OK) {
        merged = grasp__inference_merge(ctx, inference, n);
        if (merged == GRASP_OK && report_or_null)
            merged = report_all(ctx, inference, part, report_or_null);
        s = merged == GRASP_OK ? s : merged;
    }
    grasp_report_free(part);
    if (s >= GRASP_OK) {
        *out = inference;
    } else {
        grasp__inference_free(inference);
        if (report_or_null) {
            grasp_report_free(*report_or_null);
            *report_or_null = NULL;
        }
    }
    return s;
}

bool grasp__infer_is_robust(const grasp__options *o)
{
    const grasp__param_table *table = &grasp__infer_params;
    if (grasp__options_given(o, GRASP_KEY_MODE) || !grasp__options_is(o, GRASP_KEY_MODE, "robust"))
        return grasp__options_is(o, GRASP_KEY_MODE, "robust");
    for (int32_t k = 0; k < table->count; k++)
        if (strcmp(table->params[k].key, GRASP_KEY_EVIDENCE) != 0 && grasp__options_given(o, table->params[k].key))
            return false;
    return true;
}

grasp_status grasp__infer(grasp_context *ctx, grasp_gradients *g, const int64_t *y, int64_t n, int64_t n_learn,
                          const grasp__options *o, const grasp_groups *truth_or_null, grasp_inference **out,
                          grasp_report **report_or_null)
{
    grasp__robust_form form = {.d = 0};
    double *raw = NULL;
    *out = NULL;
    if (!grasp__infer_is_robust(o))
        return grasp__infer_density(ctx, g, y, n, o, truth_or_null, out, report_or_null);
    grasp_status s = grasp__robust_form_of(ctx, g, y, n, &form);
    if (s == GRASP_OK && form.d == 0) {
        grasp__log(ctx, GRASP_LOG_INFO, "the gradients do not carry the inputs of a linear layer: mode=density");
        return grasp__infer_density(ctx, g, y, n, o, truth_or_null, out, report_or_null);
    }
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, n, (size_t)form.d * sizeof *raw, &raw);
    if (s == GRASP_OK)
        s = grasp__robust_inputs(ctx, g, y, n, &form, raw);
    if (s == GRASP_OK)
        s = grasp__infer_inputs(ctx, g, &form, raw, form.d, y, n, n_learn, o, out, report_or_null);
    grasp__free(raw);
    if (s == GRASP_CANCELLED && *out == NULL) /* before there was an inference: one in which no class was reached */
        s = grasp__infer_density(ctx, g, y, n, o, truth_or_null, out, report_or_null);
    return s;
}
