# SPDX-License-Identifier: BSD-3-Clause
# How good a partition is. Partitions are Groups, or vectors of labels 1, 2, ... with 0 for outliers.

treat(noise) = noise == "cluster" ? C.GRASP_NOISE_GROUP : noise == "exclude" ? C.GRASP_NOISE_EXCLUDE :
               throw(ArgumentError("noise: expected \"cluster\" or \"exclude\", found $(repr(noise))"))
function index_of(call, a, b, noise, ctx)
    out, ga, gb = Ref{Float64}(NaN), groups_of(a, ctx), groups_of(b, ctx)
    check(ctx, () -> call(ga, gb, treat(noise), out))
    return out[]
end
"    adjusted_rand(a, b; noise = \"cluster\"): the adjusted Rand index; outliers are one more group, or left out (\"exclude\")."
adjusted_rand(a, b; noise = "cluster", ctx = Context()) =
    index_of((ga, gb, t, out) -> C.grasp_metric_ari(ctx, ga, gb, t, out), a, b, noise, ctx)
"    adjusted_rand_within(y, a, b): mean over the classes in y of the index inside the class."
function adjusted_rand_within(y, a, b; noise = "cluster", ctx = Context())
    v = whole_numbers(y)
    return index_of((ga, gb, t, out) -> C.grasp_metric_ari_within(ctx, v, length(v), ga, gb, t, out), a, b, noise, ctx)
end
normalized_mutual_information(a, b; noise = "cluster", ctx = Context()) =
    index_of((ga, gb, t, out) -> C.grasp_metric_nmi(ctx, ga, gb, t, out), a, b, noise, ctx)

"""
    silhouette(X, labels; metric = "cosine" ("auto" of Distances), noise = "cluster", per_sample = false)

Mean silhouette of a partition of the columns of `X` (or `Gradients`, `Distances`), -1 where it is not defined; with
`per_sample` that of every sample. Not centred, as scikit-learn's.
"""
function silhouette(x, partition; metric = x isa Distances ? "auto" : "cosine", noise = "cluster", per_sample = false, ctx = Context())
    d = x isa Distances ? x : metric == "cosine" ? Distances(x; ctx = ctx, metric = metric, center = false) :
        Distances(x; ctx = ctx, metric = metric)
    g, p = groups_of(partition, ctx), Params("silhouette"; ctx = ctx, metric = x isa Distances ? metric : "auto", noise = noise)
    mean, each = Ref{Float64}(NaN), Vector{Float64}(undef, per_sample ? length(d) : 0)
    check(ctx, () -> C.grasp_metric_silhouette(ctx, d, g, p, mean, per_sample ? each : Ptr{Float64}(C_NULL)))
    return per_sample ? each : mean[]
end

function compared(y, predicted)
    length(y) == length(predicted) || throw(DimensionMismatch("$(length(y)) classes, $(length(predicted)) predictions"))
    return whole_numbers(y), whole_numbers(predicted)
end
"    group_accuracy(groups, y, predicted): accuracy in each group; outliers are left out."
function group_accuracy(groups, y, predicted; ctx = Context())
    g, (t, p) = groups_of(groups, ctx), compared(y, predicted)
    out = Vector{Float64}(undef, n_groups(g))
    check(ctx, () -> C.grasp_metric_group_accuracy(ctx, g, t, p, length(t), out, length(out)))
    return out
end
"    worst_group(groups, y, predicted): the lowest accuracy of a group, and which group has it."
function worst_group(groups, y, predicted; ctx = Context())
    g, (t, p) = groups_of(groups, ctx), compared(y, predicted)
    accuracy, group = Ref{Float64}(NaN), Ref{Int64}(-1)
    check(ctx, () -> C.grasp_metric_worst_group(ctx, g, t, p, length(t), accuracy, group))
    return (accuracy = accuracy[], group = Int(group[]) + 1)
end
