/* SPDX-License-Identifier: BSD-3-Clause
 * grasp/base.hpp: the context, parameters, and options in either form.
 *
 * Part of <grasp.hpp>; what the calls mean stands in base.h.
 */
#ifndef GRASP_BASE_HPP
#define GRASP_BASE_HPP

#include "api.h"
#include "error.hpp"
#include "linalg.h"
#include "span.hpp"

#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

GRASP_HPP_OPEN

namespace detail
{
template <class F> void destroy(void *user) noexcept
{
    delete static_cast<F *>(user);
}
} // namespace detail

/** Log lines: level (GRASP_LOG_...), line. */
typedef std::function<void(std::int32_t level, const char *line)> log_function;
/** Stage and share of the call that is done, in [0, 1]; false ends the call with outcome::cancelled. */
typedef std::function<bool(const char *what, double fraction)> progress_function;
/** One task of a parallel loop, by its index; throws nothing. */
class parallel_task
{
    grasp_task_fn task_;
    void         *arg_;

  public:
    parallel_task(grasp_task_fn task, void *arg) noexcept : task_(task), arg_(arg)
    {
    }
    void operator()(std::int64_t index) const noexcept
    {
        task_(arg_, index);
    }
};
/** Runs task(0), ..., task(count - 1) on any threads and returns when all have. Must run each, or throw. */
typedef std::function<void(parallel_task task, std::int64_t count)> parallel_function;

/** Threads, seed, log, progress, cancelling, memory limit and the last error. One call at a time. */
class context
{
    detail::handle<grasp_context, grasp_context_free> held_;
    grasp_status                                      last_;

    /* Gives a function object to the library, which takes it back by destroy(). */
    template <class F, class Set> void keep(F function, Set set, errors e)
    {
        std::unique_ptr<F> kept(function ? new F(std::move(function)) : nullptr);
        if (check(set(kept.get()), e))
            kept.release();
    }

  public:
    /** Errors: no_memory_error. */
    explicit context(errors e = errors()) : last_(GRASP_OK)
    {
        create(nullptr, e);
    }
    /** With an allocator, which must outlive every handle made with this context. */
    explicit context(const grasp_allocator &allocator, errors e = errors()) : last_(GRASP_OK)
    {
        create(&allocator, e);
    }
    grasp_context *get() const noexcept
    {
        return held_.get();
    }
    explicit operator bool() const noexcept
    {
        return static_cast<bool>(held_);
    }

    /** What the last call came to: GRASP_OK, an outcome, or an error. */
    grasp_status status() const noexcept
    {
        return last_;
    }
    bool cancelled() const noexcept
    {
        return last_ == GRASP_CANCELLED;
    }
    bool converged() const noexcept
    {
        return last_ == GRASP_OK;
    }
    /** The last call ended with an error. */
    bool failed() const noexcept
    {
        return last_ < 0;
    }
    /** Message of the last call, "" after a success. */
    const char *message() const noexcept
    {
        return held_ ? grasp_context_error(get()) : "no context";
    }
    /** Ends a C call made with get(): notes its status, and throws or tells `e`; true if it is no error. */
    bool check(grasp_status status, errors e = errors())
    {
        last_ = status;
        return e.settle(status, status < 0 ? message() : "");
    }

    /** Lines of levels up to max_level; an empty function: silence. */
    void set_log(std::int32_t max_level, log_function function, errors e = errors())
    {
        keep(std::move(function), [this, max_level](log_function *kept) {
            return grasp_context_set_log(get(), max_level, kept ? log_line : nullptr, kept,
                                         kept ? detail::destroy<log_function> : nullptr);
        }, e);
    }
    /** At most every min_interval seconds; an empty function: nobody is told. */
    void set_progress(double min_interval, progress_function function, errors e = errors())
    {
        keep(std::move(function), [this, min_interval](progress_function *kept) {
            return grasp_context_set_progress(get(), min_interval, kept ? progress : nullptr, kept,
                                              kept ? detail::destroy<progress_function> : nullptr);
        }, e);
    }
    /** Parallel loops through `function`; empty: the library's own threads. */
    void set_parallel(parallel_function function, errors e = errors())
    {
        keep(std::move(function), [this](parallel_function *kept) {
            return grasp_context_set_parallel(get(), kept ? parallel : nullptr, kept,
                                              kept ? detail::destroy<parallel_function> : nullptr);
        }, e);
    }
    /** Asks the call that runs, or else the next long one, to end; from any thread or a signal handler. */
    void cancel() const noexcept
    {
        grasp_context_cancel(get());
    }
    void clear_cancel() const noexcept
    {
        grasp_context_clear_cancel(get());
    }
    /** 1 (default) to 1024; 0: as many as usable processors. */
    void set_threads(std::int32_t n, errors e = errors())
    {
        check(grasp_context_set_threads(get(), n), e);
    }
    std::int32_t threads() const noexcept
    {
        return grasp_context_threads(get());
    }
    /** Bytes; 0: no limit. */
    void set_memory_limit(std::uint64_t bytes, errors e = errors())
    {
        check(grasp_context_set_memory_limit(get(), bytes), e);
    }
    std::uint64_t memory_used() const noexcept
    {
        return grasp_context_memory_used(get());
    }
    std::uint64_t memory_peak() const noexcept
    {
        return grasp_context_memory_peak(get());
    }
    void set_seed(std::uint64_t seed, errors e = errors())
    {
        check(grasp_context_set_seed(get(), seed), e);
    }
    std::uint64_t seed() const noexcept
    {
        return grasp_context_seed(get());
    }
    /** Forces a tile kernel, for tests. */
    void set_kernel(const char *name, errors e = errors())
    {
        check(grasp_context_set_kernel(get(), name), e);
    }
    const char *kernel() const noexcept
    {
        return grasp_context_kernel(get());
    }

  private:
    void create(const grasp_allocator *allocator, errors e)
    {
        grasp_status status = grasp_context_create(allocator, detail::into(held_));
        e.settle(status, grasp_status_text(status));
    }
    static void log_line(void *user, std::int32_t level, const char *line) noexcept
    {
        (void)detail::guarded([&] {
            (*static_cast<log_function *>(user))(level, line);
            return true;
        });
    }
    static std::int32_t progress(void *user, const char *what, double fraction) noexcept
    {
        return detail::guarded([&] { return (*static_cast<progress_function *>(user))(what, fraction); });
    }
    static std::int32_t parallel(void *user, grasp_task_fn task, void *arg, std::int64_t count) noexcept
    {
        return detail::guarded([&] {
            (*static_cast<parallel_function *>(user))(parallel_task(task, arg), count);
            return true;
        });
    }
};

/** One parameter of an algorithm; the texts live as long as the parameters. */
struct parameter {
    const char  *name;
    std::int32_t type; /**< GRASP_PARAM_F64, ... */
    const char  *help, *default_text, *range;
};

/** Named, typed, range-checked options of one algorithm. */
class params
{
    detail::handle<grasp_params, grasp_params_free> held_;

  public:
    params() noexcept
    {
    }
    /** All at their defaults. Errors: parameter_error when there is no such algorithm. */
    params(context &ctx, const char *algorithm, errors e = errors())
    {
        ctx.check(grasp_params_create(ctx.get(), algorithm, detail::into(held_)), e);
    }
    /** From text such as "eps=0.1,0.2;min_samples=5". */
    params(context &ctx, const char *algorithm, const char *text, errors e = errors())
    {
        if (ctx.check(grasp_params_create(ctx.get(), algorithm, detail::into(held_)), e))
            parse(ctx, text, e);
    }
    grasp_params *get() const noexcept
    {
        return held_.get();
    }
    explicit operator bool() const noexcept
    {
        return static_cast<bool>(held_);
    }

    void parse(context &ctx, const char *text, errors e = errors())
    {
        ctx.check(grasp_params_parse(ctx.get(), get(), text), e);
    }
    void set(context &ctx, const char *key, double value, errors e = errors())
    {
        ctx.check(grasp_params_set_f64(ctx.get(), get(), key, value), e);
    }
    /** Whole numbers, and bool as 0 or 1. */
    template <class I> typename std::enable_if<std::is_integral<I>::value>::type set(context &ctx, const char *key,
                                                                                    I value, errors e = errors())
    {
        ctx.check(grasp_params_set_i64(ctx.get(), get(), key, static_cast<std::int64_t>(value)), e);
    }
    void set(context &ctx, const char *key, const char *value, errors e = errors())
    {
        ctx.check(grasp_params_set_str(ctx.get(), get(), key, value), e);
    }
    void set(context &ctx, const char *key, const std::string &value, errors e = errors())
    {
        set(ctx, key, value.c_str(), e);
    }
    void set_list(context &ctx, const char *key, span<const double> values, errors e = errors())
    {
        ctx.check(grasp_params_set_f64s(ctx.get(), get(), key, values.data(), values.count()), e);
    }
    void set_whole_list(context &ctx, const char *key, span<const std::int64_t> values, errors e = errors())
    {
        ctx.check(grasp_params_set_i64s(ctx.get(), get(), key, values.data(), values.count()), e);
    }
    double number(context &ctx, const char *key, errors e = errors()) const
    {
        double value = std::numeric_limits<double>::quiet_NaN();
        ctx.check(grasp_params_get_f64(ctx.get(), get(), key, &value), e);
        return value;
    }
    std::int64_t whole(context &ctx, const char *key, errors e = errors()) const
    {
        std::int64_t value = 0;
        ctx.check(grasp_params_get_i64(ctx.get(), get(), key, &value), e);
        return value;
    }
    std::string text(context &ctx, const char *key, errors e = errors()) const
    {
        const char *value = nullptr;
        ctx.check(grasp_params_get_str(ctx.get(), get(), key, &value), e);
        return value ? value : "";
    }
    std::vector<double> list(context &ctx, const char *key, errors e = errors()) const
    {
        std::int64_t        n = 0;
        std::vector<double> values;
        if (ctx.check(grasp_params_get_f64s(ctx.get(), get(), key, nullptr, 0, &n), e)) {
            values.resize(static_cast<std::size_t>(n));
            ctx.check(grasp_params_get_f64s(ctx.get(), get(), key, values.data(), n, &n), e);
        }
        return values;
    }
    std::vector<std::int64_t> whole_list(context &ctx, const char *key, errors e = errors()) const
    {
        std::int64_t              n = 0;
        std::vector<std::int64_t> values;
        if (ctx.check(grasp_params_get_i64s(ctx.get(), get(), key, nullptr, 0, &n), e)) {
            values.resize(static_cast<std::size_t>(n));
            ctx.check(grasp_params_get_i64s(ctx.get(), get(), key, values.data(), n, &n), e);
        }
        return values;
    }
    /** Those of one part of a composite: "erm" of "fit". */
    params part(context &ctx, const char *prefix, errors e = errors()) const
    {
        params made;
        ctx.check(grasp_params_part(ctx.get(), get(), prefix, detail::into(made.held_)), e);
        return made;
    }
    const char *algorithm() const noexcept
    {
        return grasp_params_algorithm(get());
    }
    std::int64_t count() const noexcept
    {
        return grasp_params_count(get());
    }
    /** Parameter i in [0, count()); out of range all is nullptr and 0. */
    parameter operator[](std::int64_t i) const noexcept
    {
        parameter one = {grasp_params_name(get(), i), grasp_params_type(get(), i), grasp_params_help(get(), i),
                         grasp_params_default(get(), i), grasp_params_range(get(), i)};
        return one;
    }
};

/** Options of a call: parameters, their text, or nothing for the defaults. */
class options
{
    const params *params_;
    const char   *text_;

  public:
    options() noexcept : params_(nullptr), text_(nullptr)
    {
    }
    options(const params &given) noexcept : params_(&given), text_(nullptr)
    {
    }
    options(const char *text) noexcept : params_(nullptr), text_(text)
    {
    }
    options(const std::string &text) noexcept : params_(nullptr), text_(text.c_str())
    {
    }

    /** For one C call: the parameters, made from the text where that was given. */
    class chosen
    {
        params              made_;
        const grasp_params *given_;
        bool                failed_;

      public:
        chosen(context &ctx, const options &from, const char *algorithm, errors e)
            : given_(from.params_ ? from.params_->get() : nullptr), failed_(false)
        {
            if (from.text_) {
                made_ = params(ctx, algorithm, from.text_, e);
                given_ = made_.get();
                failed_ = ctx.failed();
            }
        }
        const grasp_params *get() const noexcept
        {
            return given_;
        }
        /** The text was refused, and the error told: the call is not to be made. */
        bool failed() const noexcept
        {
            return failed_;
        }
    };
};

GRASP_HPP_CLOSE
#endif
