# SPDX-License-Identifier: BSD-3-Clause
# Models: built-in ones bound to arrays with samples as columns, and the caller's own.

"A model; for one task at a time. Classes are any integers; the model knows them from [`bind!`](@ref)."
mutable struct Model <: Handle
    ptr::Ptr{Cvoid}
    keep::Any # the matrix it is bound to, or the box of a custom model
    classes::Vector{Int64}
    Model(ptr::Ptr{Cvoid}, keep, classes) = finalizer(m -> C.grasp_model_free(m.ptr), new(ptr, keep, classes))
end
new_model(ctx, call) = make(ptr -> Model(ptr, nothing, Int64[]), ctx, call)

"    Logistic(n_features): logistic regression of two classes."
Logistic(d::Integer; ctx = Context()) = new_model(ctx, out -> C.grasp_model_create_logistic(ctx, d, out))
"    Softmax(n_features, n_classes): softmax regression."
Softmax(d::Integer, c::Integer; ctx = Context()) = new_model(ctx, out -> C.grasp_model_create_softmax(ctx, d, c, out))
"    MLP(widths; init = \"torch\"): a perceptron with ReLU; widths: inputs, hidden layers, classes."
function MLP(widths; ctx = Context(), named...)
    w, p = whole_numbers(widths), Params("mlp"; ctx = ctx, named...)
    return new_model(ctx, out -> C.grasp_model_create_mlp(ctx, w, length(w), p, out))
end
"""
    CustomModel(; n_rows, n_classes, n_params, labels, get_params, set_params, loss, weighted_grad, predict, optional hooks...)

A model of your own. Every hook fills its last argument(s); rows and classes count from 1; matrices have samples as columns:
`labels(rows, y)`, `get_params(theta)`, `set_params(theta)`, `loss(rows, l)`, `weighted_grad(rows, weight, grad)`,
`predict(rows, y)`; optional `logits(rows, Z)` (classes x n), `features(rows, H)` with `n_features`, `sample_grads(rows, G)`
(n_params x n), `sample_factors(layer, rows, A, D)` with `layers = [(inputs, outputs, positions, bias), ...]`, `init(seed)`, and
`clone()`, which returns `Grasp.custom_box(; ...)`, with the same arguments as here, of an independent model on the same data.
"""
function CustomModel(; ctx = Context(), arguments...)
    box = custom_box(; arguments...)
    ops = Ref(ops_of(box))
    return make(ptr -> Model(ptr, box, collect(1:box.n_classes)), ctx,
                out -> C.grasp_model_create_custom(ctx, ops, pointer_from_objref(box), out))
end

n_rows(m::Model) = Int(C.grasp_model_n_rows(m))
n_params(m::Model) = Int(C.grasp_model_n_params(m))
n_classes(m::Model) = Int(C.grasp_model_n_classes(m))
Base.show(io::IO, m::Model) = print(io, unsafe_string(C.grasp_model_kind(m)), " model of ", n_params(m), " parameters and ",
                                    n_classes(m), " classes, bound to ", n_rows(m), " samples")
function Base.copy(m::Model; ctx = Context())
    return make(ptr -> Model(ptr, m.keep, m.classes), ctx, out -> C.grasp_model_copy(ctx, m, out))
end

"""
    bind!(model, X, y; classes = sort(unique(y)), weights = nothing)

Samples (columns of `X`, kept by reference) and their classes. `classes` lists all values that `y` may have.
"""
function bind!(m::Model, x, y; classes = sort!(unique(whole_numbers(y))), weights = nothing, ctx = Context())
    length(classes) > n_classes(m) && throw(ArgumentError("bind!: $(length(classes)) classes for a model of $(n_classes(m))"))
    lent, codes = lend(ctx, x), Int64[c - 1 for c in indexin(y, classes) if c !== nothing]
    length(codes) == length(y) || throw(ArgumentError("bind!: y has a value that is not among the classes $classes"))
    check(ctx, () -> C.grasp_model_bind(ctx, m, lent, codes, length(codes)))
    m.keep, m.classes = lent, whole_numbers(classes)
    if weights !== nothing
        w = collect(Float64, weights)
        check(ctx, () -> C.grasp_model_set_sample_weights(ctx, m, w, length(w)))
    end
    return m
end
class_values(m::Model, codes) = [c < 0 ? typemin(Int64) : get(m.classes, c + 1, c) for c in codes]

samples_of(ctx, m, x) = x === nothing ? (nothing, n_rows(m)) : (lend(ctx, x), x isa AbstractVector ? length(x) : size(x, 2))
"    predict(model[, X]): the class of each column of X, or of the bound samples."
function predict(m::Model, x = nothing; ctx = Context())
    lent, n = samples_of(ctx, m, x)
    codes = Vector{Int64}(undef, n)
    check(ctx, () -> C.grasp_model_predict(ctx, m, pointer_or_null(lent), codes, n))
    return class_values(m, codes)
end
for (name, width, what) in ((:predict_proba, :(n_classes(m)), "probability of each class"), (:logits, :(n_classes(m)), "logits"),
                            (:features, :(Int(C.grasp_model_n_features(m))), "what the last layer sees"))
    c_name = Symbol("grasp_model_", name)
    @eval begin
        @doc $("    $name(model[, X]): $what, a column a sample, of X or of the bound samples.")
        function $name(m::Model, x = nothing; ctx = Context())
            lent, n = samples_of(ctx, m, x)
            return fill_matrix(ctx, out -> C.$c_name(ctx, m, pointer_or_null(lent), out), $width, n)
        end
    end
end
"    loss(model, rows = nothing): loss of bound samples."
function loss(m::Model, rows = nothing; ctx = Context())
    which = zero_based(rows)
    out = Vector{Float64}(undef, which === nothing ? n_rows(m) : length(which))
    check(ctx, () -> C.grasp_model_loss_rows(ctx, m, array_or_null(which), length(out), out))
    return out
end
function parameters(m::Model; ctx = Context())
    theta = Vector{Float64}(undef, n_params(m))
    check(ctx, () -> C.grasp_model_get_params(ctx, m, theta, length(theta)))
    return theta
end
function set_parameters!(m::Model, theta; ctx = Context())
    t = collect(Float64, theta)
    check(ctx, () -> C.grasp_model_set_params(ctx, m, t, length(t)))
    return m
end
"    init!(model, stream = 0): fresh parameters, a function of the context's seed and the stream."
init!(m::Model, stream = 0; ctx = Context()) = (check(ctx, () -> C.grasp_model_init(ctx, m, stream)); m)
"    check_grad(model; n = 32): largest difference between gradients and finite differences, on the first n samples."
function check_grad(m::Model; n = 32, step = 0.0, ctx = Context())
    worst = Ref{Float64}(NaN)
    check(ctx, () -> C.grasp_model_check_grad(ctx, m, C_NULL, n, step, worst))
    return worst[]
end
