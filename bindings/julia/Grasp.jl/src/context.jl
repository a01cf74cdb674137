# SPDX-License-Identifier: BSD-3-Clause
# Contexts, and the callbacks that belong to them.

"""
    Context(; threads = 1, seed = 0, memory_limit = 0, progress = nothing, progress_interval = 0.1, log = nothing, log_level = 2)

Threads (0: as many as usable processors), seed and memory limit in bytes (0: none) of the calls that are given it as `ctx`.
One call at a time. `progress(what, fraction)` returns whether to go on; `log(level, line)` gets lines up to `log_level`, 1
for errors to 4 for debugging.
"""
mutable struct Context <: Handle
    ptr::Ptr{Cvoid}
    status::Int32
    progress::Any
    log::Any
    function Context(; threads = 1, seed = 0, memory_limit = 0, progress = nothing, progress_interval = 0.1, log = nothing,
                     log_level = 2)
        out = Ref{Ptr{Cvoid}}(C_NULL)
        status = C.grasp_context_create(C_NULL, out)
        status == 0 || throw(GraspError(status, unsafe_string(C.grasp_status_name(status)),
                                        unsafe_string(C.grasp_status_text(status))))
        ctx = new(out[], 0, progress, log)
        finalizer(c -> C.grasp_context_free(c.ptr), ctx)
        user = pointer_from_objref(ctx) # the context outlives every call made with it
        # Without a progress function too: Ctrl-C comes in by it.
        interval = progress === nothing ? 0.02 : Float64(progress_interval)
        check(ctx, () -> C.grasp_context_set_progress(ctx, interval, CALLBACK.progress, user, C_NULL))
        log === nothing || check(ctx, () -> C.grasp_context_set_log(ctx, log_level, CALLBACK.log, user, C_NULL))
        check(ctx, () -> C.grasp_context_set_threads(ctx, threads))
        check(ctx, () -> C.grasp_context_set_seed(ctx, seed))
        check(ctx, () -> C.grasp_context_set_memory_limit(ctx, memory_limit))
        return ctx
    end
end
message(ctx::Context) = unsafe_string(C.grasp_context_error(ctx))

function on_progress(user, what, fraction)::Int32
    ctx = unsafe_pointer_to_objref(user)::Context
    return guarded() do
        GC.safepoint() # where Ctrl-C is thrown
        ctx.progress === nothing || ctx.progress(unsafe_string(what), fraction)::Bool
    end
end
function on_log(user, level, line)::Cvoid
    ctx = unsafe_pointer_to_objref(user)::Context
    guarded() do
        ctx.log(Int(level), unsafe_string(line))
        true
    end
    return nothing
end

# Filled when the package is loaded: pointers to code do not outlive a process.
mutable struct Callbacks
    progress::Ptr{Cvoid}
    log::Ptr{Cvoid}
    model::Dict{Symbol,Ptr{Cvoid}}
end
const CALLBACK = Callbacks(C_NULL, C_NULL, Dict{Symbol,Ptr{Cvoid}}())
function make_callbacks()
    CALLBACK.progress = C.@grasp_progress_fn(on_progress)
    CALLBACK.log = C.@grasp_log_fn(on_log)
    make_model_callbacks(CALLBACK.model)
end

"    cancel(ctx): asks the call that runs in a context, or else the next long one, to end; from any thread."
cancel(ctx::Context) = C.grasp_context_cancel(ctx)
"    cancelled(ctx): was the last call cancelled? Its result is valid and says how far it got."
cancelled(ctx::Context) = ctx.status == C.GRASP_CANCELLED
"    converged(ctx): did the last call reach its end?"
converged(ctx::Context) = ctx.status == C.GRASP_OK
"    memory_used(ctx): bytes held by a context's calls and the handles they made."
memory_used(ctx::Context) = Int(C.grasp_context_memory_used(ctx))
