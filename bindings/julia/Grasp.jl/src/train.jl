# SPDX-License-Identifier: BSD-3-Clause
# Training. Each returns the report of the call as a dictionary.

val_of(val) = val === nothing ? (Ptr{Int64}(C_NULL), 0) : (zero_based(val), length(val))
function rows_and_count(m, train)
    r = zero_based(train)
    return array_or_null(r), r === nothing ? n_rows(m) : length(r)
end

"""
    train(method, model; groups = nothing, train = nothing, val = nothing, parameters...)

Trains a bound model by "erm", "gdro", "cvar", "jtt", ... on the rows `train` (nothing: all), selecting by the rows `val`.
`groups` has a label for each bound sample, where the method needs them.
"""
function train(method::AbstractString, m::Model; groups = nothing, train = nothing, val = nothing, ctx = Context(),
               options = nothing, named...)
    p, g = Params(method; ctx = ctx, options = options, named...), groups_of(groups, ctx)
    (rows, n), (val_rows, n_val) = rows_and_count(m, train), val_of(val)
    return with_report(ctx, out -> C.grasp_train(ctx, method, m, pointer_or_null(g), rows, n, val_rows, n_val, p, out))
end
"    train_erm(model; train, val, parameters...): minimises the mean loss."
train_erm(m::Model; named...) = train("erm", m; named...)
"    train_gdro(model, groups; train, val, parameters...): group distributionally robust optimisation."
train_gdro(m::Model, groups; named...) = train("gdro", m; groups = groups, named...)
"    gdro_step!(log_q, group_loss, step): one step of group DRO's weights, in place, for a training loop of your own."
function gdro_step!(log_q::Vector{Float64}, group_loss, step; ctx = Context())
    losses = collect(Float64, group_loss)
    length(losses) == length(log_q) || throw(DimensionMismatch("gdro_step!: $(length(losses)) losses, $(length(log_q)) weights"))
    check(ctx, () -> C.grasp_gdro_step(ctx, length(log_q), losses, step, log_q))
    return log_q
end
