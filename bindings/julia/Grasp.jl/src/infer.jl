# SPDX-License-Identifier: BSD-3-Clause
# The paper in one call each.

"""
What [`infer_groups`](@ref) found: `labels` (1, 2, ...; 0 an outlier), `groups`, `report` (a dictionary), and per class
`classes`, `eps`, `min_samples`, `score`. `labels_at` and `assign` need the inference.
"""
mutable struct Inference <: Handle
    ptr::Ptr{Cvoid}
    keep::Any
    y::Vector{Int64}
    report::Dict{String,Any}
    Inference(ptr::Ptr{Cvoid}, keep, y) =
        finalizer(i -> C.grasp_inference_free(i.ptr), new(ptr, keep, y, Dict{String,Any}()))
end
n_classes(i::Inference) = Int(C.grasp_inference_n_classes(i))
function choice(i::Inference, c; ctx = Context())
    label, eps, min_samples, score = Ref{Int64}(0), Ref{Float64}(NaN), Ref{Int64}(0), Ref{Float64}(NaN)
    clusters, noise, admissible = Ref{Int64}(0), Ref{Int64}(0), Ref{Int32}(0)
    check(ctx, () -> C.grasp_inference_class(ctx, i, c - 1, label, eps, min_samples, score, clusters, noise, admissible))
    return (label = label[], eps = eps[], min_samples = Int(min_samples[]), score = score[], clusters = Int(clusters[]),
            noise = Int(noise[]), admissible = admissible[] != 0)
end
function Base.getproperty(i::Inference, name::Symbol)
    name === :groups && return (ctx = Context(); make(Groups, ctx, out -> C.grasp_inference_groups(ctx, i, out)))
    name === :labels && return labels(i.groups)
    name === :classes && return [choice(i, c).label for c in 1:n_classes(i)]
    name in (:eps, :min_samples, :score) && return [getproperty(choice(i, c), name) for c in 1:n_classes(i)]
    return getfield(i, name)
end
Base.propertynames(::Inference) = (:labels, :groups, :report, :classes, :eps, :min_samples, :score)
Base.show(io::IO, i::Inference) = print(io, "inference: ", sprint(summary, i.groups), ", ", n_classes(i), " classes")

# Makes an inference and its report; both are taken over also when a callback threw.
function inference_of(ctx, keep, y, call)
    report = Ref{Ptr{Cvoid}}(C_NULL)
    made = make(ptr -> Inference(ptr, keep, y), ctx, out -> call(out, report))
    status = ctx.status
    made.report = report_of(report[], ctx)
    ctx.status = status
    return made
end

"""
    infer_groups(G, y; eps, min_samples, score = "silhouette", metric, center, truth = nothing, ...)

Groups of the samples of `G` (`Gradients`, or an array with samples as columns) within each class of `y` (any integers), by
the best setting of the grid: an [`Inference`](@ref).
"""
function infer_groups(g, y; truth = nothing, ctx = Context(), options = nothing, named...)
    of, classes, known = gradients_of(g, ctx), whole_numbers(y), groups_of(truth, ctx)
    p = Params("infer"; ctx = ctx, options = options, named...)
    return inference_of(ctx, of, classes, (out, report) -> C.grasp_infer(ctx, of, classes, length(classes), p,
                                                                         pointer_or_null(known), out, report))
end
"    infer_points(X, y; ...): the same on points that are no gradients."
function infer_points(x, y; truth = nothing, ctx = Context(), options = nothing, named...)
    lent, classes, known = lend(ctx, x), whole_numbers(y), groups_of(truth, ctx)
    p = Params("infer"; ctx = ctx, options = options, named...)
    return inference_of(ctx, lent, classes, (out, report) -> C.grasp_infer_points(ctx, lent, classes, length(classes), p,
                                                                                  pointer_or_null(known), out, report))
end
"    assign(inference, G, y): groups of new samples."
function assign(i::Inference, g, y; ctx = Context())
    of, classes = gradients_of(g, ctx), whole_numbers(y)
    return make(Groups, ctx, out -> C.grasp_assign(ctx, i, of, classes, length(classes), out))
end
"    labels_at(inference, class, eps, min_samples): labels of the samples of a class at another setting."
function labels_at(i::Inference, class, eps, min_samples; metric = "cosine", center = true, ctx = Context())
    i.keep isa Gradients || throw(ArgumentError("labels_at: the inference keeps no gradients"))
    columns = findall(isequal(class), i.y)
    isempty(columns) && throw(ArgumentError("labels_at: no sample of class $class"))
    d = Distances(view(i.keep, columns; ctx = ctx); ctx = ctx, metric = metric, center = center && metric == "cosine")
    return dbscan(d, eps, min_samples; ctx = ctx)
end

# The parameters of a way to learn groups bear its name but for one, which is also the name of a trainer.
learner_params(method) = method == "jtt" ? "errors" : method
"""
    learn_groups(method, model; train = nothing, val = nothing, truth = nothing, parameters...)

Groups of training rows, then of validation rows, of a trained model, by "class", "grasp", "feasp", "jtt", "eiil", ...:
`(groups = ..., report = ...)`.
"""
function learn_groups(method::AbstractString, m::Model; train = nothing, val = nothing, truth = nothing, ctx = Context(),
                      options = nothing, named...)
    p, known = Params(learner_params(method); ctx = ctx, options = options, named...), groups_of(truth, ctx)
    (rows, n), (val_rows, n_val), report = rows_and_count(m, train), val_of(val), Ref{Ptr{Cvoid}}(C_NULL)
    groups = make(Groups, ctx, out -> C.grasp_learn_groups(ctx, method, m, rows, n, val_rows, n_val, p, pointer_or_null(known), out,
                                                           report))
    return (groups = groups, report = report_of(report[], ctx))
end
"    infer_outputs(method, Z, y; ...): groups from logits (classes x n) of any model; y in 1, ..., classes."
function infer_outputs(method::AbstractString, z, y; truth = nothing, ctx = Context(), options = nothing, named...)
    lent, codes, known = lend(ctx, z), Int64[c - 1 for c in y], groups_of(truth, ctx)
    p, report = Params(learner_params(method); ctx = ctx, options = options, named...), Ref{Ptr{Cvoid}}(C_NULL)
    groups = make(Groups, ctx, out -> C.grasp_infer_outputs(ctx, method, lent, codes, length(codes), p, pointer_or_null(known), out,
                                                            report))
    return (groups = groups, report = report_of(report[], ctx))
end

"""
    fit!(model; train, val = Int[], final_model = nothing, options = "infer.min_samples=5;gdro.rate=0.1")

The whole paper: ERM, gradients, groups, group DRO, with the settings chosen by the worst learned validation group.
"""
function fit!(m::Model; train, val = Int[], final_model = nothing, ctx = Context(), options = nothing, named...)
    p, rows, val_rows = Params("fit"; ctx = ctx, options = options, named...), zero_based(train), zero_based(val)
    return inference_of(ctx, m.keep, Int64[], (out, report) -> C.grasp_fit(ctx, m, pointer_or_null(final_model), rows, length(rows), val_rows,
                                                                      length(val_rows), p, out, report))
end
