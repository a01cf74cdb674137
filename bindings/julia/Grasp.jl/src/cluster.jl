# SPDX-License-Identifier: BSD-3-Clause
# Distances, DBSCAN, k-means and sweeps over their settings.

"""
    Distances(G; metric = "cosine", center = true, storage = "implicit")

Among the samples of [`Gradients`](@ref) or the columns of an array, never as an n x n matrix unless `storage = "condensed"`.
`Distances(square, :precomputed)` takes your own square matrix.
"""
mutable struct Distances <: Handle
    ptr::Ptr{Cvoid}
    keep::Any
    Distances(ptr::Ptr{Cvoid}, keep) = finalizer(d -> C.grasp_distances_free(d.ptr), new(ptr, keep))
end
function Distances(g; ctx = Context(), options = nothing, named...)
    of, p = gradients_of(g, ctx), Params("distances"; ctx = ctx, options = options, named...)
    return make(ptr -> Distances(ptr, of), ctx, out -> C.grasp_distances_create(ctx, of, p, out))
end
function Distances(square::AbstractMatrix, kind::Symbol; ctx = Context())
    kind === :precomputed || throw(ArgumentError("Distances: expected :precomputed, found :$kind"))
    lent = lend(ctx, square)
    return make(ptr -> Distances(ptr, lent), ctx, out -> C.grasp_distances_create_from_matrix(ctx, lent, out))
end
Base.length(d::Distances) = Int(C.grasp_distances_count(d))
function Base.getindex(d::Distances, i::AbstractUnitRange, j::AbstractUnitRange; ctx = Context())
    # The library's block is ni x nj, row after row.
    return fill_matrix(ctx, out -> C.grasp_distances_block(ctx, d, first(j) - 1, length(j), first(i) - 1, length(i), out), length(i),
                       length(j))
end
"    kth_distances(distances, k): of each sample to its k-th nearest, itself being the first."
function kth_distances(d::Distances, k; ctx = Context())
    out = Vector{Float64}(undef, length(d))
    check(ctx, () -> C.grasp_distances_kth(ctx, d, k, out, length(out)))
    return out
end
"    neighbours(distances, eps): how many samples lie within eps of each, itself included."
function neighbours(d::Distances, eps; ctx = Context())
    out = Vector{Int64}(undef, length(d))
    check(ctx, () -> C.grasp_distances_within(ctx, d, eps, out, length(out)))
    return out
end

mutable struct Clusterer <: Handle
    ptr::Ptr{Cvoid}
    Clusterer(ptr::Ptr{Cvoid}) = finalizer(c -> C.grasp_clusterer_free(c.ptr), new(ptr))
end
function cluster(ctx, algorithm, fit; named...)
    p = Params(algorithm; ctx = ctx, named...)
    c = make(Clusterer, ctx, out -> C.grasp_clusterer_create(ctx, algorithm, p, out))
    status = check(ctx, () -> fit(c))
    groups = make(Groups, ctx, out -> C.grasp_clusterer_groups(ctx, c, out))
    ctx.status = status
    return groups
end
"""
    dbscan(X, eps, min_samples; metric = "cosine", center = false, n_threads = 1)

[`Groups`](@ref) of the columns of `X` (or of `Gradients`, `Distances`): scikit-learn's labels, plus one. A sample counts
itself among its neighbours; the border of `eps` is included.
"""
function dbscan(x, eps, min_samples; metric = "cosine", center = false, n_threads = 1, ctx = Context(threads = n_threads))
    d = x isa Distances ? x : Distances(x; ctx = ctx, metric = metric, center = center && metric == "cosine")
    return cluster(ctx, "dbscan", c -> C.grasp_clusterer_fit_distances(ctx, c, d); eps = Float64(eps), min_samples = min_samples)
end
"    kmeans(X, k; restarts, max_iterations, tolerance, unit): groups of the columns of X."
function kmeans(x, k; ctx = Context(), named...)
    lent = lend(ctx, x)
    return cluster(ctx, "kmeans", c -> C.grasp_clusterer_fit_points(ctx, c, lent); k = k, named...)
end

"""
    sweep(distances; algorithm = "dbscan", truth = nothing, eps, min_samples, score, ...)

Every setting of a grid, scored: `s.eps`, `s.min_samples`, `s.scores`, `s.best` (0: none is admissible); `labels_at(s, i)`.
"""
mutable struct Sweep <: Handle
    ptr::Ptr{Cvoid}
    keep::Any
    eps::Vector{Float64}
    min_samples::Vector{Int64}
    scores::Vector{Float64}
    best::Int
    Sweep(ptr::Ptr{Cvoid}, keep) = finalizer(s -> C.grasp_sweep_free(s.ptr), new(ptr, keep, Float64[], Int64[], Float64[], 0))
end
function sweep(d::Distances; algorithm = "dbscan", truth = nothing, ctx = Context(), options = nothing, named...)
    p, known = Params("sweep"; ctx = ctx, options = options, named...), groups_of(truth, ctx)
    s = make(ptr -> Sweep(ptr, d), ctx, out -> C.grasp_sweep_create(ctx, algorithm, p, out))
    status = check(ctx, () -> C.grasp_sweep_run(ctx, s, d, pointer_or_null(known)))
    for i in 0:C.grasp_sweep_count(s)-1
        eps, min_samples = Ref{Float64}(NaN), Ref{Int64}(0)
        check(ctx, () -> C.grasp_sweep_setting(ctx, s, i, eps, min_samples))
        push!(s.eps, eps[])
        push!(s.min_samples, min_samples[])
        push!(s.scores, C.grasp_sweep_score(s, i))
    end
    s.best = C.grasp_sweep_best(s) + 1
    ctx.status = status
    return s
end
"    labels_at(sweep, i): groups at a setting, counted from 1."
labels_at(s::Sweep, i; ctx = Context()) = make(Groups, ctx, out -> C.grasp_sweep_groups(ctx, s, i - 1, out))
