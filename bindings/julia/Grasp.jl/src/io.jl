# SPDX-License-Identifier: BSD-3-Clause
# Files.

"    save(object, path): a model, groups, gradients or an inference, in the format of grasp-format(5)."
save(m::Model, path; ctx = Context()) = check(ctx, () -> C.grasp_model_save_file(ctx, m, path))
save(g::Groups, path; ctx = Context()) = check(ctx, () -> C.grasp_groups_save_file(ctx, g, path))
save(g::Gradients, path; ctx = Context()) = check(ctx, () -> C.grasp_gradients_save_file(ctx, g, path))
save(i::Inference, path; ctx = Context()) = check(ctx, () -> C.grasp_inference_save_file(ctx, i, path))
load_model(path; ctx = Context()) = new_model(ctx, out -> C.grasp_model_load_file(ctx, path, out))
load_groups(path; ctx = Context()) = make(Groups, ctx, out -> C.grasp_groups_load_file(ctx, path, out))
load_gradients(path; ctx = Context()) = make(Gradients, ctx, out -> C.grasp_gradients_load_file(ctx, path, out))
load_inference(path; ctx = Context()) =
    make(ptr -> Inference(ptr, nothing, Int64[]), ctx, out -> C.grasp_inference_load_file(ctx, path, out))

"    load_npy(path): NumPy's n x p array in C order as a p x n array, samples as columns."
load_npy(path; ctx = Context()) = values_of(make(Matrix_, ctx, out -> C.grasp_matrix_load_npy(ctx, path, out)))
"    save_npy(path, X): a p x n array, samples as columns, as NumPy's n x p array."
function save_npy(path, x; ctx = Context())
    lent = lend(ctx, x)
    check(ctx, () -> C.grasp_matrix_save_npy(ctx, lent, path))
    return path
end
"    open_npy(path): gradients over a mapped file of NumPy's."
open_npy(path; ctx = Context()) = make(Gradients, ctx, out -> C.grasp_gradients_open_npy(ctx, path, out))

mutable struct Table <: Handle
    ptr::Ptr{Cvoid}
    Table(ptr::Ptr{Cvoid}) = finalizer(t -> C.grasp_table_free(t.ptr), new(ptr))
end
"    read_csv(path; delimiter = \"comma\"): a dictionary of columns: numbers, or texts."
function read_csv(path; ctx = Context(), named...)
    p, columns = Params("csv"; ctx = ctx, named...), Dict{String,Vector}()
    t = make(Table, ctx, out -> C.grasp_table_load_csv(ctx, path, p, out))
    for c in 0:C.grasp_table_cols(t)-1
        numbers = Vector{Float64}(undef, C.grasp_table_rows(t))
        check(ctx, () -> C.grasp_table_column_f64(ctx, t, c, numbers, length(numbers)))
        columns[unsafe_string(C.grasp_table_name(t, c))] =
            C.grasp_table_is_text(t, c) == 0 ? numbers :
            [unsafe_string(C.grasp_table_code_text(t, c, Int(v))) for v in numbers]
    end
    return columns
end
