/* SPDX-License-Identifier: BSD-3-Clause
 * grasp/cluster.hpp: DBSCAN and k-means.
 *
 * Part of <grasp.hpp>; what the calls mean stands in cluster.h.
 */
#ifndef GRASP_CLUSTER_HPP
#define GRASP_CLUSTER_HPP

#include "cluster.h"
#include "distances.hpp"
#include "groups.hpp"
#include "report.hpp"

GRASP_HPP_OPEN

/** An algorithm, its options, and after a fit its result. For one thread at a time. */
class clusterer
{
    detail::handle<grasp_clusterer, grasp_clusterer_free> held_;

  public:
    clusterer() noexcept
    {
    }
    /** "dbscan" or "kmeans", and options of the same name. */
    clusterer(context &ctx, const char *algorithm, const options &how = options(), errors e = errors())
    {
        options::chosen p(ctx, how, algorithm, e);
        if (!p.failed())
            ctx.check(grasp_clusterer_create(ctx.get(), algorithm, p.get(), detail::into(held_)), e);
    }
    grasp_clusterer *get() const noexcept
    {
        return held_.get();
    }
    explicit operator bool() const noexcept
    {
        return static_cast<bool>(held_);
    }

    /** Times each sample counts in the fits that follow; none: once. */
    void set_multiplicities(context &ctx, span<const std::int64_t> multiplicity, errors e = errors())
    {
        ctx.check(grasp_clusterer_set_multiplicities(ctx.get(), get(),
                                                     multiplicity.empty() ? nullptr : multiplicity.data(),
                                                     multiplicity.count()),
                  e);
    }
    /** Bytes that a fit of these distances will take at most. */
    std::uint64_t bytes(context &ctx, const distances &d, errors e = errors()) const
    {
        std::uint64_t out = 0;
        ctx.check(grasp_clusterer_bytes(ctx.get(), get(), d.get(), &out), e);
        return out;
    }
    void fit(context &ctx, const distances &d, errors e = errors())
    {
        ctx.check(grasp_clusterer_fit_distances(ctx.get(), get(), d.get()), e);
    }
    /** The rows of x. */
    void fit(context &ctx, const matrix &x, errors e = errors())
    {
        ctx.check(grasp_clusterer_fit_points(ctx.get(), get(), x.get()), e);
    }
    groups result(context &ctx, errors e = errors()) const
    {
        detail::handle<grasp_groups, grasp_groups_free> made;
        ctx.check(grasp_clusterer_groups(ctx.get(), get(), detail::into(made)), e);
        return groups(made.release());
    }
    /** dbscan: 1 for each of the n samples that is core. */
    std::vector<std::uint8_t> core_flags(context &ctx, std::int64_t n, errors e = errors()) const
    {
        std::vector<std::uint8_t> core(static_cast<std::size_t>(n));
        ctx.check(grasp_clusterer_core_flags(ctx.get(), get(), core.data(), n), e);
        return core;
    }
    /** kmeans: the k centres, of p values. */
    matrix centers(context &ctx, std::int64_t k, std::int64_t p, errors e = errors()) const
    {
        matrix out(ctx, k, p, dtype::f64, e);
        if (out && !ctx.check(grasp_clusterer_centers(ctx.get(), get(), out.get()), e))
            out = matrix();
        return out;
    }
    /** gmm: of each of the n samples for each of the k components. */
    matrix responsibilities(context &ctx, std::int64_t n, std::int64_t k, errors e = errors()) const
    {
        matrix out(ctx, n, k, dtype::f64, e);
        if (out && !ctx.check(grasp_clusterer_responsibilities(ctx.get(), get(), out.get()), e))
            out = matrix();
        return out;
    }
    /** kmeans: inertia; gmm: mean log likelihood; dbscan: NaN. */
    double objective() const noexcept
    {
        return grasp_clusterer_objective(get());
    }
    grasp::report report(context &ctx, errors e = errors()) const
    {
        detail::handle<grasp_report, grasp_report_free> made;
        ctx.check(grasp_clusterer_report(ctx.get(), get(), detail::into(made)), e);
        return grasp::report(made.release());
    }
};

GRASP_HPP_CLOSE
#endif
