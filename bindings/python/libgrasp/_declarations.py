# SPDX-License-Identifier: BSD-3-Clause
# Written by tools/describe-api from the C headers: change those, not this.
"""What the C interface declares, for ctypes: constants, types of callbacks, tables of functions, signatures."""
import ctypes

i32, i64, u64 = ctypes.c_int32, ctypes.c_int64, ctypes.c_uint64
f64, u8, size = ctypes.c_double, ctypes.c_uint8, ctypes.c_size_t
ptr, text = ctypes.c_void_p, ctypes.c_char_p

VERSION = '0.1.0'

GRASP_VERSION_NUMBER = 1000
GRASP_OK = 0
GRASP_NOT_CONVERGED = 1
GRASP_CANCELLED = 2
GRASP_E_ARG = -1
GRASP_E_NOMEM = -2
GRASP_E_MEMLIMIT = -3
GRASP_E_OVERFLOW = -4
GRASP_E_DIM = -5
GRASP_E_DTYPE = -6
GRASP_E_PARAM = -7
GRASP_E_NUMERIC = -8
GRASP_E_EMPTY = -10
GRASP_E_CALLBACK = -12
GRASP_E_UNSUPPORTED = -13
GRASP_E_IO = -14
GRASP_E_FORMAT = -15
GRASP_E_STATE = -16
GRASP_E_INTERNAL = -17
GRASP_CB_STOP = 0
GRASP_CB_OK = 1
GRASP_F32 = 1
GRASP_F64 = 2
GRASP_LOG_ERROR = 1
GRASP_LOG_WARN = 2
GRASP_LOG_INFO = 3
GRASP_LOG_DEBUG = 4
GRASP_NOISE = -1
GRASP_PARAM_F64 = 1
GRASP_PARAM_I64 = 2
GRASP_PARAM_BOOL = 3
GRASP_PARAM_STR = 4
GRASP_PARAM_F64S = 5
GRASP_PARAM_I64S = 6
GRASP_REPORT_VALUE = 1
GRASP_REPORT_SERIES = 2
GRASP_REPORT_TEXT = 3
GRASP_NOISE_GROUP = 0
GRASP_NOISE_EXCLUDE = 1

GRASP_KEY_INIT = "init"
GRASP_KEY_FORM = "form"
GRASP_KEY_FIRST_LAYER = "first_layer"
GRASP_KEY_LAST_LAYER = "last_layer"
GRASP_KEY_DTYPE = "dtype"
GRASP_KEY_METRIC = "metric"
GRASP_KEY_CENTER = "center"
GRASP_KEY_STORAGE = "storage"
GRASP_KEY_EPS = "eps"
GRASP_KEY_MIN_SAMPLES = "min_samples"
GRASP_KEY_K = "k"
GRASP_KEY_RESTARTS = "restarts"
GRASP_KEY_MAX_ITERATIONS = "max_iterations"
GRASP_KEY_TOLERANCE = "tolerance"
GRASP_KEY_REGULARIZATION = "regularization"
GRASP_KEY_UNIT = "unit"
GRASP_KEY_NOISE = "noise"
GRASP_KEY_SCORE = "score"
GRASP_KEY_BUDGET = "budget"
GRASP_KEY_OPTIMIZER = "optimizer"
GRASP_KEY_RATE = "rate"
GRASP_KEY_MOMENTUM = "momentum"
GRASP_KEY_WEIGHT_DECAY = "weight_decay"
GRASP_KEY_L2 = "l2"
GRASP_KEY_EPOCHS = "epochs"
GRASP_KEY_ITERATIONS = "iterations"
GRASP_KEY_BATCH = "batch"
GRASP_KEY_SHUFFLE = "shuffle"
GRASP_KEY_REDUCTION = "reduction"
GRASP_KEY_PATIENCE = "patience"
GRASP_KEY_SELECT_EPOCH = "select_epoch"
GRASP_KEY_GRADIENT_NORM = "gradient_norm"
GRASP_KEY_STEP = "step"
GRASP_KEY_COPIES = "copies"
GRASP_KEY_VARIANT = "variant"
GRASP_KEY_ALPHA = "alpha"
GRASP_KEY_EPSILON = "epsilon"
GRASP_KEY_TILT = "tilt"
GRASP_KEY_GAMMA = "gamma"
GRASP_KEY_ANCHOR = "anchor"
GRASP_KEY_L1 = "l1"
GRASP_KEY_REPEATS = "repeats"
GRASP_KEY_STANDARDIZE = "standardize"
GRASP_KEY_GAP = "gap"
GRASP_KEY_CERTIFICATE = "certificate"
GRASP_KEY_ADJUSTMENT = "adjustment"
GRASP_KEY_BALANCED = "balanced"
GRASP_KEY_NORMALIZE = "normalize"
GRASP_KEY_SELECT = "select"
GRASP_KEY_ALGORITHM = "algorithm"
GRASP_KEY_MODE = "mode"
GRASP_KEY_EVIDENCE = "evidence"
GRASP_KEY_VAL = "val"
GRASP_KEY_POINTS = "points"
GRASP_KEY_STEPS = "steps"
GRASP_KEY_COMPONENTS = "components"
GRASP_KEY_OVERCLUSTER = "overcluster"
GRASP_KEY_BY_CLASS = "by_class"
GRASP_KEY_START = "start"
GRASP_KEY_FINAL = "final"
GRASP_KEY_ALLOWANCE = "allowance"
GRASP_KEY_DELIMITER = "delimiter"

grasp_destroy_fn = ctypes.CFUNCTYPE(None, ptr)
grasp_log_fn = ctypes.CFUNCTYPE(None, ptr, i32, text)
grasp_progress_fn = ctypes.CFUNCTYPE(i32, ptr, text, f64)
grasp_task_fn = ctypes.CFUNCTYPE(None, ptr, i64)
grasp_parallel_fn = ctypes.CFUNCTYPE(i32, ptr, grasp_task_fn, ptr, i64)
grasp_release_fn = ctypes.CFUNCTYPE(None, ptr, ptr)
grasp_write_fn = ctypes.CFUNCTYPE(i32, ptr, ptr, size)
grasp_read_fn = ctypes.CFUNCTYPE(i64, ptr, ptr, size)


class grasp_allocator(ctypes.Structure):
    _fields_ = [
        ("size", size),
        ("alloc", ctypes.CFUNCTYPE(ptr, ptr, size)),
        ("free", ctypes.CFUNCTYPE(None, ptr, ptr)),
        ("user", ptr),
    ]


class grasp_model_ops(ctypes.Structure):
    _fields_ = [
        ("size", size),
        ("n_rows", ctypes.CFUNCTYPE(i64, ptr)),
        ("n_classes", ctypes.CFUNCTYPE(i64, ptr)),
        ("n_params", ctypes.CFUNCTYPE(i64, ptr)),
        ("labels", ctypes.CFUNCTYPE(i32, ptr, i64, ptr, ptr)),
        ("get_params", ctypes.CFUNCTYPE(i32, ptr, ptr)),
        ("set_params", ctypes.CFUNCTYPE(i32, ptr, ptr)),
        ("loss", ctypes.CFUNCTYPE(i32, ptr, i64, ptr, ptr)),
        ("weighted_grad", ctypes.CFUNCTYPE(i32, ptr, i64, ptr, ptr, ptr)),
        ("predict", ctypes.CFUNCTYPE(i32, ptr, i64, ptr, ptr)),
        ("logits", ctypes.CFUNCTYPE(i32, ptr, i64, ptr, ptr)),
        ("n_features", ctypes.CFUNCTYPE(i64, ptr)),
        ("features", ctypes.CFUNCTYPE(i32, ptr, i64, ptr, ptr)),
        ("sample_grads", ctypes.CFUNCTYPE(i32, ptr, i64, ptr, ptr)),
        ("n_layers", ctypes.CFUNCTYPE(i64, ptr)),
        ("layer_shape", ctypes.CFUNCTYPE(i32, ptr, i64, ptr, ptr, ptr, ptr)),
        ("sample_factors", ctypes.CFUNCTYPE(i32, ptr, i64, i64, ptr, ptr, ptr)),
        ("init", ctypes.CFUNCTYPE(i32, ptr, u64)),
        ("clone", ctypes.CFUNCTYPE(i32, ptr, ptr)),
        ("destroy", ctypes.CFUNCTYPE(None, ptr)),
    ]


# name: result, arguments...
FUNCTIONS = {
    "grasp_status_name": (text, i32),
    "grasp_status_text": (text, i32),
    "grasp_context_create": (i32, ptr, ptr),
    "grasp_context_free": (None, ptr),
    "grasp_context_error": (text, ptr),
    "grasp_context_set_log": (i32, ptr, i32, grasp_log_fn, ptr, grasp_destroy_fn),
    "grasp_context_set_progress": (i32, ptr, f64, grasp_progress_fn, ptr, grasp_destroy_fn),
    "grasp_context_cancel": (None, ptr),
    "grasp_context_clear_cancel": (None, ptr),
    "grasp_context_set_threads": (i32, ptr, i32),
    "grasp_context_threads": (i32, ptr),
    "grasp_context_set_parallel": (i32, ptr, grasp_parallel_fn, ptr, grasp_destroy_fn),
    "grasp_context_set_memory_limit": (i32, ptr, u64),
    "grasp_context_memory_used": (u64, ptr),
    "grasp_context_memory_peak": (u64, ptr),
    "grasp_context_set_seed": (i32, ptr, u64),
    "grasp_context_seed": (u64, ptr),
    "grasp_params_free": (None, ptr),
    "grasp_params_set_f64": (i32, ptr, ptr, text, f64),
    "grasp_params_set_i64": (i32, ptr, ptr, text, i64),
    "grasp_params_set_str": (i32, ptr, ptr, text, text),
    "grasp_params_set_f64s": (i32, ptr, ptr, text, ptr, i64),
    "grasp_params_set_i64s": (i32, ptr, ptr, text, ptr, i64),
    "grasp_params_parse": (i32, ptr, ptr, text),
    "grasp_params_get_f64": (i32, ptr, ptr, text, ptr),
    "grasp_params_get_i64": (i32, ptr, ptr, text, ptr),
    "grasp_params_get_str": (i32, ptr, ptr, text, ptr),
    "grasp_params_get_f64s": (i32, ptr, ptr, text, ptr, i64, ptr),
    "grasp_params_get_i64s": (i32, ptr, ptr, text, ptr, i64, ptr),
    "grasp_params_part": (i32, ptr, ptr, text, ptr),
    "grasp_params_algorithm": (text, ptr),
    "grasp_params_count": (i64, ptr),
    "grasp_params_name": (text, ptr, i64),
    "grasp_params_type": (i32, ptr, i64),
    "grasp_params_help": (text, ptr, i64),
    "grasp_params_default": (text, ptr, i64),
    "grasp_params_range": (text, ptr, i64),
    "grasp_report_ref": (ptr, ptr),
    "grasp_report_free": (None, ptr),
    "grasp_report_count": (i64, ptr),
    "grasp_report_name": (text, ptr, i64),
    "grasp_report_kind": (i32, ptr, i64),
    "grasp_report_length": (i64, ptr, text),
    "grasp_report_value": (i32, ptr, ptr, text, ptr),
    "grasp_report_series": (i32, ptr, ptr, text, ptr, i64),
    "grasp_report_text": (i32, ptr, ptr, text, ptr),
    "grasp_matrix_create": (i32, ptr, i32, i64, i64, ptr),
    "grasp_matrix_wrap": (i32, ptr, i32, i64, i64, i64, ptr, grasp_release_fn, ptr, ptr),
    "grasp_matrix_ref": (ptr, ptr),
    "grasp_matrix_free": (None, ptr),
    "grasp_matrix_rows": (i64, ptr),
    "grasp_matrix_cols": (i64, ptr),
    "grasp_matrix_row_stride": (i64, ptr),
    "grasp_matrix_dtype": (i32, ptr),
    "grasp_matrix_data": (ptr, ptr),
    "grasp_context_set_kernel": (i32, ptr, text),
    "grasp_context_kernel": (text, ptr),
    "grasp_blas_threads": (i32,),
    "grasp_blas_set_threads": (i32, i32),
    "grasp_groups_create": (i32, ptr, ptr, i64, ptr),
    "grasp_groups_create_coded": (i32, ptr, ptr, i64, ptr),
    "grasp_groups_ref": (ptr, ptr),
    "grasp_groups_free": (None, ptr),
    "grasp_groups_samples": (i64, ptr),
    "grasp_groups_count": (i64, ptr),
    "grasp_groups_noise": (i64, ptr),
    "grasp_groups_size": (i64, ptr, i64),
    "grasp_groups_labels": (i32, ptr, ptr, ptr, i64),
    "grasp_groups_label": (i64, ptr, i64),
    "grasp_groups_cross": (i32, ptr, ptr, ptr, ptr),
    "grasp_groups_merge_classes": (i32, ptr, ptr, i64, ptr, i64, ptr),
    "grasp_groups_select": (i32, ptr, ptr, ptr, i64, ptr),
    "grasp_groups_kept": (i32, ptr, ptr, ptr, i64, ptr),
    "grasp_model_create_logistic": (i32, ptr, i64, ptr),
    "grasp_model_create_softmax": (i32, ptr, i64, i64, ptr),
    "grasp_model_create_mlp": (i32, ptr, ptr, i64, ptr, ptr),
    "grasp_model_create_custom": (i32, ptr, ptr, ptr, ptr),
    "grasp_model_copy": (i32, ptr, ptr, ptr),
    "grasp_model_free": (None, ptr),
    "grasp_model_kind": (text, ptr),
    "grasp_model_n_params": (i64, ptr),
    "grasp_model_n_classes": (i64, ptr),
    "grasp_model_n_rows": (i64, ptr),
    "grasp_model_n_features": (i64, ptr),
    "grasp_model_n_layers": (i64, ptr),
    "grasp_model_layer_shape": (i32, ptr, ptr, i64, ptr, ptr, ptr, ptr),
    "grasp_model_get_params": (i32, ptr, ptr, ptr, i64),
    "grasp_model_set_params": (i32, ptr, ptr, ptr, i64),
    "grasp_model_init": (i32, ptr, ptr, u64),
    "grasp_model_to_torch_order": (i32, ptr, ptr, ptr, ptr, i64),
    "grasp_model_from_torch_order": (i32, ptr, ptr, ptr, ptr, i64),
    "grasp_model_bind": (i32, ptr, ptr, ptr, ptr, i64),
    "grasp_model_set_sample_weights": (i32, ptr, ptr, ptr, i64),
    "grasp_model_predict": (i32, ptr, ptr, ptr, ptr, i64),
    "grasp_model_predict_proba": (i32, ptr, ptr, ptr, ptr),
    "grasp_model_logits": (i32, ptr, ptr, ptr, ptr),
    "grasp_model_features": (i32, ptr, ptr, ptr, ptr),
    "grasp_model_predict_rows": (i32, ptr, ptr, ptr, i64, ptr),
    "grasp_model_loss_rows": (i32, ptr, ptr, ptr, i64, ptr),
    "grasp_model_check_grad": (i32, ptr, ptr, ptr, i64, f64, ptr),
    "grasp_gradients_compute": (i32, ptr, ptr, ptr, i64, ptr, ptr),
    "grasp_gradients_compute_bytes": (i32, ptr, ptr, i64, ptr, ptr),
    "grasp_gradients_create_dense": (i32, ptr, i32, i64, i64, ptr),
    "grasp_gradients_create_factored": (i32, ptr, i32, i64, ptr, ptr, ptr, ptr, i64, ptr),
    "grasp_gradients_append": (i32, ptr, ptr, ptr),
    "grasp_gradients_append_lent": (i32, ptr, ptr, ptr),
    "grasp_gradients_append_factors": (i32, ptr, ptr, ptr, ptr, i64),
    "grasp_gradients_append_factors_lent": (i32, ptr, ptr, ptr, ptr, i64),
    "grasp_gradients_seal": (i32, ptr, ptr),
    "grasp_gradients_select": (i32, ptr, ptr, ptr, i64, ptr),
    "grasp_gradients_ref": (ptr, ptr),
    "grasp_gradients_free": (None, ptr),
    "grasp_gradients_count": (i64, ptr),
    "grasp_gradients_dim": (i64, ptr),
    "grasp_gradients_dtype": (i32, ptr),
    "grasp_gradients_is_factored": (i32, ptr),
    "grasp_gradients_n_layers": (i64, ptr),
    "grasp_gradients_bytes": (u64, ptr),
    "grasp_gradients_rows": (i32, ptr, ptr, i64, i64, ptr),
    "grasp_gradients_mean": (i32, ptr, ptr, ptr, i64),
    "grasp_gradients_gram": (i32, ptr, ptr, i64, i64, i64, i64, ptr),
    "grasp_distances_bytes": (i32, ptr, i64, i64, ptr, ptr),
    "grasp_distances_create": (i32, ptr, ptr, ptr, ptr),
    "grasp_distances_create_from_points": (i32, ptr, ptr, ptr, ptr),
    "grasp_distances_create_from_matrix": (i32, ptr, ptr, ptr),
    "grasp_distances_ref": (ptr, ptr),
    "grasp_distances_free": (None, ptr),
    "grasp_distances_count": (i64, ptr),
    "grasp_distances_metric": (text, ptr),
    "grasp_distances_is_stored": (i32, ptr),
    "grasp_distances_block": (i32, ptr, ptr, i64, i64, i64, i64, ptr),
    "grasp_distances_kth": (i32, ptr, ptr, i64, ptr, i64),
    "grasp_distances_within": (i32, ptr, ptr, f64, ptr, i64),
    "grasp_clusterer_create": (i32, ptr, text, ptr, ptr),
    "grasp_clusterer_free": (None, ptr),
    "grasp_clusterer_set_multiplicities": (i32, ptr, ptr, ptr, i64),
    "grasp_clusterer_fit_distances": (i32, ptr, ptr, ptr),
    "grasp_clusterer_bytes": (i32, ptr, ptr, ptr, ptr),
    "grasp_clusterer_fit_points": (i32, ptr, ptr, ptr),
    "grasp_clusterer_groups": (i32, ptr, ptr, ptr),
    "grasp_clusterer_core_flags": (i32, ptr, ptr, ptr, i64),
    "grasp_clusterer_centers": (i32, ptr, ptr, ptr),
    "grasp_clusterer_responsibilities": (i32, ptr, ptr, ptr),
    "grasp_clusterer_objective": (f64, ptr),
    "grasp_clusterer_report": (i32, ptr, ptr, ptr),
    "grasp_metric_ari": (i32, ptr, ptr, ptr, i32, ptr),
    "grasp_metric_ari_within": (i32, ptr, ptr, i64, ptr, ptr, i32, ptr),
    "grasp_metric_nmi": (i32, ptr, ptr, ptr, i32, ptr),
    "grasp_metric_outliers": (i32, ptr, ptr, ptr, i64, ptr, ptr),
    "grasp_metric_group_accuracy": (i32, ptr, ptr, ptr, ptr, i64, ptr, i64),
    "grasp_metric_worst_group": (i32, ptr, ptr, ptr, ptr, i64, ptr, ptr),
    "grasp_metric_average_accuracy": (i32, ptr, ptr, ptr, ptr, i64, ptr, i64, ptr),
    "grasp_metric_silhouette": (i32, ptr, ptr, ptr, ptr, ptr, ptr),
    "grasp_sweep_create": (i32, ptr, text, ptr, ptr),
    "grasp_sweep_free": (None, ptr),
    "grasp_sweep_bytes": (i32, ptr, ptr, ptr, ptr),
    "grasp_sweep_run": (i32, ptr, ptr, ptr, ptr),
    "grasp_sweep_count": (i64, ptr),
    "grasp_sweep_score": (f64, ptr, i64),
    "grasp_sweep_best": (i64, ptr),
    "grasp_sweep_runner_up": (i64, ptr),
    "grasp_sweep_setting": (i32, ptr, ptr, i64, ptr, ptr),
    "grasp_sweep_sizes": (i32, ptr, ptr, i64, ptr, ptr),
    "grasp_sweep_groups": (i32, ptr, ptr, i64, ptr),
    "grasp_train": (i32, ptr, text, ptr, ptr, ptr, i64, ptr, i64, ptr, ptr),
    "grasp_train_erm": (i32, ptr, ptr, ptr, i64, ptr, i64, ptr, ptr),
    "grasp_train_gdro": (i32, ptr, ptr, ptr, ptr, i64, ptr, i64, ptr, ptr),
    "grasp_gdro_step": (i32, ptr, i64, ptr, f64, ptr),
    "grasp_infer": (i32, ptr, ptr, ptr, i64, ptr, ptr, ptr, ptr),
    "grasp_infer_bytes": (i32, ptr, ptr, ptr, i64, ptr, ptr),
    "grasp_infer_points": (i32, ptr, ptr, ptr, i64, ptr, ptr, ptr, ptr),
    "grasp_inference_ref": (ptr, ptr),
    "grasp_inference_free": (None, ptr),
    "grasp_inference_groups": (i32, ptr, ptr, ptr),
    "grasp_inference_n_classes": (i64, ptr),
    "grasp_inference_class": (i32, ptr, ptr, i64, ptr, ptr, ptr, ptr, ptr, ptr, ptr),
    "grasp_inference_n_settings": (i64, ptr),
    "grasp_inference_setting": (i32, ptr, ptr, i64, i64, ptr, ptr, ptr),
    "grasp_assign": (i32, ptr, ptr, ptr, ptr, i64, ptr),
    "grasp_learn_groups": (i32, ptr, text, ptr, ptr, i64, ptr, i64, ptr, ptr, ptr, ptr),
    "grasp_learn_groups_points": (i32, ptr, text, ptr, ptr, ptr, i64, i64, ptr, ptr, ptr, ptr),
    "grasp_infer_outputs": (i32, ptr, text, ptr, ptr, i64, ptr, ptr, ptr, ptr),
    "grasp_fit": (i32, ptr, ptr, ptr, ptr, i64, ptr, i64, ptr, ptr, ptr),
    "grasp_table_load_csv": (i32, ptr, text, ptr, ptr),
    "grasp_table_free": (None, ptr),
    "grasp_table_rows": (i64, ptr),
    "grasp_table_cols": (i64, ptr),
    "grasp_table_name": (text, ptr, i64),
    "grasp_table_find": (i32, ptr, ptr, text, ptr),
    "grasp_table_is_text": (i32, ptr, i64),
    "grasp_table_codes": (i64, ptr, i64),
    "grasp_table_code_text": (text, ptr, i64, i64),
    "grasp_table_column_f64": (i32, ptr, ptr, i64, ptr, i64),
    "grasp_table_column_i64": (i32, ptr, ptr, i64, ptr, i64),
    "grasp_matrix_load_npy": (i32, ptr, text, ptr),
    "grasp_matrix_map_npy": (i32, ptr, text, ptr),
    "grasp_matrix_save_npy": (i32, ptr, ptr, text),
    "grasp_gradients_open_npy": (i32, ptr, text, ptr),
    "grasp_model_save": (i32, ptr, ptr, grasp_write_fn, ptr),
    "grasp_model_save_file": (i32, ptr, ptr, text),
    "grasp_model_load": (i32, ptr, grasp_read_fn, ptr, ptr),
    "grasp_model_load_file": (i32, ptr, text, ptr),
    "grasp_groups_save": (i32, ptr, ptr, grasp_write_fn, ptr),
    "grasp_groups_save_file": (i32, ptr, ptr, text),
    "grasp_groups_load": (i32, ptr, grasp_read_fn, ptr, ptr),
    "grasp_groups_load_file": (i32, ptr, text, ptr),
    "grasp_gradients_save": (i32, ptr, ptr, grasp_write_fn, ptr),
    "grasp_gradients_save_file": (i32, ptr, ptr, text),
    "grasp_gradients_load": (i32, ptr, grasp_read_fn, ptr, ptr),
    "grasp_gradients_load_file": (i32, ptr, text, ptr),
    "grasp_inference_save": (i32, ptr, ptr, grasp_write_fn, ptr),
    "grasp_inference_save_file": (i32, ptr, ptr, text),
    "grasp_inference_load": (i32, ptr, grasp_read_fn, ptr, ptr),
    "grasp_inference_load_file": (i32, ptr, text, ptr),
    "grasp_version_number": (i64,),
    "grasp_version_string": (text,),
    "grasp_build_info": (text,),
    "grasp_algorithm_count": (i64,),
    "grasp_algorithm_name": (text, i64),
    "grasp_params_create": (i32, ptr, text, ptr),
}
