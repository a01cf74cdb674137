/* SPDX-License-Identifier: BSD-3-Clause
 * Handles: the mark of the kind and the count of references.
 */
#include "base/base.h"

void grasp__object_init(grasp__object *object, uint32_t magic)
{
    object->magic = magic;
    atomic_init(&object->references, 1);
}

void grasp__object_ref(grasp__object *object)
{
    /* Who takes a reference already has one, so nothing needs to be ordered. */
    atomic_fetch_add_explicit(&object->references, 1, memory_order_relaxed);
}

bool grasp__object_unref(grasp__object *object)
{
    /* Release: what this owner did comes before the destruction; acquire: the destroyer sees it. */
    if (atomic_fetch_sub_explicit(&object->references, 1, memory_order_acq_rel) != 1)
        return false;
    object->magic = 0;
    return true;
}

grasp_status grasp__check_handle(grasp_context *ctx, const void *handle, uint32_t magic, const char *name,
                                 const char *kind)
{
    if (handle == NULL)
        return grasp__fail(ctx, GRASP_E_ARG, "%s is NULL, expected a %s", name, kind);
    if (((const grasp__object *)handle)->magic != magic)
        return grasp__fail(ctx, GRASP_E_ARG, "%s is no %s, or a freed one", name, kind);
    return GRASP_OK;
}
