# SPDX-License-Identifier: BSD-3-Clause
"""
libgrasp from Julia: find the groups that a model fails on by clustering the gradients of its loss, and train for the
worst of them.

    using Grasp
    found = infer_groups(F, y; eps = [0.1, 0.2], min_samples = [5, 10])   # F: p x n, one column a sample
    found.labels                                                          # 1, 2, ...; 0 is an outlier

Conventions
- **Samples are columns.** A dense `p x n` array of `Float32` or `Float64` goes to the library as it lies in memory, with no
  copy; so does a view of columns, or of a range of rows. Anything else (an adjoint, integers, `Float16`) is copied first.
  Matrices that come back have samples as columns too.
- **Labels and rows are Julia's.** Groups are 1, 2, ... and outliers 0, so `sizes[label]` works; rows and grid settings
  count from 1. Classes may be any integers and come back as they were.
- **Parameters are keyword arguments**, by the names of grasp-params(7): `eps = 0.1`; those with a dot in their name, and text,
  go in `options`: `options = "gdro.rate=0.1"` or `options = Dict("gdro.rate" => 0.1)`.
- **Errors are exceptions**, a [`GraspError`](@ref) with the library's message; outcomes are no errors: see
  [`converged`](@ref) and [`cancelled`](@ref). What a callback throws comes out of the call as itself, an
  `InterruptException` (Ctrl-C) within 100 ms.
- A [`Context`](@ref) serves one call at a time. Each call makes its own unless one is given as `ctx`. All other handles but
  models, clusterers and sweeps may be used from many threads at once; all are freed by the garbage collector, from any thread.
- An array that was given must not change while what was made from it is in use.
"""
module Grasp

include("declarations.jl")
include("library.jl")
include("errors.jl")
include("context.jl")
include("params.jl")
include("matrix.jl")
include("report.jl")
include("groups.jl")
include("custom.jl")
include("model.jl")
include("gradients.jl")
include("cluster.jl")
include("metrics.jl")
include("train.jl")
include("infer.jl")
include("io.jl")

export Context, GraspError, cancel, cancelled, converged, memory_used
export Params, algorithms, report_names
export Groups, labels, n_groups, n_noise, group_sizes, coded
export Logistic, Softmax, MLP, CustomModel, Model, bind!, predict, predict_proba, logits, features, loss, parameters,
       set_parameters!, init!, check_grad
export Gradients, gradients, rows
export Distances, kth_distances, neighbours, dbscan, kmeans, Sweep, sweep
export adjusted_rand, adjusted_rand_within, normalized_mutual_information, silhouette, group_accuracy, worst_group
export train, train_erm, train_gdro, gdro_step!
export Inference, infer_groups, infer_points, infer_outputs, learn_groups, assign, labels_at, fit!
export save, load_model, load_groups, load_gradients, load_inference, load_npy, open_npy, save_npy, read_csv

"Version of the library that runs."
version() = VersionNumber(unsafe_string(C.grasp_version_string()))

"How the library was built: words name=value."
build_info() = unsafe_string(C.grasp_build_info())

end
