# SPDX-License-Identifier: BSD-3-Clause
# Parameters from keyword arguments, dictionaries and text; all are checked by the library's tables.

mutable struct Params <: Handle
    ptr::Ptr{Cvoid}
    Params(ptr::Ptr{Cvoid}) = finalizer(p -> C.grasp_params_free(p.ptr), new(ptr))
end

"""
    Params(algorithm; ctx = Context(), options = nothing, keys...)

The parameters of an algorithm (see [`algorithms`](@ref)) with some of them set. Reads like a dictionary: `p["eps"]`,
`keys(p)`, `p["eps"] = [0.1, 0.2]`; shown with help, default and range.
"""
function Params(algorithm::AbstractString; ctx = Context(), options = nothing, named...)
    p = make(Params, ctx, out -> C.grasp_params_create(ctx, algorithm, out))
    if options isa AbstractString
        check(ctx, () -> C.grasp_params_parse(ctx, p, options))
    elseif options !== nothing
        for (key, value) in pairs(options)
            set!(ctx, p, String(key), value)
        end
    end
    for (key, value) in named
        value === nothing || set!(ctx, p, String(key), value)
    end
    return p
end

set!(ctx, p, key, v::Union{Integer,Bool}) = check(ctx, () -> C.grasp_params_set_i64(ctx, p, key, v))
set!(ctx, p, key, v::Real) = check(ctx, () -> C.grasp_params_set_f64(ctx, p, key, v))
set!(ctx, p, key, v::Union{AbstractString,Symbol}) = check(ctx, () -> C.grasp_params_set_str(ctx, p, key, String(v)))
function set!(ctx, p, key, v::Union{AbstractVector{<:Integer},Tuple{Vararg{Integer}},AbstractUnitRange})
    list = collect(Int64, v)
    check(ctx, () -> C.grasp_params_set_i64s(ctx, p, key, list, length(list)))
end
function set!(ctx, p, key, v::Union{AbstractVector{<:Real},Tuple{Vararg{Real}}})
    list = collect(Float64, v)
    check(ctx, () -> C.grasp_params_set_f64s(ctx, p, key, list, length(list)))
end
Base.setindex!(p::Params, value, key::AbstractString) = (set!(Context(), p, key, value); p)

text_or_empty(pointer) = pointer == C_NULL ? "" : unsafe_string(pointer)
Base.keys(p::Params) = [unsafe_string(C.grasp_params_name(p, i)) for i in 0:C.grasp_params_count(p)-1]
function Base.getindex(p::Params, key::AbstractString)
    ctx, at = Context(), findfirst(isequal(key), keys(p))
    kind = at === nothing ? C.GRASP_PARAM_F64 : C.grasp_params_type(p, at - 1) # an unknown key: the library names the nearest
    if kind in (C.GRASP_PARAM_I64, C.GRASP_PARAM_BOOL)
        whole = Ref{Int64}(0)
        check(ctx, () -> C.grasp_params_get_i64(ctx, p, key, whole))
        return kind == C.GRASP_PARAM_BOOL ? whole[] != 0 : Int(whole[])
    elseif kind == C.GRASP_PARAM_STR
        word = Ref{Cstring}(C_NULL)
        check(ctx, () -> C.grasp_params_get_str(ctx, p, key, word))
        return unsafe_string(word[])
    elseif kind == C.GRASP_PARAM_F64
        number = Ref{Float64}(0)
        check(ctx, () -> C.grasp_params_get_f64(ctx, p, key, number))
        return number[]
    end
    n = Ref{Int64}(0)
    T, get = kind == C.GRASP_PARAM_F64S ? (Float64, C.grasp_params_get_f64s) : (Int64, C.grasp_params_get_i64s)
    check(ctx, () -> get(ctx, p, key, C_NULL, 0, n))
    list = Vector{T}(undef, n[])
    check(ctx, () -> get(ctx, p, key, list, length(list), n))
    return list
end
function Base.show(io::IO, p::Params)
    print(io, "parameters of ", unsafe_string(C.grasp_params_algorithm(p)), ":")
    for i in 0:C.grasp_params_count(p)-1
        print(io, "\n  ", unsafe_string(C.grasp_params_name(p, i)), " = ", unsafe_string(C.grasp_params_default(p, i)), "  in ",
              text_or_empty(C.grasp_params_range(p, i)), ": ", text_or_empty(C.grasp_params_help(p, i)))
    end
end

"    algorithms(): names of the algorithms that have parameters."
algorithms() = [unsafe_string(C.grasp_algorithm_name(i)) for i in 0:C.grasp_algorithm_count()-1]
