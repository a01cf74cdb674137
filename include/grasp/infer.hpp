/* SPDX-License-Identifier: BSD-3-Clause
 * grasp/infer.hpp: the paper in one call each.
 *
 * Part of <grasp.hpp>; what the calls mean stands in infer.h.
 */
#ifndef GRASP_INFER_HPP
#define GRASP_INFER_HPP

#include "infer.h"
#include "sweep.hpp"
#include "train.hpp"

GRASP_HPP_OPEN

/** What was chosen for a class; kmeans: k in min_samples, eps NaN. */
struct class_choice {
    std::int64_t label;
    double       eps;
    std::int64_t min_samples;
    double       score;
    std::int64_t clusters, noise;
    bool         admissible;
};

/** Learned groups, and what assigning needs. Immutable, readable from many threads. */
class inference
{
    detail::handle<grasp_inference, grasp_inference_free> held_;

  public:
    inference() noexcept
    {
    }
    /** Takes over a C handle. */
    explicit inference(grasp_inference *held) noexcept : held_(held)
    {
    }
    grasp_inference *get() const noexcept
    {
        return held_.get();
    }
    explicit operator bool() const noexcept
    {
        return static_cast<bool>(held_);
    }
    inference share() const noexcept
    {
        return inference(grasp_inference_ref(get()));
    }

    grasp::groups groups(context &ctx, errors e = errors()) const
    {
        detail::handle<grasp_groups, grasp_groups_free> made;
        ctx.check(grasp_inference_groups(ctx.get(), get(), detail::into(made)), e);
        return grasp::groups(made.release());
    }
    std::int64_t n_classes() const noexcept
    {
        return grasp_inference_n_classes(get());
    }
    class_choice choice(context &ctx, std::int64_t c, errors e = errors()) const
    {
        class_choice out = class_choice();
        std::int32_t admissible = 0;
        ctx.check(grasp_inference_class(ctx.get(), get(), c, &out.label, &out.eps, &out.min_samples, &out.score,
                                        &out.clusters, &out.noise, &admissible),
                  e);
        out.admissible = admissible != 0;
        return out;
    }
    std::int64_t n_settings() const noexcept
    {
        return grasp_inference_n_settings(get());
    }
    /** Setting i of the grid, and its score for class c. */
    setting at(context &ctx, std::int64_t c, std::int64_t i, errors e = errors()) const
    {
        setting out = setting();
        ctx.check(grasp_inference_setting(ctx.get(), get(), c, i, &out.eps, &out.min_samples, &out.score), e);
        return out;
    }
    /** Groups for new samples, by their gradients and classes. */
    grasp::groups assign(context &ctx, const gradients &g, span<const std::int64_t> y, errors e = errors()) const
    {
        detail::handle<grasp_groups, grasp_groups_free> made;
        ctx.check(grasp_assign(ctx.get(), get(), g.get(), y.data(), y.count(), detail::into(made)), e);
        return grasp::groups(made.release());
    }

    void             save(context &ctx, const std::string &path, errors e = errors()) const;
    void             save(context &ctx, const write_function &write, errors e = errors()) const;
    static inference load(context &ctx, const std::string &path, errors e = errors());
    static inference load(context &ctx, const read_function &read, errors e = errors());
};

/** Groups from gradients and classes. Options: "infer". */
inline inference infer(context &ctx, const gradients &g, span<const std::int64_t> y, const options &how = options(),
                       const groups *truth = nullptr, report *told = nullptr, errors e = errors())
{
    detail::handle<grasp_inference, grasp_inference_free> made;
    options::chosen                                       p(ctx, how, "infer", e);
    if (!p.failed())
        ctx.check(grasp_infer(ctx.get(), g.get(), y.data(), y.count(), p.get(), truth ? truth->get() : nullptr,
                              detail::into(made), report::wanted(told)),
                  e);
    return inference(made.release());
}
/** Bytes that infer() will take at most. */
inline std::uint64_t infer_bytes(context &ctx, const gradients &g, span<const std::int64_t> y,
                                 const options &how = options(), errors e = errors())
{
    std::uint64_t   out = 0;
    options::chosen p(ctx, how, "infer", e);
    if (!p.failed())
        ctx.check(grasp_infer_bytes(ctx.get(), g.get(), y.data(), y.count(), p.get(), &out), e);
    return out;
}
/** The same from points, the rows of a matrix, which is kept by reference. */
inline inference infer_points(context &ctx, const matrix &points, span<const std::int64_t> y,
                              const options &how = options(), const groups *truth = nullptr, report *told = nullptr,
                              errors e = errors())
{
    detail::handle<grasp_inference, grasp_inference_free> made;
    options::chosen                                       p(ctx, how, "infer", e);
    if (!p.failed())
        ctx.check(grasp_infer_points(ctx.get(), points.get(), y.data(), y.count(), p.get(),
                                     truth ? truth->get() : nullptr, detail::into(made), report::wanted(told)),
                  e);
    return inference(made.release());
}
namespace detail
{
/* The parameters of a way to learn groups bear its name but for one, which is also the name of a trainer. */
inline const char *parameters_of_learner(const char *method)
{
    return std::string(method) == "jtt" ? "errors" : method;
}
} // namespace detail
/** Groups of training rows, then of validation rows, by any method. Options: those of the method. */
inline groups learn_groups(context &ctx, const char *method, model &m, const rows &train = all_rows,
                           span<const std::int64_t> val = {}, const options &how = options(),
                           const groups *truth = nullptr, report *told = nullptr, errors e = errors())
{
    detail::handle<grasp_groups, grasp_groups_free> made;
    options::chosen p(ctx, how, detail::parameters_of_learner(method), e);
    if (!p.failed())
        ctx.check(grasp_learn_groups(ctx.get(), method, m.get(), train.data(), train.count(m.n_rows()), val.data(),
                                     val.count(), p.get(), truth ? truth->get() : nullptr, detail::into(made),
                                     report::wanted(told)),
                  e);
    return groups(made.release());
}
/** Groups from points, training rows before n_val validation rows, of samples whose model the library does not know:
 *  "george" or "feasp". losses: of the training rows, for george; empty: all alike. */
inline groups learn_groups_points(context &ctx, const char *method, const matrix &points, span<const std::int64_t> y,
                                  span<const double> losses = {}, std::int64_t n_val = 0,
                                  const options &how = options(), const groups *truth = nullptr,
                                  report *told = nullptr, errors e = errors())
{
    detail::handle<grasp_groups, grasp_groups_free> made;
    options::chosen p(ctx, how, method, e);
    bool one_each = losses.empty() || losses.count() == y.count() - n_val ||
                    e.settle(GRASP_E_DIM, "grasp::learn_groups_points: a loss for each training row is expected");
    if (!p.failed() && one_each)
        ctx.check(grasp_learn_groups_points(ctx.get(), method, points.get(), y.data(),
                                            losses.empty() ? nullptr : losses.data(), y.count() - n_val, n_val,
                                            p.get(), truth ? truth->get() : nullptr, detail::into(made),
                                            report::wanted(told)),
                  e);
    return groups(made.release());
}
/** Groups from logits, n x C or n x 1, of a model that the library does not know: "jtt", "eiil" or "spare". */
inline groups infer_outputs(context &ctx, const char *method, const matrix &logits, span<const std::int64_t> y,
                            const options &how = options(), const groups *truth = nullptr, report *told = nullptr,
                            errors e = errors())
{
    detail::handle<grasp_groups, grasp_groups_free> made;
    options::chosen p(ctx, how, detail::parameters_of_learner(method), e);
    if (!p.failed())
        ctx.check(grasp_infer_outputs(ctx.get(), method, logits.get(), y.data(), y.count(), p.get(),
                                      truth ? truth->get() : nullptr, detail::into(made), report::wanted(told)),
                  e);
    return groups(made.release());
}
/** ERM, gradients, groups, group DRO: the whole paper. Options: "fit". `last`: another model for group DRO. */
inline inference fit(context &ctx, model &m, span<const std::int64_t> train, span<const std::int64_t> val = {},
                     const options &how = options(), report *told = nullptr, model *last = nullptr,
                     errors e = errors())
{
    detail::handle<grasp_inference, grasp_inference_free> made;
    options::chosen                                       p(ctx, how, "fit", e);
    if (!p.failed())
        ctx.check(grasp_fit(ctx.get(), m.get(), last ? last->get() : nullptr, train.data(), train.count(), val.data(),
                            val.count(), p.get(), detail::into(made), report::wanted(told)),
                  e);
    return inference(made.release());
}

GRASP_HPP_CLOSE
#endif
