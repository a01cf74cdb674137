# SPDX-License-Identifier: BSD-3-Clause
# What a call did, as a dictionary: values as numbers, series as vectors, texts as strings.

function report_of(ptr::Ptr{Cvoid}, ctx)
    entries = Dict{String,Any}()
    try
        for i in 0:C.grasp_report_count(ptr)-1
            name, kind = unsafe_string(C.grasp_report_name(ptr, i)), C.grasp_report_kind(ptr, i)
            if kind == C.GRASP_REPORT_VALUE
                value = Ref{Float64}(0)
                check(ctx, () -> C.grasp_report_value(ctx, ptr, name, value))
                entries[name] = value[]
            elseif kind == C.GRASP_REPORT_SERIES
                series = Vector{Float64}(undef, C.grasp_report_length(ptr, name))
                check(ctx, () -> C.grasp_report_series(ctx, ptr, name, series, length(series)))
                entries[name] = series
            else
                text = Ref{Cstring}(C_NULL)
                check(ctx, () -> C.grasp_report_text(ctx, ptr, name, text))
                entries[name] = unsafe_string(text[])
            end
        end
    finally
        C.grasp_report_free(ptr)
    end
    return entries
end

# Makes a call that also writes a report: returns its status and the entries. The outcome of the call stays the context's.
function with_report(ctx, call)
    out = Ref{Ptr{Cvoid}}(C_NULL)
    status = check(ctx, () -> call(out))
    entries = report_of(out[], ctx)
    ctx.status = status
    return entries
end
