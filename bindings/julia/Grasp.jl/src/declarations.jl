# SPDX-License-Identifier: BSD-3-Clause
# Written by tools/describe-api from the C headers: change those, not this.
"The C interface, call by call: constants, structures, functions, and macros that make pointers to callbacks."
module C

import Libdl

const LIBRARY = Ref{Ptr{Cvoid}}(C_NULL)
symbol(name) = Libdl.dlsym(LIBRARY[], name)

const VERSION = "0.1.0"
const GRASP_VERSION_NUMBER = Int32(1000)
const GRASP_OK = Int32(0)
const GRASP_NOT_CONVERGED = Int32(1)
const GRASP_CANCELLED = Int32(2)
const GRASP_E_ARG = Int32(-1)
const GRASP_E_NOMEM = Int32(-2)
const GRASP_E_MEMLIMIT = Int32(-3)
const GRASP_E_OVERFLOW = Int32(-4)
const GRASP_E_DIM = Int32(-5)
const GRASP_E_DTYPE = Int32(-6)
const GRASP_E_PARAM = Int32(-7)
const GRASP_E_NUMERIC = Int32(-8)
const GRASP_E_EMPTY = Int32(-10)
const GRASP_E_CALLBACK = Int32(-12)
const GRASP_E_UNSUPPORTED = Int32(-13)
const GRASP_E_IO = Int32(-14)
const GRASP_E_FORMAT = Int32(-15)
const GRASP_E_STATE = Int32(-16)
const GRASP_E_INTERNAL = Int32(-17)
const GRASP_CB_STOP = Int32(0)
const GRASP_CB_OK = Int32(1)
const GRASP_F32 = Int32(1)
const GRASP_F64 = Int32(2)
const GRASP_LOG_ERROR = Int32(1)
const GRASP_LOG_WARN = Int32(2)
const GRASP_LOG_INFO = Int32(3)
const GRASP_LOG_DEBUG = Int32(4)
const GRASP_NOISE = Int32(-1)
const GRASP_PARAM_F64 = Int32(1)
const GRASP_PARAM_I64 = Int32(2)
const GRASP_PARAM_BOOL = Int32(3)
const GRASP_PARAM_STR = Int32(4)
const GRASP_PARAM_F64S = Int32(5)
const GRASP_PARAM_I64S = Int32(6)
const GRASP_REPORT_VALUE = Int32(1)
const GRASP_REPORT_SERIES = Int32(2)
const GRASP_REPORT_TEXT = Int32(3)
const GRASP_NOISE_GROUP = Int32(0)
const GRASP_NOISE_EXCLUDE = Int32(1)

const GRASP_KEY_INIT = "init"
const GRASP_KEY_FORM = "form"
const GRASP_KEY_FIRST_LAYER = "first_layer"
const GRASP_KEY_LAST_LAYER = "last_layer"
const GRASP_KEY_DTYPE = "dtype"
const GRASP_KEY_METRIC = "metric"
const GRASP_KEY_CENTER = "center"
const GRASP_KEY_STORAGE = "storage"
const GRASP_KEY_EPS = "eps"
const GRASP_KEY_MIN_SAMPLES = "min_samples"
const GRASP_KEY_K = "k"
const GRASP_KEY_RESTARTS = "restarts"
const GRASP_KEY_MAX_ITERATIONS = "max_iterations"
const GRASP_KEY_TOLERANCE = "tolerance"
const GRASP_KEY_REGULARIZATION = "regularization"
const GRASP_KEY_UNIT = "unit"
const GRASP_KEY_NOISE = "noise"
const GRASP_KEY_SCORE = "score"
const GRASP_KEY_BUDGET = "budget"
const GRASP_KEY_OPTIMIZER = "optimizer"
const GRASP_KEY_RATE = "rate"
const GRASP_KEY_MOMENTUM = "momentum"
const GRASP_KEY_WEIGHT_DECAY = "weight_decay"
const GRASP_KEY_L2 = "l2"
const GRASP_KEY_EPOCHS = "epochs"
const GRASP_KEY_ITERATIONS = "iterations"
const GRASP_KEY_BATCH = "batch"
const GRASP_KEY_SHUFFLE = "shuffle"
const GRASP_KEY_REDUCTION = "reduction"
const GRASP_KEY_PATIENCE = "patience"
const GRASP_KEY_SELECT_EPOCH = "select_epoch"
const GRASP_KEY_GRADIENT_NORM = "gradient_norm"
const GRASP_KEY_STEP = "step"
const GRASP_KEY_COPIES = "copies"
const GRASP_KEY_VARIANT = "variant"
const GRASP_KEY_ALPHA = "alpha"
const GRASP_KEY_EPSILON = "epsilon"
const GRASP_KEY_TILT = "tilt"
const GRASP_KEY_GAMMA = "gamma"
const GRASP_KEY_ANCHOR = "anchor"
const GRASP_KEY_L1 = "l1"
const GRASP_KEY_REPEATS = "repeats"
const GRASP_KEY_STANDARDIZE = "standardize"
const GRASP_KEY_GAP = "gap"
const GRASP_KEY_CERTIFICATE = "certificate"
const GRASP_KEY_ADJUSTMENT = "adjustment"
const GRASP_KEY_BALANCED = "balanced"
const GRASP_KEY_NORMALIZE = "normalize"
const GRASP_KEY_SELECT = "select"
const GRASP_KEY_ALGORITHM = "algorithm"
const GRASP_KEY_MODE = "mode"
const GRASP_KEY_EVIDENCE = "evidence"
const GRASP_KEY_VAL = "val"
const GRASP_KEY_POINTS = "points"
const GRASP_KEY_STEPS = "steps"
const GRASP_KEY_COMPONENTS = "components"
const GRASP_KEY_OVERCLUSTER = "overcluster"
const GRASP_KEY_BY_CLASS = "by_class"
const GRASP_KEY_START = "start"
const GRASP_KEY_FINAL = "final"
const GRASP_KEY_ALLOWANCE = "allowance"
const GRASP_KEY_DELIMITER = "delimiter"

struct grasp_allocator
    size::Csize_t
    alloc::Ptr{Cvoid}
    free::Ptr{Cvoid}
    user::Ptr{Cvoid}
end

struct grasp_model_ops
    size::Csize_t
    n_rows::Ptr{Cvoid}
    n_classes::Ptr{Cvoid}
    n_params::Ptr{Cvoid}
    labels::Ptr{Cvoid}
    get_params::Ptr{Cvoid}
    set_params::Ptr{Cvoid}
    loss::Ptr{Cvoid}
    weighted_grad::Ptr{Cvoid}
    predict::Ptr{Cvoid}
    logits::Ptr{Cvoid}
    n_features::Ptr{Cvoid}
    features::Ptr{Cvoid}
    sample_grads::Ptr{Cvoid}
    n_layers::Ptr{Cvoid}
    layer_shape::Ptr{Cvoid}
    sample_factors::Ptr{Cvoid}
    init::Ptr{Cvoid}
    clone::Ptr{Cvoid}
    destroy::Ptr{Cvoid}
end

# @name(f): f, a function at the top of a module, as the C type of that name.
macro grasp_destroy_fn(f)
    esc(:(@cfunction($f, Cvoid, (Ptr{Cvoid},))))
end
macro grasp_log_fn(f)
    esc(:(@cfunction($f, Cvoid, (Ptr{Cvoid}, Int32, Cstring))))
end
macro grasp_progress_fn(f)
    esc(:(@cfunction($f, Int32, (Ptr{Cvoid}, Cstring, Float64))))
end
macro grasp_task_fn(f)
    esc(:(@cfunction($f, Cvoid, (Ptr{Cvoid}, Int64))))
end
macro grasp_parallel_fn(f)
    esc(:(@cfunction($f, Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Int64))))
end
macro grasp_release_fn(f)
    esc(:(@cfunction($f, Cvoid, (Ptr{Cvoid}, Ptr{Cvoid}))))
end
macro grasp_write_fn(f)
    esc(:(@cfunction($f, Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Csize_t))))
end
macro grasp_read_fn(f)
    esc(:(@cfunction($f, Int64, (Ptr{Cvoid}, Ptr{Cvoid}, Csize_t))))
end
macro grasp_allocator_alloc(f)
    esc(:(@cfunction($f, Ptr{Cvoid}, (Ptr{Cvoid}, Csize_t))))
end
macro grasp_allocator_free(f)
    esc(:(@cfunction($f, Cvoid, (Ptr{Cvoid}, Ptr{Cvoid}))))
end
macro grasp_model_ops_n_rows(f)
    esc(:(@cfunction($f, Int64, (Ptr{Cvoid},))))
end
macro grasp_model_ops_n_classes(f)
    esc(:(@cfunction($f, Int64, (Ptr{Cvoid},))))
end
macro grasp_model_ops_n_params(f)
    esc(:(@cfunction($f, Int64, (Ptr{Cvoid},))))
end
macro grasp_model_ops_labels(f)
    esc(:(@cfunction($f, Int32, (Ptr{Cvoid}, Int64, Ptr{Int64}, Ptr{Int64}))))
end
macro grasp_model_ops_get_params(f)
    esc(:(@cfunction($f, Int32, (Ptr{Cvoid}, Ptr{Float64}))))
end
macro grasp_model_ops_set_params(f)
    esc(:(@cfunction($f, Int32, (Ptr{Cvoid}, Ptr{Float64}))))
end
macro grasp_model_ops_loss(f)
    esc(:(@cfunction($f, Int32, (Ptr{Cvoid}, Int64, Ptr{Int64}, Ptr{Float64}))))
end
macro grasp_model_ops_weighted_grad(f)
    esc(:(@cfunction($f, Int32, (Ptr{Cvoid}, Int64, Ptr{Int64}, Ptr{Float64}, Ptr{Float64}))))
end
macro grasp_model_ops_predict(f)
    esc(:(@cfunction($f, Int32, (Ptr{Cvoid}, Int64, Ptr{Int64}, Ptr{Int64}))))
end
macro grasp_model_ops_logits(f)
    esc(:(@cfunction($f, Int32, (Ptr{Cvoid}, Int64, Ptr{Int64}, Ptr{Float64}))))
end
macro grasp_model_ops_n_features(f)
    esc(:(@cfunction($f, Int64, (Ptr{Cvoid},))))
end
macro grasp_model_ops_features(f)
    esc(:(@cfunction($f, Int32, (Ptr{Cvoid}, Int64, Ptr{Int64}, Ptr{Float64}))))
end
macro grasp_model_ops_sample_grads(f)
    esc(:(@cfunction($f, Int32, (Ptr{Cvoid}, Int64, Ptr{Int64}, Ptr{Float64}))))
end
macro grasp_model_ops_n_layers(f)
    esc(:(@cfunction($f, Int64, (Ptr{Cvoid},))))
end
macro grasp_model_ops_layer_shape(f)
    esc(:(@cfunction($f, Int32, (Ptr{Cvoid}, Int64, Ptr{Int64}, Ptr{Int64}, Ptr{Int64}, Ptr{Int32}))))
end
macro grasp_model_ops_sample_factors(f)
    esc(:(@cfunction($f, Int32, (Ptr{Cvoid}, Int64, Int64, Ptr{Int64}, Ptr{Float64}, Ptr{Float64}))))
end
macro grasp_model_ops_init(f)
    esc(:(@cfunction($f, Int32, (Ptr{Cvoid}, UInt64))))
end
macro grasp_model_ops_clone(f)
    esc(:(@cfunction($f, Int32, (Ptr{Cvoid}, Ptr{Ptr{Cvoid}}))))
end
macro grasp_model_ops_destroy(f)
    esc(:(@cfunction($f, Cvoid, (Ptr{Cvoid},))))
end

grasp_status_name(status) =
    ccall(symbol(:grasp_status_name), Cstring, (Int32,), status)
grasp_status_text(status) =
    ccall(symbol(:grasp_status_text), Cstring, (Int32,), status)
grasp_context_create(alloc_or_null, out) =
    ccall(symbol(:grasp_context_create), Int32, (Ptr{grasp_allocator}, Ptr{Ptr{Cvoid}}), alloc_or_null, out)
grasp_context_free(ctx) =
    ccall(symbol(:grasp_context_free), Cvoid, (Ptr{Cvoid},), ctx)
grasp_context_error(ctx) =
    ccall(symbol(:grasp_context_error), Cstring, (Ptr{Cvoid},), ctx)
grasp_context_set_log(ctx, max_level, fn, user, destroy_or_null) =
    ccall(symbol(:grasp_context_set_log), Int32, (Ptr{Cvoid}, Int32, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}), ctx, max_level, fn, user, destroy_or_null)
grasp_context_set_progress(ctx, min_interval_s, fn, user, destroy_or_null) =
    ccall(symbol(:grasp_context_set_progress), Int32, (Ptr{Cvoid}, Float64, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}), ctx, min_interval_s, fn, user, destroy_or_null)
grasp_context_cancel(ctx) =
    ccall(symbol(:grasp_context_cancel), Cvoid, (Ptr{Cvoid},), ctx)
grasp_context_clear_cancel(ctx) =
    ccall(symbol(:grasp_context_clear_cancel), Cvoid, (Ptr{Cvoid},), ctx)
grasp_context_set_threads(ctx, n_threads) =
    ccall(symbol(:grasp_context_set_threads), Int32, (Ptr{Cvoid}, Int32), ctx, n_threads)
grasp_context_threads(ctx) =
    ccall(symbol(:grasp_context_threads), Int32, (Ptr{Cvoid},), ctx)
grasp_context_set_parallel(ctx, fn, user, destroy_or_null) =
    ccall(symbol(:grasp_context_set_parallel), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}), ctx, fn, user, destroy_or_null)
grasp_context_set_memory_limit(ctx, bytes) =
    ccall(symbol(:grasp_context_set_memory_limit), Int32, (Ptr{Cvoid}, UInt64), ctx, bytes)
grasp_context_memory_used(ctx) =
    ccall(symbol(:grasp_context_memory_used), UInt64, (Ptr{Cvoid},), ctx)
grasp_context_memory_peak(ctx) =
    ccall(symbol(:grasp_context_memory_peak), UInt64, (Ptr{Cvoid},), ctx)
grasp_context_set_seed(ctx, seed) =
    ccall(symbol(:grasp_context_set_seed), Int32, (Ptr{Cvoid}, UInt64), ctx, seed)
grasp_context_seed(ctx) =
    ccall(symbol(:grasp_context_seed), UInt64, (Ptr{Cvoid},), ctx)
grasp_params_free(params) =
    ccall(symbol(:grasp_params_free), Cvoid, (Ptr{Cvoid},), params)
grasp_params_set_f64(ctx, params, key, value) =
    ccall(symbol(:grasp_params_set_f64), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Cstring, Float64), ctx, params, key, value)
grasp_params_set_i64(ctx, params, key, value) =
    ccall(symbol(:grasp_params_set_i64), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Cstring, Int64), ctx, params, key, value)
grasp_params_set_str(ctx, params, key, value) =
    ccall(symbol(:grasp_params_set_str), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Cstring, Cstring), ctx, params, key, value)
grasp_params_set_f64s(ctx, params, key, values, n) =
    ccall(symbol(:grasp_params_set_f64s), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Cstring, Ptr{Float64}, Int64), ctx, params, key, values, n)
grasp_params_set_i64s(ctx, params, key, values, n) =
    ccall(symbol(:grasp_params_set_i64s), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Cstring, Ptr{Int64}, Int64), ctx, params, key, values, n)
grasp_params_parse(ctx, params, text) =
    ccall(symbol(:grasp_params_parse), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Cstring), ctx, params, text)
grasp_params_get_f64(ctx, params, key, out) =
    ccall(symbol(:grasp_params_get_f64), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Cstring, Ptr{Float64}), ctx, params, key, out)
grasp_params_get_i64(ctx, params, key, out) =
    ccall(symbol(:grasp_params_get_i64), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Cstring, Ptr{Int64}), ctx, params, key, out)
grasp_params_get_str(ctx, params, key, out) =
    ccall(symbol(:grasp_params_get_str), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Cstring, Ptr{Cstring}), ctx, params, key, out)
grasp_params_get_f64s(ctx, params, key, out, capacity, n) =
    ccall(symbol(:grasp_params_get_f64s), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Cstring, Ptr{Float64}, Int64, Ptr{Int64}), ctx, params, key, out, capacity, n)
grasp_params_get_i64s(ctx, params, key, out, capacity, n) =
    ccall(symbol(:grasp_params_get_i64s), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Cstring, Ptr{Int64}, Int64, Ptr{Int64}), ctx, params, key, out, capacity, n)
grasp_params_part(ctx, params, prefix, out) =
    ccall(symbol(:grasp_params_part), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Cstring, Ptr{Ptr{Cvoid}}), ctx, params, prefix, out)
grasp_params_algorithm(params) =
    ccall(symbol(:grasp_params_algorithm), Cstring, (Ptr{Cvoid},), params)
grasp_params_count(params) =
    ccall(symbol(:grasp_params_count), Int64, (Ptr{Cvoid},), params)
grasp_params_name(params, i) =
    ccall(symbol(:grasp_params_name), Cstring, (Ptr{Cvoid}, Int64), params, i)
grasp_params_type(params, i) =
    ccall(symbol(:grasp_params_type), Int32, (Ptr{Cvoid}, Int64), params, i)
grasp_params_help(params, i) =
    ccall(symbol(:grasp_params_help), Cstring, (Ptr{Cvoid}, Int64), params, i)
grasp_params_default(params, i) =
    ccall(symbol(:grasp_params_default), Cstring, (Ptr{Cvoid}, Int64), params, i)
grasp_params_range(params, i) =
    ccall(symbol(:grasp_params_range), Cstring, (Ptr{Cvoid}, Int64), params, i)
grasp_report_ref(report) =
    ccall(symbol(:grasp_report_ref), Ptr{Cvoid}, (Ptr{Cvoid},), report)
grasp_report_free(report) =
    ccall(symbol(:grasp_report_free), Cvoid, (Ptr{Cvoid},), report)
grasp_report_count(report) =
    ccall(symbol(:grasp_report_count), Int64, (Ptr{Cvoid},), report)
grasp_report_name(report, i) =
    ccall(symbol(:grasp_report_name), Cstring, (Ptr{Cvoid}, Int64), report, i)
grasp_report_kind(report, i) =
    ccall(symbol(:grasp_report_kind), Int32, (Ptr{Cvoid}, Int64), report, i)
grasp_report_length(report, name) =
    ccall(symbol(:grasp_report_length), Int64, (Ptr{Cvoid}, Cstring), report, name)
grasp_report_value(ctx, report, name, out) =
    ccall(symbol(:grasp_report_value), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Cstring, Ptr{Float64}), ctx, report, name, out)
grasp_report_series(ctx, report, name, out, length) =
    ccall(symbol(:grasp_report_series), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Cstring, Ptr{Float64}, Int64), ctx, report, name, out, length)
grasp_report_text(ctx, report, name, out) =
    ccall(symbol(:grasp_report_text), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Cstring, Ptr{Cstring}), ctx, report, name, out)
grasp_matrix_create(ctx, dtype, rows, cols, out) =
    ccall(symbol(:grasp_matrix_create), Int32, (Ptr{Cvoid}, Int32, Int64, Int64, Ptr{Ptr{Cvoid}}), ctx, dtype, rows, cols, out)
grasp_matrix_wrap(ctx, dtype, rows, cols, row_stride, data, release_or_null, user, out) =
    ccall(symbol(:grasp_matrix_wrap), Int32, (Ptr{Cvoid}, Int32, Int64, Int64, Int64, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Ptr{Cvoid}}), ctx, dtype, rows, cols, row_stride, data, release_or_null, user, out)
grasp_matrix_ref(matrix) =
    ccall(symbol(:grasp_matrix_ref), Ptr{Cvoid}, (Ptr{Cvoid},), matrix)
grasp_matrix_free(matrix) =
    ccall(symbol(:grasp_matrix_free), Cvoid, (Ptr{Cvoid},), matrix)
grasp_matrix_rows(matrix) =
    ccall(symbol(:grasp_matrix_rows), Int64, (Ptr{Cvoid},), matrix)
grasp_matrix_cols(matrix) =
    ccall(symbol(:grasp_matrix_cols), Int64, (Ptr{Cvoid},), matrix)
grasp_matrix_row_stride(matrix) =
    ccall(symbol(:grasp_matrix_row_stride), Int64, (Ptr{Cvoid},), matrix)
grasp_matrix_dtype(matrix) =
    ccall(symbol(:grasp_matrix_dtype), Int32, (Ptr{Cvoid},), matrix)
grasp_matrix_data(matrix) =
    ccall(symbol(:grasp_matrix_data), Ptr{Cvoid}, (Ptr{Cvoid},), matrix)
grasp_context_set_kernel(ctx, name) =
    ccall(symbol(:grasp_context_set_kernel), Int32, (Ptr{Cvoid}, Cstring), ctx, name)
grasp_context_kernel(ctx) =
    ccall(symbol(:grasp_context_kernel), Cstring, (Ptr{Cvoid},), ctx)
grasp_blas_threads() =
    ccall(symbol(:grasp_blas_threads), Int32, ())
grasp_blas_set_threads(n_threads) =
    ccall(symbol(:grasp_blas_set_threads), Int32, (Int32,), n_threads)
grasp_groups_create(ctx, label, n, out) =
    ccall(symbol(:grasp_groups_create), Int32, (Ptr{Cvoid}, Ptr{Int64}, Int64, Ptr{Ptr{Cvoid}}), ctx, label, n, out)
grasp_groups_create_coded(ctx, value, n, out) =
    ccall(symbol(:grasp_groups_create_coded), Int32, (Ptr{Cvoid}, Ptr{Int64}, Int64, Ptr{Ptr{Cvoid}}), ctx, value, n, out)
grasp_groups_ref(groups) =
    ccall(symbol(:grasp_groups_ref), Ptr{Cvoid}, (Ptr{Cvoid},), groups)
grasp_groups_free(groups) =
    ccall(symbol(:grasp_groups_free), Cvoid, (Ptr{Cvoid},), groups)
grasp_groups_samples(groups) =
    ccall(symbol(:grasp_groups_samples), Int64, (Ptr{Cvoid},), groups)
grasp_groups_count(groups) =
    ccall(symbol(:grasp_groups_count), Int64, (Ptr{Cvoid},), groups)
grasp_groups_noise(groups) =
    ccall(symbol(:grasp_groups_noise), Int64, (Ptr{Cvoid},), groups)
grasp_groups_size(groups, group) =
    ccall(symbol(:grasp_groups_size), Int64, (Ptr{Cvoid}, Int64), groups, group)
grasp_groups_labels(ctx, groups, label, n) =
    ccall(symbol(:grasp_groups_labels), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Int64}, Int64), ctx, groups, label, n)
grasp_groups_label(groups, sample) =
    ccall(symbol(:grasp_groups_label), Int64, (Ptr{Cvoid}, Int64), groups, sample)
grasp_groups_cross(ctx, a, b, out) =
    ccall(symbol(:grasp_groups_cross), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Ptr{Cvoid}}), ctx, a, b, out)
grasp_groups_merge_classes(ctx, y, n, per_class, n_classes, out) =
    ccall(symbol(:grasp_groups_merge_classes), Int32, (Ptr{Cvoid}, Ptr{Int64}, Int64, Ptr{Ptr{Cvoid}}, Int64, Ptr{Ptr{Cvoid}}), ctx, y, n, per_class, n_classes, out)
grasp_groups_select(ctx, groups, rows, n, out) =
    ccall(symbol(:grasp_groups_select), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Int64}, Int64, Ptr{Ptr{Cvoid}}), ctx, groups, rows, n, out)
grasp_groups_kept(ctx, groups, rows, capacity, n) =
    ccall(symbol(:grasp_groups_kept), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Int64}, Int64, Ptr{Int64}), ctx, groups, rows, capacity, n)
grasp_model_create_logistic(ctx, n_features, out) =
    ccall(symbol(:grasp_model_create_logistic), Int32, (Ptr{Cvoid}, Int64, Ptr{Ptr{Cvoid}}), ctx, n_features, out)
grasp_model_create_softmax(ctx, n_features, n_classes, out) =
    ccall(symbol(:grasp_model_create_softmax), Int32, (Ptr{Cvoid}, Int64, Int64, Ptr{Ptr{Cvoid}}), ctx, n_features, n_classes, out)
grasp_model_create_mlp(ctx, widths, n_widths, params_or_null, out) =
    ccall(symbol(:grasp_model_create_mlp), Int32, (Ptr{Cvoid}, Ptr{Int64}, Int64, Ptr{Cvoid}, Ptr{Ptr{Cvoid}}), ctx, widths, n_widths, params_or_null, out)
grasp_model_create_custom(ctx, ops, user, out) =
    ccall(symbol(:grasp_model_create_custom), Int32, (Ptr{Cvoid}, Ptr{grasp_model_ops}, Ptr{Cvoid}, Ptr{Ptr{Cvoid}}), ctx, ops, user, out)
grasp_model_copy(ctx, model, out) =
    ccall(symbol(:grasp_model_copy), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Ptr{Cvoid}}), ctx, model, out)
grasp_model_free(model) =
    ccall(symbol(:grasp_model_free), Cvoid, (Ptr{Cvoid},), model)
grasp_model_kind(model) =
    ccall(symbol(:grasp_model_kind), Cstring, (Ptr{Cvoid},), model)
grasp_model_n_params(model) =
    ccall(symbol(:grasp_model_n_params), Int64, (Ptr{Cvoid},), model)
grasp_model_n_classes(model) =
    ccall(symbol(:grasp_model_n_classes), Int64, (Ptr{Cvoid},), model)
grasp_model_n_rows(model) =
    ccall(symbol(:grasp_model_n_rows), Int64, (Ptr{Cvoid},), model)
grasp_model_n_features(model) =
    ccall(symbol(:grasp_model_n_features), Int64, (Ptr{Cvoid},), model)
grasp_model_n_layers(model) =
    ccall(symbol(:grasp_model_n_layers), Int64, (Ptr{Cvoid},), model)
grasp_model_layer_shape(ctx, model, layer, inputs, outputs, positions, has_bias) =
    ccall(symbol(:grasp_model_layer_shape), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Int64, Ptr{Int64}, Ptr{Int64}, Ptr{Int64}, Ptr{Int32}), ctx, model, layer, inputs, outputs, positions, has_bias)
grasp_model_get_params(ctx, model, theta, len) =
    ccall(symbol(:grasp_model_get_params), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Float64}, Int64), ctx, model, theta, len)
grasp_model_set_params(ctx, model, theta, len) =
    ccall(symbol(:grasp_model_set_params), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Float64}, Int64), ctx, model, theta, len)
grasp_model_init(ctx, model, stream) =
    ccall(symbol(:grasp_model_init), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, UInt64), ctx, model, stream)
grasp_model_to_torch_order(ctx, model, theta, torch, len) =
    ccall(symbol(:grasp_model_to_torch_order), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Float64}, Ptr{Float64}, Int64), ctx, model, theta, torch, len)
grasp_model_from_torch_order(ctx, model, torch, theta, len) =
    ccall(symbol(:grasp_model_from_torch_order), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Float64}, Ptr{Float64}, Int64), ctx, model, torch, theta, len)
grasp_model_bind(ctx, model, x, y, n) =
    ccall(symbol(:grasp_model_bind), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Int64}, Int64), ctx, model, x, y, n)
grasp_model_set_sample_weights(ctx, model, weight_or_null, n) =
    ccall(symbol(:grasp_model_set_sample_weights), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Float64}, Int64), ctx, model, weight_or_null, n)
grasp_model_predict(ctx, model, x_or_null, label, n) =
    ccall(symbol(:grasp_model_predict), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Int64}, Int64), ctx, model, x_or_null, label, n)
grasp_model_predict_proba(ctx, model, x_or_null, proba) =
    ccall(symbol(:grasp_model_predict_proba), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}), ctx, model, x_or_null, proba)
grasp_model_logits(ctx, model, x_or_null, logits) =
    ccall(symbol(:grasp_model_logits), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}), ctx, model, x_or_null, logits)
grasp_model_features(ctx, model, x_or_null, features) =
    ccall(symbol(:grasp_model_features), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}), ctx, model, x_or_null, features)
grasp_model_predict_rows(ctx, model, rows_or_null, n, label) =
    ccall(symbol(:grasp_model_predict_rows), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Int64}, Int64, Ptr{Int64}), ctx, model, rows_or_null, n, label)
grasp_model_loss_rows(ctx, model, rows_or_null, n, loss) =
    ccall(symbol(:grasp_model_loss_rows), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Int64}, Int64, Ptr{Float64}), ctx, model, rows_or_null, n, loss)
grasp_model_check_grad(ctx, model, rows_or_null, n, step, worst) =
    ccall(symbol(:grasp_model_check_grad), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Int64}, Int64, Float64, Ptr{Float64}), ctx, model, rows_or_null, n, step, worst)
grasp_gradients_compute(ctx, model, rows_or_null, n, params_or_null, out) =
    ccall(symbol(:grasp_gradients_compute), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Int64}, Int64, Ptr{Cvoid}, Ptr{Ptr{Cvoid}}), ctx, model, rows_or_null, n, params_or_null, out)
grasp_gradients_compute_bytes(ctx, model, n, params_or_null, out) =
    ccall(symbol(:grasp_gradients_compute_bytes), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Int64, Ptr{Cvoid}, Ptr{UInt64}), ctx, model, n, params_or_null, out)
grasp_gradients_create_dense(ctx, dtype, p, capacity, out) =
    ccall(symbol(:grasp_gradients_create_dense), Int32, (Ptr{Cvoid}, Int32, Int64, Int64, Ptr{Ptr{Cvoid}}), ctx, dtype, p, capacity, out)
grasp_gradients_create_factored(ctx, dtype, n_layers, inputs, outputs, positions_or_null, has_bias_or_null, capacity, out) =
    ccall(symbol(:grasp_gradients_create_factored), Int32, (Ptr{Cvoid}, Int32, Int64, Ptr{Int64}, Ptr{Int64}, Ptr{Int64}, Ptr{Int32}, Int64, Ptr{Ptr{Cvoid}}), ctx, dtype, n_layers, inputs, outputs, positions_or_null, has_bias_or_null, capacity, out)
grasp_gradients_append(ctx, gradients, rows) =
    ccall(symbol(:grasp_gradients_append), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}), ctx, gradients, rows)
grasp_gradients_append_lent(ctx, gradients, rows) =
    ccall(symbol(:grasp_gradients_append_lent), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}), ctx, gradients, rows)
grasp_gradients_append_factors(ctx, gradients, act, delta, n_layers) =
    ccall(symbol(:grasp_gradients_append_factors), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Ptr{Cvoid}}, Ptr{Ptr{Cvoid}}, Int64), ctx, gradients, act, delta, n_layers)
grasp_gradients_append_factors_lent(ctx, gradients, act, delta, n_layers) =
    ccall(symbol(:grasp_gradients_append_factors_lent), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Ptr{Cvoid}}, Ptr{Ptr{Cvoid}}, Int64), ctx, gradients, act, delta, n_layers)
grasp_gradients_seal(ctx, gradients) =
    ccall(symbol(:grasp_gradients_seal), Int32, (Ptr{Cvoid}, Ptr{Cvoid}), ctx, gradients)
grasp_gradients_select(ctx, gradients, rows, n, out) =
    ccall(symbol(:grasp_gradients_select), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Int64}, Int64, Ptr{Ptr{Cvoid}}), ctx, gradients, rows, n, out)
grasp_gradients_ref(gradients) =
    ccall(symbol(:grasp_gradients_ref), Ptr{Cvoid}, (Ptr{Cvoid},), gradients)
grasp_gradients_free(gradients) =
    ccall(symbol(:grasp_gradients_free), Cvoid, (Ptr{Cvoid},), gradients)
grasp_gradients_count(gradients) =
    ccall(symbol(:grasp_gradients_count), Int64, (Ptr{Cvoid},), gradients)
grasp_gradients_dim(gradients) =
    ccall(symbol(:grasp_gradients_dim), Int64, (Ptr{Cvoid},), gradients)
grasp_gradients_dtype(gradients) =
    ccall(symbol(:grasp_gradients_dtype), Int32, (Ptr{Cvoid},), gradients)
grasp_gradients_is_factored(gradients) =
    ccall(symbol(:grasp_gradients_is_factored), Int32, (Ptr{Cvoid},), gradients)
grasp_gradients_n_layers(gradients) =
    ccall(symbol(:grasp_gradients_n_layers), Int64, (Ptr{Cvoid},), gradients)
grasp_gradients_bytes(gradients) =
    ccall(symbol(:grasp_gradients_bytes), UInt64, (Ptr{Cvoid},), gradients)
grasp_gradients_rows(ctx, gradients, first, n, out) =
    ccall(symbol(:grasp_gradients_rows), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Int64, Int64, Ptr{Cvoid}), ctx, gradients, first, n, out)
grasp_gradients_mean(ctx, gradients, mean, len) =
    ccall(symbol(:grasp_gradients_mean), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Float64}, Int64), ctx, gradients, mean, len)
grasp_gradients_gram(ctx, gradients, i, ni, j, nj, out) =
    ccall(symbol(:grasp_gradients_gram), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Int64, Int64, Int64, Int64, Ptr{Cvoid}), ctx, gradients, i, ni, j, nj, out)
grasp_distances_bytes(ctx, n, p, params_or_null, out) =
    ccall(symbol(:grasp_distances_bytes), Int32, (Ptr{Cvoid}, Int64, Int64, Ptr{Cvoid}, Ptr{UInt64}), ctx, n, p, params_or_null, out)
grasp_distances_create(ctx, gradients, params_or_null, out) =
    ccall(symbol(:grasp_distances_create), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Ptr{Cvoid}}), ctx, gradients, params_or_null, out)
grasp_distances_create_from_points(ctx, x, params_or_null, out) =
    ccall(symbol(:grasp_distances_create_from_points), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Ptr{Cvoid}}), ctx, x, params_or_null, out)
grasp_distances_create_from_matrix(ctx, square, out) =
    ccall(symbol(:grasp_distances_create_from_matrix), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Ptr{Cvoid}}), ctx, square, out)
grasp_distances_ref(distances) =
    ccall(symbol(:grasp_distances_ref), Ptr{Cvoid}, (Ptr{Cvoid},), distances)
grasp_distances_free(distances) =
    ccall(symbol(:grasp_distances_free), Cvoid, (Ptr{Cvoid},), distances)
grasp_distances_count(distances) =
    ccall(symbol(:grasp_distances_count), Int64, (Ptr{Cvoid},), distances)
grasp_distances_metric(distances) =
    ccall(symbol(:grasp_distances_metric), Cstring, (Ptr{Cvoid},), distances)
grasp_distances_is_stored(distances) =
    ccall(symbol(:grasp_distances_is_stored), Int32, (Ptr{Cvoid},), distances)
grasp_distances_block(ctx, distances, i, ni, j, nj, out) =
    ccall(symbol(:grasp_distances_block), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Int64, Int64, Int64, Int64, Ptr{Cvoid}), ctx, distances, i, ni, j, nj, out)
grasp_distances_kth(ctx, distances, k, out, n) =
    ccall(symbol(:grasp_distances_kth), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Int64, Ptr{Float64}, Int64), ctx, distances, k, out, n)
grasp_distances_within(ctx, distances, eps, count, n) =
    ccall(symbol(:grasp_distances_within), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Float64, Ptr{Int64}, Int64), ctx, distances, eps, count, n)
grasp_clusterer_create(ctx, algorithm, params_or_null, out) =
    ccall(symbol(:grasp_clusterer_create), Int32, (Ptr{Cvoid}, Cstring, Ptr{Cvoid}, Ptr{Ptr{Cvoid}}), ctx, algorithm, params_or_null, out)
grasp_clusterer_free(clusterer) =
    ccall(symbol(:grasp_clusterer_free), Cvoid, (Ptr{Cvoid},), clusterer)
grasp_clusterer_set_multiplicities(ctx, clusterer, multiplicity_or_null, n) =
    ccall(symbol(:grasp_clusterer_set_multiplicities), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Int64}, Int64), ctx, clusterer, multiplicity_or_null, n)
grasp_clusterer_fit_distances(ctx, clusterer, distances) =
    ccall(symbol(:grasp_clusterer_fit_distances), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}), ctx, clusterer, distances)
grasp_clusterer_bytes(ctx, clusterer, distances, out) =
    ccall(symbol(:grasp_clusterer_bytes), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{UInt64}), ctx, clusterer, distances, out)
grasp_clusterer_fit_points(ctx, clusterer, x) =
    ccall(symbol(:grasp_clusterer_fit_points), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}), ctx, clusterer, x)
grasp_clusterer_groups(ctx, clusterer, out) =
    ccall(symbol(:grasp_clusterer_groups), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Ptr{Cvoid}}), ctx, clusterer, out)
grasp_clusterer_core_flags(ctx, clusterer, core, n) =
    ccall(symbol(:grasp_clusterer_core_flags), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{UInt8}, Int64), ctx, clusterer, core, n)
grasp_clusterer_centers(ctx, clusterer, out) =
    ccall(symbol(:grasp_clusterer_centers), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}), ctx, clusterer, out)
grasp_clusterer_responsibilities(ctx, clusterer, out) =
    ccall(symbol(:grasp_clusterer_responsibilities), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}), ctx, clusterer, out)
grasp_clusterer_objective(clusterer) =
    ccall(symbol(:grasp_clusterer_objective), Float64, (Ptr{Cvoid},), clusterer)
grasp_clusterer_report(ctx, clusterer, out) =
    ccall(symbol(:grasp_clusterer_report), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Ptr{Cvoid}}), ctx, clusterer, out)
grasp_metric_ari(ctx, a, b, noise, out) =
    ccall(symbol(:grasp_metric_ari), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Int32, Ptr{Float64}), ctx, a, b, noise, out)
grasp_metric_ari_within(ctx, y, n, a, b, noise, out) =
    ccall(symbol(:grasp_metric_ari_within), Int32, (Ptr{Cvoid}, Ptr{Int64}, Int64, Ptr{Cvoid}, Ptr{Cvoid}, Int32, Ptr{Float64}), ctx, y, n, a, b, noise, out)
grasp_metric_nmi(ctx, a, b, noise, out) =
    ccall(symbol(:grasp_metric_nmi), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Int32, Ptr{Float64}), ctx, a, b, noise, out)
grasp_metric_outliers(ctx, groups, is_outlier, n, precision, recall) =
    ccall(symbol(:grasp_metric_outliers), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{UInt8}, Int64, Ptr{Float64}, Ptr{Float64}), ctx, groups, is_outlier, n, precision, recall)
grasp_metric_group_accuracy(ctx, groups, y, pred, n, accuracy, n_groups) =
    ccall(symbol(:grasp_metric_group_accuracy), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Int64}, Ptr{Int64}, Int64, Ptr{Float64}, Int64), ctx, groups, y, pred, n, accuracy, n_groups)
grasp_metric_worst_group(ctx, groups, y, pred, n, accuracy, group_or_null) =
    ccall(symbol(:grasp_metric_worst_group), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Int64}, Ptr{Int64}, Int64, Ptr{Float64}, Ptr{Int64}), ctx, groups, y, pred, n, accuracy, group_or_null)
grasp_metric_average_accuracy(ctx, groups, y, pred, n, train_size, n_groups, out) =
    ccall(symbol(:grasp_metric_average_accuracy), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Int64}, Ptr{Int64}, Int64, Ptr{Int64}, Int64, Ptr{Float64}), ctx, groups, y, pred, n, train_size, n_groups, out)
grasp_metric_silhouette(ctx, distances, groups, params_or_null, mean, per_sample_or_null) =
    ccall(symbol(:grasp_metric_silhouette), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Float64}, Ptr{Float64}), ctx, distances, groups, params_or_null, mean, per_sample_or_null)
grasp_sweep_create(ctx, algorithm, params_or_null, out) =
    ccall(symbol(:grasp_sweep_create), Int32, (Ptr{Cvoid}, Cstring, Ptr{Cvoid}, Ptr{Ptr{Cvoid}}), ctx, algorithm, params_or_null, out)
grasp_sweep_free(sweep) =
    ccall(symbol(:grasp_sweep_free), Cvoid, (Ptr{Cvoid},), sweep)
grasp_sweep_bytes(ctx, sweep, distances, out) =
    ccall(symbol(:grasp_sweep_bytes), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{UInt64}), ctx, sweep, distances, out)
grasp_sweep_run(ctx, sweep, distances, truth_or_null) =
    ccall(symbol(:grasp_sweep_run), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}), ctx, sweep, distances, truth_or_null)
grasp_sweep_count(sweep) =
    ccall(symbol(:grasp_sweep_count), Int64, (Ptr{Cvoid},), sweep)
grasp_sweep_score(sweep, i) =
    ccall(symbol(:grasp_sweep_score), Float64, (Ptr{Cvoid}, Int64), sweep, i)
grasp_sweep_best(sweep) =
    ccall(symbol(:grasp_sweep_best), Int64, (Ptr{Cvoid},), sweep)
grasp_sweep_runner_up(sweep) =
    ccall(symbol(:grasp_sweep_runner_up), Int64, (Ptr{Cvoid},), sweep)
grasp_sweep_setting(ctx, sweep, i, eps, min_samples) =
    ccall(symbol(:grasp_sweep_setting), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Int64, Ptr{Float64}, Ptr{Int64}), ctx, sweep, i, eps, min_samples)
grasp_sweep_sizes(ctx, sweep, i, n_clusters, n_noise) =
    ccall(symbol(:grasp_sweep_sizes), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Int64, Ptr{Int64}, Ptr{Int64}), ctx, sweep, i, n_clusters, n_noise)
grasp_sweep_groups(ctx, sweep, i, out) =
    ccall(symbol(:grasp_sweep_groups), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Int64, Ptr{Ptr{Cvoid}}), ctx, sweep, i, out)
grasp_train(ctx, method, model, groups_or_null, train_rows_or_null, n_train, val_rows_or_null, n_val, params_or_null, report_or_null) =
    ccall(symbol(:grasp_train), Int32, (Ptr{Cvoid}, Cstring, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Int64}, Int64, Ptr{Int64}, Int64, Ptr{Cvoid}, Ptr{Ptr{Cvoid}}), ctx, method, model, groups_or_null, train_rows_or_null, n_train, val_rows_or_null, n_val, params_or_null, report_or_null)
grasp_train_erm(ctx, model, train_rows_or_null, n_train, val_rows_or_null, n_val, params_or_null, report_or_null) =
    ccall(symbol(:grasp_train_erm), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Int64}, Int64, Ptr{Int64}, Int64, Ptr{Cvoid}, Ptr{Ptr{Cvoid}}), ctx, model, train_rows_or_null, n_train, val_rows_or_null, n_val, params_or_null, report_or_null)
grasp_train_gdro(ctx, model, groups, train_rows_or_null, n_train, val_rows_or_null, n_val, params_or_null, report_or_null) =
    ccall(symbol(:grasp_train_gdro), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Int64}, Int64, Ptr{Int64}, Int64, Ptr{Cvoid}, Ptr{Ptr{Cvoid}}), ctx, model, groups, train_rows_or_null, n_train, val_rows_or_null, n_val, params_or_null, report_or_null)
grasp_gdro_step(ctx, n_groups, group_loss, step, log_q) =
    ccall(symbol(:grasp_gdro_step), Int32, (Ptr{Cvoid}, Int64, Ptr{Float64}, Float64, Ptr{Float64}), ctx, n_groups, group_loss, step, log_q)
grasp_infer(ctx, gradients, y, n, params_or_null, truth_or_null, out, report_or_null) =
    ccall(symbol(:grasp_infer), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Int64}, Int64, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Ptr{Cvoid}}, Ptr{Ptr{Cvoid}}), ctx, gradients, y, n, params_or_null, truth_or_null, out, report_or_null)
grasp_infer_bytes(ctx, gradients, y, n, params_or_null, out) =
    ccall(symbol(:grasp_infer_bytes), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Int64}, Int64, Ptr{Cvoid}, Ptr{UInt64}), ctx, gradients, y, n, params_or_null, out)
grasp_infer_points(ctx, points, y, n, params_or_null, truth_or_null, out, report_or_null) =
    ccall(symbol(:grasp_infer_points), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Int64}, Int64, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Ptr{Cvoid}}, Ptr{Ptr{Cvoid}}), ctx, points, y, n, params_or_null, truth_or_null, out, report_or_null)
grasp_inference_ref(inference) =
    ccall(symbol(:grasp_inference_ref), Ptr{Cvoid}, (Ptr{Cvoid},), inference)
grasp_inference_free(inference) =
    ccall(symbol(:grasp_inference_free), Cvoid, (Ptr{Cvoid},), inference)
grasp_inference_groups(ctx, inference, out) =
    ccall(symbol(:grasp_inference_groups), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Ptr{Cvoid}}), ctx, inference, out)
grasp_inference_n_classes(inference) =
    ccall(symbol(:grasp_inference_n_classes), Int64, (Ptr{Cvoid},), inference)
grasp_inference_class(ctx, inference, c, label, eps, min_samples, score, n_clusters, n_noise, admissible) =
    ccall(symbol(:grasp_inference_class), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Int64, Ptr{Int64}, Ptr{Float64}, Ptr{Int64}, Ptr{Float64}, Ptr{Int64}, Ptr{Int64}, Ptr{Int32}), ctx, inference, c, label, eps, min_samples, score, n_clusters, n_noise, admissible)
grasp_inference_n_settings(inference) =
    ccall(symbol(:grasp_inference_n_settings), Int64, (Ptr{Cvoid},), inference)
grasp_inference_setting(ctx, inference, c, i, eps, min_samples, score) =
    ccall(symbol(:grasp_inference_setting), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Int64, Int64, Ptr{Float64}, Ptr{Int64}, Ptr{Float64}), ctx, inference, c, i, eps, min_samples, score)
grasp_assign(ctx, inference, new_gradients, y, n, out) =
    ccall(symbol(:grasp_assign), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Int64}, Int64, Ptr{Ptr{Cvoid}}), ctx, inference, new_gradients, y, n, out)
grasp_learn_groups(ctx, method, model, train_rows_or_null, n_train, val_rows_or_null, n_val, params_or_null, truth_or_null, out, report_or_null) =
    ccall(symbol(:grasp_learn_groups), Int32, (Ptr{Cvoid}, Cstring, Ptr{Cvoid}, Ptr{Int64}, Int64, Ptr{Int64}, Int64, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Ptr{Cvoid}}, Ptr{Ptr{Cvoid}}), ctx, method, model, train_rows_or_null, n_train, val_rows_or_null, n_val, params_or_null, truth_or_null, out, report_or_null)
grasp_learn_groups_points(ctx, method, points, y, losses_or_null, n_train, n_val, params_or_null, truth_or_null, out, report_or_null) =
    ccall(symbol(:grasp_learn_groups_points), Int32, (Ptr{Cvoid}, Cstring, Ptr{Cvoid}, Ptr{Int64}, Ptr{Float64}, Int64, Int64, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Ptr{Cvoid}}, Ptr{Ptr{Cvoid}}), ctx, method, points, y, losses_or_null, n_train, n_val, params_or_null, truth_or_null, out, report_or_null)
grasp_infer_outputs(ctx, method, logits, y, n, params_or_null, truth_or_null, out, report_or_null) =
    ccall(symbol(:grasp_infer_outputs), Int32, (Ptr{Cvoid}, Cstring, Ptr{Cvoid}, Ptr{Int64}, Int64, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Ptr{Cvoid}}, Ptr{Ptr{Cvoid}}), ctx, method, logits, y, n, params_or_null, truth_or_null, out, report_or_null)
grasp_fit(ctx, model, final_model_or_null, train_rows, n_train, val_rows, n_val, params_or_null, out, report_or_null) =
    ccall(symbol(:grasp_fit), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Int64}, Int64, Ptr{Int64}, Int64, Ptr{Cvoid}, Ptr{Ptr{Cvoid}}, Ptr{Ptr{Cvoid}}), ctx, model, final_model_or_null, train_rows, n_train, val_rows, n_val, params_or_null, out, report_or_null)
grasp_table_load_csv(ctx, path, params_or_null, out) =
    ccall(symbol(:grasp_table_load_csv), Int32, (Ptr{Cvoid}, Cstring, Ptr{Cvoid}, Ptr{Ptr{Cvoid}}), ctx, path, params_or_null, out)
grasp_table_free(table) =
    ccall(symbol(:grasp_table_free), Cvoid, (Ptr{Cvoid},), table)
grasp_table_rows(table) =
    ccall(symbol(:grasp_table_rows), Int64, (Ptr{Cvoid},), table)
grasp_table_cols(table) =
    ccall(symbol(:grasp_table_cols), Int64, (Ptr{Cvoid},), table)
grasp_table_name(table, col) =
    ccall(symbol(:grasp_table_name), Cstring, (Ptr{Cvoid}, Int64), table, col)
grasp_table_find(ctx, table, name, col) =
    ccall(symbol(:grasp_table_find), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Cstring, Ptr{Int64}), ctx, table, name, col)
grasp_table_is_text(table, col) =
    ccall(symbol(:grasp_table_is_text), Int32, (Ptr{Cvoid}, Int64), table, col)
grasp_table_codes(table, col) =
    ccall(symbol(:grasp_table_codes), Int64, (Ptr{Cvoid}, Int64), table, col)
grasp_table_code_text(table, col, code) =
    ccall(symbol(:grasp_table_code_text), Cstring, (Ptr{Cvoid}, Int64, Int64), table, col, code)
grasp_table_column_f64(ctx, table, col, out, n) =
    ccall(symbol(:grasp_table_column_f64), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Int64, Ptr{Float64}, Int64), ctx, table, col, out, n)
grasp_table_column_i64(ctx, table, col, out, n) =
    ccall(symbol(:grasp_table_column_i64), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Int64, Ptr{Int64}, Int64), ctx, table, col, out, n)
grasp_matrix_load_npy(ctx, path, out) =
    ccall(symbol(:grasp_matrix_load_npy), Int32, (Ptr{Cvoid}, Cstring, Ptr{Ptr{Cvoid}}), ctx, path, out)
grasp_matrix_map_npy(ctx, path, out) =
    ccall(symbol(:grasp_matrix_map_npy), Int32, (Ptr{Cvoid}, Cstring, Ptr{Ptr{Cvoid}}), ctx, path, out)
grasp_matrix_save_npy(ctx, matrix, path) =
    ccall(symbol(:grasp_matrix_save_npy), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Cstring), ctx, matrix, path)
grasp_gradients_open_npy(ctx, path, out) =
    ccall(symbol(:grasp_gradients_open_npy), Int32, (Ptr{Cvoid}, Cstring, Ptr{Ptr{Cvoid}}), ctx, path, out)
grasp_model_save(ctx, model, fn, user) =
    ccall(symbol(:grasp_model_save), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}), ctx, model, fn, user)
grasp_model_save_file(ctx, model, path) =
    ccall(symbol(:grasp_model_save_file), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Cstring), ctx, model, path)
grasp_model_load(ctx, fn, user, out) =
    ccall(symbol(:grasp_model_load), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Ptr{Cvoid}}), ctx, fn, user, out)
grasp_model_load_file(ctx, path, out) =
    ccall(symbol(:grasp_model_load_file), Int32, (Ptr{Cvoid}, Cstring, Ptr{Ptr{Cvoid}}), ctx, path, out)
grasp_groups_save(ctx, groups, fn, user) =
    ccall(symbol(:grasp_groups_save), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}), ctx, groups, fn, user)
grasp_groups_save_file(ctx, groups, path) =
    ccall(symbol(:grasp_groups_save_file), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Cstring), ctx, groups, path)
grasp_groups_load(ctx, fn, user, out) =
    ccall(symbol(:grasp_groups_load), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Ptr{Cvoid}}), ctx, fn, user, out)
grasp_groups_load_file(ctx, path, out) =
    ccall(symbol(:grasp_groups_load_file), Int32, (Ptr{Cvoid}, Cstring, Ptr{Ptr{Cvoid}}), ctx, path, out)
grasp_gradients_save(ctx, gradients, fn, user) =
    ccall(symbol(:grasp_gradients_save), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}), ctx, gradients, fn, user)
grasp_gradients_save_file(ctx, gradients, path) =
    ccall(symbol(:grasp_gradients_save_file), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Cstring), ctx, gradients, path)
grasp_gradients_load(ctx, fn, user, out) =
    ccall(symbol(:grasp_gradients_load), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Ptr{Cvoid}}), ctx, fn, user, out)
grasp_gradients_load_file(ctx, path, out) =
    ccall(symbol(:grasp_gradients_load_file), Int32, (Ptr{Cvoid}, Cstring, Ptr{Ptr{Cvoid}}), ctx, path, out)
grasp_inference_save(ctx, inference, fn, user) =
    ccall(symbol(:grasp_inference_save), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}), ctx, inference, fn, user)
grasp_inference_save_file(ctx, inference, path) =
    ccall(symbol(:grasp_inference_save_file), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Cstring), ctx, inference, path)
grasp_inference_load(ctx, fn, user, out) =
    ccall(symbol(:grasp_inference_load), Int32, (Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Ptr{Cvoid}}), ctx, fn, user, out)
grasp_inference_load_file(ctx, path, out) =
    ccall(symbol(:grasp_inference_load_file), Int32, (Ptr{Cvoid}, Cstring, Ptr{Ptr{Cvoid}}), ctx, path, out)
grasp_version_number() =
    ccall(symbol(:grasp_version_number), Int64, ())
grasp_version_string() =
    ccall(symbol(:grasp_version_string), Cstring, ())
grasp_build_info() =
    ccall(symbol(:grasp_build_info), Cstring, ())
grasp_algorithm_count() =
    ccall(symbol(:grasp_algorithm_count), Int64, ())
grasp_algorithm_name(i) =
    ccall(symbol(:grasp_algorithm_name), Cstring, (Int64,), i)
grasp_params_create(ctx, algorithm, out) =
    ccall(symbol(:grasp_params_create), Int32, (Ptr{Cvoid}, Cstring, Ptr{Ptr{Cvoid}}), ctx, algorithm, out)

end
