/* SPDX-License-Identifier: BSD-3-Clause
 * grasp/model.hpp: models: logistic, softmax, multilayer perceptron, or your own by functions or by a class.
 *
 * Part of <grasp.hpp>; what the calls mean stands in model.h.
 */
#ifndef GRASP_MODEL_HPP
#define GRASP_MODEL_HPP

#include "linalg.hpp"
#include "model.h"
#include "stream.hpp"

GRASP_HPP_OPEN

/** Shape of a layer: its gradient is sum_t delta_t (x) [a_t, 1 if bias] over its positions. */
struct layer {
    std::int64_t inputs, outputs, positions;
    bool         bias;

    layer(std::int64_t inputs_, std::int64_t outputs_, std::int64_t positions_ = 1, bool bias_ = true) noexcept
        : inputs(inputs_), outputs(outputs_), positions(positions_), bias(bias_)
    {
    }
};

/** A model of the caller's, function by function; an empty one is a hook that it lacks. C classes, p parameters, n
 *  chosen rows. Each writes into the span at the end, whose size is given below; what one throws comes out of the call
 *  that needed it. They run on the thread of the call. */
struct model_functions {
    typedef span<const std::int64_t> row_numbers;

    std::int64_t                                                       n_rows = 0, n_classes = 0, n_params = 0;
    std::function<void(row_numbers rows, span<std::int64_t> label)>    labels;     /**< n: class of each row, 0..C-1 */
    std::function<void(span<double> theta)>                            get_params; /**< p */
    std::function<void(span<const double> theta)>                      set_params;
    std::function<void(row_numbers rows, span<double> loss)>           loss; /**< n */
    /** p: the sum over rows of weight * d loss / d theta */
    std::function<void(row_numbers rows, span<const double> weight, span<double> grad)> weighted_grad;
    std::function<void(row_numbers rows, span<std::int64_t> label)>    predict; /**< n: class of each row, 0..C-1 */
    /* Optional from here. */
    std::function<void(row_numbers rows, span<double> logits)>         logits;       /**< n x C */
    std::int64_t                                                       n_features = 0;
    std::function<void(row_numbers rows, span<double> features)>       features;     /**< n x n_features */
    std::function<void(row_numbers rows, span<double> grads)>          sample_grads; /**< n x p */
    std::vector<layer>                                                 layers;       /**< with sample_factors */
    /** act n x T x inputs, delta n x T x outputs of a layer */
    std::function<void(std::int64_t layer, row_numbers rows, span<double> act, span<double> delta)> sample_factors;
    std::function<void(std::uint64_t seed)>                            init;  /**< fresh parameters */
    std::function<model_functions()>                                   clone; /**< an independent model, same data */
};

namespace detail
{

/* The C table over a model_functions, which is its user. */
struct model_table {
    typedef model_functions M;

    static M &of(void *user) noexcept
    {
        return *static_cast<M *>(user);
    }
    static std::size_t size(std::int64_t n, std::int64_t each) noexcept
    {
        return static_cast<std::size_t>(n) * static_cast<std::size_t>(each);
    }
    static M::row_numbers chosen(std::int64_t n, const std::int64_t *rows) noexcept
    {
        return M::row_numbers(rows, static_cast<std::size_t>(n));
    }
    static std::int64_t n_rows(void *u) noexcept
    {
        return of(u).n_rows;
    }
    static std::int64_t n_classes(void *u) noexcept
    {
        return of(u).n_classes;
    }
    static std::int64_t n_params(void *u) noexcept
    {
        return of(u).n_params;
    }
    static std::int64_t n_features(void *u) noexcept
    {
        return of(u).n_features;
    }
    static std::int64_t n_layers(void *u) noexcept
    {
        return static_cast<std::int64_t>(of(u).layers.size());
    }
    static std::int32_t labels(void *u, std::int64_t n, const std::int64_t *rows, std::int64_t *label) noexcept
    {
        return guarded([&] { return of(u).labels(chosen(n, rows), {label, size(n, 1)}), true; });
    }
    static std::int32_t get_params(void *u, double *theta) noexcept
    {
        return guarded([&] { return of(u).get_params({theta, size(of(u).n_params, 1)}), true; });
    }
    static std::int32_t set_params(void *u, const double *theta) noexcept
    {
        return guarded([&] { return of(u).set_params({theta, size(of(u).n_params, 1)}), true; });
    }
    static std::int32_t loss(void *u, std::int64_t n, const std::int64_t *rows, double *out) noexcept
    {
        return guarded([&] { return of(u).loss(chosen(n, rows), {out, size(n, 1)}), true; });
    }
    static std::int32_t weighted_grad(void *u, std::int64_t n, const std::int64_t *rows, const double *weight,
                                      double *grad) noexcept
    {
        return guarded([&] {
            of(u).weighted_grad(chosen(n, rows), {weight, size(n, 1)}, {grad, size(of(u).n_params, 1)});
            return true;
        });
    }
    static std::int32_t predict(void *u, std::int64_t n, const std::int64_t *rows, std::int64_t *label) noexcept
    {
        return guarded([&] { return of(u).predict(chosen(n, rows), {label, size(n, 1)}), true; });
    }
    static std::int32_t logits(void *u, std::int64_t n, const std::int64_t *rows, double *out) noexcept
    {
        return guarded([&] { return of(u).logits(chosen(n, rows), {out, size(n, of(u).n_classes)}), true; });
    }
    static std::int32_t features(void *u, std::int64_t n, const std::int64_t *rows, double *out) noexcept
    {
        return guarded([&] { return of(u).features(chosen(n, rows), {out, size(n, of(u).n_features)}), true; });
    }
    static std::int32_t sample_grads(void *u, std::int64_t n, const std::int64_t *rows, double *out) noexcept
    {
        return guarded([&] { return of(u).sample_grads(chosen(n, rows), {out, size(n, of(u).n_params)}), true; });
    }
    static std::int32_t layer_shape(void *u, std::int64_t l, std::int64_t *inputs, std::int64_t *outputs,
                                    std::int64_t *positions, std::int32_t *has_bias) noexcept
    {
        const layer &shape = of(u).layers[static_cast<std::size_t>(l)];
        *inputs = shape.inputs;
        *outputs = shape.outputs;
        *positions = shape.positions;
        *has_bias = shape.bias ? 1 : 0;
        return GRASP_CB_OK;
    }
    static std::int32_t sample_factors(void *u, std::int64_t l, std::int64_t n, const std::int64_t *rows, double *act,
                                       double *delta) noexcept
    {
        return guarded([&] {
            const layer &shape = of(u).layers[static_cast<std::size_t>(l)];
            of(u).sample_factors(l, chosen(n, rows), {act, size(n, shape.positions * shape.inputs)},
                                 {delta, size(n, shape.positions * shape.outputs)});
            return true;
        });
    }
    static std::int32_t init(void *u, std::uint64_t seed) noexcept
    {
        return guarded([&] { return of(u).init(seed), true; });
    }
    static std::int32_t clone(void *u, void **out) noexcept
    {
        return guarded([&] { return *out = new M(of(u).clone()), true; });
    }
    static grasp_model_ops table(const M &m) noexcept
    {
        grasp_model_ops ops = grasp_model_ops();
        ops.size = sizeof ops;
        ops.n_rows = n_rows;
        ops.n_classes = n_classes;
        ops.n_params = n_params;
        ops.labels = m.labels ? labels : nullptr;
        ops.get_params = m.get_params ? get_params : nullptr;
        ops.set_params = m.set_params ? set_params : nullptr;
        ops.loss = m.loss ? loss : nullptr;
        ops.weighted_grad = m.weighted_grad ? weighted_grad : nullptr;
        ops.predict = m.predict ? predict : nullptr;
        ops.logits = m.logits ? logits : nullptr;
        ops.n_features = m.features ? n_features : nullptr;
        ops.features = m.features ? features : nullptr;
        ops.sample_grads = m.sample_grads ? sample_grads : nullptr;
        ops.n_layers = m.sample_factors ? n_layers : nullptr;
        ops.layer_shape = m.sample_factors ? layer_shape : nullptr;
        ops.sample_factors = m.sample_factors ? sample_factors : nullptr;
        ops.init = m.init ? init : nullptr;
        ops.clone = m.clone ? clone : nullptr;
        ops.destroy = destroy<M>;
        return ops;
    }
};

/* Does T have the optional member function? Each fills its hook if so: the int overload is tried first. */
#define GRASP_HPP_OPTIONAL(member, ...)                                                                                \
    template <class T> auto fill_##member(model_functions &f, const std::shared_ptr<T> &object, int)                   \
        -> decltype((void)&T::member)                                                                                  \
    {                                                                                                                  \
        __VA_ARGS__                                                                                                    \
    }                                                                                                                  \
    template <class T> void fill_##member(model_functions &, const std::shared_ptr<T> &, long)                         \
    {                                                                                                                  \
    }
typedef model_functions::row_numbers row_numbers;
GRASP_HPP_OPTIONAL(logits, f.logits = [object](row_numbers r, span<double> out) { object->logits(r, out); };)
GRASP_HPP_OPTIONAL(features, f.n_features = object->n_features();
                   f.features = [object](row_numbers r, span<double> out) { object->features(r, out); };)
GRASP_HPP_OPTIONAL(sample_grads,
                   f.sample_grads = [object](row_numbers r, span<double> out) { object->sample_grads(r, out); };)
GRASP_HPP_OPTIONAL(sample_factors, f.layers = object->layers();
                   f.sample_factors = [object](std::int64_t l, row_numbers r, span<double> act, span<double> delta) {
                       object->sample_factors(l, r, act, delta);
                   };)
GRASP_HPP_OPTIONAL(init, f.init = [object](std::uint64_t seed) { object->init(seed); };)
template <class T> model_functions functions_of(const std::shared_ptr<T> &object);
GRASP_HPP_OPTIONAL(clone, f.clone = [object] { return functions_of(std::shared_ptr<T>(object->clone())); };)
#undef GRASP_HPP_OPTIONAL

template <class T> model_functions functions_of(const std::shared_ptr<T> &object)
{
    model_functions f;
    f.n_rows = object->n_rows();
    f.n_classes = object->n_classes();
    f.n_params = object->n_params();
    f.labels = [object](row_numbers r, span<std::int64_t> out) { object->labels(r, out); };
    f.get_params = [object](span<double> theta) { object->get_params(theta); };
    f.set_params = [object](span<const double> theta) { object->set_params(theta); };
    f.loss = [object](row_numbers r, span<double> out) { object->loss(r, out); };
    f.weighted_grad = [object](row_numbers r, span<const double> weight, span<double> grad) {
        object->weighted_grad(r, weight, grad);
    };
    f.predict = [object](row_numbers r, span<std::int64_t> out) { object->predict(r, out); };
    fill_logits(f, object, 0);
    fill_features(f, object, 0);
    fill_sample_grads(f, object, 0);
    fill_sample_factors(f, object, 0);
    fill_init(f, object, 0);
    fill_clone(f, object, 0);
    return f;
}

} // namespace detail

/** A model. For one thread at a time. */
class model
{
    detail::handle<grasp_model, grasp_model_free> held_;

  public:
    model() noexcept
    {
    }
    /** Takes over a C handle. */
    explicit model(grasp_model *held) noexcept : held_(held)
    {
    }
    static model logistic(context &ctx, std::int64_t n_features, errors e = errors())
    {
        model made;
        ctx.check(grasp_model_create_logistic(ctx.get(), n_features, detail::into(made.held_)), e);
        return made;
    }
    static model softmax(context &ctx, std::int64_t n_features, std::int64_t n_classes, errors e = errors())
    {
        model made;
        ctx.check(grasp_model_create_softmax(ctx.get(), n_features, n_classes, detail::into(made.held_)), e);
        return made;
    }
    /** widths: inputs, hidden layers, classes. Options: "mlp". */
    static model mlp(context &ctx, span<const std::int64_t> widths, const options &how = options(), errors e = errors())
    {
        model           made;
        options::chosen p(ctx, how, "mlp", e);
        if (!p.failed())
            ctx.check(grasp_model_create_mlp(ctx.get(), widths.data(), widths.count(), p.get(),
                                             detail::into(made.held_)),
                      e);
        return made;
    }
    /** Your own, by functions. */
    static model custom(context &ctx, model_functions functions, errors e = errors())
    {
        model                            made;
        std::unique_ptr<model_functions> kept(new model_functions(std::move(functions)));
        grasp_model_ops                  ops = detail::model_table::table(*kept);
        if (ctx.check(grasp_model_create_custom(ctx.get(), &ops, kept.get(), detail::into(made.held_)), e))
            kept.release();
        return made;
    }
    /** Your own, by an object with the member functions that model_functions names, n_rows(), n_classes() and
     *  n_params() among them, virtual or not; optional ones may be missing. features comes with n_features(),
     *  sample_factors with layers() (std::vector<layer>), and clone() returns a pointer to a new object. The counts are
     *  asked once. */
    template <class T> static model custom(context &ctx, std::shared_ptr<T> object, errors e = errors())
    {
        return custom(ctx, detail::functions_of(object), e);
    }
    grasp_model *get() const noexcept
    {
        return held_.get();
    }
    explicit operator bool() const noexcept
    {
        return static_cast<bool>(held_);
    }
    /** An independent model with the same parameters and data. */
    model copy(context &ctx, errors e = errors()) const
    {
        model made;
        ctx.check(grasp_model_copy(ctx.get(), get(), detail::into(made.held_)), e);
        return made;
    }

    /** "logistic", "softmax", "mlp" or "custom". */
    const char *kind() const noexcept
    {
        return grasp_model_kind(get());
    }
    std::int64_t n_params() const noexcept
    {
        return grasp_model_n_params(get());
    }
    std::int64_t n_classes() const noexcept
    {
        return grasp_model_n_classes(get());
    }
    std::int64_t n_rows() const noexcept
    {
        return grasp_model_n_rows(get());
    }
    std::int64_t n_features() const noexcept
    {
        return grasp_model_n_features(get());
    }
    std::int64_t n_layers() const noexcept
    {
        return grasp_model_n_layers(get());
    }
    layer layer_shape(context &ctx, std::int64_t l, errors e = errors()) const
    {
        layer        shape(0, 0);
        std::int32_t has_bias = 0;
        ctx.check(grasp_model_layer_shape(ctx.get(), get(), l, &shape.inputs, &shape.outputs, &shape.positions,
                                          &has_bias),
                  e);
        shape.bias = has_bias != 0;
        return shape;
    }

    /** The n_params() parameters. */
    std::vector<double> parameters(context &ctx, errors e = errors()) const
    {
        std::vector<double> theta(static_cast<std::size_t>(n_params()));
        ctx.check(grasp_model_get_params(ctx.get(), get(), theta.data(), n_params()), e);
        return theta;
    }
    void set_parameters(context &ctx, span<const double> theta, errors e = errors())
    {
        ctx.check(grasp_model_set_params(ctx.get(), get(), theta.data(), theta.count()), e);
    }
    /** Fresh ones, a function of the context's seed and `stream`. */
    void init(context &ctx, std::uint64_t stream = 0, errors e = errors())
    {
        ctx.check(grasp_model_init(ctx.get(), get(), stream), e);
    }
    std::vector<double> to_torch_order(context &ctx, span<const double> theta, errors e = errors()) const
    {
        std::vector<double> torch(theta.size());
        ctx.check(grasp_model_to_torch_order(ctx.get(), get(), theta.data(), torch.data(), theta.count()), e);
        return torch;
    }
    std::vector<double> from_torch_order(context &ctx, span<const double> torch, errors e = errors()) const
    {
        std::vector<double> theta(torch.size());
        ctx.check(grasp_model_from_torch_order(ctx.get(), get(), torch.data(), theta.data(), torch.count()), e);
        return theta;
    }

    /** To the rows of x, which is kept by reference, and their classes 0..C-1. */
    void bind(context &ctx, const matrix &x, span<const std::int64_t> y, errors e = errors())
    {
        ctx.check(grasp_model_bind(ctx.get(), get(), x.get(), y.data(), y.count()), e);
    }
    /** Weights of the bound rows in training; none: all 1. */
    void set_sample_weights(context &ctx, span<const double> weight, errors e = errors())
    {
        ctx.check(grasp_model_set_sample_weights(ctx.get(), get(), weight.empty() ? nullptr : weight.data(),
                                                 weight.empty() ? n_rows() : weight.count()),
                  e);
    }

    /** Class of each bound row. */
    std::vector<std::int64_t> predict(context &ctx, errors e = errors())
    {
        std::vector<std::int64_t> label(static_cast<std::size_t>(n_rows()));
        ctx.check(grasp_model_predict(ctx.get(), get(), nullptr, label.data(), n_rows()), e);
        return label;
    }
    /** Class of each row of x. */
    std::vector<std::int64_t> predict(context &ctx, const matrix &x, errors e = errors())
    {
        std::vector<std::int64_t> label(static_cast<std::size_t>(x.rows()));
        ctx.check(grasp_model_predict(ctx.get(), get(), x.get(), label.data(), x.rows()), e);
        return label;
    }
    /** Class of chosen bound rows. */
    std::vector<std::int64_t> predict_rows(context &ctx, const rows &which, errors e = errors())
    {
        std::vector<std::int64_t> label(static_cast<std::size_t>(which.count(n_rows())));
        ctx.check(grasp_model_predict_rows(ctx.get(), get(), which.data(), which.count(n_rows()), label.data()), e);
        return label;
    }
    /** Loss of chosen bound rows. */
    std::vector<double> loss(context &ctx, const rows &which = all_rows, errors e = errors())
    {
        std::vector<double> out(static_cast<std::size_t>(which.count(n_rows())));
        ctx.check(grasp_model_loss_rows(ctx.get(), get(), which.data(), which.count(n_rows()), out.data()), e);
        return out;
    }
    /** n x C, of the bound rows or (below) of the rows of x. */
    matrix predict_proba(context &ctx, errors e = errors())
    {
        return output(ctx, grasp_model_predict_proba, nullptr, n_rows(), n_classes(), e);
    }
    matrix predict_proba(context &ctx, const matrix &x, errors e = errors())
    {
        return output(ctx, grasp_model_predict_proba, x.get(), x.rows(), n_classes(), e);
    }
    /** n x C. */
    matrix logits(context &ctx, errors e = errors())
    {
        return output(ctx, grasp_model_logits, nullptr, n_rows(), n_classes(), e);
    }
    matrix logits(context &ctx, const matrix &x, errors e = errors())
    {
        return output(ctx, grasp_model_logits, x.get(), x.rows(), n_classes(), e);
    }
    /** n x n_features(): what the last layer sees. */
    matrix features(context &ctx, errors e = errors())
    {
        return output(ctx, grasp_model_features, nullptr, n_rows(), n_features(), e);
    }
    matrix features(context &ctx, const matrix &x, errors e = errors())
    {
        return output(ctx, grasp_model_features, x.get(), x.rows(), n_features(), e);
    }
    /** Largest difference between gradients and finite differences, for authors of models; all: the first `n` rows. */
    double check_grad(context &ctx, const rows &which = all_rows, std::int64_t n = 32, double step = 0,
                      errors e = errors())
    {
        double worst = std::numeric_limits<double>::quiet_NaN();
        ctx.check(grasp_model_check_grad(ctx.get(), get(), which.data(), which.count(n), step, &worst), e);
        return worst;
    }

    void         save(context &ctx, const std::string &path, errors e = errors()) const;
    void         save(context &ctx, const write_function &write, errors e = errors()) const;
    static model load(context &ctx, const std::string &path, errors e = errors());
    static model load(context &ctx, const read_function &read, errors e = errors());

  private:
    typedef grasp_status (*output_function)(grasp_context *, grasp_model *, const grasp_matrix *, grasp_matrix *);

    matrix output(context &ctx, output_function function, const grasp_matrix *x, std::int64_t n, std::int64_t width,
                  errors e)
    {
        matrix out(ctx, n, width, dtype::f64, e);
        if (out && !ctx.check(function(ctx.get(), get(), x, out.get()), e))
            out = matrix();
        return out;
    }
};

GRASP_HPP_CLOSE
#endif
