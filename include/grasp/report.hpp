/* SPDX-License-Identifier: BSD-3-Clause
 * grasp/report.hpp: what a call did, as named values, series and texts.
 *
 * Part of <grasp.hpp>; what the calls mean stands in report.h.
 */
#ifndef GRASP_REPORT_HPP
#define GRASP_REPORT_HPP

#include "base.hpp"
#include "report.h"

GRASP_HPP_OPEN

/** Named entries in the order in which the call made them. Immutable, readable from many threads. */
class report
{
    detail::handle<grasp_report, grasp_report_free> held_;

  public:
    report() noexcept
    {
    }
    /** Takes over a C handle. */
    explicit report(grasp_report *held) noexcept : held_(held)
    {
    }
    grasp_report *get() const noexcept
    {
        return held_.get();
    }
    explicit operator bool() const noexcept
    {
        return static_cast<bool>(held_);
    }
    report share() const noexcept
    {
        return report(grasp_report_ref(get()));
    }

    std::int64_t count() const noexcept
    {
        return grasp_report_count(get());
    }
    /** Name of entry i; nullptr out of range. */
    const char *name(std::int64_t i) const noexcept
    {
        return grasp_report_name(get(), i);
    }
    /** GRASP_REPORT_VALUE, _SERIES or _TEXT. */
    std::int32_t kind(std::int64_t i) const noexcept
    {
        return grasp_report_kind(get(), i);
    }
    bool has(const std::string &name) const noexcept
    {
        for (std::int64_t i = 0; i < count(); ++i)
            if (name == this->name(i))
                return true;
        return false;
    }
    double value(context &ctx, const std::string &name, errors e = errors()) const
    {
        double value = std::numeric_limits<double>::quiet_NaN();
        ctx.check(grasp_report_value(ctx.get(), get(), name.c_str(), &value), e);
        return value;
    }
    std::vector<double> series(context &ctx, const std::string &name, errors e = errors()) const
    {
        std::int64_t        n = grasp_report_length(get(), name.c_str());
        std::vector<double> values(n > 0 ? static_cast<std::size_t>(n) : 0);
        ctx.check(grasp_report_series(ctx.get(), get(), name.c_str(), values.data(), n > 0 ? n : 0), e);
        return values;
    }
    std::string text(context &ctx, const std::string &name, errors e = errors()) const
    {
        const char *value = nullptr;
        ctx.check(grasp_report_text(ctx.get(), get(), name.c_str(), &value), e);
        return value ? value : "";
    }

    /** Where a C call puts a report that may not be wanted: NULL for nullptr. */
    class wanted
    {
        report       *to_;
        grasp_report *made_;

      public:
        wanted(report *to) noexcept : to_(to), made_(nullptr)
        {
        }
        wanted(const wanted &) = delete;
        wanted &operator=(const wanted &) = delete;
        ~wanted()
        {
            if (to_)
                to_->held_.reset(made_);
        }
        operator grasp_report **() noexcept
        {
            return to_ ? &made_ : nullptr;
        }
    };
};

GRASP_HPP_CLOSE
#endif
