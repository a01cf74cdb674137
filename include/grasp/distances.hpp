/* SPDX-License-Identifier: BSD-3-Clause
 * grasp/distances.hpp: the distances among n samples.
 *
 * Part of <grasp.hpp>; what the calls mean stands in distances.h.
 */
#ifndef GRASP_DISTANCES_HPP
#define GRASP_DISTANCES_HPP

#include "distances.h"
#include "gradients.hpp"

GRASP_HPP_OPEN

/** Immutable, readable from many threads; keeps a reference to what it was made from. */
class distances
{
    detail::handle<grasp_distances, grasp_distances_free> held_;

  public:
    distances() noexcept
    {
    }
    /** Takes over a C handle. */
    explicit distances(grasp_distances *held) noexcept : held_(held)
    {
    }
    /** Among the rows of sealed gradients. Options, here and below: "distances". */
    distances(context &ctx, const gradients &g, const options &how = options(), errors e = errors())
    {
        options::chosen p(ctx, how, "distances", e);
        if (!p.failed())
            ctx.check(grasp_distances_create(ctx.get(), g.get(), p.get(), detail::into(held_)), e);
    }
    /** Among the rows of x. */
    static distances from_points(context &ctx, const matrix &x, const options &how = options(), errors e = errors())
    {
        distances       made;
        options::chosen p(ctx, how, "distances", e);
        if (!p.failed())
            ctx.check(grasp_distances_create_from_points(ctx.get(), x.get(), p.get(), detail::into(made.held_)), e);
        return made;
    }
    /** Your own square matrix. */
    static distances from_matrix(context &ctx, const matrix &square, errors e = errors())
    {
        distances made;
        ctx.check(grasp_distances_create_from_matrix(ctx.get(), square.get(), detail::into(made.held_)), e);
        return made;
    }
    /** Bytes that making them would hold. */
    static std::uint64_t bytes(context &ctx, std::int64_t n, std::int64_t p, const options &how = options(),
                               errors e = errors())
    {
        std::uint64_t   out = 0;
        options::chosen c(ctx, how, "distances", e);
        if (!c.failed())
            ctx.check(grasp_distances_bytes(ctx.get(), n, p, c.get(), &out), e);
        return out;
    }
    grasp_distances *get() const noexcept
    {
        return held_.get();
    }
    explicit operator bool() const noexcept
    {
        return static_cast<bool>(held_);
    }
    distances share() const noexcept
    {
        return distances(grasp_distances_ref(get()));
    }

    std::int64_t count() const noexcept
    {
        return grasp_distances_count(get());
    }
    /** "cosine", "euclidean" or "precomputed". */
    const char *metric() const noexcept
    {
        return grasp_distances_metric(get());
    }
    bool is_stored() const noexcept
    {
        return grasp_distances_is_stored(get()) != 0;
    }
    /** Samples [i, i + ni) against [j, j + nj). */
    matrix block(context &ctx, std::int64_t i, std::int64_t ni, std::int64_t j, std::int64_t nj,
                 errors e = errors()) const
    {
        matrix out(ctx, ni, nj, dtype::f64, e);
        if (out && !ctx.check(grasp_distances_block(ctx.get(), get(), i, ni, j, nj, out.get()), e))
            out = matrix();
        return out;
    }
    /** Of each sample to its k-th nearest, itself being the first. */
    std::vector<double> kth(context &ctx, std::int64_t k, errors e = errors()) const
    {
        std::vector<double> out(static_cast<std::size_t>(count()));
        ctx.check(grasp_distances_kth(ctx.get(), get(), k, out.data(), count()), e);
        return out;
    }
    /** Samples within eps of each, itself included. */
    std::vector<std::int64_t> within(context &ctx, double eps, errors e = errors()) const
    {
        std::vector<std::int64_t> out(static_cast<std::size_t>(count()));
        ctx.check(grasp_distances_within(ctx.get(), get(), eps, out.data(), count()), e);
        return out;
    }
};

GRASP_HPP_CLOSE
#endif
