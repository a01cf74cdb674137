/* SPDX-License-Identifier: BSD-3-Clause
 * grasp.hpp used as a program uses it: every handle and family of functions once, errors by exception and by
 * std::error_code, exceptions of callbacks, moves, spans. tools/check-cpp compiles it in every standard.
 */
#include "check_hpp.h"

#include <array>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <sstream>
#include <thread>
#if __cplusplus >= 202002L
#  include <span>
#endif

static int failures;

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            std::printf("%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                                        \
            ++failures;                                                                                                \
        }                                                                                                              \
    } while (false)
/* The statement throws the class, and what() holds the words. */
#define THROWS(statement, exception, words)                                                                            \
    do {                                                                                                               \
        bool as_expected = false;                                                                                      \
        try {                                                                                                          \
            statement;                                                                                                 \
        } catch (const exception &e_) {                                                                                \
            as_expected = std::string(e_.what()).find(words) != std::string::npos;                                     \
            if (!as_expected)                                                                                          \
                std::printf("%s:%d: says \"%s\"\n", __FILE__, __LINE__, e_.what());                                    \
        }                                                                                                              \
        if (!as_expected) {                                                                                            \
            std::printf("%s:%d: does not throw %s with \"%s\": %s\n", __FILE__, __LINE__, #exception, words,           \
                        #statement);                                                                                   \
            ++failures;                                                                                                \
        }                                                                                                              \
    } while (false)

typedef std::vector<std::int64_t> labels;

/* What no part of the library would throw. */
struct mine : std::runtime_error {
    mine() : std::runtime_error("mine")
    {
    }
};

/* Two classes, each with two directions of gradients and one stray. */
enum { N = 42, P = 2 };
struct toy {
    std::vector<double> f;
    labels              y;

    toy() : f(N * P), y(N)
    {
        for (std::size_t i = 0; i < N; ++i) {
            y[i] = i % 2;
            f[i * P] = i >= 40 ? -2 : i / 2 % 2 ? 1 : 0;
            f[i * P + 1] = i < 40 ? 1 - f[i * P] : -1.5;
        }
    }
};

/* Least squares with two weights on made-up rows: the hooks of a model as a class, some optional ones, none virtual. */
class least_squares
{
    std::vector<double> theta_;
    bool                fails_;

    static double input(std::int64_t row, std::size_t j)
    {
        return j == 0 ? static_cast<double>(row % 5) - 2 : 1;
    }
    static double residual(const std::vector<double> &theta, std::int64_t row)
    {
        return theta[0] * input(row, 0) + theta[1] - static_cast<double>(row % 2);
    }

  public:
    static int alive;

    explicit least_squares(bool fails = false) : theta_(2), fails_(fails)
    {
        ++alive;
    }
    least_squares(const least_squares &other) : theta_(other.theta_), fails_(other.fails_)
    {
        ++alive;
    }
    ~least_squares()
    {
        --alive;
    }
    std::int64_t n_rows() const
    {
        return 20;
    }
    std::int64_t n_classes() const
    {
        return 2;
    }
    std::int64_t n_params() const
    {
        return 2;
    }
    void labels(grasp::span<const std::int64_t> rows, grasp::span<std::int64_t> out) const
    {
        for (std::size_t i = 0; i < rows.size(); ++i)
            out[i] = rows[i] % 2;
    }
    void get_params(grasp::span<double> theta) const
    {
        theta[0] = theta_[0], theta[1] = theta_[1];
    }
    void set_params(grasp::span<const double> theta)
    {
        theta_.assign(theta.begin(), theta.end());
    }
    void loss(grasp::span<const std::int64_t> rows, grasp::span<double> out) const
    {
        if (fails_)
            throw mine();
        for (std::size_t i = 0; i < rows.size(); ++i)
            out[i] = residual(theta_, rows[i]) * residual(theta_, rows[i]) / 2;
    }
    void weighted_grad(grasp::span<const std::int64_t> rows, grasp::span<const double> weight,
                       grasp::span<double> grad) const
    {
        if (fails_)
            throw mine();
        grad[0] = grad[1] = 0;
        for (std::size_t i = 0; i < rows.size(); ++i)
            for (std::size_t j = 0; j < 2; ++j)
                grad[j] += weight[i] * residual(theta_, rows[i]) * input(rows[i], j);
    }
    void predict(grasp::span<const std::int64_t> rows, grasp::span<std::int64_t> out) const
    {
        for (std::size_t i = 0; i < rows.size(); ++i)
            out[i] = theta_[0] * input(rows[i], 0) + theta_[1] > 0.5;
    }
    void sample_grads(grasp::span<const std::int64_t> rows, grasp::span<double> grads) const
    {
        for (std::size_t i = 0; i < rows.size(); ++i)
            for (std::size_t j = 0; j < 2; ++j)
                grads[2 * i + j] = residual(theta_, rows[i]) * input(rows[i], j);
    }
    std::vector<grasp::layer> layers() const
    {
        return std::vector<grasp::layer>(1, grasp::layer(1, 1));
    }
    void sample_factors(std::int64_t, grasp::span<const std::int64_t> rows, grasp::span<double> act,
                        grasp::span<double> delta) const
    {
        for (std::size_t i = 0; i < rows.size(); ++i)
            act[i] = input(rows[i], 0), delta[i] = residual(theta_, rows[i]);
    }
    void init(std::uint64_t seed)
    {
        theta_[0] = theta_[1] = static_cast<double>(seed % 7);
    }
    least_squares *clone() const
    {
        return new least_squares(*this);
    }
};
int least_squares::alive = 0;

static void spans()
{
    labels                          v(3, 7);
    std::array<std::int64_t, 2>     a = {{1, 2}};
    std::int64_t                    c[4] = {1, 2, 3, 4};
    grasp::span<const std::int64_t> of_vector(v), of_array(a), of_c(c), listed({5, 6});
    grasp::span<std::int64_t>       writable(v);
    writable[1] = 9;
    CHECK(of_vector.size() == 3 && of_vector[1] == 9 && of_array.size() == 2 && of_c.count() == 4);
    CHECK(grasp::span<const std::int64_t>().empty() && grasp::span<const std::int64_t>({5, 6})[1] == 6);
    CHECK(listed.size() == 2 && std::distance(of_c.begin(), of_c.end()) == 4);
#if __cplusplus >= 202002L
    std::span<const std::int64_t>   standard(of_c);
    grasp::span<const std::int64_t> back(standard);
    CHECK(standard.size() == 4 && back.data() == c);
#endif
    CHECK(grasp::rows().data() == nullptr && grasp::rows(grasp::all_rows).count(7) == 7);
    CHECK(grasp::rows(v).data() == v.data() && grasp::rows({1, 2}).count(7) == 2);
    CHECK(grasp::rows(labels()).data() != nullptr && grasp::rows(labels()).count(7) == 0);
}

static void errors_and_parameters()
{
    grasp::context ctx;
    grasp::params  p(ctx, "infer", "eps=0.1,0.2;min_samples=5");
    CHECK(p.list(ctx, GRASP_KEY_EPS) == std::vector<double>({0.1, 0.2}) &&
          p.whole_list(ctx, "min_samples") == labels(1, 5));
    p.set(ctx, "metric", std::string("euclidean"));
    p.set(ctx, "center", false);
    p.set_list(ctx, "eps", {0.5});
    p.set_whole_list(ctx, "min_samples", {3, 4});
    CHECK(p.text(ctx, "metric") == "euclidean" && p.whole(ctx, "center") == 0 && p.number(ctx, "eps") == 0.5);
    CHECK(std::string(p.algorithm()) == "infer" && p.count() > 3 && p[0].name && p[0].help && !p[p.count()].name);
    grasp::params fit(ctx, "fit");
    fit.parse(ctx, "erm.epochs=3");
    CHECK(fit.part(ctx, "erm").whole(ctx, "epochs") == 3);

    THROWS(p.parse(ctx, "epz=1"), grasp::parameter_error, "eps");
    THROWS(p.set(ctx, "eps", "word"), grasp::error, "eps");
    THROWS(grasp::params(ctx, "dbskan"), grasp::parameter_error, "dbscan");
    try {
        p.parse(ctx, "epz=1");
    } catch (const grasp::error &e) {
        CHECK(e.code() == grasp::errc::parameter && e.status() == GRASP_E_PARAM &&
              std::string(e.name()) == "GRASP_E_PARAM");
    }
    std::error_code code;
    p.parse(ctx, "epz=1", code);
    CHECK(code && code == grasp::errc::parameter && code.category().name() == std::string("grasp") && ctx.failed());
    CHECK(std::string(ctx.message()).find("eps") != std::string::npos && !code.message().empty());
    p.parse(ctx, "eps=1", code);
    CHECK(!code && !ctx.failed() && ctx.converged());
    CHECK(make_error_code(grasp::errc::no_memory) == std::errc::not_enough_memory);

    /* An empty handle is refused by the library, by name. */
    grasp::params gone(std::move(p));
    CHECK(!p && gone);
    THROWS(p.parse(ctx, "eps=1"), grasp::argument_error, "params");
    grasp::context empty(std::move(ctx));
    THROWS(gone.parse(ctx, "eps=1"), grasp::argument_error, "");
    CHECK(empty && !ctx);
    /* Text that is refused makes no call. */
    grasp::distances d(empty, grasp::gradients(), "metrik=cosine", code);
    CHECK(!d && code == grasp::errc::parameter);
    THROWS(grasp::distances(empty, grasp::gradients(), "metrik=cosine"), grasp::parameter_error, "metric");
}

static void matrices_and_gradients()
{
    grasp::context ctx;
    toy            t;
    grasp::matrix  owned(ctx, 3, 2, grasp::dtype::f32);
    owned.row<float>(1)[0] = 2;
    CHECK(owned.values() == std::vector<double>({0, 0, 2, 0, 0, 0}) && owned.row<double>(1).empty() &&
          owned.row<float>(3).empty());
    int           released = 0;
    grasp::matrix lent =
        grasp::matrix::wrap(ctx, N, P, static_cast<const double *>(t.f.data()), 0, [&] { ++released; });
    grasp::matrix more = lent.share();
    lent = grasp::matrix();
    CHECK(released == 0 && more.rows() == N && more.cols() == P && more.row_stride() == P);
    more = grasp::matrix();
    CHECK(released == 1);
    std::error_code code;
    grasp::matrix   refused = grasp::matrix::wrap(ctx, -1, P, t.f.data(), 0, [&] { ++released; }, code);
    CHECK(!refused && code == grasp::errc::argument && released == 1);
    grasp::matrix taken = grasp::matrix::take(ctx, 2, 3, std::vector<float>({1, 2, 3, 4, 5, 6}));
    CHECK(taken.row<float>(1)[2] == 6 && taken.type() == grasp::dtype::f32);
    THROWS(grasp::matrix::take(ctx, 2, 4, std::vector<float>(6)), grasp::dimension_error, "rows x cols");

    grasp::gradients g = grasp::gradients::from_rows(ctx, N, P, t.f);
    CHECK(g.count() == N && g.dim() == P && !g.is_factored() && g.n_layers() == 0 && g.bytes() >= N * P * 8 &&
          g.type() == grasp::dtype::f64);
    CHECK(g.dense_rows(ctx, 40, 2).values() == std::vector<double>({-2, -1.5, -2, -1.5}));
    CHECK(std::fabs(g.mean(ctx)[0] - (20 - 4) / 42.0) < 1e-15 &&
          g.gram(ctx, 40, 1, 0, 2).values() == std::vector<double>({-1.5, -1.5}));
    CHECK(g.select(ctx, {41, 0}).count() == 2 && g.share().get() == g.get());
    THROWS(g.append(ctx, taken), grasp::state_error, "seal");
    THROWS(grasp::gradients::from_rows(ctx, N, 5, t.f), grasp::dimension_error, "n x p");

    grasp::gradients slow = grasp::gradients::dense(ctx, P, N);
    slow.append(ctx, grasp::matrix::wrap(ctx, 20, P, t.f.data()));
    slow.append_lent(ctx, grasp::matrix::wrap(ctx, N - 20, P, t.f.data() + 20 * P));
    slow.seal(ctx);
    CHECK(slow.dense_rows(ctx, 0, N).values() == t.f);

    std::vector<grasp::matrix> act, delta;
    act.push_back(grasp::matrix::take(ctx, 2, 2, std::vector<double>({1, 2, 3, 4})));
    delta.push_back(grasp::matrix::take(ctx, 2, 1, std::vector<double>({1, -1})));
    std::vector<grasp::layer> layers(1, grasp::layer(2, 1));
    grasp::gradients          factored = grasp::gradients::factored(ctx, layers);
    factored.append_factors(ctx, act, delta);
    factored.append_factors_lent(ctx, act, delta);
    factored.seal(ctx);
    CHECK(factored.is_factored() && factored.n_layers() == 1 &&
          factored.dense_rows(ctx, 1, 2).values() == std::vector<double>({-3, -4, -1, 1, 2, 1}));
    THROWS(factored.append_factors(ctx, act, {}), grasp::dimension_error, "activations");
}

static void groups_and_metrics()
{
    grasp::context ctx;
    grasp::groups  a(ctx, labels({0, 0, 1, 1, -1})), b = grasp::groups::coded(ctx, {7, 7, 7, 3, 3});
    CHECK(a.samples() == 5 && a.count() == 2 && a.noise() == 1 && a.size(1) == 2 && a[4] == GRASP_NOISE && b[0] == 1);
    CHECK(a.cross(ctx, b).count() == 3 && a.select(ctx, {4, 2}).labels(ctx) == labels({-1, 1}) &&
          a.kept(ctx) == labels({0, 1, 2, 3}));
    CHECK(grasp::groups(ctx, labels({-1})).kept(ctx).empty());
    std::vector<grasp::groups> per_class;
    per_class.push_back(grasp::groups(ctx, {0, 1}));
    per_class.push_back(grasp::groups(ctx, {0, -1, 0}));
    CHECK(grasp::groups::merge_classes(ctx, {1, 0, 0, 1, 1}, per_class).labels(ctx) == labels({2, 0, 1, -1, 2}));
    THROWS(grasp::groups(ctx, {0, -2}), grasp::argument_error, "-2");

    CHECK(grasp::adjusted_rand(ctx, a, a) == 1 && grasp::adjusted_rand(ctx, a, b, grasp::noise::exclude) < 1);
    CHECK(grasp::adjusted_rand_within(ctx, {0, 0, 0, 1, 1}, a, a) == 1 &&
          grasp::normalized_mutual_information(ctx, a, a) > 1 - 1e-12);
    grasp::precision_recall found = grasp::outliers(ctx, a, std::vector<std::uint8_t>({0, 0, 0, 1, 1}));
    CHECK(found.precision == 1 && found.recall == 0.5);
    labels y({0, 0, 0, 0, 0}), pred({0, 1, 0, 0, 1});
    CHECK(grasp::group_accuracy(ctx, a, y, pred) == std::vector<double>({0.5, 1}));
    grasp::worst worst = grasp::worst_group(ctx, a, y, pred);
    CHECK(worst.accuracy == 0.5 && worst.group == 0 && grasp::average_accuracy(ctx, a, y, pred, {1, 3}) == 0.875);
    THROWS(grasp::worst_group(ctx, a, y, {0, 1}), grasp::dimension_error, "predictions");
}

static void clusters_and_sweeps()
{
    grasp::context   ctx;
    toy              t;
    grasp::gradients g = grasp::gradients::from_rows(ctx, N, P, t.f);
    grasp::distances d(ctx, g, "center=0");
    CHECK(d.count() == N && std::string(d.metric()) == "cosine" && !d.is_stored() && d.share().get() == d.get());
    CHECK(std::fabs(d.block(ctx, 0, 1, 2, 1).values()[0] - 1) < 1e-12 && d.kth(ctx, 1)[0] == 0 &&
          d.within(ctx, 0.1)[0] == 20);
    CHECK(grasp::distances::bytes(ctx, 1000, 10, "storage=condensed") >= 1000 * 999 / 2 * 8);
    grasp::matrix square = d.block(ctx, 0, N, 0, N);
    CHECK(grasp::distances::from_matrix(ctx, square).is_stored());
    grasp::matrix points = grasp::matrix::wrap(ctx, N, P, t.f.data());
    CHECK(std::string(grasp::distances::from_points(ctx, points, "metric=euclidean").metric()) == "euclidean");

    grasp::clusterer c(ctx, "dbscan", "eps=0.1;min_samples=5");
    THROWS(c.result(ctx), grasp::state_error, "");
    c.set_multiplicities(ctx, labels(N, 1));
    CHECK(c.bytes(ctx, d) > 0);
    c.fit(ctx, d);
    CHECK(c.result(ctx).count() == 2 && c.result(ctx).noise() == 2 && c.core_flags(ctx, N)[41] == 0 &&
          c.report(ctx).has("pairs"));
    grasp::clusterer k(ctx, "kmeans", std::string("k=3"));
    k.fit(ctx, points);
    CHECK(k.result(ctx).count() == 3 && k.objective() < 1e-9 && k.centers(ctx, 3, P).rows() == 3);
    grasp::clusterer mixture(ctx, "gmm", "k=2");
    mixture.fit(ctx, points);
    CHECK(mixture.responsibilities(ctx, N, 2).rows() == N);
    std::vector<double> each(N);
    double              mean = grasp::silhouette(ctx, d, c.result(ctx), "noise=exclude", each);
    CHECK(mean > 0.99 && each[0] > 0.99 && std::isnan(each[41]));

    grasp::sweep s(ctx, "dbscan", "eps=0.1,0.2;min_samples=5");
    s.run(ctx, d);
    CHECK(s.count() == 2 && s.best() == 0 && s.runner_up() == -1 && s.score(0) > 0.9 && s.at(ctx, 1).eps == 0.2 &&
          s.at(ctx, 1).min_samples == 5);
    CHECK(s.sizes(ctx, 0).clusters == 2 && s.sizes(ctx, 0).noise == 2 && s.result(ctx, 0).count() == 2 &&
          s.bytes(ctx, d) > 0);
    grasp::sweep known(ctx, "dbscan", "eps=0.1;min_samples=5;score=ari");
    known.run(ctx, d, c.result(ctx));
    CHECK(known.score(0) == 1);
}

/* A linear problem whose second half is another group. */
static grasp::matrix problem(grasp::context &ctx, labels &y)
{
    std::vector<double> x;
    y.clear();
    for (int i = 0; i < 80; ++i) {
        y.push_back(i % 2);
        x.push_back((i % 2 ? 1 : -1) * (i < 60 ? 1.0 : -0.2) + 0.01 * (i % 7));
        x.push_back((i % 2 ? 0.3 : -0.3) + 0.02 * (i % 5));
    }
    return grasp::matrix::take(ctx, 80, 2, x);
}

static void models_and_training()
{
    grasp::context ctx;
    ctx.set_seed(5);
    labels        y;
    grasp::matrix x = problem(ctx, y);
    grasp::model  m = grasp::model::logistic(ctx, 2);
    m.bind(ctx, x, y);
    CHECK(std::string(m.kind()) == "logistic" && m.n_params() == 3 && m.n_classes() == 2 && m.n_rows() == 80 &&
          m.n_features() == 2 && m.n_layers() == 1);
    CHECK(m.layer_shape(ctx, 0).inputs == 2 && m.layer_shape(ctx, 0).bias);
    grasp::report told = grasp::train_erm(ctx, m);
    CHECK(ctx.converged() && told.value(ctx, "converged") == 1 && !told.series(ctx, "loss").empty() &&
          told.text(ctx, "optimizer") == "newton");
    CHECK(told.count() > 3 && told.name(0) && told.kind(0) > 0 && told.share().get() == told.get());
    THROWS(told.value(ctx, "convergd"), grasp::argument_error, "converged");
    CHECK(m.predict(ctx).size() == 80 && m.predict(ctx, x) == m.predict(ctx) && m.predict_rows(ctx, {3}).size() == 1);
    CHECK(m.loss(ctx).size() == 80 && m.loss(ctx, {5, 6}).size() == 2 && m.check_grad(ctx, {1, 2}) < 1e-6);
    CHECK(m.predict_proba(ctx).cols() == 2 && m.predict_proba(ctx, x).rows() == 80 && m.logits(ctx).cols() == 2 &&
          m.logits(ctx, x).rows() == 80);
    CHECK(m.features(ctx).cols() == 2 && m.features(ctx, x).values() == x.values());
    std::vector<double> theta = m.parameters(ctx);
    CHECK(m.from_torch_order(ctx, m.to_torch_order(ctx, theta)) == theta && m.copy(ctx).parameters(ctx) == theta);
    m.set_parameters(ctx, {0, 0, 0});
    m.init(ctx, 3);
    m.set_sample_weights(ctx, std::vector<double>(80, 2));
    m.set_sample_weights(ctx, {});
    THROWS(m.set_parameters(ctx, {1}), grasp::dimension_error, "");

    labels groups(80);
    for (std::size_t i = 0; i < 80; ++i)
        groups[i] = i >= 60;
    grasp::report robust =
        grasp::train_gdro(ctx, m, grasp::groups(ctx, groups), grasp::all_rows, {}, "epochs=3;rate=0.1");
    CHECK(robust.value(ctx, "rate") == 0.1);
    grasp::groups known(ctx, groups);
    CHECK(grasp::train(ctx, "gdro", m, &known, grasp::all_rows, {}, "epochs=3;rate=0.1").value(ctx, "rate") == 0.1);
    THROWS(grasp::train(ctx, "gdro", m), grasp::argument_error, "groups");
    std::vector<double> log_q(2, -std::log(2.0));
    grasp::gdro_step(ctx, {1, 0}, 0.5, log_q);
    CHECK(log_q[0] > log_q[1] && std::fabs(std::exp(log_q[0]) + std::exp(log_q[1]) - 1) < 1e-12);
    THROWS(grasp::gdro_step(ctx, {1}, 0.5, log_q), grasp::dimension_error, "length");

    grasp::model wide = grasp::model::mlp(ctx, {2, 5, 3}, "init=he"), soft = grasp::model::softmax(ctx, 2, 3);
    CHECK(wide.n_layers() == 2 && soft.n_params() == 9 && std::string(soft.kind()) == "softmax");
    CHECK(grasp::gradients::compute(ctx, m, {0, 1}, "form=dense").count() == 2 &&
          grasp::gradients::compute(ctx, m).count() == 80);
}

static void inference_and_files()
{
    grasp::context   ctx;
    toy              t;
    grasp::gradients g = grasp::gradients::from_rows(ctx, N, P, t.f);
    grasp::report    told;
    grasp::inference found = grasp::infer(ctx, g, t.y, "eps=0.1,0.2;min_samples=5;center=0", nullptr, &told);
    CHECK(grasp::infer_bytes(ctx, g, t.y, "eps=0.1,0.2;min_samples=5;center=0") > 0);
    grasp::groups    groups = found.groups(ctx);
    CHECK(groups.count() == 4 && groups.noise() == 2 && groups[41] == -1 && told.value(ctx, "groups") == 4);
    CHECK(found.n_classes() == 2 && found.n_settings() == 2 && found.choice(ctx, 1).label == 1 &&
          found.choice(ctx, 0).eps == 0.1 && found.choice(ctx, 0).admissible && found.at(ctx, 0, 1).eps == 0.2);
    CHECK(found.assign(ctx, g, t.y).labels(ctx) == groups.labels(ctx) && found.share().get() == found.get());
    THROWS(grasp::infer(ctx, g, {0, 1}), grasp::dimension_error, "");
    grasp::matrix points = grasp::matrix::wrap(ctx, N, P, t.f.data());
    CHECK(grasp::infer_points(ctx, points, t.y, "eps=0.1,0.2;min_samples=5;center=0").groups(ctx).labels(ctx) ==
          groups.labels(ctx));
    CHECK(grasp::infer_outputs(ctx, "jtt", points, t.y, "by_class=0").count() == 2);
    CHECK(grasp::learn_groups_points(ctx, "feasp", points, t.y, {}, 0,
                                     "infer.eps=0.1,0.2;infer.min_samples=5;infer.center=0")
              .labels(ctx) == groups.labels(ctx));
    THROWS(grasp::learn_groups_points(ctx, "george", points, t.y, {}, N), grasp::error, "n_train");
    THROWS(grasp::learn_groups_points(ctx, "george", points, t.y, {0.5}), grasp::dimension_error, "a loss for each");

    /* Every kind of object through a stream, one after the other, and through a file. */
    grasp::model      m = grasp::model::mlp(ctx, {2, 3, 2});
    std::stringstream stream;
    groups.save(ctx, stream);
    g.save(ctx, stream);
    m.save(ctx, stream);
    found.save(ctx, stream);
    CHECK(grasp::groups::load(ctx, stream).labels(ctx) == groups.labels(ctx));
    CHECK(grasp::gradients::load(ctx, stream).dense_rows(ctx, 0, N).values() == t.f);
    CHECK(grasp::model::load(ctx, stream).parameters(ctx) == m.parameters(ctx));
    CHECK(grasp::inference::load(ctx, stream).assign(ctx, g, t.y).labels(ctx) == groups.labels(ctx));
    const char *path = "check_hpp.tmp";
    groups.save(ctx, path);
    CHECK(grasp::groups::load(ctx, path).count() == 4);
    THROWS(grasp::model::load(ctx, path), grasp::format_error, "");
    g.save(ctx, path);
    CHECK(grasp::gradients::load(ctx, path).count() == N);
    m.save(ctx, path);
    CHECK(grasp::model::load(ctx, path).n_params() == m.n_params());
    found.save(ctx, path);
    CHECK(grasp::inference::load(ctx, path).n_classes() == 2);
    grasp::matrix::wrap(ctx, N, P, t.f.data()).save_npy(ctx, path);
    CHECK(grasp::matrix::load_npy(ctx, path).values() == t.f && grasp::matrix::map_npy(ctx, path).values() == t.f &&
          grasp::gradients::open_npy(ctx, path).count() == N);
    std::FILE *csv = std::fopen(path, "w");
    std::fputs("age;sex\n3;f\n4;m\n", csv);
    std::fclose(csv);
    grasp::table table = grasp::table::load_csv(ctx, path, "delimiter=semicolon");
    std::int64_t sex = table.find(ctx, "sex");
    CHECK(table.rows() == 2 && table.cols() == 2 && table.is_text(sex) && table.codes(sex) == 2 &&
          std::string(table.code_text(sex, 1)) == "m" && std::string(table.name(0)) == "age" &&
          table.numbers(ctx, 0)[1] == 4 && table.whole(ctx, sex) == labels({0, 1}));
    std::remove(path);
    THROWS(grasp::table::load_csv(ctx, path), grasp::io_error, path);

    /* Readers and writers of one's own; what they throw comes out. */
    std::vector<char> bytes;
    groups.save(ctx, [&](const void *data, std::size_t size) {
        bytes.insert(bytes.end(), static_cast<const char *>(data), static_cast<const char *>(data) + size);
    });
    CHECK(bytes.size() > 64);
    THROWS(groups.save(ctx, [](const void *, std::size_t) { throw mine(); }), mine, "mine");
    THROWS(grasp::groups::load(ctx, [](void *, std::size_t) -> std::size_t { throw mine(); }), mine, "mine");
    THROWS(grasp::groups::load(ctx, [](void *, std::size_t) -> std::size_t { return 0; }), grasp::format_error, "");

    labels         y, train, val;
    grasp::context other;
    grasp::matrix  x = problem(other, y);
    grasp::model   paper = grasp::model::logistic(other, 2);
    paper.bind(other, x, y);
    for (std::int64_t i = 0; i < 80; ++i)
        (i % 4 ? train : val).push_back(i);
    grasp::report    how;
    grasp::inference all =
        grasp::fit(other, paper, train, val, "infer.min_samples=5;gdro.epochs=2;gdro.rate=0.1", &how);
    CHECK(all.groups(other).samples() == 80 && how.has("gdro.rate"));
    grasp::groups learned = grasp::learn_groups(other, "class", paper, train, val, {}, nullptr, &how);
    CHECK(learned.samples() == 80 && learned.count() == 2);
    CHECK(grasp::learn_groups(other, "jtt", paper, train, val, "by_class=0").count() <= 2);
}

static void callbacks()
{
    grasp::context ctx;
    ctx.set_threads(2);
    ctx.set_memory_limit(1u << 30);
    ctx.set_kernel("portable");
    CHECK(ctx.threads() == 2 && ctx.seed() == 0 && std::string(ctx.kernel()) == "portable");
    toy              t;
    grasp::gradients g = grasp::gradients::from_rows(ctx, N, P, t.f);
    CHECK(ctx.memory_used() > 0 && ctx.memory_peak() >= ctx.memory_used());
    const char      *how = "eps=0.1;min_samples=5;center=0";

    int seen = 0;
    ctx.set_progress(0, [&](const char *what, double fraction) {
        seen += what != nullptr && fraction >= 0;
        return true;
    });
    CHECK(grasp::infer(ctx, g, t.y, how).groups(ctx).count() == 4 && seen > 0);
    ctx.set_progress(0, [](const char *, double) { return false; });
    CHECK(grasp::infer(ctx, g, t.y, how) && ctx.cancelled() && !ctx.converged() && !ctx.failed());
    ctx.set_progress(0, [](const char *, double) -> bool { throw mine(); });
    THROWS(grasp::infer(ctx, g, t.y, how), mine, "mine");
    std::error_code code;
    THROWS(grasp::infer(ctx, g, t.y, how, nullptr, nullptr, code), mine, "mine");
    ctx.set_progress(0, grasp::progress_function());

    std::string line;
    ctx.set_log(GRASP_LOG_ERROR, [&](std::int32_t, const char *text) { line = text; });
    THROWS(grasp::infer(ctx, g, {1}), grasp::dimension_error, "");
    CHECK(line.find("grasp_infer") != std::string::npos);
    ctx.set_log(GRASP_LOG_DEBUG, [](std::int32_t, const char *) { throw mine(); });
    THROWS(grasp::infer(ctx, g, {1}), mine, "mine");
    ctx.set_log(GRASP_LOG_ERROR, nullptr);

    std::atomic<int> tasks(0);
    ctx.set_parallel([&](grasp::parallel_task task, std::int64_t count) {
        std::vector<std::thread> threads;
        for (std::int64_t i = 0; i < count; ++i)
            threads.emplace_back([&tasks, task, i] {
                task(i);
                ++tasks;
            });
        for (std::thread &one : threads)
            one.join();
    });
    CHECK(grasp::infer(ctx, g, t.y, how).groups(ctx).count() == 4 && tasks > 0);
    ctx.set_parallel(nullptr);
    ctx.cancel();
    CHECK(grasp::infer(ctx, g, t.y, how) && ctx.cancelled());
    ctx.cancel();
    ctx.clear_cancel();
    CHECK(grasp::infer(ctx, g, t.y, how) && !ctx.cancelled());
}

static void own_models()
{
    {
        grasp::context ctx;
        grasp::model   m = grasp::model::custom(ctx, std::make_shared<least_squares>());
        CHECK(m.n_rows() == 20 && m.n_params() == 2 && m.n_layers() == 1 && m.check_grad(ctx) < 1e-6);
        grasp::train_erm(ctx, m, grasp::all_rows, {}, "optimizer=lbfgs;l2=0.1");
        CHECK(std::fabs(m.parameters(ctx)[1]) > 0.1);
        CHECK(grasp::gradients::compute(ctx, m).is_factored() &&
              grasp::gradients::compute(ctx, m, grasp::all_rows, "form=dense").dense_rows(ctx, 0, 20).values() ==
                  grasp::gradients::compute(ctx, m).dense_rows(ctx, 0, 20).values());
        m.init(ctx, 1);
        CHECK(m.copy(ctx).parameters(ctx) == m.parameters(ctx));
        THROWS(m.logits(ctx), grasp::unsupported_error, "logits");
        grasp::model failing = grasp::model::custom(ctx, std::make_shared<least_squares>(true));
        THROWS(failing.loss(ctx), mine, "mine");
        THROWS(grasp::train_erm(ctx, failing, grasp::all_rows, {}, "optimizer=lbfgs"), mine, "mine");
        CHECK(failing.parameters(ctx) == std::vector<double>(2, 0));
    }
    CHECK(least_squares::alive == 0);

    /* By functions; a needed one is missing at first. */
    grasp::context         ctx;
    grasp::model_functions f;
    f.n_rows = 3, f.n_classes = 2, f.n_params = 1;
    double theta = 0;
    f.labels = [](grasp::span<const std::int64_t> rows, grasp::span<std::int64_t> out) {
        for (std::size_t i = 0; i < rows.size(); ++i)
            out[i] = 0;
    };
    f.get_params = [&](grasp::span<double> out) { out[0] = theta; };
    f.set_params = [&](grasp::span<const double> in) { theta = in[0]; };
    f.loss = [&](grasp::span<const std::int64_t> rows, grasp::span<double> out) {
        for (std::size_t i = 0; i < rows.size(); ++i)
            out[i] = (theta - 3) * (theta - 3);
    };
    f.weighted_grad = [&](grasp::span<const std::int64_t> rows, grasp::span<const double> weight,
                          grasp::span<double> out) {
        out[0] = 0;
        for (std::size_t i = 0; i < rows.size(); ++i)
            out[0] += weight[i] * 2 * (theta - 3);
    };
    THROWS(grasp::model::custom(ctx, f), grasp::argument_error, "predict");
    f.predict = f.labels;
    f.n_features = 1;
    f.features = [](grasp::span<const std::int64_t> rows, grasp::span<double> out) {
        for (std::size_t i = 0; i < rows.size(); ++i)
            out[i] = static_cast<double>(rows[i]);
    };
    f.logits = [](grasp::span<const std::int64_t>, grasp::span<double> out) {
        for (double &one : out)
            one = 1;
    };
    grasp::model m = grasp::model::custom(ctx, f);
    grasp::train_erm(ctx, m, {0, 1, 2}, {}, "optimizer=lbfgs;l2=0");
    CHECK(std::fabs(theta - 3) < 1e-6 && m.features(ctx).values() == std::vector<double>({0, 1, 2}) &&
          m.predict_proba(ctx).values()[0] == 0.5);
}

int main()
{
    try {
        spans();
        errors_and_parameters();
        matrices_and_gradients();
        groups_and_metrics();
        clusters_and_sweeps();
        models_and_training();
        inference_and_files();
        callbacks();
        own_models();
        CHECK(grasp::library_serves_header() && grasp::version_number() == grasp_version_number() &&
              grasp::version_string()[0]);
        CHECK(!grasp::algorithms().empty() && std::string(grasp::build_info()).find("blas=") != std::string::npos);
        std::int32_t blas = grasp::blas_threads();
        if (blas > 0)
            grasp::set_blas_threads(blas);
        THROWS(grasp::set_blas_threads(0), grasp::argument_error, "");
        CHECK(other_file() == 4);
    } catch (const std::exception &e) {
        std::printf("an exception nobody expected: %s\n", e.what());
        return 1;
    }
    return failures != 0;
}
