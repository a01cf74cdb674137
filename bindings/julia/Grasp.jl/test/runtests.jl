# SPDX-License-Identifier: BSD-3-Clause
# Tests of the package: against definitions written out in Julia, against the C interface's promises, and of what a user of
# Julia expects: no copies, Julia's numbering, exceptions as themselves, Ctrl-C.
using Grasp, Test

# Three directions, 30 samples each, and two strays; samples are columns.
function toy()
    directions = [1.0 0 0; 0 1 0; 0 0 1; 0 0 0]
    f = hcat([directions[:, k] .+ 0.01 .* [sin(7i), cos(5i), sin(3i), cos(2i)] for k in 1:3 for i in 1:30]...)
    return hcat(f, -ones(4), [0.0, 0, 0, -1])
end
const F = toy()
const TRUTH = [repeat(1:3, inner = 30); 0; 0]
cosine(a, b) = 1 - sum(a .* b) / sqrt(sum(abs2, a) * sum(abs2, b))

# DBSCAN by its definition.
function dbscan_by_definition(d, eps, min_samples)
    n = size(d, 1)
    near = [findall(<=(eps), d[:, i]) for i in 1:n]
    core, label, clusters = length.(near) .>= min_samples, zeros(Int, n), 0
    for i in 1:n
        (core[i] && label[i] == 0) || continue
        clusters += 1
        front = [i]
        while !isempty(front)
            j = pop!(front)
            label[j] == 0 || continue
            label[j] = clusters
            append!(front, filter(k -> core[k] && label[k] == 0, near[j]))
        end
    end
    for i in findall(.!core)
        cores = filter(k -> core[k], near[i])
        label[i] = isempty(cores) ? 0 : minimum(label[cores])
    end
    return label
end

@testset "Grasp" begin
    @testset "arrays" begin
        ctx = Context()
        lent = Grasp.lend(ctx, F)
        @test lent.keep === F && Grasp.C.grasp_matrix_data(lent) == pointer(F) # no copy
        @test Grasp.C.grasp_matrix_rows(lent) == size(F, 2) && Grasp.C.grasp_matrix_cols(lent) == size(F, 1)
        part = view(F, 2:3, 5:20) # a range of rows of some columns: no copy either
        lent = Grasp.lend(ctx, part)
        @test Grasp.C.grasp_matrix_data(lent) == pointer(part) && Grasp.C.grasp_matrix_row_stride(lent) == 4
        @test Grasp.values_of(lent) == F[2:3, 5:20]
        @test Grasp.values_of(Grasp.lend(ctx, F')) == F'
        @test Grasp.values_of(Grasp.lend(ctx, [1 2; 3 4])) == [1 2; 3 4]
        @test Grasp.values_of(Grasp.lend(ctx, Float32[1 2; 3 4])) isa Matrix{Float32}
        @test Grasp.values_of(Grasp.lend(ctx, 1:3)) == [1 2 3]
        @test Grasp.values_of(Grasp.lend(ctx, view(F, :, 9:-1:3))) == F[:, 9:-1:3]
        @test rows(Gradients(F)) == F && rows(Gradients(F), 3:4) == F[:, 3:4]
        g = Grasp.dense_gradients(4)
        append!(g, F[:, 1:50])
        append!(g, F[:, 51:end])
        Grasp.seal!(g)
        @test rows(g) == F && size(g) == size(F) && rows(view(g, [9, 2])) == F[:, [9, 2]]
        h = Grasp.factored_gradients([(2, 1)])
        Grasp.append_factors!(h, [[1.0 3; 2 4]], [[1.0 -1]])
        @test rows(Grasp.seal!(h)) == [1 -3; 2 -4; 1 -1]
    end

    @testset "clusters" begin
        d = [cosine(F[:, i], F[:, j]) for i in axes(F, 2), j in axes(F, 2)]
        for (eps, m) in ((0.05, 5), (1e-4, 3), (0.0002, 8))
            @test labels(dbscan(F, eps, m)) == dbscan_by_definition(d, eps, m)
        end
        found = dbscan(F, 0.05, 5; n_threads = 2)
        @test found == TRUTH && n_groups(found) == 3 && n_noise(found) == 2 && group_sizes(found) == [30, 30, 30]
        @test dbscan(Float32.(F), 0.05, 5) == TRUTH && dbscan(F, 0.5, 5; metric = "euclidean") == TRUTH
        @test dbscan(max.(d, 0) - [i == j ? max(d[i, i], 0) : 0 for i in 1:92, j in 1:92] |> x -> (x + x') / 2 |>
                     x -> Distances(x, :precomputed), 0.05, 5) == TRUTH
        dist = Distances(F; center = false)
        @test dist[1:3, 5:6] ≈ d[1:3, 5:6] atol = 1e-12
        @test neighbours(dist, 0.05)[1] == 30 && kth_distances(dist, 1) == zeros(92)
        @test adjusted_rand(kmeans(F[:, 1:90], 3), TRUTH[1:90]) == 1
        s = sweep(dist; eps = [0.05, 0.1], min_samples = [5])
        @test s.best == 1 && labels_at(s, 1) == TRUTH && s.eps == [0.05, 0.1] && s.scores[1] > 0.9
        g = Groups([1, 1, 2, 0])
        @test collect(g) == [1, 1, 2, 0] == labels(g) && labels(Grasp.cross(g, coded([5, 6, 5, 5]))) == [1, 2, 3, 0]
    end

    @testset "metrics" begin
        @test adjusted_rand([1, 1, 2, 2], [2, 2, 1, 1]) == 1
        @test adjusted_rand([1, 1, 2, 2], [1, 2, 1, 2]) ≈ -0.5
        @test adjusted_rand_within([0, 0, 1, 1], [1, 2, 1, 2], [2, 1, 2, 1]) == 1
        @test normalized_mutual_information([1, 1, 2, 2], [2, 2, 1, 1]) ≈ 1
        @test_throws ArgumentError adjusted_rand([1], [1]; noise = "group")
        # The silhouette by its definition, of the first 60 samples.
        x, l = F[:, 1:60], TRUTH[1:60]
        s = map(1:60) do i
            a = sum(cosine(x[:, i], x[:, j]) for j in 1:60 if j != i && l[j] == l[i]) / 29
            b = sum(cosine(x[:, i], x[:, j]) for j in 1:60 if l[j] != l[i]) / 30
            (b - a) / max(a, b)
        end
        @test silhouette(x, l) ≈ sum(s) / 60 && silhouette(x, l; per_sample = true) ≈ s
        @test silhouette(F, TRUTH; noise = "exclude") > silhouette(F, TRUTH)
        @test group_accuracy([1, 1, 2, 0], [7, 8, 7, 7], [7, 7, 7, 8]) == [0.5, 1]
        @test worst_group([1, 1, 2, 0], [7, 8, 7, 7], [7, 7, 7, 8]) == (accuracy = 0.5, group = 1)
    end

    @testset "parameters and errors" begin
        p = Params("infer"; eps = [0.1, 0.2], min_samples = 5, metric = "euclidean")
        @test p["eps"] == [0.1, 0.2] && p["min_samples"] == [5] && p["metric"] == "euclidean" && "infer" in algorithms()
        p["center"] = false
        @test p["center"] === false && "score" in keys(p) && occursin("eps", sprint(show, p))
        e = try Params("infer"; epz = 1) catch e e end
        @test e isa GraspError && e.name == "GRASP_E_PARAM" && occursin("eps", e.message) && occursin("eps", sprint(showerror, e))
        @test Params("fit"; options = "gdro.rate=0.5")["gdro.rate"] == [0.5] == Params("fit"; options = Dict("gdro.rate" => 0.5))["gdro.rate"]
        e = try Gradients([1.0 2; NaN 3]) catch e e end
        @test e isa GraspError && e.name == "GRASP_E_NUMERIC"
        @test_throws GraspError load_groups("no such file")
    end

    @testset "callbacks" begin
        y = [1; 2; repeat([1, 2], 45)]
        seen = Float64[]
        infer_groups(F, y; ctx = Context(progress = (what, done) -> (push!(seen, done); true), progress_interval = 0))
        @test !isempty(seen) && issorted(seen)
        ctx = Context(progress = (what, done) -> false, progress_interval = 0)
        @test infer_groups(F, y; ctx = ctx) isa Inference && cancelled(ctx)
        ctx = Context(progress = (what, done) -> throw(KeyError("mine")), progress_interval = 0)
        @test_throws KeyError("mine") infer_groups(F, y; ctx = ctx)
        ctx = Context(progress = (what, done) -> "neither true nor false", progress_interval = 0)
        @test_throws TypeError infer_groups(F, y; ctx = ctx)
        lines = String[]
        ctx = Context(log = (level, line) -> push!(lines, line))
        @test_throws GraspError infer_groups(F, [1]; ctx = ctx)
        @test any(line -> occursin("grasp_infer", line), lines)
        ctx = Context()
        cancel(ctx)
        infer_groups(F, y; ctx = ctx)
        @test cancelled(ctx) && !converged(ctx)
    end

    @testset "models" begin
        n = 200
        x = [sin(1.7i) + (k == 1 ? (i % 2 == 0 ? 1.5 : -1.5) : 0) * (i % 10 == 0 ? -1 : 1) for k in 1:2, i in 1:n]
        y = [i % 2 == 0 ? 5 : -3 for i in 1:n] # any integers
        truth = [i % 10 == 0 ? 2 : 1 for i in 1:n]
        m = bind!(Logistic(2), x, y)
        report = train_erm(m)
        @test report["converged"] == 1 && report["optimizer"] == "newton" && report["loss"] isa Vector
        @test predict(m) == predict(m, x) && Set(predict(m)) ⊆ Set([5, -3])
        @test sum(predict(m) .== y) / n > 0.7 && size(predict_proba(m, x[:, 1:3])) == (2, 3)
        @test all(sum(predict_proba(m); dims = 1) .≈ 1) && features(m) ≈ x
        theta = parameters(m)
        z = theta[1:2]' * x .+ theta[3]
        @test logits(m)[2, :] ≈ vec(z) && loss(m, [3, 4]) ≈ [log1p(exp(-(y[i] == 5 ? 1 : -1) * z[i])) for i in 3:4]
        g = gradients(m, [1, 7])
        @test rows(g) ≈ [((1 / (1 + exp(-z[i]))) - (y[i] == 5)) * v for v in 1:3, i in (1, 7)] .* [x[1, [1, 7]]'; x[2, [1, 7]]'; 1 1] ./ (1:3)
        robust = copy(m)
        report = train_gdro(robust, truth; rate = 0.1, epochs = 20)
        @test report["rate"] == 0.1 && worst_group(truth, y, predict(robust)).accuracy >= worst_group(truth, y, predict(m)).accuracy
        @test train("cvar", robust; train = 1:100, val = 101:200, epochs = 2, rate = 0.1) isa Dict
        @test_throws GraspError train("gdro", robust)
        @test_throws ArgumentError bind!(m, x, 1:n)
        set_parameters!(m, zeros(3))
        @test parameters(init!(m, 3)) != zeros(3)
        q = gdro_step!(fill(-log(2), 2), [1, 0], 0.5)
        @test sum(exp, q) ≈ 1 && q[1] - q[2] ≈ 0.5
        learned = learn_groups("jtt", m; by_class = false)
        @test length(learned.groups) == n && learned.report isa Dict
        @test n_groups(infer_outputs("jtt", logits(m), [v == 5 ? 2 : 1 for v in y]; by_class = false).groups) == 2
        @test length(MLP([2, 5, 3]) |> parameters) == 33 && length(parameters(Softmax(2, 3))) == 9
        found = fit!(bind!(Logistic(2), x, y); train = 1:150, val = 151:200, options = "infer.min_samples=5;gdro.epochs=2;gdro.rate=0.1")
        @test length(found.labels) == n && haskey(found.report, "gdro.rate")
    end

    @testset "inference and files" begin
        y = [isodd(i) ? 10 : 20 for i in axes(F, 2)]
        found = infer_groups(F, y; eps = [0.05, 0.1], min_samples = [5], center = false)
        @test found.classes == [10, 20] && found.eps == [0.05, 0.05] && found.min_samples == [5, 5] && all(>(0.9), found.score)
        @test found.groups == found.labels && maximum(found.labels) == 6 && found.labels[91:92] == [0, 0]
        @test adjusted_rand(found.groups, [t == 0 ? 0 : 2t - isodd(i) for (i, t) in enumerate(TRUTH)]) == 1
        @test assign(found, F, y) == found.labels && assign(found, F[:, [1]] .* 2, [10]) == found.labels[[1]]
        @test n_groups(labels_at(found, 10, 0.05, 5; center = false)) == 3
        @test infer_points(F, y; eps = 0.05, min_samples = 5, center = false).labels == found.labels
        mktempdir() do folder
            path = joinpath(folder, "x")
            save(found, path)
            @test assign(load_inference(path), F, y) == found.labels
            save(found.groups, path)
            @test load_groups(path) == found.labels
            save(Gradients(F), path)
            @test rows(load_gradients(path)) == F
            m = MLP([2, 3, 2])
            save(m, path)
            @test parameters(load_model(path)) == parameters(m)
            save_npy(path, F)
            @test load_npy(path) == F && rows(open_npy(path)) == F
            write(path, "age;sex\n3;f\n4;m\n")
            @test read_csv(path; delimiter = "semicolon") == Dict("age" => [3, 4], "sex" => ["f", "m"])
        end
    end

    @testset "own models" begin
        # Least squares on made-up rows; a function of one dictionary, so that clone() can make another.
        input(row) = [row % 5 - 2, 1.0]
        function hooks(theta; fails = false)
            residual(row) = sum(theta .* input(row)) - row % 2
            return (n_rows = 20, n_classes = 2, n_params = 2,
                    labels = (rows, out) -> out .= rows .% 2 .+ 1,
                    get_params = out -> out .= theta,
                    set_params = new -> theta .= new,
                    loss = (rows, out) -> fails ? throw(KeyError("mine")) : out .= residual.(rows) .^ 2 ./ 2,
                    weighted_grad = (rows, weight, out) -> out .= sum(weight .* residual.(rows) .* input.(rows)),
                    predict = (rows, out) -> out .= [sum(theta .* input(r)) > 0.5 ? 2 : 1 for r in rows],
                    sample_grads = (rows, out) -> out .= reduce(hcat, residual.(rows) .* input.(rows)),
                    layers = [(1, 1)],
                    sample_factors = (layer, rows, act, delta) -> (act .= [r % 5 - 2 for r in rows]'; delta .= residual.(rows)'),
                    init = seed -> theta .= 1.0,
                    clone = () -> Grasp.custom_box(; hooks(copy(theta))...))
        end
        theta = zeros(2)
        m = CustomModel(; hooks(theta)...)
        @test check_grad(m) < 1e-6
        train_erm(m; optimizer = "lbfgs", l2 = 0)
        a = reduce(hcat, input.(1:20))'
        @test theta ≈ (a'a) \ (a' * (collect(1:20) .% 2)) rtol = 1e-6
        @test rows(gradients(m)) ≈ rows(gradients(m; form = "dense")) && predict(m)[1] in (1, 2)
        other = copy(m)
        set_parameters!(other, [9, 9])
        @test parameters(m) != [9, 9] && parameters(other) == [9, 9]
        other = nothing
        GC.gc()
        @test parameters(copy(m)) == parameters(m)
        @test_throws GraspError logits(m)
        @test_throws KeyError("mine") loss(CustomModel(; hooks(zeros(2); fails = true)...))
        @test_throws ArgumentError CustomModel(; hooks(theta)..., weighted = identity)
    end

    @testset "garbage" begin
        # Handles go in any order and from any thread; arrays stay as long as something reads them.
        for round in 1:20
            kept = [Distances(Gradients(rand(4, 30))) for i in 1:20]
            GC.gc(round % 2 == 0)
            @test all(d -> neighbours(d, 2)[1] == 30, kept)
        end
        Threads.@threads for i in 1:8
            dbscan(rand(4, 50), 0.1, 3)
        end
        GC.gc()
    end

    @testset "Ctrl-C" begin
        # A process of its own, which gets the signal in the middle of a long call; how late that one ended, in seconds.
        script = """
            using Grasp
            Base.exit_on_sigint(false)
            x, note = rand(600, 20000), tempname()
            neighbours(Distances(x[:, 1:50]), 0.5)
            run(`sh -c "sleep 1; date +%s.%N >\$note; kill -INT \$(getpid())"`; wait = false)
            try
                stop = time() + 20 # a quick machine is in its next call by then
                while time() < stop
                    neighbours(Distances(x), 0.5)
                end
                println("it was not interrupted")
            catch exception
                late = time() - parse(Float64, read(note, String))
                println(exception isa InterruptException && late < 1 ? "interrupted" : (exception, late))
            end
            ctx = Context()
            println(length(dbscan(rand(4, 30), 0.1, 5; ctx = ctx)))
        """
        if Sys.islinux() # the shell's date tells fractions of a second there
            command = `$(Base.julia_cmd()) --project=$(Base.active_project()) -e $script`
            @test split(read(command, String)) == ["interrupted", "30"]
        end
    end
end
