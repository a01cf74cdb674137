# SPDX-License-Identifier: BSD-3-Clause
# A model of the caller's, by functions. The library asks for rows, here counted from 1; arrays are the library's memory, seen
# as Julia's with samples as columns, and are not to be kept.

const HOOKS = (:labels, :get_params, :set_params, :loss, :weighted_grad, :predict, :logits, :features, :sample_grads,
               :sample_factors, :init)

# What a C model has as its user: kept alive by the Model, and for copies that the library makes by `copies` of the first one.
mutable struct CustomBox
    n_rows::Int64
    n_classes::Int64
    n_params::Int64
    n_features::Int64
    layers::Vector{NTuple{4,Int64}} # inputs, outputs, positions, bias
    hooks::Dict{Symbol,Any}
    clone::Any
    alive::Bool
    copies::Vector{CustomBox}
end
box_of(user) = unsafe_pointer_to_objref(user)::CustomBox

rows_of(n, rows) = unsafe_wrap(Array, rows, n) .+ 1
vector_at(pointer, n) = unsafe_wrap(Array, pointer, Int(n))
matrix_at(pointer, p, n) = unsafe_wrap(Array, pointer, (Int(p), Int(n)))
run_hook(box, hook, arguments...) = guarded() do
    box.hooks[hook](arguments...)
    true
end

c_n_rows(u)::Int64 = box_of(u).n_rows
c_n_classes(u)::Int64 = box_of(u).n_classes
c_n_params(u)::Int64 = box_of(u).n_params
c_n_features(u)::Int64 = box_of(u).n_features
c_n_layers(u)::Int64 = length(box_of(u).layers)
function class_hook(u, hook, n, rows, out)
    labels = vector_at(out, n)
    status = run_hook(box_of(u), hook, rows_of(n, rows), labels)
    labels .-= 1 # classes count from 1 in Julia
    return status
end
c_labels(u, n, rows, out)::Int32 = class_hook(u, :labels, n, rows, out)
c_predict(u, n, rows, out)::Int32 = class_hook(u, :predict, n, rows, out)
c_get_params(u, theta)::Int32 = run_hook(box_of(u), :get_params, vector_at(theta, box_of(u).n_params))
c_set_params(u, theta)::Int32 = run_hook(box_of(u), :set_params, copy(vector_at(theta, box_of(u).n_params)))
c_loss(u, n, rows, out)::Int32 = run_hook(box_of(u), :loss, rows_of(n, rows), vector_at(out, n))
c_weighted_grad(u, n, rows, weight, grad)::Int32 =
    run_hook(box_of(u), :weighted_grad, rows_of(n, rows), vector_at(weight, n), vector_at(grad, box_of(u).n_params))
c_logits(u, n, rows, out)::Int32 = run_hook(box_of(u), :logits, rows_of(n, rows), matrix_at(out, box_of(u).n_classes, n))
c_features(u, n, rows, out)::Int32 = run_hook(box_of(u), :features, rows_of(n, rows), matrix_at(out, box_of(u).n_features, n))
c_sample_grads(u, n, rows, out)::Int32 =
    run_hook(box_of(u), :sample_grads, rows_of(n, rows), matrix_at(out, box_of(u).n_params, n))
function c_layer_shape(u, layer, inputs, outputs, positions, bias)::Int32
    shape = box_of(u).layers[layer + 1]
    unsafe_store!(inputs, shape[1])
    unsafe_store!(outputs, shape[2])
    unsafe_store!(positions, shape[3])
    unsafe_store!(bias, shape[4])
    return C.GRASP_CB_OK
end
function c_sample_factors(u, layer, n, rows, act, delta)::Int32
    box = box_of(u)
    inputs, outputs, positions = box.layers[layer + 1]
    return run_hook(box, :sample_factors, layer + 1, rows_of(n, rows), matrix_at(act, inputs * positions, n),
                    matrix_at(delta, outputs * positions, n))
end
c_init(u, seed)::Int32 = run_hook(box_of(u), :init, seed)
function c_clone(u, out)::Int32
    return guarded() do
        box = box_of(u)
        fresh = box.clone()::CustomBox
        fresh.copies = box.copies # one list for all, which the first model keeps
        filter!(c -> c.alive, box.copies)
        push!(box.copies, fresh)
        unsafe_store!(out, pointer_from_objref(fresh))
        true
    end
end
# May run in a finalizer, so it only leaves a note.
c_destroy(u)::Cvoid = (box_of(u).alive = false; nothing)

function make_model_callbacks(to)
    to[:n_rows] = C.@grasp_model_ops_n_rows(c_n_rows)
    to[:n_classes] = C.@grasp_model_ops_n_classes(c_n_classes)
    to[:n_params] = C.@grasp_model_ops_n_params(c_n_params)
    to[:labels] = C.@grasp_model_ops_labels(c_labels)
    to[:get_params] = C.@grasp_model_ops_get_params(c_get_params)
    to[:set_params] = C.@grasp_model_ops_set_params(c_set_params)
    to[:loss] = C.@grasp_model_ops_loss(c_loss)
    to[:weighted_grad] = C.@grasp_model_ops_weighted_grad(c_weighted_grad)
    to[:predict] = C.@grasp_model_ops_predict(c_predict)
    to[:logits] = C.@grasp_model_ops_logits(c_logits)
    to[:n_features] = C.@grasp_model_ops_n_features(c_n_features)
    to[:features] = C.@grasp_model_ops_features(c_features)
    to[:sample_grads] = C.@grasp_model_ops_sample_grads(c_sample_grads)
    to[:n_layers] = C.@grasp_model_ops_n_layers(c_n_layers)
    to[:layer_shape] = C.@grasp_model_ops_layer_shape(c_layer_shape)
    to[:sample_factors] = C.@grasp_model_ops_sample_factors(c_sample_factors)
    to[:init] = C.@grasp_model_ops_init(c_init)
    to[:clone] = C.@grasp_model_ops_clone(c_clone)
    to[:destroy] = C.@grasp_model_ops_destroy(c_destroy)
end

function custom_box(; n_rows, n_classes, n_params, n_features = 0, layers = (), clone = nothing, hooks...)
    unknown = setdiff(keys(hooks), HOOKS)
    isempty(unknown) || throw(ArgumentError("a model has no hook $(join(unknown, ", ")); it has $(join(HOOKS, ", ")) and clone"))
    shapes = NTuple{4,Int64}[(l[1], l[2], length(l) > 2 ? l[3] : 1, length(l) > 3 ? l[4] : 1) for l in layers]
    return CustomBox(n_rows, n_classes, n_params, n_features, shapes, Dict{Symbol,Any}(hooks), clone, true, CustomBox[])
end
function ops_of(box::CustomBox)
    has(hook) = haskey(box.hooks, hook)
    present = Dict(:n_rows => true, :n_classes => true, :n_params => true, :n_features => has(:features),
                   :n_layers => has(:sample_factors), :layer_shape => has(:sample_factors), :clone => box.clone !== nothing,
                   :destroy => true)
    pointers = [get(present, f, has(f)) ? CALLBACK.model[f] : C_NULL for f in fieldnames(C.grasp_model_ops)[2:end]]
    return C.grasp_model_ops(sizeof(C.grasp_model_ops), pointers...)
end
