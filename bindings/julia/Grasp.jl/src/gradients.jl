# SPDX-License-Identifier: BSD-3-Clause
# Per-sample gradients: a model's, an array's, or appended in batches; dense or as layer factors.

"Gradients (or any vectors) of n samples of p values."
mutable struct Gradients <: Handle
    ptr::Ptr{Cvoid}
    keep::Vector{Any} # lent arrays, or what it is a view of
    Gradients(ptr::Ptr{Cvoid}, keep = Any[]) = finalizer(g -> C.grasp_gradients_free(g.ptr), new(ptr, keep))
end
Base.size(g::Gradients) = (Int(C.grasp_gradients_dim(g)), Int(C.grasp_gradients_count(g)))
Base.size(g::Gradients, k) = size(g)[k]
Base.length(g::Gradients) = size(g, 2)
is_factored(g::Gradients) = C.grasp_gradients_is_factored(g) != 0
Base.show(io::IO, g::Gradients) = print(io, is_factored(g) ? "factored" : "dense", " gradients of ", size(g, 2), " samples, ",
                                        size(g, 1), " values each")

"""
    Gradients(F)

The columns of `F`, one a sample; kept by reference where [`Grasp`](@ref)'s conventions allow, else copied.
"""
function Gradients(f::AbstractVecOrMat{<:Real}; ctx = Context())
    lent = lend(ctx, f)
    g = dense_gradients(ctx, C.grasp_matrix_cols(lent), C.grasp_matrix_dtype(lent))
    check(ctx, () -> C.grasp_gradients_append_lent(ctx, g, lent))
    push!(g.keep, lent)
    return seal!(g; ctx = ctx)
end
dense_gradients(ctx, p, kind) = make(Gradients, ctx, out -> C.grasp_gradients_create_dense(ctx, kind, p, 0, out))
"    dense_gradients(p; eltype = Float64): none yet, for push! of columns and seal!."
dense_gradients(p::Integer; eltype = Float64, ctx = Context()) = dense_gradients(ctx, p, dtype(eltype))
"""
    factored_gradients(layers; eltype = Float64)

None yet, for `append_factors!`: layers are tuples (inputs, outputs, positions = 1, bias = true).
"""
function factored_gradients(layers; eltype = Float64, ctx = Context())
    part(k, other) = [Int64(length(l) >= k ? l[k] : other) for l in layers]
    bias = Int32.(part(4, 1))
    return make(Gradients, ctx, out -> C.grasp_gradients_create_factored(ctx, dtype(eltype), length(layers), part(1, 0), part(2, 0),
                                                                         part(3, 1), bias, 0, out))
end
"    append!(gradients, F): copies columns."
function Base.append!(g::Gradients, f::AbstractVecOrMat{<:Real}; ctx = Context())
    lent = lend(ctx, f)
    check(ctx, () -> C.grasp_gradients_append(ctx, g, lent))
    return g
end
"""
    append_factors!(gradients, A, D)

Samples as factors, copied: for each layer `A[l]` of (positions * inputs) x k and `D[l]` of (positions * outputs) x k values.
"""
function append_factors!(g::Gradients, act, delta; ctx = Context())
    length(act) == length(delta) || throw(DimensionMismatch("append_factors!: $(length(act)) activations, $(length(delta)) deltas"))
    a, d = [lend(ctx, x) for x in act], [lend(ctx, x) for x in delta]
    GC.@preserve a d check(ctx, () -> C.grasp_gradients_append_factors(ctx, g, [m.ptr for m in a], [m.ptr for m in d], length(a)))
    return g
end
"    seal!(gradients): ends appending; needed before use."
seal!(g::Gradients; ctx = Context()) = (check(ctx, () -> C.grasp_gradients_seal(ctx, g)); g)

"    gradients(model, rows = nothing; form, first_layer, last_layer): of the loss of bound samples at the model's parameters."
function gradients(m::Model, which = nothing; ctx = Context(), options = nothing, named...)
    p, r = Params("gradients"; ctx = ctx, options = options, named...), zero_based(which)
    n = r === nothing ? n_rows(m) : length(r)
    return make(ptr -> Gradients(ptr, Any[m.keep]), ctx, out -> C.grasp_gradients_compute(ctx, m, array_or_null(r), n, p, out))
end
"    view(gradients, columns): chosen samples; copies none."
function Base.view(g::Gradients, columns; ctx = Context())
    r = zero_based(columns)
    return make(ptr -> Gradients(ptr, Any[g]), ctx, out -> C.grasp_gradients_select(ctx, g, r, length(r), out))
end
"    rows(gradients, range = all): samples written densely, as columns."
function rows(g::Gradients, range::AbstractUnitRange = 1:length(g); ctx = Context())
    return fill_matrix(ctx, out -> C.grasp_gradients_rows(ctx, g, first(range) - 1, length(range), out), size(g, 1), length(range))
end
gradients_of(g::Gradients, ctx) = g
gradients_of(f, ctx) = Gradients(f; ctx = ctx)
