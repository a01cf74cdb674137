/* SPDX-License-Identifier: BSD-3-Clause
 * Gradients made of others' rows: chosen rows, two sets joined, a matrix of points. No row is copied.
 */
#include "gradients/store.h"

grasp_status grasp__gradients_select(grasp_context *ctx, grasp_gradients *g, const int64_t *rows, int64_t n,
                                     grasp_gradients **out)
{
    grasp_gradients *view = NULL;
    grasp_status s = grasp__check_range(ctx, n, 0, INT64_MAX, "n");
    if (s == GRASP_OK && n > 0)
        s = grasp__check_pointer(ctx, rows, "rows");
    for (int64_t i = 0; s == GRASP_OK && i < n; ++i)
        if (rows[i] < 0 || rows[i] >= g->n)
            s = grasp__fail(ctx, GRASP_E_ARG, "rows[%" PRId64 "] is %" PRId64 ", expected 0 to %" PRId64, i, rows[i],
                            g->n - 1);
    if (s == GRASP_OK)
        s = grasp__gradients_create_like(ctx, g, &view);
    if (s == GRASP_OK)
        s = grasp__alloc(ctx, n, sizeof *view->index, &view->index);
    if (s != GRASP_OK) {
        grasp__gradients_free(view);
        return s;
    }
    for (int64_t i = 0; i < n; ++i)
        view->index[i] = g->index ? g->index[rows[i]] : rows[i];
    view->n = n;
    view->sealed = true;
    view->parent = grasp__gradients_ref(g->parent ? g->parent : g);
    *out = view;
    return GRASP_OK;
}

uint64_t grasp__gradients_select_price(const grasp_gradients *g, int64_t n)
{
    return grasp__price_sum(grasp__gradients_handle_price(g), grasp__price(n, sizeof *g->index));
}

grasp_status grasp_gradients_select(grasp_context *ctx, grasp_gradients *gradients, const int64_t *rows, int64_t n,
                                    grasp_gradients **out)
{
    grasp_status s = grasp__enter_out(ctx, __func__, (void **)out);
    if (s != GRASP_OK)
        return s;
    s = grasp__gradients_check_sealed(ctx, gradients, "gradients");
    if (s == GRASP_OK)
        s = grasp__gradients_select(ctx, gradients, rows, n, out);
    return grasp__leave(ctx, s);
}

/* ---- two sets joined --------------------------------------------------------------------------------------------- */

static grasp_status check_same_form(grasp_context *ctx, const grasp_gradients *a, const grasp_gradients *b)
{
    if (a->dtype != b->dtype)
        return grasp__fail(ctx, GRASP_E_DTYPE, "gradients of two element types cannot be joined");
    if (a->p != b->p || a->n_layers != b->n_layers)
        return grasp__fail(ctx, GRASP_E_DIM,
                           "gradients of %" PRId64 " values in %" PRId64 " layers and of %" PRId64 " in %" PRId64
                           " cannot be joined",
                           a->p, a->n_layers, b->p, b->n_layers);
    for (int64_t l = 0; l < a->n_layers; ++l) {
        const grasp__layer_shape *x = &a->layer[l], *y = &b->layer[l];
        if (x->inputs != y->inputs || x->outputs != y->outputs || x->positions != y->positions ||
            x->has_bias != y->has_bias)
            return grasp__fail(ctx, GRASP_E_DIM, "layer %" PRId64 " of the gradients to join differs in shape", l);
    }
    return GRASP_OK;
}

static void push_all(grasp_gradients *to, const grasp_gradients *store)
{
    for (int64_t c = 0; c < store->n_chunks; ++c)
        grasp__gradients_push_chunk(to, store->parts + c * store->n_parts, store->chunks[c].rows, true);
}

grasp_status grasp__gradients_concat(grasp_context *ctx, grasp_gradients *a, grasp_gradients *b, grasp_gradients **out)
{
    const grasp_gradients *a_store = gradients_store(a), *b_store = gradients_store(b);
    grasp_gradients *both = NULL;
    int64_t n;
    grasp_status s = check_same_form(ctx, a, b);
    if (s == GRASP_OK && !grasp__add_i64(a->n, b->n, &n))
        s = grasp__fail(ctx, GRASP_E_OVERFLOW, "the rows of both do not fit");
    if (s == GRASP_OK)
        s = grasp__gradients_create_like(ctx, a, &both);
    if (s == GRASP_OK)
        s = grasp__gradients_reserve_chunks(ctx, both, a_store->n_chunks + b_store->n_chunks);
    if (s == GRASP_OK && (a->index || b->index))
        s = grasp__alloc(ctx, n, sizeof *both->index, &both->index);
    if (s != GRASP_OK) {
        grasp__gradients_free(both);
        return s;
    }
    push_all(both, a_store);
    push_all(both, b_store);
    for (int64_t i = 0; both->index && i < a->n; ++i)
        both->index[i] = a->index ? a->index[i] : i;
    for (int64_t i = 0; both->index && i < b->n; ++i)
        both->index[a->n + i] = a_store->stored + (b->index ? b->index[i] : i);
    both->n = n;
    both->sealed = true;
    *out = both;
    return GRASP_OK;
}

/* ---- points ------------------------------------------------------------------------------------------------------ */

grasp_status grasp__gradients_from_matrix(grasp_context *ctx, grasp_matrix *x, const char *name, grasp_gradients **out)
{
    grasp_gradients *g = NULL;
    grasp_status s = grasp__matrix_check(ctx, x, name);
    if (s == GRASP_OK && x->cols < 1)
        s = grasp__fail(ctx, GRASP_E_DIM, "%s has no columns", name);
    if (s == GRASP_OK)
        s = grasp__gradients_create_dense(ctx, x->dtype, x->cols, 0, &g);
    if (s == GRASP_OK) {
        const grasp_matrix *part[1] = {x};
        s = grasp__gradients_check_values(ctx, g, part, x->rows, name, 0);
    }
    if (s == GRASP_OK && x->rows > 0)
        s = grasp__gradients_reserve_chunks(ctx, g, 1);
    if (s != GRASP_OK) {
        grasp__gradients_free(g);
        return s;
    }
    if (x->rows > 0)
        grasp__gradients_push_chunk(g, &x, x->rows, true);
    g->sealed = true;
    *out = g;
    return GRASP_OK;
}
