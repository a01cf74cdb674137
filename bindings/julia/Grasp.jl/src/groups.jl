# SPDX-License-Identifier: BSD-3-Clause
# Partitions of samples, with outliers.

"""
    Groups(labels; ctx)

A partition: labels 1, 2, ... and 0 for outliers. Indexes and iterates as a vector of labels.
"""
mutable struct Groups <: AbstractVector{Int}
    ptr::Ptr{Cvoid}
    Groups(ptr::Ptr{Cvoid}) = finalizer(g -> C.grasp_groups_free(g.ptr), new(ptr))
end
Base.unsafe_convert(::Type{Ptr{Cvoid}}, g::Groups) = g.ptr
Base.cconvert(::Type{Ptr{Cvoid}}, g::Groups) = g

function Groups(labels::AbstractVector{<:Integer}; ctx = Context())
    zero_based_labels = Int64[l - 1 for l in labels]
    return make(Groups, ctx, out -> C.grasp_groups_create(ctx, zero_based_labels, length(labels), out))
end
groups_of(g::Groups, ctx) = g
groups_of(labels, ctx) = Groups(labels; ctx = ctx)
groups_of(::Nothing, ctx) = nothing

Base.size(g::Groups) = (Int(C.grasp_groups_samples(g)),)
Base.getindex(g::Groups, i::Int) = (@boundscheck checkbounds(g, i); Int(C.grasp_groups_label(g, i - 1)) + 1)
Base.summary(io::IO, g::Groups) = print(io, length(g), " samples in ", n_groups(g), " groups and ", n_noise(g), " outliers")

"    labels(groups): the labels as a vector: 1, 2, ..., and 0 for outliers."
function labels(g::Groups; ctx = Context())
    out = Vector{Int64}(undef, length(g))
    check(ctx, () -> C.grasp_groups_labels(ctx, g, out, length(out)))
    return out .+= 1
end
n_groups(g::Groups) = Int(C.grasp_groups_count(g))
n_noise(g::Groups) = Int(C.grasp_groups_noise(g))
group_sizes(g::Groups) = [Int(C.grasp_groups_size(g, k)) for k in 0:n_groups(g)-1]
"    coded(values): groups of equal values, in ascending order; no outliers."
function coded(values; ctx = Context())
    v = whole_numbers(values)
    return make(Groups, ctx, out -> C.grasp_groups_create_coded(ctx, v, length(v), out))
end
"    cross(a, b): samples share a group if they share one in both."
cross(a::Groups, b::Groups; ctx = Context()) = make(Groups, ctx, out -> C.grasp_groups_cross(ctx, a, b, out))
