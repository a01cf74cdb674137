/* SPDX-License-Identifier: BSD-3-Clause
 * grasp/sweep.hpp: many settings of a clusterer, scored.
 *
 * Part of <grasp.hpp>; what the calls mean stands in sweep.h.
 */
#ifndef GRASP_SWEEP_HPP
#define GRASP_SWEEP_HPP

#include "cluster.hpp"
#include "metrics.hpp"
#include "sweep.h"

GRASP_HPP_OPEN

/** A setting of the grid and what it came to; kmeans: k in min_samples, eps NaN. */
struct setting {
    double       eps;
    std::int64_t min_samples;
    double       score; /**< NaN when not reached */
};
struct cluster_sizes {
    std::int64_t clusters, noise;
};

/** A grid of settings, their scores and, on demand, their groups. For one thread at a time. */
class sweep
{
    detail::handle<grasp_sweep, grasp_sweep_free> held_;

  public:
    sweep() noexcept
    {
    }
    /** Of "dbscan" or "kmeans". Options: "sweep". */
    sweep(context &ctx, const char *algorithm, const options &how = options(), errors e = errors())
    {
        options::chosen p(ctx, how, "sweep", e);
        if (!p.failed())
            ctx.check(grasp_sweep_create(ctx.get(), algorithm, p.get(), detail::into(held_)), e);
    }
    grasp_sweep *get() const noexcept
    {
        return held_.get();
    }
    explicit operator bool() const noexcept
    {
        return static_cast<bool>(held_);
    }

    /** Bytes that a run over these distances will take at most. */
    std::uint64_t bytes(context &ctx, const distances &d, errors e = errors()) const
    {
        std::uint64_t out = 0;
        ctx.check(grasp_sweep_bytes(ctx.get(), get(), d.get(), &out), e);
        return out;
    }
    void run(context &ctx, const distances &d, errors e = errors())
    {
        ctx.check(grasp_sweep_run(ctx.get(), get(), d.get(), nullptr), e);
    }
    /** With known groups, which score=ari needs. */
    void run(context &ctx, const distances &d, const groups &truth, errors e = errors())
    {
        ctx.check(grasp_sweep_run(ctx.get(), get(), d.get(), truth.get()), e);
    }
    std::int64_t count() const noexcept
    {
        return grasp_sweep_count(get());
    }
    double score(std::int64_t i) const noexcept
    {
        return grasp_sweep_score(get(), i);
    }
    /** The setting of the highest score; -1 when none is admissible. */
    std::int64_t best() const noexcept
    {
        return grasp_sweep_best(get());
    }
    /** The best with another partition; -1 if there is none. */
    std::int64_t runner_up() const noexcept
    {
        return grasp_sweep_runner_up(get());
    }
    setting at(context &ctx, std::int64_t i, errors e = errors()) const
    {
        setting out = {std::numeric_limits<double>::quiet_NaN(), 0, score(i)};
        ctx.check(grasp_sweep_setting(ctx.get(), get(), i, &out.eps, &out.min_samples), e);
        return out;
    }
    cluster_sizes sizes(context &ctx, std::int64_t i, errors e = errors()) const
    {
        cluster_sizes out = {0, 0};
        ctx.check(grasp_sweep_sizes(ctx.get(), get(), i, &out.clusters, &out.noise), e);
        return out;
    }
    groups result(context &ctx, std::int64_t i, errors e = errors()) const
    {
        detail::handle<grasp_groups, grasp_groups_free> made;
        ctx.check(grasp_sweep_groups(ctx.get(), get(), i, detail::into(made)), e);
        return groups(made.release());
    }
};

GRASP_HPP_CLOSE
#endif
