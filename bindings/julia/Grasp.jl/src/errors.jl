# SPDX-License-Identifier: BSD-3-Clause
# Statuses as exceptions, handles that the garbage collector frees, and calls through which callbacks' exceptions and Ctrl-C
# come out as themselves.

"""
    GraspError

An error of the library: `status` (such as -5), `name` (such as "GRASP_E_DIM") and `message`: function, argument, found,
expected.
"""
struct GraspError <: Exception
    status::Int32
    name::String
    message::String
end
Base.showerror(io::IO, e::GraspError) = print(io, "GraspError: ", e.message, " (", e.name, ")")

# A mutable struct with a field `ptr`, freed by its finalizer. Freeing is safe from any thread and runs no Julia code that could
# wait: what the library refers to in Julia's memory is kept alive by fields of the same struct, not by release hooks.
abstract type Handle end
Base.unsafe_convert(::Type{Ptr{Cvoid}}, h::Handle) = h.ptr
Base.cconvert(::Type{Ptr{Cvoid}}, h::Handle) = h
pointer_or_null(h) = h === nothing ? C_NULL : h

# What a callback threw in the call that this task makes. Callbacks run inside the call, in the same task.
function keep_thrown(exception)
    task_local_storage(:grasp_thrown, exception)
    return nothing
end
thrown() = get(task_local_storage(), :grasp_thrown, nothing)

# Runs a callback's body, in which Ctrl-C may strike; `body` returns whether to go on. After an exception nothing of the
# caller's is run until the call has ended, which -1 brings about as an error.
function guarded(body)::Int32
    thrown() === nothing || return -1
    try
        return reenable_sigint(body) ? C.GRASP_CB_OK : C.GRASP_CB_STOP
    catch exception
        keep_thrown(exception)
        return -1
    end
end

# Makes a C call in which Ctrl-C strikes nowhere but in callbacks, and ends it: its status, or what was thrown.
function check(ctx, call)
    status = disable_sigint(call)
    exception = thrown()
    if exception !== nothing
        delete!(task_local_storage(), :grasp_thrown)
        throw(exception)
    end
    ctx.status = status
    status < 0 && throw(GraspError(status, unsafe_string(C.grasp_status_name(status)), message(ctx)))
    return status
end

# Makes a handle: `call` gets the place for the C pointer; `wrap` takes the pointer over, also when a callback threw.
function make(wrap, ctx, call)
    out = Ref{Ptr{Cvoid}}(C_NULL)
    made = nothing
    try
        check(ctx, () -> call(out))
    finally
        out[] == C_NULL || (made = wrap(out[]))
    end
    return made
end
