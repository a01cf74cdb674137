# SPDX-License-Identifier: BSD-3-Clause
# Julia's arrays as the library's matrices. Julia's p x n array, column after column, is the library's n x p matrix, row after
# row: the same memory, read the same way. So samples are columns, and nothing is copied.

mutable struct Matrix_ <: Handle
    ptr::Ptr{Cvoid}
    keep::Any # the array whose memory it refers to
    Matrix_(ptr::Ptr{Cvoid}, keep = nothing) = finalizer(m -> C.grasp_matrix_free(m.ptr), new(ptr, keep))
end

dtype(::Type{Float32}) = C.GRASP_F32
dtype(::Type{Float64}) = C.GRASP_F64

# Samples are columns; a vector is n samples of one value. Copied only where the memory does not fit.
function lend(ctx, x::AbstractVecOrMat{<:Real})
    fits = x isa StridedArray && eltype(x) in (Float32, Float64) && (ndims(x) == 1 || size(x, 1) <= 1 || stride(x, 1) == 1) &&
           (ndims(x) == 1 ? stride(x, 1) : stride(x, 2)) >= (ndims(x) == 1 ? 1 : size(x, 1))
    array = fits ? x : x isa AbstractVector ? collect(Float64, x) : Matrix{Float64}(x)
    p, n = ndims(array) == 1 ? (1, length(array)) : size(array)
    step = ndims(array) == 1 ? stride(array, 1) : max(stride(array, 2), p)
    return make(ptr -> Matrix_(ptr, array), ctx,
                out -> GC.@preserve array C.grasp_matrix_wrap(ctx, dtype(eltype(array)), n, p, step, pointer(array), C_NULL, C_NULL,
                                                              out))
end

# Fills a fresh p x n array: `call` gets it as the library's n x p matrix.
function fill_matrix(ctx, call, p, n)
    array = zeros(Float64, p, n)
    lent = lend(ctx, array)
    check(ctx, () -> GC.@preserve array call(lent))
    return array
end
# The values of a matrix of the library's, samples as columns.
function values_of(m::Matrix_)
    n, p, step = C.grasp_matrix_rows(m), C.grasp_matrix_cols(m), C.grasp_matrix_row_stride(m)
    T = C.grasp_matrix_dtype(m) == C.GRASP_F32 ? Float32 : Float64
    GC.@preserve m begin
        whole = unsafe_wrap(Array, Ptr{T}(C.grasp_matrix_data(m)), (Int(step), Int(n)))
        return whole[1:p, :]
    end
end

whole_numbers(y) = y isa Vector{Int64} ? y : collect(Int64, y)
# Rows count from 1 in Julia. nothing: all of them.
zero_based(rows) = rows === nothing ? nothing : Int64[r - 1 for r in rows]
array_or_null(a) = a === nothing ? Ptr{Int64}(C_NULL) : a
