/* SPDX-License-Identifier: BSD-3-Clause
 * grasp/error.hpp: statuses as exceptions or std::error_code, and exceptions of callbacks carried through the library.
 *
 * Part of <grasp.hpp>.
 */
#ifndef GRASP_ERROR_HPP
#define GRASP_ERROR_HPP

#include "base.h"
#include "span.hpp"

#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>
#include <system_error>

GRASP_HPP_OPEN

/** Errors, as std::error_code holds them: `if (code == grasp::errc::dimension)`. */
enum class errc : std::int32_t {
    argument = GRASP_E_ARG,
    no_memory = GRASP_E_NOMEM,
    memory_limit = GRASP_E_MEMLIMIT,
    overflow = GRASP_E_OVERFLOW,
    dimension = GRASP_E_DIM,
    dtype = GRASP_E_DTYPE,
    parameter = GRASP_E_PARAM,
    numeric = GRASP_E_NUMERIC,
    empty = GRASP_E_EMPTY,
    callback = GRASP_E_CALLBACK,
    unsupported = GRASP_E_UNSUPPORTED,
    io = GRASP_E_IO,
    format = GRASP_E_FORMAT,
    state = GRASP_E_STATE,
    internal = GRASP_E_INTERNAL
};

/** The category of these codes: name "grasp", messages by grasp_status_text(). */
inline const std::error_category &category() noexcept
{
    class statuses final : public std::error_category
    {
        const char *name() const noexcept override
        {
            return "grasp";
        }
        std::string message(int status) const override
        {
            return grasp_status_text(status);
        }
        std::error_condition default_error_condition(int status) const noexcept override
        {
            return status == GRASP_E_NOMEM ? std::make_error_condition(std::errc::not_enough_memory)
                                           : std::error_condition(status, *this);
        }
    };
    static const statuses only{};
    return only;
}

inline std::error_code make_error_code(errc code) noexcept
{
    return std::error_code(static_cast<int>(code), category());
}

GRASP_HPP_CLOSE

template <> struct std::is_error_code_enum<grasp::errc> : std::true_type {
};

GRASP_HPP_OPEN

/** An error of the library. what(): the context's message: function, argument, found, expected. */
class error : public std::runtime_error
{
    grasp_status status_;

  public:
    error(grasp_status status, const char *message) : std::runtime_error(message), status_(status)
    {
    }
    std::error_code code() const noexcept
    {
        return make_error_code(static_cast<errc>(status_));
    }
    /** GRASP_E_ARG, ... */
    grasp_status status() const noexcept
    {
        return status_;
    }
    /** "GRASP_E_ARG", ... */
    const char *name() const noexcept
    {
        return grasp_status_name(status_);
    }
};

/** One class for each status. */
template <grasp_status Status> class error_of : public error
{
  public:
    explicit error_of(const char *message) : error(Status, message)
    {
    }
};
typedef error_of<GRASP_E_ARG>         argument_error;
typedef error_of<GRASP_E_NOMEM>       no_memory_error;
typedef error_of<GRASP_E_MEMLIMIT>    memory_limit_error;
typedef error_of<GRASP_E_OVERFLOW>    overflow_error;
typedef error_of<GRASP_E_DIM>         dimension_error;
typedef error_of<GRASP_E_DTYPE>       dtype_error;
typedef error_of<GRASP_E_PARAM>       parameter_error;
typedef error_of<GRASP_E_NUMERIC>     numeric_error;
typedef error_of<GRASP_E_EMPTY>       empty_error;
typedef error_of<GRASP_E_CALLBACK>    callback_error;
typedef error_of<GRASP_E_UNSUPPORTED> unsupported_error;
typedef error_of<GRASP_E_IO>          io_error;
typedef error_of<GRASP_E_FORMAT>      format_error;
typedef error_of<GRASP_E_STATE>       state_error;
typedef error_of<GRASP_E_INTERNAL>    internal_error;

/** Where a call's error goes: thrown, the default, or into a std::error_code. */
class errors
{
    std::error_code *code_;

  public:
    errors() noexcept : code_(nullptr)
    {
    }
    errors(std::error_code &code) noexcept : code_(&code)
    {
    }
    /** Reports a status; true if it is no error. */
    bool settle(grasp_status status, const char *message) const;
};

namespace detail
{

[[noreturn]] inline void raise(grasp_status status, const char *message)
{
    (void)message;
    switch (status) {
    case GRASP_E_ARG:
        GRASP_HPP_THROW(argument_error(message));
    case GRASP_E_NOMEM:
        GRASP_HPP_THROW(no_memory_error(message));
    case GRASP_E_MEMLIMIT:
        GRASP_HPP_THROW(memory_limit_error(message));
    case GRASP_E_OVERFLOW:
        GRASP_HPP_THROW(overflow_error(message));
    case GRASP_E_DIM:
        GRASP_HPP_THROW(dimension_error(message));
    case GRASP_E_DTYPE:
        GRASP_HPP_THROW(dtype_error(message));
    case GRASP_E_PARAM:
        GRASP_HPP_THROW(parameter_error(message));
    case GRASP_E_NUMERIC:
        GRASP_HPP_THROW(numeric_error(message));
    case GRASP_E_EMPTY:
        GRASP_HPP_THROW(empty_error(message));
    case GRASP_E_CALLBACK:
        GRASP_HPP_THROW(callback_error(message));
    case GRASP_E_UNSUPPORTED:
        GRASP_HPP_THROW(unsupported_error(message));
    case GRASP_E_IO:
        GRASP_HPP_THROW(io_error(message));
    case GRASP_E_FORMAT:
        GRASP_HPP_THROW(format_error(message));
    case GRASP_E_STATE:
        GRASP_HPP_THROW(state_error(message));
    case GRASP_E_INTERNAL:
        GRASP_HPP_THROW(internal_error(message));
    default: /* of a newer library */
        GRASP_HPP_THROW(error(status, message));
    }
}

/* What a callback threw in the call that runs on this thread. Callbacks run on the thread of the call, and calls nest,
 * so one place a thread is enough. */
inline std::exception_ptr &thrown() noexcept
{
    static thread_local std::exception_ptr exception;
    return exception;
}

enum : std::int32_t { failed = -1 };

/* Runs a callback's body, which returns bool (go on?); an exception is kept for the end of the call, which neither
 * GRASP_CB_OK nor GRASP_CB_STOP brings about as an error. After one nothing of the caller's is run any more. */
template <class F> std::int32_t guarded(F &&body) noexcept
{
    if (thrown())
        return failed;
    GRASP_HPP_TRY
    {
        return body() ? GRASP_CB_OK : GRASP_CB_STOP;
    }
    GRASP_HPP_CATCH_ALL
    {
        thrown() = std::current_exception();
    }
    return failed;
}

inline void rethrow()
{
    if (thrown()) {
        std::exception_ptr exception;
        std::swap(exception, thrown());
        std::rethrow_exception(exception);
    }
}

/* Owns a C handle. */
template <class T, void (*Free)(T *)> class handle
{
    T *held_;

  public:
    handle() noexcept : held_(nullptr)
    {
    }
    explicit handle(T *held) noexcept : held_(held)
    {
    }
    handle(handle &&other) noexcept : held_(other.release())
    {
    }
    handle &operator=(handle &&other) noexcept
    {
        if (this != &other)
            reset(other.release());
        return *this;
    }
    handle(const handle &) = delete;
    handle &operator=(const handle &) = delete;
    ~handle()
    {
        Free(held_);
    }
    /** The C handle, lent. */
    T *get() const noexcept
    {
        return held_;
    }
    /** The C handle, to be freed by the caller. */
    T *release() noexcept
    {
        T *held = held_;
        held_ = nullptr;
        return held;
    }
    /** Frees what is held and takes another. */
    void reset(T *held = nullptr) noexcept
    {
        Free(held_);
        held_ = held;
    }
    explicit operator bool() const noexcept
    {
        return held_ != nullptr;
    }
};

/* Where a C call puts its result: owned even if an exception of a callback is on its way. */
template <class H> class result
{
    typedef decltype(std::declval<H>().get()) pointer;
    H       &to_;
    pointer  made_;

  public:
    result(H &to) noexcept : to_(to), made_(nullptr)
    {
    }
    result(const result &) = delete;
    result &operator=(const result &) = delete;
    ~result()
    {
        to_.reset(made_);
    }
    operator pointer *() noexcept
    {
        return &made_;
    }
};
template <class H> result<H> into(H &to) noexcept
{
    return {to};
}

} // namespace detail

inline bool errors::settle(grasp_status status, const char *message) const
{
    detail::rethrow();
    if (code_) {
        if (status < 0)
            *code_ = make_error_code(static_cast<errc>(status));
        else
            code_->clear();
    } else if (status < 0) {
        detail::raise(status, message);
    }
    return status >= 0;
}

GRASP_HPP_CLOSE
#endif
