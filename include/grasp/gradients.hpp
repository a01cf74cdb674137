/* SPDX-License-Identifier: BSD-3-Clause
 * grasp/gradients.hpp: one gradient of the loss per sample, as dense rows or layer factors.
 *
 * Part of <grasp.hpp>; what the calls mean stands in gradients.h.
 */
#ifndef GRASP_GRADIENTS_HPP
#define GRASP_GRADIENTS_HPP

#include "gradients.h"
#include "model.hpp"

GRASP_HPP_OPEN

/** n rows of p values. Filled by one thread, then sealed, immutable and readable from many threads. */
class gradients
{
    detail::handle<grasp_gradients, grasp_gradients_free> held_;

    /* Handles of matrices as the library takes them. */
    template <class P> static std::vector<P> handles(span<const matrix> matrices)
    {
        std::vector<P> all;
        for (const matrix &one : matrices)
            all.push_back(one.get());
        return all;
    }
    static bool as_many(span<const matrix> act, span<const matrix> delta, errors e)
    {
        return act.size() == delta.size() ||
               e.settle(GRASP_E_DIM, "grasp::gradients: as many activations as deltas are expected, one a layer");
    }

  public:
    gradients() noexcept
    {
    }
    /** Takes over a C handle. */
    explicit gradients(grasp_gradients *held) noexcept : held_(held)
    {
    }
    /** Of a model at its parameters, sealed. Options: "gradients". */
    static gradients compute(context &ctx, model &m, const rows &which = all_rows, const options &how = options(),
                             errors e = errors())
    {
        gradients       made;
        options::chosen p(ctx, how, "gradients", e);
        if (!p.failed())
            ctx.check(grasp_gradients_compute(ctx.get(), m.get(), which.data(), which.count(m.n_rows()), p.get(),
                                              detail::into(made.held_)),
                      e);
        return made;
    }
    /** Bytes that compute() will take at most for n samples. */
    static std::uint64_t compute_bytes(context &ctx, model &m, std::int64_t n, const options &how = options(),
                                       errors e = errors())
    {
        std::uint64_t   out = 0;
        options::chosen p(ctx, how, "gradients", e);
        if (!p.failed())
            ctx.check(grasp_gradients_compute_bytes(ctx.get(), m.get(), n, p.get(), &out), e);
        return out;
    }
    /** Empty, for dense rows of p values; `capacity` rows are a hint. */
    static gradients dense(context &ctx, std::int64_t p, std::int64_t capacity = 0, dtype type = dtype::f64,
                           errors e = errors())
    {
        gradients made;
        ctx.check(grasp_gradients_create_dense(ctx.get(), static_cast<std::int32_t>(type), p, capacity,
                                               detail::into(made.held_)),
                  e);
        return made;
    }
    /** Empty, for factors of these layers. */
    static gradients factored(context &ctx, span<const layer> layers, std::int64_t capacity = 0,
                              dtype type = dtype::f64, errors e = errors())
    {
        gradients                 made;
        std::vector<std::int64_t> inputs, outputs, positions;
        std::vector<std::int32_t> bias;
        for (const layer &one : layers) {
            inputs.push_back(one.inputs);
            outputs.push_back(one.outputs);
            positions.push_back(one.positions);
            bias.push_back(one.bias ? 1 : 0);
        }
        ctx.check(grasp_gradients_create_factored(ctx.get(), static_cast<std::int32_t>(type), layers.count(),
                                                  inputs.data(), outputs.data(), positions.data(), bias.data(),
                                                  capacity, detail::into(made.held_)),
                  e);
        return made;
    }
    /** The n rows of p values of a span of float or double, copied and sealed. */
    template <class Values> static gradients from_rows(context &ctx, std::int64_t n, std::int64_t p,
                                                       const Values &values, errors e = errors())
    {
        typedef typename std::remove_cv<
            typename std::remove_reference<decltype(*std::declval<const Values &>().data())>::type>::type element;

        gradients           made;
        span<const element> all_values(values);
        if (p < 1 || !detail::is_shape(all_values.size(), n, p)) {
            e.settle(GRASP_E_DIM, "grasp::gradients::from_rows: the values are not n x p, p >= 1");
            return made;
        }
        matrix whole = matrix::wrap(ctx, n, p, all_values.data(), 0, e);
        if (whole)
            made = from_rows(ctx, whole, e);
        return made;
    }
    /** The rows of a matrix, copied and sealed. */
    static gradients from_rows(context &ctx, const matrix &x, errors e = errors())
    {
        gradients made = dense(ctx, x.cols(), x.rows(), x ? x.type() : dtype::f64, e);
        if (made && !(ctx.check(grasp_gradients_append(ctx.get(), made.get(), x.get()), e) &&
                      ctx.check(grasp_gradients_seal(ctx.get(), made.get()), e)))
            made = gradients();
        return made;
    }
    grasp_gradients *get() const noexcept
    {
        return held_.get();
    }
    explicit operator bool() const noexcept
    {
        return static_cast<bool>(held_);
    }
    gradients share() const noexcept
    {
        return gradients(grasp_gradients_ref(get()));
    }

    /** Copies rows (k x p). */
    void append(context &ctx, const matrix &x, errors e = errors())
    {
        ctx.check(grasp_gradients_append(ctx.get(), get(), x.get()), e);
    }
    /** Keeps a reference to the matrix instead. */
    void append_lent(context &ctx, const matrix &x, errors e = errors())
    {
        ctx.check(grasp_gradients_append_lent(ctx.get(), get(), x.get()), e);
    }
    /** k samples as factors: of each layer k x (T inputs) activations and k x (T outputs) deltas. */
    void append_factors(context &ctx, span<const matrix> act, span<const matrix> delta, errors e = errors())
    {
        if (as_many(act, delta, e))
            ctx.check(grasp_gradients_append_factors(ctx.get(), get(), handles<const grasp_matrix *>(act).data(),
                                                     handles<const grasp_matrix *>(delta).data(), act.count()),
                      e);
    }
    /** Keeps references instead. */
    void append_factors_lent(context &ctx, span<const matrix> act, span<const matrix> delta, errors e = errors())
    {
        if (as_many(act, delta, e))
            ctx.check(grasp_gradients_append_factors_lent(ctx.get(), get(), handles<grasp_matrix *>(act).data(),
                                                          handles<grasp_matrix *>(delta).data(), act.count()),
                      e);
    }
    /** Ends appending. */
    void seal(context &ctx, errors e = errors())
    {
        ctx.check(grasp_gradients_seal(ctx.get(), get()), e);
    }
    /** A view of chosen rows, which copies none. */
    gradients select(context &ctx, span<const std::int64_t> which, errors e = errors()) const
    {
        gradients made;
        ctx.check(grasp_gradients_select(ctx.get(), get(), which.data(), which.count(), detail::into(made.held_)), e);
        return made;
    }

    std::int64_t count() const noexcept
    {
        return grasp_gradients_count(get());
    }
    std::int64_t dim() const noexcept
    {
        return grasp_gradients_dim(get());
    }
    dtype type() const noexcept
    {
        return static_cast<dtype>(grasp_gradients_dtype(get()));
    }
    bool is_factored() const noexcept
    {
        return grasp_gradients_is_factored(get()) != 0;
    }
    std::int64_t n_layers() const noexcept
    {
        return grasp_gradients_n_layers(get());
    }
    std::uint64_t bytes() const noexcept
    {
        return grasp_gradients_bytes(get());
    }
    /** Rows [first, first + n), written densely. */
    matrix dense_rows(context &ctx, std::int64_t first, std::int64_t n, errors e = errors()) const
    {
        matrix out(ctx, n, dim(), dtype::f64, e);
        if (out && !ctx.check(grasp_gradients_rows(ctx.get(), get(), first, n, out.get()), e))
            out = matrix();
        return out;
    }
    std::vector<double> mean(context &ctx, errors e = errors()) const
    {
        std::vector<double> out(static_cast<std::size_t>(dim()));
        ctx.check(grasp_gradients_mean(ctx.get(), get(), out.data(), dim()), e);
        return out;
    }
    /** Inner products of rows [i, i + ni) and [j, j + nj). */
    matrix gram(context &ctx, std::int64_t i, std::int64_t ni, std::int64_t j, std::int64_t nj,
                errors e = errors()) const
    {
        matrix out(ctx, ni, nj, dtype::f64, e);
        if (out && !ctx.check(grasp_gradients_gram(ctx.get(), get(), i, ni, j, nj, out.get()), e))
            out = matrix();
        return out;
    }

    /** Over the rows of a mapped .npy file, sealed. */
    static gradients open_npy(context &ctx, const std::string &path, errors e = errors());
    void             save(context &ctx, const std::string &path, errors e = errors()) const;
    void             save(context &ctx, const write_function &write, errors e = errors()) const;
    static gradients load(context &ctx, const std::string &path, errors e = errors());
    static gradients load(context &ctx, const read_function &read, errors e = errors());
};

GRASP_HPP_CLOSE
#endif
