/* SPDX-License-Identifier: BSD-3-Clause
 * grasp/metrics.hpp: how good a partition is, and accuracy by group.
 *
 * Part of <grasp.hpp>; what the calls mean stands in metrics.h.
 */
#ifndef GRASP_METRICS_HPP
#define GRASP_METRICS_HPP

#include "distances.hpp"
#include "groups.hpp"
#include "metrics.h"

GRASP_HPP_OPEN

/** What outliers are to a comparison of partitions: one more group, or left out. */
enum class noise : std::int32_t { group = GRASP_NOISE_GROUP, exclude = GRASP_NOISE_EXCLUDE };

inline double adjusted_rand(context &ctx, const groups &a, const groups &b, noise treat = noise::group,
                            errors e = errors())
{
    double out = std::numeric_limits<double>::quiet_NaN();
    ctx.check(grasp_metric_ari(ctx.get(), a.get(), b.get(), static_cast<std::int32_t>(treat), &out), e);
    return out;
}
/** Mean over the classes y of the index inside the class. */
inline double adjusted_rand_within(context &ctx, span<const std::int64_t> y, const groups &a, const groups &b,
                                   noise treat = noise::group, errors e = errors())
{
    double out = std::numeric_limits<double>::quiet_NaN();
    ctx.check(grasp_metric_ari_within(ctx.get(), y.data(), y.count(), a.get(), b.get(),
                                      static_cast<std::int32_t>(treat), &out),
              e);
    return out;
}
inline double normalized_mutual_information(context &ctx, const groups &a, const groups &b, noise treat = noise::group,
                                            errors e = errors())
{
    double out = std::numeric_limits<double>::quiet_NaN();
    ctx.check(grasp_metric_nmi(ctx.get(), a.get(), b.get(), static_cast<std::int32_t>(treat), &out), e);
    return out;
}
struct precision_recall {
    double precision, recall;
};
/** Found outliers against true ones (not 0). */
inline precision_recall outliers(context &ctx, const groups &found, span<const std::uint8_t> is_outlier,
                                 errors e = errors())
{
    precision_recall out = {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN()};
    ctx.check(grasp_metric_outliers(ctx.get(), found.get(), is_outlier.data(), is_outlier.count(), &out.precision,
                                    &out.recall),
              e);
    return out;
}
namespace detail
{
/* The C call takes one length for both. */
inline bool same_length(span<const std::int64_t> y, span<const std::int64_t> pred, errors e)
{
    return y.size() == pred.size() || e.settle(GRASP_E_DIM, "grasp: classes and predictions differ in number");
}
} // namespace detail
/** Share of pred == y in each group; NaN for an empty one. */
inline std::vector<double> group_accuracy(context &ctx, const groups &g, span<const std::int64_t> y,
                                          span<const std::int64_t> pred, errors e = errors())
{
    std::vector<double> out(static_cast<std::size_t>(g.count()));
    if (detail::same_length(y, pred, e))
        ctx.check(grasp_metric_group_accuracy(ctx.get(), g.get(), y.data(), pred.data(), y.count(), out.data(),
                                              g.count()),
                  e);
    return out;
}
struct worst {
    double       accuracy;
    std::int64_t group;
};
/** The group of lowest accuracy. */
inline worst worst_group(context &ctx, const groups &g, span<const std::int64_t> y, span<const std::int64_t> pred,
                         errors e = errors())
{
    worst out = {std::numeric_limits<double>::quiet_NaN(), -1};
    if (detail::same_length(y, pred, e))
        ctx.check(grasp_metric_worst_group(ctx.get(), g.get(), y.data(), pred.data(), y.count(), &out.accuracy,
                                           &out.group),
                  e);
    return out;
}
/** Weighted by the sizes of the groups in training. */
inline double average_accuracy(context &ctx, const groups &g, span<const std::int64_t> y,
                               span<const std::int64_t> pred, span<const std::int64_t> train_size, errors e = errors())
{
    double out = std::numeric_limits<double>::quiet_NaN();
    if (detail::same_length(y, pred, e))
        ctx.check(grasp_metric_average_accuracy(ctx.get(), g.get(), y.data(), pred.data(), y.count(),
                                                train_size.data(), train_size.count(), &out),
                  e);
    return out;
}
/** Mean silhouette; per_sample (none, or d.count() values) takes that of every sample. Options: "silhouette". */
inline double silhouette(context &ctx, const distances &d, const groups &g, const options &how = options(),
                         span<double> per_sample = span<double>(), errors e = errors())
{
    double          out = std::numeric_limits<double>::quiet_NaN();
    options::chosen p(ctx, how, "silhouette", e);
    if (p.failed())
        return out;
    if (!per_sample.empty() && per_sample.count() != d.count()) {
        e.settle(GRASP_E_DIM, "grasp::silhouette: per_sample has not as many values as there are samples");
        return out;
    }
    ctx.check(grasp_metric_silhouette(ctx.get(), d.get(), g.get(), p.get(), &out,
                                      per_sample.empty() ? nullptr : per_sample.data()),
              e);
    return out;
}

GRASP_HPP_CLOSE
#endif
