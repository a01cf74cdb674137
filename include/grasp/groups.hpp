/* SPDX-License-Identifier: BSD-3-Clause
 * grasp/groups.hpp: one label per sample, with noise.
 *
 * Part of <grasp.hpp>; what the calls mean stands in groups.h.
 */
#ifndef GRASP_GROUPS_HPP
#define GRASP_GROUPS_HPP

#include "base.hpp"
#include "groups.h"
#include "stream.hpp"

GRASP_HPP_OPEN

/** Labels 0, ..., count() - 1 and -1 for outliers. Immutable, readable from many threads. */
class groups
{
    detail::handle<grasp_groups, grasp_groups_free> held_;

  public:
    groups() noexcept
    {
    }
    /** Takes over a C handle. */
    explicit groups(grasp_groups *held) noexcept : held_(held)
    {
    }
    /** From labels, each -1 or in [0, 2^24). */
    groups(context &ctx, span<const std::int64_t> labels, errors e = errors())
    {
        ctx.check(grasp_groups_create(ctx.get(), labels.data(), labels.count(), detail::into(held_)), e);
    }
    /** From any numbers, coded in ascending order; no sample is noise. */
    static groups coded(context &ctx, span<const std::int64_t> values, errors e = errors())
    {
        groups made;
        ctx.check(grasp_groups_create_coded(ctx.get(), values.data(), values.count(), detail::into(made.held_)), e);
        return made;
    }
    /** Groups found class by class (in ascending order of the classes in y) in one id space. */
    static groups merge_classes(context &ctx, span<const std::int64_t> y, span<const groups> per_class,
                                errors e = errors())
    {
        groups                            made;
        std::vector<const grasp_groups *> handles;
        for (const groups &one : per_class)
            handles.push_back(one.get());
        ctx.check(grasp_groups_merge_classes(ctx.get(), y.data(), y.count(), handles.data(), per_class.count(),
                                             detail::into(made.held_)),
                  e);
        return made;
    }
    grasp_groups *get() const noexcept
    {
        return held_.get();
    }
    explicit operator bool() const noexcept
    {
        return static_cast<bool>(held_);
    }
    groups share() const noexcept
    {
        return groups(grasp_groups_ref(get()));
    }

    std::int64_t samples() const noexcept
    {
        return grasp_groups_samples(get());
    }
    /** Groups, empty ones included. */
    std::int64_t count() const noexcept
    {
        return grasp_groups_count(get());
    }
    /** Outliers. */
    std::int64_t noise() const noexcept
    {
        return grasp_groups_noise(get());
    }
    std::int64_t size(std::int64_t group) const noexcept
    {
        return grasp_groups_size(get(), group);
    }
    /** Label of one sample; -1 out of range. */
    std::int64_t operator[](std::int64_t sample) const noexcept
    {
        return grasp_groups_label(get(), sample);
    }
    std::vector<std::int64_t> labels(context &ctx, errors e = errors()) const
    {
        std::vector<std::int64_t> all(static_cast<std::size_t>(samples()));
        labels(ctx, all, e);
        return all;
    }
    /** Into the caller's memory, samples() values. */
    void labels(context &ctx, span<std::int64_t> out, errors e = errors()) const
    {
        ctx.check(grasp_groups_labels(ctx.get(), get(), out.data(), out.count()), e);
    }
    /** Cross product with other groups of the same samples. */
    groups cross(context &ctx, const groups &other, errors e = errors()) const
    {
        groups made;
        ctx.check(grasp_groups_cross(ctx.get(), get(), other.get(), detail::into(made.held_)), e);
        return made;
    }
    /** Those of chosen rows, which keep their numbers. */
    groups select(context &ctx, span<const std::int64_t> rows, errors e = errors()) const
    {
        groups made;
        ctx.check(grasp_groups_select(ctx.get(), get(), rows.data(), rows.count(), detail::into(made.held_)), e);
        return made;
    }
    /** Rows that are no outliers, ascending. */
    std::vector<std::int64_t> kept(context &ctx, errors e = errors()) const
    {
        std::vector<std::int64_t> rows(static_cast<std::size_t>(samples() - noise()));
        std::int64_t              n = 0;
        std::int64_t              nowhere = 0;
        ctx.check(grasp_groups_kept(ctx.get(), get(), rows.empty() ? &nowhere : rows.data(),
                                    static_cast<std::int64_t>(rows.size()), &n),
                  e);
        return rows;
    }

    void          save(context &ctx, const std::string &path, errors e = errors()) const;
    void          save(context &ctx, const write_function &write, errors e = errors()) const;
    static groups load(context &ctx, const std::string &path, errors e = errors());
    static groups load(context &ctx, const read_function &read, errors e = errors());
};

GRASP_HPP_CLOSE
#endif
